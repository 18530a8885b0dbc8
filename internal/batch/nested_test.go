package batch_test

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/vector"
)

// nestedSamples are arrays of lists and structs as JSON, of types that come back as they went.
func nestedSamples() map[arrow.DataType]string {
	item := func(of arrow.DataType) arrow.DataType { return arrow.ListOf(of) }
	members := arrow.StructOf(
		arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		arrow.Field{Name: "b", Type: arrow.BinaryTypes.String, Nullable: true},
	)
	many := "[" + strings.Repeat("1,", 10_000) + "2]" // more elements than a chunk has rows
	return map[arrow.DataType]string{
		item(arrow.PrimitiveTypes.Int64):       `[[1,null,-9223372036854775808],[],null,[9223372036854775807]]`,
		item(arrow.PrimitiveTypes.Int16):       `[` + many + `,[],` + many + `]`,
		item(arrow.PrimitiveTypes.Uint8):       `[[0,255],null,[128]]`,
		item(arrow.PrimitiveTypes.Uint64):      `[[18446744073709551615,0]]`,
		item(arrow.PrimitiveTypes.Float64):     `[[1.5,-2.25,null]]`,
		item(arrow.FixedWidthTypes.Boolean):    `[[true,false,null]]`,
		item(arrow.BinaryTypes.String):         "[[\"a\\u0000b\",\"\",null,\"日本\"],[],null]",
		item(arrow.PrimitiveTypes.Date32):      `[[0,-1,20000]]`,
		item(item(arrow.PrimitiveTypes.Int32)): `[[[1],[],null,[2,3]],[],[[null]]]`,
		members:                                `[{"a":1,"b":"x"},{"a":null,"b":null},null,{"a":-5,"b":""}]`,
		item(members):                          `[[{"a":1,"b":"x"},null],[],null]`,
		arrow.StructOf(arrow.Field{Name: "l", Type: item(members), Nullable: true}): `[{"l":[{"a":1,"b":"x"}]},{"l":null}]`,
		item(&arrow.Decimal128Type{Precision: 38, Scale: 2}):                        `[["123456789012345678901234567890.12","-0.01"]]`,
	}
}

func TestNestedArraysComeBack(t *testing.T) {
	for of, json := range nestedSamples() {
		mem := checked(t)
		a, _, err := array.FromJSON(mem, of, strings.NewReader(json))
		require.NoError(t, err, of)
		declared, err := batch.TypeOf(arrow.Field{Name: "c", Type: of, Nullable: true})
		require.NoError(t, err)
		require.Equal(t, of.String(), batch.FieldOf("c", declared, true).Type.String())
		v, err := batch.VectorOf(a, declared, 0, a.Len())
		require.NoError(t, err)
		require.NoError(t, vector.Check(v, a.Len(), nil))
		requireSame(t, a, declared, v, 0)
		back, err := batch.ArrayOf(v, nil, mem)
		require.NoError(t, err)
		require.True(t, array.Equal(a, back), "%s: %s", of, back)
		if a.Len() > 1 {
			some, err := batch.ArrayOf(v, []uint16{1}, mem)
			require.NoError(t, err)
			require.Equal(t, a.ValueStr(1), some.ValueStr(0))
			tail, err := batch.VectorOf(a, declared, 1, a.Len())
			require.NoError(t, err)
			requireSame(t, a, declared, tail, 1)
			some.Release()
		}
		back.Release()
		a.Release()
	}
}

func TestForeignListsBecomeLists(t *testing.T) {
	for of, json := range map[arrow.DataType]string{
		arrow.LargeListOf(arrow.PrimitiveTypes.Int64):                     `[[1,2],null,[]]`,
		arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Int64):              `[[1,2],null,[3,4]]`,
		arrow.ListOf(arrow.BinaryTypes.LargeString):                       `[["a"],null]`,
		arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64): `[[{"key":"a","value":1}],null]`,
	} {
		a, _, err := array.FromJSON(memory.DefaultAllocator, of, strings.NewReader(json))
		require.NoError(t, err, of)
		declared, err := batch.TypeOf(arrow.Field{Name: "c", Type: of, Nullable: true})
		require.NoError(t, err)
		require.Equal(t, vector.List, declared.Kind)
		v, err := batch.VectorOf(a, declared, 0, a.Len())
		require.NoError(t, err)
		requireSame(t, a, declared, v, 0)
		a.Release()
	}
}
