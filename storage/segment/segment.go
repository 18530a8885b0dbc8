package segment

import (
	"context"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
)

// Source is where segments are read from.
type Source struct {
	FS    vfs.FS
	Dir   string // what descriptors' paths are relative to
	Cache *Cache
}

// Segment reads one file. Safe for concurrent use.
type Segment struct {
	Descriptor *Descriptor
	source     Source
	columns    []catalog.Column // of the table
	groups     map[catalog.BlockID]int
}

// Open returns the segment of a descriptor. It reads nothing yet: a file that is missing or damaged is found
// when it is read.
func Open(source Source, columns []catalog.Column, d *Descriptor) (*Segment, error) {
	s := &Segment{Descriptor: d, source: source, columns: columns, groups: map[catalog.BlockID]int{}}
	var rows int64
	for i := range d.Groups {
		g := &d.Groups[i]
		s.groups[g.Block] = i
		rows += int64(g.Rows)
		if len(g.Columns) != len(d.Columns) || g.Rows == 0 {
			return nil, sqlerr.New(sqlerr.DataCorrupted, "the description of segment %s is damaged", d.Path)
		}
	}
	if rows != d.Rows || len(s.groups) != len(d.Groups) {
		return nil, sqlerr.New(sqlerr.DataCorrupted, "the description of segment %s is damaged", d.Path)
	}
	return s, nil
}

// Group returns the ordinal of the row group that is a block.
func (s *Segment) Group(id catalog.BlockID) (int, bool) {
	g, ok := s.groups[id]
	return g, ok
}

// Load returns a column of a row group, and the bytes that were read from the file for it.
func (s *Segment) Load(ctx context.Context, group int, id catalog.ColumnID) (*vector.Vector, int64, error) {
	v, err := s.source.Cache.get(ctx, key{s.Descriptor.ID, group, id}, func(context.Context) (*vector.Vector, error) {
		return nil, sqlerr.NotSupported("reading segments")
	})
	return v, 0, err
}

// Unify gives numbers to the values of a column's dictionary in a row group.
func (s *Segment) Unify(ctx context.Context, group int, id catalog.ColumnID, u *vector.Unifier) error {
	v, _, err := s.Load(ctx, group, id)
	if err == nil {
		u.Remap(v.Dictionary)
	}
	return err
}
