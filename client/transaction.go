package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
)

// ErrOutcomeUnknown is what Commit returns, with the cause, when the server did not say whether the transaction was
// committed: it may be, or not.
var ErrOutcomeUnknown = errors.New("it is not known whether the transaction was committed")

// ErrClosed is what a Client, a Statement or a Tx returns once it is closed.
var ErrClosed = errors.New("closed already")

// TxOptions choose how a transaction behaves.
type TxOptions struct {
	// ReadOnly refuses what would write: 25006.
	ReadOnly bool
}

// Tx is an open transaction, with snapshot isolation. It is for one goroutine at a time.
type Tx struct {
	scope

	tx      *flightsql.Txn
	ended   bool
	release func() // gives a borrowed connection back; may be nil
}

// Begin begins a transaction, which is to be ended by Commit or Rollback. Statements of the connection that are not
// the transaction's own stay outside of it.
func (c *Conn) Begin(ctx context.Context, options TxOptions) (*Tx, error) {
	t := &Tx{}
	err := c.call(ctx, func(ctx context.Context) (err error) {
		t.tx, err = c.sql.BeginTransaction(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.scope = scope{conn: c, statements: t.tx, transaction: t.tx.ID()}
	if options.ReadOnly {
		if _, err := changedBy(t.run(ctx, "SET TRANSACTION READ ONLY")); err != nil {
			return nil, errors.Join(err, t.Rollback(ctx))
		}
	}
	return t, nil
}

// Commit makes the changes last: 40001 when another transaction changed the same rows, and then nothing has happened
// and the whole transaction may be run again; ErrOutcomeUnknown when the server did not answer.
func (t *Tx) Commit(ctx context.Context) error {
	if t.ended {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err // nothing was said to the server: the transaction is open still
	}
	err := t.conn.call(ctx, func(ctx context.Context) error { return t.tx.Commit(ctx) })
	if told, ok := errors.AsType[*Error](err); err != nil && (!ok || !told.settles()) {
		err = fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
	}
	t.end()
	return err
}

// Rollback undoes the changes. It does so also when ctx has ended; after Commit or Rollback it does nothing, so that it
// can be deferred.
func (t *Tx) Rollback(ctx context.Context) error {
	if t.ended {
		return nil
	}
	err := t.conn.farewell(ctx, func(ctx context.Context) error { return t.tx.Rollback(ctx) })
	t.end()
	return err
}

func (t *Tx) end() {
	t.ended = true
	if t.release != nil {
		t.release()
	}
}

// Savepoint is a point in a transaction to which it may be rolled back.
type Savepoint struct {
	tx *Tx
	id flightsql.Savepoint
}

// Savepoint marks a point to roll back to. A name that is used again marks a new point.
func (t *Tx) Savepoint(ctx context.Context, name string) (*Savepoint, error) {
	s := &Savepoint{tx: t}
	err := t.conn.call(ctx, func(ctx context.Context) (err error) {
		s.id, err = t.tx.BeginSavepoint(ctx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Rollback undoes what the transaction did since the savepoint, which stays.
func (s *Savepoint) Rollback(ctx context.Context) error {
	return s.tx.conn.call(ctx, func(ctx context.Context) error { return s.tx.tx.RollbackSavepoint(ctx, s.id) })
}

// Release keeps what the transaction did since the savepoint, which is no longer wanted.
func (s *Savepoint) Release(ctx context.Context) error {
	return s.tx.conn.call(ctx, func(ctx context.Context) error { return s.tx.tx.ReleaseSavepoint(ctx, s.id) })
}
