package exec

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// windowAggregate computes the aggregates of one window and frame: by the folds of grouping, whose states are put
// together as the frames ask for. A whole partition has one state. Where a frame runs from the start, each row, or each
// group of rows with equal keys, has its own state, into which the one before is merged. For other frames see
// windowMoving.
type windowAggregate struct {
	window *Window
	query  *Query
	calls  []int // of the window

	first   *WindowCall
	shape   frameShape
	layout  *stateLayout
	loader  *loader
	emitter *emitter
	args    vector.Chunk // the columns that a fold reads
	in      []uint64     // input of a fold
	slots   []uint32
	states  []uint64 // of a chunk's rows, or of groups of them: the first is what is carried

	parts  *windowSpans
	peers  *windowSpans
	totals []uint64 // of partitions
	spread []uint64 // of a chunk's rows, where they are not what is in states
	folded int      // rows of the block that are in states
	last   int      // the group in states that the last row folded belongs to
	moving *windowMoving
}

// prepare is called once, when all calls are known.
func (a *windowAggregate) prepare() error {
	in := a.window.Input.Schema()
	calls := make([]AggregateCall, len(a.calls))
	for i, c := range a.calls {
		calls[i] = a.window.Calls[c].Aggregate
	}
	keys, err := newKeyLayout(nil)
	if err != nil {
		return err
	}
	if a.layout, err = newStateLayout(in, keys, calls); err != nil {
		return err
	}
	a.first = &a.window.Calls[a.calls[0]]
	a.shape = a.first.Frame.shape()
	a.loader = a.layout.loader()
	a.emitter = newEmitter(NewAggregate(a.window.Input, nil, calls), a.layout, newArena(a.query))
	words := 0
	for i := range a.layout.folds {
		words = max(words, a.layout.folds[i].op.inWords())
	}
	a.in, a.slots = make([]uint64, vector.ChunkRows*words), make([]uint32, vector.ChunkRows)
	a.args.Columns = make([]*vector.Vector, len(in))
	if a.states, err = a.query.zeroed((vector.ChunkRows + 1) * a.layout.stride); err != nil {
		return err
	}
	if a.shape == frameMoving {
		a.moving = &windowMoving{windowAggregate: a, frames: newWindowFrames(a.window, a.first)}
	}
	return nil
}

func (a *windowAggregate) begin(ctx context.Context, b *windowBlock) (err error) {
	a.emitter.pages = b.reader.texts.arena.list()
	a.folded = 0
	switch a.shape {
	case frameWhole:
		if a.parts, err = b.spansBy(a.first.Partition); err != nil {
			return err
		}
		return a.total(ctx, b)
	case frameRunningPeers:
		a.peers, err = b.spansBy(a.first.Partition + a.first.Order)
		return err
	case frameMoving:
		return a.moving.begin(ctx, b)
	default:
		return nil
	}
}

func (a *windowAggregate) end() {
	a.parts, a.peers, a.totals = nil, nil, nil
	if a.moving != nil {
		a.moving.end()
	}
}

func (a *windowAggregate) values(b *windowBlock, lo, hi int, out []*vector.Vector) error {
	switch a.shape {
	case frameWhole:
		stride := a.layout.stride
		for i := range hi - lo {
			part := int(a.parts.of[lo+i])
			copy(a.states[i*stride:(i+1)*stride], a.totals[part*stride:])
		}
		return a.emit(words{a.states, stride}, hi-lo, out)
	case frameMoving:
		return a.moving.values(b, lo, hi, out)
	default:
		return a.running(b, lo, hi, out)
	}
}

// emit gives states the form of results.
func (a *windowAggregate) emit(states words, n int, out []*vector.Vector) error {
	for i, c := range a.calls {
		v, err := a.emitter.call(i, &a.layout.calls[i], states, n)
		if err != nil {
			return err
		}
		out[c] = v
	}
	return nil
}

// total folds whole partitions.
func (a *windowAggregate) total(ctx context.Context, b *windowBlock) (err error) {
	stride := a.layout.stride
	if a.totals, err = b.words(a.parts.count() * stride); err != nil {
		return err
	}
	clear(a.totals)
	for lo := 0; lo < len(b.rows); lo += vector.ChunkRows {
		if err := a.query.Checkpoint(ctx, b.worker); err != nil {
			return err
		}
		hi := min(lo+vector.ChunkRows, len(b.rows))
		first := a.parts.of[lo]
		slots := a.slots[:hi-lo]
		for i, p := range a.parts.of[lo:hi] {
			slots[i] = (p - first) * uint32(stride)
		}
		if err := a.fold(b, lo, hi, a.totals[int(first)*stride:], slots); err != nil {
			return err
		}
	}
	return nil
}

