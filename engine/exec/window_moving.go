package exec

import (
	"context"
	"math/bits"

	"github.com/micodb/micodb/internal/vector"
)

// windowMoving computes aggregates over frames that begin anywhere. What can be taken back exactly, counts and sums of
// integers, is the difference of two running states; the rest is put together from a tree of the block's rows (Leis,
// Kundhadia, Kemper and Neumann, Efficient Processing of Window Functions in Analytical SQL Queries, 2015).
type windowMoving struct {
	*windowAggregate

	frames *windowFrames
	folds  []movingFold
}

// movingFold is how one fold is computed: prefix has a state before each row, and behind the last; nil: tree does.
type movingFold struct {
	prefix []uint64
	tree   *segmentTree
}

// invertible tells whether states can be subtracted.
func (o foldOp) invertible() bool { return o == foldCount || o == foldSum }

func (m *windowMoving) begin(ctx context.Context, b *windowBlock) error {
	if err := m.frames.prepare(b); err != nil {
		return err
	}
	m.folds = make([]movingFold, len(m.layout.folds))
	for i := range m.folds {
		if err := m.beginFold(ctx, b, i); err != nil {
			return err
		}
	}
	return nil
}

func (m *windowMoving) end() { m.folds = nil }

func (m *windowMoving) beginFold(ctx context.Context, b *windowBlock, i int) error {
	f, to := &m.layout.folds[i], &m.folds[i]
	w := f.op.inWords()
	in, err := b.words(len(b.rows) * w)
	if err != nil {
		return err
	}
	for lo := 0; lo < len(b.rows); lo += vector.ChunkRows {
		if err := m.query.Checkpoint(ctx, b.worker); err != nil {
			return err
		}
		hi := min(lo+vector.ChunkRows, len(b.rows))
		if err := m.load(b, i, lo, hi, in[lo*w:hi*w]); err != nil {
			return err
		}
	}
	if !f.op.invertible() {
		to.tree, err = m.tree(ctx, b, f, in)
		return err
	}
	w = f.op.stateWords()
	to.prefix, err = b.words((len(b.rows) + 1) * w)
	if err != nil {
		return err
	}
	clear(to.prefix[:w])
	if w == 1 {
		sum := uint64(0)
		for k, x := range in {
			sum += x
			to.prefix[k+1] = sum
		}
		return nil
	}
	var lo, hi, carry uint64
	for k, x := range in {
		lo, carry = bits.Add64(lo, x, 0)
		hi += uint64(int64(x)>>63) + carry
		to.prefix[2*k+2], to.prefix[2*k+3] = lo, hi
	}
	return nil
}

func (m *windowMoving) values(_ *windowBlock, lo, hi int, out []*vector.Vector) error {
	stride := m.layout.stride
	states := m.states[:(hi-lo)*stride]
	clear(states)
	m.frames.of(lo, hi)
	for i := range hi - lo {
		state := states[i*stride : (i+1)*stride]
		for _, p := range m.frames.pieces(lo, i) {
			if p.first == p.end {
				continue
			}
			state[m.layout.nKeys] += uint64(p.end - p.first)
			for k := range m.folds {
				f := &m.layout.folds[k]
				if !m.folds[k].add(f, state[f.at:], int(p.first), int(p.end)) {
					return sumOverflow(f.known)
				}
			}
		}
	}
	return m.emit(words{states, stride}, hi-lo, out)
}

// add puts the rows of a piece of a frame into a state; false when a 128-bit sum overflows.
func (m *movingFold) add(f *fold, state []uint64, first, end int) bool {
	switch {
	case m.tree != nil:
		return m.tree.fold(state, first, end)
	case f.op == foldCount:
		state[0] += m.prefix[end] - m.prefix[first]
	default:
		lo, borrow := bits.Sub64(m.prefix[2*end], m.prefix[2*first], 0)
		hi, _ := bits.Sub64(m.prefix[2*end+1], m.prefix[2*first+1], borrow)
		var carry uint64
		state[0], carry = bits.Add64(state[0], lo, 0)
		state[1], _ = bits.Add64(state[1], hi, carry)
	}
	return true
}
