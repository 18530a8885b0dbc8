package authz

import (
	"context"
	"time"
)

// User is what is kept of a user.
type User struct {
	Name        string // folded
	DisplayName string
	Roles       []string
	Hash        string // PHC string of the password
	Epoch       int64  // changes with the password: tokens of an earlier one are not accepted
}

// Role is what is kept of a role that somebody made. System roles are kept nowhere.
type Role struct {
	Name        string // folded; no user has the name
	DisplayName string
}

// Grant gives a permission on an object to a user or a role that somebody made.
type Grant struct {
	Grantee    string
	Permission Permission
	On         Object
}

// keyHash is the SHA-256 of an API key.
type keyHash = [32]byte

// Key is what is kept of an API key. The key itself is not among it.
type Key struct {
	Name     string // folded; a user has no two keys of one name
	User     string
	Hash     keyHash
	Created  time.Time
	Expires  time.Time // zero: never
	LastUsed time.Time // zero: not yet; else at most keyUseInterval before the last use
}

// permits tells whether the grant is enough: whoever may do anything may ask, and who may change anything may do so
// in transactions.
func (g Grant) permits(permission Permission, on Object) bool {
	switch permission {
	case ExecuteQuery:
		return true
	case BeginTransaction, CommitTransaction, RollbackTransaction:
		return g.Permission.changes()
	default:
	}
	return g.On.covers(on) && g.Permission.includes(permission)
}

// Revocation is what is kept of a login whose tokens were revoked, until they would have expired anyway.
type Revocation struct {
	ID    string // of the login
	Until time.Time
}

// State is all that is kept but for the revocations, which are many.
type State struct {
	Users  []User
	Roles  []Role
	Grants []Grant
	Keys   []Key
}

// Change is one atomic change of the state: first what is dropped, then what is put. What a dropped user or role
// held is among DropGrants and DropKeys, and a dropped role's members among PutUsers.
type Change struct {
	DropUsers  []string
	DropRoles  []string
	DropGrants []Grant
	DropKeys   []Key  // by user and name
	PutUsers   []User // new ones, or in place of those of the same name
	PutRoles   []Role // new ones
	PutGrants  []Grant
	PutKeys    []Key // new ones, or in place of those of the same user and name

	DropRevokedUntil time.Time // revocations that ended before; zero: none
	PutRevoked       []Revocation
}

// Store keeps the state. The Directory calls Apply from one goroutine at a time.
type Store interface {
	Load(ctx context.Context) (State, error)
	Revoked(ctx context.Context) ([]Revocation, error)
	Apply(ctx context.Context, c Change) error // all or nothing, durable when it returns
}
