package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/cmd/micodb/shell"
)

// historyFile is kept in the user's home directory, unless historyVariable names another; empty keeps none.
const (
	historyFile     = ".micodb_history"
	historyVariable = envPrefix + "HISTORY"
)

// sqlFlags say what `micodb sql` runs and how it shows what comes of it.
type sqlFlags struct {
	at      connectFlags
	query   string
	files   []string
	output  string
	format  string
	maxRows int
	keep    bool
}

func newSQL() *cobra.Command {
	var f sqlFlags
	c := &cobra.Command{
		Use:   "sql [DATABASE]",
		Short: "Run SQL: a query with -e, scripts with -f or from standard input, or a shell",
		Args:  atMostOneDatabase,
		RunE: func(c *cobra.Command, args []string) error {
			database := ""
			if len(args) > 0 {
				database = args[0]
			}
			return f.run(c, database)
		},
	}
	f.at.add(c.Flags())
	f.addLayout(c)
	c.Flags().StringVarP(&f.query, "execute", "e", "", "run this and end; several statements are parted by ;")
	c.Flags().StringArrayVarP(&f.files, "file", "f", nil, "run this script, - for standard input, and end; repeatable")
	c.Flags().BoolVar(&f.keep, "continue", false, "go on after statements that fail, and exit with 1 at the end")
	return c
}

func (f *sqlFlags) addLayout(c *cobra.Command) {
	c.Flags().StringVar(&f.format, "format", shell.Table, shell.FormatNames)
	c.Flags().StringVarP(&f.output, "output", "o", "", "write the rows to this file")
	c.Flags().IntVar(&f.maxRows, "max-rows", shell.RowsMax, "how many rows a table shows, 0 for all")
}

func atMostOneDatabase(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(fmt.Errorf("%s takes one database at most, and got %d", c.CommandPath(), len(args)))
	}
	return nil
}

// run opens a shell in a database, the session's own where it is empty.
func (f *sqlFlags) run(c *cobra.Command, database string) (err error) {
	if err := shell.CheckFormat(f.format); err != nil {
		return usage(err)
	}
	o, err := f.at.options()
	if err != nil {
		return err
	}
	db, err := f.at.connect(c.Context(), o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if database != "" {
		if _, err := db.Execute(c.Context(), "USE "+shell.QuoteName(database)); err != nil {
			return err
		}
	}
	layout := shell.DefaultLayout(f.format)
	layout.RowsMax = f.maxRows
	s := shell.New(shell.Options{
		DB: db, Layout: layout, Out: c.OutOrStdout(), Notes: c.ErrOrStderr(), Keep: f.keep, Database: database,
		Limit: f.at.operationLimit(),
		Person: shell.Person{
			URL: o.URL, User: o.Username, History: historyPath(),
			Open: func(ctx context.Context) (*client.Conn, error) { return f.at.connect(ctx, o) },
			Ask:  func(user string) (string, error) { return newPassword(user, "") },
		},
	})
	defer func() { err = errors.Join(err, s.Close()) }()
	if f.output != "" {
		if err := s.ToFile(f.output); err != nil {
			return err
		}
	}
	return f.feed(c, s)
}

// feed gives the shell what to run.
func (f *sqlFlags) feed(c *cobra.Command, s *shell.Shell) error {
	ctx := c.Context()
	if f.query != "" {
		if err := s.Text(ctx, f.query); err != nil {
			return err
		}
	}
	for _, name := range f.files {
		var err error
		if name == "-" {
			err = s.Script(ctx, "standard input", c.InOrStdin())
		} else {
			err = s.File(ctx, name)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case f.query != "" || len(f.files) > 0:
		return nil
	case term.IsTerminal(int(os.Stdin.Fd())):
		return s.Interactive(ctx)
	default:
		return s.Script(ctx, "standard input", c.InOrStdin())
	}
}

// historyPath is where the shell's history is kept; empty where there is no place for it.
func historyPath() string {
	if path, ok := os.LookupEnv(historyVariable); ok {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, historyFile)
}
