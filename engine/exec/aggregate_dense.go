package exec

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// denseSink aggregates by keys that pack to a few bits: each worker has an array with a state for every value
// that the bits can have. Without keys that is one state.
type denseSink struct {
	unspillable

	query   *Query
	op      *Aggregate
	layout  *stateLayout
	workers []denseWorker
}

// denseWorker is what a worker has folded. States is nil where it has not begun.
type denseWorker struct {
	states []uint64
	texts  *arenaWriter // to which the states refer
}

func (s *denseSink) groups() int {
	if len(s.op.Keys) == 0 {
		return 1
	}
	return 1 << s.layout.keys.bits
}

// Worker returns a consumer with states of its own.
func (s *denseSink) Worker(i int) (Consumer, error) {
	states, err := s.query.zeroed(s.groups() * s.layout.stride)
	if err != nil {
		return nil, err
	}
	f := s.layout.folder(s.query)
	s.workers[i] = denseWorker{states, f.texts}
	stride := uint32(s.layout.stride)
	fold := func(c *vector.Chunk, rows []uint16) error {
		words, slots := f.words[:len(rows)], f.slots[:len(rows)]
		if err := f.keys.pack(c, rows, words); err != nil {
			return err
		}
		for k, w := range words {
			slots[k] = uint32(w) * stride
		}
		return f.fold(c, rows, states, slots)
	}
	if s.groups() <= laneGroups {
		l := &laneFolder{folder: f, dense: s.groups()}
		fold = func(c *vector.Chunk, rows []uint16) error { return l.fold(c, rows, states) }
	}
	return consumerOf(func(_ context.Context, c *vector.Chunk) error {
		if err := fold(c, chosen(c)); err != nil {
			return err
		}
		return f.texts.tidy(s.layout, states)
	}), nil
}

// chosen returns the chosen rows of a chunk; they must not be written.
func chosen(c *vector.Chunk) []uint16 {
	if c.Sel != nil {
		return c.Sel
	}
	return vector.All(c.Len)
}

// Finish merges the workers' states.
func (s *denseSink) Finish(context.Context) (Stream, error) {
	var all denseWorker
	slots := make([]uint32, s.groups())
	for g := range slots {
		slots[g] = uint32(g * s.layout.stride)
	}
	for _, w := range s.workers {
		switch {
		case w.states == nil:
		case all.states == nil:
			all = w
		default:
			texts := foldTexts{w.texts.arena.get, all.texts}
			if err := s.layout.merge(all.states, slots, words{w.states, s.layout.stride}, texts); err != nil {
				return nil, err
			}
			w.texts.arena.release()
			s.query.giveBack(w.states)
		}
	}
	var found []uint32 // groups that have rows
	for g := range slots {
		if len(s.op.Keys) == 0 || all.states[g*s.layout.stride] != 0 {
			found = append(found, uint32(g))
		}
	}
	var taken counter
	return streamOf(func(int) (Source, error) {
		e := newEmitter(s.op, s.layout, all.texts.arena)
		return sourceOf(func(context.Context) (*vector.Chunk, error) {
			i, ok := taken.take((len(found) + vector.ChunkRows - 1) / vector.ChunkRows)
			if !ok {
				return nil, nil //nolint:nilnil // the contract of Source
			}
			part := found[i*vector.ChunkRows:]
			return e.dense(all.states, part[:min(len(part), vector.ChunkRows)])
		}), nil
	}), nil
}

// merge folds states, which lie as in says, into those at slots. When it fails with 53200, it may be done again.
func (l *stateLayout) merge(states []uint64, slots []uint32, in words, texts foldTexts) error {
	for _, t := range l.texts[kindStates] {
		if t.of == nil {
			continue
		}
		if err := foldText(t.of.op, states[t.at:], slots, words{in.of[t.at:], in.stride}, texts); err != nil {
			return err
		}
	}
	foldCounts(states[l.nKeys:], slots, words{in.of[l.nKeys:], in.stride})
	for i := range l.folds {
		k := &l.folds[i]
		if !k.op.isText() && !mergeStates(k.op, states[k.at:], slots, words{in.of[k.at:], in.stride}) {
			return sumOverflow(k.known)
		}
	}
	return nil
}

// mergeRows folds rows, key and inputs, into the states at slots. When it fails with 53200, it may be done again.
func (l *stateLayout) mergeRows(states []uint64, slots []uint32, rows []uint64, texts foldTexts) error {
	for _, t := range l.texts[kindRows] {
		if t.of == nil {
			continue
		}
		if err := foldText(t.of.op, states[t.of.at:], slots, words{rows[t.at:], l.row}, texts); err != nil {
			return err
		}
	}
	foldOnes(states[l.nKeys:], slots)
	for i := range l.folds {
		f := &l.folds[i]
		if !f.op.isText() && !foldRows(f.op, states[f.at:], slots, words{rows[f.in:], l.row}) {
			return sumOverflow(f.known)
		}
	}
	return nil
}
