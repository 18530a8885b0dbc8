package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/cmd/micodb/shell"
)

func newUserKey() *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "Manage API keys, with which programs log in",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newUserKeyAdd(), newUserKeyList(), newUserKeyDrop())
	return c
}

func newUserKeyAdd() *cobra.Command {
	var at connectFlags
	var of, expires string
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Make an API key and print it: it can't be shown again",
		Args:  oneName,
		RunE: func(c *cobra.Command, args []string) error {
			sql := "CREATE API KEY " + quoteName(args[0]) + forUser(of)
			if expires != "" {
				sql += " EXPIRES IN " + quoteText(expires)
			}
			return printStatement(c, &at, sql)
		},
	}
	at.add(c.Flags())
	c.Flags().StringVar(&of, "for", "", "whose key; without it one's own")
	c.Flags().StringVar(&expires, "expires", "", "how long it is valid, such as '90 days'; without it for ever")
	return c
}

func newUserKeyList() *cobra.Command {
	var at connectFlags
	var of string
	c := &cobra.Command{
		Use:   "list",
		Short: "List API keys: one's own, or everybody's for an administrator",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return printStatement(c, &at, "SHOW API KEYS"+forUser(of))
		},
	}
	at.add(c.Flags())
	c.Flags().StringVar(&of, "for", "", "only the keys of this user")
	return c
}

func newUserKeyDrop() *cobra.Command {
	var at connectFlags
	var of string
	c := &cobra.Command{
		Use:   "drop NAME",
		Short: "End an API key",
		Args:  oneName,
		RunE: func(c *cobra.Command, args []string) error {
			sql := "DROP API KEY " + quoteName(args[0]) + forUser(of)
			return runUserStatement(c, &at, sql, "API key "+args[0]+" is dropped")
		},
	}
	at.add(c.Flags())
	c.Flags().StringVar(&of, "for", "", "whose key; without it one's own")
	return c
}

func forUser(name string) string {
	if name == "" {
		return ""
	}
	return " FOR " + quoteName(name)
}

// printStatement runs a statement and prints its rows as a table.
func printStatement(c *cobra.Command, at *connectFlags, sql string) error {
	db, err := at.open(c.Context())
	if err != nil {
		return err
	}
	return errors.Join(printQuery(c, db, sql), db.Close())
}

func printQuery(c *cobra.Command, db *client.Conn, sql string) error {
	rows, err := db.Stream(c.Context(), sql)
	if err != nil {
		return err
	}
	_, err = shell.WriteRows(c.OutOrStdout(), shell.DefaultLayout(shell.Table), rows)
	return errors.Join(err, rows.Close())
}
