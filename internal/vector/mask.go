package vector

import "math/bits"

// Mask is a set of rows of a chunk: bit i&63 of word i>>6 is row i. Tests that are plain passes over codes narrow one
// mask with vector instructions, and rows are written once for all of them.
//
// A test returns false, and leaves the mask as it was, where it has no vector instructions for such a vector: then a
// selection kernel is asked. A NULL never passes, except MaskTable's.
type Mask [ChunkRows / 64]uint64

// Fill makes the mask rows 0 to n-1.
func (m *Mask) Fill(n int) {
	clear(m[:])
	for w := range n / 64 {
		m[w] = ^uint64(0)
	}
	if rest := n % 64; rest > 0 {
		m[n/64] = 1<<rest - 1
	}
}

// Count returns the number of rows.
func (m *Mask) Count() int {
	n := 0
	for _, w := range m {
		n += bits.OnesCount64(w)
	}
	return n
}

// Rows writes the rows, ascending, to out, which has room for all rows of the chunk.
func (m *Mask) Rows(out []uint16) []uint16 {
	k := 0
	for w, set := range m {
		switch {
		case set == 0:
		case k+64 <= len(out):
			k += writeRows(w*64, set, out[k:])
		default:
			for ; set != 0; set &= set - 1 {
				out[k] = uint16(w*64 + bits.TrailingZeros64(set))
				k++
			}
		}
	}
	return out[:k]
}

// and keeps the rows of other words; nil keeps all.
func (m *Mask) and(words []uint64) {
	for w, set := range words {
		m[w] &= set
	}
}

// MaskRange keeps the rows of an Integer vector whose value is in r.
func MaskRange(v *Vector, r Range, m *Mask) bool {
	if v.Encoding == Constant {
		return false
	}
	switch t := r.ofCodes(v); {
	case t.verdict == none:
		clear(m[:])
	case t.verdict == some && !maskSpan(v, t.span, r.Negate, m):
		return false
	default:
		m.and(v.Valid)
	}
	return true
}

// MaskWideRange is MaskRange for an Integer vector and a range of 128-bit values.
func MaskWideRange(v *Vector, r WideRange, m *Mask) bool {
	return v.Physical == Integer && MaskRange(v, r.narrow(), m)
}

// MaskTable keeps the rows of a Dict vector whose code has a true entry, as SelectTable does.
func MaskTable(v *Vector, table []bool, m *Mask) bool {
	return v.Encoding == Dict && v.Width == W1 && maskTable(v, table, m)
}

// MaskCompare keeps the rows in which two Integer vectors of one type compare so.
func MaskCompare(c Comparison, x, y *Vector, m *Mask) bool {
	if x.Physical != Integer || y.Physical != Integer || x.Encoding == Constant || y.Encoding == Constant ||
		!maskCompare(c, x, y, m) {
		return false
	}
	m.and(x.Valid)
	m.and(y.Valid)
	return true
}

// MaskRuntime keeps the rows of an Integer vector that r's bitmap holds.
func MaskRuntime(v *Vector, r *RuntimeValues, m *Mask) bool {
	if r.Bits == nil || v.Encoding != Frame || v.Scale != 1 || r.Lo > r.Hi {
		return false
	}
	lo, hi := max(r.Lo, v.Lo, v.Base), min(r.Hi, v.Hi)
	if widest := ^uint64(0) >> (64 - 8<<v.Width); lo <= hi && uint64(hi)-uint64(v.Base) > widest {
		hi = v.Base + int64(widest)
	}
	if lo > hi {
		clear(m[:])
		return true
	}
	p := places{span: span{uint64(lo) - uint64(v.Base), uint64(hi) - uint64(lo)}, bits: r.Bits}
	p.skip = uint64(lo) - uint64(r.Lo)
	if !maskPlaces(v, p, m) {
		return false
	}
	m.and(v.Valid)
	return true
}

// places are bits for the codes of a span: that of code c is bit c-first+skip.
type places struct {
	span

	skip uint64
	bits []uint64
}
