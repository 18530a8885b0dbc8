package exec

import (
	"sort"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// windowFrames are the frames of the rows of a chunk, as rows of the block: from begin to before end, but for what is
// excluded.
type windowFrames struct {
	*WindowFrame

	partition, order int
	descending       bool

	parts, peers *windowSpans
	block        *windowBlock
	keys         []int64         // of a range, in an order of their own, which is ascending
	wide         []vector.Int128 // the same, where one of keys and limits has 128 bits
	limits       []int64         // of a chunk
	wideLimits   []vector.Int128 // the same
	begin, end   [vector.ChunkRows]uint32
}

func newWindowFrames(w *Window, c *WindowCall) *windowFrames {
	f := &windowFrames{WindowFrame: &c.Frame, partition: c.Partition, order: c.Order}
	f.descending = c.Order > 0 && w.Keys[c.Partition].Descending
	return f
}

// byLimits tells whether an end of the frames is found by values.
func (f *windowFrames) byLimits() bool {
	return f.Unit == expr.Range && (f.From.byOffset() || f.To.byOffset())
}

func (b WindowBound) byOffset() bool { return b.Kind == expr.Preceding || b.Kind == expr.Following }

// prepare looks at a block.
func (f *windowFrames) prepare(b *windowBlock) (err error) {
	f.block = b
	if f.parts, err = b.spansBy(f.partition); err != nil {
		return err
	}
	if f.Unit != expr.Rows || f.Exclude > expr.ExcludeCurrent {
		if f.peers, err = b.spansBy(f.partition + f.order); err != nil {
			return err
		}
	}
	if !f.byLimits() {
		return nil
	}
	return f.loadKeys(b)
}

// loadKeys reads the keys of a range.
func (f *windowFrames) loadKeys(b *windowBlock) error {
	n := len(b.rows)
	wide := false
	columns := []int{f.Key}
	for _, bound := range []WindowBound{f.From, f.To} {
		if bound.byOffset() {
			columns = append(columns, bound.Limit)
		}
	}
	for _, c := range columns {
		wide = wide || b.reader.columns[c].known.Physical == vector.Wide
	}
	width := 1
	if wide {
		width = 2
	}
	memory, err := b.words(n * width)
	if err != nil {
		return err
	}
	f.keys, f.wide, f.limits, f.wideLimits = nil, nil, nil, nil
	if wide {
		f.wide, f.wideLimits = view[vector.Int128](memory, n), make([]vector.Int128, vector.ChunkRows)
	} else {
		f.keys, f.limits = view[int64](memory, n), make([]int64, vector.ChunkRows)
	}
	for lo := 0; lo < n; lo += vector.ChunkRows {
		hi := min(lo+vector.ChunkRows, n)
		v := b.column(f.Key, lo, hi)
		if wide {
			f.orderWides(v, f.wide[lo:hi])
		} else {
			f.orderInts(v, f.keys[lo:hi])
		}
	}
	return nil
}

// orderInts reads integers or floats so that they ascend along the window's order.
func (f *windowFrames) orderInts(v *vector.Vector, out []int64) {
	rows := vector.All(len(out))
	if v.Physical == vector.Float {
		for i := range out {
			out[i] = vector.FloatKey(v.Float(i))
		}
	} else {
		vector.Ints(v, rows, out)
	}
	if f.descending {
		for i := range out {
			out[i] = ^out[i]
		}
	}
}

func (f *windowFrames) orderWides(v *vector.Vector, out []vector.Int128) {
	for i := range out {
		out[i] = v.Wide(i)
		if f.descending {
			out[i] = out[i].Neg()
		}
	}
}

// of computes the frames of rows lo to before hi: at most a chunk.
func (f *windowFrames) of(lo, hi int) {
	begin, end := f.begin[:hi-lo], f.end[:hi-lo]
	f.edge(f.From, 0, lo, begin)
	f.edge(f.To, 1, lo, end)
	for i, b := range begin {
		end[i] = max(end[i], b)
	}
}

// edge computes one end of the frames; after is 1 for the last rows, behind which a frame ends.
func (f *windowFrames) edge(b WindowBound, after, lo int, out []uint32) {
	switch {
	case b.Kind == expr.FromStart:
		for i := range out {
			out[i] = f.parts.starts[f.parts.of[lo+i]]
		}
	case b.Kind == expr.ToEnd:
		for i := range out {
			out[i] = f.parts.starts[f.parts.of[lo+i]+1]
		}
	case f.Unit == expr.Rows:
		delta := b.delta() + after
		for i := range out {
			out[i] = uint32(min(max(lo+i+delta, f.parts.start(lo+i)), f.parts.end(lo+i)))
		}
	case f.Unit == expr.Groups || b.Kind == expr.AtCurrent:
		delta := b.delta() + after
		for i := range out {
			first := int(f.peers.of[f.parts.start(lo+i)])
			last := int(f.peers.of[f.parts.end(lo+i)-1]) + 1
			group := int(f.peers.of[lo+i]) + delta
			out[i] = f.peers.starts[min(max(group, first), last)]
		}
	default:
		f.toLimits(b, after, lo, out)
	}
}

// delta is how many rows or groups after the current one an end is.
func (b WindowBound) delta() int {
	const most = 1 << 40 // more than there are rows
	switch b.Kind {
	case expr.Preceding:
		return -int(min(b.Offset, most))
	case expr.Following:
		return int(min(b.Offset, most))
	default:
		return 0
	}
}

// toLimits finds the first rows that are not before their limits or, where after is 1, the first behind them. A row
// whose key is NULL has those like it in its frame, and no row with a value has it.
func (f *windowFrames) toLimits(b WindowBound, after, lo int, out []uint32) {
	v := f.block.column(b.Limit, lo, lo+len(out))
	if f.wide != nil {
		f.orderWides(v, f.wideLimits[:len(out)])
	} else {
		f.orderInts(v, f.limits[:len(out)])
	}
	part, first, last, hint := uint32(1<<32-1), 0, 0, 0
	for i := range out {
		row := lo + i
		if f.parts.of[row] != part {
			part = f.parts.of[row]
			first, last = f.values(row)
			hint = first
		}
		switch {
		case row < first || row >= last:
			out[i] = f.peers.starts[int(f.peers.of[row])+after]
			continue
		case f.wide != nil:
			limit := f.wideLimits[i]
			hint = first + sort.Search(last-first, func(k int) bool { return f.wide[first+k].Cmp(limit) >= after })
		case after == 0:
			hint = lowerBound(f.keys, first, last, hint, f.limits[i])
		case f.limits[i] == vector.MaxInt:
			hint = last
		default:
			hint = lowerBound(f.keys, first, last, hint, f.limits[i]+1)
		}
		out[i] = uint32(hint)
	}
}

// values returns the rows of a row's partition whose keys are not NULL.
func (f *windowFrames) values(row int) (first, last int) {
	first, last = f.parts.start(row), f.parts.end(row)
	k := &f.block.reader.columns[f.Key]
	if k.isNull(int(f.block.rows[first])) {
		first = f.peers.end(first)
	}
	if first < last && k.isNull(int(f.block.rows[last-1])) {
		last = f.peers.start(last - 1)
	}
	return first, last
}

// lowerBound returns the first of the ascending keys lo to before hi that is at least x. It looks near hint first, in
// steps that double (Bentley and Yao, An almost optimal algorithm for unbounded searching, 1976).
func lowerBound(keys []int64, lo, hi, hint int, x int64) int {
	step := 1
	if hint < hi && keys[hint] < x {
		lo = hint + 1
		for lo+step < hi && keys[lo+step] < x {
			lo += step + 1
			step *= 2
		}
		hi = min(hi, lo+step)
	} else {
		hi = min(hi, hint)
		for hi-step > lo && keys[hi-step] >= x {
			hi -= step
			step *= 2
		}
		lo = max(lo, hi-step)
	}
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if keys[mid] < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// pieces returns what is left of the frame of row lo+i after what it excludes, in order; pieces may be empty.
func (f *windowFrames) pieces(lo, i int) [3]span {
	begin, end, row := f.begin[i], f.end[i], uint32(lo+i)
	hole, kept := span{end, end}, span{}
	switch f.Exclude {
	case expr.ExcludeCurrent:
		hole = span{row, row + 1}
	case expr.ExcludeGroup, expr.ExcludeTies:
		group := f.peers.of[row]
		hole = span{f.peers.starts[group], f.peers.starts[group+1]}
		if f.Exclude == expr.ExcludeTies && begin <= row && row < end {
			kept = span{row, row + 1}
		}
	default:
	}
	before := span{begin, max(begin, min(end, hole.first))}
	behind := span{min(end, max(begin, hole.end)), end}
	return [3]span{before, kept, behind}
}
