package session

import (
	"context"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
)

// userCommandOf returns a statement about users, or nil. They are transactions of their own and refuse to run
// inside another: what they change holds for all sessions at once.
func (u *userSession) userCommandOf(tree ast.Statement) *command {
	users := u.server.config.Users
	if users == nil && kindOf(tree) == kindUser {
		return unsupportedCommand("managing users on a server without logins")
	}
	switch s := tree.(type) {
	case *ast.CreateUser:
		return u.userCommand(authz.ManageUsers, "CREATE USER", s.Name, func(ctx context.Context) error {
			return createUser(ctx, users, s)
		})
	case *ast.AlterUser:
		return u.userCommand(authz.ManageUsers, "ALTER USER", s.Name, func(ctx context.Context) error {
			return alterUser(ctx, users, s)
		}).unless(u.isMe(s))
	case *ast.DropUser:
		return u.userCommand(authz.ManageUsers, "DROP USER", s.Name, func(ctx context.Context) error {
			return ignore(users.DropUser(ctx, s.Name.Text), s.IfExists, sqlerr.UndefinedObject)
		})
	case *ast.Grant:
		return u.grantCommand("GRANT", s.Privilege, s.To, grants{users.GrantRoles, users.Grant, s.WithOption})
	case *ast.Revoke:
		return u.grantCommand("REVOKE", s.Privilege, s.From, grants{users.RevokeRoles, users.Revoke, false})
	case *ast.CreateAPIKey:
		return u.createKey(users, s)
	case *ast.DropAPIKey:
		return u.userCommand("", "DROP API KEY", s.Name, func(ctx context.Context) error {
			return ignore(users.DropKey(ctx, u.named(s.User), s.Name.Text), s.IfExists, sqlerr.UndefinedObject)
		}).needs(u.managing(s.User))
	case *ast.CreateRole:
		return unsupportedCommand("CREATE ROLE")
	case *ast.DropRole:
		return unsupportedCommand("DROP ROLE")
	case *ast.SetRole:
		return unsupportedCommand("SET ROLE")
	case *ast.Release:
		return unsupportedCommand("RELEASE SAVEPOINT")
	default:
		return nil
	}
}

func unsupportedCommand(what string) *command {
	return &command{run: func(context.Context, *statement) error { return sqlerr.NotSupported(what) }}
}

// unless drops the permission when the condition holds: everybody may change his own password.
func (c *command) unless(condition bool) *command {
	if condition {
		c.permission = ""
	}
	return c
}

// isMe tells whether ALTER USER changes the principal's own password, and nothing else.
func (u *userSession) isMe(s *ast.AlterUser) bool {
	return s.DefaultRole == nil && catalog.FoldName(s.Name.Text) == u.principal.Username
}

// userCommand is a command outside of transactions that goes into the audit log.
func (u *userSession) userCommand(
	needs authz.Permission, action string, name ast.Name, run func(context.Context) error,
) *command {
	return &command{permission: needs, run: func(ctx context.Context, st *statement) error {
		if err := outside(st, action); err != nil {
			return err
		}
		if err := run(ctx); err != nil {
			return err
		}
		u.audited(ctx, action, name.Text)
		return nil
	}}
}

// outside fails inside a transaction.
func outside(st *statement, action string) error {
	x, err := st.transaction()
	if err == nil && x != nil {
		err = sqlerr.New(sqlerr.ActiveTransaction, "%s can't run inside a transaction", action)
	}
	return err
}

func createUser(ctx context.Context, users *authz.Directory, s *ast.CreateUser) error {
	if s.Password == nil {
		return sqlerr.NotSupported("CREATE USER without IDENTIFIED BY 'password'").At(s.Position())
	}
	var roles []string
	if s.DefaultRole != nil {
		roles = []string{s.DefaultRole.Text}
	}
	err := users.CreateUser(ctx, s.Name.Text, s.Password.Text, roles...)
	return ignore(err, s.IfNotExists, sqlerr.DuplicateObject)
}

func alterUser(ctx context.Context, users *authz.Directory, s *ast.AlterUser) error {
	if s.Password == nil && s.DefaultRole == nil {
		return sqlerr.New(sqlerr.SyntaxError, "ALTER USER changes nothing").
			WithHint("say IDENTIFIED BY 'password' or DEFAULT ROLE role").At(s.Position())
	}
	var a authz.Alteration
	if s.DefaultRole != nil {
		a.Roles = []string{s.DefaultRole.Text}
	}
	if s.Password != nil {
		if a.Password = s.Password.Text; a.Password == "" {
			return sqlerr.New(sqlerr.InvalidParameterValue, "the password is empty").At(s.Position())
		}
	}
	return ignore(users.AlterUser(ctx, s.Name.Text, a), s.IfExists, sqlerr.UndefinedObject)
}

// ignore drops an error of a code when IF EXISTS or IF NOT EXISTS says so.
func ignore(err error, when bool, code sqlerr.Code) error {
	if when && sqlerr.CodeOf(err) == code {
		return nil
	}
	return err
}

// grants are the two things that GRANT and REVOKE do.
type grants struct {
	roles      func(ctx context.Context, users, roles []string) error
	permission func(ctx context.Context, g ...authz.Grant) error
	withOption bool
}

func (u *userSession) grantCommand(action string, p ast.Privilege, names []ast.Name, do grants) *command {
	needs := authz.ManageRoles
	return u.userCommand(needs, action, names[0], func(ctx context.Context) error {
		if do.withOption {
			return sqlerr.NotSupported("WITH GRANT OPTION")
		}
		permissions, on, err := u.permissionsOf(p)
		if err != nil {
			return err
		}
		if len(p.Roles) > 0 {
			return do.roles(ctx, textsOf(names), textsOf(p.Roles))
		}
		var all []authz.Grant
		for _, name := range names {
			for _, permission := range permissions {
				all = append(all, authz.Grant{User: name.Text, Permission: permission, On: on})
			}
		}
		return do.permission(ctx, all...)
	})
}

func textsOf(names []ast.Name) []string {
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = n.Text
	}
	return texts
}

// permissionsOf reads the privileges and the object of GRANT and REVOKE.
func (u *userSession) permissionsOf(p ast.Privilege) ([]authz.Permission, authz.Object, error) {
	if len(p.Kinds) == 0 {
		return nil, authz.Object{}, nil
	}
	var permissions []authz.Permission
	for _, k := range p.Kinds {
		if len(k.Columns) > 0 {
			return nil, authz.Object{}, sqlerr.NotSupported("GRANT on columns").At(k.Position())
		}
		of, ok := sqlPrivileges()[k.Name]
		if !ok {
			return nil, authz.Object{}, sqlerr.NotSupported("the privilege " + k.Name).At(k.Position())
		}
		permissions = append(permissions, of...)
	}
	on, err := u.grantObject(p)
	return permissions, on, err
}

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

// sqlPrivileges says what each privilege of SQL permits.
func sqlPrivileges() map[string][]authz.Permission {
	return map[string][]authz.Permission{
		"SELECT": {authz.Read, authz.ReadSchema},
		"INSERT": {authz.Write},
		"DELETE": {authz.Write},
		"UPDATE": {authz.Write},
		"CREATE": {authz.CreateTable},
		"DROP":   {authz.DropTable},
		"ALTER":  {authz.ModifySchema},
		"ALL": {
			authz.Read, authz.ReadSchema, authz.Write, authz.CreateTable, authz.DropTable, authz.ModifySchema,
		},
	}
}
