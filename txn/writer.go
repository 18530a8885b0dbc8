package txn

import (
	"context"
	"errors"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/segment"
)

// Insert implements catalog.Writer.
func (t *Transaction) Insert(ctx context.Context, id catalog.TableID, rows *vector.Chunk) error {
	w, full, err := t.insert(ctx, id, rows)
	if err != nil || !full {
		return err
	}
	return t.spill(ctx, w)
}

// insert adds rows in memory, and tells whether the table's rows fill it.
func (t *Transaction) insert(
	ctx context.Context, id catalog.TableID, rows *vector.Chunk,
) (w *tableWrites, full bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w, err = t.written(ctx, id)
	if err != nil || rows.Count() == 0 {
		return nil, false, err
	}
	if err := w.version.Check(rows); err != nil {
		return nil, false, err
	}
	if err := w.rows.Add(rows); err != nil {
		return nil, false, err
	}
	view := w.rows.View()
	return w, view.Bytes() > t.manager.options.WriteSetBytes, nil
}

// Delete implements catalog.Writer.
func (t *Transaction) Delete(ctx context.Context, id catalog.TableID, rows []catalog.Address) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	w, err := t.written(ctx, id)
	if err != nil {
		return err
	}
	w.remove(rows)
	return nil
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
	next, err := t.writes.definitions.apply(changes, 0)
	if err != nil {
		return err
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
	if _, ok := t.writes.definitions.tables[id]; !ok {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "the table with the id %d does not exist", id)
	}
	w, ok := t.writes.tables[id]
	if !ok {
		w = newTableWrites(t.snapshot.tables[id], false)
		t.writes.tables[id] = w
	}
	return w, nil
}

// spill moves a table's rows from memory to a segment that only this transaction knows. Scans see them in one
// place or the other: the lock is not held while the file is written, but nobody else writes meanwhile.
func (t *Transaction) spill(ctx context.Context, w *tableWrites) error {
	writer, err := w.version.NewSegment()
	if err != nil {
		return err
	}
	for _, chunk := range chunksOf(w.rows.View(), w.version.Definition().Columns) {
		if err := writer.Append(ctx, chunk); err != nil {
			return errors.Join(err, writer.Abort())
		}
	}
	d, err := writer.Finish(ctx)
	if errors.Is(err, segment.ErrNotSynced) {
		t.manager.fail(err)
	}
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes.written = append(t.writes.written, d.Path)
	w.segments = append(w.segments, d)
	w.rows = w.version.NewWriteSet()
	return nil
}
