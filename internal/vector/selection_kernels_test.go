package vector_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
)

const rounds = 40

// each runs a check on random vectors of every shape.
func each(check func(r *rand.Rand, v *vector.Vector)) {
	for _, s := range shapes() {
		r := rand.New(rand.NewPCG(1, uint64(s.nulls*100)))
		for range rounds {
			check(r, s.integer(r, 1+r.IntN(300), s.nulls))
		}
	}
}

func randomRange(r *rand.Rand, v *vector.Vector) vector.Range {
	pick := func() int64 {
		switch r.IntN(6) {
		case 0:
			return vector.MinInt
		case 1:
			return vector.MaxInt
		case 2:
			return r.Int64()
		}
		return v.Int(r.IntN(v.Len)) + r.Int64N(3) - 1
	}
	return vector.Range{Lo: pick(), Hi: pick(), Negate: r.IntN(2) == 0}
}

func TestSelectRange(t *testing.T) {
	each(func(r *rand.Rand, v *vector.Vector) {
		in, rg := randomSelection(r, v.Len), randomRange(r, v)
		want := naive(v, in, func(i int) bool {
			return (v.Int(i) >= rg.Lo && v.Int(i) <= rg.Hi) != rg.Negate
		})
		out := make([]uint16, v.Len)
		require.Equal(t, want, append([]uint16{}, vector.SelectRange(v, rg, in, out)...))
		if in != nil { // in place
			require.Equal(t, want, append([]uint16{}, vector.SelectRange(v, rg, in, in)...))
		}
	})
}

func TestSelectWideRange(t *testing.T) {
	each(func(r *rand.Rand, v *vector.Vector) {
		in, rg := randomSelection(r, v.Len), randomRange(r, v)
		w := vector.WideRange{Lo: vector.Int128Of(rg.Lo), Hi: vector.Int128Of(rg.Hi), Negate: rg.Negate}
		if r.IntN(3) == 0 {
			w.Hi = vector.Int128{Hi: r.Int64() >> r.IntN(64), Lo: r.Uint64()}
		}
		wide := wideOf(v)
		want := naive(v, in, func(i int) bool {
			x := v.Wide(i)
			return (x.Cmp(w.Lo) >= 0 && x.Cmp(w.Hi) <= 0) != w.Negate
		})
		out := make([]uint16, v.Len)
		require.Equal(t, want, append([]uint16{}, vector.SelectWideRange(v, w, in, out)...))
		require.Equal(t, want, append([]uint16{}, vector.SelectWideRange(wide, w, in, out)...))
	})
}

func wideOf(v *vector.Vector) *vector.Vector {
	w := &vector.Vector{Type: vector.DecimalType(38, 0), Physical: vector.Wide, Valid: v.Valid}
	if v.Encoding == vector.Constant {
		w.Encoding, w.Big, w.Len = vector.Constant, v.Wide(0), v.Len
		return w
	}
	d := make([]vector.Int128, v.Len)
	for i := range d {
		d[i] = v.Wide(i)
	}
	vector.SetCodes(w, d)
	return w
}

var oddFloats = []float64{
	math.Inf(-1), -1e308, -1.5, -1, -5e-324, math.Copysign(0, -1), 0, 5e-324, 1, 1.5, 1e308, math.Inf(1), math.NaN(),
}

func TestSelectFloatRange(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		n := 1 + r.IntN(100)
		v := &vector.Vector{Type: vector.Of(vector.Float64), Physical: vector.Float}
		v.Valid = randomValidity(r, n, []float64{0, 0.2}[r.IntN(2)])
		pick := func() float64 { return oddFloats[r.IntN(len(oddFloats))] }
		if r.IntN(5) == 0 {
			v.Encoding, v.Len, v.Real = vector.Constant, n, pick()
		} else {
			d := make([]float64, n)
			for i := range d {
				d[i] = pick()
			}
			vector.SetCodes(v, d)
		}
		lo, hi, in := pick(), pick(), randomSelection(r, n)
		above, below := r.Int64N(2), r.Int64N(2) // 1: the end itself is left out
		rg := vector.Range{Lo: vector.FloatKey(lo), Hi: vector.FloatKey(hi) - below, Negate: r.IntN(2) == 0}
		if rg.Lo == vector.MaxInt {
			above = 0
		}
		rg.Lo += above
		want := naive(v, in, func(i int) bool {
			inside := vector.CompareFloats(v.Float(i), lo) >= int(above) &&
				vector.CompareFloats(v.Float(i), hi) <= int(-below)
			return inside != rg.Negate
		})
		got := vector.SelectFloatRange(v, rg, in, make([]uint16, n))
		require.Equal(t, want, append([]uint16{}, got...))
	}
}

