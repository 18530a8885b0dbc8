package exec

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Query is what the operators of one running query share. Its methods are for the goroutine that starts the
// operators, but for Checkpoint and the memory that it lends, which workers use too.
type Query struct {
	*shared

	Workers   int
	Budget    *budget.Query
	Scheduler *Scheduler
	Spill     *spill.Files // nil: the query keeps all it holds in memory
	Debug     Debug
	Snapshot  catalog.Snapshot
	Writer    catalog.Writer // nil: the query only reads

	// For EXPLAIN ANALYZE: what every operator counts, and what the one counts that this Query was given to.
	measures map[Operator]*Measure
	measure  *Measure

	turns []turn // of each worker

	lent    *lent
	settled int // of waiting's sinks, those that were there before the work of a nested query

	together int // workers of the pipeline that is started; 0: all
}

// Debug makes a query run in ways that it chooses rarely by itself, for tests: its answers are the same.
type Debug struct {
	SpillRows int  // breakers that can spill do so after as many rows of a worker; 0: when memory ends
	ChunkRows int  // every chunk has as many rows at most, and every morsel of a scan; 0: vector.ChunkRows
	Unpruned  bool // scans read every row group: neither zone maps nor runtime filters leave any out
}

// shared is what is one for all operators of a query.
type shared struct {
	served time.Duration // guarded by Scheduler.mu
	keeper keeper

	cause func() error // nil: nothing ends the query from outside

	waiting   waiting
	impatient atomic.Int64    // workers that wait for memory
	granted   *budget.Query   // nil: nothing is granted
	held      []*budget.Query // that may have memory ahead
}

// NewQuery returns a query that runs on all threads of a scheduler.
func NewQuery(s *Scheduler, memory *budget.Query) *Query {
	return &Query{
		Workers: s.threads, Budget: memory, Scheduler: s, turns: make([]turn, s.threads),
		lent: &lent{}, shared: &shared{waiting: waiting{turn: make(chan struct{}, 1)}},
	}
}

// Close gives all memory back that was lent to the query, and its scratch files: no chunk of it may be used after that.
func (q *Query) Close() error {
	q.returnAll()
	for _, b := range q.held {
		b.Settle()
	}
	if q.granted != nil {
		q.granted.Settle()
	}
	return q.Spill.Close()
}

// watch makes the end of ctx that of the query, also where work has no context.
func (q *Query) watch(ctx context.Context) {
	q.cause = func() error { return context.Cause(ctx) }
}

// ended returns why the query was ended; nil while it goes on.
func (q *Query) ended() error {
	if q.cause == nil {
		return nil
	}
	return q.cause()
}

// spillable is the query for memory that its user can do without by spilling.
func (q *Query) spillable() *Query {
	own := *q
	own.Budget = q.Budget.Spillable()
	return &own
}

// ahead is the query for memory that its user can't do without, of which so many bytes are reserved before the inputs
// start, which may take the rest: until the budget's Settle. Where there is no memory for that, nothing is.
func (q *Query) ahead(bytes int64) (*Query, error) {
	own := *q
	own.Budget = q.Budget.Part()
	q.held = append(q.held, own.Budget)
	return &own, unlessOutOfMemory(own.Budget.Hold(bytes))
}

// aside is the query for tasks that a source runs while other workers may be in their pipelines: those have turns of
// their own. The source's worker gives its turn up meanwhile.
func (q *Query) aside() *Query {
	own := *q
	own.turns = make([]turn, len(q.turns))
	return &own
}

// outOfMemory tells whether an error is that of a reservation, which spilling may help.
func outOfMemory(err error) bool { return err != nil && sqlerr.CodeOf(err) == sqlerr.OutOfMemory }

// parallel runs f once on each worker and waits for all. The first error, or panic, stops the others and is
// returned.
func (q *Query) parallel(ctx context.Context, f func(ctx context.Context, worker int) error) error {
	return q.parallelOn(ctx, q.Workers, f)
}

// parallelOn is parallel on so many workers. The first works on the goroutine that calls.
func (q *Query) parallelOn(
	ctx context.Context, workers int, f func(ctx context.Context, worker int) error,
) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer q.measure.elsewhere()()
	run := func(worker int) {
		if err := q.work(ctx, worker, f); err != nil {
			cancel(err) // only the first counts
		}
	}
	var wg sync.WaitGroup
	for w := 1; w < workers; w++ {
		wg.Go(func() { run(w) })
	}
	run(0)
	wg.Wait()
	return context.Cause(ctx)
}

