package batch_test

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
)

// TestValidate cuts the buffers of sound arrays short, one byte at a time, until Arrow itself refuses them.
func TestValidate(t *testing.T) {
	refused := 0
	for of, values := range samples() {
		sound := build(t, of, values)
		schema := arrow.NewSchema([]arrow.Field{{Name: "c", Type: of, Nullable: true}}, nil)
		require.NoError(t, batch.Validate(array.NewRecordBatch(schema, []arrow.Array{sound}, 3)), "%s", of)
		for k, whole := range sound.Data().Buffers() {
			if whole == nil {
				continue
			}
			for cut := range whole.Len() {
				buffers := append([]*memory.Buffer(nil), sound.Data().Buffers()...)
				buffers[k] = memory.NewBufferBytes(whole.Bytes()[:cut])
				a := arrayOf(of, buffers)
				if a == nil {
					continue
				}
				r := array.NewRecordBatch(schema, []arrow.Array{a}, 3)
				if err := batch.Validate(r); err != nil {
					require.Equal(t, sqlerr.ProtocolViolation, sqlerr.CodeOf(err))
					refused++
					continue
				}
				roundTrip(t, r)
			}
		}
	}
	require.Greater(t, refused, 30)
}

func arrayOf(of arrow.DataType, buffers []*memory.Buffer) (a arrow.Array) {
	defer func() {
		if recover() != nil {
			a = nil
		}
	}()
	return array.MakeFromData(array.NewData(of, 3, buffers, nil, 1, 0))
}

// TestValidateRefuses has damage of which no buffer is too short.
func TestValidateRefuses(t *testing.T) {
	bytesOf := func(n int) *memory.Buffer { return memory.NewBufferBytes(make([]byte, n)) }
	texts := func(offsets []int32, text string) arrow.ArrayData {
		raw := memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets))
		return array.NewData(arrow.BinaryTypes.Binary, len(offsets)-1,
			[]*memory.Buffer{nil, raw, memory.NewBufferBytes([]byte(text))}, nil, 0, 0)
	}
	coded := func(codes ...byte) arrow.ArrayData {
		of := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint8, ValueType: arrow.PrimitiveTypes.Int64}
		values := array.NewData(arrow.PrimitiveTypes.Int64, 2, []*memory.Buffer{nil, bytesOf(16)}, nil, 0, 0)
		return array.NewDataWithDictionary(of, len(codes), []*memory.Buffer{nil, memory.NewBufferBytes(codes)},
			0, 0, values)
	}
	int64s := array.NewData(arrow.PrimitiveTypes.Int64, 1, []*memory.Buffer{nil, bytesOf(8)}, nil, 0, 0)
	lists := func(offsets ...int32) arrow.ArrayData {
		return array.NewData(arrow.ListOf(arrow.PrimitiveTypes.Int64), 1,
			[]*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets))},
			[]arrow.ArrayData{int64s}, 0, 0)
	}
	cases := []struct {
		what string
		data arrow.ArrayData
		code sqlerr.Code
	}{
		{"texts", texts([]int32{0, 2, 5}, "hello"), ""},
		{"offsets that fall", texts([]int32{0, 9, 5}, "hello"), sqlerr.ProtocolViolation},
		{"an offset in the middle past the end", texts([]int32{0, 60_936, 5, 5}, "hello"), sqlerr.ProtocolViolation},
		{"negative offsets", texts([]int32{-3, 2, 5}, "hello"), sqlerr.ProtocolViolation},
		{"codes", coded(0, 1, 0), ""},
		{"codes without a value", coded(0, 1, 7), sqlerr.ProtocolViolation},
		{
			"NULLs without validity",
			array.NewData(arrow.PrimitiveTypes.Int64, 1, []*memory.Buffer{nil, bytesOf(8)}, nil, 1, 0),
			sqlerr.ProtocolViolation,
		},
		{"a list", lists(0, 1), ""},
		{"a list beyond its elements", lists(0, 2), sqlerr.ProtocolViolation},
		{"a list that ends before it begins", lists(1, 0), sqlerr.ProtocolViolation},
		{"lists without offsets", lists(), sqlerr.ProtocolViolation},
		{"a list of damaged texts", array.NewData(arrow.ListOf(arrow.BinaryTypes.Binary), 1,
			[]*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes([]int32{0, 1}))},
			[]arrow.ArrayData{texts([]int32{3, 1}, "hello")}, 0, 0), sqlerr.ProtocolViolation},
		{"a struct", array.NewData(arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int64}), 1,
			[]*memory.Buffer{nil}, []arrow.ArrayData{int64s}, 0, 0), ""},
		{"a struct of damaged texts", array.NewData(arrow.StructOf(arrow.Field{Name: "a", Type: arrow.BinaryTypes.Binary}),
			1, []*memory.Buffer{nil}, []arrow.ArrayData{texts([]int32{3, 1}, "hello")}, 0, 0), sqlerr.ProtocolViolation},
	}
	for _, c := range cases {
		t.Run(c.what, func(t *testing.T) {
			schema := arrow.NewSchema([]arrow.Field{{Name: "c", Type: c.data.DataType(), Nullable: true}}, nil)
			a := array.MakeFromData(c.data)
			err := batch.Validate(array.NewRecordBatch(schema, []arrow.Array{a}, int64(a.Len())))
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.code, sqlerr.CodeOf(err))
		})
	}
}
