package session

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// returned runs a statement that changes rows and gives some. Its rows are all there before the change is committed:
// nobody sees rows of a change that fails, and nobody has to read them for the change to happen.
func (st *statement) returned(ctx context.Context, params batch.Stream) (batch.Stream, error) {
	server := st.session.server
	rows := &returnedRows{
		schema: st.result, most: server.limits.ReturnedBytes, budget: server.config.Budget.Query(0),
	}
	if _, err := st.exec(ctx, params, rows); err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	for _, b := range rows.batches {
		server.countOut(b)
	}
	return rows, nil
}

// returnedRows are the rows of a change, a stream whose memory is reserved until it is closed.
type returnedRows struct {
	schema *arrow.Schema
	most   int64 // bytes
	budget *budget.Query

	batches []arrow.RecordBatch // owned
	next    int
}

// keep takes over a batch.
func (r *returnedRows) keep(b arrow.RecordBatch) error {
	b, err := promised(r.schema, b)
	if err != nil {
		return err
	}
	r.batches = append(r.batches, b)
	size := batch.Bytes(b)
	if r.budget.Used()+size > r.most {
		return sqlerr.New(sqlerr.LimitExceeded, "the rows of RETURNING take over %s", limits.SizeText(r.most)).
			WithHint("return fewer columns, or change fewer rows at a time")
	}
	return r.budget.Reserve(size)
}

// drop forgets the rows, so that the change can be tried again.
func (r *returnedRows) drop() {
	for _, b := range r.batches {
		b.Release()
	}
	r.batches, r.next = nil, 0
	r.budget.Release(r.budget.Used())
}

// Schema returns what was told at Prepare.
func (r *returnedRows) Schema() *arrow.Schema { return r.schema }

// Next hands out the next batch.
func (r *returnedRows) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if r.next == len(r.batches) {
		return nil, io.EOF
	}
	b := r.batches[r.next]
	b.Retain()
	r.next++
	return b, nil
}

// Close gives the memory back.
func (r *returnedRows) Close() error {
	r.drop()
	r.budget.Close()
	return nil
}
