package batch

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// RecordOf returns the chosen rows of a chunk as an Arrow batch, which shares no memory with the chunk. The
// schema's fields have the types that FieldOf gives for the columns. The caller releases the batch.
func RecordOf(schema *arrow.Schema, c *vector.Chunk, mem memory.Allocator) (arrow.RecordBatch, error) {
	columns := make([]arrow.Array, 0, len(c.Columns))
	defer func() {
		for _, a := range columns {
			a.Release()
		}
	}()
	for _, v := range c.Columns {
		a, err := ArrayOf(v, c.Sel, mem)
		if err != nil {
			return nil, err
		}
		columns = append(columns, a)
	}
	return array.NewRecordBatch(schema, columns, int64(c.Count())), nil
}

// ArrayOf returns the chosen rows of a vector (sel nil: all) as an array of the type that FieldOf gives. It
// shares no memory with the vector. The caller releases it.
func ArrayOf(v *vector.Vector, sel []uint16, mem memory.Allocator) (arrow.Array, error) {
	n := v.Len
	if sel != nil {
		n = len(sel)
	}
	c, err := newColumn(arrowType(v.Type), mem)
	if err != nil {
		return nil, err
	}
	if c.sizeOf(v, sel, n) > math.MaxInt32 {
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "%d rows hold more than 2 GiB of text", n)
	}
	c.append(v, sel, n)
	return c.finish(), nil
}
