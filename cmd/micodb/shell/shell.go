package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"golang.org/x/term"

	"github.com/micodb/micodb/client"
)

// Options are what a shell is made of.
type Options struct {
	DB     *client.Conn
	Layout Layout
	Out    io.Writer     // of rows
	Notes  io.Writer     // of what is said about them
	Keep   bool          // scripts go on after a statement that failed
	Limit  time.Duration // of one statement; 0 is none

	Database string // the session's; empty is the default

	Person Person
}

// Person is what a shell needs for somebody at a terminal.
type Person struct {
	URL     string                                          // shown by \conninfo
	User    string                                          // empty without a login
	Open    func(ctx context.Context) (*client.Conn, error) // another connection, for completion's names
	Ask     func(user string) (password string, err error)  // asks for a new password, unseen
	History string                                          // file of the history; empty keeps none
}

// Shell runs statements and commands. It is for one goroutine.
type Shell struct {
	Options

	timing   bool
	paging   bool
	person   bool     // somebody types
	database string   // the session's
	file     *os.File // where rows go in place of Out; nil: Out
	depth    int      // of scripts that read scripts
	names    *names   // nil: no completion
	history  *history // of a person
}

// New makes a shell; Close ends it.
func New(o Options) *Shell {
	s := &Shell{Options: o, paging: true, database: o.Database}
	if s.database == "" {
		s.database = defaultDatabase
	}
	return s
}

// defaultDatabase is the one of a new session.
const defaultDatabase = "main"

// Close closes the file that rows go to. The connection stays its owner's.
func (s *Shell) Close() error { return s.ToFile("") }

// ToFile sends rows to a new file; an empty name sends them back to where they went at first.
func (s *Shell) ToFile(name string) error {
	var err error
	if s.file != nil {
		err = s.file.Close()
		s.file = nil
	}
	if name == "" || err != nil {
		return err
	}
	s.file, err = os.Create(name)
	return err
}

// interrupted is a statement's error when Ctrl-C ended it: no script goes on after that.
type interrupted struct{ error }

func (i interrupted) Unwrap() error { return i.error }

// statement runs one statement. Ctrl-C cancels it, and nothing else.
func (s *Shell) statement(ctx context.Context, sql string, l Layout) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	limited := ctx
	if s.Limit > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, s.Limit)
		defer cancel()
	}
	p := startProgress(watched(s.Notes))
	defer p.stop()
	began := time.Now()
	count, what, err := s.run(limited, sql, l, p)
	p.stop()
	switch {
	case errors.Is(err, errPagerLeft):
		return nil
	case err != nil && ctx.Err() != nil:
		return interrupted{err}
	case errors.Is(err, context.DeadlineExceeded) && limited.Err() != nil:
		return fmt.Errorf("%w: it took longer than %s: raise --operation-timeout", err, s.Limit)
	case err != nil:
		return err
	}
	s.learn(sql)
	if s.timing {
		return s.note("%s %s in %s\n", Plural(count, "row"), what, Round(time.Since(began)))
	}
	return nil
}

func (s *Shell) run(ctx context.Context, sql string, l Layout, p *progress) (n int64, what string, err error) {
	rows, err := s.DB.Stream(ctx, sql)
	if err != nil {
		return 0, "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Schema() == nil {
		return rows.Changed(), "changed", nil
	}
	w, closing, err := s.writer(l, p)
	if err != nil {
		return 0, "", err
	}
	n, err = l.write(w, rows, p.add)
	return n, "returned", errors.Join(err, closing())
}

// writer returns where the rows of one statement go, and what ends them. The progress is taken away before anything
// is shown on the terminal.
func (s *Shell) writer(l Layout, p *progress) (w io.Writer, closing func() error, err error) {
	if s.file != nil {
		b := bufio.NewWriter(s.file)
		return b, b.Flush, nil
	}
	terminal, ok := s.Out.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		b := bufio.NewWriter(s.Out)
		return b, b.Flush, nil
	}
	if l.Format == Arrow {
		return nil, nil, errors.New("an Arrow stream is not for a terminal: send it to a file")
	}
	if command := pagerCommand(); s.person && s.paging && command != "" {
		if page := newPager(terminal, command, p.stop); page != nil {
			return page, page.Close, nil
		}
	}
	b := bufio.NewWriter(firstly{s.Out, p.stop})
	return b, b.Flush, nil
}

// pagerCommand is the person's choice; an empty PAGER is none.
func pagerCommand() string {
	if command, ok := os.LookupEnv("PAGER"); ok {
		return command
	}
	return defaultPager
}

// watched returns a writer that somebody watches, or nil.
func watched(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

func (s *Shell) note(format string, args ...any) error {
	_, err := fmt.Fprintf(s.Notes, format, args...)
	return err
}

// Plural returns a number of things.
func Plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Round leaves out of a time what nobody reads.
func Round(d time.Duration) time.Duration {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond)
	case d < time.Second:
		return d.Round(10 * time.Microsecond)
	default:
		return d.Round(time.Millisecond)
	}
}
