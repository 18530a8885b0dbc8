package txn

import (
	"context"
	"sync"
	"time"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/sqlerr"
)

// Transaction reads a snapshot and collects changes. It implements catalog.Snapshot and catalog.Writer; reads
// are safe for concurrent use, also beside one writer. Commit and Rollback end it and close the snapshot.
type Transaction struct {
	manager  *Manager
	id       uint64
	options  TransactionOptions
	snapshot *published

	mu       sync.Mutex // guards what follows
	ended    bool
	writes   writeSet
	memory   *budget.Query // of the writes' deletes; the rows have a limit of their own
	reserved int64         // of it
}

var (
	_ catalog.Snapshot = (*Transaction)(nil)
	_ catalog.Writer   = (*Transaction)(nil)
)

// Begin starts a transaction on the state as of now. It must be ended.
func (m *Manager) Begin(ctx context.Context, options TransactionOptions) (*Transaction, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := m.enter(); err != nil {
		return nil, err
	}
	snapshot := m.snapshots.pin()
	m.options.Metrics.Transactions.Open.Inc()
	return &Transaction{
		manager: m, id: m.lastTransaction.Add(1), options: options, snapshot: snapshot,
		writes: newWriteSet(snapshot.definitions), memory: m.options.Memory.Query(0),
	}, nil
}

// ID returns the transaction's number, from 1, unique while the server runs.
func (t *Transaction) ID() uint64 { return t.id }

// Savepoint names the state of the changes; an older savepoint of the name is forgotten.
func (t *Transaction) Savepoint(ctx context.Context, name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(ctx); err != nil {
		return err
	}
	if err := t.finishBulks(ctx); err != nil {
		return err
	}
	t.writes.save(name)
	return nil
}

// RollbackTo undoes the changes made since a savepoint, which stays: 42704 when there is none.
func (t *Transaction) RollbackTo(ctx context.Context, name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(ctx); err != nil {
		return err
	}
	if !t.writes.saved(name) {
		return noSavepoint(name)
	}
	t.abortBulks()
	t.writes.lost = t.writes.rollBack(name)
	t.giveBack()
	return t.writes.lost
}

// Release forgets a savepoint, and those set after it; the changes made since stay: 42704 when there is none.
func (t *Transaction) Release(ctx context.Context, name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(ctx); err != nil {
		return err
	}
	if !t.writes.release(name) {
		return noSavepoint(name)
	}
	t.giveBack()
	return nil
}

func noSavepoint(name string) error {
	return sqlerr.New(sqlerr.UndefinedObject, "savepoint %q does not exist", name)
}

// check refuses a transaction that has ended.
func (t *Transaction) check(ctx context.Context) error {
	if t.ended {
		return sqlerr.New(sqlerr.NoActiveTransaction, "transaction %d has ended", t.id)
	}
	return ctx.Err()
}

// Commit makes the changes visible to later snapshots and durable, all or none: 40001 when another transaction
// was first. It returns the commit's time, that of the snapshot where nothing was changed. The transaction has
// ended whatever the result. Once it is in the sequencer's hands it is no longer cancelled: the result is known.
func (t *Transaction) Commit(ctx context.Context) (catalog.Timestamp, error) {
	t.mu.Lock()
	if err := t.check(ctx); err != nil {
		t.mu.Unlock()
		return 0, err
	}
	t.ended = true
	err := t.finishBulks(ctx)
	t.mu.Unlock()
	defer t.end()
	transactions := &t.manager.options.Metrics.Transactions
	if err != nil {
		transactions.Finished.WithLabelValues("error").Inc()
		t.abandon()
		return 0, err
	}
	if t.writes.empty() {
		transactions.Finished.WithLabelValues("commit").Inc()
		t.manager.discard(t.writes.written)
		return t.snapshot.time, nil
	}
	started := time.Now()
	at, err := t.manager.commit(ctx, t)
	outcome := "commit"
	switch {
	case sqlerr.CodeOf(err) == sqlerr.SerializationFailure:
		outcome = "conflict"
	case err != nil:
		outcome = "error"
	default:
		transactions.Seconds.Observe(time.Since(started).Seconds())
	}
	transactions.Finished.WithLabelValues(outcome).Inc()
	return at, err
}

// Rollback ends the transaction without a trace. It does nothing once the transaction has ended.
func (t *Transaction) Rollback(context.Context) error {
	t.mu.Lock()
	if t.ended {
		t.mu.Unlock()
		return nil
	}
	t.ended = true
	t.mu.Unlock()
	defer t.end()
	t.manager.options.Metrics.Transactions.Finished.WithLabelValues("rollback").Inc()
	t.abandon()
	return nil
}

// abandon removes the files of a transaction that is not committed.
func (t *Transaction) abandon() {
	t.abortBulks()
	t.manager.discard(t.writes.written)
}

// Close is Rollback, for a transaction that is used as a snapshot.
func (t *Transaction) Close() error { return t.Rollback(context.Background()) }

// end gives back what the transaction held.
func (t *Transaction) end() {
	t.manager.options.Metrics.Transactions.Open.Dec()
	t.manager.snapshots.release(t.snapshot)
	t.writes = writeSet{}
	t.memory.Close()
	t.manager.leave()
}
