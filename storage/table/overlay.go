package table

import (
	"context"
	"errors"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/storage/memtable"
	"github.com/micodb/micodb/storage/segment"
)

// Overlay is what a transaction has changed and not committed.
//
// Its own rows have addresses, too, which only it understands: the k-th row of Segments[i] is (OwnBlock(i), k), the
// k-th in Rows is (OwnBlock(len(Segments)), k). A row keeps its address when a write set that became too large for
// memory becomes the next segment.
type Overlay struct {
	Rows     memtable.View         // of its write set
	Segments []*segment.Descriptor // unpublished ones
	Deletes  *catalog.AddressSet   // of committed rows and of own ones; nil: none
}

// firstOwn is the first block id of own rows. The sequencer never gets there.
const firstOwn catalog.BlockID = 1 << 62

// OwnBlock is the block of a transaction's own rows: those of its i-th segment, or after them those in memory.
func OwnBlock(i int) catalog.BlockID { return firstOwn + catalog.BlockID(i) }

// IsOwn tells whether a block is one of a transaction's own rows.
func IsOwn(block catalog.BlockID) bool { return block >= firstOwn }

// ownDeletes returns the deleted offsets of the rows from first on of an own block; nil when there are none.
func (b *builder) ownDeletes(block catalog.BlockID, first, rows uint32) *roaring.Bitmap {
	all := b.deletes[block].bitmap()
	if all == nil {
		return nil
	}
	out := roaring.New()
	it := all.Iterator()
	it.AdvanceIfNeeded(first)
	for it.HasNext() && it.PeekNext() < first+rows {
		out.Add(it.Next() - first)
	}
	if out.IsEmpty() {
		return nil
	}
	return out
}

// Rewrite writes an own segment anew without some of its rows, given by their numbers; nil when none is left. The
// old file stays.
func (v *Version) Rewrite(
	ctx context.Context, d *segment.Descriptor, without *roaring.Bitmap,
) (*segment.Descriptor, error) {
	own := &Overlay{Segments: []*segment.Descriptor{d}, Deletes: &catalog.AddressSet{}}
	own.Deletes.Put(OwnBlock(0), without)
	var request catalog.ScanRequest
	for _, c := range v.table.of.Columns {
		request.Columns = append(request.Columns, c.ID)
	}
	s, err := newScan(ctx, &Version{table: v.table}, request, own)
	if err != nil || len(s.morsels) == 0 {
		return nil, err
	}
	w, err := v.NewSegment()
	if err != nil {
		return nil, err
	}
	from := newSource(s)
	for {
		c, err := from.Next(ctx)
		if err == nil && c != nil {
			err = w.Append(ctx, c)
		}
		if err != nil {
			return nil, errors.Join(err, w.Abort())
		}
		if c == nil {
			return w.Finish(ctx)
		}
	}
}
