package session

import (
	"context"
	"slices"
	"strings"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
)

// grants are the things that GRANT and REVOKE do.
type grants struct {
	roles       func(ctx context.Context, users, roles []string) error
	permissions func(ctx context.Context, on authz.Object, g ...authz.Grant) error
	all         func(ctx context.Context, names []string, on authz.Object) error // of ALL; nil: as permissions
	word        string                                                           // before the names
	withOption  bool
}

// grantCommand is GRANT and REVOKE, of roles and of privileges.
func (u *userSession) grantCommand(action string, p ast.Privilege, whom []ast.Name, do grants) *command {
	return &command{permission: authz.ManageRoles, run: func(ctx context.Context, st *statement) error {
		if err := outside(st, action); err != nil {
			return err
		}
		if do.withOption {
			return sqlerr.NotSupported("WITH GRANT OPTION")
		}
		names := textsOf(whom)
		what, err := u.changeGrants(ctx, p, names, do)
		if err != nil {
			return err
		}
		u.audited(ctx, action, what+do.word+strings.Join(names, ", "))
		return nil
	}}
}

// changeGrants does what GRANT or REVOKE says, and returns what was given or taken.
func (u *userSession) changeGrants(
	ctx context.Context, p ast.Privilege, names []string, do grants,
) (what string, err error) {
	if len(p.Roles) > 0 {
		roles := textsOf(p.Roles)
		return "role " + strings.Join(roles, ", "), do.roles(ctx, names, roles)
	}
	on, err := u.grantObject(p)
	if err != nil {
		return "", err
	}
	permissions, all, err := permissionsOf(p, on)
	if err != nil {
		return "", err
	}
	var texts []string
	var list []authz.Grant
	for _, permission := range permissions {
		texts = append(texts, string(permission))
		for _, name := range names {
			list = append(list, authz.Grant{Grantee: name, Permission: permission, On: on})
		}
	}
	what = strings.Join(texts, ", ") + " on " + on.String()
	if all && do.all != nil {
		return what, do.all(ctx, names, on)
	}
	return what, do.permissions(ctx, on, list...)
}

// grantOn grants permissions on an object that must be there, and where a grant has an effect.
func (u *userSession) grantOn(ctx context.Context, on authz.Object, g ...authz.Grant) error {
	switch on.Database {
	case catalog.SystemDatabase:
		return sqlerr.New(sqlerr.InsufficientPrivilege, "nothing can be granted on %s: it belongs to the server", on).
			WithHint("whoever has VIEW SYSTEM reads it: GRANT VIEW SYSTEM ON *.*")
	case catalog.InformationSchema:
		return sqlerr.New(sqlerr.InsufficientPrivilege, "nothing can be granted on %s: everybody sees there "+
			"what he may use", on)
	}
	return u.server.config.Users.GrantWhere(ctx, func(ctx context.Context) error { return u.exists(ctx, on) }, g...)
}

func revokeOn(users *authz.Directory) func(context.Context, authz.Object, ...authz.Grant) error {
	return func(ctx context.Context, _ authz.Object, g ...authz.Grant) error { return users.Revoke(ctx, g...) }
}

func textsOf(names []ast.Name) []string {
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = n.Text
	}
	return texts
}

// permissionsOf reads the privileges of GRANT and REVOKE, and whether ALL is among them.
func permissionsOf(p ast.Privilege, on authz.Object) (permissions []authz.Permission, all bool, err error) {
	known := sqlPrivileges()
	for _, k := range p.Kinds {
		if len(k.Columns) > 0 {
			return nil, false, sqlerr.NotSupported("GRANT on columns").At(k.Position())
		}
		i := slices.IndexFunc(known, func(x sqlPrivilege) bool { return x.name == k.Name })
		if i < 0 {
			return nil, false, sqlerr.NotSupported("the privilege " + k.Name).At(k.Position())
		}
		if !known[i].fits(on) {
			return nil, false, sqlerr.New(sqlerr.InvalidParameterValue, "%s can't be granted on %s", k.Name, on).
				WithHint("grant it ON *.*").At(k.Position())
		}
		permissions = append(permissions, known[i].permissions...)
		all = all || k.Name == "ALL"
	}
	return permissions, all, nil
}

// grantObject reads the object of GRANT and REVOKE.
func (u *userSession) grantObject(p ast.Privilege) (authz.Object, error) {
	parts := p.Object.Parts
	if len(parts) == 3 && catalog.FoldName(parts[0].Text) == catalog.Name {
		parts = parts[1:]
	}
	name := func(i int) string { return catalog.FoldName(parts[i].Text) }
	switch {
	case p.Level == ast.OnEverything:
		return authz.Object{}, nil
	case p.Level == ast.OnDatabase && len(parts) == 1, p.Wildcard && len(parts) == 1:
		return authz.Object{Database: name(0)}, nil
	case p.Level == ast.OnTable && len(parts) == 1:
		return authz.Object{Database: u.Database(), Table: name(0)}, nil
	case p.Level == ast.OnTable && len(parts) == 2:
		return authz.Object{Database: name(0), Table: name(1)}, nil
	}
	return authz.Object{}, sqlerr.New(sqlerr.SyntaxError, "%s is no object of a grant", p.Object)
}

// sqlPrivilege is a privilege as GRANT names it.
type sqlPrivilege struct {
	name        string
	permissions []authz.Permission
	smallest    ast.PrivilegeLevel // of the objects that it may be granted on
}

// fits tells whether the privilege may be granted on an object.
func (p sqlPrivilege) fits(on authz.Object) bool {
	switch p.smallest {
	case ast.OnEverything:
		return on.Database == ""
	case ast.OnDatabase:
		return on.Table == ""
	default:
		return true
	}
}

// sqlPrivileges are what can be granted. Managing users and roles is for the role admin alone: who may do that can
// give himself everything else.
func sqlPrivileges() []sqlPrivilege {
	return []sqlPrivilege{
		{"SELECT", []authz.Permission{authz.Read, authz.ReadSchema}, ast.OnTable},
		{"INSERT", []authz.Permission{authz.Insert}, ast.OnTable},
		{"UPDATE", []authz.Permission{authz.Update}, ast.OnTable},
		{"DELETE", []authz.Permission{authz.Delete}, ast.OnTable},
		{"TRUNCATE", []authz.Permission{authz.Delete}, ast.OnTable},
		{"CREATE", []authz.Permission{authz.CreateTable}, ast.OnTable},
		{"DROP", []authz.Permission{authz.DropTable}, ast.OnTable},
		{"ALTER", []authz.Permission{authz.ModifySchema}, ast.OnTable},
		{"ALL", []authz.Permission{
			authz.Read, authz.ReadSchema, authz.Insert, authz.Update, authz.Delete, authz.CreateTable, authz.DropTable,
			authz.ModifySchema,
		}, ast.OnTable},
		{"DROP DATABASE", []authz.Permission{authz.DropDatabase}, ast.OnDatabase},
		{"CREATE DATABASE", []authz.Permission{authz.CreateDatabase}, ast.OnEverything},
		{"VIEW SYSTEM", []authz.Permission{authz.ViewSystem}, ast.OnEverything},
		{"MANAGE SYSTEM", []authz.Permission{authz.ManageSystem}, ast.OnEverything},
		{"FILE", []authz.Permission{authz.AccessFiles}, ast.OnEverything},
	}
}
