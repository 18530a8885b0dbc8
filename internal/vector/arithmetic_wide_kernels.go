package vector

import "math/bits"

// Mul returns a*b, and whether the product fits 128 bits.
func (a Int128) Mul(b Int128) (Int128, bool) {
	neg := (a.Hi ^ b.Hi) < 0
	x, y := a.magnitude(), b.magnitude()
	if x.Hi != 0 && y.Hi != 0 {
		return Int128{}, false
	}
	if x.Hi != 0 {
		x, y = y, x
	}
	hi, lo := bits.Mul64(x.Lo, y.Lo) // x has 64 bits now
	over, cross := bits.Mul64(x.Lo, uint64(y.Hi))
	hi, carry := bits.Add64(hi, cross, 0)
	if over != 0 || carry != 0 || hi>>63 != 0 && (!neg || hi != 1<<63 || lo != 0) {
		return Int128{}, false
	}
	r := Int128{Lo: lo, Hi: int64(hi)}
	if neg {
		r = r.Neg()
	}
	return r, true
}

// magnitude returns |a| as an unsigned number.
func (a Int128) magnitude() Int128 {
	if a.Hi < 0 {
		return a.Neg()
	}
	return a
}

// Sub returns a-b, and whether the difference fits 128 bits.
func (a Int128) Sub(b Int128) (Int128, bool) {
	lo, borrow := bits.Sub64(a.Lo, b.Lo, 0)
	hi := a.Hi - b.Hi - int64(borrow)
	return Int128{lo, hi}, (a.Hi^b.Hi)&(a.Hi^hi) >= 0
}

// QuoRem returns the quotient, truncated toward zero, and the remainder with a's sign; b is not 0.
func (a Int128) QuoRem(b Int128) (quotient, remainder Int128) {
	x, y := a.magnitude(), b.magnitude()
	if y.Hi == 0 {
		hi := uint64(x.Hi)
		high := hi / y.Lo
		low, rem := bits.Div64(hi%y.Lo, x.Lo, y.Lo)
		quotient, remainder = Int128{Lo: low, Hi: int64(high)}, Int128{Lo: rem}
	} else {
		quotient, remainder = divideLong(x, y)
	}
	if (a.Hi ^ b.Hi) < 0 {
		quotient = quotient.Neg()
	}
	if a.Hi < 0 {
		remainder = remainder.Neg()
	}
	return quotient, remainder
}

// divideLong divides by more than 64 bits, unsigned: bit by bit, at most 64 rounds.
func divideLong(x, y Int128) (q, r Int128) {
	shift := bits.LeadingZeros64(uint64(y.Hi)) - bits.LeadingZeros64(uint64(x.Hi))
	xh, xl := uint64(x.Hi), x.Lo
	for ; shift >= 0; shift-- {
		yh, yl := uint64(y.Hi)<<shift|y.Lo>>(64-shift), y.Lo<<shift
		lo, borrow := bits.Sub64(xl, yl, 0)
		hi, borrow := bits.Sub64(xh, yh, borrow)
		if borrow == 0 {
			xh, xl = hi, lo
			q.Lo |= 1 << shift
		}
	}
	return q, Int128{Lo: xl, Hi: int64(xh)}
}

// Float64 returns the nearest double.
func (a Int128) Float64() float64 {
	if x, ok := a.Int64(); ok {
		return float64(x)
	}
	m := a.magnitude()
	hi, lo := uint64(m.Hi), m.Lo
	// Bits below the double's 53 only decide rounding: keep 64, the last of them sticky.
	shift := 64 - bits.LeadingZeros64(hi)
	top := hi<<(64-shift) | lo>>shift
	if lo<<(64-shift) != 0 {
		top |= 1
	}
	f := float64(top) * float64(uint64(1)<<(shift/2)) * float64(uint64(1)<<(shift-shift/2))
	if a.Hi < 0 {
		return -f
	}
	return f
}

// ArithmeticWide computes x op y in 128 bits for the chosen rows of Wide or Integer vectors; limit bounds the
// magnitude of results (10^p for a DECIMAL(p)). It returns false when the result of a chosen row that is not
// NULL reaches the limit.
func (b *Buffer) ArithmeticWide(op Operation, x, y *Vector, limit Int128, sel []uint16) (*Vector, bool) {
	n := x.Len
	valid := MergeValid(x.Valid, y.Valid, b.Validity(n))
	out := b.Wides(n)
	if sel == nil {
		sel = All(n)
	}
	low := limit.Neg()
	for _, i := range sel {
		if valid != nil && valid[i>>6]>>(i&63)&1 == 0 {
			continue
		}
		var r Int128
		var ok bool
		switch p, q := x.Wide(int(i)), y.Wide(int(i)); op {
		case Add:
			r, ok = p.Add(q)
		case Subtract:
			r, ok = p.Sub(q)
		default:
			r, ok = p.Mul(q)
		}
		if !ok || r.Cmp(limit) >= 0 || r.Cmp(low) <= 0 {
			return nil, false
		}
		out[i] = r
	}
	return b.WideVector(x.Type, out, valid), true
}
