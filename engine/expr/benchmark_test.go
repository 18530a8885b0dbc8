package expr_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// codes makes a frame of codes below most.
func codes[T vector.Code](r *rand.Rand, of vector.Type, base, scale, most int64) *vector.Vector {
	d := make([]T, vector.ChunkRows)
	for i := range d {
		d[i] = T(r.Int64N(most))
	}
	v := &vector.Vector{Type: of, Encoding: vector.Frame, Base: base, Scale: scale, NullCode: true}
	v.Lo, v.Hi = base, base+scale*(most-1)
	vector.SetCodes(v, d)
	return v
}

// lineitem is a chunk like TPC-H's: extended price, discount, tax, quantity, ship date, ship mode.
func lineitem() (*vector.Chunk, []expr.Expr) {
	r := rand.New(rand.NewPCG(1, 2))
	price := vector.DecimalType(15, 2)
	mode := &vector.Vector{Type: text, Physical: vector.Bytes, Encoding: vector.Dict, Dictionary: &vector.Dictionary{}}
	for _, m := range []string{"AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"} {
		mode.Dictionary.Values = append(mode.Dictionary.Values, []byte(m))
	}
	modes := make([]uint8, vector.ChunkRows)
	for i := range modes {
		modes[i] = uint8(r.IntN(7))
	}
	vector.SetCodes(mode, modes)
	c := &vector.Chunk{Len: vector.ChunkRows, Columns: []*vector.Vector{
		codes[uint32](r, price, 90000, 1, 10_000_000), codes[uint8](r, price, 0, 1, 11), codes[uint8](r, price, 0, 1, 9),
		codes[uint8](r, price, 100, 100, 50), codes[uint16](r, vector.Of(vector.Date), 8035, 1, 2526), mode,
	}}
	columns := make([]expr.Expr, len(c.Columns))
	for i, v := range c.Columns {
		columns[i] = expr.Column{Index: i, Of: v.Type}
	}
	return c, columns
}

func decimal(unscaled int64, precision, scale int) expr.Expr {
	return expr.Literal{Value: vector.DecimalOf(vector.DecimalType(precision, scale), vector.Int128Of(unscaled))}
}

// BenchmarkCharge computes price * (1 - discount) * (1 + tax).
func BenchmarkCharge(b *testing.B) {
	c, col := lineitem()
	step := vector.DecimalType(16, 2)
	discounted := expr.Arithmetic{
		Op: expr.Multiply, Of: vector.DecimalType(31, 4), Left: col[0],
		Right: expr.Arithmetic{Op: expr.Subtract, Of: step, Left: decimal(100, 15, 2), Right: col[1]},
	}
	charge := expr.Arithmetic{
		Op: expr.Multiply, Of: vector.DecimalType(38, 6), Left: discounted,
		Right: expr.Arithmetic{Op: expr.Add, Of: step, Left: decimal(100, 15, 2), Right: col[2]},
	}
	value, err := expr.Compile(charge)
	require.NoError(b, err)
	for b.Loop() {
		v, err := value(c, nil)
		if err != nil || v.Physical != vector.Integer {
			b.Fatal(v, err)
		}
	}
	perRow(b)
}

// BenchmarkRevenueFilter is the condition of TPC-H Q6.
func BenchmarkRevenueFilter(b *testing.B) {
	c, col := lineitem()
	date := func(days int64) expr.Expr { return expr.Literal{Value: vector.IntOf(vector.Of(vector.Date), days)} }
	predicate(b, c, expr.And{Of: []expr.Expr{
		expr.Compare{Op: expr.GreaterEqual, Left: col[4], Right: date(8766)},
		expr.Compare{Op: expr.Less, Left: col[4], Right: date(9131)},
		expr.Compare{Op: expr.GreaterEqual, Left: col[1], Right: decimal(5, 15, 2)},
		expr.Compare{Op: expr.LessEqual, Left: col[1], Right: decimal(7, 15, 2)},
		expr.Compare{Op: expr.Less, Left: col[3], Right: decimal(2400, 15, 2)},
	}})
}

// BenchmarkTextFilter is an IN list and a LIKE over a dictionary.
func BenchmarkTextFilter(b *testing.B) {
	c, col := lineitem()
	literal := func(s string) expr.Expr { return expr.Literal{Value: vector.TextOf(s)} }
	predicate(b, c, expr.Or{Of: []expr.Expr{
		expr.In{Of: col[5], List: []expr.Expr{literal("MAIL"), literal("SHIP")}},
		expr.Like{Of: col[5], Pattern: literal("%AIR%")},
	}})
}

func predicate(b *testing.B, c *vector.Chunk, e expr.Expr) {
	b.Helper()
	p, err := expr.CompilePredicate(e)
	require.NoError(b, err)
	out := make([]uint16, c.Len)
	for b.Loop() {
		if _, err := p(c, nil, out); err != nil {
			b.Fatal(err)
		}
	}
	perRow(b)
}

func perRow(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/vector.ChunkRows, "ns/row")
}
