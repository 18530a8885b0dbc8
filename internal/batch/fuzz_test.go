package batch_test

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/vector"
)

// fuzzTypes are the layouts that arrays come in.
func fuzzTypes() []arrow.DataType {
	return []arrow.DataType{
		arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Uint32,
		arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint64, arrow.PrimitiveTypes.Float32,
		arrow.BinaryTypes.String, arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.StringView,
		&arrow.FixedSizeBinaryType{ByteWidth: 3}, arrow.FixedWidthTypes.Date64, arrow.FixedWidthTypes.Time64ns,
		&arrow.Decimal128Type{Precision: 5, Scale: 2}, &arrow.Decimal128Type{Precision: 38, Scale: 2},
		&arrow.Decimal256Type{Precision: 30, Scale: 2}, arrow.FixedWidthTypes.MonthDayNanoInterval,
		arrow.FixedWidthTypes.Duration_s, arrow.Null,
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String},
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint64, ValueType: arrow.PrimitiveTypes.Int32},
	}
}

// FuzzChunks gives arrays whose memory a client has made up: each either is refused or gives vectors that hold
// together and can leave again.
func FuzzChunks(f *testing.F) {
	for i := range fuzzTypes() {
		f.Add(uint8(i), uint8(3), uint8(0), []byte{7}, []byte{0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0}, []byte("ab"))
	}
	f.Fuzz(func(t *testing.T, of, rows, offset uint8, valid, first, second []byte) {
		types := fuzzTypes()
		a := madeUp(types[int(of)%len(types)], int(rows), int(offset), [3][]byte{valid, first, second})
		if a == nil {
			return
		}
		schema := arrow.NewSchema([]arrow.Field{{Name: "c", Type: a.DataType(), Nullable: true}}, nil)
		roundTrip(t, array.NewRecordBatch(schema, []arrow.Array{a}, int64(a.Len())))
	})
}

// madeUp returns nil for what Arrow itself does not take, which it says by a panic; its callers recover.
func madeUp(of arrow.DataType, rows, offset int, memories [3][]byte) (a arrow.Array) {
	defer func() {
		if recover() != nil {
			a = nil
		}
	}()
	var buffers []*memory.Buffer
	for i, m := range memories {
		if i == 0 && len(m) == 0 {
			buffers = append(buffers, nil)
			continue
		}
		aligned := memory.NewGoAllocator().Allocate(len(m))
		copy(aligned, m)
		buffers = append(buffers, memory.NewBufferBytes(aligned))
	}
	switch t := of.(type) {
	case *arrow.DictionaryType:
		values := array.NewData(t.ValueType, 2, []*memory.Buffer{nil, buffers[1], buffers[2]}, nil, 0, 0)
		return array.MakeFromData(array.NewDataWithDictionary(of, rows, buffers[:2], -1, offset, values))
	case *arrow.NullType:
		buffers = []*memory.Buffer{nil}
	case arrow.FixedWidthDataType:
		buffers = buffers[:2]
	}
	return array.MakeFromData(array.NewData(of, rows, buffers, nil, -1, offset))
}

func roundTrip(t *testing.T, r arrow.RecordBatch) {
	t.Helper()
	chunks, err := batch.NewChunks(r)
	if err != nil {
		return
	}
	for {
		c, err := chunks.Next()
		if err != nil || c == nil {
			return
		}
		for i, v := range c.Columns {
			require.NoError(t, vector.Check(v, c.Len, nil))
			a, err := batch.ArrayOf(v, nil, memory.DefaultAllocator)
			require.NoError(t, err)
			require.Equal(t, c.Len, a.Len(), "%s", chunks.Types()[i])
			a.Release()
		}
	}
}
