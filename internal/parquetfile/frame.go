package parquetfile

import (
	"math/bits"
	"slices"

	"github.com/micodb/micodb/internal/vector"
)

// frame is an affine code: value = base + scale*code for codes from 0 to last; null is the code after it.
type frame struct {
	lo, hi int64
	scale  int64
	last   uint64 // code of hi
	width  vector.Width
	odd    uint64 // exact division by scale: shift, then multiply by the inverse of the odd part
	shift  int
}

// bounded gathers lo and hi.
type bounded struct{ lo, hi int64 }

func unbounded() bounded { return bounded{vector.MaxInt, vector.MinInt} }

func (b *bounded) empty() bool { return b.lo > b.hi }

// newFrame chooses scale and width for values between the bounds. It calls each with what must be
// called with every value until that returns false.
func newFrame(b bounded, nullable bool, each func(f func(int64) bool)) frame {
	f := frame{lo: b.lo, hi: b.hi, scale: 1, odd: 1}
	span := uint64(b.hi) - uint64(b.lo)
	if span >= 1<<8-1 {
		var g uint64
		each(func(x int64) bool {
			g = gcd(g, uint64(x)-uint64(b.lo))
			return g != 1
		})
		if g > 1 && g <= vector.MaxInt {
			f.scale = int64(g)
			f.shift = bits.TrailingZeros64(g)
			f.odd = inverse(g >> f.shift)
		}
	}
	f.last = span / uint64(f.scale)
	top := f.last
	if nullable && top < ^uint64(0) {
		top++
	}
	switch {
	case top < 1<<8:
		f.width = vector.W1
	case top < 1<<16:
		f.width = vector.W2
	case top < 1<<32:
		f.width = vector.W4
	default:
		f.width = vector.W8
	}
	return f
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// inverse returns the inverse of an odd number modulo 2^64 (Newton's iteration doubles the correct bits).
func inverse(odd uint64) uint64 {
	x := odd
	for range 5 {
		x *= 2 - odd*x
	}
	return x
}

func (f *frame) code(x int64) uint64 { return (uint64(x) - uint64(f.lo)) >> f.shift * f.odd }

// integers makes a vector of decoded values, which it does not keep; valid is nil when there are no NULLs.
func integers(t vector.Type, values []int64, valid []uint64) *vector.Vector {
	b := unbounded()
	if valid == nil {
		b.lo, b.hi = extremes(values)
	} else {
		for i, x := range values {
			if valid[i>>6]>>(i&63)&1 != 0 {
				b.lo, b.hi = min(b.lo, x), max(b.hi, x)
			}
		}
	}
	v := &vector.Vector{Type: t, Len: len(values), Valid: valid, Lo: b.lo, Hi: b.hi}
	if b.empty() || b.lo == b.hi {
		v.Encoding = vector.Constant
		if !b.empty() {
			v.Base = b.lo
		}
		return v
	}
	f := newFrame(b, valid != nil, func(each func(int64) bool) {
		for i, x := range values {
			if (valid == nil || valid[i>>6]>>(i&63)&1 != 0) && !each(x) {
				return
			}
		}
	})
	switch f.width {
	case vector.W1:
		encode[uint8](v, &f, values)
	case vector.W2:
		encode[uint16](v, &f, values)
	case vector.W4:
		encode[uint32](v, &f, values)
	default:
		vector.SetCodes(v, slices.Clone(values))
	}
	return v
}

func encode[T uint8 | uint16 | uint32](v *vector.Vector, f *frame, values []int64) {
	codes := make([]T, len(values))
	lo, odd, shift := uint64(f.lo), f.odd, f.shift
	if odd == 1 && shift == 0 {
		for i, x := range values {
			codes[i] = T(uint64(x) - lo)
		}
	} else {
		for i, x := range values {
			codes[i] = T((uint64(x) - lo) >> shift * odd)
		}
	}
	if v.Valid != nil {
		null := T(f.last + 1)
		for i := range codes {
			if v.Valid[i>>6]>>(i&63)&1 == 0 {
				codes[i] = null
			}
		}
	}
	setFrame(v, f, codes)
}

func setFrame[T uint8 | uint16 | uint32](v *vector.Vector, f *frame, codes []T) {
	v.Encoding, v.Base, v.Scale, v.NullCode = vector.Frame, f.lo, f.scale, v.Valid != nil
	vector.SetCodes(v, codes)
}

// recoded makes a vector of dictionary indexes whose entries are integers; len(dictionary) is NULL.
func recoded(t vector.Type, dictionary []int64, indexes []uint32, valid []uint64) *vector.Vector {
	b := unbounded()
	for _, x := range dictionary {
		b.lo, b.hi = min(b.lo, x), max(b.hi, x)
	}
	v := &vector.Vector{Type: t, Len: len(indexes), Valid: valid, Lo: b.lo, Hi: b.hi}
	if b.empty() || b.lo == b.hi {
		v.Encoding = vector.Constant
		if !b.empty() {
			v.Base = b.lo
		}
		return v
	}
	f := newFrame(b, valid != nil, func(each func(int64) bool) {
		for _, x := range dictionary {
			if !each(x) {
				return
			}
		}
	})
	switch f.width {
	case vector.W1:
		setFrame(v, &f, translated[uint8](&f, dictionary, indexes))
	case vector.W2:
		setFrame(v, &f, translated[uint16](&f, dictionary, indexes))
	case vector.W4:
		setFrame(v, &f, translated[uint32](&f, dictionary, indexes))
	default:
		values := make([]int64, len(indexes))
		table := append(append(make([]int64, 0, len(dictionary)+1), dictionary...), 0)
		for i, x := range indexes {
			values[i] = table[x]
		}
		vector.SetCodes(v, values)
	}
	return v
}

// numbers tells whether the code of each value of a dictionary is its index.
func (f *frame) numbers(dictionary []int64) bool {
	for i, x := range dictionary {
		if x != f.lo+f.scale*int64(i) {
			return false
		}
	}
	return true
}

func translated[T uint8 | uint16 | uint32](f *frame, dictionary []int64, indexes []uint32) []T {
	if f.numbers(dictionary) {
		return narrowed[T](indexes)
	}
	table := make([]T, len(dictionary)+1)
	for i, x := range dictionary {
		table[i] = T(f.code(x))
	}
	table[len(dictionary)] = T(f.last + 1)
	codes := make([]T, len(indexes))
	for i, x := range indexes {
		codes[i] = table[x]
	}
	return codes
}