// fold folds rows into states at slots.
func (a *windowAggregate) fold(b *windowBlock, lo, hi int, states []uint64, slots []uint32) error {
	foldOnes(states[a.layout.nKeys:], slots)
	for i := range a.layout.folds {
		f := &a.layout.folds[i]
		in := a.in[:(hi-lo)*f.op.inWords()]
		if err := a.load(b, i, lo, hi, in); err != nil {
			return err
		}
		if !a.foldInto(f, states[f.at:], slots, words{in, f.op.inWords()}) {
			return sumOverflow(f.known)
		}
	}
	return nil
}

// load reads the inputs of a fold for at most a chunk of rows. A text is the reference of the block's store, or 0.
func (a *windowAggregate) load(b *windowBlock, fold, lo, hi int, in []uint64) error {
	f := &a.layout.folds[fold]
	if !f.op.isText() {
		a.args.Len, a.args.Columns[f.column] = hi-lo, b.column(f.column, lo, hi)
		if f.op == foldPairs || f.key != nil {
			a.args.Columns[f.second] = b.column(f.second, lo, hi)
		}
		return a.loader.load(fold, &a.args, vector.All(hi-lo), in)
	}
	refs := b.reader.columns[f.column].data
	for i, row := range b.rows[lo:hi] {
		if in[i] = refs[row]; in[i] == noText {
			in[i] = 0
		}
	}
	return nil
}

// foldInto folds inputs, of texts references that stay good as long as the states do.
func (a *windowAggregate) foldInto(f *fold, states []uint64, slots []uint32, in words) bool {
	if f.op.isText() {
		pickTexts(f.op, states, slots, in, a.emitter.pages)
		return true
	}
	return foldRows(f.op, states, slots, in)
}

// mergeInto merges states.
func (a *windowAggregate) mergeInto(f *fold, states []uint64, slots []uint32, in words) bool {
	if f.op.isText() {
		pickTexts(f.op, states, slots, in, a.emitter.pages)
		return true
	}
	return mergeStates(f.op, states, slots, in)
}

// running computes frames from the start of the partition to the row, or to the last row with its keys.
func (a *windowAggregate) running(b *windowBlock, lo, hi int, out []*vector.Vector) error {
	end, parts, groups := hi, uint8(a.first.Partition), uint8(len(a.window.Keys)+1)
	if a.shape == frameRunningPeers {
		end, groups = a.peers.end(hi-1), uint8(a.first.Partition+a.first.Order)
	}
	stride := a.layout.stride
	copy(a.states[:stride], a.states[a.last*stride:][:stride])
	begin, group := a.folded, 0
	if begin < end {
		clear(a.states[stride:])
	}
	for a.folded < end {
		to := min(a.folded+vector.ChunkRows, end)
		slots := a.slots[:to-a.folded]
		for i, s := range b.same[a.folded:to] {
			if a.folded+i == begin || s <= groups {
				group++
			}
			slots[i] = uint32(group * stride)
		}
		if err := a.fold(b, a.folded, to, a.states, slots); err != nil {
			return err
		}
		a.folded = to
	}
	a.last = group
	if err := a.scan(b, begin, end, parts, groups); err != nil {
		return err
	}
	if group == hi-lo && begin == lo { // each row is a group
		return a.emit(words{a.states[stride:], stride}, hi-lo, out)
	}
	if a.spread == nil {
		var err error
		if a.spread, err = a.query.words(vector.ChunkRows * stride); err != nil {
			return err
		}
	}
	a.expand(b, lo, hi, begin, groups)
	return a.emit(words{a.spread, stride}, hi-lo, out)
}

// scan merges into each group's state that of the group before, where it is of the same partition.
func (a *windowAggregate) scan(b *windowBlock, begin, end int, parts, groups uint8) error {
	fresh := a.slots[:0] // groups that begin a partition
	group := uint32(0)
	for row, s := range b.same[begin:end] {
		if row == 0 || s <= groups {
			group++
			if s <= parts {
				fresh = append(fresh, group)
			}
		}
	}
	stride := a.layout.stride
	scanCounts(words{a.states[a.layout.nKeys:], stride}, int(group), fresh)
	for i := range a.layout.folds {
		f := &a.layout.folds[i]
		if !a.scanFold(f, words{a.states[f.at:], stride}, int(group), fresh) {
			return sumOverflow(f.known)
		}
	}
	return nil
}

// expand gives every row the state of its group. Rows before begin have the one that was carried.
func (a *windowAggregate) expand(b *windowBlock, lo, hi, begin int, groups uint8) {
	stride := a.layout.stride
	group := 0
	for row := lo; row < hi; row++ {
		if row == begin || row > begin && b.same[row] <= groups {
			group++
		}
		copy(a.spread[(row-lo)*stride:(row-lo+1)*stride], a.states[group*stride:])
	}
}
