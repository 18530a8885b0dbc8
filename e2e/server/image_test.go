package server_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
)

// nobody is the user and group that the image's server runs as here: any that is not root.
const nobody = 65534

// buildStep returns the Dockerfile's command that builds the binary, with out in the place of its path.
func buildStep(t *testing.T, root, out string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	require.NoError(t, err)
	step := regexp.MustCompile(`(?m)^RUN (.*go build.*)$`).FindSubmatch(b)
	require.NotNil(t, step, "the Dockerfile builds the binary")
	return strings.NewReplacer("/out/micodb", out, "${VERSION}", "image-test").Replace(string(step[1]))
}

// command returns the Dockerfile's CMD, what the image serves with.
func command(t *testing.T, root string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	require.NoError(t, err)
	cmd := regexp.MustCompile(`(?m)^CMD \[(.*)\]$`).FindSubmatch(b)
	require.NotNil(t, cmd)
	return strings.Split(strings.ReplaceAll(strings.ReplaceAll(string(cmd[1]), `"`, ""), " ", ""), ",")
}

// Where no container engine is at hand this does what the image does: its build step, then its command as another
// user in a folder that can't be written.
func TestTheImagesStepsServe(t *testing.T) {
	root, err := harness.Root()
	require.NoError(t, err)
	base, err := os.MkdirTemp("", "micodb-image-") //nolint:usetesting // t.TempDir is closed to other users
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, os.Chmod(filepath.Join(base, "root"), 0o755))
		require.NoError(t, os.RemoveAll(base))
	})
	require.NoError(t, os.Chmod(base, 0o755))
	readOnly, data := filepath.Join(base, "root"), filepath.Join(base, "data")
	require.NoError(t, os.Mkdir(readOnly, 0o755))
	require.NoError(t, os.Mkdir(data, 0o700))
	binary := filepath.Join(readOnly, "micodb")
	build := exec.CommandContext(t.Context(), "sh", "-c", buildStep(t, root, binary))
	build.Dir = root
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoError(t, os.Chmod(binary, 0o555))
	require.NoError(t, os.Chmod(readOnly, 0o555))

	as := &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		as.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		require.NoError(t, os.Chown(data, nobody, nobody))
	}
	args := command(t, root)
	for i, a := range args {
		if a == "/data" {
			args[i] = data
		}
	}
	args = append(args, "--port", "0", "--flight-port", "0", "--http-port", "0")
	serve := exec.CommandContext(t.Context(), binary, args...)
	serve.Dir, serve.SysProcAttr = readOnly, as
	serve.Env = []string{"MICODB_ADMIN_PASSWORD=" + harness.Password}
	log, err := os.Create(filepath.Join(base, "log"))
	require.NoError(t, err)
	defer log.Close()
	serve.Stdout, serve.Stderr = log, log
	require.NoError(t, serve.Start())
	t.Cleanup(func() { _ = serve.Process.Kill() })
	healthy := func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		check := exec.CommandContext(ctx, binary, "healthcheck", "--data-dir", data)
		check.Dir, check.SysProcAttr = readOnly, as
		return check.Run() == nil
	}
	if !assertEventually(healthy, time.Minute) {
		b, _ := os.ReadFile(log.Name())
		require.Fail(t, "the server is not healthy", "%s", b)
	}
	require.NoError(t, serve.Process.Signal(syscall.SIGTERM))
	require.NoError(t, serve.Wait())
	entries, err := os.ReadDir(readOnly)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is written beside the binary")
}

// assertEventually polls until f is true, or the time is over.
func assertEventually(f func() bool, within time.Duration) bool {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if f() {
			return true
		}
		select {
		case <-deadline.C:
			return false
		case <-tick.C:
		}
	}
}
