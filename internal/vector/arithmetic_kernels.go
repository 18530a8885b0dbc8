package vector

import "math/bits"

// Arithmetic computes x op y for the chosen rows of two Integer vectors; sel nil means all. The result is an
// Integer vector of type t, in b or in frame over x's or y's codes. Where bounds prove that nothing overflows no
// row is checked; a constant only moves the frame, without a pass over the data. It returns false when the
// result of a chosen row that is not NULL leaves int64.
func (b *Buffer) Arithmetic(op Operation, x, y *Vector, sel []uint16) (*Vector, bool) {
	r, proven := x.Bounds().Combine(op, y.Bounds())
	if x.Encoding == Constant && y.Encoding == Constant && proven {
		out := *x
		out.Base, out.Lo, out.Hi = r.Lo, r.Lo, r.Hi
		out.Valid = MergeValid(x.Valid, y.Valid, b.Validity(x.Len))
		b.out = out
		return &b.out, true
	}
	if proven && b.moveFrame(op, x, y, r) {
		return &b.out, true
	}
	n := x.Len
	valid := MergeValid(x.Valid, y.Valid, b.Validity(n))
	dense := sel
	if len(sel)*2 > n { // a straight loop is faster, and what it does to other rows is not looked at
		dense = nil
	}
	out := b.Ints(n)
	if proven {
		combineCodes(op, x, y, out, dense)
		return b.IntVector(x.Type, out, valid, r.Lo, r.Hi), true
	}
	p := pair{
		x: IntsInPlace(x, dense, grown(&b.x, n)), y: IntsInPlace(y, dense, grown(&b.y, n)), out: out, valid: valid,
	}
	bitLength := p.combine(op, dense)
	if bitLength >= 63 && p.overflows(op, sel) {
		return nil, false
	}
	r = Bounds{MinInt, MaxInt}
	if bitLength < 63 {
		r = Bounds{-1 << bitLength, 1 << bitLength}
	}
	return b.IntVector(x.Type, out, valid, r.Lo, r.Hi), true
}

// moveFrame makes the result a Frame or a flat vector's Frame over the old codes, if one side is a constant and
// the other a Frame whose moved base and scale can be told.
func (b *Buffer) moveFrame(op Operation, x, y *Vector, r Bounds) bool {
	c, f := y, x
	if x.Encoding == Constant {
		c, f = x, y
	}
	if c.Encoding != Constant || c.Valid != nil || f.Encoding != Frame || op == Multiply && c.Base == 0 {
		return false
	}
	k, base, scale := Bounds{c.Base, c.Base}, Bounds{f.Base, f.Base}, Bounds{f.Scale, f.Scale}
	var ok, fits bool
	switch {
	case op == Multiply:
		base, ok = base.Combine(op, k)
		scale, fits = scale.Combine(op, k)
	case op == Subtract && c == x:
		base, ok = k.Combine(op, base)
		scale, fits = Bounds{}.Combine(op, scale)
	default:
		base, ok = base.Combine(op, k)
		fits = true
	}
	if !ok || !fits {
		return false
	}
	b.out = *f
	b.out.Base, b.out.Scale, b.out.Lo, b.out.Hi = base.Lo, scale.Lo, r.Lo, r.Hi
	return true
}

// operands are what an unchecked kernel reads: codes under frames, of which a constant's has scale 0.
type operands struct {
	x, y *Vector
	a, b affine
}

type codeKernel func(o operands, out []int64, sel []uint16)

var (
	addCodes = codeKernels(
		[4][4]codeKernel{addRow[uint8](), addRow[uint16](), addRow[uint32](), addRow[int64]()}, Add)
	mulCodes = codeKernels(
		[4][4]codeKernel{mulRow[uint8](), mulRow[uint16](), mulRow[uint32](), mulRow[int64]()}, Multiply)
)

func addRow[A Code]() [4]codeKernel {
	return [4]codeKernel{add[A, uint8], add[A, uint16], add[A, uint32], add[A, int64]}
}

func mulRow[A Code]() [4]codeKernel {
	return [4]codeKernel{multiply[A, uint8], multiply[A, uint16], multiply[A, uint32], multiply[A, int64]}
}

