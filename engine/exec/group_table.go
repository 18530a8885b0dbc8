package exec

import (
	"math/bits"

	"github.com/micodb/micodb/internal/sqlerr"
)

// groupTable finds the state of a group by its key. Slots of the index hold the upper half of the key's hash and
// the group's number plus one; linear probing; at most half full.
type groupTable struct {
	query  *Query
	layout *stateLayout
	index  []uint64
	states []uint64 // n states one after the other
	n      int
	texts  *arenaWriter // copies the groups' texts, and has them
}

// maxStateWords is how many words of states a slot can address.
const maxStateWords = 1<<32 - 1

// reset empties the table and makes room for so many groups.
func (t *groupTable) reset(groups int) error {
	slots := 1 << bits.Len(uint(max(2*groups, 64)-1))
	if cap(t.index) < slots {
		t.query.giveBack(t.index)
		t.index = nil
		index, err := t.query.words(slots)
		if err != nil {
			return err
		}
		t.index = index
	}
	t.index = t.index[:slots]
	clear(t.index)
	t.n = 0
	grown, err := t.query.grow(t.states[:0], groups*t.layout.stride)
	t.states = grown[:cap(grown)]
	return err
}

// room makes room for so many more groups. When that fails with 53200, there may be room for fewer.
func (t *groupTable) room(more int) (int, error) {
	err := t.reserve(more)
	if err == nil {
		return more, nil
	}
	return max(0, min(more, len(t.states)/t.layout.stride-t.n, len(t.index)/2-t.n)), err
}

// reserve makes room for more groups.
func (t *groupTable) reserve(more int) error {
	need := (t.n + more) * t.layout.stride
	if need > maxStateWords {
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "an aggregation has too many groups")
	}
	if need > len(t.states) {
		grown, err := t.query.grow(t.states[:t.n*t.layout.stride], need)
		if err != nil {
			return err
		}
		t.states = grown[:cap(grown)]
	}
	if 2*(t.n+more) <= len(t.index) {
		return nil
	}
	index, err := t.query.zeroed(1 << bits.Len(uint(2*(t.n+more)-1)))
	if err != nil {
		return err
	}
	slots := uint64(len(index) - 1)
	const chunk = 1024
	var hashes [chunk]uint64
	for g := 0; g < t.n; g += chunk {
		hs := hashes[:min(chunk, t.n-g)]
		hashRows(t.states[g*t.layout.stride:], t.layout.stride, t.layout.nKeys, t.layout.keys.refs, hs)
		for i, h := range hs {
			p := h & slots
			for index[p] != 0 {
				p = (p + 1) & slots
			}
			index[p] = h&^(1<<32-1) | uint64(g+i+1)
		}
	}
	t.query.giveBack(t.index)
	t.index = index
	return nil
}

// find gives the place of each row's state, and makes states of zeros for new groups. Row k's key begins at
// keys[k*stride]; from reads the references in it.
func (t *groupTable) find(keys []uint64, stride int, hashes []uint64, from textsOf, out []uint32) error {
	if err := t.reserve(len(hashes)); err != nil {
		return err
	}
	if t.layout.nKeys == 1 {
		t.findWord(keys, stride, hashes, out)
		return nil
	}
	slots, size, n := uint64(len(t.index)-1), t.layout.stride, t.layout.nKeys
	for i, h := range hashes {
		key := keys[i*stride : i*stride+n]
		for p := h & slots; ; p = (p + 1) & slots {
			e := t.index[p]
			if e == 0 {
				state := t.states[t.n*size : (t.n+1)*size]
				clear(state[copy(state, key):])
				if err := t.layout.keys.keep(state, from, t.texts); err != nil {
					return err // without the group, so that it can be looked for again
				}
				t.index[p] = h&^(1<<32-1) | uint64(t.n+1)
				out[i] = uint32(t.n * size)
				t.n++
				break
			}
			if e>>32 != h>>32 {
				continue
			}
			at := (int(uint32(e)) - 1) * size
			if t.layout.keys.equal(key, from, t.states[at:at+n], t.texts.arena.texts) {
				out[i] = uint32(at)
				break
			}
		}
	}
	return nil
}

// findWord is find for keys of one word.
func (t *groupTable) findWord(keys []uint64, stride int, hashes []uint64, out []uint32) {
	index, states, size := t.index, t.states, t.layout.stride
	slots, o := uint64(len(index)-1), 0
	for i, h := range hashes {
		key := keys[o]
		o += stride
		for p := h & slots; ; p = (p + 1) & slots {
			e := index[p]
			if e == 0 {
				index[p] = h&^(1<<32-1) | uint64(t.n+1)
				state := states[t.n*size : (t.n+1)*size]
				clear(state)
				state[0] = key
				out[i] = uint32(t.n * size)
				t.n++
				break
			}
			if at := (int(uint32(e)) - 1) * size; e>>32 == h>>32 && states[at] == key {
				out[i] = uint32(at)
				break
			}
		}
	}
}

func (t *groupTable) release() {
	t.query.giveBack(t.index)
	t.query.giveBack(t.states)
	t.index, t.states, t.n = nil, nil, 0
}
