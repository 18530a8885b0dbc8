package server_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/micodb/micodb/e2e/harness"
)

// terminal is the person's side of a pseudo-terminal on which a program runs.
type terminal struct {
	t      *testing.T
	master *os.File

	mu   sync.Mutex // guards text
	text strings.Builder
}

// newTerminal starts a program on a new terminal. The test's end closes it, which hangs up on the program.
func newTerminal(t *testing.T, c *exec.Cmd) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	raw := int(master.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(raw, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(raw, unix.TIOCGPTN)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetWinsize(raw, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 120}))
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	c.Stdin, c.Stdout, c.Stderr = slave, slave, slave
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, c.Start())
	require.NoError(t, slave.Close())
	term := &terminal{t: t, master: master}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(term, master) // ends when the program does, with EIO
	}()
	t.Cleanup(func() {
		_ = c.Process.Kill() // it may have ended
		<-done
		_ = master.Close()
	})
	return term
}

// Write takes what the program shows.
func (term *terminal) Write(b []byte) (int, error) {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.text.Write(b)
}

// shows waits until the program shows a text, and forgets all that it showed until then.
func (term *terminal) shows(text string) {
	term.t.Helper()
	shown := assertEventually(func() bool {
		term.mu.Lock()
		defer term.mu.Unlock()
		_, rest, found := strings.Cut(term.text.String(), text)
		if found {
			term.text.Reset()
			term.text.WriteString(rest)
		}
		return found
	}, time.Minute)
	term.mu.Lock()
	defer term.mu.Unlock()
	require.True(term.t, shown, "%q is not shown, but %q", text, term.text.String())
}

func (term *terminal) types(keys string) {
	term.t.Helper()
	_, err := io.WriteString(term.master, keys)
	require.NoError(term.t, err)
}

func TestTheShellOnATerminal(t *testing.T) {
	s := harness.Start(t)
	db := s.Connect(t.Context())
	_, err := db.Execute(t.Context(), "CREATE TABLE d AS SELECT * FROM (VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) AS v(n)")
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), harness.Binary(t), "sql", "--url", "grpc://"+s.Flight)
	c.Env = append(os.Environ(), "HOME="+t.TempDir(), "TERM=xterm", "MICODB_USER=admin", "MICODB_PASSWORD="+harness.Password)
	term := newTerminal(t, c)

	term.shows("Connected to")
	term.shows("micodb> ")
	term.types("SELECT 40 +\r")
	term.types("2 AS sum;\r")
	term.shows("│ sum │")
	term.shows("│  42 │")
	term.shows("1 row returned in ")

	term.shows("micodb> ")
	term.types("SELECT SUM(a.n + l.n) FROM d a, d b, d c, d e, d f, d g, d h, d i, d j, d k, d l;\r")
	require.True(t, assertEventually(func() bool {
		_, metrics := get(t, "http://"+s.HTTP+"/metrics")
		return strings.Contains(metrics, "micodb_queries_running 1\n")
	}, time.Minute), "the query runs")
	term.types("\x03")
	term.shows("57014")
	require.True(t, assertEventually(func() bool {
		_, metrics := get(t, "http://"+s.HTTP+"/metrics")
		return strings.Contains(metrics, "micodb_queries_running 0\n")
	}, time.Minute), "the server has stopped it too")

	term.shows("micodb> ")
	term.types("SELECT 7 * 6 AS product;\r")
	term.shows("│      42 │")
	term.shows("micodb> ")
	term.types("\\quit\r")
	require.NoError(t, c.Wait())
}
