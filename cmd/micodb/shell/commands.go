package shell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// command is what a person can ask of the shell itself.
type command struct {
	names     []string // the first is the one that help shows
	arguments string
	help      string
	run       func(ctx context.Context, s *Shell, argument string) error
}

// commands are all commands, in the order in which help shows them.
func commands() []command {
	all := []command{
		{[]string{`\q`, `\quit`, ".quit", ".exit"}, "", "leave the shell; so do Ctrl-D, exit and quit", quit},
		{[]string{`\?`, `\h`, `\help`, ".help"}, "", "this text", help},
		{[]string{`\c`, `\connect`, `\use`}, "DATABASE", "use another database", use},
		{[]string{`\conninfo`}, "", "say where the shell is connected, and as whom", connection},
		{[]string{`\i`, `\include`, ".read"}, "FILE", "run a script", include},
		{[]string{`\o`, `\output`, ".output"}, "[FILE]", "send rows to a file, or back to the terminal", output},
		{[]string{`\format`, ".mode"}, "NAME", "show rows as " + FormatNames, format},
		{[]string{`\x`}, "[on|off]", "show a line for each column, or stop that; \\G in place of ; does once", expand},
		{[]string{`\pset`}, "NAME VALUE", "set format, expanded, null (a text), pager or maxrows", setLayout},
		{[]string{`\maxrows`, ".maxrows"}, "N", "show so many rows of a table, 0 for all", maxRows},
		{[]string{`\timing`, ".timer"}, "[on|off]", "show times, or stop that", timing},
		{[]string{`\echo`, ".print"}, "TEXT", "write a text where rows go", echo},
		{[]string{`\!`, ".shell"}, "COMMAND", "run a command of the system's shell", system},
		{[]string{`\password`}, "[USER]", "change a password, which is asked for", password},
	}
	return append(all, describing()...)
}

// isCommand tells whether a line is a command. No statement begins with a backslash or a full stop.
func isCommand(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, `\`) || strings.HasPrefix(line, ".")
}

// command runs a line that is a command.
func (s *Shell) command(ctx context.Context, line string) error {
	name, argument, _ := strings.Cut(strings.TrimRight(strings.TrimSpace(line), "; "), " ")
	for _, c := range commands() {
		if slices.Contains(c.names, name) {
			return c.run(ctx, s, unquoted(strings.TrimSpace(argument)))
		}
	}
	return fmt.Errorf(`there is no command %s: \? lists them`, name)
}

// unquoted takes the quotes off an argument that stands in single ones.
func unquoted(s string) string {
	if len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return strings.ReplaceAll(s[1:len(s)-1], "''", "'")
	}
	return s
}

func quit(context.Context, *Shell, string) error { return errQuit }

func help(_ context.Context, s *Shell, _ string) error {
	var b strings.Builder
	b.WriteString("Statements end with ; and may take several lines. Ctrl-C cancels one, Tab completes names.\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-22s %s\n", c.names[0]+" "+c.arguments, c.help)
	}
	return s.note("%s", b.String())
}

func use(ctx context.Context, s *Shell, database string) error {
	if database == "" {
		return s.note("The database is %s.\n", s.database)
	}
	return s.statement(ctx, "USE "+database, s.Layout)
}

func include(ctx context.Context, s *Shell, file string) error {
	if file == "" {
		return errors.New(`\i FILE runs a script: name it`)
	}
	return s.File(ctx, file)
}

func output(_ context.Context, s *Shell, file string) error { return s.ToFile(file) }

func format(_ context.Context, s *Shell, name string) error {
	if name == "" {
		return s.note("The format is %s.\n", s.Layout.Format)
	}
	if err := CheckFormat(name); err != nil {
		return err
	}
	s.Layout.Format = name
	return nil
}

// toggle reads on or off; without either it turns the switch.
func toggle(to *bool, argument string) error {
	switch argument {
	case "":
		*to = !*to
	case "on", "1":
		*to = true
	case "off", "0":
		*to = false
	default:
		return fmt.Errorf("%q is neither on nor off", argument)
	}
	return nil
}

func (s *Shell) saySwitch(what string, on bool) error {
	if !s.person {
		return nil
	}
	if on {
		return s.note("%s is on.\n", what)
	}
	return s.note("%s is off.\n", what)
}

func expand(_ context.Context, s *Shell, argument string) error {
	if err := toggle(&s.Layout.Expanded, argument); err != nil {
		return err
	}
	return s.saySwitch("Expanded display", s.Layout.Expanded)
}

func timing(_ context.Context, s *Shell, argument string) error {
	if err := toggle(&s.timing, argument); err != nil {
		return err
	}
	return s.saySwitch("Timing", s.timing)
}

func maxRows(_ context.Context, s *Shell, argument string) error {
	n, err := strconv.Atoi(argument)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is no number of rows: write 0 for all", argument)
	}
	s.Layout.RowsMax = n
	return nil
}

func setLayout(ctx context.Context, s *Shell, argument string) error {
	name, value, _ := strings.Cut(argument, " ")
	value = unquoted(strings.TrimSpace(value))
	switch name {
	case "format":
		return format(ctx, s, value)
	case "expanded":
		return expand(ctx, s, value)
	case "maxrows":
		return maxRows(ctx, s, value)
	case "null":
		s.Layout.Null = value
		return nil
	case "pager":
		if err := toggle(&s.paging, value); err != nil {
			return err
		}
		return s.saySwitch("Pager", s.paging)
	default:
		return fmt.Errorf("%q is not one of format, expanded, null, pager, maxrows", name)
	}
}

func echo(_ context.Context, s *Shell, text string) error {
	w, closing, err := s.writer(s.Layout, startProgress(nil))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, text)
	return errors.Join(err, closing())
}

func system(ctx context.Context, s *Shell, line string) error {
	c := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, s.Out, s.Notes
	return c.Run()
}

func password(ctx context.Context, s *Shell, user string) error {
	if user == "" {
		user = s.Person.User
	}
	switch {
	case user == "":
		return errors.New("there is no login: name the user")
	case s.Person.Ask == nil || !s.person:
		return errors.New(`\password asks, and nobody is there to answer`)
	}
	secret, err := s.Person.Ask(user)
	if err != nil {
		return err
	}
	return s.statement(ctx, "ALTER USER "+QuoteName(user)+" IDENTIFIED BY "+QuoteText(secret), s.Layout)
}

func connection(_ context.Context, s *Shell, _ string) error {
	who := "without a login"
	if s.Person.User != "" {
		who = "as " + s.Person.User
	}
	return s.note("Connected to %s %s; the database is %s.\n", s.Person.URL, who, s.database)
}

// QuoteName returns a name as SQL has it.
func QuoteName(s string) string { return inQuotes(s, '"') }

// QuoteText returns a text as SQL has it.
func QuoteText(s string) string { return inQuotes(s, '\'') }

// inQuotes puts a text in quotes; those in it are doubled.
func inQuotes(s string, quote byte) string {
	q := string(quote)
	return q + strings.ReplaceAll(s, q, q+q) + q
}
