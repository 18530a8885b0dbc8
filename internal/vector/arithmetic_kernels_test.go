package vector_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
)

var operations = []vector.Operation{vector.Add, vector.Subtract, vector.Multiply}

func bigOf(x vector.Int128) *big.Int {
	b := new(big.Int).Lsh(big.NewInt(x.Hi), 64)
	return b.Add(b, new(big.Int).SetUint64(x.Lo))
}

func exact(op vector.Operation, x, y vector.Int128) *big.Int {
	r := new(big.Int)
	switch op {
	case vector.Add:
		return r.Add(bigOf(x), bigOf(y))
	case vector.Subtract:
		return r.Sub(bigOf(x), bigOf(y))
	default:
		return r.Mul(bigOf(x), bigOf(y))
	}
}

func TestArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var b vector.Buffer
	all, overflows := shapes(), 0
	for range 6000 {
		n := 1 + r.IntN(150)
		sx, sy := all[r.IntN(len(all))], all[r.IntN(len(all))]
		x, y := sx.integer(r, n, sx.nulls), sy.integer(r, n, sy.nulls)
		op, sel := operations[r.IntN(3)], randomSelection(r, n)
		rows := naive(x, sel, func(i int) bool { return !y.IsNull(i) })
		fits := true
		for _, i := range rows {
			fits = fits && exact(op, x.Wide(int(i)), y.Wide(int(i))).IsInt64()
		}
		got, ok := b.Arithmetic(op, x, y, sel)
		require.Equal(t, fits, ok)
		if !ok {
			overflows++
			continue
		}
		require.Equal(t, n, got.Len)
		require.Equal(t, rows, naive(got, sel, func(int) bool { return true }))
		for _, i := range rows {
			v := got.Int(int(i))
			require.Equal(t, exact(op, x.Wide(int(i)), y.Wide(int(i))).Int64(), v)
			require.True(t, got.Lo <= v && v <= got.Hi)
		}
		rg := randomRange(r, got) // a moved frame must still be fit for a range test
		want := naive(got, sel, func(i int) bool { return (got.Int(i) >= rg.Lo && got.Int(i) <= rg.Hi) != rg.Negate })
		require.Equal(t, want, append([]uint16{}, vector.SelectRange(got, rg, sel, make([]uint16, n))...))
	}
	require.Greater(t, overflows, 50)
}

func randomInt128(r *rand.Rand) vector.Int128 {
	x := vector.Int128{Hi: r.Int64(), Lo: r.Uint64()}
	if r.IntN(2) == 0 {
		x.Hi = -x.Hi
	}
	for range r.IntN(128) { // shift right
		x.Lo = x.Lo>>1 | uint64(x.Hi)<<63
		x.Hi >>= 1
	}
	return x
}

func TestInt128(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	least, most := new(big.Int).Lsh(big.NewInt(-1), 127), new(big.Int).Lsh(big.NewInt(1), 127)
	check := func(want *big.Int, got vector.Int128, ok bool) {
		fits := want.Cmp(least) >= 0 && want.Cmp(most) < 0
		require.Equal(t, fits, ok, want)
		if ok {
			require.Zero(t, want.Cmp(bigOf(got)), "%v %v", want, got)
		}
	}
	for range 20000 {
		x, y := randomInt128(r), randomInt128(r)
		sum, ok := x.Add(y)
		check(exact(vector.Add, x, y), sum, ok)
		difference, ok := x.Sub(y)
		check(exact(vector.Subtract, x, y), difference, ok)
		product, ok := x.Mul(y)
		check(exact(vector.Multiply, x, y), product, ok)
		if y != (vector.Int128{}) {
			q, m := x.QuoRem(y)
			wantQ, wantM := new(big.Int).QuoRem(bigOf(x), bigOf(y), new(big.Int))
			check(wantQ, q, true)
			check(wantM, m, true)
		}
		f, _ := new(big.Float).SetInt(bigOf(x)).Float64()
		require.Equal(t, f, x.Float64()) //nolint:testifylint // the nearest double is exact
	}
	min128 := vector.Int128{Hi: math.MinInt64}
	got, ok := min128.Mul(vector.Int128Of(1))
	check(least, got, ok)
	_, ok = min128.Mul(vector.Int128Of(-1))
	require.False(t, ok)
}

