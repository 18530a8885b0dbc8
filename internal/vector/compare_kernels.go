package vector

import "bytes"

// Comparison is a comparison of two values that are not NULL.
type Comparison uint8

// The comparisons.
const (
	Equal Comparison = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
)

// Accepts tells whether the comparison holds for a Compare result of -1, 0 or 1.
func (c Comparison) Accepts(order int) bool {
	return [...]uint8{0b010, 0b101, 0b001, 0b011, 0b100, 0b110}[c]>>(order+1)&1 != 0
}

// Negated returns the comparison that holds where c does not.
func (c Comparison) Negated() Comparison {
	return [...]Comparison{NotEqual, Equal, GreaterEqual, Greater, LessEqual, Less}[c]
}

// Compare orders row i of x and row j of y, of one type and both not NULL, as SQL does: -1, 0 or 1.
func Compare(x *Vector, i int, y *Vector, j int) int {
	switch x.Physical {
	case Float:
		return CompareFloats(x.Float(i), y.Float(j))
	case Bytes:
		return bytes.Compare(x.Bytes(i), y.Bytes(j))
	case Wide:
		return x.Wide(i).Cmp(y.Wide(j))
	case Integer:
	}
	if y.Physical == Wide {
		return x.Wide(i).Cmp(y.Wide(j))
	}
	switch a, b := x.Int(i), y.Int(j); {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// Cmp orders intervals by their length with days of 24 hours and months of 30 days.
func (m Months) Cmp(o Months) int { return m.Length().Cmp(o.Length()) }

// SelectCompare keeps the rows in which x and y, of one type, compare so; rows with a NULL on either side never.
func SelectCompare(c Comparison, x, y *Vector, in, out []uint16) []uint16 {
	if x.Encoding == Constant && y.Encoding != Constant {
		x, y = y, x
		c = [...]Comparison{Equal, NotEqual, Greater, GreaterEqual, Less, LessEqual}[c]
	}
	if y.Valid != nil {
		in = SelectValid(y, in, out)
	}
	if x.Valid != nil {
		in = SelectValid(x, in, out)
	}
	in = rowsOf(x, in)
	switch {
	case x.Physical != Integer || y.Physical != Integer || x.Encoding == Constant:
		return selectOrdered(c, x, y, in, out)
	case c == Equal || c == NotEqual:
		return selectEqual[x.Width][widthOf(x, y)](comparands(x, y, c == NotEqual), in, out)
	case c == Less || c == GreaterEqual:
		return selectLess[x.Width][widthOf(x, y)](comparands(x, y, c == GreaterEqual), in, out)
	case y.Encoding != Constant:
		return selectLess[y.Width][x.Width](comparands(y, x, c == LessEqual), in, out)
	case y.Base == MaxInt: // nothing is greater
		return selectOrdered(c, x, y, in, out)
	default: // x <= k is x < k+1
		k := *y
		k.Base++
		return selectLess[x.Width][x.Width](comparands(x, &k, c == Greater), in, out)
	}
}

func selectOrdered(c Comparison, x, y *Vector, in, out []uint16) []uint16 {
	k := 0
	out = out[:len(in)]
	for _, i := range in {
		out[k] = i
		if c.Accepts(Compare(x, int(i), y, int(i))) {
			k++
		}
	}
	return out[:k]
}

// comparison is what a kernel compares: codes under frames; a Constant y reads x's codes, times 0.
type comparison struct {
	operands

	negate bool
}

func comparands(x, y *Vector, negate bool) comparison {
	o := comparison{operands{x: x, y: y}, negate}
	o.a.base, o.a.scale = x.Affine()
	o.b.base, o.b.scale = y.Affine()
	if y.Encoding == Constant {
		o.y = x
	}
	return o
}

func widthOf(x, y *Vector) Width {
	if y.Encoding == Constant {
		return x.Width
	}
	return y.Width
}

type compareKernel func(o comparison, in, out []uint16) []uint16

var (
	selectEqual = compareKernels(
		[4][4]compareKernel{equalRow[uint8](), equalRow[uint16](), equalRow[uint32](), equalRow[int64]()}, Equal)
	selectLess = compareKernels(
		[4][4]compareKernel{lessRow[uint8](), lessRow[uint16](), lessRow[uint32](), lessRow[int64]()}, Less)
)

func equalRow[A Code]() [4]compareKernel {
	return [4]compareKernel{equal[A, uint8], equal[A, uint16], equal[A, uint32], equal[A, int64]}
}

func lessRow[A Code]() [4]compareKernel {
	return [4]compareKernel{less[A, uint8], less[A, uint16], less[A, uint32], less[A, int64]}
}

func equal[A, B Code](o comparison, in, out []uint16) []uint16 {
	x, y, k := Codes[A](o.x), Codes[B](o.y), 0
	a, b, negate := o.a, o.b, o.negate
	out = out[:len(in)]
	for _, i := range in {
		out[k] = i
		if (a.base+a.scale*int64(x[i]) == b.base+b.scale*int64(y[i])) != negate {
			k++
		}
	}
	return out[:k]
}

func less[A, B Code](o comparison, in, out []uint16) []uint16 {
	x, y, k := Codes[A](o.x), Codes[B](o.y), 0
	a, b, negate := o.a, o.b, o.negate
	out = out[:len(in)]
	for _, i := range in {
		out[k] = i
		if (a.base+a.scale*int64(x[i]) < b.base+b.scale*int64(y[i])) != negate {
			k++
		}
	}
	return out[:k]
}
