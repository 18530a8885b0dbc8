package batch_test

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// A text under a dictionary may be referred to until a chunk of rows reaches the limit, and once more not.
func TestSharedTextsHaveALimit(t *testing.T) {
	const length = 1 << 20
	values := array.NewStringBuilder(memory.DefaultAllocator)
	defer values.Release()
	values.Append(strings.Repeat("x", length))
	of := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	texts := values.NewArray()
	for rows, code := range map[int]sqlerr.Code{
		limits.SharedTextBytes / length: "", limits.SharedTextBytes/length + 1: sqlerr.LimitExceeded,
	} {
		codes := array.NewInt8Builder(memory.DefaultAllocator)
		codes.AppendValues(make([]int8, rows), nil)
		column := array.NewDictionaryArray(of, codes.NewArray(), texts)
		schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: of}}, nil)
		err := batch.Validate(array.NewRecordBatch(schema, []arrow.Array{column}, int64(rows)))
		if code == "" {
			require.NoError(t, err)
			continue
		}
		require.Equal(t, code, sqlerr.CodeOf(err))
	}
}

// Elements of type null take no bytes in a batch, lists of a fixed size of them neither, and bits few.
func TestPackedListsHaveALimit(t *testing.T) {
	const many = 1 << 30
	nulls := array.NewNull(many)
	offsets := memory.NewBufferBytes(arrow.Int32Traits.CastToBytes([]int32{0, many}))
	listed := func(of arrow.DataType, buffers []*memory.Buffer, child arrow.Array) arrow.Array {
		return array.MakeFromData(array.NewData(of, 1, buffers, []arrow.ArrayData{child.Data()}, 0, 0))
	}
	bools := array.NewBooleanData(array.NewData(arrow.FixedWidthTypes.Boolean, many/8,
		[]*memory.Buffer{nil, memory.NewBufferBytes(make([]byte, many/64))}, nil, 0, 0))
	hollow := array.MakeFromData(array.NewData(arrow.FixedSizeListOf(1, arrow.Null), many, []*memory.Buffer{nil},
		[]arrow.ArrayData{nulls.Data()}, 0, 0))
	for what, a := range map[string]arrow.Array{
		"nulls":  listed(arrow.ListOf(arrow.Null), []*memory.Buffer{nil, offsets}, nulls),
		"fixed":  listed(arrow.FixedSizeListOf(many, arrow.Null), []*memory.Buffer{nil}, nulls),
		"hollow": listed(arrow.ListOf(hollow.DataType()), []*memory.Buffer{nil, offsets}, hollow),
		"bits":   listed(arrow.FixedSizeListOf(many/8, arrow.FixedWidthTypes.Boolean), []*memory.Buffer{nil}, bools),
		"within": array.MakeFromData(array.NewData(
			arrow.StructOf(arrow.Field{Name: "l", Type: arrow.ListOf(arrow.Null), Nullable: true}), 1, []*memory.Buffer{nil},
			[]arrow.ArrayData{listed(arrow.ListOf(arrow.Null), []*memory.Buffer{nil, offsets}, nulls).Data()}, 0, 0)),
	} {
		schema := arrow.NewSchema([]arrow.Field{{Name: "l", Type: a.DataType(), Nullable: true}}, nil)
		err := batch.Validate(array.NewRecordBatch(schema, []arrow.Array{a}, 1))
		require.Equal(t, sqlerr.LimitExceeded, sqlerr.CodeOf(err), "%s: %v", what, err)
	}
}
