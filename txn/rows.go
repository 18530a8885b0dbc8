package txn

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/memtable"
)

// schemaOf returns the Arrow schema of a table's rows in the log.
func schemaOf(columns []catalog.Column) *arrow.Schema {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = batch.FieldOf(c.Name, c.Type, true)
	}
	return arrow.NewSchema(fields, nil)
}

// chunksOf returns the rows of a write set, flat, a block a chunk. The chunks share the view's memory.
func chunksOf(view memtable.View, columns []catalog.Column) []*vector.Chunk {
	chunks := make([]*vector.Chunk, view.Blocks())
	for i := range chunks {
		block := view.Block(i)
		c := &vector.Chunk{Len: block.Rows(), Columns: make([]*vector.Vector, len(columns))}
		for j := range columns {
			form := block.Form(j)
			form.Coded = false
			c.Columns[j] = &vector.Vector{}
			block.Read(j, form, c.Columns[j], &memtable.Buffer{})
		}
		chunks[i] = c
	}
	return chunks
}

// encodeRows returns a chunk as an Arrow IPC stream.
func encodeRows(schema *arrow.Schema, rows *vector.Chunk) ([]byte, error) {
	record, err := batch.RecordOf(schema, rows, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	defer record.Release()
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(schema))
	if err := w.Write(record); err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.InternalError, "rows can't be written to the log")
	}
	if err := w.Close(); err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.InternalError, "rows can't be written to the log")
	}
	return out.Bytes(), nil
}

// decodeRows reads what encodeRows wrote: XX001 when it is something else. The log's checksums have been
// verified, but a decoder of foreign code is not trusted with that.
func decodeRows(body []byte, columns []catalog.Column) (rows *vector.Chunk, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = badRows("%v", r)
		}
	}()
	r, err := ipc.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, badRows("%v", err)
	}
	defer r.Release()
	if !r.Next() {
		return nil, badRows("no batch: %v", r.Err())
	}
	record := r.RecordBatch()
	if int(record.NumCols()) != len(columns) || record.NumRows() > vector.ChunkRows {
		return nil, badRows("%d columns of %d rows", record.NumCols(), record.NumRows())
	}
	rows = &vector.Chunk{Len: int(record.NumRows()), Columns: make([]*vector.Vector, len(columns))}
	for i, c := range columns {
		of, err := batch.TypeOf(record.Schema().Field(i))
		if err != nil || !of.Equal(c.Type) {
			return nil, badRows("column %d has the type %s", i, record.Schema().Field(i).Type)
		}
		if rows.Columns[i], err = batch.VectorOf(record.Column(i), c.Type, 0, rows.Len); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func badRows(format string, args ...any) error {
	return sqlerr.New(sqlerr.DataCorrupted, "rows in the log can't be read: "+format, args...)
}
