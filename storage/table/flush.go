package table

import (
	"context"
	"errors"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/memtable"
	"github.com/micodb/micodb/storage/segment"
)

// Flush is what a flush wrote: the edit for the manifest, and what Install needs. Its files are synced, but
// nothing names them yet.
type Flush struct {
	Segments []*segment.Descriptor // none when all rows were gone
	Moved    Permutation
	Deletes  []DeleteVector // of the new blocks, as of the version

	through catalog.Address // memtable rows before it were written
}

// NewSegment begins a segment for rows of a transaction that is not committed yet. Whoever commits it sets the
// descriptor's Sequence.
func (v *Version) NewSegment() (*segment.Writer, error) {
	return v.table.create(segment.FromTransaction, false)
}

func (t *table) create(origin segment.Origin, sequences bool) (*segment.Writer, error) {
	return segment.Create(segment.Target{
		FS: t.env.FS, Dir: t.env.Dir, NewID: t.env.NewID, Origin: origin, Created: t.env.Now(),
		Schema: t.of.Version, Columns: t.of.Columns, Sequences: sequences,
	})
}

// Flush writes the version's memtable rows that are not gone to a segment, in order; nil when there are no rows in
// memory. It changes nothing, and newer versions may be made meanwhile.
func (v *Version) Flush(ctx context.Context) (*Flush, error) {
	if v.memory.Rows() == 0 {
		return nil, nil //nolint:nilnil // nothing to write is no error
	}
	f := &Flush{through: v.memory.End()}
	w, err := v.table.create(segment.FromFlush, true)
	if err != nil {
		return nil, err
	}
	for i := range v.memory.Blocks() {
		b := v.memory.Block(i)
		if b.Rows() == 0 {
			continue
		}
		moved, err := writeBlock(ctx, w, &b, v.deletes[b.ID].gone(), len(v.table.of.Columns))
		if err != nil {
			return nil, errors.Join(err, w.Abort())
		}
		f.Moved.From = append(f.Moved.From, moved)
	}
	if f.Segments, err = finish(ctx, w, &f.Moved); err != nil {
		return nil, err
	}
	f.Deletes, err = f.Moved.newVectors(v.deletes)
	return f, err
}

// finish ends a segment, and completes the permutation with its blocks; there is no segment without rows.
func finish(ctx context.Context, w *segment.Writer, p *Permutation) ([]*segment.Descriptor, error) {
	if w.Rows() == 0 {
		return nil, w.Abort()
	}
	d, err := w.Finish(ctx)
	if err != nil {
		return nil, err
	}
	for _, g := range d.Groups {
		p.To = append(p.To, Filled{Block: g.Block, Rows: g.Rows})
	}
	return []*segment.Descriptor{d}, nil
}

// movedRun describes the rows of a block that move, but for those that are gone.
func movedRun(block catalog.BlockID, rows extent, gone *roaring.Bitmap) (Moved, error) {
	m := Moved{Block: block, First: rows.first, End: rows.end}
	dropped := gone.Clone()
	dropped.RemoveRange(0, uint64(rows.first))
	dropped.RemoveRange(uint64(rows.end), 1<<32)
	if dropped.IsEmpty() {
		return m, nil
	}
	var err error
	m.Dropped, err = writeBitmap(dropped)
	return m, err
}

// writeBlock writes the rows of a memtable block that are not gone.
func writeBlock(
	ctx context.Context, w *segment.Writer, b *memtable.Block, gone *roaring.Bitmap, columns int,
) (Moved, error) {
	moved, err := movedRun(b.ID, extent{b.First, b.End}, gone)
	if err != nil {
		return moved, err
	}
	chunk := vector.Chunk{Len: int(b.End)}
	if b.First > 0 || moved.Dropped != nil {
		chunk.Sel = undeleted(gone, 0, extent{b.First, b.End}, make([]uint16, 0, vector.ChunkRows))
	}
	vectors := make([]vector.Vector, columns+1)
	for j := range columns {
		b.Read(j, b.Form(j), &vectors[j], &memtable.Buffer{})
	}
	sequences := make([]int64, b.End)
	for i := b.First; i < b.End; i++ {
		sequences[i] = int64(b.Sequence(i))
	}
	vectors[columns] = vector.Vector{Type: vector.Of(vector.Int64), Lo: vector.MinInt, Hi: vector.MaxInt}
	vector.SetCodes(&vectors[columns], sequences)
	for j := range vectors {
		chunk.Columns = append(chunk.Columns, &vectors[j])
	}
	return moved, w.Append(ctx, &chunk)
}

// Install returns a version in which a flush's rows are in its segments, with the deletes that came since. The
// receiver is the newest version; for the sequencer, in one edit with the manifest.
func (v *Version) Install(f *Flush) (*Version, error) {
	if err := v.newest(); err != nil {
		return nil, err
	}
	where, err := f.Moved.Translator()
	if err != nil {
		return nil, err
	}
	now, err := v.deletes.moved(&f.Moved, where)
	if err != nil {
		return nil, err
	}
	next, err := v.AddSegments(f.Segments)
	if err != nil {
		return nil, err
	}
	if err := v.table.memtable.Drop(f.through); err != nil {
		return nil, err
	}
	next.memory, next.deletes, next.rows = v.table.memtable.View(), now, v.rows
	return next, nil
}