func TestFloatOrder(t *testing.T) {
	for i, a := range oddFloats {
		for j, b := range oddFloats {
			want := slices.Index([]bool{i < j, i == j, i > j}, true) - 1
			if a == 0 && b == 0 {
				want = 0
			}
			require.Equal(t, want, vector.CompareFloats(a, b), "%v %v", a, b)
			ka, kb := vector.FloatKey(a), vector.FloatKey(b)
			require.Equal(t, want, slices.Index([]bool{ka < kb, ka == kb, ka > kb}, true)-1, "%v %v", a, b)
		}
		require.Zero(t, vector.CompareFloats(a, vector.KeyFloat(vector.FloatKey(a))))
	}
	require.True(t, math.IsNaN(vector.KeyFloat(vector.MaxInt)))
	require.True(t, math.IsInf(vector.KeyFloat(vector.MinInt), -1))
	require.True(t, math.IsNaN(vector.KeyFloat(vector.FloatKey(math.Inf(1))+1)))
}

func TestSelectValidAndNull(t *testing.T) {
	each(func(r *rand.Rand, v *vector.Vector) {
		in, out := randomSelection(r, v.Len), make([]uint16, v.Len)
		valid := naive(v, in, func(int) bool { return true })
		require.Equal(t, valid, append([]uint16{}, vector.SelectValid(v, in, out)...))
		all := in
		if in == nil {
			all = vector.All(v.Len)
		}
		null := append([]uint16{}, vector.SelectNull(v, in, out)...)
		require.Equal(t, null, append([]uint16{}, vector.Difference(all, valid, make([]uint16, v.Len))...))
		require.Equal(t, all, vector.Union(valid, null, make([]uint16, v.Len)))
		require.Equal(t, all, vector.Union(all, null, make([]uint16, v.Len)))
	})
}

// texts makes the same random texts in each encoding; a NULL row has no defined text.
func texts(r *rand.Rand, n int, nulls float64) []*vector.Vector {
	valid := randomValidity(r, n, nulls)
	words := [][]byte{[]byte(""), []byte("a"), []byte("bb"), []byte("ccc"), []byte("a longer text of more than twelve")}
	d := &vector.Dictionary{Values: words}
	base := vector.Vector{Type: vector.Of(vector.Text), Physical: vector.Bytes, Valid: valid, Len: n}
	dict, flat, view := base, base, base
	dict.Encoding, dict.Dictionary = vector.Dict, d
	view.Encoding, view.Pages = vector.View, [][]byte{nil, nil}
	codes := make([]uint8, n)
	flat.Offsets = []int32{0}
	for i := range codes {
		codes[i] = uint8(r.IntN(len(words)))
		word := words[codes[i]]
		if base.IsNull(i) {
			codes[i], word = uint8(len(words)), nil
		}
		flat.Data = append(flat.Data, word...)
		flat.Offsets = append(flat.Offsets, int32(len(flat.Data)))
		view.Refs = append(view.Refs, 1<<44|uint64(len(view.Pages[1]))<<20|uint64(len(word)))
		view.Pages[1] = append(view.Pages[1], word...)
	}
	vector.SetCodes(&dict, codes)
	return []*vector.Vector{&dict, &flat, &view}
}

