package table

import (
	"context"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/memtable"
	"github.com/micodb/micodb/storage/segment"
)

// Environment is what all tables of an instance share.
type Environment struct {
	FS    vfs.FS
	Dir   string         // the data directory: descriptors' paths are relative to it
	Cache *segment.Cache // of decoded column chunks
	NewID func() uint64  // gives ids that were never used, for blocks and files; safe for concurrent use

	Now func() catalog.Timestamp // the clock
}

// Version is an immutable state of a table. Safe for concurrent use; the methods that make a new Version are
// for one goroutine, and take the newest.
type Version struct {
	table    *table
	memory   memtable.View
	segments []*segment.Segment
	deletes  deletes
	rows     int64 // not deleted

	analysis   *Analysis  // nil: there was none
	estimates  *estimates // of the segments
	statistics *statistics
}

// copy returns a version to change.
func (v *Version) copy() Version {
	next := *v
	next.statistics = &statistics{}
	return next
}

// table is what the versions of a table share.
type table struct {
	env      Environment
	of       *catalog.Table
	unifiers []*vector.Unifier  // nil but for Bytes columns
	memtable *memtable.Memtable // the writer's
}

// New returns the empty version of a table: 0A000 when it has a column of a type that can't be stored.
func New(env Environment, of *catalog.Table) (*Version, error) {
	t, err := newTable(env, of)
	if err != nil {
		return nil, err
	}
	t.memtable = t.newMemtable(true)
	return &Version{table: t, memory: t.memtable.View(), estimates: &estimates{}, statistics: &statistics{}}, nil
}

// newTable returns a table without a memtable.
func newTable(env Environment, of *catalog.Table) (*table, error) {
	t := &table{env: env, of: of, unifiers: make([]*vector.Unifier, len(of.Columns))}
	for i := range of.Columns {
		switch c := &of.Columns[i]; {
		case c.Type.Kind == vector.Unknown:
			return nil, sqlerr.NotSupported("a column of type " + c.Type.String())
		case c.Type.Physical() == vector.Bytes:
			t.unifiers[i] = vector.NewUnifier()
		}
	}
	return t, nil
}

// Open returns the version that a manifest describes: segments, and delete vectors by block.
func Open(
	env Environment, of *catalog.Table, segments []*segment.Descriptor, deleted []DeleteVector,
) (*Version, error) {
	v, err := New(env, of)
	if err != nil {
		return nil, err
	}
	if v, err = v.AddSegments(segments); err != nil {
		return nil, err
	}
	return v.withDeletes(deleted)
}

// newMemtable returns an empty memtable, which numbers texts or does not.
func (t *table) newMemtable(coded bool) *memtable.Memtable {
	return memtable.New(t.memtableColumns(coded))
}

func (t *table) memtableColumns(coded bool) []memtable.Column {
	columns := make([]memtable.Column, len(t.of.Columns))
	for i, c := range t.of.Columns {
		columns[i] = memtable.Column{ID: c.ID, Type: c.Type}
		if coded {
			columns[i].Unifier = t.unifiers[i]
		}
	}
	return columns
}

// NewWriteSet returns a memtable for a transaction's own rows; Add puts them in. Its texts have no numbers: the
// table's numbering never shrinks, and would keep the texts of all transactions.
func (v *Version) NewWriteSet() *memtable.Memtable { return v.table.newMemtable(false) }

// Definition returns the table's definition, without statistics.
func (v *Version) Definition() *catalog.Table { return v.table.of }

// Check tells whether a chunk may be appended: 23502, 22003, 54000 otherwise.
func (v *Version) Check(rows *vector.Chunk) error { return memtable.Check(v.table.of.Columns, rows) }

// Tail tells where the next row goes in the newest version.
func (v *Version) Tail() memtable.Tail { return v.table.memtable.Tail() }

// Append returns a version with the chosen rows of a chunk, which Check has accepted, at addresses that a Tail
// has given. The rows are copied.
func (v *Version) Append(rows *vector.Chunk, at []memtable.Range, sequence catalog.Sequence) (*Version, error) {
	if err := v.newest(); err != nil {
		return nil, err
	}
	if err := v.table.memtable.Append(rows, at, sequence); err != nil {
		return nil, err
	}
	next := v.copy()
	next.memory = v.table.memtable.View()
	next.rows += int64(rows.Count())
	return &next, nil
}

// newest refuses to change the memtable behind a version that is not the newest.
func (v *Version) newest() error {
	if now := v.table.memtable.View(); now.End() != v.memory.End() {
		return sqlerr.New(sqlerr.InternalError, "table %s: a new version is made of an old one", v.table.of.Name)
	}
	return nil
}

// AddSegments returns a version with more segments, whose files are synced and whose block ids are new.
func (v *Version) AddSegments(added []*segment.Descriptor) (*Version, error) {
	next := v.copy()
	next.estimates = &estimates{}
	next.segments = make([]*segment.Segment, len(v.segments), len(v.segments)+len(added))
	copy(next.segments, v.segments)
	for i := range added {
		s, err := v.table.open(added[i])
		if err != nil {
			return nil, err
		}
		next.segments = append(next.segments, s)
		next.rows += added[i].Rows
	}
	return &next, nil
}

func (t *table) open(d *segment.Descriptor) (*segment.Segment, error) {
	return segment.Open(segment.Source{FS: t.env.FS, Dir: t.env.Dir, Cache: t.env.Cache}, t.of.Columns, d)
}

// Segments returns the descriptors of the version's segments.
func (v *Version) Segments() []*segment.Descriptor {
	all := make([]*segment.Descriptor, len(v.segments))
	for i, s := range v.segments {
		all[i] = s.Descriptor
	}
	return all
}

// Rows returns the number of rows that are not deleted.
func (v *Version) Rows() int64 { return v.rows }

// MemoryBytes returns the memory that the version's memtable rows take.
func (v *Version) MemoryBytes() int64 { return v.memory.Bytes() }

// MemoryRows returns the number of rows in the memtable.
func (v *Version) MemoryRows() int64 { return v.memory.Rows() }

// Scan begins to read the version, with a transaction's own changes; own may be nil.
func (v *Version) Scan(ctx context.Context, request catalog.ScanRequest, own *Overlay) (catalog.Scan, error) {
	return newScan(ctx, v, request, own)
}
