package vector

// affine is the frame through which a kernel sees codes: value = base + scale*code.
type affine struct{ base, scale int64 }

type widenKernel func(v *Vector, sel []uint16, out []int64)

var (
	widenCompact = [4]widenKernel{compact[uint8], compact[uint16], compact[uint32], compact[int64]}
	widenInPlace = widenKernels([4]widenKernel{inPlace[uint8], inPlace[uint16], inPlace[uint32], inPlace[int64]})
)

// Ints writes the values of the chosen rows of an Integer vector one after the other: out[k] is the value of the
// k-th row of sel, or of row k when sel is nil. It returns the part of out that is filled.
func Ints(v *Vector, sel []uint16, out []int64) []int64 {
	n := v.Len
	if sel != nil {
		n = len(sel)
	}
	out = out[:n]
	if v.Encoding == Constant {
		for i := range out {
			out[i] = v.Base
		}
		return out
	}
	if sel == nil {
		widenInPlace[v.Width](v, nil, out)
	} else {
		widenCompact[v.Width](v, sel, out)
	}
	return out
}

// IntsInPlace returns the values of an Integer vector at their rows: the vector's own data where it is flat,
// else out with the chosen rows filled.
func IntsInPlace(v *Vector, sel []uint16, out []int64) []int64 {
	switch v.Encoding {
	case Flat:
		return Codes[int64](v)
	case Constant:
		out = out[:v.Len]
		for i := range out {
			out[i] = v.Base
		}
	default:
		out = out[:v.Len]
		widenInPlace[v.Width](v, sel, out)
	}
	return out
}

func inPlace[T Code](v *Vector, sel []uint16, out []int64) {
	d := Codes[T](v)
	base, scale := v.Affine()
	if sel == nil {
		out = out[:len(d)]
		for i, x := range d {
			out[i] = base + scale*int64(x)
		}
		return
	}
	for _, i := range sel {
		out[i] = base + scale*int64(d[i])
	}
}

func compact[T Code](v *Vector, sel []uint16, out []int64) {
	d := Codes[T](v)
	base, scale := v.Affine()
	out = out[:len(sel)]
	for k, i := range sel {
		out[k] = base + scale*int64(d[i])
	}
}

type sumKernel func(v *Vector, sel []uint16) uint64

var sumCodes = sumKernels([4]sumKernel{sumOf[uint8], sumOf[uint16], sumOf[uint32], sumOf[int64]})

// SumCodes adds the codes of the chosen rows of an Integer vector that is not Constant, modulo 2^64.
func SumCodes(v *Vector, sel []uint16) uint64 { return sumCodes[v.Width](v, sel) }

func sumOf[T Code](v *Vector, sel []uint16) uint64 {
	d, sum := Codes[T](v), uint64(0)
	if sel == nil {
		for _, x := range d {
			sum += uint64(x)
		}
		return sum
	}
	for _, i := range sel {
		sum += uint64(d[i])
	}
	return sum
}

// Floats writes the values of the chosen rows of a Float vector one after the other.
func Floats(v *Vector, sel []uint16, out []float64) []float64 {
	switch {
	case v.Encoding == Constant:
		n := v.Len
		if sel != nil {
			n = len(sel)
		}
		out = out[:n]
		for i := range out {
			out[i] = v.Real
		}
	case sel == nil:
		out = out[:copy(out[:v.Len], Codes[float64](v))]
	default:
		d := Codes[float64](v)
		out = out[:len(sel)]
		for k, i := range sel {
			out[k] = d[i]
		}
	}
	return out
}

// FloatsInPlace returns the values of a Float vector at their rows: its own data, or out for a Constant.
func FloatsInPlace(v *Vector, out []float64) []float64 {
	if v.Encoding == Constant {
		return Floats(v, nil, out)
	}
	return Codes[float64](v)
}

// Wides writes the values of the chosen rows of a Wide or an Integer vector one after the other.
func Wides(v *Vector, sel []uint16, out []Int128) []Int128 {
	if sel == nil {
		sel = All(v.Len)
	}
	out = out[:len(sel)]
	if v.Physical == Wide && v.Encoding == Flat {
		d := Codes[Int128](v)
		for k, i := range sel {
			out[k] = d[i]
		}
		return out
	}
	for k, i := range sel {
		out[k] = v.Wide(int(i))
	}
	return out
}

// WidesInPlace returns the values of a Wide or an Integer vector at their rows: its own data where that is flat
// and wide, else out with the chosen rows filled.
func WidesInPlace(v *Vector, sel []uint16, out []Int128) []Int128 {
	if v.Physical == Wide && v.Encoding == Flat {
		return Codes[Int128](v)
	}
	if sel == nil {
		sel = All(v.Len)
	}
	out = out[:v.Len]
	for _, i := range sel {
		out[i] = v.Wide(int(i))
	}
	return out
}

// MergeValid returns the validity of rows that are NULL when they are in a or in b; without a copy where one has
// no NULLs, else in out.
func MergeValid(a, b, out []uint64) []uint64 {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	out = out[:len(a)]
	for i := range a {
		out[i] = a[i] & b[i]
	}
	return out
}

// MergeValidity merges the validity of any number of vectors of n rows.
func (b *Buffer) MergeValidity(n int, vs ...*Vector) []uint64 {
	var valid []uint64
	for _, v := range vs {
		if v.Valid != nil {
			valid = MergeValid(valid, v.Valid, b.Validity(n))
		}
	}
	return valid
}
