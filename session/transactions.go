package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// Transactions is what a session asks of the transaction manager.
type Transactions interface {
	Begin(ctx context.Context, opts TransactionOptions) (Handle, error)
}

// Handle is one transaction of the transaction manager: what it reads, what it writes, and how it ends. Commit
// and Rollback close the snapshot.
type Handle interface {
	catalog.Snapshot
	catalog.Writer
	Transaction

	// Sequence is that of the last commit that the transaction sees: the version that it reads.
	Sequence() catalog.Sequence
}

// maxTransactionID is the greatest integer that JSON readers keep exactly.
const maxTransactionID = 1<<53 - 1

// expiredRemembered is how many transactions that idled too long are still known by their ids.
const expiredRemembered = 4096

// transactionTable knows the open transactions of all sessions, and ends those that idle too long.
type transactionTable struct {
	limits limits.Limits
	log    *slog.Logger

	stop context.CancelFunc
	done chan struct{} // closed when the reaper has ended

	mu      sync.Mutex // guards open, expired, order and closed
	open    map[uint64]*transaction
	expired map[uint64]Principal // id → owner
	order   []uint64             // of expired, oldest first
	closed  bool
}

func newTransactionTable(l limits.Limits, log *slog.Logger) *transactionTable {
	ctx, stop := context.WithCancel(context.Background())
	t := &transactionTable{
		limits: l, log: log, stop: stop, done: make(chan struct{}),
		open: map[uint64]*transaction{}, expired: map[uint64]Principal{},
	}
	go t.reap(ctx)
	return t
}

// add enters a transaction that a client began, and names it. The name is random, so that one from before a
// restart never finds another transaction, and fits the numbers of every JSON reader.
func (t *transactionTable) add(x *transaction) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return shuttingDown()
	}
	if len(t.open) >= t.limits.Transactions {
		return sqlerr.New(sqlerr.LimitExceeded, "%d transactions are open, the most that are allowed",
			t.limits.Transactions).WithHint("commit or roll back some first")
	}
	for x.id == 0 || t.knows(x.id) {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
		x.id = binary.LittleEndian.Uint64(b[:]) & maxTransactionID
	}
	t.open[x.id] = x
	return nil
}

// knows tells whether an id is that of a transaction; the caller holds mu.
func (t *transactionTable) knows(id uint64) bool {
	_, expired := t.expired[id]
	return expired || t.open[id] != nil
}

func (t *transactionTable) remove(x *transaction) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, x.id)
}

// find returns an owner's open transaction: 25P03 for one that idled too long, else 25P01.
func (t *transactionTable) find(owner Principal, id uint64) (*transaction, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if x := t.open[id]; x != nil && x.owner.Is(owner) {
		return x, nil
	}
	if of, ok := t.expired[id]; ok && of.Is(owner) {
		return nil, idledTooLong(t.limits.TransactionIdle)
	}
	return nil, sqlerr.New(sqlerr.NoActiveTransaction, "transaction %d is not open", id)
}

func idledTooLong(limit time.Duration) error {
	return sqlerr.New(sqlerr.IdleTransaction, "the transaction was idle for over %s and is rolled back", limit).
		WithHint("begin a new one, or raise --transaction-idle-timeout")
}

// reap looks for idle transactions until the table is closed.
func (t *transactionTable) reap(ctx context.Context) {
	defer close(t.done)
	tick := time.NewTicker(max(t.limits.TransactionIdle/16, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			t.expire(ctx, now)
		}
	}
}

// list returns the open transactions, the oldest first.
func (t *transactionTable) list() []*transaction {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.SortedFunc(maps.Values(t.open), func(a, b *transaction) int {
		return cmp.Or(cmp.Compare(a.now, b.now), cmp.Compare(a.id, b.id))
	})
}

func (t *transactionTable) expire(ctx context.Context, now time.Time) {
	for _, x := range t.list() {
		if !x.expire(ctx, now.Add(-t.limits.TransactionIdle), idledTooLong(t.limits.TransactionIdle)) {
			continue
		}
		t.remember(x)
		t.log.LogAttrs(ctx, slog.LevelInfo, "idle transaction rolled back",
			slog.Uint64("transaction", x.id), slog.String("user", x.owner.Username))
	}
}

func (t *transactionTable) remember(x *transaction) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, x.id)
	if len(t.order) == expiredRemembered {
		delete(t.expired, t.order[0])
		t.order = t.order[1:]
	}
	t.expired[x.id] = x.owner
	t.order = append(t.order, x.id)
}

// abandon rolls back the transactions that a session began. It waits for changes that run in them by other sessions,
// until ctx ends.
func (t *transactionTable) abandon(ctx context.Context, session uint64, cause string) (failed error) {
	for _, x := range t.list() {
		if x.session == session {
			failed = errors.Join(failed, x.abandon(ctx, x.over("is rolled back: "+cause)))
		}
	}
	return failed
}

// close rolls all transactions back and ends the reaper.
func (t *transactionTable) close(ctx context.Context) {
	t.stop()
	<-t.done
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	for _, x := range t.list() {
		if err := x.abandon(ctx, shuttingDown()); err != nil {
			x.server.rollbackFailed(ctx, err)
		}
	}
}

// now is the clock of sessions.
func now() catalog.Timestamp { return catalog.Timestamp(time.Now().UnixNano()) }
