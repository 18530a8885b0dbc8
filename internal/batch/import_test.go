package batch_test

import (
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// values of each Arrow type, as its builder reads them from text; NULL stands for NULL.
func samples() map[arrow.DataType][]string {
	return map[arrow.DataType][]string{
		arrow.FixedWidthTypes.Boolean:                  {"true", "", "false"},
		arrow.PrimitiveTypes.Int8:                      {"-128", "", "127"},
		arrow.PrimitiveTypes.Int16:                     {"-32768", "", "32767"},
		arrow.PrimitiveTypes.Int32:                     {"-2147483648", "", "2147483647"},
		arrow.PrimitiveTypes.Int64:                     {"-9223372036854775808", "", "9223372036854775807"},
		arrow.PrimitiveTypes.Uint8:                     {"255", "", "0"},
		arrow.PrimitiveTypes.Uint16:                    {"65535", "", "0"},
		arrow.PrimitiveTypes.Uint32:                    {"4294967295", "", "0"},
		arrow.PrimitiveTypes.Uint64:                    {"18446744073709551615", "", "0"},
		arrow.PrimitiveTypes.Float32:                   {"1.5", "", "-2.25"},
		arrow.PrimitiveTypes.Float64:                   {"1.5", "", "-2.25"},
		arrow.BinaryTypes.String:                       {"grün", "", "x"},
		arrow.BinaryTypes.LargeString:                  {"grün", "", "x"},
		arrow.BinaryTypes.StringView:                   {"a text that is longer than twelve bytes", "", "x"},
		arrow.FixedWidthTypes.Date32:                   {"1969-12-31", "", "2026-02-28"},
		arrow.FixedWidthTypes.Date64:                   {"1969-12-31", "", "2026-02-28"},
		arrow.FixedWidthTypes.Time32s:                  {"23:59:59", "", "00:00:00"},
		arrow.FixedWidthTypes.Time64ns:                 {"23:59:59.123456789", "", "00:00:00"},
		arrow.FixedWidthTypes.Timestamp_ns:             {"1969-12-31 23:59:59.5Z", "", "2026-02-28 01:02:03Z"},
		&arrow.Decimal128Type{Precision: 9, Scale: 2}:  {"-1234567.89", "", "0.01"},
		&arrow.Decimal128Type{Precision: 38, Scale: 2}: {"-123456789012345678901234567.89", "", "0.01"},
	}
}

func build(t *testing.T, of arrow.DataType, values []string) arrow.Array {
	t.Helper()
	b := array.NewBuilder(memory.DefaultAllocator, of)
	defer b.Release()
	for _, v := range values {
		if v == "" {
			b.AppendNull()
			continue
		}
		require.NoError(t, b.AppendValueFromString(v), "%s %s", of, v)
	}
	return b.NewArray()
}

func TestVectorOfAgreesWithScalarAt(t *testing.T) {
	for of, values := range samples() {
		t.Run(of.String(), func(t *testing.T) {
			var many []string
			for range 100 {
				many = append(many, values...)
			}
			whole := build(t, of, many)
			defer whole.Release()
			kept, err := batch.TypeOf(arrow.Field{Name: "c", Type: of})
			require.NoError(t, err)
			for _, cut := range [][2]int64{{0, 300}, {64, 300}, {7, 250}, {299, 300}, {30, 30}} {
				a := array.NewSlice(whole, cut[0], cut[1])
				for _, part := range [][2]int{{0, a.Len()}, {a.Len() / 3, a.Len() / 2}} {
					v, err := batch.VectorOf(a, kept, part[0], part[1])
					require.NoError(t, err)
					require.Equal(t, part[1]-part[0], v.Len)
					requireSame(t, a, kept, v, part[0])
				}
				a.Release()
			}
		})
	}
}

func requireSame(t *testing.T, a arrow.Array, of vector.Type, v *vector.Vector, from int) {
	t.Helper()
	for i := range v.Len {
		s, err := batch.ScalarAt(a, of, from+i)
		require.NoError(t, err)
		require.Equal(t, s.Null, v.IsNull(i))
		if s.Null {
			continue
		}
		switch v.Physical {
		case vector.Integer:
			want := s.Int
			if of.Kind == vector.Decimal {
				want, _ = s.Wide.Int64()
			}
			require.Equal(t, want, v.Int(i))
			require.LessOrEqual(t, v.Lo, want)
			require.GreaterOrEqual(t, v.Hi, want)
		case vector.Float:
			require.InDelta(t, s.Float, v.Float(i), 0)
		case vector.Wide:
			require.Equal(t, s.Wide, v.Wide(i))
		default:
			require.Equal(t, s.Bytes, string(v.Bytes(i)))
		}
	}
}

func TestValuesBeyondTheirTypeAreRefused(t *testing.T) {
	decimal := func(precision int32, v decimal128.Num) arrow.Array {
		b := array.NewDecimal128Builder(memory.DefaultAllocator, &arrow.Decimal128Type{Precision: precision, Scale: 2})
		defer b.Release()
		b.Append(v)
		return b.NewArray()
	}
	late := array.NewTime64Builder(memory.DefaultAllocator, &arrow.Time64Type{Unit: arrow.Nanosecond})
	defer late.Release()
	late.Append(86_400_000_000_000)
	for i, a := range []arrow.Array{
		decimal(4, decimal128.FromI64(10_000)), decimal(4, decimal128.FromI64(-10_000)),
		decimal(18, decimal128.New(1, 5)), decimal(20, decimal128.New(10, 0)), late.NewArray(),
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			defer a.Release()
			kept, err := batch.TypeOf(arrow.Field{Type: a.DataType()})
			require.NoError(t, err)
			_, err = batch.VectorOf(a, kept, 0, 1)
			require.Contains(t, []sqlerr.Code{sqlerr.NumericOutOfRange, sqlerr.InvalidDatetime}, sqlerr.CodeOf(err))
		})
	}
}

