package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/cmd/micodb/shell"
	"github.com/micodb/micodb/jsonproto"
)

// newVerbs returns the subcommands of the old server's command line, for scripts that have them. `sql` is one, too.
func newVerbs() []*cobra.Command {
	return []*cobra.Command{newCreateDB(), newCreateTable(), newInsert(), newQuery(), newQueryFile()}
}

func newCreateDB() *cobra.Command {
	var at connectFlags
	c := &cobra.Command{
		Use:   "create-db DATABASE",
		Short: "Make a database",
		Args:  arguments("DATABASE"),
		RunE: func(c *cobra.Command, args []string) error {
			return runStatement(c, &at, "CREATE DATABASE "+client.Quote(args[0]), "database "+args[0]+" is made")
		},
	}
	at.add(c.Flags())
	return c
}

func newCreateTable() *cobra.Command {
	var at connectFlags
	c := &cobra.Command{
		Use:   "create-table DATABASE TABLE SCHEMA.json",
		Short: "Make a table with the columns of a JSON file",
		Example: "  micodb create-table shop sale sale.json\n" +
			`  sale.json: [{"name":"id","type":"int32","nullable":false},{"name":"item","type":"utf8"}]`,
		Args: arguments("DATABASE", "TABLE", "SCHEMA.json"),
		RunE: func(c *cobra.Command, args []string) error {
			schema, err := os.ReadFile(args[2])
			if err != nil {
				return err
			}
			sql, err := jsonproto.CreateTableText(args[0], args[1], schema)
			if err != nil {
				return fmt.Errorf("%s: %w", args[2], err)
			}
			return runStatement(c, &at, sql, "table "+args[0]+"."+args[1]+" is made")
		},
	}
	at.add(c.Flags())
	return c
}

func newInsert() *cobra.Command {
	var at connectFlags
	var f importFlags
	c := &cobra.Command{
		Use:   "insert DATABASE TABLE FILE.csv",
		Short: "Load a CSV file into a table; `import` does more",
		Args:  arguments("DATABASE", "TABLE", "FILE.csv"),
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := f.options(args[2]); err != nil {
				return usage(err)
			}
			return importFiles(c, &at, f, target{args[0], args[1]}, args[2:])
		},
	}
	at.add(c.Flags())
	f.add(c.Flags())
	f.format = "csv"
	return c
}

func newQuery() *cobra.Command {
	var f sqlFlags
	c := &cobra.Command{
		Use:   "query DATABASE SQL",
		Short: "Run SQL in a database, like `sql DATABASE -e SQL`",
		Args:  arguments("DATABASE", "SQL"),
		RunE: func(c *cobra.Command, args []string) error {
			f.query = args[1]
			return f.run(c, args[0])
		},
	}
	f.at.add(c.Flags())
	f.addLayout(c)
	return c
}

func newQueryFile() *cobra.Command {
	var f sqlFlags
	c := &cobra.Command{
		Use:   "query-file DATABASE FILE",
		Short: "Run a script in a database, like `sql DATABASE -f FILE`",
		Args:  arguments("DATABASE", "FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			f.files = args[1:]
			return f.run(c, args[0])
		},
	}
	f.at.add(c.Flags())
	f.addLayout(c)
	return c
}

// runStatement runs a statement and says that it is done.
func runStatement(c *cobra.Command, at *connectFlags, sql, done string) error {
	db, err := at.open(c.Context())
	if err != nil {
		return err
	}
	ctx, cancel := at.limited(c.Context())
	defer cancel()
	if _, err = db.Execute(ctx, sql); err == nil {
		_, err = fmt.Fprintln(c.OutOrStdout(), done)
	}
	return errors.Join(err, db.Close())
}

// arguments refuses a command line that has not one argument for each name.
func arguments(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usage(fmt.Errorf("%s takes %s, and got %s", c.CommandPath(), strings.Join(names, " "),
				shell.Plural(int64(len(args)), "argument")))
		}
		for i, a := range args {
			if strings.TrimSpace(a) == "" {
				return usage(errors.New(c.CommandPath() + ": " + names[i] + " is empty"))
			}
		}
		return nil
	}
}
