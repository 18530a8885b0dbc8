package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/micodb/micodb/engine/parser"
)

// scriptDepthMax is how deep scripts may read scripts: one that reads itself ends there.
const scriptDepthMax = 16

// errQuit ends a script, or the shell.
var errQuit = errors.New("the shell is left")

// Text runs the statements and commands of a text in turn.
func (s *Shell) Text(ctx context.Context, text string) error {
	return s.Script(ctx, "", strings.NewReader(text))
}

// File runs a script.
func (s *Shell) File(ctx context.Context, name string) (err error) {
	if s.depth == scriptDepthMax {
		return fmt.Errorf("%s: over %d scripts read each other: does one read itself?", name, scriptDepthMax)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	s.depth++
	defer func() {
		s.depth--
		err = errors.Join(err, f.Close())
	}()
	return s.Script(ctx, name, f)
}

// Script runs what a reader gives, as it comes. It stops at the first error, which tells the script and the line; with
// Keep it reports errors, goes on, and fails at the end.
func (s *Shell) Script(ctx context.Context, name string, in io.Reader) error {
	r := &script{shell: s, name: name, in: bufio.NewReader(in)}
	err := r.run(ctx)
	if errors.Is(err, errQuit) {
		err = nil
	}
	if err == nil && r.failed > 0 {
		return fmt.Errorf("%s failed", Plural(int64(r.failed), "statement"))
	}
	return err
}

// script is a script that is being read.
type script struct {
	shell  *Shell
	name   string
	in     *bufio.Reader
	text   strings.Builder // what has been read and not run
	first  int             // its first line, counted from 1
	failed int
}

func (r *script) run(ctx context.Context) error {
	r.first = 1
	for line := 1; ; line++ {
		read, err := r.in.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		last := err != nil
		if isCommand(read) && r.idle() {
			err = r.judge(line, r.shell.command(ctx, read))
			r.next(line + 1)
		} else {
			r.text.WriteString(read)
			err = nil
			if text := r.text.String(); last || complete(text) {
				err = r.statements(ctx, text)
				r.next(line + 1)
			}
		}
		if err != nil || last {
			return err
		}
	}
}

func (r *script) next(line int) {
	r.text.Reset()
	r.first = line
}

// idle tells whether no statement has begun: there are only spaces and comments.
func (r *script) idle() bool {
	if r.text.Len() == 0 {
		return true
	}
	statements, err := parser.Split(r.text.String())
	return err == nil && len(statements) == 0
}

// statements runs the statements of a text that begins at line r.first.
func (r *script) statements(ctx context.Context, text string) error {
	text, layout := r.shell.ending(text)
	all, err := parser.Split(text)
	if err != nil {
		return r.judge(r.first, err)
	}
	at := 0
	for _, sql := range all {
		if i := strings.Index(text[at:], sql); i >= 0 {
			at += i
		}
		line := r.first + strings.Count(text[:at], "\n")
		at += len(sql)
		if err := r.judge(line, r.shell.statement(ctx, sql, layout)); err != nil {
			return err
		}
	}
	return nil
}

// judge says where an error happened, and swallows one that does not end the script.
func (r *script) judge(line int, err error) error {
	if err == nil || errors.Is(err, errQuit) {
		return err
	}
	if r.name != "" {
		err = fmt.Errorf("%s:%d: %w", r.name, line, err)
	}
	if _, stopped := errors.AsType[interrupted](err); stopped || !r.shell.Keep {
		return err
	}
	r.failed++
	return r.shell.note("error: %v\n", err)
}

// complete tells whether a text can be run: a command, or statements of which the last has its end.
func complete(text string) bool {
	text = strings.TrimSpace(text)
	switch {
	case text == "", text == "exit", text == "quit", isCommand(text):
		return true
	case !strings.HasSuffix(text, ";") && endingOf(text) == "":
		return false
	}
	_, err := parser.Split(strings.TrimSuffix(text, endingOf(text)))
	return err == nil // an error is a string or comment that is not closed
}

// endings end a statement in place of the semicolon; all but the first show it expanded.
func endings() []string { return []string{`\g`, `\gx`, `\G`} }

func endingOf(text string) string {
	for _, e := range endings() {
		if strings.HasSuffix(text, e) {
			return e
		}
	}
	return ""
}

// ending takes the ending off a text and returns the layout that it asks for.
func (s *Shell) ending(text string) (string, Layout) {
	l := s.Layout
	e := endingOf(strings.TrimSpace(text))
	l.Expanded = l.Expanded || e != "" && e != endings()[0]
	return strings.TrimSuffix(strings.TrimRight(text, " \t\r\n"), e), l
}
