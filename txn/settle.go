package txn

import (
	"context"
	"errors"
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/storage/segment"
	"github.com/micodb/micodb/storage/table"
)

// settle leaves out of a table's writes the rows that the transaction inserted and deleted again: a commit knows only
// rows that stay, and deletes of rows that were there.
func (t *Transaction) settle(ctx context.Context, w *tableWrites) error {
	gone := map[catalog.BlockID][]uint32{}
	var committed []catalog.Address
	for _, a := range w.deletes {
		if table.IsOwn(a) {
			gone[a.Block] = append(gone[a.Block], a.Offset)
		} else {
			committed = append(committed, a)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	w.deletes = committed
	if err := w.settleMemory(gone[table.OwnBlock(len(w.segments))]); err != nil {
		return err
	}
	var kept []*segment.Descriptor
	for i, d := range w.segments {
		without := gone[table.OwnBlock(i)]
		if len(without) > 0 {
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
	ctx context.Context, w *tableWrites, d *segment.Descriptor, without []uint32,
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

// settleMemory leaves rows out of those in memory, by their numbers.
func (t *tableWrites) settleMemory(without []uint32) error {
	if len(without) == 0 {
		return nil
	}
	slices.Sort(without)
	rows := t.version.NewWriteSet()
	first := uint32(0)
	for _, c := range chunksOf(t.rows.View(), t.version.Definition().Columns) {
		c.Sel = make([]uint16, 0, c.Len)
		for i := range uint32(c.Len) {
			if len(without) > 0 && without[0] == first+i {
				without = without[1:]
				continue
			}
			c.Sel = append(c.Sel, uint16(i))
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
