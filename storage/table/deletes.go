package table

import (
	"encoding/json"
	"maps"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
)

// deletes holds the delete vectors of blocks. The map and the vectors are immutable.
type deletes map[catalog.BlockID]*deleteVector

// DeleteVector is the portable form of a block's delete vector.
type DeleteVector struct {
	Block   catalog.BlockID
	Offsets []byte          // all deleted ones: a roaring bitmap in its portable serialization
	Erased  json.RawMessage // what retention covers of them; nil: nothing
}

// Delete returns a version without the rows at some addresses, which a commit deletes: 40001 when one is deleted
// already.
func (v *Version) Delete(rows *catalog.AddressSet, sequence catalog.Sequence) (*Version, error) {
	if v.AnyDeleted(rows) {
		return nil, sqlerr.New(sqlerr.SerializationFailure,
			"a row of table %s was deleted by another transaction", v.table.of.Name).
			WithHint("run the transaction again")
	}
	next := v.copy()
	next.deletes = make(deletes, len(v.deletes)+1)
	maps.Copy(next.deletes, v.deletes)
	for _, block := range rows.Blocks() {
		offsets := rows.Offsets(block)
		if e := v.extent(block); !e.holds(offsets.Minimum()) || !e.holds(offsets.Maximum()) {
			return nil, sqlerr.New(sqlerr.InternalError, "block %d of table %s has no rows from %d to %d",
				block, v.table.of.Name, offsets.Minimum(), offsets.Maximum())
		}
		next.deletes[block] = next.deletes[block].add(offsets.Clone(), sequence)
	}
	next.rows -= rows.Len()
	return &next, nil
}

// AnyDeleted tells whether one of some rows is deleted.
func (v *Version) AnyDeleted(rows *catalog.AddressSet) bool {
	for _, block := range rows.Blocks() {
		if b := v.deletes[block].bitmap(); b != nil && b.Intersects(rows.Offsets(block)) {
			return true
		}
	}
	return false
}

// extent is the offsets of a block's rows, deleted or not.
type extent struct{ first, end uint32 }

func (e extent) holds(offset uint32) bool { return offset >= e.first && offset < e.end }

// extent returns the offsets of a block; none for a block that the version does not have.
func (v *Version) extent(id catalog.BlockID) extent {
	for i := range v.memory.Blocks() {
		if b := v.memory.Block(i); b.ID == id {
			return extent{b.First, b.End}
		}
	}
	for _, s := range v.segments {
		if g, ok := s.Group(id); ok {
			return extent{0, s.Descriptor.Groups[g].Rows}
		}
	}
	return extent{}
}

// DeleteVectors returns the delete vectors of the segments' blocks, for the manifest.
func (v *Version) DeleteVectors() ([]DeleteVector, error) {
	var all []DeleteVector
	for _, s := range v.segments {
		for _, g := range s.Descriptor.Groups {
			if d := v.deletes[g.Block]; d != nil {
				p, err := d.portable(g.Block)
				if err != nil {
					return nil, err
				}
				all = append(all, p)
			}
		}
	}
	return all, nil
}

// withDeletes adds delete vectors that a manifest holds.
func (v *Version) withDeletes(vectors []DeleteVector) (*Version, error) {
	next := v.copy()
	next.deletes = make(deletes, len(vectors))
	for _, p := range vectors {
		d, err := p.decode()
		if err == nil && (d.offsets.IsEmpty() || !v.extent(p.Block).holds(d.offsets.Maximum())) {
			err = sqlerr.New(sqlerr.DataCorrupted, "it deletes rows that are not there")
		}
		if err != nil {
			return nil, sqlerr.Wrap(err, sqlerr.DataCorrupted,
				"the manifest's delete vector of block %d of table %s is damaged", p.Block, v.table.of.Name)
		}
		next.deletes[p.Block] = d
		next.rows -= int64(d.offsets.GetCardinality())
	}
	return &next, nil
}

// Forget returns a version that does not know any more when rows were deleted, by commits up to a sequence: no
// version before it will be read. The rows are left out when they are written next.
func (v *Version) Forget(since catalog.Sequence) *Version {
	var changed deletes
	for block, d := range v.deletes {
		kept := d.forget(since)
		if kept == d {
			continue
		}
		if changed == nil {
			changed = maps.Clone(v.deletes)
		}
		changed[block] = kept
	}
	if changed == nil {
		return v
	}
	next := v.copy()
	next.deletes = changed
	return &next
}

func writeBitmap(b *roaring.Bitmap) ([]byte, error) {
	data, err := b.ToBytes()
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.InternalError, "a delete vector can't be written")
	}
	return data, nil
}
