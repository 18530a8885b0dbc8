package flightsrv

import (
	"context"
	"encoding/binary"

	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

// transaction returns the number that a transaction's or a savepoint's claim begins with.
func (c claim) transaction() uint64 { return binary.LittleEndian.Uint64(c.body) }

// savepoint returns the name that a savepoint's claim ends with.
func (c claim) savepoint() string { return string(c.body[transactionSize:]) }

// BeginTransaction begins a transaction and returns its signed id. It is not tied to the session: any connection
// of the same user may name it.
func (h *handlers) BeginTransaction(ctx context.Context, _ flightsql.ActionBeginTransactionRequest) ([]byte, error) {
	c, err := clientOf(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := c.session.Begin(ctx, session.TransactionOptions{})
	if err != nil {
		return nil, err
	}
	c.begun.add(tx.ID(), c.adbc)
	return h.sign(c, kindTransaction, binary.LittleEndian.AppendUint64(nil, tx.ID())), nil
}

// EndTransaction commits or rolls back a transaction.
func (h *handlers) EndTransaction(ctx context.Context, request flightsql.ActionEndTransactionRequest) error {
	c, err := clientOf(ctx)
	if err != nil {
		return err
	}
	tx, err := h.transaction(ctx, c, request.GetTransactionId())
	if err != nil {
		return err
	}
	if tx == nil {
		return sqlerr.New(sqlerr.NoActiveTransaction, "the id of the transaction to end is empty")
	}
	switch request.GetAction() {
	case flightsql.EndTransactionCommit:
		c.begun.remove(tx.ID()) // also when it fails: a transaction with a conflict is over
		_, err = tx.Commit(ctx)
		return err
	case flightsql.EndTransactionRollback:
		c.begun.remove(tx.ID())
		return tx.Rollback(ctx)
	case flightsql.EndTransactionUnspecified:
	}
	return sqlerr.New(sqlerr.ProtocolViolation, "end a transaction by commit or rollback, not %s", request.GetAction())
}

// BeginSavepoint sets a savepoint and returns its signed id.
func (h *handlers) BeginSavepoint(ctx context.Context, request flightsql.ActionBeginSavepointRequest) ([]byte, error) {
	c, err := clientOf(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := h.transaction(ctx, c, request.GetTransactionId())
	if err != nil {
		return nil, err
	}
	if tx == nil {
		return nil, sqlerr.New(sqlerr.NoActiveTransaction, "a savepoint needs the id of a transaction")
	}
	if request.GetName() == "" {
		return nil, sqlerr.New(sqlerr.ProtocolViolation, "a savepoint needs a name")
	}
	if err := tx.Savepoint(ctx, request.GetName()); err != nil {
		return nil, err
	}
	body := binary.LittleEndian.AppendUint64(nil, tx.ID())
	return h.sign(c, kindSavepoint, append(body, request.GetName()...)), nil
}

// EndSavepoint rolls back to a savepoint, or releases it: its changes are the transaction's then.
func (h *handlers) EndSavepoint(ctx context.Context, request flightsql.ActionEndSavepointRequest) error {
	c, err := clientOf(ctx)
	if err != nil {
		return err
	}
	claim, err := h.open(ctx, c, kindSavepoint, request.GetSavepointId())
	if err != nil {
		return err
	}
	tx, err := c.session.Resume(ctx, claim.transaction())
	if err != nil {
		return err
	}
	switch request.GetAction() {
	case flightsql.EndSavepointRollback:
		return tx.RollbackTo(ctx, claim.savepoint())
	case flightsql.EndSavepointRelease:
		return tx.Release(ctx, claim.savepoint())
	case flightsql.EndSavepointUnspecified:
	}
	return sqlerr.New(sqlerr.ProtocolViolation, "end a savepoint by release or rollback, not %s", request.GetAction())
}
