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
		object := s.Name.Text + withRole(s.DefaultRole)
		return u.userCommand(authz.ManageUsers, "CREATE USER", object, func(ctx context.Context) error {
			return createUser(ctx, users, s)
		})
	case *ast.AlterUser:
		return u.userCommand(authz.ManageUsers, "ALTER USER", altered(s), func(ctx context.Context) error {
			if err := alterUser(ctx, users, s); err != nil || !u.isMe(s) {
				return err
			}
			u.goOn(users)
			return nil
		}).unless(u.isMe(s))
	case *ast.DropUser:
		return u.userCommand(authz.ManageUsers, "DROP USER", s.Name.Text, func(ctx context.Context) error {
			return ignore(users.DropUser(ctx, s.Name.Text), s.IfExists, sqlerr.UndefinedObject)
		})
	case *ast.Grant:
		return u.grantCommand("GRANT", s.Privilege, s.To, grants{
			roles: users.GrantRoles, permissions: u.grantOn, word: " to ", withOption: s.WithOption,
		})
	case *ast.Revoke:
		return u.grantCommand("REVOKE", s.Privilege, s.From, grants{
			roles: users.RevokeRoles, permissions: revokeOn(users), all: users.RevokeAll, word: " from ",
		})
	case *ast.CreateAPIKey:
		return u.createKey(users, s)
	case *ast.DropAPIKey:
		return u.userCommand("", "DROP API KEY", s.Name.Text+" of "+u.named(s.User), func(ctx context.Context) error {
			return ignore(users.DropKey(ctx, u.named(s.User), s.Name.Text), s.IfExists, sqlerr.UndefinedObject)
		}).needs(u.managing(s.User))
	case *ast.CreateRole:
		return u.userCommand(authz.ManageRoles, "CREATE ROLE", s.Name.Text, func(ctx context.Context) error {
			return ignore(users.CreateRole(ctx, s.Name.Text), s.IfNotExists, sqlerr.DuplicateObject)
		})
	case *ast.DropRole:
		return u.userCommand(authz.ManageRoles, "DROP ROLE", s.Name.Text, func(ctx context.Context) error {
			return ignore(users.DropRole(ctx, s.Name.Text), s.IfExists, sqlerr.UndefinedObject)
		})
	case *ast.SetRole:
		return unsupportedCommand("SET ROLE")
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

// goOn lets the session, and the login that it comes from, outlive the password that it changed itself.
func (u *userSession) goOn(users *authz.Directory) {
	proof := users.Keep(u.Principal())
	u.mu.Lock()
	defer u.mu.Unlock()
	u.proof = proof
}

// userCommand is a command outside of transactions that goes into the audit log.
func (u *userSession) userCommand(
	needs authz.Permission, action, object string, run func(context.Context) error,
) *command {
	return &command{permission: needs, run: func(ctx context.Context, st *statement) error {
		if err := outside(st, action); err != nil {
			return err
		}
		if err := run(ctx); err != nil {
			return err
		}
		u.audited(ctx, action, object)
		u.server.endInvalid(ctx) // who was dropped, or has a new password
		return nil
	}}
}

// altered says for the audit log what ALTER USER changes: the role that it gives may be any.
func altered(s *ast.AlterUser) string {
	text := s.Name.Text
	if s.Password != nil {
		text += ", new password"
	}
	return text + withRole(s.DefaultRole)
}

func withRole(role *ast.Name) string {
	if role == nil {
		return ""
	}
	return ", role " + role.Text
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
