package main

import (
	"errors"

	"github.com/spf13/cobra"
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
	var at adminFlags
	var of, expires string
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Make an API key and print it: it can't be shown again",
		Args:  oneName,
		RunE: func(c *cobra.Command, args []string) error {
			if err := at.checkOwner(of); err != nil {
				return err
			}
			sql := "CREATE API KEY " + quoteName(args[0]) + forUser(of)
			if expires != "" {
				sql += " EXPIRES IN " + quoteText(expires)
			}
			return printStatement(c, &at, sql)
		},
	}
	at.addTo(c)
	c.Flags().StringVar(&of, "for", "", "whose key; without it one's own")
	c.Flags().StringVar(&expires, "expires", "", "how long it is valid, such as '90 days'; without it for ever")
	return c
}

func newUserKeyList() *cobra.Command {
	var at adminFlags
	var of string
	c := &cobra.Command{
		Use:   "list",
		Short: "List API keys: one's own, or everybody's for an administrator",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return printStatement(c, &at, "SHOW API KEYS"+forUser(of))
		},
	}
	at.addTo(c)
	c.Flags().StringVar(&of, "for", "", "only the keys of this user")
	return c
}

func newUserKeyDrop() *cobra.Command {
	var at adminFlags
	var of string
	c := &cobra.Command{
		Use:   "drop NAME",
		Short: "End an API key",
		Args:  oneName,
		RunE: func(c *cobra.Command, args []string) error {
			if err := at.checkOwner(of); err != nil {
				return err
			}
			sql := "DROP API KEY " + quoteName(args[0]) + forUser(of)
			return runUserStatement(c, &at, sql, "API key "+args[0]+" is dropped")
		},
	}
	at.addTo(c)
	c.Flags().StringVar(&of, "for", "", "whose key; without it one's own")
	return c
}

// checkOwner refuses one's own key where nobody has logged in.
func (f *adminFlags) checkOwner(of string) error {
	if f.offline && of == "" {
		return usage(errors.New("--offline has no login: --for says whose key it is"))
	}
	return nil
}

func forUser(name string) string {
	if name == "" {
		return ""
	}
	return " FOR " + quoteName(name)
}
