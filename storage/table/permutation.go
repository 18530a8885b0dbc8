package table

import (
	"sort"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Permutation says where a flush or compaction moved rows: the rows of From that were not dropped are, in
// order, the rows of To. Its JSON form is kept in the manifest.
type Permutation struct {
	From []Moved  `json:"from"`
	To   []Filled `json:"to"`
}

// Moved is a run of rows of an old block.
type Moved struct {
	Block   catalog.BlockID `json:"block"`
	First   uint32          `json:"first"`
	End     uint32          `json:"end"`
	Dropped []byte          `json:"dropped,omitempty"` // offsets that were deleted already: a roaring bitmap
}

// Filled is a new block.
type Filled struct {
	Block catalog.BlockID `json:"block"`
	Rows  uint32          `json:"rows"`
}

// Fate is what a Permutation did to a row.
type Fate uint8

// The fates.
const (
	Stayed  Fate = iota // the address is as good as it was
	Shifted             // the row has a new address
	Dropped             // the row had been deleted
)

// Translator answers where rows are now. It is immutable.
type Translator struct {
	runs  map[catalog.BlockID]run
	to    []Filled
	until []uint64 // rows up to the end of each new block
}

type run struct {
	first, end uint32
	before     uint64 // rows that moved from earlier runs
	dropped    *roaring.Bitmap
}

// Translator reads a Permutation: XX001 when it is damaged.
func (p *Permutation) Translator() (*Translator, error) {
	t := &Translator{runs: make(map[catalog.BlockID]run, len(p.From)), to: p.To}
	var moved, filled uint64
	for _, f := range p.From {
		r := run{first: f.First, end: f.End, before: moved}
		count := uint64(f.End - f.First)
		if f.Dropped != nil {
			b, err := catalog.DecodeOffsets(f.Dropped)
			if err != nil {
				return nil, sqlerr.Wrap(err, sqlerr.DataCorrupted, "a permutation of the manifest is damaged")
			}
			r.dropped = b
			count -= b.GetCardinality()
		}
		moved += count
		t.runs[f.Block] = r
	}
	for _, f := range p.To {
		filled += uint64(f.Rows)
		t.until = append(t.until, filled)
	}
	if moved != filled || len(t.runs) != len(p.From) {
		return nil, sqlerr.New(sqlerr.DataCorrupted,
			"a permutation of the manifest is damaged: %d rows moved to blocks of %d", moved, filled)
	}
	return t, nil
}

// Translate returns where a row is.
func (t *Translator) Translate(a catalog.Address) (catalog.Address, Fate) {
	r, ok := t.runs[a.Block]
	if !ok || a.Offset < r.first || a.Offset >= r.end {
		return a, Stayed
	}
	rank := r.before + uint64(a.Offset-r.first)
	if r.dropped != nil {
		if r.dropped.Contains(a.Offset) {
			return a, Dropped
		}
		rank -= r.dropped.Rank(a.Offset)
	}
	k := sort.Search(len(t.until), func(i int) bool { return rank < t.until[i] })
	return catalog.Address{Block: t.to[k].Block, Offset: uint32(rank - (t.until[k] - uint64(t.to[k].Rows)))}, Shifted
}

// TranslateAll returns where rows are, or the first one that had been deleted.
func (t *Translator) TranslateAll(rows *catalog.AddressSet) (now *catalog.AddressSet, dropped *catalog.Address) {
	now = &catalog.AddressSet{}
	moved := make([]catalog.Address, 0, vector.ChunkRows)
	for _, block := range rows.Blocks() {
		if _, some := t.runs[block]; !some {
			now.Put(block, rows.Offsets(block))
			continue
		}
		for it := rows.Offsets(block).Iterator(); it.HasNext(); {
			was := catalog.Address{Block: block, Offset: it.Next()}
			a, fate := t.Translate(was)
			if fate == Dropped {
				return nil, &was
			}
			if moved = append(moved, a); len(moved) == cap(moved) {
				now.Add(moved)
				moved = moved[:0]
			}
		}
	}
	now.Add(moved)
	return now, nil
}