func TestDictionariesAreDecoded(t *testing.T) {
	b := array.NewDictionaryBuilder(memory.DefaultAllocator,
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String})
	defer b.Release()
	for _, s := range []string{"b", "a", "b"} {
		require.NoError(t, b.AppendValueFromString(s))
	}
	b.AppendNull()
	a := b.NewArray()
	defer a.Release()
	v, err := batch.VectorOf(a, vector.Of(vector.Text), 0, 4)
	require.NoError(t, err)
	require.Equal(t, "b", string(v.Bytes(0)))
	require.Equal(t, "a", string(v.Bytes(1)))
	require.True(t, v.IsNull(3))
}

func TestAppendRowsKeepsToItsLimit(t *testing.T) {
	a := build(t, arrow.PrimitiveTypes.Int32, []string{"1", "2", "3"})
	defer a.Release()
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: a.DataType()}}, nil)
	b := array.NewRecordBatch(schema, []arrow.Array{a}, 3)
	defer b.Release()
	rows, err := batch.AppendRows(nil, b, 3)
	require.NoError(t, err)
	require.Equal(t, int64(2), rows[1][0].Int)
	_, err = batch.AppendRows(rows, b, 5)
	require.Equal(t, sqlerr.ProgramLimitExceeded, sqlerr.CodeOf(err))
}

func TestBytesCountsTheTextOfASlice(t *testing.T) {
	a := build(t, arrow.BinaryTypes.String, []string{"four", "", "seven"})
	defer a.Release()
	schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: a.DataType(), Nullable: true}}, nil)
	whole := array.NewRecordBatch(schema, []arrow.Array{a}, 3)
	defer whole.Release()
	last := whole.NewSlice(2, 3)
	defer last.Release()
	none := whole.NewSlice(1, 1)
	defer none.Release()
	require.EqualValues(t, 3*4+9, batch.Bytes(whole))
	require.EqualValues(t, 4+5, batch.Bytes(last))
	require.Zero(t, batch.Bytes(none))
}
