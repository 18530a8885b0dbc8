package client

import (
	"context"
	"errors"
	"sync"
	"time"
)

// pool lends connections. It starts no goroutine: connections are looked at when they are lent and given back.
type pool struct {
	unchecked time.Duration
	seats     chan struct{} // holds a token for each connection that may be lent still
	gone      chan struct{} // closed by close

	mu     sync.Mutex // guards what follows
	target target
	login  uint64    // counts the logins: a connection of an earlier one is not lent again
	idle   []*lendee // the latest used last, which is lent first
	closed bool
}

// lendee is a connection of a pool.
type lendee struct {
	*Conn

	login uint64
	since time.Time // when it was given back
}

func newPool(t target, o Options) *pool {
	p := &pool{target: t, unchecked: o.IdleUncheckedMax, gone: make(chan struct{})}
	if p.unchecked == 0 {
		p.unchecked = idleUncheckedMax
	}
	seats := o.ConnectionsMax
	if seats == 0 {
		seats = connectionsMax
	}
	p.seats = make(chan struct{}, seats)
	for range seats {
		p.seats <- struct{}{}
	}
	return p
}

// lend waits for a free connection, or opens one.
func (p *pool) lend(ctx context.Context) (*lendee, error) {
	select {
	case <-p.gone:
		return nil, ErrClosed
	default:
	}
	select {
	case <-p.seats:
	case <-p.gone:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c, err := p.find(ctx)
	if err != nil {
		p.seats <- struct{}{}
	}
	return c, err
}

// find returns an idle connection that works, else a new one.
func (p *pool) find(ctx context.Context) (*lendee, error) {
	for {
		c, t, login := p.pop()
		if c == nil {
			conn, err := t.connect(ctx)
			if err != nil {
				return nil, err
			}
			return &lendee{Conn: conn, login: login}, nil
		}
		if c.login == login && c.Usable() &&
			(time.Since(c.since) < p.unchecked || c.Ping(ctx) == nil) {
			return c, nil
		}
		_ = c.Close() // it is broken, or nobody's any more
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// pop takes the latest used idle connection, nil when there is none; and says how to make one.
func (p *pool) pop() (c *lendee, t target, login uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		c, p.idle = p.idle[n-1], p.idle[:n-1]
	}
	return c, p.target, p.login
}

// current says how to make a connection.
func (p *pool) current() target {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.target
}

// take takes a connection back. One that failed is closed, and one whose session was changed, so that nobody finds what
// somebody else left.
func (p *pool) take(c *lendee) {
	keep := c.Usable() && !c.Strayed()
	p.mu.Lock()
	if keep = keep && !p.closed && c.login == p.login; keep {
		c.since = time.Now()
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if !keep {
		_ = c.Close() // its failure was told already
	}
	p.seats <- struct{}{}
}

// become lets connections log in otherwise from now on.
func (p *pool) become(as Credentials) {
	p.mu.Lock()
	p.target.login = as
	p.login++
	old := p.idle
	p.idle = nil
	p.mu.Unlock()
	_ = closeAll(old) // nobody uses them any more
}

// close closes the idle connections, and those that are lent once they are given back.
func (p *pool) close() error {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	old := p.idle
	p.idle = nil
	p.mu.Unlock()
	if first {
		close(p.gone)
	}
	return closeAll(old)
}

func closeAll(old []*lendee) error {
	var failed error
	for _, c := range old {
		failed = errors.Join(failed, c.Close())
	}
	return failed
}
