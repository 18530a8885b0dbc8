package vector

import "math/bits"

// Int128 is a 128-bit integer in two's complement, in the byte order of Arrow's Decimal128.
type Int128 struct {
	Lo uint64
	Hi int64
}

// Int128Of widens an int64.
func Int128Of(x int64) Int128 { return Int128{Lo: uint64(x), Hi: x >> 63} }

// Int64 returns the value as int64, and whether it fits.
func (a Int128) Int64() (int64, bool) {
	x := int64(a.Lo)
	return x, a.Hi == x>>63
}

// Add returns a+b, and whether the sum fits 128 bits.
func (a Int128) Add(b Int128) (Int128, bool) {
	lo, carry := bits.Add64(a.Lo, b.Lo, 0)
	hi := a.Hi + b.Hi + int64(carry)
	return Int128{lo, hi}, (a.Hi^hi)&(b.Hi^hi) >= 0
}

// Neg returns -a.
func (a Int128) Neg() Int128 {
	lo, borrow := bits.Sub64(0, a.Lo, 0)
	return Int128{lo, -a.Hi - int64(borrow)}
}

// Cmp returns -1, 0 or 1 as a is less than, equal to or greater than b.
func (a Int128) Cmp(b Int128) int {
	switch {
	case a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo:
		return -1
	case a == b:
		return 0
	default:
		return 1
	}
}
