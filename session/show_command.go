package session

import (
	"context"
	"slices"
	"strings"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/vector"
)

// showCommandOf returns a SHOW that the session answers itself, or nil.
func (u *userSession) showCommandOf(s *ast.Show) *command {
	if c := u.showRunningOf(s.Kind); c != nil && s.Like == nil {
		return c
	}
	users := u.server.config.Users
	var show func(*authz.Directory, *ast.Show) *command
	switch s.Kind {
	case ast.ShowAPIKeys:
		show = u.showKeys
	case ast.ShowUsers:
		show = showUsers
	case ast.ShowRoles:
		show = u.showRoles
	case ast.ShowGrants:
		show = u.showGrants
	case ast.ShowQueries, ast.ShowSessions, ast.ShowTokens:
		return unsupportedCommand("SHOW " + s.Kind.String() + " LIKE")
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

// showRoles is SHOW ROLES: all of them for whoever manages roles. Others see those that every instance has, which are
// no secret, and their own.
func (u *userSession) showRoles(users *authz.Directory, _ *ast.Show) *command {
	return &command{answer: &answer{
		columns: []catalog.Column{notNull("role_name", vector.Of(vector.Text))},
		rows: func(_ context.Context, _ *statement, emit emitter) error {
			all := u.authorize(authz.ManageRoles, authz.Object{}) == nil
			for _, role := range users.Roles() {
				if !all && !slices.Contains(authz.SystemRoles(), role) && !users.HasRole(u.principal, role) {
					continue
				}
				if err := emit(vector.TextOf(role)); err != nil {
					return err
				}
			}
			return nil
		},
	}}
}

// showGrants is SHOW GRANTS: what a user may do by each of the roles, then by grants of one's own; or what a role
// grants, and then there is no user. Without a database it is the whole server, without a table all of the database.
// Everybody sees one's own, and those of the roles that one has.
func (u *userSession) showGrants(users *authz.Directory, s *ast.Show) *command {
	text := vector.Of(vector.Text)
	needs := func() authz.Permission {
		if s.User != nil && users.HasRole(u.principal, s.User.Text) && !users.HasUser(s.User.Text) {
			return ""
		}
		return u.managing(s.User)
	}
	rows := func(_ context.Context, _ *statement, emit emitter) error {
		if p := needs(); p != "" { // a prepared statement outlives the role
			if err := u.authorize(p, authz.Object{}); err != nil {
				return err
			}
		}
		user, held, err := users.Holdings(u.named(s.User))
		if err != nil {
			return err
		}
		for _, h := range held {
			err := emit(textOrNull(user), vector.TextOf(string(h.Permission)),
				textOrNull(h.On.Database), textOrNull(h.On.Table), textOrNull(h.Role))
			if err != nil {
				return err
			}
		}
		return nil
	}
	return &command{permission: needs(), answer: &answer{columns: []catalog.Column{
		{Name: "user_name", Type: text},
		notNull("permission", text),
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
