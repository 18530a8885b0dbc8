package session

import (
	"context"
	"strings"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/vector"
)

// showCommandOf returns a SHOW that the session answers itself, or nil.
func (u *userSession) showCommandOf(s *ast.Show) *command {
	users := u.server.config.Users
	var show func(*authz.Directory, *ast.Show) *command
	switch s.Kind {
	case ast.ShowAPIKeys:
		show = u.showKeys
	case ast.ShowUsers:
		show = showUsers
	case ast.ShowRoles:
		show = showRoles
	case ast.ShowGrants:
		show = u.showGrants
	default:
		return nil
	}
	switch {
	case users == nil:
		return unsupportedCommand("SHOW " + s.Kind.String() + " on a server without logins")
	case s.Like != nil:
		return unsupportedCommand("SHOW " + s.Kind.String() + " LIKE")
	default:
		return show(users, s)
	}
}

// showUsers is SHOW USERS, for whoever may read system.users.
func showUsers(users *authz.Directory, _ *ast.Show) *command {
	text := vector.Of(vector.Text)
	return &command{permission: authz.ViewSystem, answer: &answer{
		columns: []catalog.Column{notNull("user_name", text), notNull("display_name", text), notNull("roles", text)},
		rows: func(_ context.Context, _ *statement, emit emitter) error {
			for _, p := range users.Users() {
				err := emit(vector.TextOf(p.Username), vector.TextOf(p.DisplayName),
					vector.TextOf(strings.Join(p.Roles, ", ")))
				if err != nil {
					return err
				}
			}
			return nil
		},
	}}
}

// showRoles is SHOW ROLES: what every instance has is no secret.
func showRoles(*authz.Directory, *ast.Show) *command {
	return &command{answer: &answer{
		columns: []catalog.Column{notNull("role_name", vector.Of(vector.Text))},
		rows: func(_ context.Context, _ *statement, emit emitter) error {
			for _, role := range authz.SystemRoles() {
				if err := emit(vector.TextOf(role)); err != nil {
					return err
				}
			}
			return nil
		},
	}}
}

// showGrants is SHOW GRANTS: what a user may do by each of the roles, then by grants of one's own. Without a database
// it is the whole server, without a table all of the database.
func (u *userSession) showGrants(users *authz.Directory, s *ast.Show) *command {
	text := vector.Of(vector.Text)
	rows := func(_ context.Context, _ *statement, emit emitter) error {
		p, grants, err := users.Grants(u.named(s.User))
		if err != nil {
			return err
		}
		null, name := vector.NullOf(text), vector.TextOf(p.Username)
		for _, role := range p.Roles {
			for _, permission := range authz.RolePermissions(role) {
				if err := emit(name, vector.TextOf(string(permission)), null, null, vector.TextOf(role)); err != nil {
					return err
				}
			}
		}
		for _, g := range grants {
			err := emit(name, vector.TextOf(string(g.Permission)),
				textOrNull(g.On.Database), textOrNull(g.On.Table), null)
			if err != nil {
				return err
			}
		}
		return nil
	}
	return &command{permission: u.managing(s.User), answer: &answer{columns: []catalog.Column{
		notNull("user_name", text), notNull("permission", text),
		{Name: "database_name", Type: text},
		{Name: "table_name", Type: text},
		{Name: "role_name", Type: text},
	}, rows: rows}}
}

// textOrNull is NULL for the empty text.
func textOrNull(s string) vector.Scalar {
	if s == "" {
		return vector.NullOf(vector.Of(vector.Text))
	}
	return vector.TextOf(s)
}
