package txn

import (
	"context"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/manifest"
	"github.com/micodb/micodb/storage/memtable"
)

// Insert implements catalog.Writer.
func (t *Transaction) Insert(ctx context.Context, id catalog.TableID, rows *vector.Chunk) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	w, err := t.written(ctx, id)
	if err != nil || rows.Count() == 0 {
		return err
	}
	if err := w.version.Check(rows); err != nil {
		return err
	}
	return t.insert(ctx, w, rows)
}

// insert adds rows that fit the table: in parts where their texts alone, which may be one that all rows share, would
// take more memory than the write set may.
func (t *Transaction) insert(ctx context.Context, w *tableWrites, rows *vector.Chunk) error {
	if n := rows.Count(); n > 1 && memtable.TextBytes(rows) > t.manager.options.WriteSetBytes {
		all := rows.Sel
		if all == nil {
			all = vector.All(rows.Len)
		}
		for _, half := range [][]uint16{all[:n/2], all[n/2:]} {
			part := *rows
			part.Sel = half
			if err := t.insert(ctx, w, &part); err != nil {
				return err
			}
		}
		return nil
	}
	if w.bulk != nil {
		return t.insertBulk(ctx, w, rows)
	}
	if err := w.rows.Add(rows); err != nil {
		return err
	}
	return t.spill(ctx, w)
}

// Delete implements catalog.Writer.
func (t *Transaction) Delete(ctx context.Context, id catalog.TableID, rows []catalog.Address) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	w, err := t.written(ctx, id)
	if err != nil {
		return err
	}
	if err := t.reserve(int64(len(rows)) * catalog.AddressBytesMax); err != nil {
		return err
	}
	w.deletes.Add(rows)
	t.giveBack()
	return nil
}

// reserve takes memory for the deletes, and for more bytes of them that are to come: 53200 when there is not so much.
func (t *Transaction) reserve(more int64) error {
	grown := t.writes.deletesBytes() + more - t.reserved
	if grown <= 0 {
		return nil
	}
	if err := t.memory.Reserve(grown); err != nil {
		return err
	}
	t.reserved += grown
	return nil
}

// giveBack gives back the memory that the deletes do not need any more.
func (t *Transaction) giveBack() {
	if less := t.reserved - t.writes.deletesBytes(); less > 0 {
		t.memory.Release(less)
		t.reserved -= less
	}
}

// Define implements catalog.Writer.
func (t *Transaction) Define(ctx context.Context, definition catalog.Definition) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.writable(ctx); err != nil {
		return err
	}
	changes, err := t.resolve(definition)
	if err != nil {
		return err
	}
	next, err := t.writes.definitions.apply(changes, catalog.Provisional+catalog.Version(t.manager.newID()))
	if err != nil {
		return err
	}
	for _, c := range changes {
		if altered, ok := c.(*manifest.AlterTable); ok {
			if err := t.alter(ctx, next.tables[altered.Table.ID]); err != nil {
				return err
			}
		}
	}
	t.writes.definitions = next
	t.writes.changes = append(t.writes.changes, changes...)
	return nil
}

func (t *Transaction) writable(ctx context.Context) error {
	if err := t.check(ctx); err != nil {
		return err
	}
	if t.options.ReadOnly {
		return sqlerr.New(sqlerr.ReadOnlyTransaction, "transaction %d is read only", t.id).
			WithHint("begin one that may write")
	}
	return nil
}

// written returns the writes of a table, new ones where it has none yet.
func (t *Transaction) written(ctx context.Context, id catalog.TableID) (*tableWrites, error) {
	if err := t.writable(ctx); err != nil {
		return nil, err
	}
	if err := t.hasRows(id); err != nil {
		return nil, err
	}
	w, ok := t.writes.tables[id]
	if !ok {
		w = newTableWrites(t.snapshot.tables[id], false)
		t.writes.tables[id] = w
	}
	return w, nil
}
