package exec

import (
	"slices"

	"github.com/micodb/micodb/internal/vector"
)

// runFinder finds where runs of rows with equal keys begin, in chunks that come one after the other.
type runFinder struct {
	layout *keyLayout
	pack   *packer
	words  []uint64
	last   []uint64     // key of the last row; nil before the first
	texts  *arenaWriter // of last
	spare  *arenaWriter
}

func newRunFinder(q *Query, in Schema, keys []int) (*runFinder, error) {
	columns := make([]column, len(keys))
	for i, k := range keys {
		columns[i] = column{index: k, known: in[k]}
	}
	l, err := newKeyLayout(columns)
	if err != nil {
		return nil, err
	}
	return &runFinder{
		layout: l, pack: l.packer(), words: make([]uint64, vector.ChunkRows*l.words),
		texts: &arenaWriter{arena: newArena(q)}, spare: &arenaWriter{arena: newArena(q)},
	}, nil
}

// find appends to out the positions among the chosen rows that begin a run: other than the row before, which for the
// first one is the last of the chunk before.
func (f *runFinder) find(c *vector.Chunk, rows []uint16, out []int) ([]int, error) {
	if len(rows) == 0 {
		return out, nil
	}
	n := f.layout.words
	words, from := f.words[:len(rows)*n], rowTexts(c, rows)
	if err := f.pack.pack(c, rows, words); err != nil {
		return out, err
	}
	if f.last == nil || !f.layout.equal(words[:n], from, f.last, f.texts.arena.texts) {
		out = append(out, 0)
	}
	switch {
	case len(f.layout.fields) == 0:
	case n == 1:
		for k := 1; k < len(words); k++ {
			if words[k] != words[k-1] {
				out = append(out, k)
			}
		}
	default:
		for k := 1; k < len(rows); k++ {
			if !f.layout.equal(words[(k-1)*n:k*n], from, words[k*n:(k+1)*n], from) {
				out = append(out, k)
			}
		}
	}
	return out, f.keep(words[len(words)-n:], from)
}

// keep remembers the last row.
func (f *runFinder) keep(row []uint64, from textsOf) error {
	f.spare.reset()
	last := slices.Clone(row)
	if err := f.layout.keep(last, from, f.spare); err != nil {
		return err
	}
	f.last = last
	f.texts, f.spare = f.spare, f.texts
	return nil
}

// close returns the memory.
func (f *runFinder) close() {
	f.texts.reset()
	f.spare.reset()
}
