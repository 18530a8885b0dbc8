package vector_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
)

// narrowed checks a test against what it says row by row, on a random mask: NULLs pass only where holds says so.
func narrowed(t *testing.T, r *rand.Rand, n int, test func(*vector.Mask) bool, holds func(i int) bool) (done bool) {
	t.Helper()
	var m vector.Mask
	m.Fill(n)
	require.Equal(t, n, m.Count())
	if r.IntN(2) == 0 {
		for w := range m {
			m[w] &= r.Uint64() | r.Uint64()
		}
	}
	before, want := m, []uint16{}
	for i := range n {
		if m[i>>6]>>(i&63)&1 != 0 && holds(i) {
			want = append(want, uint16(i))
		}
	}
	if !test(&m) {
		require.Equal(t, before, m, "a test that can't say leaves the mask alone")
		return false
	}
	require.Equal(t, want, append([]uint16{}, m.Rows(make([]uint16, n))...))
	require.Equal(t, len(want), m.Count())
	return true
}

func TestMaskRange(t *testing.T) {
	done := 0
	each(func(r *rand.Rand, v *vector.Vector) {
		rg := randomRange(r, v)
		if narrowed(t, r, v.Len, func(m *vector.Mask) bool { return vector.MaskRange(v, rg, m) }, func(i int) bool {
			return !v.IsNull(i) && (v.Int(i) >= rg.Lo && v.Int(i) <= rg.Hi) != rg.Negate
		}) {
			done++
		}
	})
	require.NotZero(t, done)
}

func TestMaskCompare(t *testing.T) {
	done := 0
	for _, s := range shapes() {
		r := rand.New(rand.NewPCG(1, 2))
		for _, o := range shapes() {
			for range 3 {
				n := 1 + r.IntN(1200)
				x, y := s.integer(r, n, s.nulls), o.integer(r, n, o.nulls)
				c := vector.Comparison(r.IntN(6))
				if narrowed(t, r, n, func(m *vector.Mask) bool { return vector.MaskCompare(c, x, y, m) },
					func(i int) bool {
						return !x.IsNull(i) && !y.IsNull(i) && c.Accepts(vector.Compare(x, i, y, i))
					}) {
					done++
				}
			}
		}
	}
	require.Equal(t, vector.SIMD(), done > 0)
}

func TestMaskTable(t *testing.T) {
	r, done := rand.New(rand.NewPCG(1, 2)), 0
	for range 300 {
		n, words := 1+r.IntN(500), 1+r.IntN(255)
		v := &vector.Vector{Physical: vector.Bytes, Encoding: vector.Dict, Dictionary: &vector.Dictionary{}}
		v.Dictionary.Values = make([][]byte, words)
		codes, table := make([]uint8, n), make([]bool, words+1)
		for i := range codes {
			codes[i] = uint8(r.IntN(words + 1))
		}
		for i := range table {
			table[i] = r.IntN(3) == 0
		}
		vector.SetCodes(v, codes)
		if narrowed(t, r, n, func(m *vector.Mask) bool { return vector.MaskTable(v, table, m) },
			func(i int) bool { return table[codes[i]] }) {
			done++
		}
	}
	require.Equal(t, vector.SIMD(), done == 300)
}

// Bitmaps begin and end before, within and behind the codes.
func TestMaskRuntime(t *testing.T) {
	r, done := rand.New(rand.NewPCG(1, 2)), 0
	for range 2000 {
		n, base := 1+r.IntN(300), r.Int64N(1000)-500
		v := &vector.Vector{
			Type: vector.Of(vector.Int64), Encoding: vector.Frame, Base: base, Scale: 1, Lo: vector.MaxInt, Hi: vector.MinInt,
		}
		v.Valid = randomValidity(r, n, []float64{0, 0.2}[r.IntN(2)])
		fours, shorts := make([]uint32, n), make([]uint16, n)
		for i := range fours {
			shorts[i] = uint16(r.IntN(1 + r.IntN(1<<16)))
			fours[i] = uint32(shorts[i])
			if x := base + int64(fours[i]); !v.IsNull(i) {
				v.Lo, v.Hi = min(v.Lo, x), max(v.Hi, x)
			}
		}
		if vector.SetCodes(v, fours); r.IntN(2) == 0 {
			vector.SetCodes(v, shorts)
		}
		if r.IntN(4) == 0 { // bounds may be wider than codes
			v.Lo, v.Hi = vector.MinInt, vector.MaxInt
		}
		rt := &vector.RuntimeValues{Lo: base + r.Int64N(1000) - 500, Bits: make([]uint64, 1+r.IntN(1100))}
		rt.Hi = rt.Lo + int64(len(rt.Bits))*64 - 1 - r.Int64N(64)
		for i := range rt.Bits {
			rt.Bits[i] = r.Uint64()
		}
		if narrowed(t, r, n, func(m *vector.Mask) bool { return vector.MaskRuntime(v, rt, m) }, func(i int) bool {
			x := v.Int(i) - rt.Lo
			return !v.IsNull(i) && x >= 0 && v.Int(i) <= rt.Hi && rt.Bits[x>>6]>>(x&63)&1 != 0
		}) {
			done++
		}
	}
	require.NotZero(t, done)
	require.Equal(t, vector.SIMD(), done == 2000)
}
