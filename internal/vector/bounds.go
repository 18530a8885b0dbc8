package vector

import "math/bits"

// Operation is an operation on integers.
type Operation uint8

// The operations that keep integers integers.
const (
	Add Operation = iota
	Subtract
	Multiply
)

// Bounds is an interval of int64, both ends included. Lo > Hi: no value at all.
type Bounds struct{ Lo, Hi int64 }

// Combine returns the bounds of x op y for x in a and y in b. It is exact, in 128 bits: ok is false when some
// result leaves int64, and then the bounds say nothing.
func (a Bounds) Combine(op Operation, b Bounds) (r Bounds, ok bool) {
	if a.Lo > a.Hi || b.Lo > b.Hi { // only NULLs
		return Bounds{MaxInt, MinInt}, true
	}
	switch op {
	case Add:
		lo, hi := a.Lo+b.Lo, a.Hi+b.Hi
		return Bounds{lo, hi}, (a.Lo^lo)&(b.Lo^lo) >= 0 && (a.Hi^hi)&(b.Hi^hi) >= 0
	case Subtract:
		lo, hi := a.Lo-b.Hi, a.Hi-b.Lo
		return Bounds{lo, hi}, (a.Lo^b.Hi)&(a.Lo^lo) >= 0 && (a.Hi^b.Lo)&(a.Hi^hi) >= 0
	default:
		return a.times(b)
	}
}

func (a Bounds) times(b Bounds) (r Bounds, ok bool) {
	r = Bounds{MaxInt, MinInt}
	for _, p := range [4][2]int64{{a.Lo, b.Lo}, {a.Lo, b.Hi}, {a.Hi, b.Lo}, {a.Hi, b.Hi}} {
		hi, lo := mulSigned(p[0], p[1])
		if hi != int64(lo)>>63 {
			return r, false
		}
		r.Lo, r.Hi = min(r.Lo, int64(lo)), max(r.Hi, int64(lo))
	}
	return r, true
}

// Union returns the bounds of values that are in a or in b.
func (a Bounds) Union(b Bounds) Bounds {
	switch {
	case a.Lo > a.Hi:
		return b
	case b.Lo > b.Hi:
		return a
	default:
		return Bounds{min(a.Lo, b.Lo), max(a.Hi, b.Hi)}
	}
}

// mulSigned returns the 128-bit product.
func mulSigned(a, b int64) (hi int64, lo uint64) {
	h, l := bits.Mul64(uint64(a), uint64(b))
	h -= uint64(a>>63)&uint64(b) + uint64(b>>63)&uint64(a)
	return int64(h), l
}

// Bounds returns the bounds of an Integer vector's non-NULL values.
func (v *Vector) Bounds() Bounds { return Bounds{v.Lo, v.Hi} }
