package flightsrv

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
)

// write sends a result's batches to its call, in slices that fit a message, from the call's own goroutine. An end that
// is not the stream's own always leaves as an error.
func (s *Server) write(ctx context.Context, rows batch.Stream, out *recordWriter) error {
	for {
		record, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out.begin() // which sends the schema if nothing else did
		}
		if err != nil {
			return err
		}
		err = s.slices(record, out.write)
		record.Release()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
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

// slices halves a batch until each part fits a message; a single row goes whole. What each is given is valid during
// the call.
func (s *Server) slices(record arrow.RecordBatch, each func(arrow.RecordBatch) error) error {
	rows := record.NumRows()
	size := recordBytes(record)
	if size <= s.limits.AnswerBytes || rows <= 1 {
		return each(record)
	}
	parts := min(size/s.limits.AnswerBytes+1, rows)
	for i := range parts {
		slice := record.NewSlice(rows*i/parts, rows*(i+1)/parts)
		err := s.slices(slice, each)
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
