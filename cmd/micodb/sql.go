package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/reeflective/readline"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/engine/parser"
)

// historyFile is kept in the user's home directory.
const historyFile = ".micodb_history"

func newSQL() *cobra.Command {
	var at connectFlags
	var query, format string
	c := &cobra.Command{
		Use:   "sql",
		Short: "Run SQL: one query with -e, a script from standard input, or a shell",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			db, err := at.open(c.Context())
			if err != nil {
				return err
			}
			s := &shell{db: db, format: format, out: c.OutOrStdout(), notes: c.ErrOrStderr()}
			switch {
			case query != "":
				err = s.script(c.Context(), query)
			case term.IsTerminal(int(os.Stdin.Fd())):
				s.timing = true
				err = s.interactive(c.Context(), at.url)
			default:
				var text []byte
				if text, err = io.ReadAll(c.InOrStdin()); err == nil {
					err = s.script(c.Context(), string(text))
				}
			}
			return errors.Join(err, db.Close())
		},
	}
	at.add(c.Flags())
	c.Flags().StringVarP(&query, "execute", "e", "", "run this and end; several statements are parted by ;")
	c.Flags().StringVar(&format, "format", formatTable, "table, csv, json (an object a line) or arrow (an IPC stream)")
	return c
}

// shell runs statements and prints what they return.
type shell struct {
	db     *client.Conn
	format string
	timing bool
	out    io.Writer
	notes  io.Writer
}

// script runs the statements of a text in turn and stops at the first that fails.
func (s *shell) script(ctx context.Context, text string) error {
	statements, err := parser.Split(text)
	if err != nil {
		return err
	}
	for _, sql := range statements {
		if err := s.statement(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// statement runs one statement; Ctrl-C cancels it and nothing else.
func (s *shell) statement(ctx context.Context, sql string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	start := time.Now()
	rows, err := s.db.Stream(ctx, sql)
	if err != nil {
		return err
	}
	count, what := rows.Changed(), "changed"
	if rows.Schema() != nil {
		count, err = printRows(s.out, s.format, rows)
		what = "returned"
	}
	if err := errors.Join(err, rows.Close()); err != nil {
		return err
	}
	if s.timing {
		_, err = fmt.Fprintf(s.notes, "%s %s in %s\n", plural(count, "row"), what, round(time.Since(start)))
	}
	return err
}

const help = `Statements end with ; and may take several lines. Ctrl-C cancels a query, Ctrl-D ends the shell.
  \help          this text
  \timing        show times, or stop showing them
  \format NAME   table, csv, json or arrow
  \quit          end the shell
`

// interactive reads statements from a person until the end of input.
func (s *shell) interactive(ctx context.Context, url string) error {
	rl := readline.NewShell()
	// Asking the terminal where the cursor is would drop what is typed before it answers.
	if err := rl.Config.Set("cursor-position-probe", false); err != nil {
		return err
	}
	rl.Prompt.Primary(func() string { return "micodb> " })
	rl.Prompt.Secondary(func() string { return "   ...> " })
	rl.AcceptMultiline = func(line []rune) bool { return complete(string(line)) }
	if home, err := os.UserHomeDir(); err == nil {
		rl.History.AddFromFile("statements", filepath.Join(home, historyFile))
	}
	if _, err := fmt.Fprintf(s.notes, "Connected to %s. \\help helps, \\quit ends.\n", url); err != nil {
		return err
	}
	for {
		line, err := rl.Readline()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, readline.ErrInterrupt):
			continue
		case err != nil:
			return err
		}
		done, err := s.entered(ctx, strings.TrimSpace(line))
		if done {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err != nil {
			if _, err := fmt.Fprintf(s.notes, "error: %v\n", err); err != nil {
				return err
			}
		}
	}
}

// entered runs what a person entered, and tells whether that was the last.
func (s *shell) entered(ctx context.Context, line string) (done bool, err error) {
	command, argument, _ := strings.Cut(line, " ")
	switch command {
	case "":
		return false, nil
	case `\q`, `\quit`, "exit", "quit":
		return true, nil
	case `\?`, `\help`:
		_, err = io.WriteString(s.notes, help)
		return false, err
	case `\timing`:
		s.timing = !s.timing
		return false, nil
	case `\format`:
		if err := checkFormat(strings.TrimSpace(argument)); err != nil {
			return false, err
		}
		s.format = strings.TrimSpace(argument)
		return false, nil
	}
	if strings.HasPrefix(command, `\`) {
		return false, fmt.Errorf("there is no command %s: \\help lists them", command)
	}
	return false, s.script(ctx, line)
}

// complete tells whether a text can be run: a command, or statements of which the last ends with a semicolon.
func complete(text string) bool {
	text = strings.TrimSpace(text)
	if text == "" || text[0] == '\\' || text == "exit" || text == "quit" {
		return true
	}
	if !strings.HasSuffix(text, ";") {
		return false
	}
	_, err := parser.Split(text)
	return err == nil // an error is a string or comment that is not closed
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func round(d time.Duration) time.Duration {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond)
	case d < time.Second:
		return d.Round(10 * time.Microsecond)
	default:
		return d.Round(time.Millisecond)
	}
}
