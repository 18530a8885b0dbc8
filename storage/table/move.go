package table

import (
	"maps"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
)

// moved returns the delete vectors after a permutation: of rows that it moved they lie in their new blocks, rows
// behind its runs stay, and those that it dropped are forgotten.
func (d deletes) moved(p *Permutation, where *Translator) (deletes, error) {
	now := make(deletes, len(d))
	maps.Copy(now, d)
	m := mover{where: where, into: map[catalog.BlockID]*vectorBuilder{}}
	for _, run := range p.From {
		if old := d[run.Block]; old != nil {
			delete(now, run.Block)
			if err := m.move(run, old); err != nil {
				return nil, err
			}
		}
	}
	for block, b := range m.into {
		now[block] = b.build()
	}
	return now, nil
}

// mover distributes the deleted rows of old blocks.
type mover struct {
	where *Translator
	into  map[catalog.BlockID]*vectorBuilder
}

func (m *mover) move(run Moved, old *deleteVector) error {
	for it := old.offsets.Iterator(); it.HasNext(); {
		if b, offset, _ := m.place(run, it.Next()); b != nil {
			b.offsets.Add(offset)
		}
	}
	for i := range old.erased {
		e := &old.erased[i]
		for row := range e.all() {
			b, offset, fate := m.place(run, row)
			if fate == Dropped {
				return sqlerr.New(sqlerr.InternalError, "row %d of block %d was dropped too early", row, run.Block)
			}
			if b != nil {
				b.erase(e.sequence, offset)
			}
		}
	}
	return nil
}

// place returns where a deleted row is; nil when no block has it any more.
func (m *mover) place(run Moved, row uint32) (*vectorBuilder, uint32, Fate) {
	to, fate := m.where.Translate(catalog.Address{Block: run.Block, Offset: row})
	if fate == Dropped || fate == Stayed && row < run.End {
		return nil, 0, fate // an earlier flush wrote what lies before the run
	}
	b := m.into[to.Block]
	if b == nil {
		b = newVectorBuilder()
		m.into[to.Block] = b
	}
	return b, to.Offset, fate
}

// newVectors returns the delete vectors of a permutation's new blocks, for the manifest.
func (p *Permutation) newVectors(d deletes) ([]DeleteVector, error) {
	where, err := p.Translator()
	if err != nil {
		return nil, err
	}
	if d, err = d.moved(p, where); err != nil {
		return nil, err
	}
	var all []DeleteVector
	for _, to := range p.To {
		if v := d[to.Block]; v != nil {
			portable, err := v.portable(to.Block)
			if err != nil {
				return nil, err
			}
			all = append(all, portable)
		}
	}
	return all, nil
}
