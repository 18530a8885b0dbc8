package vector_test

import (
	"math"
	"math/rand/v2"

	"github.com/micodb/micodb/internal/vector"
)

// shape is one kind of vector that the random tests make.
type shape struct {
	nulls   float64 // share of NULL rows
	integer func(r *rand.Rand, n int, nulls float64) *vector.Vector
}

func shapes() []shape {
	var all []shape
	for _, nulls := range []float64{0, 0.1, 1} {
		all = append(all,
			shape{nulls, flatInts}, shape{nulls, constantInt},
			shape{nulls, frame[uint8]}, shape{nulls, frame[uint16]}, shape{nulls, frame[uint32]})
	}
	return all
}

func randomValidity(r *rand.Rand, n int, nulls float64) []uint64 {
	if nulls == 0 {
		return nil
	}
	valid := make([]uint64, (n+63)/64)
	for i := range n {
		if r.Float64() >= nulls {
			valid[i>>6] |= 1 << (i & 63)
		}
	}
	return valid
}

func flatInts(r *rand.Rand, n int, nulls float64) *vector.Vector {
	v := &vector.Vector{Type: vector.Of(vector.Int64), Valid: randomValidity(r, n, nulls)}
	limit := []int64{2, 1000, math.MaxInt32, math.MaxInt64}[r.IntN(4)]
	d := make([]int64, n)
	for i := range d {
		d[i] = r.Int64N(limit)
		if r.IntN(2) == 0 {
			d[i] = -d[i]
		}
	}
	vector.SetCodes(v, d)
	bound(v, r)
	return v
}

func constantInt(r *rand.Rand, n int, nulls float64) *vector.Vector {
	v := &vector.Vector{Type: vector.Of(vector.Int64), Encoding: vector.Constant, Len: n, Base: r.Int64N(2000) - 1000}
	v.Lo, v.Hi = v.Base, v.Base
	if nulls == 1 {
		v.Valid = vector.NoneValid(n)
	}
	return v
}

func frame[T vector.Code](r *rand.Rand, n int, nulls float64) *vector.Vector {
	v := &vector.Vector{Type: vector.Of(vector.Int64), Encoding: vector.Frame, Valid: randomValidity(r, n, nulls)}
	v.Base, v.Scale = r.Int64N(2001)-1000, r.Int64N(41)-20
	if v.Scale == 0 {
		v.Scale = 1
	}
	top := min(int64(^T(0)), math.MaxUint32) // the code of NULL
	d := make([]T, n)
	for i := range d {
		d[i] = T(r.Int64N(min(top, 1+int64(r.IntN(100000)))))
		if v.IsNull(i) {
			d[i] = T(top)
		}
	}
	v.NullCode = true
	vector.SetCodes(v, d)
	if v.Scale < 0 { // the bounds must leave the NULL code out
		v.Lo, v.Hi = v.Base+v.Scale*(top-1), v.Base
	} else {
		v.Lo, v.Hi = v.Base, v.Base+v.Scale*(top-1)
	}
	if r.IntN(2) == 0 {
		bound(v, r)
	}
	return v
}

// bound sets the tightest bounds, or now and then none at all.
func bound(v *vector.Vector, r *rand.Rand) {
	if v.Encoding == vector.Flat && r.IntN(4) == 0 {
		v.Lo, v.Hi = vector.MinInt, vector.MaxInt
		return
	}
	v.Lo, v.Hi = math.MaxInt64, math.MinInt64
	for i := range v.Len {
		if !v.IsNull(i) {
			v.Lo, v.Hi = min(v.Lo, v.Int(i)), max(v.Hi, v.Int(i))
		}
	}
}

// randomSelection gives nil, nothing, or some rows.
func randomSelection(r *rand.Rand, n int) []uint16 {
	switch r.IntN(4) {
	case 0:
		return nil
	case 1:
		return []uint16{}
	}
	share, s := r.Float64(), []uint16{}
	for i := range n {
		if r.Float64() < share {
			s = append(s, uint16(i))
		}
	}
	return s
}

// naive keeps the rows of in that are not NULL and hold.
func naive(v *vector.Vector, in []uint16, holds func(i int) bool) []uint16 {
	if in == nil {
		in = vector.All(v.Len)
	}
	out := []uint16{}
	for _, i := range in {
		if !v.IsNull(int(i)) && holds(int(i)) {
			out = append(out, i)
		}
	}
	return out
}
