package txn

import (
	"cmp"
	"maps"
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/storage/segment"
)

// SegmentInfo describes a segment file as it is used now.
type SegmentInfo struct {
	Table    catalog.TableName
	ID       uint64
	Path     string // relative to the data directory
	Tier     int    // of the compaction policy, from 0
	Origin   segment.Origin
	Rows     int64 // in the file
	Deleted  int64 // of them
	Bytes    int64
	Oldest   catalog.Sequence // bounds of its rows' commits
	Newest   catalog.Sequence
	Created  catalog.Timestamp // 0: not known
	Retained int64             // deleted rows that older versions still show
}

// Versions returns the newest version and the oldest that can be read, where the table was there.
func (m *Manager) Versions() (newest, oldest catalog.Sequence) {
	state := m.snapshots.current.Load()
	return state.sequence, state.since
}

// Segments returns all segments of the newest state, by table and age.
func (m *Manager) Segments() []SegmentInfo {
	state := m.snapshots.current.Load()
	var all []SegmentInfo
	tables := slices.SortedFunc(maps.Values(state.definitions.tables), func(a, b *catalog.Table) int {
		return cmp.Or(cmp.Compare(a.Name.Database, b.Name.Database), cmp.Compare(a.Name.Table, b.Name.Table))
	})
	for _, of := range tables {
		if !of.Kind.HasRows() {
			continue
		}
		for _, s := range state.tables[of.ID].SegmentRows() {
			d := s.Descriptor
			info := SegmentInfo{
				Table: of.Name, ID: d.ID, Path: d.Path, Tier: m.options.Compaction.Tier(d.Bytes), Origin: d.Origin,
				Rows: d.Rows, Deleted: s.Deleted, Retained: s.Deleted - s.Gone, Bytes: d.Bytes, Created: d.Created,
			}
			for g := range d.Groups {
				lo, hi := d.Sequences(g)
				if g == 0 {
					info.Oldest = lo
				}
				info.Oldest, info.Newest = min(info.Oldest, lo), max(info.Newest, hi)
			}
			all = append(all, info)
		}
	}
	return all
}
