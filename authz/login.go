package authz

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/micodb/micodb/internal/sqlerr"
)

// The limits of what is known about logins. A token that is not listed works all the same.
const (
	maxLoginsListed  = 64 << 10
	maxLoginsRevoked = 256 << 10
)

// Login is a login with whose token somebody may still come.
type Login struct {
	ID       string
	User     string
	Since    time.Time // the login
	Expires  time.Time // of its last token
	LastUsed time.Time // zero: not since the server started
	Address  string    // of the last use

	first, epoch int64 // of the user, when it was first heard of and now
}

// logins are those whose tokens were issued or used since the server started, and those that were revoked. To know
// them all, every login would have to be written down, and nobody could log in to a server whose disk is full.
type logins struct {
	now func() time.Time

	mu      sync.Mutex // guards what follows
	live    map[string]Login
	revoked map[string]time.Time // by id; until when
	pruned  time.Time
}

func newLogins(now func() time.Time) *logins {
	return &logins{now: now, live: map[string]Login{}, revoked: map[string]time.Time{}}
}

// note keeps what is new about a login.
func (l *logins) note(user string, proof Proof, used time.Time, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	login, known := l.live[proof.ID]
	if !known {
		if len(l.live) >= maxLoginsListed {
			l.forget(l.now())
		}
		if len(l.live) >= maxLoginsListed {
			return
		}
		login = Login{ID: proof.ID, User: user, Since: proof.Since, first: proof.epoch, epoch: proof.epoch}
	}
	if proof.Expires.After(login.Expires) {
		login.Expires = proof.Expires
	}
	if !used.IsZero() {
		login.LastUsed, login.Address = used, address
	}
	l.live[proof.ID] = login
}

// reached tells whether a login was kept from the epoch of its proof into a later one.
func (l *logins) reached(epoch int64, proof Proof) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	login, known := l.live[proof.ID]
	return known && login.epoch == epoch && login.first <= proof.epoch && proof.epoch < epoch
}

// keep takes a login that is known into the epoch of its proof.
func (l *logins) keep(p Principal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if login, known := l.live[p.Proof.ID]; known {
		login.epoch = p.Proof.epoch
		l.live[p.Proof.ID] = login
	}
}

// forget drops the logins whose tokens have expired; the caller holds mu.
func (l *logins) forget(now time.Time) {
	for id, login := range l.live {
		if now.After(login.Expires) {
			delete(l.live, id)
		}
	}
}

func (l *logins) revoke(all ...Revocation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range all {
		l.revoked[r.ID] = r.Until
		delete(l.live, r.ID)
	}
}

func (l *logins) isRevoked(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, revoked := l.revoked[id]
	return revoked
}

// prune drops now and then the revocations of tokens that have expired: it returns the time before which they ended, or
// zero. It tells too whether there are as many as may be.
func (l *logins) prune() (before time.Time, full bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now().UTC()
	if now.Sub(l.pruned) < pruneInterval && len(l.revoked) < maxLoginsRevoked {
		return time.Time{}, false
	}
	for id, until := range l.revoked {
		if until.Before(now) {
			delete(l.revoked, id)
		}
	}
	l.pruned = now
	return now, len(l.revoked) >= maxLoginsRevoked
}

const pruneInterval = time.Hour

// token checks a token.
func (d *Directory) token(a Attempt) (Principal, error) {
	name, proof, err := d.tokens.check(a.Secret)
	if err != nil {
		return Principal{Username: name}, err
	}
	s := d.state.Load()
	user, ok := s.users[name]
	if !ok {
		return Principal{Username: name}, loginOver()
	}
	p := s.principal(user)
	p.Proof = proof
	if err := d.provenBy(user, proof); err != nil {
		return Principal{Username: name}, err
	}
	d.logins.note(name, proof, d.now().UTC(), a.Address)
	return p, nil
}

// Issue returns a token for a principal that Authenticate returned.
func (d *Directory) Issue(p Principal) (token string, proof Proof, err error) {
	user, ok := d.state.Load().current(p)
	if !ok {
		return "", Proof{}, dropped(p)
	}
	token, proof, err = d.tokens.Issue(p, user.Epoch)
	if err == nil {
		d.logins.note(user.Name, proof, time.Time{}, "")
	}
	return token, proof, err
}

// Valid tells whether the principal's user is still there and its proof still good.
func (d *Directory) Valid(p Principal) error {
	s := d.state.Load()
	user, ok := s.current(p)
	if !ok {
		return dropped(p)
	}
	if p.key == (keyHash{}) {
		return d.provenBy(user, p.Proof)
	}
	k, ok := s.keyOf(p.key)
	if !ok {
		return sqlerr.New(sqlerr.InvalidAuthorization, "the API key was dropped")
	}
	return k.valid(d.now())
}

// provenBy tells whether a password or token that was good still is.
func (d *Directory) provenBy(user User, proof Proof) error {
	if proof.Method != Password && proof.Method != Token {
		return nil
	}
	switch {
	case user.Epoch != proof.epoch && !d.logins.reached(user.Epoch, proof):
		return loginOver()
	case proof.ID != "" && d.logins.isRevoked(proof.ID):
		return sqlerr.New(sqlerr.InvalidAuthorization, "the token was revoked").WithHint("log in again")
	case proof.Method == Token && d.now().After(proof.Expires.Add(tokenLeeway)):
		return tokenExpired()
	}
	return nil
}

// Keep lets a login go on into the epoch that its own change of the password began, until the server restarts, and
// returns its proof as it is then.
func (d *Directory) Keep(p Principal) Proof {
	if user, ok := d.state.Load().current(p); ok {
		p.Proof.epoch = user.Epoch
		if p.Proof.ID != "" {
			d.logins.keep(p)
		}
	}
	return p.Proof
}

func loginOver() error {
	return sqlerr.New(sqlerr.InvalidAuthorization,
		"the login is no longer valid: its user was dropped, has a new password or was logged out").
		WithHint("log in again")
}

// Logins returns the logins with whose tokens somebody may come, of a user or of everybody when user is empty, in the
// order of users and times. Those from before the server's start are there once their tokens are used.
func (d *Directory) Logins(user string) []Login {
	l, s, now := d.logins, d.state.Load(), d.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(now)
	var all []Login
	for _, login := range l.live {
		u, ok := s.users[login.User]
		if ok && u.Epoch == login.epoch && (user == "" || u.Name == fold(user)) {
			all = append(all, login)
		}
	}
	slices.SortFunc(all, func(a, b Login) int {
		return cmp.Or(strings.Compare(a.User, b.User), a.Since.Compare(b.Since), strings.Compare(a.ID, b.ID))
	})
	return all
}

// RevokeLogin ends the tokens of a login at once, and lets no restart bring them back. When that could not be written
// down it is an error, and they end all the same, until a restart.
func (d *Directory) RevokeLogin(ctx context.Context, id string) error {
	r := Revocation{ID: id, Until: d.now().UTC().Add(TokenLifetime + tokenLeeway)}
	ended, full := d.logins.prune()
	if full {
		return sqlerr.New(sqlerr.LimitExceeded, "%d tokens are revoked, the most that are remembered",
			maxLoginsRevoked).WithHint("the token ends by itself at %s", r.Until.Format(time.RFC3339))
	}
	d.logins.revoke(r)
	return d.alone(ctx, func() error {
		return d.store.Apply(ctx, Change{PutRevoked: []Revocation{r}, DropRevokedUntil: ended})
	})
}
