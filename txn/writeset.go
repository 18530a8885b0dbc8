package txn

import (
	"maps"
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/storage/manifest"
	"github.com/micodb/micodb/storage/memtable"
	"github.com/micodb/micodb/storage/segment"
	"github.com/micodb/micodb/storage/table"
)

// writeSet is what a transaction has changed.
type writeSet struct {
	definitions *definitions // the snapshot's, with the transaction's changes
	changes     []manifest.Change
	tables      map[catalog.TableID]*tableWrites
	savepoints  []savepoint
	written     []string // paths of all segments, also of those that were rolled back
	lost        error    // why rows are gone that only a roll back can do without
}

// tableWrites is what a transaction has changed in one table.
type tableWrites struct {
	version  *table.Version  // that the transaction reads
	base     catalog.Version // of the definition that the snapshot has; 0: created
	created  bool            // by the transaction itself
	altered  bool            // by the transaction itself
	rows     *memtable.Memtable
	segments []*segment.Descriptor // rows that did not stay in memory
	bulk     *segment.Writer       // of the segment that the statement is writing, or nil
	deletes  *catalog.AddressSet   // own rows among them until the commit
}

// savepoint is a state of the write set to go back to.
type savepoint struct {
	name        string
	definitions *definitions
	changes     int
	tables      map[catalog.TableID]tableMark
}

type tableMark struct {
	version  *table.Version
	altered  bool
	memory   *memtable.Memtable // that rows is a view of
	rows     memtable.View
	segments int
	deletes  *catalog.AddressSet
}

func newWriteSet(d *definitions) writeSet {
	return writeSet{definitions: d, tables: map[catalog.TableID]*tableWrites{}}
}

func newTableWrites(v *table.Version, created bool) *tableWrites {
	return &tableWrites{
		version: v, base: v.Definition().Version, created: created, rows: v.NewWriteSet(),
		deletes: &catalog.AddressSet{},
	}
}

// empty tells whether there is nothing to commit.
func (w *writeSet) empty() bool {
	for _, t := range w.tables {
		if !t.empty() {
			return false
		}
	}
	return len(w.changes) == 0
}

func (t *tableWrites) empty() bool {
	view := t.rows.View()
	return view.Rows() == 0 && t.bulk == nil && len(t.segments) == 0 && t.deletes.Len() == 0
}

// overlay is what a scan of the table sees besides the version.
func (t *tableWrites) overlay() *table.Overlay {
	if t.empty() {
		return nil
	}
	return &table.Overlay{Rows: t.rows.View(), Segments: slices.Clip(t.segments), Deletes: t.deletes.Copy()}
}

// deletesBytes is the memory of what is deleted, and of what it was at each savepoint: at most as much, since they
// share what was not changed in between.
func (w *writeSet) deletesBytes() (n int64) {
	for _, t := range w.tables {
		n += t.deletes.Bytes()
	}
	for _, s := range w.savepoints {
		for _, mark := range s.tables {
			n += mark.deletes.Bytes()
		}
	}
	return n
}

// save sets a savepoint; an older one of the same name is forgotten.
func (w *writeSet) save(name string) {
	w.savepoints = slices.DeleteFunc(w.savepoints, func(s savepoint) bool { return s.name == name })
	s := savepoint{
		name: name, definitions: w.definitions, changes: len(w.changes),
		tables: make(map[catalog.TableID]tableMark, len(w.tables)),
	}
	for id, t := range w.tables {
		s.tables[id] = tableMark{
			version: t.version, altered: t.altered, memory: t.rows, rows: t.rows.View(), segments: len(t.segments),
			deletes: t.deletes.Copy(),
		}
	}
	w.savepoints = append(w.savepoints, s)
}

// saved tells whether there is a savepoint.
func (w *writeSet) saved(name string) bool {
	return slices.ContainsFunc(w.savepoints, func(s savepoint) bool { return s.name == name })
}

// rollBack goes back to a savepoint that there is, and that stays; later ones are forgotten.
func (w *writeSet) rollBack(name string) error {
	i := slices.IndexFunc(w.savepoints, func(s savepoint) bool { return s.name == name })
	w.savepoints = w.savepoints[:i+1]
	s := &w.savepoints[i]
	w.definitions, w.changes = s.definitions, w.changes[:s.changes]
	maps.DeleteFunc(w.tables, func(id catalog.TableID, _ *tableWrites) bool {
		_, known := s.tables[id]
		return !known
	})
	for id, mark := range s.tables {
		if err := w.tables[id].rollBack(mark); err != nil {
			return err
		}
	}
	return nil
}

// release forgets a savepoint and later ones, and keeps what was done since. False when there is none.
func (w *writeSet) release(name string) bool {
	i := slices.IndexFunc(w.savepoints, func(s savepoint) bool { return s.name == name })
	if i < 0 {
		return false
	}
	clear(w.savepoints[i:]) // they hold on to definitions and rows
	w.savepoints = w.savepoints[:i]
	return true
}

func (t *tableWrites) rollBack(mark tableMark) error {
	t.version, t.altered = mark.version, mark.altered
	// Clipped: an open scan may hold what follows.
	t.segments, t.deletes = slices.Clip(t.segments[:mark.segments]), mark.deletes.Copy()
	if now := t.rows.View(); t.rows == mark.memory && now.Rows() == mark.rows.Rows() {
		return nil
	}
	rows := t.version.NewWriteSet()
	for _, chunk := range chunksOf(mark.rows, t.version.Definition().Columns) {
		if err := rows.Add(chunk); err != nil {
			return err
		}
	}
	t.rows = rows
	return nil
}
