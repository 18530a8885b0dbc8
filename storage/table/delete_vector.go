package table

import (
	"encoding/json"
	"iter"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
)

// deleteVector says which rows of a block are deleted and, as far back as old versions are retained, by which
// commit. It is immutable; nil deletes nothing.
type deleteVector struct {
	offsets *roaring.Bitmap

	// erased are the deletes that retention covers, the oldest first. A deleted row that is in none of them is
	// gone: no reader will see it again, and whoever rewrites the block leaves it out. The array behind the slice
	// is shared between versions: only the newest version is added to.
	erased []erasure
}

// erasure is what one commit deleted.
type erasure struct {
	sequence catalog.Sequence
	row      uint32          // when rows is nil: most commits delete one row of a block
	rows     *roaring.Bitmap // more than one
}

// The memory that erasures take, about.
const (
	erasureBytes = 24
	bitmapBytes  = 160
)

func newErasure(sequence catalog.Sequence, rows *roaring.Bitmap) erasure {
	if rows.GetCardinality() == 1 {
		return erasure{sequence: sequence, row: rows.Minimum()}
	}
	rows.RunOptimize()
	return erasure{sequence: sequence, rows: rows}
}

// all yields the offsets of the rows.
func (e *erasure) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if e.rows == nil {
			yield(e.row)
			return
		}
		for it := e.rows.Iterator(); it.HasNext(); {
			if !yield(it.Next()) {
				return
			}
		}
	}
}

func (e *erasure) bytes() int64 {
	if e.rows == nil {
		return erasureBytes
	}
	return erasureBytes + bitmapBytes + int64(e.rows.GetSizeInBytes())
}

// bitmap returns all deleted offsets; nil: none.
func (d *deleteVector) bitmap() *roaring.Bitmap {
	if d == nil {
		return nil
	}
	return d.offsets
}

// add returns the vector after one more commit, whose offsets it takes.
func (d *deleteVector) add(offsets *roaring.Bitmap, sequence catalog.Sequence) *deleteVector {
	if d == nil {
		return &deleteVector{offsets: offsets.Clone(), erased: []erasure{newErasure(sequence, offsets)}}
	}
	return &deleteVector{
		offsets: roaring.Or(d.offsets, offsets), erased: append(d.erased, newErasure(sequence, offsets)),
	}
}

// forget leaves out the erasures up to a sequence.
func (d *deleteVector) forget(since catalog.Sequence) *deleteVector {
	k := 0
	for k < len(d.erased) && d.erased[k].sequence <= since {
		k++
	}
	if k == 0 {
		return d
	}
	return &deleteVector{offsets: d.offsets, erased: slices.Clone(d.erased[k:])}
}

// gone returns the deleted rows that no reader will see again; empty for nil.
func (d *deleteVector) gone() *roaring.Bitmap {
	if d == nil {
		return roaring.New()
	}
	return d.at(0)
}

// goneRows returns the number of rows that are gone.
func (d *deleteVector) goneRows() int64 {
	n := int64(d.offsets.GetCardinality())
	for i := range d.erased {
		if e := &d.erased[i]; e.rows == nil {
			n--
		} else {
			n -= int64(e.rows.GetCardinality())
		}
	}
	return n
}

// at returns the rows that were deleted by commits up to a sequence that retention covers.
func (d *deleteVector) at(sequence catalog.Sequence) *roaring.Bitmap {
	b := d.offsets.Clone()
	for i := range d.erased {
		e := &d.erased[i]
		switch {
		case e.sequence <= sequence:
		case e.rows == nil:
			b.Remove(e.row)
		default:
			b.AndNot(e.rows)
		}
	}
	return b
}

// portableErasure is an erasure in the manifest, as JSON.
type portableErasure struct {
	Sequence catalog.Sequence `json:"sequence"`
	Row      uint32           `json:"row,omitempty"`
	Rows     []byte           `json:"rows,omitempty"` // a portable roaring bitmap
}

func (d *deleteVector) portable(block catalog.BlockID) (DeleteVector, error) {
	p := DeleteVector{Block: block}
	var err error
	if p.Offsets, err = writeBitmap(d.offsets); err != nil || len(d.erased) == 0 {
		return p, err
	}
	list := make([]portableErasure, len(d.erased))
	for i, e := range d.erased {
		list[i] = portableErasure{Sequence: e.sequence, Row: e.row}
		if e.rows != nil {
			if list[i].Rows, err = writeBitmap(e.rows); err != nil {
				return p, err
			}
		}
	}
	p.Erased, err = json.Marshal(list)
	return p, err
}

// decode reads the portable form: XX001 when it contradicts itself.
func (p *DeleteVector) decode() (*deleteVector, error) {
	d := &deleteVector{}
	var err error
	if d.offsets, err = catalog.DecodeOffsets(p.Offsets); err != nil || p.Erased == nil {
		return d, err
	}
	var list []portableErasure
	if err := json.Unmarshal(p.Erased, &list); err != nil {
		return nil, err
	}
	left, last := d.offsets.Clone(), catalog.Sequence(0)
	for _, e := range list {
		rows := roaring.BitmapOf(e.Row)
		if e.Rows != nil {
			if rows, err = catalog.DecodeOffsets(e.Rows); err != nil {
				return nil, err
			}
		}
		if rows.IsEmpty() || rows.AndCardinality(left) != rows.GetCardinality() || e.Sequence < last {
			return nil, sqlerr.New(sqlerr.DataCorrupted, "commit %d deletes other rows than are deleted", e.Sequence)
		}
		left.AndNot(rows)
		last = e.Sequence
		d.erased = append(d.erased, newErasure(e.Sequence, rows))
	}
	return d, nil
}

// vectorBuilder makes a delete vector of rows from other blocks.
type vectorBuilder struct {
	offsets *roaring.Bitmap
	erased  map[catalog.Sequence]*roaring.Bitmap
}

func newVectorBuilder() *vectorBuilder {
	return &vectorBuilder{offsets: roaring.New(), erased: map[catalog.Sequence]*roaring.Bitmap{}}
}

func (b *vectorBuilder) erase(sequence catalog.Sequence, offset uint32) {
	rows := b.erased[sequence]
	if rows == nil {
		rows = roaring.New()
		b.erased[sequence] = rows
	}
	rows.Add(offset)
}

func (b *vectorBuilder) build() *deleteVector {
	d := &deleteVector{offsets: b.offsets}
	for _, sequence := range slices.Sorted(maps.Keys(b.erased)) {
		d.erased = append(d.erased, newErasure(sequence, b.erased[sequence]))
	}
	return d
}
