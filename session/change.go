package session

import (
	"context"
	"errors"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
)

// change is something that writes, in a client's transaction or in one of its own.
//
// When it fails inside a client's transaction, what it did is undone and the transaction stays usable, as in
// MySQL: drivers that only see errors one by one depend on it more often than on PostgreSQL's rule.
type change struct {
	session  *userSession
	query    *query
	readOnly bool // it only reads after all: a SELECT that is run for its effect
	apply    func(ctx context.Context, look *sight, w catalog.Writer) (int64, error)
}

func (c change) run(ctx context.Context, x *transaction) (int64, error) {
	if x == nil {
		if !c.readOnly && c.session.readsOnly() {
			return 0, sqlerr.New(sqlerr.ReadOnlyTransaction, "the session only reads").
				WithHint("SET %s = off", settingReadOnly)
		}
		return c.autocommit(ctx)
	}
	if c.readOnly {
		return c.within(ctx, x, 1)
	}
	if x.onlyReads() {
		return 0, sqlerr.New(sqlerr.ReadOnlyTransaction, "transaction %d only reads", x.id)
	}
	return c.within(ctx, x, everybody)
}

// autocommit runs in a transaction that ends with the change.
func (c change) autocommit(ctx context.Context) (n int64, err error) {
	h, err := c.session.server.config.Transactions.Begin(ctx, TransactionOptions{ReadOnly: c.readOnly})
	if err != nil {
		return 0, err
	}
	defer c.session.server.rollback(ctx, h) // nothing once it is committed
	var dropped []droppedObject
	var defined []catalog.Definition
	n, err = c.apply(ctx, c.session.see(h, now(), func() {}), noting{h, h, &dropped, &defined})
	if err != nil || c.readOnly {
		return n, err
	}
	if _, err := c.session.server.commit(ctx, h, dropped); err != nil {
		return 0, err
	}
	c.session.auditDefinitions(ctx, defined)
	return n, nil
}

// within runs in a client's transaction.
func (c change) within(ctx context.Context, x *transaction, weight int64) (int64, error) {
	leave, err := x.enter(ctx, weight)
	if err != nil {
		return 0, err
	}
	defer leave()
	look := c.session.see(x.handle, x.now, func() {})
	if c.readOnly {
		return c.apply(ctx, look, x.handle)
	}
	if err := x.handle.Savepoint(ctx, statementSavepoint); err != nil {
		return 0, err
	}
	var defined []catalog.Definition
	w := noting{x.handle, x.handle, &x.dropped, &defined}
	n, err := guard(c.query, func(ctx context.Context) (int64, error) { return c.apply(ctx, look, w) })
	if err == nil {
		c.session.auditDefinitions(ctx, defined)
		return n, nil
	}
	undo := context.WithoutCancel(ctx)
	if failed := x.handle.RollbackTo(undo, statementSavepoint); failed != nil {
		x.setEnded(sqlerr.Wrap(failed, sqlerr.NoActiveTransaction, "transaction %d was rolled back", x.id))
		return 0, errors.Join(err, failed, x.handle.Rollback(undo))
	}
	return 0, err
}
