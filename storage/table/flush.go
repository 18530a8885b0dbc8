package table

import (
	"context"
	"errors"
	"maps"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/memtable"
	"github.com/micodb/micodb/storage/segment"
)

// Flush is what a flush wrote: the edit for the manifest, and what Install needs. Its files are synced, but
// nothing names them yet.
type Flush struct {
	Segments []*segment.Descriptor
	Moved    Permutation

	through catalog.Address // memtable rows before it were written
	deletes deletes         // as they were
}

// NewSegment begins a segment for rows of a transaction that is not committed yet. Whoever commits it sets the
// descriptor's Sequence.
func (v *Version) NewSegment() (*segment.Writer, error) { return v.table.create(false) }

func (t *table) create(sequences bool) (*segment.Writer, error) {
	return segment.Create(segment.Target{
		FS: t.env.FS, Dir: t.env.Dir, NewID: t.env.NewID,
		Schema: t.of.Version, Columns: t.of.Columns, Sequences: sequences,
	})
}

// Flush writes the version's memtable rows that are not deleted to a segment, in order; nil when there are no
// rows in memory. It changes nothing, and newer versions may be made meanwhile.
func (v *Version) Flush(ctx context.Context) (*Flush, error) {
	if v.memory.Rows() == 0 {
		return nil, nil //nolint:nilnil // nothing to write is no error
	}
	f := &Flush{through: v.memory.End(), deletes: v.deletes}
	w, err := v.table.create(true)
	if err != nil {
		return nil, err
	}
	for i := range v.memory.Blocks() {
		b := v.memory.Block(i)
		if b.Rows() == 0 {
			continue
		}
		moved, err := writeBlock(ctx, w, &b, v.deletes[b.ID], len(v.table.of.Columns))
		if err != nil {
			return nil, errors.Join(err, w.Abort())
		}
		f.Moved.From = append(f.Moved.From, moved)
	}
	d, err := w.Finish(ctx)
	if err != nil {
		return nil, err
	}
	f.Segments = []*segment.Descriptor{d}
	for _, g := range d.Groups {
		f.Moved.To = append(f.Moved.To, Filled{Block: g.Block, Rows: g.Rows})
	}
	return f, nil
}

// writeBlock writes the rows of a memtable block that are not deleted.
func writeBlock(
	ctx context.Context, w *segment.Writer, b *memtable.Block, deleted *roaring.Bitmap, columns int,
) (Moved, error) {
	moved := Moved{Block: b.ID, First: b.First, End: b.End}
	chunk := vector.Chunk{Len: int(b.End)}
	if deleted != nil {
		dropped := deleted.Clone()
		dropped.RemoveRange(0, uint64(b.First))
		dropped.RemoveRange(uint64(b.End), 1<<32)
		if !dropped.IsEmpty() {
			data, err := dropped.ToBytes()
			if err != nil {
				return moved, sqlerr.Wrap(err, sqlerr.InternalError, "a delete vector can't be written")
			}
			moved.Dropped = data
		}
	}
	if b.First > 0 || moved.Dropped != nil {
		chunk.Sel = undeleted(deleted, 0, extent{b.First, b.End}, make([]uint16, 0, vector.ChunkRows))
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
	now, err := v.moveDeletes(f, where)
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

// moveDeletes takes the deleted offsets of flushed rows to their new blocks. Those that were deleted before the
// flush have no new place; rows of the last block that came after it stay.
func (v *Version) moveDeletes(f *Flush, where *Translator) (deletes, error) {
	now := maps.Clone(v.deletes)
	for _, m := range f.Moved.From {
		current := v.deletes[m.Block]
		if current == nil {
			continue
		}
		delete(now, m.Block)
		kept := roaring.New()
		for it := current.Iterator(); it.HasNext(); {
			offset := it.Next()
			switch to, fate := where.Translate(catalog.Address{Block: m.Block, Offset: offset}); {
			case fate == Shifted:
				if now[to.Block] == nil {
					now[to.Block] = roaring.New()
				}
				now[to.Block].Add(to.Offset)
			case fate == Stayed && offset >= m.End:
				kept.Add(offset)
			case fate == Dropped && (f.deletes[m.Block] == nil || !f.deletes[m.Block].Contains(offset)):
				return nil, sqlerr.New(sqlerr.InternalError, "a flush lost row %d of block %d", offset, m.Block)
			default: // a flush before this one wrote it
			}
		}
		if !kept.IsEmpty() {
			now[m.Block] = kept
		}
	}
	return now, nil
}
