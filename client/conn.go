package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

// Conn is one connection with one session: USE, SET and BEGIN hold for its later statements. When the session is lost,
// as by a restart of the server, one call fails with 08003 and runs nothing; the next has a new session. It is safe for
// concurrent use.
type Conn struct {
	scope

	sql      *flightsql.Client
	url      string // for messages
	database string
	strayed  atomic.Bool // a statement may have changed what later ones mean
	broken   atomic.Bool // a call failed so that others will fail too
	close    func() error

	mu       sync.Mutex // guards what follows
	identity identity
}

// Open connects and logs in. Most programs want a [Client] instead.
func Open(ctx context.Context, o Options) (*Conn, error) {
	t, err := o.target()
	if err != nil {
		return nil, err
	}
	return t.connect(ctx)
}

func (t target) connect(ctx context.Context) (*Conn, error) {
	sql, err := flightsql.NewClientCtx(ctx, t.address, nil, nil,
		grpc.WithTransportCredentials(t.secure),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepAliveTime, Timeout: keepAliveTimeout}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageBytesMax)))
	if err != nil {
		return nil, fmt.Errorf("%s can't be reached: %w", t.url, err)
	}
	c := &Conn{sql: sql, url: t.url, database: t.database}
	c.scope = scope{conn: c, statements: sql}
	c.close = sync.OnceValue(c.leave)
	if err := c.login(ctx, t.login); err != nil {
		return nil, errors.Join(err, sql.Close())
	}
	return c, nil
}

// with adds the login, the session and the database to a call.
func (c *Conn) with(ctx context.Context) context.Context {
	ctx = c.who(ctx).sign(ctx)
	if c.database != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "database", c.database)
	}
	return ctx
}

// call runs one exchange with the server. What f begins ends with it: its context does.
func (c *Conn) call(ctx context.Context, f func(ctx context.Context) error) error {
	inner, cancel := context.WithCancel(c.with(ctx))
	defer cancel()
	return c.failed(ctx, f(inner))
}

// failed says what an error means, also for the connection.
func (c *Conn) failed(ctx context.Context, err error) error {
	err = failed(ctx, err)
	if breaks(err) {
		c.broken.Store(true)
	}
	return err
}

// farewell is a call that tells the server what is no longer wanted, also when ctx has ended already. The server may
// be gone, and ends by itself what is not used.
func (c *Conn) farewell(ctx context.Context, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewellMax)
	defer cancel()
	return c.call(ctx, f)
}

// Ping asks the server whether the connection, the login and the session work.
func (c *Conn) Ping(ctx context.Context) error {
	return c.call(ctx, func(ctx context.Context) error {
		_, err := c.sql.GetSessionOptions(ctx, &flight.GetSessionOptionsRequest{})
		return err
	})
}

// Usable tells whether nothing is known that keeps the connection from being used: a call that found the server or the
// login gone, or a token that ends within a minute.
func (c *Conn) Usable() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.broken.Load() && (c.identity.ends.IsZero() || time.Until(c.identity.ends) > tokenRemaining)
}

// Strayed tells whether a statement may have changed what later ones mean: USE, SET, BEGIN.
func (c *Conn) Strayed() bool { return c.strayed.Load() }

// Close ends the session, which rolls back its open transaction, and the connection. It is idempotent.
func (c *Conn) Close() error { return c.close() }

func (c *Conn) leave() error {
	ctx := context.Background()
	c.mu.Lock()
	lent := c.identity.lent
	c.mu.Unlock()
	if !lent {
		_ = c.farewell(ctx, c.endSession)
	} else if c.Strayed() { // others may use the token, and ending the session would log it out
		_ = c.farewell(ctx, func(ctx context.Context) error {
			_, err := c.sql.ExecuteUpdate(ctx, "ROLLBACK")
			return err
		})
	}
	return c.sql.Close()
}

func (c *Conn) endSession(ctx context.Context) error {
	_, err := c.sql.CloseSession(ctx, &flight.CloseSessionRequest{})
	return err
}
