// Package clients runs the drivers that other people wrote against the real binary.
package clients

import (
	"bytes"
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/toolchain"
)

// suiteTimeout is how long a driver's whole suite may take: ten times what a slow machine needs.
const suiteTimeout = 5 * time.Minute

// run runs a driver's suite and shows what it printed.
func run(t *testing.T, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), suiteTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	for line := range bytes.Lines(out) {
		t.Logf("%s", bytes.TrimRight(line, "\n"))
	}
	require.NoError(t, err)
}

func TestADBC(t *testing.T) {
	python := toolchain.Python(t)
	s := harness.Start(t)
	run(t, python, "adbc.py", "grpc://"+s.Flight, "admin", harness.Password)
}

func TestJDBC(t *testing.T) {
	toolchain.Require(t, "javac")
	classes := t.TempDir()
	run(t, "javac", "-d", classes, "Jdbc.java")
	for _, version := range []string{toolchain.JDBC18, toolchain.JDBC19} {
		t.Run(version, func(t *testing.T) {
			jar := toolchain.JDBC(t, version)
			s := harness.Start(t)
			run(t, "java", "--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", classes+":"+jar, "Jdbc",
				"jdbc:arrow-flight-sql://"+s.Flight+"?useEncryption=false", "admin", harness.Password)
		})
	}
}

// An old client does one recv(4096) for an answer and knows nothing of Arrow.
func TestOldJSONClient(t *testing.T) {
	toolchain.Require(t, "python3")
	s := harness.Start(t)
	run(t, "python3", "old_json.py", s.JSON, harness.Password)
}
