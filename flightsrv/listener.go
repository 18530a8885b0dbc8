package flightsrv

import (
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/micodb/micodb/internal/limits"
)

// cappedListener closes the connections that come above the limits, before anything is read from them.
type cappedListener struct {
	net.Listener

	connections *connections
}

// Accept returns the next connection that the limits have room for.
func (l *cappedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if admitted := l.connections.admit(c); admitted != nil {
			return admitted, nil
		}
		_ = c.Close() // nothing was sent
	}
}

// connections are all that are open, and how many of them are strangers': nobody has logged in on them yet.
type connections struct {
	limits limits.Limits
	log    *slog.Logger

	mu        sync.Mutex // guards all below, and the connections' fields that say so
	number    uint64     // of the last one
	open      map[ends]*connection
	strangers int
}

// ends are the addresses of a connection, which gRPC tells it by.
type ends struct{ local, remote string }

func endsOf(local, remote net.Addr) ends { return ends{local: local.String(), remote: remote.String()} }

func newConnections(l limits.Limits, log *slog.Logger) *connections {
	return &connections{limits: l, log: log, open: map[ends]*connection{}}
}

// admit takes a connection in, or returns nil.
func (cs *connections) admit(c net.Conn) net.Conn {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if len(cs.open) >= cs.limits.FlightConnections || cs.strangers >= cs.limits.ConnectionsNoUser {
		cs.log.Warn("connection refused", slog.String("address", c.RemoteAddr().String()),
			slog.Int("connections", len(cs.open)), slog.Int("connections_max", cs.limits.FlightConnections),
			slog.Int("before_login", cs.strangers), slog.Int("before_login_max", cs.limits.ConnectionsNoUser))
		return nil
	}
	cs.number++
	cs.strangers++
	in := &connection{Conn: c, all: cs, number: cs.number, ends: endsOf(c.LocalAddr(), c.RemoteAddr()), stranger: true}
	in.login = time.AfterFunc(cs.limits.LoginTimeout, in.tooLate)
	cs.open[in.ends] = in
	return in
}

// find returns the open connection between two addresses; it is not nil for one that Accept returned.
func (cs *connections) find(between ends) *connection {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.open[between]
}

// connection is one that was taken in.
type connection struct {
	net.Conn

	all    *connections
	number uint64
	ends   ends

	login *time.Timer // until a stranger is sent away

	// Guarded by all.mu.
	stranger bool
	asking   int // logins that are being looked at
	closed   bool
}

// Close closes the connection, and leaves its place once.
func (c *connection) Close() error {
	c.all.mu.Lock()
	if !c.closed {
		c.closed = true
		delete(c.all.open, c.ends)
		c.known()
	}
	c.all.mu.Unlock()
	return c.Conn.Close()
}

// known counts a stranger out; the caller holds mu.
func (c *connection) known() {
	if c.stranger {
		c.stranger = false
		c.all.strangers--
		c.login.Stop()
	}
}

// ask says that a login is being looked at, which may take longer than a stranger has. The caller tells the answer.
func (c *connection) ask() (answered func(welcome bool)) {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	c.asking++
	return func(welcome bool) {
		c.all.mu.Lock()
		defer c.all.mu.Unlock()
		c.asking--
		if welcome {
			c.known()
		}
	}
}

// tooLate sends a stranger away, unless a login is being looked at.
func (c *connection) tooLate() {
	c.all.mu.Lock()
	late := c.stranger && c.asking == 0
	if c.stranger && !late {
		c.login.Reset(c.all.limits.LoginTimeout)
	}
	c.all.mu.Unlock()
	if late {
		c.all.log.Info("connection closed: nobody logged in", slog.String("address", c.ends.remote),
			slog.Duration("login_timeout", c.all.limits.LoginTimeout))
		_ = c.Close() // the peer has nothing to be told
	}
}
