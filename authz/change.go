package authz

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
)

// MaxNameBytes is the longest user name.
const MaxNameBytes = 128

// fold is how user names are compared, as catalog names are.
func fold(name string) string { return strings.ToLower(name) }

// change runs f, which looks at the state and says what to change, while nobody else changes it.
func (d *Directory) change(ctx context.Context, f func(*snapshot) (Change, error)) error {
	select {
	case <-d.changing:
		defer func() { d.changing <- struct{}{} }()
	case <-ctx.Done():
		return ctx.Err()
	}
	c, err := f(d.state.Load())
	if err != nil {
		return err
	}
	if err := d.store.Apply(ctx, c); err != nil {
		return err
	}
	d.state.Store(d.state.Load().after(c))
	return nil
}

// CreateUser makes a user: 42710 when the name is taken, 42704 for an unknown role.
func (d *Directory) CreateUser(ctx context.Context, name, password string, roles ...string) error {
	display := name
	name = fold(name)
	if err := checkName("a user", name); err != nil {
		return err
	}
	roles, err := systemRoleNames(roles)
	if err != nil {
		return err
	}
	hash, err := d.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return d.change(ctx, func(s *snapshot) (Change, error) {
		if _, exists := s.users[name]; exists {
			return Change{}, sqlerr.New(sqlerr.DuplicateObject, "user %q exists already", name)
		}
		u := User{Name: name, DisplayName: display, Roles: roles, Hash: hash, Epoch: d.now().UnixMicro()}
		return Change{PutUsers: []User{u}}, nil
	})
}

func checkName(whose, name string) error {
	if name == "" || len(name) > MaxNameBytes || strings.ContainsAny(name, "\x00\n\r:") {
		return sqlerr.New(sqlerr.InvalidParameterValue,
			"the name of %s has 1 to %d bytes and neither colons nor line ends", whose, MaxNameBytes)
	}
	return nil
}

// Alteration is what changes of a user.
type Alteration struct {
	Password string   // empty: stays. A new one ends all tokens of the old one
	Roles    []string // given in addition; one that the user has already changes nothing
}

// AlterUser changes a user: 42704 when there is none, or no such role.
func (d *Directory) AlterUser(ctx context.Context, name string, a Alteration) error {
	roles, err := systemRoleNames(a.Roles)
	if err != nil {
		return err
	}
	hash := ""
	if a.Password != "" {
		if hash, err = d.hasher.Hash(ctx, a.Password); err != nil {
			return err
		}
	}
	return d.edit(ctx, []string{name}, func(_ *snapshot, u *User) error {
		u.add(roles)
		if hash != "" {
			u.Hash = hash
			u.Epoch = max(d.now().UnixMicro(), u.Epoch+1)
		}
		return nil
	})
}

func (u *User) add(roles []string) {
	for _, r := range roles {
		if !slices.Contains(u.Roles, r) {
			u.Roles = append(slices.Clone(u.Roles), r)
		}
	}
}

// GrantRoles gives roles to users, all or none.
func (d *Directory) GrantRoles(ctx context.Context, names, roles []string) error {
	roles, err := systemRoleNames(roles)
	if err != nil {
		return err
	}
	return d.edit(ctx, names, func(_ *snapshot, u *User) error {
		u.add(roles)
		return nil
	})
}

// RevokeRoles takes roles from users, all or none: 42704 when a user does not have one, 55006 when no administrator
// would be left.
func (d *Directory) RevokeRoles(ctx context.Context, names, roles []string) error {
	return d.edit(ctx, names, func(_ *snapshot, u *User) error {
		for _, role := range roles {
			i := slices.Index(u.Roles, fold(role))
			if i < 0 {
				return sqlerr.New(sqlerr.UndefinedObject, "user %q does not have the role %q", u.Name, fold(role))
			}
			u.Roles = slices.Delete(slices.Clone(u.Roles), i, i+1)
		}
		return nil
	})
}

