package sqldriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/micodb/micodb/client"
)

// conn is a connection of database/sql's pool, which one goroutine uses at a time.
type conn struct {
	*client.Conn

	tx *client.Tx // nil outside of a transaction
}

// runner is what statements run in.
type runner interface {
	Stream(ctx context.Context, query string, args ...any) (*client.Rows, error)
	Execute(ctx context.Context, query string, args ...any) (int64, error)
	Prepare(ctx context.Context, query string) (*client.Statement, error)
}

// current is the open transaction, else the connection.
func (c *conn) current() runner {
	if c.tx != nil {
		return c.tx
	}
	return c.Conn
}

// Prepare prepares a statement.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext prepares a statement.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s := &statement{conn: c, query: query}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// QueryContext runs a statement and returns its rows.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	found, err := c.current().Stream(ctx, query, values(args)...)
	if err != nil {
		return nil, err
	}
	return &rows{Rows: found}, nil
}

// ExecContext runs a statement and returns how many rows it changed.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	n, err := c.current().Execute(ctx, query, values(args)...)
	if err != nil {
		return nil, err
	}
	return driver.RowsAffected(n), nil
}

func values(args []driver.NamedValue) []any {
	list := make([]any, len(args))
	for i, a := range args {
		list[i] = a.Value
	}
	return list
}

// CheckNamedValue accepts what package client can bind, which is more than database/sql knows.
func (*conn) CheckNamedValue(v *driver.NamedValue) error {
	if v.Name != "" {
		return fmt.Errorf("parameter %q: parameters have no names here: write ? or $%d", v.Name, v.Ordinal)
	}
	if _, ok := v.Value.(sql.Out); ok {
		return errors.New("there are no output parameters")
	}
	return nil
}

// Begin begins a transaction.
func (c *conn) Begin() (driver.Tx, error) { return c.BeginTx(context.Background(), driver.TxOptions{}) }

// BeginTx begins a transaction with snapshot isolation.
func (c *conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	switch level := sql.IsolationLevel(options.Isolation); level {
	case sql.LevelDefault, sql.LevelReadUncommitted, sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSnapshot:
	default:
		return nil, fmt.Errorf("the isolation level %s is not served: transactions have snapshot isolation", level)
	}
	tx, err := c.Conn.Begin(ctx, client.TxOptions{ReadOnly: options.ReadOnly})
	if err != nil {
		return nil, err
	}
	c.tx = tx
	return &transaction{conn: c}, nil
}

// transaction is the connection's open transaction.
type transaction struct{ conn *conn }

// Commit makes the changes last: client.ErrOutcomeUnknown when the server did not answer.
func (t *transaction) Commit() error {
	tx := t.conn.tx
	t.conn.tx = nil
	return tx.Commit(context.Background())
}

// Rollback undoes the changes.
func (t *transaction) Rollback() error {
	tx := t.conn.tx
	t.conn.tx = nil
	return tx.Rollback(context.Background())
}

// Ping asks whether the connection works; another one is tried in its place when it is gone.
func (c *conn) Ping(ctx context.Context) error {
	err := c.Conn.Ping(ctx)
	if err != nil && !c.Usable() {
		return errors.Join(driver.ErrBadConn, err)
	}
	return err
}

// IsValid tells whether the connection may go back to the pool: not when it failed, nor when its session was changed.
func (c *conn) IsValid() bool { return c.Usable() && !c.Strayed() }