func combineCodes(op Operation, x, y *Vector, out []int64, sel []uint16) {
	o := operands{x: x, y: y}
	o.a.base, o.a.scale = x.Affine()
	o.b.base, o.b.scale = y.Affine()
	if op == Subtract {
		o.b.base, o.b.scale = -o.b.base, -o.b.scale
	}
	switch { // a constant reads the other side's codes, times 0
	case x.Encoding == Constant && y.Encoding == Constant:
		c := o.a.base + o.b.base
		if op == Multiply {
			c = o.a.base * o.b.base
		}
		for i := range out {
			out[i] = c
		}
		return
	case x.Encoding == Constant:
		o.x = y
	case y.Encoding == Constant:
		o.y = x
	}
	if op == Multiply {
		mulCodes[o.x.Width][o.y.Width](o, out, sel)
	} else {
		addCodes[o.x.Width][o.y.Width](o, out, sel)
	}
}

func add[A, B Code](o operands, out []int64, sel []uint16) {
	x, y := Codes[A](o.x), Codes[B](o.y)
	base, a, b := o.a.base+o.b.base, o.a.scale, o.b.scale
	if sel == nil {
		y, out = y[:len(x)], out[:len(x)]
		for i, p := range x {
			out[i] = base + a*int64(p) + b*int64(y[i])
		}
		return
	}
	for _, i := range sel {
		out[i] = base + a*int64(x[i]) + b*int64(y[i])
	}
}

func multiply[A, B Code](o operands, out []int64, sel []uint16) {
	x, y := Codes[A](o.x), Codes[B](o.y)
	a, b := o.a, o.b
	if sel == nil {
		y, out = y[:len(x)], out[:len(x)]
		for i, p := range x {
			out[i] = (a.base + a.scale*int64(p)) * (b.base + b.scale*int64(y[i]))
		}
		return
	}
	for _, i := range sel {
		out[i] = (a.base + a.scale*int64(x[i])) * (b.base + b.scale*int64(y[i]))
	}
}

// pair is what a checked kernel reads and writes.
type pair struct {
	x, y, out []int64
	valid     []uint64
}

// combine computes all rows of sel and returns a bit length of the results that the operands' magnitudes prove:
// 63 or more proves nothing.
func (p pair) combine(op Operation, sel []uint16) int {
	switch {
	case op == Multiply && sel == nil:
		a, b := multiplyAll(p.x, p.y, p.out)
		return bits.Len64(a) + bits.Len64(b)
	case op == Multiply:
		a, b := multiplyRows(p, sel)
		return bits.Len64(a) + bits.Len64(b)
	case sel == nil:
		sel = All(len(p.out))
	}
	if op == Add {
		return bits.Len64(addRows(p, sel)) + 1
	}
	return bits.Len64(subtractRows(p, sel)) + 1
}

func multiplyAll(x, y, out []int64) (a, b uint64) {
	y, out = y[:len(x)], out[:len(x)]
	for i, u := range x {
		v := y[i]
		a |= uint64(u ^ u>>63)
		b |= uint64(v ^ v>>63)
		out[i] = u * v
	}
	return a, b
}

func multiplyRows(p pair, sel []uint16) (a, b uint64) {
	x, y, out := p.x, p.y, p.out
	for _, i := range sel {
		u, v := x[i], y[i]
		a |= uint64(u ^ u>>63)
		b |= uint64(v ^ v>>63)
		out[i] = u * v
	}
	return a, b
}

func addRows(p pair, sel []uint16) (a uint64) {
	x, y, out := p.x, p.y, p.out
	for _, i := range sel {
		u, v := x[i], y[i]
		a |= uint64(u^u>>63) | uint64(v^v>>63)
		out[i] = u + v
	}
	return a
}

func subtractRows(p pair, sel []uint16) (a uint64) {
	x, y, out := p.x, p.y, p.out
	for _, i := range sel {
		u, v := x[i], y[i]
		a |= uint64(u^u>>63) | uint64(v^v>>63)
		out[i] = u - v
	}
	return a
}

// overflows is the exact check of the chosen rows that are not NULL.
func (p pair) overflows(op Operation, sel []uint16) bool {
	if sel == nil {
		sel = All(len(p.out))
	}
	for _, i := range sel {
		if p.valid != nil && p.valid[i>>6]>>(i&63)&1 == 0 {
			continue
		}
		x, y, r := p.x[i], p.y[i], p.out[i]
		switch op {
		case Add:
			if (x^r)&(y^r) < 0 {
				return true
			}
		case Subtract:
			if (x^y)&(x^r) < 0 {
				return true
			}
		default:
			if hi, lo := mulSigned(x, y); hi != int64(lo)>>63 {
				return true
			}
		}
	}
	return false
}
