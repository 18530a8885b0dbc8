// Package budget reserves memory before it is taken: a server's limit, shared by its queries.
//
// A reservation that does not fit fails with 53200; whoever can spill does so and asks again. Arrow
// allocations count through Allocator.
package budget

import (
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Server is the memory that all queries and caches of a process share. Safe for concurrent use.
type Server struct {
	limit   int64 // bytes
	used    atomic.Int64
	waiting atomic.Int64  // who listens
	wanting atomic.Int64  // of these, those that others should spill for
	mu      sync.Mutex    // guards freed
	freed   chan struct{} // closed at the next release; nil when nobody waits
}

// NewServer returns a budget of limit bytes.
func NewServer(limit int64) *Server { return &Server{limit: limit} }

// Limit returns the budget's size in bytes.
func (s *Server) Limit() int64 { return s.limit }

// Used returns the bytes reserved now.
func (s *Server) Used() int64 { return s.used.Load() }

// reserve takes n bytes unless that leaves less than spare.
func (s *Server) reserve(n, spare int64) bool {
	if s.used.Add(n) <= s.limit-spare {
		return true
	}
	s.used.Add(-n)
	return false
}

// release gives n bytes back, and tells those that wait.
func (s *Server) release(n int64) {
	s.used.Add(-n)
	if n <= 0 || s.waiting.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.freed != nil {
		close(s.freed)
		s.freed = nil
	}
}

// listen returns what is closed at the next release.
func (s *Server) listen() <-chan struct{} {
	s.waiting.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.freed == nil {
		s.freed = make(chan struct{})
	}
	return s.freed
}

// Query returns the budget of one query, at most limit bytes of the server's; limit 0 is the server's own.
// Close gives back what is still reserved.
func (s *Server) Query(limit int64) *Query {
	if limit <= 0 || limit > s.limit {
		limit = s.limit
	}
	return &Query{server: s, limit: limit}
}

// Query is the memory of one query, or of a part of it. Safe for concurrent use.
type Query struct {
	server *Server
	limit  int64
	whole  *Query     // of which this is a part; nil for a query
	mu     sync.Mutex // guards used, peak and closed
	used   int64
	peak   int64
	closed bool

	// Of a part: whether it can spill, and what it has reserved ahead of its use.
	spillable bool
	holding   bool
	ahead     int64
	granted   int64 // of a Grant: what ahead is filled up to by releases
}

// The part of a limit, of the server's and of each query's, that what can spill leaves to what can't.
const (
	spareShare = 8
	grantShare = 4 // the same of a grant
)

// Part returns a budget that takes its memory from q, to know what a part of the query uses. Closing q gives that
// back, too.
func (q *Query) Part() *Query { return &Query{server: q.server, limit: q.limit, whole: q} }

// Spillable returns a part for memory that its user can do without by spilling. Its Reserve fails a little before the
// limit, so that what must have memory finds some: the buffers to spill with, and those of the result.
func (q *Query) Spillable() *Query {
	p := q.Part()
	p.spillable = true
	return p
}

// Grant returns a part that has n bytes ahead until Settle, or fails with 53200: so much the query can have whatever
// others do. What can spill leaves a part of it, too.
func (q *Query) Grant(n int64) (*Query, error) {
	if err := q.Reserve(n); err != nil {
		return nil, err
	}
	p := q.Part()
	p.ahead, p.granted = n, n
	return p, nil
}

// Hold reserves n bytes ahead, for the part's next reservations, or fails with 53200. Until Settle what the part
// releases is also kept for them: a sequence of reservations and releases that takes at most n bytes more than are
// used now can't fail, whatever other queries do.
func (q *Query) Hold(n int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.whole.reserve(n, q.spillable); err != nil {
		return err
	}
	q.ahead, q.holding = q.ahead+n, true
	return nil
}

// Settle ends a Hold: what is still reserved ahead is released.
func (q *Query) Settle() {
	q.mu.Lock()
	n := q.ahead
	q.ahead, q.holding, q.granted = 0, false, 0
	q.mu.Unlock()
	q.whole.Release(n)
}

// Reserve takes n bytes, or fails with 53200 and takes none.
func (q *Query) Reserve(n int64) error { return q.reserve(n, false) }

// reserve takes n bytes; those that can spill leave some.
func (q *Query) reserve(n int64, spillable bool) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.whole != nil {
		ahead := q.ahead
		if spillable {
			ahead = max(ahead-q.granted/grantShare, 0)
		}
		ahead = min(n, ahead)
		if n > ahead {
			if err := q.whole.reserve(n-ahead, spillable || q.spillable); err != nil {
				return err
			}
		}
		q.ahead -= ahead
		q.take(n)
		return nil
	}
	var spareHere, spareThere int64
	if spillable {
		spareHere, spareThere = q.limit/spareShare, q.server.limit/spareShare
	}
	if q.used+n > q.limit-spareHere || !q.server.reserve(n, spareThere) {
		return sqlerr.New(sqlerr.OutOfMemory,
			"the query needs %d MiB more than it may have (limit %d MiB, %d MiB in use by this query, %d MiB by all)",
			max(n>>20, 1), q.limit>>20, q.used>>20, q.server.Used()>>20).
			WithHint("raise --memory-limit, or ask for fewer rows, groups or columns")
	}
	q.take(n)
	return nil
}

