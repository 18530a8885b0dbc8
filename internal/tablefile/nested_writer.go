package tablefile

import (
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
)

// groupRows is after how many rows a row group with lists or structs is written.
const groupRows = 128 << 10

// nestedWriter writes lists and structs, whose repetition and definition levels Arrow's library computes.
type nestedWriter struct {
	inner   *pqarrow.FileWriter
	options WriteOptions
	held    int64 // reserved for the row group
	rows    int64 // of the row group
}

func newNestedWriter(out io.Writer, schema *arrow.Schema, o WriteOptions) (Writer, error) {
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Lz4Raw),
		parquet.WithCreatedBy("MicoDB"), parquet.WithVersion(parquet.V2_LATEST))
	w := &nestedWriter{options: o}
	err := guarded(func() (err error) {
		w.inner, err = pqarrow.NewFileWriter(schema, kept{out}, props, pqarrow.DefaultWriterProps())
		return err
	})
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.FeatureNotSupported, "the columns can't be written to a Parquet file")
	}
	return w, nil
}

// kept keeps the library from closing what the Writer writes to.
type kept struct{ io.Writer }

// Write implements Writer.
func (w *nestedWriter) Write(b arrow.RecordBatch) error {
	n := batch.Bytes(b)
	if err := w.options.Reserve(n); err != nil {
		return err
	}
	err := guarded(func() error {
		if w.held >= groupBytes || w.rows >= groupRows {
			w.inner.NewBufferedRowGroup() // which writes the last one
			w.release()
		}
		return w.inner.WriteBuffered(b)
	})
	w.held += n
	w.rows += b.NumRows()
	return err
}

func (w *nestedWriter) release() {
	w.options.Release(w.held)
	w.held, w.rows = 0, 0
}

// Close implements Writer.
func (w *nestedWriter) Close() error {
	err := guarded(w.inner.Close)
	w.release()
	return err
}
