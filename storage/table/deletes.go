package table

import (
	"bytes"
	"maps"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
)

// deletes holds the deleted offsets of blocks. The map and the bitmaps are immutable.
type deletes map[catalog.BlockID]*roaring.Bitmap

// DeleteVector is the portable form of a block's deleted offsets.
type DeleteVector struct {
	Block   catalog.BlockID `json:"block"`
	Offsets []byte          `json:"offsets"` // a roaring bitmap in its portable serialization
}

// Delete returns a version without the rows at some addresses: 40001 when one is deleted already.
func (v *Version) Delete(rows []catalog.Address) (*Version, error) {
	next := v.copy()
	next.deletes = maps.Clone(v.deletes)
	if next.deletes == nil {
		next.deletes = deletes{}
	}
	own := map[catalog.BlockID]extent{}
	for _, a := range rows {
		e, ok := own[a.Block]
		if !ok {
			e = v.extent(a.Block)
			own[a.Block] = e
			if b := next.deletes[a.Block]; b == nil {
				next.deletes[a.Block] = roaring.New()
			} else {
				next.deletes[a.Block] = b.Clone()
			}
		}
		if !e.holds(a.Offset) {
			return nil, sqlerr.New(sqlerr.InternalError, "no row of table %s has the address %+v", v.table.of.Name, a)
		}
		if !next.deletes[a.Block].CheckedAdd(a.Offset) {
			return nil, sqlerr.New(sqlerr.SerializationFailure,
				"a row of table %s was deleted by another transaction", v.table.of.Name).
				WithHint("run the transaction again")
		}
	}
	next.rows -= int64(len(rows))
	return &next, nil
}

// Deleted tells whether the row at an address is deleted.
func (v *Version) Deleted(a catalog.Address) bool {
	b := v.deletes[a.Block]
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

// DeleteVectors returns the deleted offsets of the segments' blocks, for the manifest.
func (v *Version) DeleteVectors() ([]DeleteVector, error) {
	var all []DeleteVector
	for _, s := range v.segments {
		for _, g := range s.Descriptor.Groups {
			b := v.deletes[g.Block]
			if b == nil {
				continue
			}
			data, err := b.ToBytes()
			if err != nil {
				return nil, sqlerr.Wrap(err, sqlerr.InternalError, "a delete vector can't be written")
			}
			all = append(all, DeleteVector{Block: g.Block, Offsets: data})
		}
	}
	return all, nil
}

// withDeletes adds delete vectors that a manifest holds.
func (v *Version) withDeletes(vectors []DeleteVector) (*Version, error) {
	next := v.copy()
	next.deletes = maps.Clone(v.deletes)
	if next.deletes == nil {
		next.deletes = deletes{}
	}
	for _, d := range vectors {
		b, err := readBitmap(d.Offsets)
		if err != nil || b.IsEmpty() || !v.extent(d.Block).holds(b.Maximum()) {
			return nil, sqlerr.Wrap(err, sqlerr.DataCorrupted,
				"the manifest's delete vector of block %d of table %s is damaged", d.Block, v.table.of.Name)
		}
		if old := next.deletes[d.Block]; old != nil {
			b.Or(old)
			next.rows += int64(old.GetCardinality())
		}
		next.deletes[d.Block] = b
		next.rows -= int64(b.GetCardinality())
	}
	return &next, nil
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