// edit changes users that exist, all or none.
func (d *Directory) edit(ctx context.Context, names []string, f func(*snapshot, *User) error) error {
	return d.change(ctx, func(s *snapshot) (Change, error) {
		after := maps.Clone(s.users)
		var c Change
		for _, name := range names {
			u, err := s.user(name)
			if err != nil {
				return Change{}, err
			}
			if err := f(s, &u); err != nil {
				return Change{}, err
			}
			after[u.Name] = u
			c.PutUsers = append(c.PutUsers, u)
		}
		return c, s.keepsAdministrator(after)
	})
}

// DropUser removes a user with all grants and API keys: 42704 when there is none, 55006 for the last administrator.
func (d *Directory) DropUser(ctx context.Context, name string) error {
	return d.change(ctx, func(s *snapshot) (Change, error) {
		u, err := s.user(name)
		if err != nil {
			return Change{}, err
		}
		after := maps.Clone(s.users)
		delete(after, u.Name)
		c := Change{DropUsers: []string{u.Name}, DropGrants: s.grants[u.Name], DropKeys: s.keys[u.Name]}
		return c, s.keepsAdministrator(after)
	})
}

// Grant gives permissions, all or none; one that was given before changes nothing.
func (d *Directory) Grant(ctx context.Context, grants ...Grant) error {
	return d.change(ctx, func(s *snapshot) (Change, error) {
		var c Change
		for _, g := range grants {
			if !slices.Contains(Permissions(), g.Permission) {
				return Change{}, sqlerr.New(sqlerr.UndefinedObject, "there is no permission %q", string(g.Permission))
			}
			u, err := s.user(g.User)
			if err != nil {
				return Change{}, err
			}
			g.User = u.Name
			if !slices.Contains(s.grants[g.User], g) && !slices.Contains(c.PutGrants, g) {
				c.PutGrants = append(c.PutGrants, g)
			}
		}
		return c, nil
	})
}

// Revoke takes grants back, all or none: 42704 when one was not given.
func (d *Directory) Revoke(ctx context.Context, grants ...Grant) error {
	return d.change(ctx, func(s *snapshot) (Change, error) {
		var c Change
		for _, g := range grants {
			u, err := s.user(g.User)
			if err != nil {
				return Change{}, err
			}
			g.User = u.Name
			if !slices.Contains(s.grants[g.User], g) {
				return Change{}, sqlerr.New(sqlerr.UndefinedObject, "user %q was not granted %s on %s",
					u.Name, g.Permission, g.On)
			}
			c.DropGrants = append(c.DropGrants, g)
		}
		return c, nil
	})
}

func (s *snapshot) user(name string) (User, error) {
	u, ok := s.users[fold(name)]
	if !ok {
		return User{}, sqlerr.New(sqlerr.UndefinedObject, "there is no user %q", fold(name))
	}
	return u, nil
}

// keepsAdministrator refuses a change that leaves nobody who can manage users, where there was somebody.
func (s *snapshot) keepsAdministrator(after map[string]User) error {
	if administrators(s.users) == 0 || administrators(after) > 0 {
		return nil
	}
	return sqlerr.New(sqlerr.ObjectInUse, "nobody with the role admin would be left").
		WithHint("grant admin to another user first")
}

func administrators(users map[string]User) int {
	n := 0
	for _, u := range users {
		if slices.Contains(u.Roles, RoleAdmin) {
			n++
		}
	}
	return n
}

// systemRoleNames folds names of roles and checks that each exists.
func systemRoleNames(roles []string) ([]string, error) {
	var out []string
	for _, r := range roles {
		r = fold(r)
		if _, ok := systemRoles[r]; !ok {
			return nil, sqlerr.New(sqlerr.UndefinedObject, "there is no role %q", r).
				WithHint("the roles are %s", strings.Join(SystemRoles(), ", "))
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out, nil
}
