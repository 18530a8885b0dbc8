package txn

import (
	"context"
	"errors"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/storage/segment"
	"github.com/micodb/micodb/storage/table"
)

// settle leaves out of a table's writes the rows that the transaction inserted and deleted again: a commit knows only
// rows that stay, and deletes of rows that were there.
func (t *Transaction) settle(ctx context.Context, w *tableWrites) error {
	gone := w.deletes
	if !slices.ContainsFunc(gone.Blocks(), table.IsOwn) {
		return nil
	}
	w.deletes = &catalog.AddressSet{}
	for _, block := range gone.Blocks() {
		if !table.IsOwn(block) {
			w.deletes.Put(block, gone.Offsets(block))
		}
	}
	if err := w.settleMemory(gone.Offsets(table.OwnBlock(len(w.segments)))); err != nil {
		return err
	}
	var kept []*segment.Descriptor
	for i, d := range w.segments {
		if without := gone.Offsets(table.OwnBlock(i)); without != nil {
			var err error
			if d, err = t.rewrite(ctx, w, d, without); err != nil {
				return err
			}
		}
		if d != nil {
			kept = append(kept, d)
		}
	}
	w.segments = kept
	return nil
}

// rewrite makes a segment without some rows; nil when none is left. The old file is among those to be removed.
func (t *Transaction) rewrite(
	ctx context.Context, w *tableWrites, d *segment.Descriptor, without *roaring.Bitmap,
) (*segment.Descriptor, error) {
	d, err := w.version.Rewrite(ctx, d, without)
	if errors.Is(err, segment.ErrNotSynced) {
		t.manager.fail(err)
	}
	if err == nil && d != nil {
		t.writes.written = append(t.writes.written, d.Path)
	}
	return d, err
}

// settleMemory leaves rows out of those in memory, by their numbers; nil: none.
func (t *tableWrites) settleMemory(without *roaring.Bitmap) error {
	if without == nil {
		return nil
	}
	rows := t.version.NewWriteSet()
	first := uint32(0)
	for _, c := range chunksOf(t.rows.View(), t.version.Definition().Columns) {
		c.Sel = make([]uint16, 0, c.Len)
		for i := range uint32(c.Len) {
			if !without.Contains(first + i) {
				c.Sel = append(c.Sel, uint16(i))
			}
		}
		first += uint32(c.Len)
		if len(c.Sel) == 0 {
			continue
		}
		if err := rows.Add(c); err != nil {
			return err
		}
	}
	t.rows = rows
	return nil
}
