package authz

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Grant gives permissions to users and roles, all or none; one that was given before changes nothing.
func (d *Directory) Grant(ctx context.Context, grants ...Grant) error {
	return d.GrantWhere(ctx, func(context.Context) error { return nil }, grants...)
}

// GrantWhere is Grant where exists, which looks whether the object is there, returns nil. No Forget comes between.
func (d *Directory) GrantWhere(ctx context.Context, exists func(context.Context) error, grants ...Grant) error {
	return d.change(ctx, func(s *snapshot) (c Change, err error) {
		if err := exists(ctx); err != nil {
			return Change{}, err
		}
		for _, g := range grants {
			if !slices.Contains(Permissions(), g.Permission) {
				return Change{}, sqlerr.New(sqlerr.UndefinedObject, "there is no permission %q", string(g.Permission))
			}
			if g.Grantee, err = s.grantee(g.Grantee); err != nil {
				return Change{}, err
			}
			if !slices.Contains(s.grants[g.Grantee], g) && !slices.Contains(c.PutGrants, g) {
				c.PutGrants = append(c.PutGrants, g)
			}
		}
		return c, nil
	})
}

// Revoke takes grants back, all or none: 42704 when one was not given.
func (d *Directory) Revoke(ctx context.Context, grants ...Grant) error {
	return d.change(ctx, func(s *snapshot) (c Change, err error) {
		for _, g := range grants {
			if g.Grantee, err = s.grantee(g.Grantee); err != nil {
				return Change{}, err
			}
			if !slices.Contains(s.grants[g.Grantee], g) {
				return Change{}, sqlerr.New(sqlerr.UndefinedObject, "%q was not granted %s on %s",
					g.Grantee, g.Permission, g.On)
			}
			c.DropGrants = append(c.DropGrants, g)
		}
		return c, nil
	})
}

// RevokeAll takes back whatever was granted on an object itself, from all or none: 42704 when nothing was.
func (d *Directory) RevokeAll(ctx context.Context, names []string, on Object) error {
	return d.change(ctx, func(s *snapshot) (Change, error) {
		var c Change
		for _, name := range names {
			name, err := s.grantee(name)
			if err != nil {
				return Change{}, err
			}
			given := without(s.grants[name], func(g Grant) bool { return g.On != on })
			if len(given) == 0 {
				return Change{}, sqlerr.New(sqlerr.UndefinedObject, "%q was granted nothing on %s", name, on)
			}
			c.DropGrants = append(c.DropGrants, given...)
		}
		return c, nil
	})
}

// Forget runs commit, which drops objects, and takes back what was granted on them and within: an object that is made
// later under the same name has no grants. They do not count from before the commit on, so that there is no moment in
// which they count for a namesake; if the commit fails they count again.
func (d *Directory) Forget(ctx context.Context, dropped []Object, commit func() error) error {
	return d.Follow(ctx, dropped, nil, commit)
}

// Follow is Forget for a commit that also gives tables other names: what was granted on a key of moved is granted on
// its value afterwards. It does not count in between, and should the process end before it is stored it is lost.
func (d *Directory) Follow(
	ctx context.Context, dropped []Object, moved map[Object]Object, commit func() error,
) error {
	gone := append(slices.Clip(dropped), slices.Collect(maps.Keys(moved))...)
	return d.alone(ctx, func() error {
		before := d.state.Load()
		c := Change{DropGrants: before.within(gone)}
		d.state.Store(before.after(c))
		if err := commit(); err != nil {
			again := *before
			again.epoch = d.state.Load().epoch + 1 // what was answered meanwhile is not what is answered now
			d.state.Store(&again)
			return err
		}
		if len(c.DropGrants) == 0 {
			return nil
		}
		for _, g := range c.DropGrants {
			if to, ok := moved[g.On]; ok {
				g.On = to
				c.PutGrants = append(c.PutGrants, g)
			}
		}
		d.state.Store(d.state.Load().after(Change{PutGrants: c.PutGrants}))
		if err := d.store.Apply(context.WithoutCancel(ctx), c); err != nil {
			d.stale = append(d.stale, c.DropGrants...) // the next change tries again, and so does the next start
			d.log.LogAttrs(ctx, slog.LevelError, "grants on dropped objects were not removed",
				slog.String("error", err.Error()))
		}
		return nil
	})
}

// within returns the grants on objects and on what lies within them.
func (s *snapshot) within(objects []Object) (found []Grant) {
	for _, grants := range s.grants {
		for _, g := range grants {
			if slices.ContainsFunc(objects, func(o Object) bool { return o.covers(g.On) }) {
				found = append(found, g)
			}
		}
	}
	return found
}

// grantee returns the folded name of a user, or of a role that may be given something.
func (s *snapshot) grantee(name string) (string, error) {
	name = fold(name)
	if _, ok := s.users[name]; ok || s.made(name) {
		return name, nil
	}
	if isSystemRole(name) {
		return "", systemRole(name)
	}
	return "", sqlerr.New(sqlerr.UndefinedObject, "there is no user or role %q", name)
}

// Holding is a permission that somebody has.
type Holding struct {
	Permission Permission
	On         Object
	Role       string // by which it is had; empty: by a grant of one's own
}

// Holdings returns what a user may do, by each of the roles and then by grants of his own, or what a role grants;
// user is empty for a role. 42704 when there is neither.
func (d *Directory) Holdings(name string) (user string, held []Holding, err error) {
	s := d.state.Load()
	name = fold(name)
	if u, ok := s.users[name]; ok {
		for _, role := range u.Roles {
			held = append(held, s.roleHoldings(role)...)
		}
		return name, append(held, s.given(name, "")...), nil
	}
	if _, err := s.roleNames([]string{name}); err != nil {
		return "", nil, sqlerr.New(sqlerr.UndefinedObject, "there is no user or role %q", name)
	}
	return "", s.roleHoldings(name), nil
}

// RoleHoldings returns what a role grants: nothing when there is none of the name.
func (d *Directory) RoleHoldings(role string) []Holding {
	return d.state.Load().roleHoldings(fold(role))
}

// roleHoldings returns what a role grants.
func (s *snapshot) roleHoldings(role string) (held []Holding) {
	if s.made(role) {
		return s.given(role, role)
	}
	for _, p := range rolePermissions(role) {
		held = append(held, Holding{Permission: p, Role: role})
	}
	return held
}

// given returns what was granted to a user or role, in order.
func (s *snapshot) given(grantee, role string) []Holding {
	var held []Holding
	for _, g := range s.grants[grantee] {
		held = append(held, Holding{Permission: g.Permission, On: g.On, Role: role})
	}
	slices.SortFunc(held, func(a, b Holding) int {
		return cmp.Or(strings.Compare(a.On.Database, b.On.Database), strings.Compare(a.On.Table, b.On.Table),
			strings.Compare(string(a.Permission), string(b.Permission)))
	})
	return held
}
