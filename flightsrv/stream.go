package flightsrv

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
)

// sending is a result on its way to a client.
type sending struct {
	rows      batch.Stream
	callEnded <-chan struct{}  // of the call, which outlasts the cancellation of what it runs
	finish    func(whole bool) // called once all is over; whole: every row was handed to the call
}

// send hands a result's batches to its call, in slices that fit a message, and closes the result. The DoGet of arrow-go
// waits for the channel to close before it returns, so the goroutine ends within the call. An end that is not the
// stream's own always leaves as an error.
func (s *Server) send(ctx context.Context, result sending) <-chan flight.StreamChunk {
	out := make(chan flight.StreamChunk)
	go func() {
		defer close(out)
		err := s.guard(ctx, func() error { return s.sendAll(ctx, result.rows, out) })
		if closing := s.guard(ctx, result.rows.Close); err == nil {
			err = closing
		}
		result.finish(err == nil)
		if err != nil {
			select {
			case out <- flight.StreamChunk{Err: err}:
			case <-result.callEnded:
			}
		}
	}()
	return out
}

func (s *Server) sendAll(ctx context.Context, rows batch.Stream, out chan<- flight.StreamChunk) error {
	for {
		record, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && ctx.Err() != nil {
			record.Release()
			err = ctx.Err()
		}
		if err != nil {
			return ended(ctx, err)
		}
		err = s.sendSlices(ctx, record, out)
		record.Release()
		if err != nil {
			return ended(ctx, err)
		}
	}
}

// ended prefers the reason for which a context was cancelled to the bare fact.
func ended(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && sqlerr.CodeOf(err) == sqlerr.QueryCanceled {
		return cause
	}
	return err
}

// sendSlices halves a batch until each part fits a message; a single row goes whole.
func (s *Server) sendSlices(ctx context.Context, record arrow.RecordBatch, out chan<- flight.StreamChunk) error {
	rows := record.NumRows()
	size := recordBytes(record)
	if size <= s.limits.AnswerBytes || rows <= 1 {
		record.Retain()
		select {
		case out <- flight.StreamChunk{Data: record}:
			return nil
		case <-ctx.Done():
			record.Release()
			return ctx.Err()
		}
	}
	parts := min(size/s.limits.AnswerBytes+1, rows)
	for i := range parts {
		slice := record.NewSlice(rows*i/parts, rows*(i+1)/parts)
		err := s.sendSlices(ctx, slice, out)
		slice.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// The bytes that IPC and Flight add: once a message, and for each buffer its description and padding.
const (
	messageOverhead = 1 << 10
	bufferOverhead  = 128
)

// recordBytes is an upper bound of the message that a batch becomes.
func recordBytes(record arrow.RecordBatch) int64 {
	size := int64(messageOverhead)
	for _, column := range record.Columns() {
		size += arrayBytes(column)
	}
	return size
}

// arrayBytes counts what the slice that an array is of its buffers takes, not the buffers themselves.
func arrayBytes(a arrow.Array) int64 {
	rows := int64(a.Len())
	size := rows/8 + bufferOverhead // validity
	switch a := a.(type) {
	case *array.String:
		return size + bufferOverhead + 4*(rows+1) + int64(len(a.ValueBytes()))
	case *array.Binary:
		return size + bufferOverhead + 4*(rows+1) + int64(len(a.ValueBytes()))
	case *array.Struct:
		for i := range a.NumField() {
			size += arrayBytes(a.Field(i))
		}
		return size
	case array.ExtensionArray:
		return size + arrayBytes(a.Storage())
	case array.ListLike:
		if rows == 0 {
			return size
		}
		from, _ := a.ValueOffsets(0)
		_, to := a.ValueOffsets(int(rows) - 1)
		values := array.NewSlice(a.ListValues(), from, to)
		defer values.Release()
		return size + bufferOverhead + 8*(rows+1) + arrayBytes(values)
	}
	if fixed, ok := a.DataType().(arrow.FixedWidthDataType); ok {
		return size + rows*int64(fixed.BitWidth())/8 + bufferOverhead
	}
	for _, buffer := range a.Data().Buffers() {
		if buffer != nil {
			size += int64(buffer.Len())
		}
	}
	return size
}

// oneBatch is a stream of a single batch, which it owns.
type oneBatch struct {
	record arrow.RecordBatch
	schema *arrow.Schema
}

func newOneBatch(record arrow.RecordBatch) *oneBatch {
	return &oneBatch{record: record, schema: record.Schema()}
}

// Schema returns the batch's.
func (o *oneBatch) Schema() *arrow.Schema { return o.schema }

// Next returns the batch, and then io.EOF.
func (o *oneBatch) Next(context.Context) (arrow.RecordBatch, error) {
	if o.record == nil {
		return nil, io.EOF
	}
	r := o.record
	o.record = nil
	return r, nil
}

// Close lets go a batch that was not taken.
func (o *oneBatch) Close() error {
	if o.record != nil {
		o.record.Release()
		o.record = nil
	}
	return nil
}
