package table

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/storage/memtable"
	"github.com/micodb/micodb/storage/segment"
)

// Alter returns a version of the same rows, at their addresses, under another definition of the table. No file is
// written: segments are read by the ids of columns, and the memtable's rows get the new columns. Where the receiver is
// the newest version the result takes its place, and nothing may be made of the receiver any more; otherwise the result
// can only be read.
func (v *Version) Alter(of *catalog.Table) (*Version, error) {
	t, err := newTable(v.table.env, of)
	if err != nil {
		return nil, err
	}
	from := t.from(v)
	for i, k := range from {
		if k >= 0 && t.unifiers[i] != nil && v.table.unifiers[k] != nil {
			t.unifiers[i] = v.table.unifiers[k]
		}
	}
	t.memtable = v.memory.Altered(t.memtableColumns(true), from)
	next := v.copy()
	next.table, next.memory, next.estimates = t, t.memtable.View(), &estimates{}
	next.segments = make([]*segment.Segment, len(v.segments))
	for i, s := range v.segments {
		if next.segments[i], err = t.open(s.Descriptor); err != nil {
			return nil, err
		}
	}
	return &next, nil
}

// AlterWriteSet returns a transaction's own rows, which were written under an earlier definition, under the version's.
func (v *Version) AlterWriteSet(rows *memtable.View, earlier *Version) *memtable.Memtable {
	return rows.Altered(v.table.memtableColumns(false), v.table.from(earlier))
}

// from says for each column which it was in an earlier version, -1 for a new one.
func (t *table) from(earlier *Version) []int {
	from := make([]int, len(t.of.Columns))
	for i := range t.of.Columns {
		from[i] = earlier.table.of.ByID(t.of.Columns[i].ID)
	}
	return from
}
