package flightsrv

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"

	"github.com/micodb/micodb/internal/batch"
)

// ran is a statement that changes something and returns rows. It is run once, and its rows are kept for whoever reads
// its ticket, however often.
type ran struct {
	*statement // what is run, of which this is one reference

	rows batch.Stream // whose memory is reserved until it is closed
	kept []arrow.RecordBatch
}

// ranInfo runs a statement and returns a ticket for its rows. The ticket is there first: once the change is made
// nothing is left that can fail.
func (h *handlers) ranInfo(ctx context.Context, c *client, e execution, descriptor *flight.FlightDescriptor,
) (*flight.FlightInfo, error) {
	defer e.params.release()
	r := &ran{statement: e.statement}
	held, err := h.handles.add(c, kindTicket, newStatement(r, e.statement.sql, e.statement.transaction), nil)
	if err != nil {
		return nil, err
	}
	running, finish, err := held.begin(ctx, h.now())
	if err != nil {
		return nil, err
	}
	defer finish()
	info, err := h.ticketInfo(c, held, descriptor)
	if err == nil {
		err = h.guard(running, func() error { return r.run(running, e.params.stream()) })
	}
	if err != nil {
		_, closing := h.handles.remove(held)
		return nil, errors.Join(ended(running, err), closing)
	}
	info.TotalRecords = r.count()
	return info, nil
}

// run changes what is to be changed, and keeps the rows.
func (r *ran) run(ctx context.Context, params batch.Stream) error {
	rows, err := r.statement.Query(ctx, params)
	if err != nil {
		return err
	}
	r.rows = rows
	all := context.WithoutCancel(ctx) // the change is made: its rows are only handed over
	for {
		b, err := rows.Next(all)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		r.kept = append(r.kept, b)
	}
}

// count returns how many rows were kept.
func (r *ran) count() (n int64) {
	for _, b := range r.kept {
		n += b.NumRows()
	}
	return n
}

// Query returns the rows that were kept.
func (r *ran) Query(context.Context, batch.Stream) (batch.Stream, error) {
	return &keptStream{schema: r.rows.Schema(), batches: r.kept}, nil
}

// Close lets the rows and the statement go.
func (r *ran) Close() error {
	for _, b := range r.kept {
		b.Release()
	}
	var err error
	if r.rows != nil {
		err = r.rows.Close()
	}
	return errors.Join(err, r.release())
}
