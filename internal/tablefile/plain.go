package tablefile

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/internal/batch"
)

// plainSchema makes of extension types, which a client's library finds in a schema, what the server sends for them: the
// storage's type, and the extension's name in the field's metadata. 0A000 for a type that MicoDB does not have.
func plainSchema(s *arrow.Schema) (*arrow.Schema, error) {
	fields := make([]arrow.Field, s.NumFields())
	for i, f := range s.Fields() {
		fields[i] = f
		if _, ok := f.Type.(arrow.ExtensionType); !ok {
			continue
		}
		t, err := batch.TypeOf(f)
		if err != nil {
			return nil, err
		}
		fields[i] = batch.FieldOf(f.Name, t, f.Nullable)
	}
	return arrow.NewSchema(fields, nil), nil
}

// plainBatch is a batch with the schema that plainSchema made. The caller releases it.
func plainBatch(s *arrow.Schema, b arrow.RecordBatch) arrow.RecordBatch {
	columns := make([]arrow.Array, b.NumCols())
	for i, c := range b.Columns() {
		columns[i] = c
		if x, ok := c.(array.ExtensionArray); ok {
			columns[i] = x.Storage()
		}
	}
	return array.NewRecordBatch(s, columns, b.NumRows())
}