// take counts n bytes. The caller holds q.mu.
func (q *Query) take(n int64) {
	q.used += n
	q.peak = max(q.peak, q.used)
}

// Release gives n bytes back.
func (q *Query) Release(n int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return // Close gave everything back
	}
	q.used -= n
	switch {
	case q.whole == nil:
		q.server.release(n)
	case q.holding:
		q.ahead += n
	default:
		kept := max(min(n, q.granted-q.ahead), 0)
		q.ahead += kept
		q.whole.Release(n - kept)
	}
}

// Listen returns a channel that is closed when anybody releases memory, for those that can do nothing but wait. Until
// end is called Wanted is true for all when others should spill for this one.
func (q *Query) Listen(wanting bool) (freed <-chan struct{}, end func()) {
	n := int64(0)
	if wanting {
		n = 1
	}
	q.server.wanting.Add(n)
	return q.server.listen(), func() {
		q.server.wanting.Add(-n)
		q.server.waiting.Add(-1)
	}
}

// Wanted tells whether somebody waits for memory: who can do with less spills some.
func (q *Query) Wanted() bool { return q.server.wanting.Load() > 0 }

// Limit returns the most bytes that the query may have.
func (q *Query) Limit() int64 { return q.limit }

// ServerLimit returns the size in bytes of the budget that all queries share.
func (q *Query) ServerLimit() int64 { return q.server.limit }

// Alone tells whether nobody else has memory of the server.
func (q *Query) Alone() bool {
	if q.whole != nil {
		return q.whole.Alone()
	}
	return q.Used() == q.server.Used()
}

// Available returns how many bytes could be reserved now, if nobody else did.
func (q *Query) Available() int64 { return q.available(false) }

func (q *Query) available(spillable bool) int64 {
	if q.whole != nil {
		q.mu.Lock()
		ahead := q.ahead
		q.mu.Unlock()
		if spillable || q.spillable {
			ahead = max(ahead-q.granted/grantShare, 0)
		}
		return ahead + q.whole.available(spillable || q.spillable)
	}
	here, there := q.limit-q.Used(), q.server.limit-q.server.Used()
	if spillable {
		here, there = here-q.limit/spareShare, there-q.server.limit/spareShare
	}
	return max(min(here, there), 0)
}

// Used returns the bytes reserved now.
func (q *Query) Used() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.used
}

// Peak returns the most bytes that were reserved at once.
func (q *Query) Peak() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.peak
}

// Close gives back what is still reserved. It is idempotent.
func (q *Query) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.server.release(q.used)
		q.used, q.closed = 0, true
	}
}

// Allocator returns an Arrow allocator whose buffers count against the query. Arrow's interface has no error:
// an allocation over the budget panics with the *sqlerr.Error, which the recover at the top of the query's
// goroutine, or around a decoder, turns back into an error.
func (q *Query) Allocator(under memory.Allocator) memory.Allocator {
	return &allocator{query: q, under: under}
}

type allocator struct {
	query *Query
	under memory.Allocator
}

func (a *allocator) Allocate(size int) []byte {
	a.must(int64(size))
	return a.under.Allocate(size)
}

func (a *allocator) Reallocate(size int, b []byte) []byte {
	if grown := int64(size) - int64(len(b)); grown > 0 {
		a.must(grown)
	} else {
		a.query.Release(-grown)
	}
	return a.under.Reallocate(size, b)
}

func (a *allocator) Free(b []byte) {
	a.query.Release(int64(len(b)))
	a.under.Free(b)
}

func (a *allocator) must(n int64) {
	if err := a.query.Reserve(n); err != nil {
		panic(err)
	}
}
