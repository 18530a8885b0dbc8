package authz

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
)

// CreateRole makes a role without grants: 42710 when a user or a role has the name.
func (d *Directory) CreateRole(ctx context.Context, name string) error {
	r := Role{Name: fold(name), DisplayName: name}
	if err := checkName("a role", r.Name); err != nil {
		return err
	}
	return d.change(ctx, func(s *snapshot) (Change, error) {
		if isSystemRole(r.Name) {
			return Change{}, sqlerr.New(sqlerr.DuplicateObject, "role %q exists already, on every server", r.Name)
		}
		return Change{PutRoles: []Role{r}}, s.free(r.Name)
	})
}

// DropRole removes a role with its grants, from all who have it: 42704 when there is none, 42501 for a system role.
func (d *Directory) DropRole(ctx context.Context, name string) error {
	name = fold(name)
	return d.change(ctx, func(s *snapshot) (Change, error) {
		if _, err := s.roleNames([]string{name}); err != nil {
			return Change{}, err
		}
		if isSystemRole(name) {
			return Change{}, systemRole(name)
		}
		c := Change{DropRoles: []string{name}, DropGrants: s.grants[name]}
		for _, user := range slices.Sorted(maps.Keys(s.users)) {
			if u := s.users[user]; slices.Contains(u.Roles, name) {
				u.Roles = without(u.Roles, func(role string) bool { return role == name })
				c.PutUsers = append(c.PutUsers, u)
			}
		}
		return c, nil
	})
}

// GrantRoles gives roles to users, all or none.
func (d *Directory) GrantRoles(ctx context.Context, names, roles []string) error {
	return d.edit(ctx, names, func(s *snapshot, u *User) error {
		roles, err := s.roleNames(roles)
		if err != nil {
			return err
		}
		u.add(roles)
		return nil
	})
}

// RevokeRoles takes roles from users, all or none: 42704 when a user does not have one, 55006 when no administrator
// would be left.
func (d *Directory) RevokeRoles(ctx context.Context, names, roles []string) error {
	return d.edit(ctx, names, func(_ *snapshot, u *User) error {
		for _, role := range roles {
			role = fold(role)
			if !slices.Contains(u.Roles, role) {
				return sqlerr.New(sqlerr.UndefinedObject, "user %q does not have the role %q", u.Name, role)
			}
			u.Roles = without(u.Roles, func(r string) bool { return r == role })
		}
		return nil
	})
}

// Roles returns the names of all roles: the system's, then the others in order.
func (d *Directory) Roles() []string {
	return append(SystemRoles(), slices.Sorted(maps.Keys(d.state.Load().roles))...)
}

// HasRole tells whether the principal has a role.
func (d *Directory) HasRole(p Principal, role string) bool {
	u, ok := d.state.Load().current(p)
	return ok && slices.Contains(u.Roles, fold(role))
}

// HasUser tells whether a name is a user's.
func (d *Directory) HasUser(name string) bool {
	_, ok := d.state.Load().users[fold(name)]
	return ok
}

// roleNames folds names of roles, drops what is there twice, and checks that each exists.
func (s *snapshot) roleNames(roles []string) ([]string, error) {
	var out []string
	for _, r := range roles {
		r = fold(r)
		if !isSystemRole(r) && !s.made(r) {
			return nil, sqlerr.New(sqlerr.UndefinedObject, "there is no role %q", r).
				WithHint("SHOW ROLES lists the roles; %s are on every server", strings.Join(SystemRoles(), ", "))
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out, nil
}

func isSystemRole(name string) bool { return slices.Contains(SystemRoles(), name) }

func systemRole(name string) error {
	return sqlerr.New(sqlerr.InsufficientPrivilege, "role %q belongs to the server and can't be changed", name).
		WithHint("make another one with CREATE ROLE")
}
