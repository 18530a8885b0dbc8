package session

import (
	"context"
	"time"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// named returns the user that FOR names, or the principal.
func (u *userSession) named(user *ast.Name) string {
	if user == nil {
		return u.principal.Username
	}
	return catalog.FoldName(user.Text)
}

// managing returns the permission that something about a user needs: none about oneself.
func (u *userSession) managing(user *ast.Name) authz.Permission {
	if u.named(user) == u.principal.Username {
		return ""
	}
	return authz.ManageUsers
}

func (c *command) needs(p authz.Permission) *command {
	c.permission = p
	return c
}

// createKey is CREATE API KEY, which answers with the key: nobody can ever read it again.
func (u *userSession) createKey(users *authz.Directory, s *ast.CreateAPIKey) *command {
	const action = "CREATE API KEY"
	text := vector.Of(vector.Text)
	rows := func(ctx context.Context, st *statement, emit emitter) error {
		if err := outside(st, action); err != nil {
			return err
		}
		expires, err := expiry(s)
		if err != nil {
			return err
		}
		secret, err := users.CreateKey(ctx, u.named(s.User), s.Name.Text, expires)
		if err != nil {
			return err
		}
		u.audited(ctx, action, s.Name.Text+" of "+u.named(s.User))
		return emit(vector.TextOf(catalog.FoldName(s.Name.Text)), vector.TextOf(u.named(s.User)),
			vector.TextOf(secret), instantOf(expires))
	}
	return &command{permission: u.managing(s.User), answer: &answer{
		columns: []catalog.Column{
			notNull("name", text), notNull("user_name", text), notNull("api_key", text),
			{Name: "expires", Type: instantType()},
		},
		once: true, rows: rows,
	}}
}

// expiry returns when a key that is made now expires; zero for never.
func expiry(s *ast.CreateAPIKey) (time.Time, error) {
	switch {
	case s.ExpiresAt != nil:
		at, err := expr.ParseScalar(s.ExpiresAt.Text, instantType())
		if err != nil {
			return time.Time{}, sqlerr.From(err).At(s.ExpiresAt.Position())
		}
		return time.Unix(0, at.Int).UTC(), nil
	case s.ExpiresIn != nil:
		life, err := expr.ParseInterval(s.ExpiresIn.Text)
		if err != nil {
			return time.Time{}, sqlerr.From(err).At(s.ExpiresIn.Position())
		}
		at, err := expr.AddToScalar(instant(time.Now().UnixNano()), life)
		if err != nil {
			return time.Time{}, sqlerr.From(err).At(s.ExpiresIn.Position())
		}
		return time.Unix(0, at.Int).UTC(), nil
	default:
		return time.Time{}, nil
	}
}

// showKeys is SHOW API KEYS: one's own, or everybody's for whoever manages users.
func (u *userSession) showKeys(users *authz.Directory, s *ast.Show) *command {
	text := vector.Of(vector.Text)
	rows := func(_ context.Context, _ *statement, emit emitter) error {
		of := u.named(s.User)
		if s.User == nil && u.authorize(authz.ManageUsers, authz.Object{}) == nil {
			of = ""
		}
		keys, err := users.Keys(of)
		if err != nil {
			return err
		}
		for _, k := range keys {
			err := emit(vector.TextOf(k.Name), vector.TextOf(k.User), instantOf(k.Created), instantOf(k.Expires),
				instantOf(k.LastUsed))
			if err != nil {
				return err
			}
		}
		return nil
	}
	return &command{permission: u.managing(s.User), answer: &answer{columns: []catalog.Column{
		notNull("name", text), notNull("user_name", text), notNull("created", instantType()),
		{Name: "expires", Type: instantType()},
		{Name: "last_used", Type: instantType()},
	}, rows: rows}}
}
