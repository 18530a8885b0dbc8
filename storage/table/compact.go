package table

import (
	"context"
	"errors"
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/segment"
)

// Compaction is what a compaction wrote: the edit for the manifest, and what Replace needs. Its files are synced,
// but nothing names them yet.
type Compaction struct {
	Old   []*segment.Descriptor
	New   []*segment.Descriptor // none when all rows were gone
	Moved Permutation
}

// Job says what a compaction does.
type Job struct {
	Segments []uint64         // ids of those to be written anew, in any order
	Since    catalog.Sequence // no version before it will be read

	// Take is called before a row group is read, with its size in the file and about what its columns take in
	// memory, and gives back what it has reserved.
	Take func(ctx context.Context, fileBytes, memoryBytes int64) (release func(), err error)
}

// Compact writes the rows of some segments, but for those that are gone, to one new segment, in order. It changes
// nothing, and newer versions may be made meanwhile.
func (v *Version) Compact(ctx context.Context, job Job) (*Compaction, error) {
	var from []*segment.Segment
	sequences, last := false, catalog.Sequence(0)
	for _, s := range v.segments {
		if !slices.Contains(job.Segments, s.Descriptor.ID) {
			continue
		}
		from = append(from, s)
		for g := range s.Descriptor.Groups {
			_, hi := s.Descriptor.Sequences(g)
			sequences, last = sequences || hi > job.Since, max(last, hi)
		}
	}
	if len(from) != len(job.Segments) {
		return nil, sqlerr.New(sqlerr.InternalError, "a compaction of table %s wants segments that are not there",
			v.table.of.Name)
	}
	w, err := v.table.create(segment.FromCompaction, sequences)
	if err != nil {
		return nil, err
	}
	c := &Compaction{}
	r := rewriter{version: v, writer: w, sequences: sequences, take: job.Take}
	for _, s := range from {
		c.Old = append(c.Old, s.Descriptor)
		for g := range s.Descriptor.Groups {
			moved, err := r.group(ctx, s, g)
			if err != nil {
				return nil, errors.Join(err, w.Abort())
			}
			c.Moved.From = append(c.Moved.From, moved)
		}
	}
	if c.New, err = finish(ctx, w, &c.Moved); err != nil {
		return nil, err
	}
	for _, d := range c.New {
		if !sequences {
			d.Sequence = last // which all versions that will be read have
		}
	}
	return c, nil
}

// rewriter copies row groups.
type rewriter struct {
	version   *Version
	writer    *segment.Writer
	sequences bool // whether the copy says the rows' sequences
	take      func(ctx context.Context, fileBytes, memoryBytes int64) (release func(), err error)
}

func (r *rewriter) group(ctx context.Context, s *segment.Segment, g int) (Moved, error) {
	of := &s.Descriptor.Groups[g]
	gone := r.version.deletes[of.Block].gone()
	moved, err := movedRun(of.Block, extent{0, of.Rows}, gone)
	if err != nil || gone.GetCardinality() == uint64(of.Rows) {
		return moved, err
	}
	share := s.Descriptor.Bytes * int64(of.Rows) / s.Descriptor.Rows
	release, err := r.take(ctx, share, r.memory(s, g, share))
	if err != nil {
		return moved, err
	}
	defer release()
	columns, err := r.read(ctx, s, g)
	if err != nil {
		return moved, err
	}
	slice := make([]vector.Vector, len(columns))
	chunk := vector.Chunk{Columns: make([]*vector.Vector, len(columns))}
	rows := make([]uint16, 0, vector.ChunkRows)
	for lo := uint32(0); lo < of.Rows; lo += vector.ChunkRows {
		hi := min(lo+vector.ChunkRows, of.Rows)
		chunk.Len, chunk.Sel = int(hi-lo), nil
		if moved.Dropped != nil {
			if chunk.Sel = undeleted(gone, lo, extent{lo, hi}, rows); len(chunk.Sel) == 0 {
				continue
			}
		}
		for i := range columns {
			columns[i].Slice(&slice[i], int(lo), int(hi))
			chunk.Columns[i] = &slice[i]
		}
		if err := r.writer.Append(ctx, &chunk); err != nil {
			return moved, err
		}
	}
	return moved, nil
}

