package harness

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
)

// The size of a terminal.
const (
	TerminalWidth  = 120
	TerminalHeight = 30
)

// showTimeout is how long a program may take to show something: ten times what a slow machine needs.
const showTimeout = time.Minute

// Terminal is the person's side of a pseudo-terminal on which a program runs.
type Terminal struct {
	t      testing.TB
	master *os.File
	cmd    *exec.Cmd
	prompt string        // of the program
	done   chan struct{} // closed when all that the program wrote has been read

	mu     sync.Mutex // guards what follows
	screen *screen
	fresh  chan struct{} // gets a token after each write
}

// NewTerminal starts a program that has a prompt on a new terminal. The test's end closes it, which hangs up on the
// program.
func NewTerminal(tb testing.TB, prompt string, c *exec.Cmd) *Terminal {
	tb.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(tb, err)
	raw := int(master.Fd())
	require.NoError(tb, unix.IoctlSetPointerInt(raw, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(raw, unix.TIOCGPTN)
	require.NoError(tb, err)
	size := &unix.Winsize{Row: TerminalHeight, Col: TerminalWidth}
	require.NoError(tb, unix.IoctlSetWinsize(raw, unix.TIOCSWINSZ, size))
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(tb, err)
	c.Stdin, c.Stdout, c.Stderr = slave, slave, slave
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(tb, c.Start())
	require.NoError(tb, slave.Close())
	t := &Terminal{
		t: tb, master: master, cmd: c, prompt: prompt, done: make(chan struct{}),
		screen: newScreen(TerminalWidth, TerminalHeight), fresh: make(chan struct{}, 1),
	}
	go func() {
		defer close(t.done)
		_, _ = io.Copy(t, master) // ends when the program does, with EIO
	}()
	tb.Cleanup(func() {
		_ = c.Process.Kill() // it may have ended
		<-t.done
		_ = master.Close()
	})
	return t
}

// Write takes what the program shows.
func (t *Terminal) Write(b []byte) (int, error) {
	t.mu.Lock()
	t.screen.write(b)
	t.mu.Unlock()
	select {
	case t.fresh <- struct{}{}:
	default:
	}
	return len(b), nil
}

// Screen waits until a condition is true of the screen's lines, which have no spaces at their ends.
func (t *Terminal) Screen(what string, condition func(screen string) bool) {
	t.t.Helper()
	if !t.within(showTimeout, condition) {
		t.mu.Lock()
		defer t.mu.Unlock()
		require.FailNow(t.t, what, "the screen is\n%s", t.screen.text())
	}
}

// within tells whether a condition becomes true of the screen within a time.
func (t *Terminal) within(limit time.Duration, condition func(screen string) bool) bool {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for ended := false; ; {
		t.mu.Lock()
		shown := t.screen.text()
		t.mu.Unlock()
		if condition(shown) || ended {
			return condition(shown)
		}
		select {
		case <-t.fresh:
		case <-t.done:
			ended = true
		case <-deadline.C:
			ended = true
		}
	}
}

// shows tells whether a screen has all the texts, and none of those that begin with an exclamation mark.
func shows(screen string, texts []string) bool {
	for _, text := range texts {
		unwanted, not := strings.CutPrefix(text, "!")
		if not && strings.Contains(screen, unwanted) || !not && !strings.Contains(screen, text) {
			return false
		}
	}
	return true
}

// OnScreen waits until the screen shows all the texts, and none of those that begin with an exclamation mark.
func (t *Terminal) OnScreen(texts ...string) {
	t.t.Helper()
	t.Screen(fmt.Sprintf("the screen does not show %q", texts),
		func(screen string) bool { return shows(screen, texts) })
}

// AtPrompt waits until the program waits for input: the screen ends with the prompt.
func (t *Terminal) AtPrompt() {
	t.t.Helper()
	t.Screen("there is no prompt", t.asks)
}

func (t *Terminal) asks(screen string) bool {
	screen = strings.TrimRight(screen, "\n")
	return screen[strings.LastIndexByte(screen, '\n')+1:] == t.prompt
}

// Enter waits for the prompt, types a line, and waits until the screen shows the texts, as OnScreen has them, and the
// prompt again. What the screen showed before is forgotten.
func (t *Terminal) Enter(line string, texts ...string) {
	t.t.Helper()
	t.AtPrompt()
	t.mu.Lock()
	t.screen.forget()
	t.mu.Unlock()
	t.Types(line + "\r")
	first, _, _ := strings.Cut(line, "\r")
	texts = append([]string{t.prompt + " " + first}, texts...)
	t.Screen(fmt.Sprintf("after %q the screen does not show %q and the prompt", line, texts),
		func(screen string) bool { return shows(screen, texts) && t.asks(screen) })
}

// Presses types a key until the screen shows the texts.
func (t *Terminal) Presses(key string, texts ...string) {
	t.t.Helper()
	for range int(showTimeout / keyPause) {
		t.Types(key)
		if t.within(keyPause, func(screen string) bool { return shows(screen, texts) }) {
			return
		}
	}
	t.OnScreen(texts...)
}

// keyPause is how long Presses waits for an answer before it types the key again.
const keyPause = 200 * time.Millisecond

// Types sends keys to the program.
func (t *Terminal) Types(keys string) {
	t.t.Helper()
	_, err := io.WriteString(t.master, keys)
	require.NoError(t.t, err)
}

// Wait waits for the program to end and returns how it did.
func (t *Terminal) Wait() error {
	t.t.Helper()
	select {
	case <-t.done:
	case <-time.After(showTimeout):
		t.Screen("the program did not end", func(string) bool { return false })
	}
	return t.cmd.Wait()
}
