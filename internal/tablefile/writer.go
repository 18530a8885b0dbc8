package tablefile

import (
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/parquetfile"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/textfile"
)

// Writer writes the batches of one schema as a file.
type Writer interface {
	Write(b arrow.RecordBatch) error

	// Close writes what is held and the file's end; it does not close what the Writer writes to.
	Close() error
}

// WriteOptions say how to write a file.
type WriteOptions struct {
	Format  Format
	Dialect Dialect
	// Reserve is asked for the memory that a Parquet file's row group takes until it is written, and Release gives it
	// back; nil: nobody counts.
	Reserve func(bytes int64) error
	Release func(bytes int64)
}

// NewWriter begins a file: 0A000 for columns that the format has no place for.
func NewWriter(out io.Writer, schema *arrow.Schema, o WriteOptions) (Writer, error) {
	schema, err := plainSchema(schema)
	if err != nil {
		return nil, err
	}
	w := &plainWriter{schema: schema}
	if o.Format == Parquet {
		w.Writer, err = newParquetWriter(out, schema, o)
		return w, err
	}
	w.Writer, err = textfile.NewWriter(out, schema, textfile.WriteOptions{
		Format: o.Format.text(), Delimiter: o.Dialect.Delimiter, Null: o.Dialect.Null,
		NoHeader: o.Dialect.Header == textfile.WithoutHeader,
	})
	return w, err
}

// plainWriter takes batches with extension types too.
type plainWriter struct {
	Writer

	schema *arrow.Schema
}

// Write implements Writer.
func (w *plainWriter) Write(b arrow.RecordBatch) error {
	plain := plainBatch(w.schema, b)
	defer plain.Release()
	return w.Writer.Write(plain)
}

func newParquetWriter(out io.Writer, schema *arrow.Schema, o WriteOptions) (Writer, error) {
	if o.Reserve == nil {
		o.Reserve, o.Release = func(int64) error { return nil }, func(int64) {}
	}
	columns, nested := make([]parquetfile.Column, schema.NumFields()), false
	for i, f := range schema.Fields() {
		t, err := batch.TypeOf(f)
		if err != nil {
			return nil, err
		}
		if t.HasInterval() {
			return nil, sqlerr.NotSupported("writing a column of type " + t.String() + " to a Parquet file").
				WithHint("write its text: CAST(… AS VARCHAR)")
		}
		nested = nested || t.IsNested()
		columns[i] = parquetfile.Column{Name: f.Name, ID: -1, Type: t, Required: !f.Nullable}
	}
	if nested {
		return newNestedWriter(out, schema, o)
	}
	w, err := parquetfile.NewWriter(out, columns)
	if err != nil {
		return nil, err
	}
	return &parquetWriter{inner: w, options: o}, nil
}

// groupBytes is after how many bytes a row group is written, whatever rows it has.
const groupBytes = 64 << 20

type parquetWriter struct {
	inner   *parquetfile.Writer
	options WriteOptions
	held    int64 // reserved for the row group
}

// Write implements Writer.
func (w *parquetWriter) Write(b arrow.RecordBatch) error {
	n := batch.Bytes(b)
	if err := w.options.Reserve(n); err != nil {
		return err
	}
	w.held += n
	chunks, err := batch.NewChunks(b)
	if err != nil {
		return err
	}
	for {
		c, err := chunks.Next()
		if err != nil {
			return err
		}
		if c == nil {
			break
		}
		if err := w.inner.Append(c); err != nil {
			return err
		}
	}
	if w.held >= groupBytes {
		if err := w.inner.Flush(); err != nil {
			return err
		}
	}
	if w.inner.Rows() == 0 {
		w.options.Release(w.held)
		w.held = 0
	}
	return nil
}

// Close implements Writer.
func (w *parquetWriter) Close() error {
	_, err := w.inner.Close()
	w.options.Release(w.held)
	w.held = 0
	return err
}