func TestArithmeticWide(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var b vector.Buffer
	limit := vector.Int128{Hi: 5421010862427522170, Lo: 687399551400673280} // 10^38
	for range 500 {
		n := 1 + r.IntN(50)
		wides := func() *vector.Vector {
			v := &vector.Vector{Type: vector.DecimalType(38, 0), Physical: vector.Wide}
			v.Valid = randomValidity(r, n, 0.2)
			d := make([]vector.Int128, n)
			for i := range d {
				d[i] = randomInt128(r)
				if r.IntN(5) > 0 {
					d[i].Hi >>= 40
				}
			}
			vector.SetCodes(v, d)
			return v
		}
		x, y, sel := wides(), wides(), randomSelection(r, n)
		if r.IntN(2) == 0 {
			y = flatInts(r, n, 0)
		}
		op := operations[r.IntN(3)]
		rows := naive(x, sel, func(i int) bool { return !y.IsNull(i) })
		fits := true
		for _, i := range rows {
			fits = fits && exact(op, x.Wide(int(i)), y.Wide(int(i))).CmpAbs(bigOf(limit)) < 0
		}
		got, ok := b.ArithmeticWide(op, x, y, limit, sel)
		require.Equal(t, fits, ok)
		for _, i := range rows {
			if ok {
				require.Zero(t, exact(op, x.Wide(int(i)), y.Wide(int(i))).Cmp(bigOf(got.Wide(int(i)))))
			}
		}
	}
}

func TestWiden(t *testing.T) {
	each(func(r *rand.Rand, v *vector.Vector) {
		sel, all := randomSelection(r, v.Len), vector.All(v.Len)
		rows := sel
		if sel == nil {
			rows = all
		}
		compact := vector.Ints(v, sel, make([]int64, v.Len))
		place := vector.IntsInPlace(v, sel, make([]int64, v.Len))
		wides := vector.Wides(v, sel, make([]vector.Int128, v.Len))
		wide := vector.WidesInPlace(v, sel, make([]vector.Int128, v.Len))
		require.Len(t, compact, len(rows))
		for k, i := range rows {
			require.Equal(t, v.Int(int(i)), compact[k])
			require.Equal(t, v.Int(int(i)), place[i])
			require.Equal(t, vector.Int128Of(v.Int(int(i))), wides[k])
			require.Equal(t, wides[k], wide[i])
		}
	})
}

func TestBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		pick := func() vector.Bounds {
			a, b := flatInts(r, 1, 0).Int(0), flatInts(r, 1, 0).Int(0)
			return vector.Bounds{Lo: min(a, b), Hi: max(a, b)}
		}
		a, b, op := pick(), pick(), operations[r.IntN(3)]
		lo, hi := big.NewInt(math.MaxInt64), big.NewInt(math.MinInt64)
		lo, hi = lo.Mul(lo, lo), hi.Mul(hi, big.NewInt(math.MaxInt64))
		for _, x := range []int64{a.Lo, a.Hi} {
			for _, y := range []int64{b.Lo, b.Hi} {
				v := exact(op, vector.Int128Of(x), vector.Int128Of(y))
				if v.Cmp(lo) < 0 {
					lo = v
				}
				if v.Cmp(hi) > 0 {
					hi = v
				}
			}
		}
		got, ok := a.Combine(op, b)
		require.Equal(t, lo.IsInt64() && hi.IsInt64(), ok)
		if ok {
			require.Equal(t, vector.Bounds{Lo: lo.Int64(), Hi: hi.Int64()}, got)
		}
	}
	none := vector.Bounds{Lo: 1, Hi: 0}
	_, ok := none.Combine(vector.Multiply, vector.Bounds{Lo: vector.MinInt, Hi: vector.MaxInt})
	require.True(t, ok)
	require.Equal(t, vector.Bounds{Lo: 3, Hi: 4}, none.Union(vector.Bounds{Lo: 3, Hi: 4}))
}

