package vector

import "math"

// FloatKey maps floats to integers in the order of SQL: -0 equals 0, NaN equals NaN and is greater than all.
func FloatKey(f float64) int64 {
	if f != f {
		return MaxInt
	}
	b := int64(math.Float64bits(f + 0)) // -0 becomes 0
	return b ^ int64(uint64(b>>63)>>1)
}

// KeyFloat is the inverse of FloatKey. A key that no float has gives NaN above all, and -Inf below.
func KeyFloat(k int64) float64 {
	const inf = 0x7ff << 52
	switch {
	case k > inf:
		return math.NaN()
	case k < -inf-1:
		return math.Inf(-1)
	default:
		return math.Float64frombits(uint64(k ^ int64(uint64(k>>63)>>1)))
	}
}

// CompareFloats orders floats as SQL does: -0 equals 0, NaN equals NaN and is greater than all.
func CompareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a == a: // b is NaN
		return -1
	case b == b: // a is NaN
		return 1
	default:
		return 0
	}
}
