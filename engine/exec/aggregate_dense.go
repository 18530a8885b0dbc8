package exec

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// denseSink aggregates by keys that pack to a few bits: each worker has an array with a state for every value
// that the bits can have. Without keys that is one state.
type denseSink struct {
	unspillable

	query  *Query
	op     *Aggregate
	layout *stateLayout
	texts  *arena
	states [][]uint64 // of each worker
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
	s.states[i] = states
	f := s.layout.folder(s.texts)
	stride, groups := uint32(s.layout.stride), s.groups()
	return consumerOf(func(_ context.Context, c *vector.Chunk) error {
		rows := chosen(c)
		words, slots := f.words[:len(rows)], f.slots[:len(rows)]
		if err := f.keys.pack(c, rows, words); err != nil {
			return err
		}
		for k, w := range words {
			slots[k] = uint32(w) * stride
		}
		return f.fold(c, rows, states, slots, groups)
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
	var total []uint64
	slots := make([]uint32, s.groups())
	for g := range slots {
		slots[g] = uint32(g * s.layout.stride)
	}
	for _, states := range s.states {
		switch {
		case states == nil:
		case total == nil:
			total = states
		default:
			if err := s.layout.merge(total, slots, words{states, s.layout.stride}, s.texts); err != nil {
				return nil, err
			}
		}
	}
	var found []uint32 // groups that have rows
	for g := range slots {
		if total[g*s.layout.stride] != 0 || len(s.op.Keys) == 0 {
			found = append(found, uint32(g))
		}
	}
	var taken counter
	return streamOf(func(int) (Source, error) {
		e := newEmitter(s.op, s.layout, s.texts)
		return sourceOf(func(context.Context) (*vector.Chunk, error) {
			i, ok := taken.take((len(found) + vector.ChunkRows - 1) / vector.ChunkRows)
			if !ok {
				return nil, nil //nolint:nilnil // the contract of Source
			}
			part := found[i*vector.ChunkRows:]
			return e.dense(total, part[:min(len(part), vector.ChunkRows)])
		}), nil
	}), nil
}

// merge folds states, which lie as in says, into those at slots. Both have their texts in the same arena.
func (l *stateLayout) merge(states []uint64, slots []uint32, in words, texts *arena) error {
	foldCounts(states[l.nKeys:], slots, words{in.of[l.nKeys:], in.stride})
	for i := range l.folds {
		k := &l.folds[i]
		part := words{in.of[k.at:], in.stride}
		if k.op == foldMinText || k.op == foldMaxText {
			if err := foldText(k.op, states[k.at:], slots, part, foldTexts{from: texts.get, held: texts}); err != nil {
				return err
			}
			continue
		}
		if !mergeStates(k.op, states[k.at:], slots, part) {
			return sumOverflow(k.known)
		}
	}
	return nil
}
