// Package harness starts the real binary for end-to-end tests: on free ports, with a data directory of its own, and
// so that it can be killed and started again.
package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
)

// Password is admin's on every server that the harness starts.
const Password = "a-password-for-tests"

// startTimeout is how long a server may take to be ready: ten times what a slow machine needs.
const startTimeout = 2 * time.Minute

// Endpoints are a server's addresses, as it writes them to its data directory.
type Endpoints struct {
	Flight string `json:"flight"`
	JSON   string `json:"json"`
	HTTP   string `json:"http"`
	PID    int    `json:"pid"`
}

// Root returns the folder of the repository.
func Root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			err = errors.New("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

//nolint:gochecknoglobals // one build for all tests of a process
var build = sync.OnceValues(func() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(root, "bin", "micodb-e2e")
	c := exec.Command("go", "build", "-o", binary, "./cmd/micodb")
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the binary does not build: %w\n%s", err, out)
	}
	return binary, nil
})

// Binary builds the binary once and returns its path.
func Binary(tb testing.TB) string {
	tb.Helper()
	binary, err := build()
	require.NoError(tb, err)
	return binary
}

// Server is a process that serves a data directory.
type Server struct {
	Endpoints

	Dir  string
	args []string
	t    testing.TB
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // of the process, when done is closed
	log  *output
}

// output is what a process writes, which may be read while it runs.
type output struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) size() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Len()
}

func (o *output) containsSince(from int, text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Contains(o.text.Bytes()[from:], []byte(text))
}

// String returns what was written so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Start starts a server with flags on a new data directory. The test's end kills it.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	s := New(tb, tb.TempDir(), args...)
	s.Start()
	return s
}

// New describes a server on a data directory; Start starts it.
func New(tb testing.TB, dir string, args ...string) *Server {
	tb.Helper()
	s := &Server{Dir: dir, args: args, t: tb}
	tb.Cleanup(s.Kill)
	return s
}

// Launch starts the process and does not wait for it to be ready.
func (s *Server) Launch() {
	s.t.Helper()
	s.Kill()
	_ = os.Remove(filepath.Join(s.Dir, "endpoints.json")) // of the process before
	args := append([]string{
		"serve", "--data-dir", s.Dir, "--port", "0", "--flight-port", "0", "--http-port", "0",
	}, s.args...)
	s.log = &output{}
	s.cmd = exec.Command(Binary(s.t), args...) //nolint:noctx // Kill ends it
	s.cmd.Env = append(os.Environ(), "MICODB_ADMIN_PASSWORD="+Password)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	require.NoError(s.t, s.cmd.Start())
	s.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		s.err = cmd.Wait()
		close(done)
	}(s.cmd, s.done)
}

// Start starts the process and waits until it is ready.
func (s *Server) Start() {
	s.t.Helper()
	s.Launch()
	s.WaitReady()
}

// WaitReady waits until the launched process has written its addresses, which it does when it serves.
func (s *Server) WaitReady() {
	s.t.Helper()
	deadline := time.NewTimer(startTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			require.FailNow(s.t, "the server ended before it was ready", "%v\n%s", s.err, s.log)
		case <-deadline.C:
			s.Kill()
			require.FailNow(s.t, "the server was not ready in time", "%s", s.log)
		case <-tick.C:
			b, err := os.ReadFile(filepath.Join(s.Dir, "endpoints.json"))
			if err != nil {
				continue
			}
			require.NoError(s.t, json.Unmarshal(b, &s.Endpoints))
			return
		}
	}
}

// Kill ends the process with SIGKILL, as a power cut ends it but for the disk's cache. It is idempotent.
func (s *Server) Kill() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.done
}

// Stop ends the process with SIGTERM, and fails the test when it does not exit with 0.
func (s *Server) Stop() {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-s.done:
		require.NoError(s.t, s.err, "%s", s.log)
	case <-time.After(startTimeout):
		s.Kill()
		require.FailNow(s.t, "the server did not end in time", "%s", s.log)
	}
}

// Wait waits for the process to end by itself and returns how it did.
func (s *Server) Wait() error {
	<-s.done
	return s.err
}

// Log returns what the process wrote so far.
func (s *Server) Log() string { return s.log.String() }

// Logged waits until the process writes a text from now on, and tells whether it did so within the time.
func (s *Server) Logged(text string, within time.Duration) bool {
	from := s.log.size()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !s.log.containsSince(from, text) {
		select {
		case <-deadline.C:
			return false
		case <-s.done:
			return false
		case <-tick.C:
		}
	}
	return true
}

// Ready tells whether the launched process has written its addresses.
func (s *Server) Ready() bool {
	_, err := os.Stat(filepath.Join(s.Dir, "endpoints.json"))
	return err == nil
}

// PeakBytes returns the most resident memory that the running process has had, as the kernel counts it.
func (s *Server) PeakBytes() int64 {
	s.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	require.NoError(s.t, err)
	var kib int64
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			_, err := fmt.Sscan(string(rest), &kib)
			require.NoError(s.t, err)
		}
	}
	require.Positive(s.t, kib)
	return kib << 10
}

// Connect returns a client that is logged in as admin. The test's end closes it.
func (s *Server) Connect(ctx context.Context) *client.Conn {
	s.t.Helper()
	c, err := client.Open(ctx, client.Options{URL: "grpc://" + s.Flight, Username: "admin", Password: Password})
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// Shared runs a package's tests beside one server, which ends with them: for TestMain, and for examples, which have no
// test of their own.
func Shared(run func(s *Server) int) (code int) {
	tb := &process{}
	defer func() {
		for _, f := range slices.Backward(tb.cleanups) {
			f()
		}
		if tb.failure != "" {
			_, _ = fmt.Fprintln(os.Stderr, tb.failure)
			code = 1
		}
	}()
	return run(Start(tb))
}

// process stands for a test where there is none.
type process struct {
	testing.TB // what is not below is not asked of it

	cleanups []func()
	failure  string
}

func (*process) Helper() {}

func (p *process) Cleanup(f func()) { p.cleanups = append(p.cleanups, f) }

func (p *process) TempDir() string {
	dir, err := os.MkdirTemp("", "micodb-shared-")
	if err != nil {
		panic(err)
	}
	p.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (p *process) Errorf(format string, args ...any) { p.failure += fmt.Sprintf(format, args...) }

func (p *process) FailNow() { panic(p.failure) }