// work runs f with a turn of the scheduler.
func (q *Query) work(ctx context.Context, worker int, f func(context.Context, int) error) (err error) {
	if err := q.begin(ctx, worker); err != nil {
		return err
	}
	defer q.end(worker)
	defer func() {
		if r := recover(); r != nil {
			err = Recovered(r)
		}
	}()
	defer q.measure.working()()
	return f(ctx, worker)
}

// Recovered turns what recover returned into an error: an allocator's 53200 into itself, else into XX000.
func Recovered(r any) error {
	if err, ok := r.(error); ok {
		if _, ok := errors.AsType[*sqlerr.Error](err); ok {
			return err
		}
	}
	return sqlerr.Wrap(fmt.Errorf("panic: %v\n%s", r, debug.Stack()), sqlerr.InternalError,
		"the query met a defect of MicoDB and was stopped").WithHint("please report it with the server's log")
}

// tasks hands out n numbered tasks to the workers.
func (q *Query) tasks(ctx context.Context, n int, f func(ctx context.Context, worker, task int) error) error {
	var next counter
	return q.parallelOn(ctx, min(n, q.Workers), func(ctx context.Context, worker int) error {
		for {
			i, ok := next.take(n)
			if !ok {
				return nil
			}
			if err := q.Checkpoint(ctx, worker); err != nil {
				return err
			}
			if err := f(ctx, worker, i); err != nil {
				return err
			}
		}
	})
}

// counter numbers tasks for workers that take them.
type counter struct{ next atomic.Int64 }

func (c *counter) take(n int) (int, bool) {
	i := int(c.next.Add(1)) - 1
	return i, i < n
}

// run drains an operator into a sink: each worker pulls its source and gives every chunk to its consumer.
func (q *Query) run(ctx context.Context, in Operator, into func(worker int) (Consumer, error)) error {
	stream, workers, err := q.pipeline(ctx, in)
	if err != nil {
		return err
	}
	return q.parallelOn(ctx, workers, func(ctx context.Context, worker int) error {
		return q.drain(ctx, worker, stream, into)
	})
}

func (q *Query) drain(ctx context.Context, worker int, from Stream, into func(int) (Consumer, error)) (err error) {
	src, err := from.Open(worker)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	put, err := into(worker)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, put.Close()) }()
	for {
		if err := q.Checkpoint(ctx, worker); err != nil {
			return err
		}
		c, err := src.Next(ctx)
		if err != nil || c == nil {
			return err
		}
		if err := put.Consume(ctx, c); err != nil {
			return err
		}
	}
}

// breaker runs in to its end, into a sink, and returns the stream of the result.
func (q *Query) breaker(ctx context.Context, in Operator, s Sink) (Stream, error) {
	if err := q.run(ctx, in, s.Worker); err != nil {
		return nil, err
	}
	return s.Finish(ctx)
}

// unspillable is the part of a Sink that can't give memory back.
type unspillable struct{}

// Reclaim gives nothing back.
func (unspillable) Reclaim(int64) (int64, error) { return 0, nil }

// streamOf makes a Stream of a function.
type streamOf func(worker int) (Source, error)

// Open calls the function.
func (f streamOf) Open(worker int) (Source, error) { return f(worker) }

// sourceOf makes a Source without anything to close of a function.
type sourceOf func(ctx context.Context) (*vector.Chunk, error)

// Next calls the function.
func (f sourceOf) Next(ctx context.Context) (*vector.Chunk, error) { return f(ctx) }

// Close does nothing.
func (sourceOf) Close() error { return nil }

// consumerOf makes a Consumer without anything to close of a function.
type consumerOf func(ctx context.Context, in *vector.Chunk) error

// Consume calls the function.
func (f consumerOf) Consume(ctx context.Context, in *vector.Chunk) error { return f(ctx, in) }

// Close does nothing.
func (consumerOf) Close() error { return nil }

// nothing is a source at its end.
func nothing(context.Context) (*vector.Chunk, error) { return nil, nil } //nolint:nilnil // the contract of Source
