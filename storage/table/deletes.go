package table

import (
	"bytes"
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
func (v *Version) Delete(rows []catalog.Address, sequence catalog.Sequence) (*Version, error) {
	fresh := map[catalog.BlockID]*roaring.Bitmap{}
	extents := map[catalog.BlockID]extent{}
	for _, a := range rows {
		if fresh[a.Block] == nil {
			fresh[a.Block], extents[a.Block] = roaring.New(), v.extent(a.Block)
		}
		if !extents[a.Block].holds(a.Offset) {
			return nil, sqlerr.New(sqlerr.InternalError, "no row of table %s has the address %+v", v.table.of.Name, a)
		}
		if v.Deleted(a) || !fresh[a.Block].CheckedAdd(a.Offset) {
			return nil, sqlerr.New(sqlerr.SerializationFailure,
				"a row of table %s was deleted by another transaction", v.table.of.Name).
				WithHint("run the transaction again")
		}
	}
	next := v.copy()
	next.deletes = make(deletes, len(v.deletes)+len(fresh))
	maps.Copy(next.deletes, v.deletes)
	for block, offsets := range fresh {
		next.deletes[block] = next.deletes[block].add(offsets, sequence)
	}
	next.rows -= int64(len(rows))
	return &next, nil
}

// Deleted tells whether the row at an address is deleted.
func (v *Version) Deleted(a catalog.Address) bool {
	b := v.deletes[a.Block].bitmap()
	return b != nil && b.Contains(a.Offset)
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

// readBitmap decodes a portable bitmap; it panics at nothing and shares nothing with data.
func readBitmap(data []byte) (b *roaring.Bitmap, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = sqlerr.New(sqlerr.DataCorrupted, "a roaring bitmap is damaged: %v", r)
		}
	}()
	b = roaring.New()
	if _, err := b.ReadFrom(bytes.NewReader(data)); err != nil {
		return nil, err
	}
	return b, b.Validate()
}

func writeBitmap(b *roaring.Bitmap) ([]byte, error) {
	data, err := b.ToBytes()
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.InternalError, "a delete vector can't be written")
	}
	return data, nil
}
