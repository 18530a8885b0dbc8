package table

import (
	"context"
	"maps"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/memtable"
	"github.com/micodb/micodb/storage/segment"
)

// MorselRows is the size of a piece of work that a worker takes at once.
const MorselRows = 8 * vector.ChunkRows

// scan is one reading of a version. All but the counters is fixed when it begins.
type scan struct {
	table   *table
	columns []scanColumn // the requested ones, then those that only runtime filters need
	public  []catalog.ScanColumn
	filters []scanFilter
	tests   []scanTest // which cost less than the filters, and go before them
	rows    uint32     // of a chunk at most
	work    uint32     // rows of a morsel of a row group at most
	morsels []morsel
	next    atomic.Int64

	where     []catalog.Predicate // by which runs of rows within row groups are left out
	narrowing []catalog.ColumnID  // their columns of integers

	counts struct{ files, filesPruned, groups, groupsPruned, rows, bytes atomic.Int64 }
}

// scanColumn is a column that the scan reads.
type scanColumn struct {
	catalog.ScanColumn

	ordinal int // in the table's definition; -1: a pseudo-column
}

type scanFilter struct {
	*catalog.RuntimeFilter

	column int // in scan.columns
}

// morsel is a run of at most MorselRows rows of one row group, or up to eight blocks of a memtable.
type morsel []piece

// piece is a run of rows of one block.
type piece struct {
	address catalog.BlockID
	base    uint32 // what the addresses of own rows have more than their offsets here
	first   uint32
	end     uint32
	deleted *roaring.Bitmap // nil: none
	forms   []memtable.Form // of scan.columns; shared by the pieces of a block

	block   memtable.Block   // valid when segment is nil
	segment *segment.Segment // of row group group
	group   int
}

func newScan(ctx context.Context, v *Version, request catalog.ScanRequest, own *Overlay) (*scan, error) {
	s := &scan{table: v.table, rows: vector.ChunkRows, work: MorselRows}
	if n := request.ChunkRows; n > 0 {
		s.rows, s.work = uint32(n), uint32(n)
	}
	if err := s.resolve(request); err != nil {
		return nil, err
	}
	b := builder{scan: s, version: v, where: request.Where, deletes: v.deletes}
	if own != nil {
		b.deletes = v.deletes.with(own.Deletes)
	}
	b.segments(v.segments, true)
	b.memory(&v.memory, 0)
	if own != nil {
		segments := make([]*segment.Segment, len(own.Segments))
		for i := range own.Segments {
			var err error
			if segments[i], err = v.table.open(own.Segments[i]); err != nil {
				return nil, err
			}
		}
		b.segments(segments, false)
		b.memory(&own.Rows, OwnBlock(len(own.Segments)))
	}
	if err := b.finish(ctx); err != nil {
		return nil, err
	}
	s.narrow(request.Where)
	return s, nil
}

// resolve finds the columns that are read.
func (s *scan) resolve(request catalog.ScanRequest) error {
	for _, id := range request.Columns {
		if err := s.add(id); err != nil {
			return err
		}
	}
	for _, f := range request.Runtime {
		k := s.find(f.Column)
		if k < 0 {
			k = len(s.columns)
			if err := s.add(f.Column); err != nil {
				return err
			}
		}
		s.filters = append(s.filters, scanFilter{f, k})
	}
	if len(s.filters) > 0 {
		for i := range request.Where {
			s.test(&request.Where[i])
		}
	}
	s.public = make([]catalog.ScanColumn, len(request.Columns))
	return nil
}

func (s *scan) find(id catalog.ColumnID) int {
	for i := range s.columns {
		if s.columns[i].ID == id {
			return i
		}
	}
	return -1
}

func (s *scan) add(id catalog.ColumnID) error {
	c := scanColumn{ordinal: s.table.of.ByID(id)}
	c.ID, c.Lo, c.Hi = id, vector.MaxInt, vector.MinInt
	switch {
	case c.ordinal >= 0:
		c.Type = s.table.of.Columns[c.ordinal].Type
		c.Physical = c.Type.Physical()
	case id == catalog.AddressBlock || id == catalog.AddressOffset:
		c.Type = vector.Of(vector.Int64)
	default:
		return sqlerr.New(sqlerr.InternalError, "table %s has no column with the id %d", s.table.of.Name, id)
	}
	s.columns = append(s.columns, c)
	return nil
}

// Columns implements catalog.Scan.
func (s *scan) Columns() []catalog.ScanColumn { return s.public }

// Morsels implements catalog.Scan.
func (s *scan) Morsels() int { return len(s.morsels) }

// Open implements catalog.Scan.
func (s *scan) Open(int) (catalog.ChunkSource, error) { return newSource(s), nil }

// Close implements catalog.Scan. The version that is read holds all that the scan needs.
func (*scan) Close() error { return nil }

// Counts implements catalog.Scan.
func (s *scan) Counts() catalog.ScanCounts {
	c := &s.counts
	return catalog.ScanCounts{
		Files: c.files.Load(), FilesPruned: c.filesPruned.Load(),
		RowGroups: c.groups.Load(), RowGroupsPruned: c.groupsPruned.Load(),
		Rows: c.rows.Load(), Bytes: c.bytes.Load(),
	}
}

// with returns the delete vectors with more rows, which may be nil.
func (d deletes) with(more *catalog.AddressSet) deletes {
	if more == nil || more.Len() == 0 {
		return d
	}
	merged := make(deletes, len(d)+1)
	maps.Copy(merged, d)
	for _, block := range more.Blocks() {
		offsets := more.Offsets(block)
		if old := d[block].bitmap(); old != nil {
			offsets = roaring.Or(old, offsets)
		}
		merged[block] = &deleteVector{offsets: offsets}
	}
	return merged
}
