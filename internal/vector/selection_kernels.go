package vector

// All returns the selection of rows 0 to n-1; it must not be written.
func All(n int) []uint16 { return allRows[:n:n] }

var allRows = func() (s [ChunkRows]uint16) {
	for i := range s {
		s[i] = uint16(i)
	}
	return s
}()

// NoneValid is the validity of a chunk of NULLs; it must not be written.
func NoneValid(n int) []uint64 { return noneValid[: (n+63)/64 : (n+63)/64] }

var noneValid [ChunkRows / 64]uint64

// A selection kernel takes the rows in (nil: all rows of the vector) and gives those that pass, ascending. The
// result lies in out, which holds at least as many rows and may be in itself, or it is in, or All(n): so it
// must not be written unless it is known to lie in out. NULL never passes, except SelectNull.

// SelectValid keeps the rows that are not NULL.
func SelectValid(v *Vector, in, out []uint16) []uint16 {
	if v.Valid == nil {
		return rowsOf(v, in)
	}
	return selectBits(v.Valid, 0, rowsOf(v, in), out)
}

// SelectNull keeps the rows that are NULL.
func SelectNull(v *Vector, in, out []uint16) []uint16 {
	if v.Valid == nil {
		return out[:0]
	}
	return selectBits(v.Valid, 1, rowsOf(v, in), out)
}

func rowsOf(v *Vector, in []uint16) []uint16 {
	if in == nil {
		return All(v.Len)
	}
	return in
}

// selectBits keeps the rows whose bit differs from flip.
func selectBits(valid []uint64, flip uint64, in, out []uint16) []uint16 {
	k := 0
	out = out[:len(in)]
	for _, i := range in {
		out[k] = i
		k += int((valid[i>>6]>>(i&63) ^ flip) & 1)
	}
	return out[:k]
}

// Range is the set of values from Lo to Hi, both included, or with Negate all others.
type Range struct {
	Lo, Hi int64
	Negate bool
}

// SelectRange keeps the rows of an Integer vector whose value is in r. The test is made on the codes.
func SelectRange(v *Vector, r Range, in, out []uint16) []uint16 {
	if v.Encoding == Constant {
		if (v.Base >= r.Lo && v.Base <= r.Hi) != r.Negate {
			return SelectValid(v, in, out)
		}
		return out[:0]
	}
	t := r.ofCodes(v)
	switch t.verdict {
	case all:
		return SelectValid(v, in, out)
	case none:
		return out[:0]
	case some:
	}
	if v.Valid != nil && (!v.NullCode || r.Negate) { // an encoded NULL lies outside every range of values
		in = SelectValid(v, in, out)
	}
	if r.Negate {
		return selectOutside[v.Width](v, t.span, in, out)
	}
	return selectInside[v.Width](v, t.span, in, out)
}

// verdict is what bounds alone say of the values of a vector: which of them pass a test.
type verdict uint8

const (
	some verdict = iota
	all
	none
)

// codeTest is a Range as a test of codes: those of the span are inside. The span counts when the verdict is some.
type codeTest struct {
	span

	verdict verdict
}

// ofCodes makes the test for the codes of an Integer vector that is no Constant.
func (r Range) ofCodes(v *Vector) codeTest {
	lo, hi := max(r.Lo, v.Lo), min(r.Hi, v.Hi)
	inside := some
	switch {
	case lo > hi:
		inside = none
	case lo <= v.Lo && hi >= v.Hi:
		inside = all
	case v.Encoding == Frame:
		if lo, hi = codeRange(v, lo, hi); lo > hi {
			inside = none
		}
	default:
	}
	if r.Negate && inside != some {
		inside = all + none - inside
	}
	return codeTest{span{uint64(lo), uint64(hi) - uint64(lo)}, inside}
}

// codeRange returns the codes of a Frame whose values lie in [lo, hi]; lo > hi: none.
func codeRange(v *Vector, lo, hi int64) (first, last int64) {
	l, h := saturatingSub(lo, v.Base), saturatingSub(hi, v.Base)
	if v.Scale > 0 {
		return -floorDiv(-l, v.Scale), floorDiv(h, v.Scale)
	}
	return -floorDiv(h, -v.Scale), floorDiv(-l, -v.Scale)
}

