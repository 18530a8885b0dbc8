package flightsrv

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

// statement is shared by a prepared handle and the tickets made of it; the last to let go closes it.
type statement struct {
	session.Statement

	sql         string
	transaction uint64 // that it was prepared in; 0: none that has a name
	schema      func() wireSchema
	mu          sync.Mutex // guards refs
	refs        int
}

func newStatement(st session.Statement, sql string, transaction uint64) *statement {
	schema := sync.OnceValue(func() wireSchema { return encodeSchema(st.Result()) })
	return &statement{Statement: st, sql: sql, transaction: transaction, schema: schema, refs: 1}
}

func (s *statement) retain() *statement {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refs++
	return s
}

func (s *statement) release() error {
	s.mu.Lock()
	s.refs--
	last := s.refs == 0
	s.mu.Unlock()
	if last {
		return s.Close()
	}
	return nil
}

// handle is what a ticket or a prepared handle of a client stands for.
type handle struct {
	id        handleID
	kind      kind
	owner     *client
	statement *statement

	mu      sync.Mutex // guards all below
	params  *parameters
	expires time.Time // of a ticket
	used    time.Time
	running map[*run]struct{}
	closed  bool
}

// run is one execution of a handle.
type run struct{ cancel context.CancelCauseFunc }

// begin counts an execution, which cancel ends with errCancelled. The caller calls finish once.
func (h *handle) begin(ctx context.Context, now time.Time) (_ context.Context, finish func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, nil, errGone(h.kind)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r := &run{cancel: cancel}
	h.running[r] = struct{}{}
	h.used = now
	h.statement.retain()
	return ctx, func() {
		cancel(nil)
		h.mu.Lock()
		delete(h.running, r)
		h.mu.Unlock()
		_ = h.statement.release() // its error belongs to whoever closes the handle
	}, nil
}

// bound returns what is bound now, which the caller releases.
func (h *handle) bound() *parameters {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.params.retain()
}

// bind takes over parameters, in the place of others.
func (h *handle) bind(p *parameters) error {
	h.mu.Lock()
	before := h.params
	closed := h.closed
	if closed {
		before = p
	} else {
		h.params = p
	}
	h.mu.Unlock()
	before.release()
	if closed {
		return errGone(h.kind)
	}
	return nil
}

// close ends what runs and lets the statement go. It returns whether anything ran.
func (h *handle) close() (ran bool, err error) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return false, nil
	}
	h.closed = true
	ran = len(h.running) > 0
	for r := range h.running {
		r.cancel(errCancelled())
	}
	params := h.params
	h.params = nil
	h.mu.Unlock()
	params.release()
	return ran, h.statement.release()
}

// keptRead is how many tickets a client may read again after their last row.
const keptRead = 16

// held is what one client holds.
type held struct {
	byID map[handleID]*handle
	read []*handle // tickets that were read to their end, oldest first
}

// handles are all statements that clients hold.
type handles struct {
	limits  limits.Limits
	now     func() time.Time
	mu      sync.Mutex // guards all below
	byID    map[handleID]*handle
	byOwner map[*client]*held
}

func newHandles(l limits.Limits, now func() time.Time) *handles {
	return &handles{limits: l, now: now, byID: map[handleID]*handle{}, byOwner: map[*client]*held{}}
}

// add keeps a statement with its parameters for its owner. At the owner's limit its oldest ticket that nobody reads
// gives way; with none, it is an error and both are let go.
func (hs *handles) add(owner *client, k kind, st *statement, params *parameters) (*handle, error) {
	now := hs.now()
	h := &handle{
		id: newHandleID(), kind: k, owner: owner, statement: st, params: params,
		used: now, expires: now.Add(hs.limits.TicketLife), running: map[*run]struct{}{},
	}
	hs.mu.Lock()
	own := hs.byOwner[owner]
	if own == nil {
		own = &held{byID: map[handleID]*handle{}}
		hs.byOwner[owner] = own
	}
	var oldest *handle
	full := len(own.byID) >= hs.limits.Statements
	if full {
		if oldest = own.oldestTicket(); oldest != nil {
			hs.forget(oldest)
			full = false
		}
	}
	if !full {
		hs.byID[h.id], own.byID[h.id] = h, h
	}
	hs.mu.Unlock()
	if oldest != nil {
		_, _ = oldest.close() // the owner is done with it
	}
	if full {
		params.release()
		_ = st.release() // the limit is the error to tell
		return nil, sqlerr.New(sqlerr.LimitExceeded, "the session holds %d statements, which is the limit",
			hs.limits.Statements).WithHint("close prepared statements that are not needed")
	}
	return h, nil
}

// oldestTicket finds the ticket that was used longest ago and is not being read.
func (own *held) oldestTicket() (oldest *handle) {
	var since time.Time
	for _, h := range own.byID {
		h.mu.Lock()
		if h.kind == kindTicket && len(h.running) == 0 && (oldest == nil || h.used.Before(since)) {
			oldest, since = h, h.used
		}
		h.mu.Unlock()
	}
	return oldest
}

// forget takes a handle out of the maps; the caller holds mu.
func (hs *handles) forget(h *handle) {
	delete(hs.byID, h.id)
	if own := hs.byOwner[h.owner]; own != nil {
		delete(own.byID, h.id)
		if len(own.byID) == 0 {
			delete(hs.byOwner, h.owner)
		}
	}
}

// wasRead is told of a ticket that was read to its end. The last few can be read again while they live.
func (hs *handles) wasRead(h *handle) {
	if h.kind != kindTicket {
		return
	}
	var gone *handle
	hs.mu.Lock()
	if own := hs.byOwner[h.owner]; own != nil && !slices.Contains(own.read, h) {
		if own.read = append(own.read, h); len(own.read) > keptRead {
			gone, own.read = own.read[0], own.read[1:]
			hs.forget(gone)
		}
	}
	hs.mu.Unlock()
	if gone != nil {
		_, _ = gone.close() // the owner has its rows
	}
}

func (hs *handles) get(c claim) (*handle, error) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h := hs.byID[handleID(c.body)]
	if h == nil || h.kind != c.kind {
		return nil, errGone(c.kind)
	}
	return h, nil
}

func (hs *handles) remove(h *handle) (ran bool, err error) {
	hs.mu.Lock()
	hs.forget(h)
	hs.mu.Unlock()
	return h.close()
}

// renew gives a ticket its whole life again and returns when it ends.
func (hs *handles) renew(h *handle) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.expires = hs.now().Add(hs.limits.TicketLife)
	return h.expires
}

// sweep closes the tickets whose time is over and that nobody reads.
func (hs *handles) sweep() {
	now := hs.now()
	hs.closeAll(func(h *handle) bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.kind == kindTicket && len(h.running) == 0 && now.After(h.expires)
	})
}

// closeAll closes the handles for which which is true.
func (hs *handles) closeAll(which func(*handle) bool) {
	var gone []*handle
	hs.mu.Lock()
	for _, h := range hs.byID {
		if which(h) {
			hs.forget(h)
			gone = append(gone, h)
		}
	}
	hs.mu.Unlock()
	for _, h := range gone {
		_, _ = h.close() // nobody is left to be told
	}
}

func errGone(k kind) error {
	return sqlerr.New(sqlerr.UndefinedObject,
		"the %s is not valid any more: its statement was closed, or its time is over", k).
		WithHint("send the statement again")
}

func errCancelled() error { return sqlerr.New(sqlerr.QueryCanceled, "the query was cancelled") }
