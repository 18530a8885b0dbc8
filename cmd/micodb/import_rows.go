package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/micodb/micodb/internal/textfile"
)

// parquetRowGroupBytesMax is the largest row group that is read: a damaged footer may tell any size.
const parquetRowGroupBytesMax = 4 << 30

// fileRows hands out a file's rows; it is an Arrow record reader.
type fileRows struct {
	schema  *arrow.Schema
	next    func() (arrow.RecordBatch, error) // io.EOF at the end
	free    func()
	file    *os.File
	text    *textfile.Reader // nil for Parquet
	size    int64            // bytes of the file
	all     int64            // rows of a Parquet file
	rows    int64            // handed out
	current arrow.RecordBatch
	err     error
	onBatch func()
}

var _ array.RecordReader = (*fileRows)(nil)

// openRows opens a file; table is nil when its columns are to be found.
func openRows(ctx context.Context, name, format string, table *arrow.Schema, maxErrors int) (*fileRows, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	r := &fileRows{file: f, free: func() {}}
	info, err := f.Stat()
	if err == nil {
		r.size = info.Size()
		if format == fileParquet {
			err = guarded(func() error { return r.openParquet(ctx) })
		} else {
			err = r.openText(format, table, maxErrors)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

func (r *fileRows) openText(format string, table *arrow.Schema, maxErrors int) (err error) {
	o := textfile.Options{Table: table, MaxErrors: maxErrors}
	if format == fileNDJSON {
		o.Format = textfile.NDJSON
	}
	if r.text, err = textfile.NewReader(r.file, o); err != nil {
		return err
	}
	r.schema, r.next, r.free = r.text.Schema(), r.text.Next, r.text.Close
	return nil
}

func (r *fileRows) openParquet(ctx context.Context) error {
	p, err := file.NewParquetReader(r.file)
	if err != nil {
		return err
	}
	for i := range p.NumRowGroups() {
		if n := p.MetaData().RowGroup(i).TotalByteSize(); n < 0 || n > parquetRowGroupBytesMax {
			return fmt.Errorf("row group %d has %d bytes, over the %d that are read", i, n,
				int64(parquetRowGroupBytesMax))
		}
	}
	read, err := pqarrow.NewFileReader(p, pqarrow.ArrowReadProperties{BatchSize: textfile.BatchRows},
		memory.DefaultAllocator)
	if err != nil {
		return err
	}
	batches, err := read.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return err
	}
	r.schema, r.all, r.free = batches.Schema(), p.NumRows(), batches.Release
	r.next = func() (arrow.RecordBatch, error) {
		b, err := batches.Read()
		if err == nil {
			b.Retain()
		}
		return b, err
	}
	return nil
}

// guarded makes an error of a panic: the Parquet library has some for files that are damaged.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the file is damaged: %v", p)
		}
	}()
	return f()
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

// Schema returns the columns.
func (r *fileRows) Schema() *arrow.Schema { return r.schema }

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
	var b arrow.RecordBatch
	err := guarded(func() (err error) { b, err = r.next(); return err })
	if err != nil {
		if !errors.Is(err, io.EOF) {
			r.err = err
		} else if r.text == nil && r.rows != r.all {
			r.err = fmt.Errorf("the file is damaged: it has %d rows and says %d", r.rows, r.all)
		}
		return false
	}
	r.current = b
	r.rows += b.NumRows()
	r.onBatch()
	return true
}

// read is how many bytes of the file are read, of Parquet by the share of its rows.
func (r *fileRows) read() int64 {
	if r.text == nil {
		return int64(float64(r.size) * float64(r.rows) / float64(max(r.all, 1)))
	}
	at, err := r.file.Seek(0, io.SeekCurrent)
	if err != nil { // a pipe has no place
		return 0
	}
	return at
}

func (r *fileRows) rejects() []textfile.RecordError {
	if r.text == nil {
		return nil
	}
	return r.text.Rejects()
}

func (r *fileRows) close() error {
	r.Release()
	r.free()
	return r.file.Close()
}
