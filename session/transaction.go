package session

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
)

// everybody is the weight of a statement that changes something; one that reads has weight 1. So reads of one
// transaction run side by side, and a change runs alone: undoing it must not pull rows from under a read.
const everybody = 1 << 30

// transaction is a transaction that a client began. It is safe for concurrent use.
type transaction struct {
	id       uint64
	owner    Principal
	session  uint64 // the id of the one that began it; any session of the owner may name it
	server   *Server
	handle   Handle
	readOnly bool
	now      catalog.Timestamp // what now() gives, for all of its statements
	gate     *semaphore.Weighted
	dropped  []droppedObject // by what held the gate alone

	mu        sync.Mutex // guards what follows
	noWrites  bool       // said after it began; it may have written before
	users     int        // statements that hold the gate or wait for it
	idleSince time.Time
	ending    bool  // lets no statement in any more
	ended     error // what it answers once it has ended
	reads     map[*resultStream]struct{}
}

// begin starts a transaction for a session and enters it into the server's table.
func (s *Server) begin(ctx context.Context, by *userSession, opts TransactionOptions) (*transaction, error) {
	h, err := s.config.Transactions.Begin(ctx, opts)
	if err != nil {
		return nil, err
	}
	x := &transaction{
		owner: by.principal, session: by.id, server: s, handle: h, readOnly: opts.ReadOnly,
		now: now(), gate: semaphore.NewWeighted(everybody),
		idleSince: time.Now(), reads: map[*resultStream]struct{}{},
	}
	if err := s.transactions.add(x); err != nil {
		return nil, errors.Join(err, h.Rollback(context.WithoutCancel(ctx)))
	}
	return x, nil
}

// onlyReads tells whether the transaction refuses to write.
func (x *transaction) onlyReads() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.readOnly || x.noWrites
}

// refuseWrites lets the transaction only read from now on. It still commits what it wrote, with the permission that
// takes: so this is not readOnly.
func (x *transaction) refuseWrites() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.noWrites = true
}

// ID returns the name that a client gives to Resume.
func (x *transaction) ID() uint64 { return x.id }

// enter waits until a statement may run, and returns what it must call when it has ended: 25P01 or 25P03 once
// the transaction has ended, 55006 when other statements of it do not end.
func (x *transaction) enter(ctx context.Context, weight int64) (leave func(), err error) {
	if err := x.arrive(); err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, x.server.limits.StatementWait)
	defer cancel()
	if err := x.gate.Acquire(wait, weight); err != nil {
		x.depart()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, sqlerr.New(sqlerr.ObjectInUse, "transaction %d is busy with another statement", x.id).
			WithHint("read its result to the end, or close it")
	}
	leave = sync.OnceFunc(func() {
		x.gate.Release(weight)
		x.depart()
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ended != nil {
		defer leave()
		return nil, x.ended
	}
	return leave, nil
}

func (x *transaction) arrive() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ended != nil {
		return x.ended
	}
	if x.ending {
		return x.over("is being ended")
	}
	x.users++
	return nil
}

func (x *transaction) depart() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.users--
	x.idleSince = time.Now()
}

func (x *transaction) over(how string) error {
	return sqlerr.New(sqlerr.NoActiveTransaction, "transaction %d %s", x.id, how)
}

// Savepoint marks a point that RollbackTo returns to.
func (x *transaction) Savepoint(ctx context.Context, name string) error {
	return x.exclusive(ctx, func() error { return x.handle.Savepoint(ctx, userSavepoint(name)) })
}

// RollbackTo undoes what was done since a savepoint.
func (x *transaction) RollbackTo(ctx context.Context, name string) error {
	return x.exclusive(ctx, func() error { return named(x.handle.RollbackTo(ctx, userSavepoint(name)), name) })
}

// Release forgets a savepoint, and those set after it.
func (x *transaction) Release(ctx context.Context, name string) error {
	return x.exclusive(ctx, func() error { return named(x.handle.Release(ctx, userSavepoint(name)), name) })
}

