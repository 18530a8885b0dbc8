package session

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/metrics"
)

// RunningQuery describes a statement that runs.
type RunningQuery struct {
	ID          uint64
	Session     uint64
	User        string
	Door        metrics.Door
	Address     string
	Kind        string // select, insert, …
	SQL         string // without secrets
	Started     time.Time
	Rows        int64 // returned or changed so far
	MemoryBytes int64
	Transaction uint64 // 0: autocommit
}

// queryTable knows what runs, so that it can be shown, cancelled and waited for.
type queryTable struct {
	gauge prometheus.Gauge

	mu       sync.Mutex // guards last, running and draining
	last     uint64
	running  map[uint64]*running
	draining bool
	idle     chan struct{} // closed once draining and nothing runs
}

type running struct {
	*query

	cancel context.CancelCauseFunc
}

func newQueryTable(gauge prometheus.Gauge) *queryTable {
	return &queryTable{gauge: gauge, running: map[uint64]*running{}, idle: make(chan struct{})}
}

// add enters a query, gives it its id, and returns the context that cancels it: 57P01 when the server ends.
func (t *queryTable) add(ctx context.Context, q *query) (context.Context, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.draining {
		return nil, shuttingDown()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	t.last++
	q.id, q.shown.ID = t.last, t.last
	t.running[q.id] = &running{query: q, cancel: cancel}
	t.gauge.Inc()
	return ctx, nil
}

// remove is called once for each query that was added.
func (t *queryTable) remove(id uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running[id].cancel(nil)
	delete(t.running, id)
	t.gauge.Dec()
	if t.draining && len(t.running) == 0 {
		close(t.idle)
	}
}

func (t *queryTable) list() []RunningQuery {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]RunningQuery, 0, len(t.running))
	for _, r := range t.running {
		q := r.shown
		q.Rows, q.MemoryBytes = r.rows.Load(), r.budget.Used()
		all = append(all, q)
	}
	slices.SortFunc(all, func(a, b RunningQuery) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID))
	})
	return all
}

func (t *queryTable) cancel(id uint64, may func(owner string) bool) error {
	t.mu.Lock()
	r := t.running[id]
	t.mu.Unlock()
	if r == nil || !may(r.shown.User) {
		return sqlerr.New(sqlerr.UndefinedObject, "no query %d is running", id)
	}
	r.cancel(sqlerr.New(sqlerr.QueryCanceled, "the query was cancelled"))
	return nil
}

// cancelOf ends what a session runs.
func (t *queryTable) cancelOf(session uint64, cause error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.running {
		if r.shown.Session == session {
			r.cancel(cause)
		}
	}
}

// drain refuses new queries, waits for the running ones until ctx ends, then cancels them and waits again: a
// cancelled query ends at its next morsel.
func (t *queryTable) drain(ctx context.Context) {
	t.mu.Lock()
	if !t.draining {
		t.draining = true
		if len(t.running) == 0 {
			close(t.idle)
		}
	}
	t.mu.Unlock()
	select {
	case <-t.idle:
		return
	case <-ctx.Done():
	}
	t.mu.Lock()
	for _, r := range t.running {
		r.cancel(shuttingDown())
	}
	t.mu.Unlock()
}
