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
	return d.alone(ctx, func() error {
		c, err := f(d.state.Load())
		if err != nil {
			return err
		}
		c.DropGrants = slices.Concat(d.stale, c.DropGrants)
		if err := d.store.Apply(ctx, c); err != nil {
			return err
		}
		d.stale = nil
		d.state.Store(d.state.Load().after(c))
		return nil
	})
}

// alone runs f while nobody else changes the state.
func (d *Directory) alone(ctx context.Context, f func() error) error {
	select {
	case <-d.changing:
		defer func() { d.changing <- struct{}{} }()
		return f()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// CreateUser makes a user: 42710 when the name is taken, 42704 for an unknown role.
func (d *Directory) CreateUser(ctx context.Context, name, password string, roles ...string) error {
	display := name
	name = fold(name)
	if err := checkName("a user", name); err != nil {
		return err
	}
	hash, err := d.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return d.change(ctx, func(s *snapshot) (Change, error) {
		if err := s.free(name); err != nil {
			return Change{}, err
		}
		roles, err := s.roleNames(roles)
		if err != nil {
			return Change{}, err
		}
		u := User{Name: name, DisplayName: display, Roles: roles, Hash: hash, Epoch: d.now().UnixMicro()}
		return Change{PutUsers: []User{u}}, nil
	})
}

// free fails with 42710 for a name that a user or a role has: GRANT tells neither from the other.
func (s *snapshot) free(name string) error {
	if _, exists := s.users[name]; exists {
		return sqlerr.New(sqlerr.DuplicateObject, "user %q exists already", name)
	}
	if s.made(name) {
		return sqlerr.New(sqlerr.DuplicateObject, "role %q exists already", name)
	}
	return nil
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
	Password string   // empty: stays. A new one ends all tokens and sessions of the old one
	Roles    []string // given in addition; one that the user has already changes nothing
}

// AlterUser changes a user: 42704 when there is none, or no such role.
func (d *Directory) AlterUser(ctx context.Context, name string, a Alteration) error {
	hash := ""
	if a.Password != "" {
		var err error
		if hash, err = d.hasher.Hash(ctx, a.Password); err != nil {
			return err
		}
	}
	return d.edit(ctx, []string{name}, func(s *snapshot, u *User) error {
		roles, err := s.roleNames(a.Roles)
		if err != nil {
			return err
		}
		u.add(roles)
		if hash != "" {
			u.Hash = hash
			d.turn(u)
		}
		return nil
	})
}

// turn begins another epoch of a user, in which no token of an earlier one is accepted.
func (d *Directory) turn(u *User) { u.Epoch = max(d.now().UnixMicro(), u.Epoch+1) }

// RevokeLogins ends all tokens of a user, and all sessions but those of API keys: 42704 when there is no such user.
func (d *Directory) RevokeLogins(ctx context.Context, name string) error {
	return d.edit(ctx, []string{name}, func(_ *snapshot, u *User) error {
		d.turn(u)
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
			if slices.ContainsFunc(c.PutUsers, func(x User) bool { return x.Name == u.Name }) {
				continue
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

func (s *snapshot) user(name string) (User, error) {
	u, ok := s.users[fold(name)]
	if ok {
		return u, nil
	}
	err := sqlerr.New(sqlerr.UndefinedObject, "there is no user %q", fold(name))
	if s.made(fold(name)) {
		return User{}, err.WithHint("it is a role")
	}
	return User{}, err
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
