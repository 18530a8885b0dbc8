package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/cmd/micodb/shell"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/node"
)

// adminFlags say whose users and roles are managed: a server's, or those in the data directory of one that is stopped.
type adminFlags struct {
	connectFlags

	offline bool
	dataDir string
	online  *pflag.FlagSet // the flags that --offline has no use for
}

func (f *adminFlags) addTo(c *cobra.Command) {
	fs := c.Flags()
	f.online = pflag.NewFlagSet("", pflag.ContinueOnError)
	f.add(f.online)
	fs.AddFlagSet(f.online)
	fs.BoolVar(&f.offline, "offline", false, "change the data directory of a server that is stopped, as administrator "+
		"and without a login")
	fs.StringVarP(&f.dataDir, "data-dir", "d", "", "with --offline: the data directory (MICODB_DATA_DIR; else "+
		node.Defaults().DataDir+")")
	c.PreRunE = func(*cobra.Command, []string) error { return f.check() }
}

// check refuses flags that do not go together.
func (f *adminFlags) check() error {
	if !f.offline {
		if f.dataDir != "" {
			return usage(errors.New("--data-dir goes with --offline: --url says where a running server is"))
		}
		return nil
	}
	var err error
	f.online.VisitAll(func(flag *pflag.Flag) {
		if !flag.Changed {
			return
		}
		err = usage(fmt.Errorf("--%s and --offline exclude each other: --offline reaches no server, and needs no login",
			flag.Name))
	})
	return err
}

// open opens the server or the data directory.
func (f *adminFlags) open(c *cobra.Command) (administration, error) {
	if !f.offline {
		db, err := f.connectFlags.open(c.Context())
		return online{db}, err
	}
	dir := f.dataDir
	for _, other := range []string{os.Getenv(envPrefix + "DATA_DIR"), node.Defaults().DataDir} {
		if dir == "" {
			dir = other
		}
	}
	db, err := node.OpenOffline(c.Context(), dir, c.ErrOrStderr())
	if sqlerr.CodeOf(err) == sqlerr.InvalidParameterValue {
		err = usage(err)
	}
	return offline{db}, err
}

// administration is where statements about users and roles are run.
type administration interface {
	execute(ctx context.Context, sql string) error
	print(ctx context.Context, w io.Writer, sql string) error
	close(ctx context.Context) error
}

type online struct{ db *client.Conn }

func (o online) execute(ctx context.Context, sql string) error {
	_, err := o.db.Execute(ctx, sql)
	return err
}

func (o online) print(ctx context.Context, w io.Writer, sql string) error {
	rows, err := o.db.Stream(ctx, sql)
	if err != nil {
		return err
	}
	return errors.Join(printTable(w, rows), rows.Close())
}

func (o online) close(context.Context) error { return o.db.Close() }

type offline struct{ db *node.Offline }

func (o offline) execute(ctx context.Context, sql string) error { return o.db.Execute(ctx, sql) }

func (o offline) print(ctx context.Context, w io.Writer, sql string) error {
	rows, err := o.db.Query(ctx, sql)
	if err != nil {
		return err
	}
	return printTable(w, rows)
}

func (o offline) close(ctx context.Context) error { return o.db.Close(ctx) }

func printTable(w io.Writer, rows shell.Rows) error {
	_, err := shell.WriteRows(w, shell.DefaultLayout(shell.Table), rows)
	return err
}

// runUserStatement runs a statement and says that it is done, which it is whatever becomes of the closing.
func runUserStatement(c *cobra.Command, at *adminFlags, sql, done string) error {
	db, err := at.open(c)
	if err != nil {
		return err
	}
	if err = db.execute(c.Context(), sql); err == nil {
		_, err = fmt.Fprintln(c.OutOrStdout(), done)
	}
	return errors.Join(err, db.close(c.Context()))
}

// printStatement runs a statement and prints its rows as a table.
func printStatement(c *cobra.Command, at *adminFlags, sql string) error {
	db, err := at.open(c)
	if err != nil {
		return err
	}
	return errors.Join(db.print(c.Context(), c.OutOrStdout(), sql), db.close(c.Context()))
}
