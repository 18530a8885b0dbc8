package batch

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/sqlerr"
)

// rechunked gathers small batches and cuts large ones.
type rechunked struct {
	Stream

	limits  Limits
	mem     memory.Allocator
	pending []arrow.RecordBatch // gathered, below the limits together
	rows    int
	bytes   int
	ready   []arrow.RecordBatch
	err     error
}

// Rechunk returns a Stream of the same rows in batches of about limits.Rows rows (from one to two times as many) and
// at most limits.Bytes bytes, unless a single row has more. It owns s.
func Rechunk(s Stream, limits Limits, mem memory.Allocator) Stream {
	return &rechunked{Stream: s, limits: limits.orDefault(), mem: mem}
}

// Next hands out the next batch. What precedes an error is handed out before it.
func (r *rechunked) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for len(r.ready) == 0 {
		if r.err != nil {
			return nil, r.err
		}
		b, err := r.Stream.Next(ctx)
		if err != nil {
			r.err = err
			if err != io.EOF { //nolint:errorlint // a stream ends with io.EOF itself
				r.drop()
				return nil, err
			}
			if failed := r.flush(); failed != nil {
				r.err = failed
			}
			continue
		}
		err = r.take(b)
		b.Release()
		if err != nil {
			r.err = err
		}
	}
	b := r.ready[0]
	r.ready = r.ready[1:]
	return b, nil
}

// Bytes returns about how much memory the rows of a batch take; of a slice only its own part counts.
func Bytes(b arrow.RecordBatch) int64 {
	total := int64(0)
	for _, a := range b.Columns() {
		n := int64(a.Len())
		switch t := a.DataType().(type) {
		case arrow.FixedWidthDataType:
			total += n * int64(t.BitWidth()) / 8
		case arrow.BinaryDataType:
			total += textBytes(a)
		default:
			total += int64(a.Data().SizeInBytes())
		}
		if len(a.NullBitmapBytes()) > 0 {
			total += n / 8
		}
	}
	return total
}

func textBytes(a arrow.Array) int64 {
	n := a.Len()
	switch a := a.(type) {
	case array.BinaryLike:
		if n == 0 {
			return 0
		}
		end := a.ValueOffset64(n-1) + int64(a.ValueLen(n-1)) // there is no offset n to ask for
		return 4*int64(n) + end - a.ValueOffset64(0)
	default: // views
		return int64(a.Data().SizeInBytes())
	}
}

// take adds a batch to what is gathered.
func (r *rechunked) take(b arrow.RecordBatch) error {
	rows, bytes := int(b.NumRows()), int(Bytes(b))
	switch {
	case rows == 0:
		return nil
	case rows > 2*r.limits.Rows || bytes > r.limits.Bytes && rows > 1:
		return r.cut(b, rows, bytes)
	case r.rows > 0 && r.bytes+bytes > r.limits.Bytes:
		if err := r.flush(); err != nil {
			return err
		}
	}
	b.Retain()
	r.pending = append(r.pending, b)
	r.rows, r.bytes = r.rows+rows, r.bytes+bytes
	if r.rows >= r.limits.Rows {
		return r.flush()
	}
	return nil
}

// cut makes even slices, which share the batch's memory.
func (r *rechunked) cut(b arrow.RecordBatch, rows, bytes int) error {
	if err := r.flush(); err != nil {
		return err
	}
	pieces := max((rows+r.limits.Rows-1)/r.limits.Rows, (bytes+r.limits.Bytes-1)/r.limits.Bytes)
	each := max((rows+pieces-1)/pieces, 1)
	for from := 0; from < rows; from += each {
		r.ready = append(r.ready, b.NewSlice(int64(from), int64(min(from+each, rows))))
	}
	return nil
}

// flush makes one batch of what is gathered.
func (r *rechunked) flush() error {
	defer r.forget()
	switch len(r.pending) {
	case 0:
		return nil
	case 1:
		r.pending[0].Retain()
		r.ready = append(r.ready, r.pending[0])
		return nil
	}
	columns := make([]arrow.Array, r.pending[0].NumCols())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i := range columns {
		parts := make([]arrow.Array, len(r.pending))
		for k, b := range r.pending {
			parts[k] = b.Column(i)
		}
		var err error
		if columns[i], err = array.Concatenate(parts, r.mem); err != nil {
			return sqlerr.Wrap(err, sqlerr.InternalError, "batches could not be joined")
		}
	}
	r.ready = append(r.ready, array.NewRecordBatch(r.Schema(), columns, int64(r.rows)))
	return nil
}

func (r *rechunked) forget() {
	for _, b := range r.pending {
		b.Release()
	}
	r.pending, r.rows, r.bytes = nil, 0, 0
}

func (r *rechunked) drop() {
	r.forget()
	for _, b := range r.ready {
		b.Release()
	}
	r.ready = nil
}

// Close releases what was not handed out, and closes the stream beneath.
func (r *rechunked) Close() error {
	r.drop()
	if r.err == nil {
		r.err = io.EOF
	}
	return r.Stream.Close()
}
