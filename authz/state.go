package authz

import (
	"crypto/subtle"
	"maps"
	"slices"
)

// snapshot is an immutable copy of the state.
type snapshot struct {
	users  map[string]User
	grants map[string][]Grant // by user
	keys   map[string][]Key   // by user
	hashes map[keyPrefix][]Key

	ids  map[string]uint64 // by user: Principal.user. They count from the start of the process, as sessions do
	last uint64            // of the ids that were given
}

func newSnapshot(s State) *snapshot {
	empty := &snapshot{
		users: map[string]User{}, grants: map[string][]Grant{}, keys: map[string][]Key{}, ids: map[string]uint64{},
	}
	return empty.after(Change{PutUsers: s.Users, PutGrants: s.Grants, PutKeys: s.Keys})
}

// after returns the state that a change leaves.
func (s *snapshot) after(c Change) *snapshot {
	n := &snapshot{
		users: maps.Clone(s.users), grants: maps.Clone(s.grants), keys: maps.Clone(s.keys),
		hashes: map[keyPrefix][]Key{}, ids: maps.Clone(s.ids), last: s.last,
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
	for _, g := range c.DropGrants {
		n.grants[g.User] = without(n.grants[g.User], func(x Grant) bool { return x == g })
	}
	for _, g := range c.PutGrants {
		n.grants[g.User] = append(slices.Clone(n.grants[g.User]), g)
	}
	for _, k := range slices.Concat(c.DropKeys, c.PutKeys) {
		n.keys[k.User] = without(n.keys[k.User], func(x Key) bool { return x.Name == k.Name })
	}
	for _, k := range c.PutKeys {
		n.keys[k.User] = append(slices.Clone(n.keys[k.User]), k)
	}
	for _, keys := range n.keys {
		for _, k := range keys {
			prefix := keyPrefix(k.Hash[:])
			n.hashes[prefix] = append(n.hashes[prefix], k)
		}
	}
	return n
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
