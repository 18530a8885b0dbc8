package expr_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func TestCastScalarFromText(t *testing.T) {
	milli := vector.Type{Kind: vector.Timestamp, Precision: 3}
	for _, c := range []struct {
		text string
		to   vector.Type
		want string      // as FormatScalar shows it
		code sqlerr.Code // or the error
	}{
		{" 42 ", vector.Of(vector.Int32), "42", ""},
		{"128", vector.Of(vector.Int8), "", sqlerr.NumericOutOfRange},
		{"4x", vector.Of(vector.Int8), "", sqlerr.InvalidText},
		{"18446744073709551615", vector.Of(vector.UInt64), "18446744073709551615", ""},
		{"-1", vector.Of(vector.UInt64), "", sqlerr.NumericOutOfRange},
		{"1.005", vector.DecimalType(5, 2), "1.01", ""},
		{"-1.005", vector.DecimalType(5, 2), "-1.01", ""},
		{"1e2", vector.DecimalType(5, 2), "100.00", ""},
		{"999.995", vector.DecimalType(5, 2), "", sqlerr.NumericOutOfRange},
		{"1e-999", vector.DecimalType(5, 2), "0.00", ""},
		{".5", vector.DecimalType(38, 37), "0.5000000000000000000000000000000000000", ""},
		{"", vector.DecimalType(5, 2), "", sqlerr.InvalidText},
		{"1e400", vector.Of(vector.Float64), "", sqlerr.NumericOutOfRange},
		{"-0.25", vector.Of(vector.Float64), "-0.25", ""},
		{"TRUE", vector.Of(vector.Boolean), "true", ""},
		{"2000-02-29", vector.Of(vector.Date), "2000-02-29", ""},
		{"1969-12-31", vector.Of(vector.Date), "1969-12-31", ""},
		{"2001-02-29", vector.Of(vector.Date), "", sqlerr.InvalidDatetime},
		{"1969-12-31 23:59:59.9999", milli, "1969-12-31 23:59:59.999", ""},
		{"1677-09-21 00:12:44", vector.Of(vector.Timestamp), "1677-09-21 00:12:44", ""},
		{"1677-09-21 00:12:43", vector.Of(vector.Timestamp), "", sqlerr.InvalidDatetime},
		{"2262-04-11 23:47:15.999999999", vector.Of(vector.Timestamp), "2262-04-11 23:47:15.999999999", ""},
		{"2262-04-11 23:47:17", vector.Of(vector.Timestamp), "", sqlerr.InvalidDatetime},
		{"2000-01-01T02:30:00+02:30", vector.Of(vector.Timestamp), "2000-01-01 00:00:00", ""},
		{"2000-01-01 24:00:00", milli, "", sqlerr.InvalidDatetime},
		{"23:59:59.5", vector.Of(vector.Time), "23:59:59.5", ""},
		{"1 year 2 months -3 days 01:00:00", vector.Of(vector.Interval), "1 year 2 months -3 days 01:00:00", ""},
		{"1 fortnight", vector.Of(vector.Interval), "", sqlerr.InvalidDatetime},
		{"{", vector.Of(vector.JSON), "", sqlerr.InvalidText},
	} {
		got, err := expr.CastScalar(vector.TextOf(c.text), c.to)
		require.Equal(t, c.code, sqlerr.CodeOf(err), "%q as %s: %v", c.text, c.to, err)
		if err == nil {
			require.Equal(t, c.want, expr.FormatScalar(got, false), "%q as %s", c.text, c.to)
		}
	}
}

func TestCastScalarBetweenTypes(t *testing.T) {
	decimal := func(text string, p, s int) vector.Scalar {
		v, err := expr.ParseScalar(text, vector.DecimalType(p, s))
		require.NoError(t, err)
		return v
	}
	day := vector.IntOf(vector.Of(vector.Date), -1)
	for _, c := range []struct {
		from vector.Scalar
		to   vector.Type
		want string
		code sqlerr.Code
	}{
		{vector.FloatOf(-2.5), vector.Of(vector.Int16), "-3", ""},
		{vector.FloatOf(2.5), vector.Of(vector.Int16), "3", ""},
		{vector.FloatOf(1e10), vector.Of(vector.Int32), "", sqlerr.NumericOutOfRange},
		{vector.FloatOf(0.1), vector.DecimalType(10, 3), "0.100", ""},
		{vector.FloatOf(1e300), vector.Of(vector.Float32), "", sqlerr.NumericOutOfRange},
		{decimal("-2.50", 5, 2), vector.Of(vector.Int64), "-3", ""},
		{decimal("2.45", 5, 2), vector.DecimalType(3, 1), "2.5", ""},
		{decimal("2.45", 5, 2), vector.Of(vector.Float64), "2.45", ""},
		{vector.IntOf(vector.Of(vector.Int64), 1000), vector.DecimalType(5, 2), "", sqlerr.NumericOutOfRange},
		{vector.IntOf(vector.Of(vector.Int64), -7), vector.Of(vector.Boolean), "true", ""},
		{day, vector.Of(vector.Timestamp), "1969-12-31 00:00:00", ""},
		{vector.IntOf(vector.Of(vector.Timestamp), -1), vector.Of(vector.Date), "1969-12-31", ""},
		{vector.IntOf(vector.Of(vector.Timestamp), -1e9), vector.Of(vector.Time), "23:59:59", ""},
		{day, vector.Of(vector.Text), "1969-12-31", ""},
		{vector.FloatOf(1234567), vector.Of(vector.Text), "1234567", ""},
		{vector.FloatOf(1e20), vector.Of(vector.Text), "100000000000000000000", ""},
		{vector.FloatOf(-1e21), vector.Of(vector.Text), "-1e+21", ""},
		{vector.FloatOf(1e-7), vector.Of(vector.Text), "1e-07", ""},
		{vector.FloatOf(math.Inf(-1)), vector.Of(vector.Text), "-Infinity", ""},
		{day, vector.Of(vector.Int32), "", sqlerr.DatatypeMismatch},
		{vector.Scalar{Type: vector.Of(vector.Binary), Bytes: "é"}, vector.Of(vector.Text), "é", ""},
		{vector.Scalar{Type: vector.Of(vector.Binary), Bytes: "\x00\xff"}, vector.Of(vector.Text), "", sqlerr.InvalidText},
		{vector.NullOf(vector.Of(vector.Text)), vector.Of(vector.Date), "NULL", ""},
	} {
		got, err := expr.CastScalar(c.from, c.to)
		require.Equal(t, c.code, sqlerr.CodeOf(err), "%v as %s: %v", c.from, c.to, err)
		if err == nil {
			require.Equal(t, c.want, expr.FormatScalar(got, false), "%v as %s", c.from, c.to)
			require.Equal(t, c.to, got.Type)
		}
	}
}
