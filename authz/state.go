package authz

import (
	"crypto/subtle"
	"maps"
	"slices"
)

// snapshot is an immutable copy of the state.
type snapshot struct {
	users  map[string]User
	roles  map[string]Role
	grants map[string][]Grant // by grantee
	keys   map[string][]Key   // by user
	hashes map[keyPrefix][]Key

	ids  map[string]uint64 // by user: Principal.user. They count from the start of the process, as sessions do
	last uint64            // of the ids that were given

	epoch uint64 // how many changes came before
}

func newSnapshot(s State) *snapshot {
	empty := &snapshot{
		users: map[string]User{}, roles: map[string]Role{}, grants: map[string][]Grant{}, keys: map[string][]Key{},
		ids: map[string]uint64{},
	}
	return empty.after(Change{PutUsers: s.Users, PutRoles: s.Roles, PutGrants: s.Grants, PutKeys: s.Keys})
}

// after returns the state that a change leaves.
func (s *snapshot) after(c Change) *snapshot {
	n := &snapshot{
		users: maps.Clone(s.users), roles: maps.Clone(s.roles), grants: maps.Clone(s.grants),
		keys: maps.Clone(s.keys), hashes: map[keyPrefix][]Key{}, ids: maps.Clone(s.ids), last: s.last,
		epoch: s.epoch + 1,
	}
	for _, name := range c.DropUsers {
		delete(n.users, name)
		delete(n.ids, name)
	}
	for _, u := range c.PutUsers {
		n.users[u.Name] = u
		if n.ids[u.Name] == 0 {
			n.last++
			n.ids[u.Name] = n.last
		}
	}
	for _, name := range c.DropRoles {
		delete(n.roles, name)
	}
	for _, r := range c.PutRoles {
		n.roles[r.Name] = r
	}
	for _, g := range c.DropGrants {
		n.grants[g.Grantee] = without(n.grants[g.Grantee], func(x Grant) bool { return x == g })
	}
	for _, g := range c.PutGrants {
		n.grants[g.Grantee] = append(slices.Clone(n.grants[g.Grantee]), g)
	}
	n.changeKeys(c)
	return n
}

// changeKeys changes the keys of a snapshot that nobody has seen.
func (s *snapshot) changeKeys(c Change) {
	for _, k := range slices.Concat(c.DropKeys, c.PutKeys) {
		s.keys[k.User] = without(s.keys[k.User], func(x Key) bool { return x.Name == k.Name })
	}
	for _, k := range c.PutKeys {
		s.keys[k.User] = append(slices.Clone(s.keys[k.User]), k)
	}
	for _, keys := range s.keys {
		for _, k := range keys {
			prefix := keyPrefix(k.Hash[:])
			s.hashes[prefix] = append(s.hashes[prefix], k)
		}
	}
}

// without returns a copy of a list that lacks some of its members.
func without[T any](list []T, which func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), which)
}

func (s *snapshot) principal(u User) Principal {
	return Principal{
		Username: u.Name, DisplayName: u.DisplayName, Roles: slices.Clone(u.Roles), user: s.ids[u.Name],
	}
}

// current returns the user that a principal is; false when that one was dropped.
func (s *snapshot) current(p Principal) (User, bool) {
	u, ok := s.users[p.Username]
	return u, ok && s.ids[p.Username] == p.user
}

// holds tells whether a user has a permission, by roles or by grants of his own.
func (s *snapshot) holds(u User, permission Permission, on Object) bool {
	permits := func(g Grant) bool { return g.permits(permission, on) }
	return slices.ContainsFunc(s.grants[u.Name], permits) || slices.ContainsFunc(u.Roles, func(role string) bool {
		return systemRoleHas(role, permission) || s.made(role) && slices.ContainsFunc(s.grants[role], permits)
	})
}

// madeRoles returns the roles of a user that somebody made.
func (s *snapshot) madeRoles(u User) []string {
	return without(u.Roles, func(role string) bool { return !s.made(role) })
}

// made tells whether a name is that of a role that somebody made. A user may have the name of a system role.
func (s *snapshot) made(role string) bool {
	_, ok := s.roles[role]
	return ok
}

func (s *snapshot) key(user, name string) (Key, bool) {
	i := slices.IndexFunc(s.keys[user], func(k Key) bool { return k.Name == name })
	if i < 0 {
		return Key{}, false
	}
	return s.keys[user][i], true
}

// keyOf finds an API key by its hash.
func (s *snapshot) keyOf(hash keyHash) (Key, bool) {
	for _, k := range s.hashes[keyPrefix(hash[:])] {
		if subtle.ConstantTimeCompare(k.Hash[:], hash[:]) == 1 {
			return k, true
		}
	}
	return Key{}, false
}
