package authz

import (
	"context"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Options are what a Directory is made of.
type Options struct {
	Store  Store
	Tokens *Tokens
	Log    *slog.Logger     // of what fails without being anybody's error; nil: nothing is logged
	Now    func() time.Time // nil: time.Now
}

// Directory knows the users of an instance: it is the Authenticator and the Authorizer of a server with logins.
// Readers use an immutable copy of the state; changes are made one after another. Safe for concurrent use.
type Directory struct {
	store    Store
	tokens   *Tokens
	hasher   *hasher
	throttle *throttle
	log      *slog.Logger
	now      func() time.Time

	logins *logins

	stale    []Grant                  // on dropped objects, in the store still; who changes the state looks at it
	changing chan struct{}            // holds one token: whoever takes it may change the state
	state    atomic.Pointer[snapshot] // never nil
}

// Open reads the state from the store.
func Open(ctx context.Context, o Options) (*Directory, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d := &Directory{
		store: o.Store, tokens: o.Tokens, log: o.Log, now: o.Now,
		hasher:   newHasher(runtime.GOMAXPROCS(0)),
		throttle: newThrottle(o.Now),
		logins:   newLogins(o.Now),
		changing: make(chan struct{}, 1),
	}
	state, err := o.Store.Load(ctx)
	if err != nil {
		return nil, err
	}
	d.state.Store(newSnapshot(state))
	revoked, err := o.Store.Revoked(ctx)
	if err != nil {
		return nil, err
	}
	d.logins.revoke(revoked...)
	d.changing <- struct{}{}
	return d, nil
}

// Bootstrap makes the user admin when there are no users yet. Without a password it generates one and returns
// it, for the caller to show once: it is kept as a hash only.
func (d *Directory) Bootstrap(ctx context.Context, password string) (generated string, err error) {
	if len(d.state.Load().users) > 0 {
		return "", nil
	}
	if password == "" {
		generated = GeneratePassword()
		password = generated
	}
	if err := d.CreateUser(ctx, RoleAdmin, password, RoleAdmin); err != nil {
		return "", err
	}
	return generated, nil
}

// Authenticate checks a password, a token or an API key.
func (d *Directory) Authenticate(ctx context.Context, a Attempt) (Principal, error) {
	switch a.Method {
	case Password:
		return d.password(ctx, a)
	case Token:
		return d.token(a)
	case APIKey:
		return d.key(ctx, a)
	case Anonymous:
		return Principal{}, sqlerr.New(sqlerr.InvalidAuthorization, "a login is needed").
			WithHint("send a user name and a password, or a token")
	default:
		return Principal{}, sqlerr.New(sqlerr.InvalidAuthorization, "unknown way to authenticate")
	}
}

func (d *Directory) password(ctx context.Context, a Attempt) (Principal, error) {
	name := fold(a.Username)
	if len(name) > MaxNameBytes {
		name = nobody // and not worth remembering
	}
	if err := d.throttle.Wait(ctx, name, a.Address); err != nil {
		return Principal{}, err
	}
	s := d.state.Load()
	user := s.users[name] // the zero User has no hash, and no password fits that
	ok, err := d.hasher.Verify(ctx, user.Hash, a.Secret)
	if err != nil {
		return Principal{}, err
	}
	if !ok {
		d.throttle.Failed(name, a.Address)
		return Principal{}, sqlerr.New(sqlerr.InvalidPassword, "user name or password is wrong")
	}
	d.throttle.Succeeded(name)
	p := s.principal(user)
	p.Proof = Proof{Method: Password, Since: d.now().UTC(), epoch: user.Epoch}
	return p, nil
}

func dropped(p Principal) error {
	return sqlerr.New(sqlerr.InvalidAuthorization, "user %q was dropped", p.Username).WithHint("log in again")
}

// Authorize looks at the user's roles and grants as they are now, not as they were at login.
func (d *Directory) Authorize(p Principal, permission Permission, on Object) error {
	s := d.state.Load()
	user, ok := s.current(p)
	if !ok {
		return Denied(p, permission, on)
	}
	if s.holds(user, permission, on) {
		return nil
	}
	return Denied(p, permission, on)
}

// Sees tells whether the principal may read or change the object, or something within it.
func (d *Directory) Sees(p Principal, on Object) bool {
	if d.Authorize(p, ReadSchema, on) == nil {
		return true
	}
	s := d.state.Load()
	user, ok := s.current(p)
	if !ok {
		return false
	}
	for _, grantee := range append(s.madeRoles(user), user.Name) {
		for _, g := range s.grants[grantee] {
			if g.On.covers(on) || on.covers(g.On) {
				return true
			}
		}
	}
	return false
}

// Epoch counts the changes.
func (d *Directory) Epoch() uint64 { return d.state.Load().epoch }

// Users returns all users in the order of their names.
func (d *Directory) Users() []Principal {
	s := d.state.Load()
	var all []Principal
	for _, name := range slices.Sorted(maps.Keys(s.users)) {
		all = append(all, s.principal(s.users[name]))
	}
	return all
}
