package exec

import (
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func sumOverflow(c Column) *sqlerr.Error {
	return sqlerr.New(sqlerr.NumericOutOfRange, "the sum of %s is out of the range of its type", c.Name)
}

// emitter turns states into chunks for one worker.
type emitter struct {
	op      *Aggregate
	layout  *stateLayout
	pages   [][]byte // to which the states refer
	buffers []vector.Buffer
	views   []vector.Vector
	numbers [][]uint32
	refs    [][]uint64
	packed  []uint64
	chunk   vector.Chunk
}

func newEmitter(op *Aggregate, l *stateLayout, texts *arena) *emitter {
	n := len(op.out)
	return &emitter{
		op: op, layout: l, pages: texts.list(), buffers: make([]vector.Buffer, n),
		views: make([]vector.Vector, n), numbers: make([][]uint32, n), refs: make([][]uint64, n),
		chunk: vector.Chunk{Columns: make([]*vector.Vector, n)},
	}
}

// dense makes a chunk of groups whose keys are their numbers.
func (e *emitter) dense(states []uint64, groups []uint32) (*vector.Chunk, error) {
	n, stride := len(groups), e.layout.stride
	if e.packed == nil {
		e.packed = make([]uint64, vector.ChunkRows*(1+stride))
	}
	keys, of := e.packed[:n], e.packed[vector.ChunkRows:]
	for i, g := range groups {
		keys[i] = uint64(g)
		copy(of[i*stride:(i+1)*stride], states[int(g)*stride:])
	}
	return e.emit(words{keys, 1}, words{of, stride}, n)
}

// groups makes a chunk of n states whose keys are in them.
func (e *emitter) groups(states []uint64, n int) (*vector.Chunk, error) {
	w := words{states, e.layout.stride}
	return e.emit(w, w, n)
}

func (e *emitter) emit(keys, states words, n int) (*vector.Chunk, error) {
	e.chunk.Len = n
	fields := e.layout.keys.fields
	for i := range fields {
		e.chunk.Columns[i] = e.key(i, &fields[i], keys, n)
	}
	for i := range e.layout.calls {
		v, err := e.call(len(fields)+i, &e.layout.calls[i], states, n)
		if err != nil {
			return nil, err
		}
		e.chunk.Columns[len(fields)+i] = v
	}
	return &e.chunk, nil
}

// key unpacks one key.
func (e *emitter) key(i int, f *keyField, keys words, n int) *vector.Vector {
	b, t := &e.buffers[i], f.known.Type
	var valid []uint64
	if f.known.Nullable {
		valid = b.AllValid(n)
		for k := range n {
			if f.isNull(keys.of[k*keys.stride:]) {
				valid[k>>6] &^= 1 << (k & 63)
			}
		}
	}
	from := words{keys.of[f.word:], keys.stride}
	switch f.kind {
	case keyBits:
		d, m := b.Ints(n), mask(f.bits)
		for k := range d {
			d[k] = f.lo + int64(from.of[k*from.stride]>>f.shift&m)
		}
		return b.IntVector(t, d, valid, f.known.Lo, f.known.Hi)
	case keyWord:
		d := b.Ints(n)
		for k := range d {
			d[k] = int64(from.of[k*from.stride])
		}
		return b.IntVector(t, d, valid, f.known.Lo, f.known.Hi)
	case keyFloat:
		d := b.Floats(n)
		for k := range d {
			d[k] = vector.KeyFloat(int64(from.of[k*from.stride]))
		}
		return b.FloatVector(t, d, valid)
	case keyWide:
		d := b.Wides(n)
		for k := range d {
			o := k * from.stride
			d[k] = vector.Int128{Lo: from.of[o], Hi: int64(from.of[o+1])}
		}
		return b.WideVector(t, d, valid)
	case keyCode:
		numbers, m := e.numbersOf(i, n), mask(f.bits)
		for k := range numbers {
			numbers[k] = uint32(from.of[k*from.stride] >> f.shift & m)
		}
		return e.words(i, f.known, numbers, valid)
	default:
		refs := e.refsOf(i, n)
		for k := range refs {
			refs[k] = from.of[k*from.stride+1]
		}
		return e.view(i, t, refs, valid)
	}
}

func (e *emitter) numbersOf(i, n int) []uint32 {
	if e.numbers[i] == nil {
		e.numbers[i] = make([]uint32, vector.ChunkRows)
	}
	return e.numbers[i][:n]
}

func (e *emitter) refsOf(i, n int) []uint64 {
	if e.refs[i] == nil {
		e.refs[i] = make([]uint64, vector.ChunkRows)
	}
	return e.refs[i][:n]
}

// words makes a vector of numbers in a column's dictionary.
func (e *emitter) words(i int, c Column, numbers []uint32, valid []uint64) *vector.Vector {
	null := uint32(len(c.Words.Values))
	v := &e.views[i]
	*v = vector.Vector{
		Type: c.Type, Physical: vector.Bytes, Encoding: vector.Dict, Valid: valid, Dictionary: c.Words,
	}
	vector.SetCodes(v, numbers)
	for k := range numbers {
		if v.IsNull(k) {
			numbers[k] = null
		}
	}
	return v
}

// view makes a vector of references.
func (e *emitter) view(i int, t vector.Type, refs, valid []uint64) *vector.Vector {
	v := &e.views[i]
	*v = vector.Vector{Type: t, Physical: vector.Bytes, Encoding: vector.View, Valid: valid, Len: len(refs)}
	v.Pages, v.Refs = e.pages, refs
	return v
}

// call computes one call's results.
func (e *emitter) call(i int, c *callLayout, states words, n int) (*vector.Vector, error) {
	if c.value >= 0 {
		f := &e.layout.folds[c.value]
		values := words{states.of[f.at:], states.stride}
		switch of := statisticOf(c.Kind); {
		case of != nil:
			return e.statistics(i, c, of, values, n), nil
		case f.op.keeps():
			return e.kept(i, f, values, n), nil
		}
	}
	counts := words{states.of[e.layout.nKeys:], states.stride}
	if c.count >= 0 {
		counts.of = states.of[e.layout.folds[c.count].at:]
	}
	b := &e.buffers[i]
	if c.Kind == CountRows || c.Kind == Count || c.Kind == SumCounts {
		if c.value >= 0 {
			counts.of = states.of[e.layout.folds[c.value].at:]
		}
		d := b.Ints(n)
		for k := range d {
			d[k] = int64(counts.of[k*counts.stride])
		}
		return b.IntVector(c.Of, d, nil, 0, maxCount), nil
	}
	var valid []uint64
	if e.op.out[i].Nullable {
		valid = b.AllValid(n)
		for k := range n {
			if counts.of[k*counts.stride] == 0 {
				valid[k>>6] &^= 1 << (k & 63)
			}
		}
	}
	f := &e.layout.folds[c.value]
	values := words{states.of[f.at:], states.stride}
	switch {
	case f.op == foldOr || f.op == foldXor || c.Kind.Counts():
		return e.integers(i, c, values, valid, n), nil
	case c.Kind == Minimum || c.Kind == Maximum:
		return e.extremes(i, f, values, valid, n), nil
	case c.Kind == Average || c.Kind == AverageOf:
		d := b.Floats(n)
		for k := range d {
			o, count := k*values.stride, counts.of[k*counts.stride]
			if f.op == foldFloat {
				d[k] = floatOf(values.of[o], values.of[o+1]) / float64(count)
			} else {
				sum := vector.Int128{Lo: values.of[o], Hi: int64(values.of[o+1])}
				d[k] = average(sum, f.known.Type.Scale, count)
			}
		}
		return b.FloatVector(c.Of, d, valid), nil
	case f.op == foldFloat:
		d := b.Floats(n)
		for k := range d {
			o := k * values.stride
			d[k] = floatOf(values.of[o], values.of[o+1])
		}
		return b.FloatVector(c.Of, d, valid), nil
	default:
		return e.sums(i, c, values, valid, n)
	}
}

// sums gives 128-bit sums the type of the call.
func (e *emitter) sums(i int, c *callLayout, values words, valid []uint64, n int) (*vector.Vector, error) {
	b := &e.buffers[i]
	ints, fit := b.Ints(n), true
	lo, hi := int64(vector.MaxInt), int64(vector.MinInt)
	for k := range ints {
		o := k * values.stride
		x, ok := vector.Int128{Lo: values.of[o], Hi: int64(values.of[o+1])}.Int64()
		ints[k], fit = x, fit && ok
		lo, hi = min(lo, x), max(hi, x)
	}
	if fit { // a decimal too: the vector says what it is
		typeLo, typeHi := c.Of.Limits()
		if c.Of.Physical() == vector.Integer && (lo < typeLo || hi > typeHi) {
			return nil, sumOverflow(c.arg)
		}
		return b.IntVector(c.Of, ints, valid, lo, hi), nil
	}
	if c.Of.Physical() != vector.Wide {
		return nil, sumOverflow(c.arg)
	}
	wides, limit := b.Wides(n), pow10(int(c.Of.Precision))
	for k := range wides {
		o := k * values.stride
		wides[k] = vector.Int128{Lo: values.of[o], Hi: int64(values.of[o+1])}
		if c.Of.Kind == vector.Decimal && (wides[k].Cmp(limit) >= 0 || wides[k].Cmp(limit.Neg()) <= 0) {
			return nil, sumOverflow(c.arg)
		}
	}
	return b.WideVector(c.Of, wides, valid), nil
}

// pow10 returns 10^n, n at most 38.
func pow10(n int) vector.Int128 {
	p := vector.Int128{Lo: 1}
	for range n {
		twice, _ := p.Add(p)
		four, _ := twice.Add(twice)
		eight, _ := four.Add(four)
		p, _ = eight.Add(twice)
	}
	return p
}

// extremes gives minima and maxima their values back.
func (e *emitter) extremes(i int, f *fold, values words, valid []uint64, n int) *vector.Vector {
	b, t := &e.buffers[i], f.known.Type
	switch {
	case f.op == foldMinText || f.op == foldMaxText:
		refs := e.refsOf(i, n)
		for k := range refs {
			refs[k] = values.of[k*values.stride]
		}
		return e.view(i, t, refs, valid)
	case f.op == foldMaxWide:
		d := b.Wides(n)
		for k := range d {
			hi, lo := values.of[k*values.stride], values.of[k*values.stride+1]
			if f.negate {
				hi, lo = ^hi, ^lo
			}
			d[k] = vector.Int128{Lo: lo, Hi: int64(hi ^ 1<<63)}
		}
		return b.WideVector(t, d, valid)
	case f.ranks != nil:
		numbers := e.numbersOf(i, n)
		for k := range numbers {
			numbers[k] = 0
			if w := values.of[k*values.stride]; w != 0 && len(f.ranks.number) > 0 {
				numbers[k] = f.ranks.number[f.extremeInt(w)]
			}
		}
		return e.words(i, f.known, numbers, valid)
	case f.known.Physical == vector.Float:
		d := b.Floats(n)
		for k := range d {
			d[k] = vector.KeyFloat(f.extremeInt(values.of[k*values.stride]))
		}
		return b.FloatVector(t, d, valid)
	default:
		d := b.Ints(n)
		for k := range d {
			d[k] = f.extremeInt(values.of[k*values.stride])
		}
		return b.IntVector(t, d, valid, f.known.Lo, f.known.Hi)
	}
}
