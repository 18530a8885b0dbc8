package flightsrv

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

// client is one peer and its session.
type client struct {
	key     string // what tells it apart
	cookie  string // by which it may be told apart later
	secret  string // fingerprint of the credentials that opened it
	adbc    bool   // see adbc.go
	again   bool   // its session stands in for one that was lost
	session session.Session
	begun   begun
	opened  chan struct{} // closed when session or err stands
	err     error

	// Guarded by clients.mu.
	connection uint64    // not 0: the session ends with this connection
	calls      int       // in progress; an idle client has none
	used       time.Time // when a call last ended
}

func (c *client) user() string { return c.session.Principal().Username }

// clients are all that have a session. A client is looked up by its cookie with its credentials, or by its key;
// both maps hold the same set.
type clients struct {
	limits limits.Limits
	now    func() time.Time
	ended  func(*client) // told when a client leaves, without mu

	mu       sync.Mutex // guards all below, and the fields of client that say so
	byKey    map[string]*client
	byCookie map[string]*client
	expected *expected // names that may come without a session
}

func newClients(l limits.Limits, now func() time.Time, ended func(*client)) *clients {
	return &clients{
		limits: l, now: now, ended: ended,
		byKey: map[string]*client{}, byCookie: map[string]*client{}, expected: newExpected(),
	}
}

// acquire finds the caller's client, or opens a session for it, and counts a call until release. It returns errLost
// when the caller had a session and was not told that it is gone.
func (cs *clients) acquire(ctx context.Context, who caller, open opener) (*client, error) {
	for {
		c, created, err := cs.find(who)
		if err != nil {
			return nil, err
		}
		if created {
			c.session, c.err = open(ctx)
			if c.err != nil {
				cs.mu.Lock()
				cs.forget(c)
				if who.named { // it may try again
					cs.expected.add(arrival{name: who.key, again: c.again})
				}
				cs.mu.Unlock()
			}
			close(c.opened)
			return c, c.err
		}
		select {
		case <-c.opened:
		case <-ctx.Done():
			cs.release(c)
			return nil, ctx.Err()
		}
		if c.err == nil {
			if who.named {
				c.session.SetNamed()
			}
			return c, nil
		}
		cs.release(c) // the call that opened it failed, perhaps by its own end: try for ourselves
	}
}

func (cs *clients) find(who caller) (c *client, created bool, err error) {
	evicted := []*client{}
	defer func() {
		for _, e := range evicted {
			cs.ended(e)
		}
	}()
	cs.mu.Lock()
	defer cs.mu.Unlock()
	now := cs.now()
	if who.cookie != "" {
		c = cs.byCookie[who.cookie+who.secret]
		if c != nil {
			c.connection = 0 // it keeps its cookie, so it may come back by another connection
		}
	} else {
		c = cs.byKey[who.key]
	}
	if c != nil {
		c.calls++
		return c, false, nil
	}
	comes, ok := cs.expected.take(who.names()...)
	if who.named && !ok {
		return nil, false, errLost
	}
	if len(cs.byKey) >= cs.limits.Sessions {
		evicted = cs.idle(now)
	}
	if len(cs.byKey) >= cs.limits.Sessions {
		if ok {
			cs.expected.add(comes)
		}
		return nil, false, sqlerr.New(sqlerr.TooManyConnections, "%d sessions are open, which is the limit",
			len(cs.byKey)).WithHint("close connections that are not needed, or try again later")
	}
	c = &client{
		key: who.key, cookie: who.cookie, secret: who.secret, connection: who.connection, adbc: who.adbc,
		again: comes.again, opened: make(chan struct{}), calls: 1, used: now,
	}
	if c.cookie == "" {
		c.cookie = rand.Text()
	}
	cs.byKey[c.key], cs.byCookie[c.cookie+c.secret] = c, c
	return c, true, nil
}

// hold counts a call of a client that is known already, so that it does not idle out meanwhile.
func (cs *clients) hold(c *client) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.calls++
}

func (cs *clients) release(c *client) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.calls--
	c.used = cs.now()
}

// end forgets a client and closes its session.
func (cs *clients) end(c *client) {
	cs.mu.Lock()
	known := cs.forget(c)
	cs.mu.Unlock()
	if known {
		cs.ended(c)
	}
}

// disconnected ends the clients that live by a connection.
func (cs *clients) disconnected(connection uint64) {
	cs.endAll(func(c *client) bool { return c.connection == connection })
}

// sweep ends the clients that idle.
func (cs *clients) sweep() {
	cs.mu.Lock()
	evicted := cs.idle(cs.now())
	cs.mu.Unlock()
	for _, c := range evicted {
		cs.ended(c)
	}
}

func (cs *clients) endAll(which func(*client) bool) {
	var gone []*client
	cs.mu.Lock()
	for _, c := range cs.byKey {
		if which(c) {
			cs.forget(c)
			gone = append(gone, c)
		}
	}
	cs.mu.Unlock()
	for _, c := range gone {
		cs.ended(c)
	}
}

func (cs *clients) count() int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return len(cs.byKey)
}

// idle forgets the clients without a call for too long, or with a session of no use, and returns them; the caller holds
// mu.
func (cs *clients) idle(now time.Time) []*client {
	var gone []*client
	for _, c := range cs.byKey {
		if c.calls == 0 && (now.Sub(c.used) > cs.limits.SessionIdle || c.session.Valid() != nil) {
			cs.forget(c)
			gone = append(gone, c)
		}
	}
	return gone
}

// forget takes a client out of the maps; the caller holds mu.
func (cs *clients) forget(c *client) bool {
	if cs.byKey[c.key] != c {
		return false
	}
	delete(cs.byKey, c.key)
	delete(cs.byCookie, c.cookie+c.secret)
	return true
}
