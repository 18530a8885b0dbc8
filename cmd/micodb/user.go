package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/micodb/micodb/cmd/micodb/shell"
)

func newUser() *cobra.Command {
	c := &cobra.Command{
		Use:   "user",
		Short: "Manage the users of a running server, or with --offline of one that is stopped",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		newUserAdd(), newUserPasswd(), newUserList(), newUserKey(), newUserSessions(), newUserLogout(),
		newNamed("drop", "Drop a user with the API keys", "DROP USER", "user %s is dropped"),
		newNamed("grants", "Show what a user may do", "SHOW GRANTS FOR", ""),
		newGrant("grant", "to", "user", true), newGrant("revoke", "from", "user", true),
	)
	return c
}

func newUserAdd() *cobra.Command {
	var at adminFlags
	var role, passwordFile string
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Make a user",
		Args:  oneName,
		RunE: func(c *cobra.Command, args []string) error {
			password, err := newPassword(args[0], passwordFile)
			if err != nil {
				return err
			}
			sql := "CREATE USER " + quoteName(args[0]) + " IDENTIFIED BY " + quoteText(password)
			if role != "" {
				sql += " DEFAULT ROLE " + quoteName(role)
			}
			return runUserStatement(c, &at, sql, "user "+args[0]+" is made")
		},
	}
	at.addTo(c)
	c.Flags().StringVar(&role, "role", "", "admin, poweruser, readonly or one of your own; without one the user may "+
		"do nothing")
	c.Flags().StringVar(&passwordFile, "new-password-file", "", "file with the user's password (or set "+
		"MICODB_NEW_PASSWORD; else it is asked for)")
	return c
}

func newUserPasswd() *cobra.Command {
	var at adminFlags
	var passwordFile string
	c := &cobra.Command{
		Use:   "passwd NAME",
		Short: "Change a user's password",
		Args:  oneName,
		RunE: func(c *cobra.Command, args []string) error {
			password, err := newPassword(args[0], passwordFile)
			if err != nil {
				return err
			}
			sql := "ALTER USER " + quoteName(args[0]) + " IDENTIFIED BY " + quoteText(password)
			return runUserStatement(c, &at, sql, "the password of "+args[0]+" is changed")
		},
	}
	at.addTo(c)
	c.Flags().StringVar(&passwordFile, "new-password-file", "", "file with the new password (or set "+
		"MICODB_NEW_PASSWORD; else it is asked for)")
	return c
}

func newUserList() *cobra.Command {
	var at adminFlags
	c := &cobra.Command{
		Use:   "list",
		Short: "List the users and their roles",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return printStatement(c, &at, "SHOW USERS") },
	}
	at.addTo(c)
	return c
}

func newUserSessions() *cobra.Command {
	var at connectFlags
	c := &cobra.Command{
		Use:   "sessions",
		Short: "List the open sessions: one's own, or everybody's for an administrator",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return printStatement(c, &adminFlags{connectFlags: at}, "SHOW SESSIONS")
		},
	}
	at.add(c.Flags())
	return c
}

func newUserLogout() *cobra.Command {
	var at adminFlags
	c := &cobra.Command{
		Use:   "logout NAME",
		Short: "End all tokens and sessions of a user; passwords and API keys stay good",
		Args:  oneName,
		RunE: func(c *cobra.Command, args []string) error {
			return runUserStatement(c, &at, "KILL TOKENS FOR "+quoteName(args[0]), "user "+args[0]+" is logged out")
		},
	}
	at.addTo(c)
	return c
}

func oneName(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage(fmt.Errorf("%s takes one name, and got %d", c.CommandPath(), len(args)))
	}
	return nil
}

// newPassword reads a password, twice where a person types it.
func newPassword(user, file string) (string, error) {
	const variable = envPrefix + "NEW_PASSWORD"
	first, err := readPassword(file, variable, "New password for "+user+": ")
	if err != nil {
		return "", err
	}
	if _, set := os.LookupEnv(variable); file != "" || set || !term.IsTerminal(int(os.Stdin.Fd())) {
		return first, nil
	}
	second, err := readPassword("", variable, "Once more: ")
	if err == nil && first != second {
		err = errors.New("the two passwords differ: nothing was changed")
	}
	return first, err
}

func quoteName(s string) string { return shell.QuoteName(s) }

func quoteText(s string) string { return shell.QuoteText(s) }
