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

// Grant gives a permission on an object to a user, beside what the user's roles give.
type Grant struct {
	User       string
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

// permits tells whether the grant is enough: whoever may do anything may ask, who may change anything may do so in
// transactions, and who may read rows may see how they look.
func (g Grant) permits(permission Permission, on Object) bool {
	switch permission {
	case ExecuteQuery:
		return true
	case BeginTransaction, CommitTransaction, RollbackTransaction:
		return g.Permission != Read && g.Permission != ReadSchema && g.Permission != ExecuteQuery
	default:
	}
	return g.On.covers(on) && (g.Permission == permission || g.Permission == Read && permission == ReadSchema)
}

// State is all that is kept.
type State struct {
	Users  []User
	Grants []Grant
	Keys   []Key
}

// Change is one atomic change of the state: first what is dropped, then what is put. A dropped user's grants
// and keys are among DropGrants and DropKeys.
type Change struct {
	DropUsers  []string
	DropGrants []Grant
	DropKeys   []Key  // by user and name
	PutUsers   []User // new ones, or in place of those of the same name
	PutGrants  []Grant
	PutKeys    []Key // new ones, or in place of those of the same user and name
}

// Store keeps the state. The Directory calls Apply from one goroutine at a time.
type Store interface {
	Load(ctx context.Context) (State, error)
	Apply(ctx context.Context, c Change) error // all or nothing, durable when it returns
}
