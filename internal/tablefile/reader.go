package tablefile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/textfile"
)

// Source is an open file.
type Source struct {
	Name  string // for messages
	Bytes io.ReaderAt
	Size  int64
	Pipe  io.Reader // read from its beginning in place of Bytes; no Parquet file comes so
}

// ReadOptions say how to read a file.
type ReadOptions struct {
	Format    Format
	Dialect   Dialect
	Table     *arrow.Schema // what texts are read as; nil finds types from a sample
	MaxErrors int           // so many records of text may be wrong, and are left out
	Columns   []string      // of a Parquet file: those of these names alone are read; nil for all
	Group     int           // of a Parquet file: the only row group to read, from 1; 0 for all
	Memory    memory.Allocator
}

// Reader is the rows of a file; it is a batch.Stream. It has one owner.
type Reader struct {
	name   string
	schema *arrow.Schema
	next   func(ctx context.Context) (arrow.RecordBatch, error)
	place  func() string // where in the file next reads, for messages
	free   func()
	text   *textfile.Reader // nil for Parquet
	read   func() int64
	groups []int64 // rows of a Parquet file's row groups
	rows   int64
	err    error
}

// Open begins to read a file. The source stays open until the Reader is closed.
func Open(ctx context.Context, in Source, o ReadOptions) (r *Reader, err error) {
	r = &Reader{name: in.Name, free: func() {}, place: func() string { return "" }}
	if o.Memory == nil {
		o.Memory = memory.DefaultAllocator
	}
	err = guarded(func() error {
		if o.Format == Parquet {
			return r.openParquet(ctx, in, o)
		}
		return r.openText(in, o)
	})
	if err != nil {
		return nil, InFile(r.name, err)
	}
	return r, nil
}

func (r *Reader) openText(in Source, o ReadOptions) (err error) {
	from := in.Pipe
	if from == nil {
		from = io.NewSectionReader(in.Bytes, 0, in.Size)
		if err := refuseBinary(in); err != nil {
			return err
		}
	}
	if o.Table != nil {
		if o.Table, err = plainSchema(o.Table); err != nil {
			return err
		}
	}
	counted := &counter{in: from}
	r.read = func() int64 { return counted.n }
	r.text, err = textfile.NewReader(counted, textfile.Options{
		Format: o.Format.text(), Table: o.Table, Delimiter: o.Dialect.Delimiter, Header: o.Dialect.Header,
		Null: o.Dialect.Null, MaxErrors: o.MaxErrors, Memory: o.Memory,
	})
	if err != nil {
		return err
	}
	r.schema, r.free = r.text.Schema(), r.text.Close
	r.next = func(ctx context.Context) (arrow.RecordBatch, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return r.text.Next()
	}
	return nil
}

// refuseBinary tells what a file is that is no text, where that can be told.
func refuseBinary(in Source) error {
	head := make([]byte, 4)
	n, err := in.Bytes.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for _, m := range []struct{ magic, what, hint string }{
		{"\x1f\x8b", "is compressed with gzip", "unpack it first"},
		{"\x28\xb5\x2f\xfd", "is compressed with zstd", "unpack it first"},
		{"BZh", "is compressed with bzip2", "unpack it first"},
		{"PK\x03\x04", "is a ZIP archive", "unpack it first"},
		{"PAR1", "is a Parquet file", "say that its format is parquet"},
	} {
		if bytes.HasPrefix(head[:n], []byte(m.magic)) {
			return sqlerr.New(sqlerr.BadFile, "the file %s and no text", m.what).WithHint("%s", m.hint)
		}
	}
	return nil
}

// counter counts what is read through it.
type counter struct {
	in io.Reader
	n  int64
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// Name returns the file's name.
func (r *Reader) Name() string { return r.name }

// Schema returns the file's columns.
func (r *Reader) Schema() *arrow.Schema { return r.schema }

// Groups returns how many rows each row group of a Parquet file has; nil for text.
func (r *Reader) Groups() []int64 { return r.groups }

// Next returns the next batch.
func (r *Reader) Next(ctx context.Context) (b arrow.RecordBatch, err error) {
	if r.err != nil {
		return nil, r.err
	}
	err = guarded(func() (err error) { b, err = r.next(ctx); return err })
	if err != nil {
		if r.err = err; err != io.EOF { //nolint:errorlint // the end is io.EOF itself; a decoder's own is damage
			r.err = InFile(r.name+r.place(), err)
		}
		return nil, r.err
	}
	r.rows += b.NumRows()
	return b, nil
}

// Rows returns how many rows were handed out.
func (r *Reader) Rows() int64 { return r.rows }

// Read returns about how many of the file's bytes were read.
func (r *Reader) Read() int64 { return r.read() }

// Rejects returns the first of the records that were left out.
func (r *Reader) Rejects() []textfile.RecordError {
	if r.text == nil {
		return nil
	}
	return r.text.Rejects()
}

// Rejected returns how many records were left out.
func (r *Reader) Rejected() int {
	if r.text == nil {
		return 0
	}
	return r.text.Rejected()
}

// Close ends reading; it does not close the source.
func (r *Reader) Close() error {
	r.free()
	r.free = func() {}
	if r.err == nil {
		r.err = io.EOF
	}
	return nil
}

// guarded makes an error of a panic: the decoders have some for files that are damaged, and the allocator for what is
// over its budget.
func guarded(f func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case error:
			err = p
		default:
			err = fmt.Errorf("%v", p)
		}
	}()
	return f()
}

// InFile adds to an error which file, and where in it, it is about. What has no SQLSTATE is a file that is damaged.
func InFile(where string, err error) error {
	var coded *sqlerr.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &coded):
		e := sqlerr.Wrap(err, coded.Code, "%s: %s", where, coded.Message)
		if coded.Hint != "" {
			return e.WithHint("%s", coded.Hint)
		}
		return e
	default:
		return sqlerr.Wrap(err, sqlerr.BadFile, "%s: the file is damaged, or of another format: %v", where, err)
	}
}
