package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// newGrant returns grant or revoke of a user or a role. A user is given roles, or privileges on an object; a role
// privileges alone.
func newGrant(verb, word, whose string, roles bool) *cobra.Command {
	var at adminFlags
	var privileges []string
	var on string
	use, short := verb+" NAME --privilege P --on OBJECT", "privileges"
	if roles {
		use, short = verb+" NAME [ROLE…]", "roles, or privileges"
	}
	c := &cobra.Command{
		Use:   use,
		Short: map[string]string{"grant": "Give ", "revoke": "Take "}[verb] + short + " " + word + " a " + whose,
		Example: fmt.Sprintf("  micodb %s %s NAME --privilege SELECT,INSERT --on main.t -u admin\n", whose, verb) +
			"  OBJECT is a table (d.t), a database (d.*) or everything (*.*)",
		RunE: func(c *cobra.Command, args []string) error {
			what, err := grantText(c, args, privileges, on, roles)
			if err != nil {
				return err
			}
			sql := strings.ToUpper(verb) + " " + what + " " + strings.ToUpper(word) + " " + quoteName(args[0])
			return runUserStatement(c, &at, sql, verb+": "+what+" "+word+" "+args[0])
		},
	}
	at.addTo(c)
	c.Flags().StringSliceVar(&privileges, "privilege", nil, "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALL, …")
	c.Flags().StringVar(&on, "on", "", "what the privileges are on: d.t, d.* or *.*")
	return c
}

// grantText returns what stands between GRANT and TO.
func grantText(c *cobra.Command, args, privileges []string, on string, roles bool) (string, error) {
	switch {
	case len(args) == 0 || args[0] == "":
		return "", usage(fmt.Errorf("%s takes a name", c.CommandPath()))
	case (len(privileges) == 0) != (on == ""):
		return "", usage(fmt.Errorf("%s: --privilege and --on go together", c.CommandPath()))
	case len(args) > 1 && (!roles || on != ""):
		return "", usage(fmt.Errorf("%s takes one name with --privilege, and got %d", c.CommandPath(), len(args)))
	case len(args) > 1:
		quoted := make([]string, len(args)-1)
		for i, role := range args[1:] {
			quoted[i] = quoteName(role)
		}
		return strings.Join(quoted, ", "), nil
	case on == "":
		return "", usage(fmt.Errorf("%s: what? name --privilege and --on%s", c.CommandPath(),
			map[bool]string{true: ", or roles"}[roles]))
	}
	for _, p := range privileges {
		if strings.Trim(strings.ToUpper(p), "ABCDEFGHIJKLMNOPQRSTUVWXYZ ") != "" || strings.TrimSpace(p) == "" {
			return "", usage(fmt.Errorf("--privilege %q is none", p))
		}
	}
	object, err := grantObject(on)
	return strings.ToUpper(strings.Join(privileges, ", ")) + " ON " + object, err
}

// grantObject quotes d.t and d.*.
func grantObject(on string) (string, error) {
	database, table, found := strings.Cut(on, ".")
	switch {
	case on == "*.*":
		return on, nil
	case !found || database == "" || table == "" || database == "*":
		return "", usage(fmt.Errorf("--on %s is neither a table (d.t) nor a database (d.*) nor everything (*.*)", on))
	case table == "*":
		return quoteName(database) + ".*", nil
	default:
		return quoteName(database) + "." + quoteName(table), nil
	}
}

// newNamed returns a command that runs a statement about one name; its rows are shown when it has any.
func newNamed(use, short, sql, done string) *cobra.Command {
	var at adminFlags
	c := &cobra.Command{
		Use:   use + " NAME",
		Short: short,
		Args:  oneName,
		RunE: func(c *cobra.Command, args []string) error {
			if done == "" {
				return printStatement(c, &at, sql+" "+quoteName(args[0]))
			}
			return runUserStatement(c, &at, sql+" "+quoteName(args[0]), fmt.Sprintf(done, args[0]))
		},
	}
	at.addTo(c)
	return c
}

func newRole() *cobra.Command {
	c := &cobra.Command{
		Use:   "role",
		Short: "Manage the roles of a running server, or with --offline of one that is stopped",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		newNamed("add", "Make a role", "CREATE ROLE", "role %s is made"),
		newNamed("drop", "Drop a role, and take it from all who have it", "DROP ROLE", "role %s is dropped"),
		newNamed("grants", "Show what a role may do", "SHOW GRANTS FOR", ""),
		newGrant("grant", "to", "role", false), newGrant("revoke", "from", "role", false), newRoleList(),
	)
	return c
}

func newRoleList() *cobra.Command {
	var at adminFlags
	c := &cobra.Command{
		Use:   "list",
		Short: "List the roles",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return printStatement(c, &at, "SHOW ROLES") },
	}
	at.addTo(c)
	return c
}
