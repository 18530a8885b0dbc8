package exec

import (
	"context"
	"slices"
	"sync"
	"time"
)

// quantum is how long a worker keeps a thread while others wait.
const quantum = 4 * time.Millisecond

// ticksPerLook is how many chunks a worker takes between two looks at the clock.
const ticksPerLook = 8

// Scheduler shares a process's threads between its queries. A query runs Query.Workers goroutines; each works
// only while it holds one of the scheduler's turns, and gives it up after a quantum when others wait. A free
// turn goes to the query that has used the least time so far, so that short queries pass long ones.
type Scheduler struct {
	threads int
	pages   pagePool

	mu      sync.Mutex // guards what follows, and the time of every query
	free    int
	waiting []*waiter
	floor   time.Duration // the time of the query that was served last: where new queries begin
}

type waiter struct {
	query *Query
	ready chan struct{}
}

// NewScheduler returns a scheduler of so many threads; it starts no goroutine.
func NewScheduler(threads int) *Scheduler {
	threads = max(threads, 1)
	return &Scheduler{threads: threads, free: threads}
}

// Threads returns how many workers may run at once.
func (s *Scheduler) Threads() int { return s.threads }

// acquire waits for a turn.
func (s *Scheduler) acquire(ctx context.Context, q *Query) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		q.served = max(q.served, s.floor)
		s.mu.Unlock()
		return nil
	}
	w := &waiter{query: q, ready: make(chan struct{})}
	q.served = max(q.served, s.floor)
	s.waiting = append(s.waiting, w)
	s.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	i := slices.Index(s.waiting, w)
	if i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	}
	s.mu.Unlock()
	if i < 0 { // the turn came at the same time
		s.release(q, 0)
	}
	return context.Cause(ctx)
}

// release gives a turn back, to whoever waits and was served least.
func (s *Scheduler) release(q *Query, used time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q.served += used
	if len(s.waiting) == 0 {
		s.free++
		return
	}
	best := 0
	for i, w := range s.waiting {
		if w.query.served < s.waiting[best].query.served {
			best = i
		}
	}
	w := s.waiting[best]
	s.waiting = slices.Delete(s.waiting, best, best+1)
	s.floor = max(s.floor, w.query.served)
	close(w.ready)
}

func (s *Scheduler) contended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting) > 0
}

// turn is what one worker knows of the turn it holds.
type turn struct {
	since time.Time
	ticks int
	_     [40]byte // workers' turns lie on cache lines of their own
}

func (q *Query) begin(ctx context.Context, worker int) error {
	if err := q.Scheduler.acquire(ctx, q); err != nil {
		return err
	}
	q.turns[worker] = turn{since: time.Now()}
	return nil
}

func (q *Query) end(worker int) {
	q.Scheduler.release(q, time.Since(q.turns[worker].since))
}

// Checkpoint is called by a worker between chunks: it ends the work of a query that was cancelled, and lets
// other queries have the thread. On an error the worker still holds its turn.
func (q *Query) Checkpoint(ctx context.Context, worker int) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	t := &q.turns[worker]
	if t.ticks++; t.ticks < ticksPerLook {
		return nil
	}
	t.ticks = 0
	if time.Since(t.since) < quantum || !q.Scheduler.contended() {
		return nil
	}
	return q.blocking(ctx, worker, func() error { return nil })
}

// await waits until done is closed, without the worker's turn.
func (q *Query) await(ctx context.Context, worker int, done <-chan struct{}) error {
	return q.blocking(ctx, worker, func() error {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// blocking runs what may wait for something outside of the engine without the worker's turn.
func (q *Query) blocking(ctx context.Context, worker int, wait func() error) error {
	q.end(worker)
	err := wait()
	// The turn is taken back in any case, because the worker's loop ends with giving one back.
	if again := q.begin(context.WithoutCancel(ctx), worker); err == nil {
		err = again
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}
