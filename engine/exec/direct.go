package exec

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
)

// IsPipeline tells whether an operator is one pipeline that only reads: nothing of it runs before its rows are asked
// for.
func IsPipeline(op Operator) bool {
	switch op := op.(type) {
	case *Scan, *Values:
		return true
	case *Filter:
		return IsPipeline(op.Input)
	case *Project:
		return IsPipeline(op.Input)
	case *Limit:
		return IsPipeline(op.Input)
	default:
		return false
	}
}

// Direct runs a pipeline on the goroutine that reads the result, a batch at a time. For few rows that is several times
// cheaper than Results: waking other goroutines takes longer than the work. The end of ctx ends the query, as the
// stream's Close does.
func Direct(ctx context.Context, q *Query, op Operator, o Output) batch.Stream {
	q.Workers = 1
	return &direct{cancelled: func() error { return context.Cause(ctx) }, query: q, op: op, output: o}
}

type direct struct {
	cancelled func() error // why the query was ended, nil while it goes on

	query  *Query
	op     Operator
	output Output

	source  Source // nil until the first Next
	builder *batch.Builder
	last    bool  // the source is at its end
	ended   error // what Next returns ever after
}

// Schema returns the schema of all batches.
func (d *direct) Schema() *arrow.Schema { return d.output.Schema }

// Next makes the next batch.
func (d *direct) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if d.ended != nil {
		return nil, d.ended
	}
	b, err := d.next(ctx)
	switch {
	case err != nil:
		d.end(sqlerr.From(err))
	case b == nil:
		d.end(io.EOF)
	}
	return b, d.ended
}

func (d *direct) next(ctx context.Context) (b arrow.RecordBatch, err error) {
	if err := d.query.begin(ctx, 0); err != nil {
		return nil, err
	}
	defer d.query.end(0)
	defer func() {
		if r := recover(); r != nil {
			b, err = nil, Recovered(r)
		}
	}()
	if d.source == nil {
		if err := d.start(ctx); err != nil {
			return nil, err
		}
	}
	for {
		if b := d.builder.Next(); b != nil || d.last {
			return b, nil
		}
		if err := d.fill(ctx); err != nil {
			return nil, err
		}
	}
}

func (d *direct) start(ctx context.Context) error {
	stream, err := d.query.start(ctx, d.op)
	if err != nil {
		return err
	}
	if d.source, err = stream.Open(0); err != nil {
		return err
	}
	d.builder, err = batch.NewBuilder(d.output.Schema, d.output.limits(),
		d.query.Budget.Allocator(memory.DefaultAllocator))
	return err
}

// fill takes a chunk.
func (d *direct) fill(ctx context.Context) error {
	if err := d.query.Checkpoint(ctx, 0); err != nil {
		return err
	}
	if err := d.cancelled(); err != nil {
		return err
	}
	c, err := d.source.Next(ctx)
	if err != nil {
		return err
	}
	if c == nil {
		d.last = true
		d.builder.Flush()
		return nil
	}
	d.builder.Append(c)
	return nil
}

// end gives everything back, once.
func (d *direct) end(why error) {
	if d.builder != nil {
		d.builder.Release()
	}
	var failed error
	if d.source != nil {
		failed = d.source.Close()
	}
	failed = errors.Join(failed, d.query.Close(), d.output.Finish())
	if failed != nil && errors.Is(why, io.EOF) {
		why = sqlerr.From(failed)
	}
	d.ended = why
}

// Close ends the query.
func (d *direct) Close() error {
	if d.ended == nil {
		d.end(errClosed())
	}
	return nil
}
