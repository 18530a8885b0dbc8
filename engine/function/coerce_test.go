package function_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func of(k vector.Kind) vector.Type { return vector.Of(k) }

func decimal(p, s int) vector.Type { return vector.DecimalType(p, s) }

func TestCommon(t *testing.T) {
	milli := vector.Type{Kind: vector.Timestamp, Precision: 3}
	zone := vector.Type{Kind: vector.Timestamp, Precision: 9, Zone: true}
	for _, c := range []struct {
		a, b, want vector.Type // want of Unknown: none
	}{
		{of(vector.Int8), of(vector.Int64), of(vector.Int64)},
		{of(vector.Int8), of(vector.UInt8), of(vector.Int16)},
		{of(vector.UInt8), of(vector.UInt16), of(vector.UInt16)},
		{of(vector.Int32), of(vector.UInt32), of(vector.Int64)},
		{of(vector.Int64), of(vector.UInt64), decimal(20, 0)},
		{of(vector.Int32), decimal(5, 2), decimal(12, 2)},
		{decimal(5, 2), decimal(10, 4), decimal(10, 4)},
		{decimal(38, 0), decimal(10, 9), decimal(38, 0)},
		{decimal(5, 2), of(vector.Float32), of(vector.Float64)},
		{of(vector.Float32), of(vector.Float32), of(vector.Float32)},
		{of(vector.Int8), of(vector.Float32), of(vector.Float64)},
		{of(vector.Date), milli, milli},
		{milli, of(vector.Timestamp), of(vector.Timestamp)},
		{zone, milli, zone},
		{zone, of(vector.Date), zone},
		{of(vector.Text), of(vector.Int32), of(vector.Unknown)},
		{of(vector.Text), of(vector.Date), of(vector.Unknown)},
		{of(vector.Boolean), of(vector.Int32), of(vector.Unknown)},
		{of(vector.JSON), of(vector.Text), of(vector.Text)},
	} {
		for _, pair := range [][2]vector.Type{{c.a, c.b}, {c.b, c.a}} {
			got, ok := function.Common(pair[0], pair[1])
			require.Equal(t, c.want.Kind != vector.Unknown, ok, "%s, %s", pair[0], pair[1])
			if ok {
				require.Equal(t, c.want, got, "%s, %s", pair[0], pair[1])
			}
		}
		got, ok := function.Common(c.a, of(vector.Unknown))
		require.True(t, ok)
		require.Equal(t, c.a, got)
	}
}

func TestImplicitNeverLoses(t *testing.T) {
	numbers := []vector.Type{
		of(vector.Int8), of(vector.Int16), of(vector.Int32), of(vector.Int64), of(vector.UInt8), of(vector.UInt16),
		of(vector.UInt32), of(vector.UInt64), decimal(3, 0), decimal(18, 2), decimal(38, 10),
	}
	for _, from := range numbers {
		for _, to := range numbers {
			lo, hi := function.AsDecimal(from), function.AsDecimal(to)
			fits := hi.Precision-hi.Scale >= lo.Precision-lo.Scale && hi.Scale >= lo.Scale
			if function.Implicit(from, to) {
				require.True(t, fits, "%s to %s has no room for all digits", from, to)
			}
		}
		require.True(t, function.Implicit(from, of(vector.Float64)))
		require.False(t, function.Implicit(from, of(vector.Text)))
		require.False(t, function.Implicit(of(vector.Text), from))
		require.False(t, function.Implicit(of(vector.Float64), from))
	}
	require.False(t, function.Implicit(of(vector.UInt8), of(vector.Int8)))
	require.False(t, function.Implicit(of(vector.Int8), of(vector.UInt64)))
	require.False(t, function.Implicit(of(vector.Timestamp), of(vector.Date)))
}

