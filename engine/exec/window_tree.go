package exec

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// treeFanout is how many states, or rows, a state of the tree above them stands for.
const treeFanout = 16

// segmentTree folds any run of rows in logarithmic time: it has the states of treeFanout rows each, of as many of
// those, and so on.
type segmentTree struct {
	of       *windowAggregate
	folded   *fold
	in       []uint64 // of the rows
	levels   [][]uint64
	same     []uint32 // slots of one state
	overflow bool
}

// tree builds the tree of a block's inputs.
func (m *windowMoving) tree(ctx context.Context, b *windowBlock, f *fold, in []uint64) (*segmentTree, error) {
	t := &segmentTree{of: m.windowAggregate, folded: f, in: in, same: make([]uint32, 2*treeFanout)}
	w := f.op.stateWords()
	for below := len(b.rows); below > treeFanout; {
		n := (below + treeFanout - 1) / treeFanout
		states, err := b.words(n * w)
		if err != nil {
			return nil, err
		}
		clear(states)
		for first := 0; first < n; first += vector.ChunkRows / treeFanout {
			if err := m.query.Checkpoint(ctx, b.worker); err != nil {
				return nil, err
			}
			t.build(states, first*treeFanout, min((first+vector.ChunkRows/treeFanout)*treeFanout, below))
		}
		t.levels = append(t.levels, states)
		below = n
	}
	if t.overflow {
		return nil, sumOverflow(f.known)
	}
	return t, nil
}

// build folds what is below, from one to before another, into the states of the next level.
func (t *segmentTree) build(states []uint64, lo, hi int) {
	w := t.folded.op.stateWords()
	slots := t.of.slots[:hi-lo]
	for i := range slots {
		slots[i] = uint32(i / treeFanout * w)
	}
	to := states[lo/treeFanout*w:]
	t.put(len(t.levels), to, slots, lo)
}

// put folds consecutive entries of a level, 0 for the rows, from one on into states.
func (t *segmentTree) put(level int, to []uint64, slots []uint32, from int) {
	if len(slots) == 0 {
		return
	}
	var ok bool
	if level == 0 {
		w := t.folded.op.inWords()
		ok = t.of.foldInto(t.folded, to, slots, words{t.in[from*w:], w})
	} else {
		w := t.folded.op.stateWords()
		ok = t.of.mergeInto(t.folded, to, slots, words{t.levels[level-1][from*w:], w})
	}
	t.overflow = t.overflow || !ok
}

// fold folds rows from one to before another into a state; false when a 128-bit sum overflows.
func (t *segmentTree) fold(state []uint64, lo, hi int) bool {
	t.descend(0, state, lo, hi)
	return !t.overflow
}

// descend folds entries of a level, in their order, which counts for some folds.
func (t *segmentTree) descend(level int, state []uint64, lo, hi int) {
	if hi-lo <= len(t.same) || level == len(t.levels) {
		for ; lo < hi; lo += len(t.same) {
			t.put(level, state, t.same[:min(len(t.same), hi-lo)], lo)
		}
		return
	}
	up, down := (lo+treeFanout-1)/treeFanout, hi/treeFanout
	t.put(level, state, t.same[:up*treeFanout-lo], lo)
	t.descend(level+1, state, up, down)
	t.put(level, state, t.same[:hi-down*treeFanout], down*treeFanout)
}
