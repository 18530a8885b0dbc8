package session

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
)

// resultStream is a result that a client reads. It holds what the result needs (the budget, the snapshot or the
// transaction's gate) until the last batch, an error, Close, or abort, which alone may come from elsewhere.
type resultStream struct {
	schema *arrow.Schema
	inner  batch.Stream
	query  *query

	turn chan struct{} // whoever took it may touch what follows
	err  error         // the end, io.EOF or a failure
	once sync.Once
}

func newResultStream(q *query, schema *arrow.Schema, inner batch.Stream) *resultStream {
	return &resultStream{schema: schema, inner: inner, query: q, turn: make(chan struct{}, 1)}
}

// Schema returns what was told at Prepare.
func (r *resultStream) Schema() *arrow.Schema { return r.schema }

// Next returns the next batch. The end of ctx ends the whole query.
func (r *resultStream) Next(ctx context.Context) (arrow.RecordBatch, error) {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	if r.err != nil {
		return nil, r.err
	}
	defer r.query.watch(ctx)()
	b, err := guard(r.query, r.next)
	if err != nil {
		r.finish(err)
		return nil, r.err
	}
	return b, nil
}

func (r *resultStream) next(ctx context.Context) (arrow.RecordBatch, error) {
	if ctx.Err() != nil { // what the executor has ready does not count any more
		return nil, context.Cause(ctx)
	}
	b, err := r.inner.Next(ctx)
	if err != nil {
		return nil, err
	}
	r.query.rows.Add(b.NumRows())
	r.query.server.countOut(b)
	return promised(r.schema, b)
}

// promised puts the schema that Prepare told on a batch, which it takes over: the executor may know more, of
// nullability above all.
func promised(schema *arrow.Schema, b arrow.RecordBatch) (arrow.RecordBatch, error) {
	if b.Schema() == schema {
		return b, nil
	}
	defer b.Release()
	if int(b.NumCols()) != schema.NumFields() {
		return nil, sqlerr.New(sqlerr.InternalError, "the result has %d columns, not %d",
			b.NumCols(), schema.NumFields())
	}
	for i, f := range schema.Fields() {
		if got := b.Column(i).DataType(); !arrow.TypeEqual(got, f.Type) {
			return nil, sqlerr.New(sqlerr.InternalError, "column %s of the result is %s, not %s", f.Name, got, f.Type)
		}
	}
	return array.NewRecordBatch(schema, b.Columns(), b.NumRows()), nil
}

// finish ends the result for good; it is called with the turn.
func (r *resultStream) finish(err error) {
	if r.err != nil {
		return
	}
	closing := r.inner.Close()
	if errors.Is(err, io.EOF) && closing != nil {
		err = closing
	}
	r.err = r.query.end(err)
}

// abort ends a result that somebody may be reading.
func (r *resultStream) abort(cause error) {
	r.query.cancel(cause)
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	r.finish(context.Cause(r.query.ctx)) // the first one
}

// Close ends the result; what was not read is dropped.
func (r *resultStream) Close() error {
	r.once.Do(func() { r.abort(errClosed) })
	return nil
}

// errClosed is what a result answers that was closed before its end.
var errClosed = errors.New("the result is closed")