// saturatingSub returns a-b, or the int64 nearest to it that can be negated.
func saturatingSub(a, b int64) int64 {
	d := a - b
	switch {
	case (a^b)&(a^d) >= 0:
		return max(d, -MaxInt)
	case a < 0:
		return -MaxInt
	default:
		return MaxInt
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// span is the set of the codes from first to first+more: one unsigned test.
type span struct{ first, more uint64 }

type spanKernel func(v *Vector, s span, in, out []uint16) []uint16

var (
	selectInside = spanKernels(
		[4]spanKernel{inside[uint8], inside[uint16], inside[uint32], inside[int64]}, false)
	selectOutside = spanKernels(
		[4]spanKernel{outside[uint8], outside[uint16], outside[uint32], outside[int64]}, true)
)

func inside[T Code](v *Vector, s span, in, out []uint16) []uint16 {
	d, k := Codes[T](v), 0
	if in == nil {
		out = out[:len(d)]
		for i, x := range d {
			out[k] = uint16(i)
			if uint64(x)-s.first <= s.more {
				k++
			}
		}
		return out[:k]
	}
	out = out[:len(in)]
	for _, i := range in {
		out[k] = i
		if uint64(d[i])-s.first <= s.more {
			k++
		}
	}
	return out[:k]
}

func outside[T Code](v *Vector, s span, in, out []uint16) []uint16 {
	d, k := Codes[T](v), 0
	if in == nil {
		out = out[:len(d)]
		for i, x := range d {
			out[k] = uint16(i)
			if uint64(x)-s.first > s.more {
				k++
			}
		}
		return out[:k]
	}
	out = out[:len(in)]
	for _, i := range in {
		out[k] = i
		if uint64(d[i])-s.first > s.more {
			k++
		}
	}
	return out[:k]
}

// WideRange is a Range of 128-bit values.
type WideRange struct {
	Lo, Hi Int128
	Negate bool
}

// SelectWideRange keeps the rows of a Wide or an Integer vector whose value is in r.
func SelectWideRange(v *Vector, r WideRange, in, out []uint16) []uint16 {
	if v.Physical == Integer {
		return SelectRange(v, r.narrow(), in, out)
	}
	holds := func(x Int128) bool { return (x.Cmp(r.Lo) >= 0 && x.Cmp(r.Hi) <= 0) != r.Negate }
	in = SelectValid(v, in, out)
	if v.Encoding == Constant {
		if holds(v.Big) {
			return in
		}
		return out[:0]
	}
	d, k := Codes[Int128](v), 0
	out = out[:len(in)]
	for _, i := range in {
		out[k] = i
		if holds(d[i]) {
			k++
		}
	}
	return out[:k]
}

// narrow returns the int64 values of a range.
func (r WideRange) narrow() Range {
	lo, hi := Int128Of(MinInt), Int128Of(MaxInt)
	if r.Lo.Cmp(hi) > 0 || r.Hi.Cmp(lo) < 0 || r.Lo.Cmp(r.Hi) > 0 {
		return Range{Lo: 1, Hi: 0, Negate: r.Negate}
	}
	if r.Lo.Cmp(lo) > 0 {
		lo = r.Lo
	}
	if r.Hi.Cmp(hi) < 0 {
		hi = r.Hi
	}
	return Range{Lo: int64(lo.Lo), Hi: int64(hi.Lo), Negate: r.Negate}
}

// SelectFloatRange keeps the rows of a Float vector whose value is in r, a range of FloatKeys, whose ends may be keys
// that no float has.
func SelectFloatRange(v *Vector, r Range, in, out []uint16) []uint16 {
	in = SelectValid(v, in, out)
	r = r.ofFloats()
	if r.Lo > r.Hi {
		if r.Negate {
			return in
		}
		return out[:0]
	}
	if v.Encoding == Constant {
		if k := FloatKey(v.Real); (k >= r.Lo && k <= r.Hi) != r.Negate {
			return in
		}
		return out[:0]
	}
	lo, hi := KeyFloat(r.Lo), KeyFloat(r.Hi)
	if hi != hi { // up to NaN: all that is not below lo
		return floatsNotBelow(Codes[float64](v), lo, r.Negate, in, out)
	}
	return floatsBetween(Codes[float64](v), floatSpan{lo, hi, r.Negate}, in, out)
}

// ofFloats moves the ends to keys that floats have; a range of no float is empty.
func (r Range) ofFloats() Range {
	const infinite, least = 0x7ff << 52, -0x7ff<<52 - 1
	switch {
	case r.Hi < least:
		r.Lo, r.Hi = 1, 0
	case r.Hi == -1: // -0 has the key of 0
		r.Hi--
	case r.Hi > infinite && r.Hi < MaxInt:
		r.Hi = infinite
	}
	if r.Lo > infinite {
		r.Lo = MaxInt
	}
	return r
}

type floatSpan struct {
	lo, hi float64
	negate bool
}

func floatsBetween(d []float64, s floatSpan, in, out []uint16) []uint16 {
	k := 0
	out = out[:len(in)]
	for _, i := range in {
		out[k] = i
		if (d[i] >= s.lo && d[i] <= s.hi) != s.negate {
			k++
		}
	}
	return out[:k]
}

// floatsNotBelow lets NaN pass; lo may be NaN itself, above which is nothing but NaN.
func floatsNotBelow(d []float64, lo float64, negate bool, in, out []uint16) []uint16 {
	k := 0
	out = out[:len(in)]
	for _, i := range in {
		out[k] = i
		if (d[i] >= lo || d[i] != d[i]) != negate {
			k++
		}
	}
	return out[:k]
}

type tableKernel func(v *Vector, table []bool, in, out []uint16) []uint16

var selectTable = tableKernels([4]tableKernel{byTable[uint8], byTable[uint16], byTable[uint32], byTable[int64]})

// SelectTable keeps the rows of a Dict or a Constant vector whose code has a true entry. The table has one entry
// more than the dictionary, for NULL, which may be true.
func SelectTable(v *Vector, table []bool, in, out []uint16) []uint16 {
	if v.Encoding != Constant {
		return selectTable[v.Width](v, table, in, out)
	}
	valid, null := table[0], table[len(table)-1]
	switch {
	case valid && null:
		return rowsOf(v, in)
	case valid:
		return SelectValid(v, in, out)
	case null:
		return SelectNull(v, in, out)
	default:
		return out[:0]
	}
}

func byTable[T Code](v *Vector, table []bool, in, out []uint16) []uint16 {
	d, k := Codes[T](v), 0
	if in == nil {
		out = out[:len(d)]
		for i, x := range d {
			out[k] = uint16(i)
			if table[x] {
				k++
			}
		}
		return out[:k]
	}
	out = out[:len(in)]
	for _, i := range in {
		out[k] = i
		if table[d[i]] {
			k++
		}
	}
	return out[:k]
}

// SelectBytes keeps the rows of a Bytes vector whose value matches. It asks once a row, but once for a Constant;
// a Dict vector is better served by SelectTable.
func SelectBytes(v *Vector, match func([]byte) bool, in, out []uint16) []uint16 {
	in = SelectValid(v, in, out)
	if v.Encoding == Constant {
		if len(in) > 0 && match(v.Dictionary.Values[0]) {
			return in
		}
		return out[:0]
	}
	k := 0
	out = out[:len(in)]
	if v.Encoding == Flat {
		offsets, data := v.Offsets, v.Data
		for _, i := range in {
			out[k] = i
			if match(data[offsets[i]:offsets[i+1]]) {
				k++
			}
		}
		return out[:k]
	}
	for _, i := range in {
		out[k] = i
		if match(v.Bytes(int(i))) {
			k++
		}
	}
	return out[:k]
}

// Difference returns the rows of a without those of b, all of which are in a; out may be a, and not b.
func Difference(a, b, out []uint16) []uint16 {
	if len(b) == 0 {
		return a
	}
	k, j, last := 0, 0, len(b)-1
	out = out[:len(a)]
	for _, x := range a {
		out[k] = x
		y := b[min(j, last)]
		if x != y {
			k++
		}
		if x == y {
			j++
		}
	}
	return out[:k]
}

// Union returns the rows of a and of b; out holds len(a)+len(b) rows, or all rows there are, and is neither.
func Union(a, b, out []uint16) []uint16 {
	k, i, j := 0, 0, 0
	out = out[:cap(out)]
	for i < len(a) && j < len(b) {
		x, y := a[i], b[j]
		out[k] = min(x, y)
		k++
		if x <= y {
			i++
		}
		if y <= x {
			j++
		}
	}
	k += copy(out[k:], a[i:])
	k += copy(out[k:], b[j:])
	return out[:k]
}
