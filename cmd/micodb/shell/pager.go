package shell

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// defaultPager cuts long lines and keeps colours; people scroll sideways in it.
const defaultPager = "less -SR"

// errPagerLeft ends a statement whose reader has seen enough.
var errPagerLeft = errors.New("the pager was left")

// pager is a writer to a terminal that shows what does not fit on the screen in a pager. It keeps what still fits, so
// that the pager starts with the first line.
type pager struct {
	terminal      *os.File
	command       string
	width, height int
	before        func() // called once, before anything is shown

	kept    bytes.Buffer
	lines   int // in kept
	column  int // of its last line
	process *exec.Cmd
	to      io.WriteCloser
}

// newPager returns a pager on a terminal, or nil where the terminal has no size.
func newPager(terminal *os.File, command string, before func()) *pager {
	width, height, err := term.GetSize(int(terminal.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return nil
	}
	return &pager{terminal: terminal, command: command, width: width, height: height, before: before}
}

// Write shows text, sooner or later.
func (p *pager) Write(b []byte) (int, error) {
	if p.to != nil {
		if n, err := p.to.Write(b); err != nil {
			return n, errPagerLeft
		}
		return len(b), nil
	}
	p.kept.Write(b)
	if !p.overflows(b) {
		return len(b), nil
	}
	return len(b), p.start()
}

// overflows counts more text and tells whether the screen is too small: the prompt wants a line, too.
func (p *pager) overflows(b []byte) bool {
	wide := false
	for i, line := range bytes.Split(b, []byte("\n")) {
		if i > 0 {
			p.lines, p.column = p.lines+1, 0
		}
		p.column += text.StringWidthWithoutEscSequences(string(line))
		wide = wide || p.column > p.width
	}
	return wide || p.lines > p.height-2
}

func (p *pager) start() error {
	p.before()
	c := exec.Command("/bin/sh", "-c", p.command) //nolint:noctx // the person ends it
	c.Stdout, c.Stderr = p.terminal, os.Stderr
	to, err := c.StdinPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return err
	}
	p.process, p.to = c, to
	if _, err := to.Write(p.kept.Bytes()); err != nil {
		return errPagerLeft
	}
	p.kept.Reset()
	return nil
}

// Close shows what was kept, or waits until the pager is left.
func (p *pager) Close() error {
	if p.process == nil {
		p.before()
		_, err := p.terminal.Write(p.kept.Bytes())
		return err
	}
	err := p.to.Close()
	if wait := p.process.Wait(); wait != nil {
		return errors.Join(errPager, wait)
	}
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// errPager says how to go on without a pager.
var errPager = errors.New(`the pager failed: set PAGER to another, or \pset pager off`)