func TestSelectBytesAndTable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n := 1 + r.IntN(200)
		match := func(b []byte) bool { return len(b)%2 == 1 }
		in, out := randomSelection(r, n), make([]uint16, n)
		vs := texts(r, n, []float64{0, 0.3, 1}[r.IntN(3)])
		want := naive(vs[0], in, func(i int) bool { return match(vs[0].Bytes(i)) })
		for _, v := range vs {
			require.Equal(t, want, append([]uint16{}, vector.SelectBytes(v, match, in, out)...))
		}
		table := []bool{false, true, false, true, true, false}
		require.Equal(t, want, append([]uint16{}, vector.SelectTable(vs[0], table, in, out)...))
		null := []bool{false, false, false, false, false, true}
		require.Equal(t, append([]uint16{}, vector.SelectNull(vs[0], in, out)...),
			append([]uint16{}, vector.SelectTable(vs[0], null, in, make([]uint16, n))...))
	}
}

func TestConstantText(t *testing.T) {
	c := &vector.Vector{Physical: vector.Bytes, Encoding: vector.Constant, Len: 5, Valid: []uint64{0b01101}}
	c.Dictionary = &vector.Dictionary{Values: [][]byte{[]byte("x")}}
	out := make([]uint16, 5)
	yes, no := func([]byte) bool { return true }, func([]byte) bool { return false }
	require.Equal(t, []uint16{0, 2, 3}, vector.SelectBytes(c, yes, nil, out))
	require.Empty(t, vector.SelectBytes(c, no, nil, out))
	require.Equal(t, []uint16{0, 2, 3}, vector.SelectTable(c, []bool{true, false}, nil, out))
	require.Equal(t, []uint16{1, 4}, vector.SelectTable(c, []bool{false, true}, nil, out))
	require.Len(t, vector.SelectTable(c, []bool{true, true}, nil, out), 5)
	require.Empty(t, vector.SelectTable(c, []bool{false, false}, nil, out))
}

func TestSelectRuntime(t *testing.T) {
	each(func(r *rand.Rand, v *vector.Vector) {
		in, out := randomSelection(r, v.Len), make([]uint16, v.Len)
		lo := v.Int(r.IntN(v.Len))
		rt := &vector.RuntimeValues{Lo: lo, Hi: lo + 999}
		member := func(int64) bool { return true }
		switch r.IntN(3) {
		case 0:
			rt.Bits = make([]uint64, 16)
			for i := range rt.Bits {
				rt.Bits[i] = r.Uint64()
			}
			member = func(x int64) bool { x -= lo; return rt.Bits[x>>6]>>(x&63)&1 != 0 }
		case 1:
			rt.Bloom = make([]uint64, 4)
			for range 20 {
				h := vector.Hash(uint64(lo + r.Int64N(1000)))
				rt.Bloom[h>>12&3] |= vector.BloomMask(h)
			}
			member = func(x int64) bool {
				h := vector.Hash(uint64(x))
				return rt.Bloom[h>>12&3]&vector.BloomMask(h) == vector.BloomMask(h)
			}
		}
		want := naive(v, in, func(i int) bool {
			x := v.Int(i)
			return x >= rt.Lo && x <= rt.Hi && member(x)
		})
		require.Equal(t, want, append([]uint16{}, vector.SelectRuntime(v, rt, in, out)...))
		require.Empty(t, vector.SelectRuntime(v, &vector.RuntimeValues{Lo: 1, Hi: 0}, in, out))
	})
}

func BenchmarkSelectRange(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range []struct {
		name string
		make func(*rand.Rand, int, float64) *vector.Vector
	}{{"w1", frame[uint8]}, {"w2", frame[uint16]}, {"w4", frame[uint32]}, {"flat", flatInts}} {
		v := s.make(r, vector.ChunkRows, 0)
		out := make([]uint16, v.Len)
		rg := vector.Range{Lo: v.Int(0), Hi: vector.MaxInt}
		b.Run(s.name, func(b *testing.B) {
			for b.Loop() {
				vector.SelectRange(v, rg, nil, out)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/vector.ChunkRows, "ns/row")
		})
	}
}