// named is an error about a savepoint, by the name that the client knows.
func named(err error, savepoint string) error {
	if sqlerr.CodeOf(err) == sqlerr.UndefinedObject {
		return sqlerr.Wrap(err, sqlerr.UndefinedObject, "savepoint %s does not exist", savepoint)
	}
	return err
}

func (x *transaction) exclusive(ctx context.Context, f func() error) error {
	leave, err := x.enter(ctx, everybody)
	if err != nil {
		return err
	}
	defer leave()
	return f()
}

// Commit ends the transaction. Results of it that are still being read fail.
func (x *transaction) Commit(ctx context.Context) (catalog.Timestamp, error) {
	if !x.readOnly {
		if err := x.server.config.Authorizer.Authorize(x.owner, authz.CommitTransaction, authz.Object{}); err != nil {
			return 0, err
		}
	}
	finish, err := x.end(ctx, x.over("was committed"))
	if err != nil {
		return 0, err
	}
	defer finish()
	at, err := x.server.commit(ctx, x.handle, x.dropped)
	if err != nil {
		x.setEnded(sqlerr.Wrap(err, sqlerr.NoActiveTransaction, "transaction %d was rolled back: %s", x.id, err))
	}
	return at, err
}

// Rollback ends the transaction and undoes it. Results of it that are still being read fail.
func (x *transaction) Rollback(ctx context.Context) error {
	return x.abandon(ctx, x.over("was rolled back"))
}

// abandon rolls back; cause is what the transaction answers from then on.
func (x *transaction) abandon(ctx context.Context, cause error) error {
	finish, err := x.end(ctx, cause)
	if err != nil {
		return x.unlessEnded(err)
	}
	defer finish()
	return x.handle.Rollback(context.WithoutCancel(ctx))
}

// unlessEnded drops an error that says that the transaction has ended.
func (x *transaction) unlessEnded(err error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ended != nil {
		return nil
	}
	return err
}

// end waits until the transaction's changes have run and ends its reads; then nothing more can enter.
func (x *transaction) end(ctx context.Context, cause error) (finish func(), err error) {
	x.mu.Lock()
	if x.ended != nil {
		defer x.mu.Unlock()
		return nil, x.ended
	}
	if x.ending {
		defer x.mu.Unlock()
		return nil, x.over("is being ended")
	}
	x.ending = true
	reads := slices.Collect(maps.Keys(x.reads))
	x.mu.Unlock()
	for _, r := range reads {
		r.abort(cause)
	}
	if err := x.gate.Acquire(ctx, everybody); err != nil {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.ending = false
		return nil, err
	}
	x.setEnded(cause)
	return func() {
		x.gate.Release(everybody)
		x.server.transactions.remove(x)
	}, nil
}

func (x *transaction) setEnded(cause error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ended = cause
}

// expire rolls back a transaction that has had no statement since a time, and tells whether it did.
func (x *transaction) expire(ctx context.Context, since time.Time, cause error) bool {
	x.mu.Lock()
	idle := x.ended == nil && !x.ending && x.users == 0 && x.idleSince.Before(since)
	if idle {
		x.ended = cause
	}
	x.mu.Unlock()
	if !idle {
		return false
	}
	if err := x.handle.Rollback(context.WithoutCancel(ctx)); err != nil {
		x.server.rollbackFailed(ctx, err)
	}
	return true
}

// track keeps a result that is being read, until forget; false when the transaction is ending meanwhile.
func (x *transaction) track(r *resultStream) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ending {
		return false
	}
	x.reads[r] = struct{}{}
	return true
}

func (x *transaction) forget(r *resultStream) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.reads, r)
}

// userSavepoint keeps the names of clients apart from the session's own.
func userSavepoint(name string) string { return "user " + catalog.FoldName(name) }

// statementSavepoint is where a statement that fails is undone to.
const statementSavepoint = "statement"