// memory estimates what the columns of a row group take: decoded, and once more in the writer.
func (r *rewriter) memory(s *segment.Segment, g int, fileBytes int64) int64 {
	width := int64(0)
	for _, c := range r.version.table.of.Columns {
		switch c.Type.Physical() {
		case vector.Wide:
			width += 16
		case vector.Bytes:
			width += 4
		default:
			width += 8
		}
	}
	return 2 * (width*int64(s.Descriptor.Groups[g].Rows) + fileBytes)
}

// read loads the columns of a row group.
func (r *rewriter) read(ctx context.Context, s *segment.Segment, g int) ([]*vector.Vector, error) {
	var columns []*vector.Vector
	for _, c := range r.version.table.of.Columns {
		v, err := s.Read(ctx, g, c.ID)
		if err != nil {
			return nil, err
		}
		v.Type = c.Type // that of the file may be a former one
		columns = append(columns, v)
	}
	switch {
	case !r.sequences:
		return columns, nil
	case s.Descriptor.Sequence > 0:
		x := int64(s.Descriptor.Sequence)
		return append(columns, &vector.Vector{
			Type: vector.Of(vector.Int64), Physical: vector.Integer, Encoding: vector.Constant,
			Len: int(s.Descriptor.Groups[g].Rows), Base: x, Lo: x, Hi: x,
		}), nil
	default:
		v, err := s.Read(ctx, g, segment.SequenceColumn)
		return append(columns, v), err
	}
}

// MoveDeletes returns the delete vectors of the new blocks, from those that the old ones have in the manifest.
func (c *Compaction) MoveDeletes(old []DeleteVector) ([]DeleteVector, error) {
	all := make(deletes, len(old))
	for _, p := range old {
		d, err := p.decode()
		if err != nil {
			return nil, sqlerr.Wrap(err, sqlerr.DataCorrupted, "a delete vector of the manifest is damaged")
		}
		all[p.Block] = d
	}
	return c.Moved.newVectors(all)
}

// Replace returns a version with a compaction's new segments in the place of the old ones, with the deletes that
// came since. The receiver is the newest version; for the sequencer.
func (v *Version) Replace(c *Compaction) (*Version, error) {
	where, err := c.Moved.Translator()
	if err != nil {
		return nil, err
	}
	now, err := v.deletes.moved(&c.Moved, where)
	if err != nil {
		return nil, err
	}
	rest := v.copy()
	rest.segments = slices.DeleteFunc(slices.Clone(v.segments), func(s *segment.Segment) bool {
		return slices.Contains(c.Old, s.Descriptor)
	})
	if len(rest.segments) != len(v.segments)-len(c.Old) {
		return nil, sqlerr.New(sqlerr.InternalError, "segments of table %s were replaced twice", v.table.of.Name)
	}
	next, err := rest.AddSegments(c.New)
	if err != nil {
		return nil, err
	}
	next.deletes, next.rows = now, v.rows
	return next, nil
}

// SegmentRows says how many rows of a segment are deleted.
type SegmentRows struct {
	Descriptor *segment.Descriptor
	Deleted    int64
	Gone       int64 // those of them that no reader will see again
}

// SegmentRows returns what is to be known of the segments.
func (v *Version) SegmentRows() []SegmentRows {
	all := make([]SegmentRows, len(v.segments))
	for i, s := range v.segments {
		all[i].Descriptor = s.Descriptor
		for _, g := range s.Descriptor.Groups {
			if d := v.deletes[g.Block]; d != nil {
				all[i].Deleted += int64(d.offsets.GetCardinality())
				all[i].Gone += d.goneRows()
			}
		}
	}
	return all
}

// History returns the sequences of the deletes that retention covers, with the memory that each takes.
func (v *Version) History(each func(sequence catalog.Sequence, bytes int64)) {
	for _, d := range v.deletes {
		for i := range d.erased {
			each(d.erased[i].sequence, d.erased[i].bytes())
		}
	}
}
