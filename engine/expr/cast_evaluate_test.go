package expr_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// samples returns values of a type, the edges of its range among them.
func samples(t vector.Type) []vector.Scalar {
	var out []vector.Scalar
	ints := func(xs ...int64) {
		for _, x := range xs {
			out = append(out, vector.IntOf(t, x))
		}
	}
	wides := func(xs ...vector.Int128) {
		for _, x := range xs {
			out = append(out, vector.DecimalOf(t, x))
		}
	}
	switch t.Kind {
	case vector.Boolean:
		ints(0, 1)
	case vector.Float32, vector.Float64:
		for _, f := range []float64{0, 1, -1.5, 2.5, 127.5, 1e10, -1e30, math.NaN(), math.Inf(1), 0.1} {
			if t.Kind == vector.Float32 {
				f = float64(float32(f))
			}
			out = append(out, vector.Scalar{Type: t, Float: f})
		}
	case vector.Decimal, vector.UInt64:
		wides(vector.Int128Of(0), vector.Int128Of(12345), vector.Int128Of(150))
		if t.Kind == vector.UInt64 {
			wides(vector.Int128{Lo: math.MaxUint64})
		} else {
			wides(vector.Int128Of(-12350), vector.Int128Of(-49))
		}
		if t.Precision > 18 {
			wides(vector.Int128{Lo: 7, Hi: 1 << 50}, vector.Int128Of(1<<62))
		}
	case vector.Text:
		for _, s := range []string{
			"", "1", " -12.5 ", "abc", "2024-02-29", "2024-02-29 12:30:01.5", "true", "12:01", "1e3", "[1]",
			"00000000-0000-0000-0000-00000000000a", "99999999999999999999999",
		} {
			out = append(out, vector.TextOf(s))
		}
	case vector.Date:
		ints(0, -1, 19782, 3000000, -200000000)
	case vector.Time:
		ints(0, 1, 86399*expr.UnitsPerSecond(t))
	case vector.Timestamp:
		ints(0, -1, 1700000000*expr.UnitsPerSecond(t)+7, math.MaxInt64/2)
	case vector.Binary, vector.JSON:
		out = append(out, vector.Scalar{Type: t, Bytes: "12"})
	case vector.UUID:
		out = append(out, vector.Scalar{Type: t, Bytes: "0123456789abcdef"})
	case vector.Interval:
		out = append(out, vector.Scalar{Type: t, Interval: vector.Months{Months: 14, Days: 3, Nanos: 5e9}})
	default:
		lo, hi := t.Limits()
		ints(lo, hi, 0, 1, 100)
	}
	return append(out, vector.NullOf(t))
}

func castTypes() []vector.Type {
	out := []vector.Type{
		vector.DecimalType(5, 2), vector.DecimalType(18, 0), vector.DecimalType(20, 6), vector.DecimalType(38, 10),
		{Kind: vector.Time, Precision: 0},
		{Kind: vector.Timestamp, Precision: 0},
		{Kind: vector.Timestamp, Precision: 6},
		{Kind: vector.Timestamp, Precision: 9, Zone: true},
	}
	for k := vector.Boolean; k <= vector.JSON; k++ {
		if k != vector.Decimal {
			out = append(out, vector.Of(k))
		}
	}
	return out
}

// TestCastAgreesWithCastScalar casts columns of each type to each type, value by value and as a whole, CAST and
// TRY_CAST: the answers and the codes of errors are those of CastScalar.
func TestCastAgreesWithCastScalar(t *testing.T) {
	pairs := 0
	for _, from := range castTypes() {
		values := samples(from)
		column := expr.Column{Name: "c", Of: from, IsNull: true}
		c := &vector.Chunk{Len: len(values), Columns: []*vector.Vector{vector.ScalarsOf(from, values...)}}
		for _, to := range castTypes() {
			plain, err := expr.Compile(expr.Cast{Of: column, To: to})
			if !expr.CanCast(from, to) {
				require.Equal(t, sqlerr.DatatypeMismatch, sqlerr.CodeOf(err))
				continue
			}
			pairs++
			require.NoError(t, err)
			try, err := expr.Compile(expr.Cast{Of: column, To: to, Try: true})
			require.NoError(t, err)
			all, err := try(c, nil)
			require.NoError(t, err)
			whole := *all
			for i, s := range values {
				want, failed := expr.CastScalar(s, to)
				got, err := plain(c, []uint16{uint16(i)})
				require.Equal(t, sqlerr.CodeOf(failed), sqlerr.CodeOf(err), "%v: %s to %s", s, from, to)
				if failed != nil {
					require.True(t, whole.IsNull(i))
					continue
				}
				shown := expr.FormatScalar(want, true)
				require.Equal(t, shown, expr.FormatScalar(got.ScalarAt(i), true), "%s to %s", from, to)
				require.Equal(t, shown, expr.FormatScalar(whole.ScalarAt(i), true))
				require.True(t, got.Type.Equal(to))
			}
		}
	}
	require.Greater(t, pairs, 250)
}