func TestSelectCompare(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	all := shapes()
	for range 6000 {
		n := 1 + r.IntN(100)
		sx, sy := all[r.IntN(len(all))], all[r.IntN(len(all))]
		x, y := sx.integer(r, n, sx.nulls), sy.integer(r, n, sy.nulls)
		if y.Encoding == vector.Constant && r.IntN(2) == 0 {
			y.Base = []int64{x.Int(0), vector.MaxInt, vector.MinInt}[r.IntN(3)]
			y.Lo, y.Hi = y.Base, y.Base
		}
		c, sel := vector.Comparison(r.IntN(6)), randomSelection(r, n)
		want := naive(x, sel, func(i int) bool {
			a, b := x.Int(i), y.Int(i)
			holds := []bool{a == b, a != b, a < b, a <= b, a > b, a >= b}[c]
			return !y.IsNull(i) && holds
		})
		got := vector.SelectCompare(c, x, y, sel, make([]uint16, n))
		require.Equal(t, want, append([]uint16{}, got...), "%d", c)
		got = vector.SelectCompare(c, wideOf(x), y, sel, make([]uint16, n))
		require.Equal(t, want, append([]uint16{}, got...), "%d", c)
		require.NotEqual(t, c.Accepts(0), c.Negated().Accepts(0))
	}
}

func TestBuilder(t *testing.T) {
	types := []vector.Type{
		vector.Of(vector.Int64), vector.Of(vector.Float64), vector.Of(vector.Text), vector.DecimalType(38, 2),
		vector.DecimalType(9, 2), vector.Of(vector.Interval), vector.Of(vector.UInt64),
	}
	for _, of := range types {
		var want []vector.Scalar
		for i := range 130 {
			s := vector.Scalar{Type: of, Null: i%7 == 3}
			if !s.Null {
				switch {
				case of.Kind == vector.Decimal || of.Kind == vector.UInt64:
					s.Wide = vector.Int128Of(int64(i))
				case of.Physical() == vector.Float:
					s.Float = float64(i)
				case of.Kind != vector.Interval && of.Physical() == vector.Bytes:
					s.Bytes = fmt.Sprint(i)
				case of.Kind == vector.Interval:
					s.Interval = vector.Months{Months: int32(i), Days: -int32(i), Nanos: int64(i)}
				default:
					s.Int = int64(i)
				}
			}
			want = append(want, s)
		}
		v := vector.ScalarsOf(of, want...)
		b := vector.NewBuilder(of)
		b.Append(v, nil)
		b.Append(v, []uint16{3, 4})
		w := b.Build()
		require.Equal(t, 132, w.Len)
		for i, s := range want {
			require.Equal(t, s, v.ScalarAt(i))
			require.Equal(t, s, w.ScalarAt(i))
			require.Equal(t, s, new(vector.Buffer).Fill(s, 3).ScalarAt(2))
		}
		require.Equal(t, want[4], w.ScalarAt(131))
		require.Zero(t, b.Len())
	}
}

func BenchmarkArithmetic(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	narrow, wide := frame[uint16](r, vector.ChunkRows, 0), flatInts(r, vector.ChunkRows, 0)
	for i, d := range vector.Codes[int64](wide) {
		vector.Codes[int64](wide)[i] = d % 1000
	}
	proven := *wide
	proven.Lo, proven.Hi = -1000, 1000
	unproven := *wide
	unproven.Lo, unproven.Hi = vector.MinInt, vector.MaxInt
	var buffer vector.Buffer
	for _, c := range []struct {
		name string
		x, y *vector.Vector
	}{{"proven", narrow, &proven}, {"checked", &unproven, &unproven}} {
		b.Run("multiply/"+c.name, func(b *testing.B) {
			for b.Loop() {
				if _, ok := buffer.Arithmetic(vector.Multiply, c.x, c.y, nil); !ok {
					b.Fatal("overflow")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/vector.ChunkRows, "ns/row")
		})
	}
	b.Run("widen", func(b *testing.B) {
		out := make([]int64, vector.ChunkRows)
		for b.Loop() {
			vector.Ints(narrow, nil, out)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/vector.ChunkRows, "ns/row")
	})
}
