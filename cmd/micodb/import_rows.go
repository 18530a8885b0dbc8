package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/internal/tablefile"
)

// fileRows hands out a file's rows; it is an Arrow record reader.
type fileRows struct {
	*tablefile.Reader

	ctx     context.Context //nolint:containedctx // of the import: an Arrow reader is given none
	file    *os.File
	size    int64 // bytes of the file; 0 of a pipe
	current arrow.RecordBatch
	err     error
	onBatch func()
}

var _ array.RecordReader = (*fileRows)(nil)

// openRows opens a file. Without a table in the options its columns are found.
func openRows(ctx context.Context, name string, o tablefile.ReadOptions) (*fileRows, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	r := &fileRows{ctx: ctx, file: f}
	info, err := f.Stat()
	if err == nil {
		source := tablefile.Source{Name: name, Bytes: f, Size: info.Size()}
		if !info.Mode().IsRegular() {
			source.Pipe = f
		}
		r.size = source.Size
		r.Reader, err = tablefile.Open(ctx, source, o)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

// Retain does nothing: the rows have one owner.
func (*fileRows) Retain() {}

// Release drops the current batch.
func (r *fileRows) Release() {
	if r.current != nil {
		r.current.Release()
		r.current = nil
	}
}

// Err returns what was wrong with the file.
func (r *fileRows) Err() error { return r.err }

// RecordBatch returns the current batch.
func (r *fileRows) RecordBatch() arrow.RecordBatch { return r.current }

// Record is RecordBatch by the name that the interface had before.
func (r *fileRows) Record() arrow.RecordBatch { return r.current }

// Next reads the next batch.
func (r *fileRows) Next() bool {
	r.Release()
	if r.err != nil {
		return false
	}
	b, err := r.Reader.Next(r.ctx)
	if err != nil {
		if !errors.Is(err, io.EOF) {
			r.err = err
		}
		return false
	}
	r.current = b
	r.onBatch()
	return true
}

func (r *fileRows) close() error {
	r.Release()
	return errors.Join(r.Close(), r.file.Close())
}
