package authz

import (
	"context"
	"time"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Permission is a kind of action, by its name in system.grants. All but Insert, Update, Delete and AccessFiles are
// those of the first MicoDB server.
type Permission string

// The permissions.
const (
	Read                Permission = "Read"
	Write               Permission = "Write" // all three of Insert, Update and Delete
	Insert              Permission = "Insert"
	Update              Permission = "Update"
	Delete              Permission = "Delete"
	CreateTable         Permission = "CreateTable"
	DropTable           Permission = "DropTable"
	CreateDatabase      Permission = "CreateDatabase"
	DropDatabase        Permission = "DropDatabase"
	ReadSchema          Permission = "ReadSchema"
	ModifySchema        Permission = "ModifySchema"
	ExecuteQuery        Permission = "ExecuteQuery"
	BeginTransaction    Permission = "BeginTransaction"
	CommitTransaction   Permission = "CommitTransaction"
	RollbackTransaction Permission = "RollbackTransaction"
	ManageUsers         Permission = "ManageUsers"
	ManageRoles         Permission = "ManageRoles"
	ViewSystem          Permission = "ViewSystem"
	ManageSystem        Permission = "ManageSystem"
	AccessFiles         Permission = "AccessFiles" // of the server, below --allow-files
)

// includes tells whether whoever has p has q, too: who may read rows may see how they look.
func (p Permission) includes(q Permission) bool {
	switch p {
	case q:
		return true
	case Read:
		return q == ReadSchema
	case Write:
		return q == Insert || q == Update || q == Delete
	default:
		return false
	}
}

// changes tells whether the permission is of no use to who only reads.
func (p Permission) changes() bool {
	switch p {
	case Read, ReadSchema, ExecuteQuery, ViewSystem:
		return false
	default:
		return true
	}
}

// Object is what a permission is about: the instance when both are empty, a database when Table is. Names are
// in their folded form.
type Object struct{ Database, Table string }

// String names the object as an error message does.
func (o Object) String() string {
	switch {
	case o.Database == "":
		return "this server"
	case o.Table == "":
		return "database " + o.Database
	default:
		return "table " + o.Database + "." + o.Table
	}
}

// covers tells whether a grant on o counts for the object x.
func (o Object) covers(x Object) bool {
	return o.Database == "" || o.Database == x.Database && (o.Table == "" || o.Table == x.Table)
}

// Principal is who acts. One that Authenticate did not return is nobody.
type Principal struct {
	Username    string
	DisplayName string
	Roles       []string
	Proof       Proof // by what the principal was authenticated

	user uint64  // tells the user from others of the same name, before and after; 0: nobody
	key  keyHash // of the API key that was shown; zero: none was
}

// Is tells whether two principals are the same user, and not namesakes.
func (p Principal) Is(other Principal) bool {
	return p.Username == other.Username && p.user == other.user
}

// Proof is by what a principal was authenticated.
type Proof struct {
	Method    Method
	ID        string    // of the login that a token comes from; the name of an API key
	OneClient bool      // a token that was given to one client, whose farewell ends it
	Since     time.Time // when that login was
	Expires   time.Time // zero: never by itself
	epoch     int64     // of the user, at a login: another one ends it
}

// Method is a way to authenticate.
type Method uint8

// The methods.
const (
	Anonymous Method = iota
	Password
	Token
	APIKey
)

// String names the method as system.sessions does.
func (m Method) String() string {
	switch m {
	case Password:
		return "password"
	case Token:
		return "token"
	case APIKey:
		return "API key"
	default:
		return "none"
	}
}

// Attempt is one try to authenticate.
type Attempt struct {
	Method   Method
	Username string
	Secret   string // password, token or key
	Address  string // the peer's, without a port
}

// Authenticator finds out who somebody is.
type Authenticator interface {
	// Authenticate returns the principal, or 28P01 for a wrong name or password, 28000 for anything else that
	// does not prove an identity. It may wait, to slow down guessing; ctx ends the wait. With the error comes the name
	// of a user whose token or key was a good one once.
	Authenticate(ctx context.Context, a Attempt) (Principal, error)

	// Issue returns a token for a principal that Authenticate returned, and what it proves: a token of a new login,
	// or a renewed one for who has one. It is for one client when p.Proof says so.
	Issue(p Principal) (token string, proof Proof, err error)
}

// Authorizer decides what a principal may do. Safe for concurrent use.
type Authorizer interface {
	// Authorize returns nil when the principal may do what the permission says to the object, else 42501.
	Authorize(p Principal, permission Permission, on Object) error

	// Sees tells whether the principal has any permission on the object, or on something within it.
	Sees(p Principal, on Object) bool

	// Valid returns 28000 once the principal's user was dropped, or what proved the principal is good no more: the API
	// key was dropped, the token was revoked, either has expired, or a password or token is from before the user's
	// password changed.
	Valid(p Principal) error

	// Epoch changes with every change of users, roles and grants: what Authorize and Sees answered in an epoch they
	// answer until its end.
	Epoch() uint64
}

// Denied is the error of a permission that a principal lacks.
func Denied(p Principal, permission Permission, on Object) error {
	return sqlerr.New(sqlerr.InsufficientPrivilege, "user %q lacks the permission %s on %s",
		p.Username, permission, on)
}
