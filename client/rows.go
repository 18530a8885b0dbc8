package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
)

// Rows is the result of a statement: by batches with Next and Batch, or row by row with NextRow and Scan. It is for one
// goroutine at a time.
type Rows struct {
	conn    *Conn
	info    *flight.FlightInfo
	forget  func()            // stops what the server still does for the rows, and voids their ticket
	failed  func(error) error // says what an error means
	schema  *arrow.Schema
	reader  *flight.Reader // nil for a statement that returns no rows
	cancel  context.CancelFunc
	release func() // gives a borrowed connection back; may be nil
	changed int64
	batch   arrow.RecordBatch // where NextRow reads
	row     int               // in batch
	err     error
	closed  bool
}

// open starts the statement and the way of its rows.
func (r *Rows) open(ctx context.Context, execute func(context.Context) (*flight.FlightInfo, error)) error {
	info, err := execute(ctx)
	if err != nil {
		return err
	}
	if len(info.GetEndpoint()) == 0 {
		r.changed = info.GetTotalRecords()
		return nil
	}
	r.info = info
	if n := len(info.GetEndpoint()); n != 1 {
		return fmt.Errorf("the server answers with %d endpoints, and one is wanted", n)
	}
	if r.schema, err = flight.DeserializeSchema(info.GetSchema(), r.conn.sql.Alloc); err != nil {
		return fmt.Errorf("the server's schema can't be read: %w", err)
	}
	if r.reader, err = r.conn.sql.DoGet(ctx, info.GetEndpoint()[0].GetTicket()); err != nil {
		r.forget()
		return err
	}
	return nil
}

// Schema returns the columns, or nil for a statement that returns none.
func (r *Rows) Schema() *arrow.Schema { return r.schema }

// Changed returns how many rows the statement changed, -1 for one that returns rows.
func (r *Rows) Changed() int64 { return r.changed }

// Next moves to the next batch, and tells whether there is one; after it, Err says why there is none.
func (r *Rows) Next() bool {
	r.batch = nil
	if r.reader == nil || r.err != nil || r.closed {
		return false
	}
	if r.reader.Next() {
		return true
	}
	r.err = r.failed(r.reader.Err())
	r.finish(r.err == nil)
	return false
}

// Batch returns the batch that Next moved to; it is valid until the next call of Next.
func (r *Rows) Batch() arrow.RecordBatch { return r.reader.RecordBatch() }

// NextRow moves to the next row, and tells whether there is one; after it, Err says why there is none.
func (r *Rows) NextRow() bool {
	if r.batch != nil && r.row+1 < int(r.batch.NumRows()) {
		r.row++
		return true
	}
	for r.Next() {
		if r.Batch().NumRows() > 0 {
			r.batch, r.row = r.Batch(), 0
			return true
		}
	}
	return false
}

// Value returns the value of a column, counted from 0, of the row that NextRow moved to. The package comment says
// which Go type it has.
func (r *Rows) Value(column int) any { return ValueOf(r.batch.Column(column), r.row) }

// Values returns all values of the row that NextRow moved to.
func (r *Rows) Values() []any {
	values := make([]any, r.schema.NumFields())
	for i := range values {
		values[i] = r.Value(i)
	}
	return values
}

// Scan copies the row that NextRow moved to into what dest points to, a pointer for each column. A pointer to a pointer
// takes NULL as nil; whatever implements sql.Scanner is asked.
func (r *Rows) Scan(dest ...any) error {
	if r.batch == nil {
		return errors.New("there is no row: call NextRow first, and look at what it returns")
	}
	if len(dest) != r.schema.NumFields() {
		return fmt.Errorf("the row has %d columns, and Scan got %d pointers", r.schema.NumFields(), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, r.Value(i)); err != nil {
			return fmt.Errorf("column %q: %w", r.schema.Field(i).Name, err)
		}
	}
	return nil
}

// Err returns what ended the rows early, nil at their true end.
func (r *Rows) Err() error { return r.err }

// Close stops what still runs for the statement. It is idempotent; rows that were read to their end are closed.
func (r *Rows) Close() error {
	r.finish(false)
	return nil
}

func (r *Rows) finish(whole bool) {
	if r.closed {
		return
	}
	r.closed, r.batch = true, nil
	r.cancel() // first: a statement whose rows are given up stops, and does not hold up what follows
	if r.reader != nil {
		r.reader.Release()
		if !whole {
			r.forget()
		}
	}
	if r.release != nil {
		r.release()
	}
}
