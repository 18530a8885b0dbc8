package txn

import (
	"context"
	"errors"

	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/segment"
)

// bulkBytes is about how large a segment of one transaction grows in a file.
const bulkBytes = 256 << 20

// A statement whose rows fill the memory of the write set writes on to a segment that only the transaction knows: the
// bulk. Nobody reads the rows before the statement ends, so that they go to the file as they come; whatever looks at
// the table's writes finishes the bulk first. The functions below are called with the transaction's lock held, as
// long as a row group takes to be written, which nobody else waits for.

// insertBulk adds rows to the bulk.
func (t *Transaction) insertBulk(ctx context.Context, w *tableWrites, rows *vector.Chunk) error {
	if err := w.bulk.Append(ctx, rows); err != nil {
		return t.dropBulk(w, err)
	}
	if w.bulk.Bytes() < bulkBytes {
		return nil
	}
	return t.finishBulk(ctx, w)
}

// beginBulk moves the rows in memory to a new bulk.
func (t *Transaction) beginBulk(ctx context.Context, w *tableWrites) error {
	bulk, err := w.version.NewSegment()
	if err != nil {
		return t.stopped(err)
	}
	for _, chunk := range chunksOf(w.rows.View(), w.version.Definition().Columns) {
		if err := bulk.Append(ctx, chunk); err != nil {
			return t.stopped(errors.Join(err, bulk.Abort()))
		}
	}
	w.bulk, w.rows = bulk, w.version.NewWriteSet()
	return nil
}

// spill takes rows out of memory while all tables together have more of them there than a transaction may: those of
// the table that the statement writes go on as a bulk, those of another one become a segment.
func (t *Transaction) spill(ctx context.Context, writing *tableWrites) error {
	for {
		total, most, largest := int64(0), int64(0), (*tableWrites)(nil)
		for _, w := range t.writes.tables {
			view := w.rows.View()
			bytes := view.Bytes()
			total += bytes
			if bytes > most {
				most, largest = bytes, w
			}
		}
		if total <= t.manager.options.WriteSetBytes {
			return nil
		}
		if err := t.beginBulk(ctx, largest); err != nil {
			return err
		}
		if largest == writing {
			return nil
		}
		if err := t.finishBulk(ctx, largest); err != nil {
			return err
		}
	}
}

// finishBulk makes the bulk a segment of the write set.
func (t *Transaction) finishBulk(ctx context.Context, w *tableWrites) error {
	if w.bulk == nil {
		return nil
	}
	d, err := w.bulk.Finish(ctx)
	if err != nil {
		return t.dropBulk(w, err)
	}
	w.bulk = nil
	t.writes.written = append(t.writes.written, d.Path)
	w.segments = append(w.segments, d)
	return nil
}

// finishBulks makes the bulks of all tables segments.
func (t *Transaction) finishBulks(ctx context.Context) error {
	if t.writes.lost != nil {
		return t.writes.lost
	}
	for _, w := range t.writes.tables {
		if err := t.finishBulk(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// dropBulk gives up a bulk that can't be written. Its rows are lost, those of earlier statements among them: until the
// transaction is rolled back to where they are known, it can't go on.
func (t *Transaction) dropBulk(w *tableWrites, err error) error {
	err = t.stopped(errors.Join(err, w.bulk.Abort()))
	w.bulk, t.writes.lost = nil, err
	return err
}

// stopped notes that a bulk could not be written, and stops the instance where it could not be synced.
func (t *Transaction) stopped(err error) error {
	t.manager.noteFull(err)
	if errors.Is(err, segment.ErrNotSynced) {
		t.manager.fail(err)
	}
	return err
}

// abortBulks gives up the bulks of a transaction that is rolled back. A file that can't be removed now is removed when
// the instance is opened again.
func (t *Transaction) abortBulks() {
	for _, w := range t.writes.tables {
		if w.bulk == nil {
			continue
		}
		if err := w.bulk.Abort(); err != nil {
			t.manager.options.Log.Warn("a file without use could not be removed", errorAttr(err))
		}
		w.bulk = nil
	}
}
