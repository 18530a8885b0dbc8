package vector

import "math"

// ArithmeticFloat computes x op y for two Float vectors. Infinities and NaN follow IEEE 754.
func (b *Buffer) ArithmeticFloat(op Operation, x, y *Vector, sel []uint16) *Vector {
	n := x.Len
	valid := MergeValid(x.Valid, y.Valid, b.Validity(n))
	p, q, out := FloatsInPlace(x, grown(&b.fx, n)), FloatsInPlace(y, grown(&b.fy, n)), b.Floats(n)
	if len(sel)*2 > n || sel == nil {
		sel = All(n)
	}
	switch op {
	case Add:
		for _, i := range sel {
			out[i] = p[i] + q[i]
		}
	case Subtract:
		for _, i := range sel {
			out[i] = p[i] - q[i]
		}
	default:
		for _, i := range sel {
			out[i] = p[i] * q[i]
		}
	}
	return b.FloatVector(Of(Float64), out, valid)
}

// Quotient is a way to divide; each gives NULL for a divisor of 0.
type Quotient uint8

// The ways to divide.
const (
	Divide   Quotient = iota // of floats
	Truncate                 // of integers, toward zero
	Modulo                   // the remainder, with the dividend's sign
)

// DivideFloat divides two Float vectors, or takes the remainder.
func (b *Buffer) DivideFloat(how Quotient, x, y *Vector, sel []uint16) *Vector {
	n := x.Len
	p, q, out := FloatsInPlace(x, grown(&b.fx, n)), FloatsInPlace(y, grown(&b.fy, n)), b.Floats(n)
	if sel == nil {
		sel = All(n)
	}
	zero := false
	if how == Divide {
		for _, i := range sel {
			out[i] = p[i] / q[i]
			zero = zero || q[i] == 0
		}
	} else {
		for _, i := range sel {
			out[i] = math.Mod(p[i], q[i])
			zero = zero || q[i] == 0
		}
	}
	valid := MergeValid(x.Valid, y.Valid, b.Validity(n))
	if zero {
		valid = b.ownValidity(n, valid)
		for _, i := range sel {
			if q[i] == 0 {
				valid[i>>6] &^= 1 << (i & 63)
			}
		}
	}
	return b.FloatVector(Of(Float64), out, valid)
}

// ownValidity returns a copy of valid to clear bits in.
func (b *Buffer) ownValidity(n int, valid []uint64) []uint64 {
	if valid == nil {
		return b.AllValid(n)
	}
	own := b.Validity(n)
	copy(own, valid)
	return own
}

// DivideInt divides two Integer vectors, or takes the remainder. It returns false when a quotient of a chosen row
// that is not NULL leaves int64.
func (b *Buffer) DivideInt(how Quotient, x, y *Vector, sel []uint16) (*Vector, bool) {
	n := x.Len
	p, q := IntsInPlace(x, sel, grown(&b.x, n)), IntsInPlace(y, sel, grown(&b.y, n))
	valid := b.ownValidity(n, MergeValid(x.Valid, y.Valid, b.Validity(n)))
	out := b.Ints(n)
	if sel == nil {
		sel = All(n)
	}
	for _, i := range sel {
		switch {
		case q[i] == 0:
			valid[i>>6] &^= 1 << (i & 63)
		case how == Modulo:
			out[i] = p[i] % q[i]
		case p[i] == MinInt && q[i] == -1:
			if valid[i>>6]>>(i&63)&1 != 0 {
				return nil, false
			}
		default:
			out[i] = p[i] / q[i]
		}
	}
	r := Bounds{MinInt, MaxInt}
	if x.Lo > MinInt && x.Lo <= x.Hi { // the magnitude never grows
		r.Hi = max(-x.Lo, x.Hi, 0)
		r.Lo = -r.Hi
	}
	return b.IntVector(x.Type, out, valid, r.Lo, r.Hi), true
}

// DivideWide divides Wide or Integer vectors in 128 bits, or takes the remainder.
func (b *Buffer) DivideWide(how Quotient, x, y *Vector, sel []uint16) *Vector {
	n := x.Len
	valid := b.ownValidity(n, MergeValid(x.Valid, y.Valid, b.Validity(n)))
	out := b.Wides(n)
	if sel == nil {
		sel = All(n)
	}
	for _, i := range sel {
		if valid[i>>6]>>(i&63)&1 == 0 {
			continue
		}
		d := y.Wide(int(i))
		if d == (Int128{}) {
			valid[i>>6] &^= 1 << (i & 63)
			continue
		}
		quotient, remainder := x.Wide(int(i)).QuoRem(d)
		if out[i] = quotient; how == Modulo {
			out[i] = remainder
		}
	}
	return b.WideVector(x.Type, out, valid)
}
