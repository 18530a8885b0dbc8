package vector

// Extent returns the least and the greatest non-NULL value of an Integer vector, Lo > Hi when there is none. Unlike the
// vector's own bounds they are exact.
func Extent(v *Vector) Bounds {
	if v.Len == 0 {
		return Bounds{MaxInt, MinInt}
	}
	if v.Valid != nil {
		return validExtent(v)
	}
	if v.Encoding == Constant {
		return Bounds{v.Base, v.Base}
	}
	var lo, hi int64
	switch v.Width {
	case W1:
		lo, hi = extent(Codes[uint8](v))
	case W2:
		lo, hi = extent(Codes[uint16](v))
	case W4:
		lo, hi = extent(Codes[uint32](v))
	default:
		lo, hi = extent(Codes[int64](v))
	}
	if v.Encoding != Frame {
		return Bounds{lo, hi}
	}
	lo, hi = v.Base+v.Scale*lo, v.Base+v.Scale*hi
	return Bounds{min(lo, hi), max(lo, hi)}
}

func extent[T Code](codes []T) (lo, hi int64) {
	least, most := codes[0], codes[0]
	for _, c := range codes {
		least, most = min(least, c), max(most, c)
	}
	return int64(least), int64(most)
}

// validExtent leaves NULLs out, whatever stands in their place.
func validExtent(v *Vector) Bounds {
	b := Bounds{MaxInt, MinInt}
	for i := range v.Len {
		if !v.IsNull(i) {
			x := v.Int(i)
			b.Lo, b.Hi = min(b.Lo, x), max(b.Hi, x)
		}
	}
	return b
}
