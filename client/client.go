package client

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/array"
)

// Client talks to a server through a bounded pool of connections. It is safe for concurrent use. Each call is lent a
// connection with a session that nobody has changed: USE, SET and BEGIN belong to a connection of one's own, see
// [Client.Conn], or to a transaction.
type Client struct{ pool *pool }

// NewClient returns a client, which is to be closed. It connects when it is first used; [Client.Ping] tells whether
// that works.
func NewClient(o Options) (*Client, error) {
	t, err := o.target()
	if err != nil {
		return nil, err
	}
	return &Client{pool: newPool(t, o)}, nil
}

// Login logs in: 28P01 or 28000 when the server does not let them in, and then nothing changes. Calls that begin later
// are theirs; those that run go on as they were.
func (c *Client) Login(ctx context.Context, as Credentials) error {
	t := c.pool.current()
	t.login = as
	probe, err := t.connect(ctx)
	if err != nil {
		return err
	}
	defer probe.Close() //nolint:errcheck // it has served
	if err := probe.Ping(ctx); err != nil {
		return err
	}
	c.pool.become(as)
	return nil
}

// Ping asks the server whether a connection and its login work.
func (c *Client) Ping(ctx context.Context) error {
	return c.with(ctx, func(conn *Conn) error { return conn.Ping(ctx) })
}

// with lends a connection to f.
func (c *Client) with(ctx context.Context, f func(*Conn) error) error {
	conn, err := c.pool.lend(ctx)
	if err != nil {
		return err
	}
	err = f(conn.Conn)
	c.pool.take(conn)
	return err
}

// CreateDatabase makes a database: 42P04 when it exists.
func (c *Client) CreateDatabase(ctx context.Context, name string) error {
	return c.with(ctx, func(conn *Conn) error { return conn.CreateDatabase(ctx, name) })
}

// Execute runs one statement, drops its rows, and returns how many rows it changed. The args are the values of its
// parameters.
func (c *Client) Execute(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = c.with(ctx, func(conn *Conn) error {
		n, err = conn.Execute(ctx, sql, args...)
		return err
	})
	return n, err
}

// Stream runs one statement and returns its rows, which hold a connection until they are read to their end or closed.
// The args are the values of its parameters.
func (c *Client) Stream(ctx context.Context, sql string, args ...any) (*Rows, error) {
	conn, err := c.pool.lend(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := conn.Stream(ctx, sql, args...)
	if err != nil {
		c.pool.take(conn)
		return nil, err
	}
	if rows.reader == nil { // nothing is to be read
		err = rows.Close()
		c.pool.take(conn)
		return rows, err
	}
	rows.release = func() { c.pool.take(conn) }
	return rows, nil
}

// Append adds the reader's rows to a table of a database ("" is the client's), all or none, and returns their number.
// The caller releases the reader.
func (c *Client) Append(ctx context.Context, database, table string, rows array.RecordReader) (n int64, err error) {
	err = c.with(ctx, func(conn *Conn) error {
		n, err = conn.Append(ctx, database, table, rows)
		return err
	})
	return n, err
}

// AppendRows adds rows of values for some columns of a table: see [Conn.AppendRows].
func (c *Client) AppendRows(ctx context.Context, into Table, rows [][]any) (n int64, err error) {
	err = c.with(ctx, func(conn *Conn) error {
		n, err = conn.AppendRows(ctx, into, rows)
		return err
	})
	return n, err
}

// Begin begins a transaction, which holds a connection until Commit or Rollback ends it.
func (c *Client) Begin(ctx context.Context, options TxOptions) (*Tx, error) {
	conn, err := c.pool.lend(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := conn.Begin(ctx, options)
	if err != nil {
		c.pool.take(conn)
		return nil, err
	}
	tx.release = func() { c.pool.take(conn) }
	return tx, nil
}

// Retry runs f in a transaction, again when another one was in the way: see [Conn.Retry].
func (c *Client) Retry(ctx context.Context, options TxOptions, f func(tx *Tx) error) error {
	return retry(ctx, func(ctx context.Context) (*Tx, error) { return c.Begin(ctx, options) }, f)
}

// Conn lends a connection of one's own, whose session keeps USE, SET and BEGIN until release is called.
func (c *Client) Conn(ctx context.Context) (conn *Conn, release func(), err error) {
	lent, err := c.pool.lend(ctx)
	if err != nil {
		return nil, nil, err
	}
	return lent.Conn, func() { c.pool.take(lent) }, nil
}

// Close closes the connections; one that is lent when its rows, its transaction or its borrower are done.
func (c *Client) Close() error { return c.pool.close() }
