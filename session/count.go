package session

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/batch"
)

// newCountStream is one row with the number of rows that a statement changed.
func newCountStream(n int64) batch.Stream {
	schema := arrow.NewSchema([]arrow.Field{{Name: "count", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewInt64Builder(memory.DefaultAllocator)
	defer b.Release()
	b.Append(n)
	column := b.NewArray()
	defer column.Release()
	return batch.NewSlice(schema, array.NewRecordBatch(schema, []arrow.Array{column}, 1))
}
