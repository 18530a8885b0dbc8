package exec

import "github.com/micodb/micodb/internal/vector"

// accumulator computes aggregates over rows of its user's choice: the frames of windows, say. One belongs to one
// worker. The states are the user's; each is stateWords() words, all calls' side by side, and zeros are the state of no
// rows. A state says all there is to know of its rows, so that states may be copied, and merged in any grouping; only
// floating point sums then differ in their last digits, and FIRST and LAST go by the order of the merges.
//
//   - update takes rows of a chunk, each into the state that begins at its slot;
//   - merge takes states into states;
//   - results finishes states, which stay as they are.
//
// States refer to texts by words (stateLayout.texts says which) that are good in the accumulator alone: who writes
// states to disk writes the texts, too, as spreader does.
//
// How an aggregate is one of these: AggregateCall says which; stateLayout.addCall chooses its fold, or shares another
// call's; loader.load makes words of its argument's values, one or a few a row, in which NULL changes nothing; foldRows
// folds these into states, mergeStates states into states, each one loop an operation over all rows of a chunk;
// emitter.call makes a vector of finished states.
type accumulator struct {
	*folder

	emitter *emitter
}

// newAccumulator makes an accumulator of calls over columns of in. An aggregate that must see its values in order has
// no state: 0A000.
func newAccumulator(q *Query, in Schema, calls []AggregateCall) (*accumulator, error) {
	keys, err := newKeyLayout(nil)
	if err != nil {
		return nil, err
	}
	layout, err := newStateLayout(in, keys, calls)
	if err != nil {
		return nil, err
	}
	layout.nKeys = 0
	layout.place()
	a := &accumulator{folder: layout.folder(q)}
	op := &Aggregate{Calls: calls}
	for _, c := range calls {
		op.out = append(op.out, c.column(in, false))
	}
	a.emitter = newEmitter(op, layout, a.texts.arena)
	return a, nil
}

// stateWords returns the length of a state.
func (a *accumulator) stateWords() int { return a.layout.stride }

// update folds rows of a chunk: row k into the state that begins at states[slots[k]].
func (a *accumulator) update(c *vector.Chunk, rows []uint16, states []uint64, slots []uint32) error {
	return a.fold(c, rows, states, slots)
}

// merge folds states that lie one after the other, number k into the one that begins at states[slots[k]].
func (a *accumulator) merge(states []uint64, slots []uint32, from []uint64) error {
	return a.layout.merge(states, slots, words{from, a.layout.stride}, foldTexts{a.texts.arena.get, a.texts})
}

// results returns a column a call with the results of states that lie one after the other, at most vector.ChunkRows.
// It is good until the next call.
func (a *accumulator) results(states []uint64) ([]*vector.Vector, error) {
	a.emitter.pages = a.texts.arena.list()
	c, err := a.emitter.groups(states, len(states)/a.layout.stride)
	if err != nil {
		return nil, err
	}
	return c.Columns, nil
}
