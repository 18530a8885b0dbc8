package authz

import (
	"context"
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
	return d.reload(context.WithoutCancel(ctx))
}

// CreateUser makes a user: 42710 when the name is taken, 42704 for an unknown role.
func (d *Directory) CreateUser(ctx context.Context, name, password string, roles ...string) error {
	display := name
	name = fold(name)
	if name == "" || len(name) > MaxNameBytes || strings.ContainsAny(name, "\x00\n\r:") {
		return sqlerr.New(sqlerr.InvalidParameterValue,
			"a user name has 1 to %d bytes and neither colons nor line ends", MaxNameBytes)
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

// SetPassword gives a user a new password, and ends all tokens of the old one.
func (d *Directory) SetPassword(ctx context.Context, name, password string) error {
	hash, err := d.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return d.edit(ctx, name, func(_ *snapshot, u *User) error {
		u.Hash = hash
		u.Epoch = max(d.now().UnixMicro(), u.Epoch+1)
		return nil
	})
}

// GrantRole gives a user a role; one that the user has already changes nothing.
func (d *Directory) GrantRole(ctx context.Context, name, role string) error {
	roles, err := systemRoleNames([]string{role})
	if err != nil {
		return err
	}
	return d.edit(ctx, name, func(_ *snapshot, u *User) error {
		if !slices.Contains(u.Roles, roles[0]) {
			u.Roles = append(slices.Clone(u.Roles), roles[0])
		}
		return nil
	})
}

// RevokeRole takes a role from a user: 42704 when the user does not have it, 55006 from the last administrator.
func (d *Directory) RevokeRole(ctx context.Context, name, role string) error {
	role = fold(role)
	return d.edit(ctx, name, func(s *snapshot, u *User) error {
		i := slices.Index(u.Roles, role)
		if i < 0 {
			return sqlerr.New(sqlerr.UndefinedObject, "user %q does not have the role %q", u.Name, role)
		}
		if role == RoleAdmin && s.administrators() == 1 {
			return lastAdministrator(u.Name)
		}
		u.Roles = slices.Delete(slices.Clone(u.Roles), i, i+1)
		return nil
	})
}

func (d *Directory) edit(ctx context.Context, name string, f func(*snapshot, *User) error) error {
	return d.change(ctx, func(s *snapshot) (Change, error) {
		u, err := s.user(name)
		if err != nil {
			return Change{}, err
		}
		if err := f(s, &u); err != nil {
			return Change{}, err
		}
		return Change{PutUsers: []User{u}}, nil
	})
}

// DropUser removes a user with all grants: 42704 when there is none, 55006 for the last administrator.
func (d *Directory) DropUser(ctx context.Context, name string) error {
	return d.change(ctx, func(s *snapshot) (Change, error) {
		u, err := s.user(name)
		if err != nil {
			return Change{}, err
		}
		if slices.Contains(u.Roles, RoleAdmin) && s.administrators() == 1 {
			return Change{}, lastAdministrator(u.Name)
		}
		return Change{DropUsers: []string{u.Name}, DropGrants: s.grants[u.Name]}, nil
	})
}

// Grant gives a user a permission on an object.
func (d *Directory) Grant(ctx context.Context, g Grant) error {
	if !slices.Contains(Permissions(), g.Permission) {
		return sqlerr.New(sqlerr.UndefinedObject, "there is no permission %q", string(g.Permission))
	}
	return d.change(ctx, func(s *snapshot) (Change, error) {
		u, err := s.user(g.User)
		if err != nil {
			return Change{}, err
		}
		g.User = u.Name
		if slices.Contains(s.grants[g.User], g) {
			return Change{}, nil
		}
		return Change{PutGrants: []Grant{g}}, nil
	})
}

// Revoke takes a grant back: 42704 when it was not given.
func (d *Directory) Revoke(ctx context.Context, g Grant) error {
	return d.change(ctx, func(s *snapshot) (Change, error) {
		u, err := s.user(g.User)
		if err != nil {
			return Change{}, err
		}
		g.User = u.Name
		if !slices.Contains(s.grants[g.User], g) {
			return Change{}, sqlerr.New(sqlerr.UndefinedObject, "user %q was not granted %s on %s",
				u.Name, g.Permission, g.On)
		}
		return Change{DropGrants: []Grant{g}}, nil
	})
}

func (s *snapshot) user(name string) (User, error) {
	u, ok := s.users[fold(name)]
	if !ok {
		return User{}, sqlerr.New(sqlerr.UndefinedObject, "there is no user %q", fold(name))
	}
	return u, nil
}

func (s *snapshot) administrators() int {
	n := 0
	for _, u := range s.users {
		if slices.Contains(u.Roles, RoleAdmin) {
			n++
		}
	}
	return n
}

func lastAdministrator(name string) error {
	return sqlerr.New(sqlerr.ObjectInUse, "user %q is the last with the role admin", name).
		WithHint("grant admin to another user first")
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
