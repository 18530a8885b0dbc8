package exec

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
)

// Limits of a result's batches. A gRPC message is at most 4 MiB; a queue holds a few batches, so that a result
// of any size needs little memory.
const (
	maxBatchRows  = 64 << 10
	maxBatchBytes = 2 << 20
	queuedBatches = 4
)

// Output says how a result leaves the engine.
type Output struct {
	Schema    *arrow.Schema // of the operator's columns
	BatchRows int           // rows of a batch; 0: the default
	Finish    func() error  // called once, when nothing runs any more
}

func (o Output) limits() batch.Limits {
	return batch.Limits{Rows: min(max(o.BatchRows, 0), maxBatchRows), Bytes: maxBatchBytes}
}

// Results runs an operator on goroutines of its own and returns its rows as a stream of Arrow batches. The
// stream's Close stops all work and waits for it.
func Results(ctx context.Context, q *Query, op Operator, o Output) batch.Stream {
	ctx, cancel := context.WithCancelCause(ctx)
	q.watch(ctx)
	r := &results{
		schema: o.Schema, cancel: cancel, batches: make(chan arrow.RecordBatch, queuedBatches),
	}
	p := &producer{
		query: q, op: op, out: r.batches, schema: o.Schema,
		limits: o.limits(),
		memory: q.Budget.Allocator(memory.DefaultAllocator),
	}
	go func() {
		defer close(r.batches)
		defer cancel(nil)
		r.err = p.run(ctx)
		if err := errors.Join(q.Close(), o.Finish()); r.err == nil {
			r.err = err
		}
	}()
	return r
}

// results is the reader's end of a running query.
type results struct {
	schema  *arrow.Schema
	batches chan arrow.RecordBatch // closed when nothing runs any more
	cancel  context.CancelCauseFunc
	err     error // why the query ended; set before batches is closed
	once    sync.Once
	ended   error // what Next returns ever after
}

// Schema returns the schema of all batches.
func (r *results) Schema() *arrow.Schema { return r.schema }

// Next waits for the next batch.
func (r *results) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if r.ended != nil {
		return nil, r.ended
	}
	select {
	case b, ok := <-r.batches:
		if ok {
			return b, nil
		}
		r.ended = io.EOF
		if r.err != nil {
			r.ended = sqlerr.From(r.err)
		}
	case <-ctx.Done():
		r.ended = sqlerr.From(context.Cause(ctx))
		r.cancel(r.ended)
	}
	return nil, r.ended
}

// Close stops the query and waits for its end.
func (r *results) Close() error {
	r.once.Do(func() {
		closed := errClosed()
		r.cancel(closed)
		for b := range r.batches {
			b.Release()
		}
		if r.ended == nil {
			r.ended = closed
		}
	})
	return nil
}

func errClosed() error {
	return sqlerr.New(sqlerr.QueryCanceled, "the result was closed before its end")
}

// producer is the engine's end.
type producer struct {
	query  *Query
	op     Operator
	out    chan<- arrow.RecordBatch
	schema *arrow.Schema
	limits batch.Limits
	memory memory.Allocator
}

func (p *producer) run(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = Recovered(r)
		}
	}()
	if p.query.Workers > 1 { // the others read little
		if err := p.query.admit(ctx); err != nil {
			return err
		}
		p.memory = p.query.Budget.Allocator(memory.DefaultAllocator)
	}
	stream, workers, err := p.query.pipeline(ctx, p.op)
	if err != nil {
		return err
	}
	return p.query.parallelOn(ctx, workers, func(ctx context.Context, worker int) error {
		return p.work(ctx, worker, stream)
	})
}

// work turns one worker's chunks into batches.
func (p *producer) work(ctx context.Context, worker int, from Stream) (err error) {
	src, err := from.Open(worker)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	b, err := batch.NewBuilder(p.schema, p.limits, p.memory)
	if err != nil {
		return err
	}
	defer b.Release()
	for {
		if err := p.query.Checkpoint(ctx, worker); err != nil {
			return err
		}
		c, err := src.Next(ctx)
		if err != nil {
			return err
		}
		if c == nil {
			b.Flush()
			return p.send(ctx, worker, b)
		}
		b.Append(c)
		if err := p.send(ctx, worker, b); err != nil {
			return err
		}
	}
}

// send hands out the batches that are full.
func (p *producer) send(ctx context.Context, worker int, from *batch.Builder) error {
	for b := from.Next(); b != nil; b = from.Next() {
		select {
		case p.out <- b:
			continue
		default:
		}
		err := p.query.blocking(ctx, worker, func() error {
			select {
			case p.out <- b:
				return nil
			case <-ctx.Done():
				b.Release()
				return context.Cause(ctx)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