func TestArithmeticType(t *testing.T) {
	big, double := of(vector.Int64), of(vector.Float64)
	for _, c := range []struct {
		op                        expr.ArithmeticOp
		l, r, left, right, result vector.Type
	}{
		{expr.Add, of(vector.Int8), of(vector.Int32), big, big, big},
		{expr.Divide, of(vector.Int8), of(vector.Int32), double, double, double},
		{expr.IntegerDivide, of(vector.Int8), of(vector.Int32), big, big, big},
		{expr.Multiply, decimal(15, 2), decimal(16, 2), decimal(15, 2), decimal(16, 2), decimal(31, 4)},
		{expr.Multiply, decimal(31, 4), decimal(16, 2), decimal(31, 4), decimal(16, 2), decimal(38, 6)},
		{expr.Add, decimal(5, 2), decimal(5, 4), decimal(7, 4), decimal(7, 4), decimal(8, 4)},
		{expr.Subtract, decimal(38, 2), decimal(38, 2), decimal(38, 2), decimal(38, 2), decimal(38, 2)},
		{expr.Divide, decimal(5, 2), decimal(5, 2), double, double, double},
		{expr.Modulo, decimal(5, 2), decimal(3, 0), decimal(5, 2), decimal(3, 0), decimal(5, 2)},
		{expr.Add, of(vector.UInt64), big, decimal(20, 0), decimal(20, 0), decimal(21, 0)},
		{expr.Add, of(vector.Float32), decimal(5, 2), double, double, double},
		{expr.Add, of(vector.Unknown), of(vector.Int8), big, big, big},
		{expr.Add, of(vector.Unknown), of(vector.Unknown), big, big, big},
	} {
		got, ok := function.ArithmeticType(c.op, c.l, c.r)
		require.True(t, ok)
		if c.op == expr.Modulo {
			c.right = c.left // both sides of % have one type
		}
		require.Equal(t, function.Operands{Left: c.left, Right: c.right, Result: c.result}, got, "%s, %s", c.l, c.r)
	}
	for _, bad := range [][2]vector.Type{
		{of(vector.Text), big}, {big, of(vector.Boolean)}, {of(vector.Date), of(vector.Date)},
	} {
		_, ok := function.ArithmeticType(expr.Add, bad[0], bad[1])
		require.False(t, ok, "%s + %s", bad[0], bad[1])
	}
	_, ok := function.ArithmeticType(expr.IntegerDivide, double, big)
	require.False(t, ok, "DIV of a DOUBLE")
}

func TestAggregateType(t *testing.T) {
	big, double := of(vector.Int64), of(vector.Float64)
	for _, c := range []struct {
		kind              expr.AggregateKind
		arg, cast, result vector.Type
	}{
		{expr.Sum, of(vector.Int8), of(vector.Int8), big},
		{expr.Sum, of(vector.UInt64), decimal(20, 0), decimal(38, 0)},
		{expr.Sum, decimal(15, 2), decimal(15, 2), decimal(38, 2)},
		{expr.Sum, of(vector.Float32), double, double},
		{expr.Avg, of(vector.Int8), of(vector.Int8), double},
		{expr.Avg, decimal(15, 2), decimal(15, 2), double},
		{expr.Min, of(vector.Text), of(vector.Text), of(vector.Text)},
		{expr.Max, of(vector.Date), of(vector.Date), of(vector.Date)},
		{expr.Count, of(vector.Interval), of(vector.Interval), big},
	} {
		cast, result, ok := function.AggregateType(c.kind, c.arg)
		require.True(t, ok)
		require.Equal(t, c.cast, cast, "%s(%s)", c.kind, c.arg)
		require.Equal(t, c.result, result, "%s(%s)", c.kind, c.arg)
	}
	for _, bad := range []vector.Type{of(vector.Text), of(vector.Boolean), of(vector.Date)} {
		_, _, ok := function.AggregateType(expr.Sum, bad)
		require.False(t, ok, "sum(%s)", bad)
	}
}

func TestChooseTakesTheNearestOverload(t *testing.T) {
	big, double, at := of(vector.Int64), of(vector.Float64), of(vector.Timestamp)
	resolve := function.Choose("f",
		function.Fixed(double, expr.NullIfAny, nil, double), function.Fixed(big, expr.NullIfAny, nil, big),
		function.Fixed(at, expr.NullIfAny, nil, at))
	for arg, want := range map[vector.Kind]vector.Type{
		vector.Int8: big, vector.Float32: double, vector.Int64: big, vector.Date: at, vector.Unknown: double,
	} {
		o, err := resolve([]vector.Type{of(arg)})
		require.NoError(t, err)
		require.Equal(t, want, o.Result, "f(%s)", of(arg))
	}
	for _, args := range [][]vector.Type{{}, {of(vector.Text)}, {big, big}} {
		_, err := resolve(args)
		require.Equal(t, sqlerr.UndefinedFunction, sqlerr.CodeOf(err))
	}
}
