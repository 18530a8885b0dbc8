package clients

import (
	"bufio"
	"context"
	"io"
	"net"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/toolchain"
)

// What follows a BEGIN that the server has lost must not be committed by itself, and drivers reconnect without a word.
func TestADBCIsToldOfALostSession(t *testing.T) {
	python := toolchain.Python(t)
	s := harness.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), suiteTimeout)
	defer cancel()
	script := exec.CommandContext(ctx, python, "adbc_lost.py", "grpc://"+s.Flight, "admin", harness.Password)
	in, err := script.StdinPipe()
	require.NoError(t, err)
	out, err := script.StdoutPipe()
	require.NoError(t, err)
	script.Stderr = t.Output()
	require.NoError(t, script.Start())
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "begun\n", first)

	s.Kill()
	_, port, err := net.SplitHostPort(s.Flight)
	require.NoError(t, err)
	next := harness.New(t, s.Dir, "--flight-port", port)
	next.Start()
	_, err = io.WriteString(in, "go on\n")
	require.NoError(t, err)
	rest, err := io.ReadAll(lines)
	require.NoError(t, err)
	require.NoError(t, script.Wait(), string(rest))
	require.Equal(t, "ok token\nok cookie\n", string(rest))
}
