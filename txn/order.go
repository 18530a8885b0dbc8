package txn

import (
	"maps"
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/memtable"
	"github.com/micodb/micodb/storage/table"
	"github.com/micodb/micodb/storage/wal"
)

// order collects the commits of one group on the state before them. Until the group is in the log nothing is
// changed that a reader or a later group could see.
type order struct {
	manager *Manager
	state   *published
	tails   map[catalog.TableID]*memtable.Tail
	members []*request
	group   wal.Group
	dropped []string // files of tables that the group drops
}

func (m *Manager) newOrder() *order {
	state := m.snapshots.current.Load().next()
	return &order{
		manager: m, state: state, tails: map[catalog.TableID]*memtable.Tail{},
		group: wal.Group{First: state.sequence + 1},
	}
}

// add gives a commit its place behind those before it: 40001 when it conflicts with one that its snapshot does
// not have, in this group or published.
func (o *order) add(r *request) error {
	deletes, err := validate(o.state, r)
	if err != nil {
		return err
	}
	sequence := o.state.sequence + 1
	definitions, err := o.state.definitions.apply(r.changes, catalog.Version(sequence))
	if err != nil {
		return err
	}
	changed := map[catalog.TableID]*table.Version{}
	for i := range r.tables {
		of := &r.tables[i]
		v, err := o.change(of, deletes[i], definitions.tables[of.id], sequence)
		if err != nil {
			return err
		}
		changed[of.id] = v
	}
	// From here on nothing can fail.
	maps.Copy(o.state.tables, changed)
	if definitions != o.state.definitions {
		o.drop(definitions)
		o.state.definitions = definitions
	}
	o.state.sequence = sequence
	o.state.time = max(o.state.time+1, o.manager.options.Clock())
	r.sequence, r.time = sequence, o.state.time
	o.record(r, deletes)
	return nil
}

// drop takes away the tables that new definitions do not have.
func (o *order) drop(definitions *definitions) {
	for id := range o.state.definitions.tables {
		if _, exists := definitions.tables[id]; exists {
			continue
		}
		v, hasRows := o.state.tables[id]
		if !hasRows {
			continue // a view
		}
		for _, d := range v.Segments() {
			o.dropped = append(o.dropped, d.Path)
		}
		delete(o.state.tables, id)
	}
}

// change returns the table's version after the parts of a commit that change no memtable.
func (o *order) change(
	of *tableRequest, deletes *catalog.AddressSet, definition *catalog.Table, sequence catalog.Sequence,
) (v *table.Version, err error) {
	v = o.state.tables[of.id]
	switch {
	case of.created:
		v, err = table.New(o.manager.environment, definition)
	case of.altered:
		v, err = v.Alter(definition)
	}
	if err == nil && len(of.segments) > 0 {
		v, err = v.AddSegments(committed(of.segments, sequence, definition.Version))
	}
	if err == nil && deletes.Len() > 0 {
		v, err = v.Delete(deletes, sequence)
	}
	return v, err
}

// record places the rows of a commit and completes its records.
func (o *order) record(r *request, deletes []*catalog.AddressSet) {
	commit := &wal.Commit{}
	records := slices.Clip(r.records)
	for i := range r.tables {
		of := &r.tables[i]
		for _, chunk := range of.chunks {
			ranges := o.place(of.id, chunk)
			commit.Placed = append(commit.Placed, ranges)
			r.appends = append(r.appends, appended{table: of.id, rows: chunk, at: ranges})
		}
		if deletes[i].Len() > 0 {
			records = append(records, &wal.Delete{Table: of.id, Rows: deletes[i]})
		}
	}
	o.group.Commits = append(o.group.Commits, append(records, commit))
	o.group.Times = append(o.group.Times, r.time)
	o.members = append(o.members, r)
}

// validate finds conflicts of a commit with a state that is later than its snapshot. It returns each table's
// deletes by the addresses that the rows have in that state.
func validate(state *published, r *request) ([]*catalog.AddressSet, error) {
	deletes := make([]*catalog.AddressSet, len(r.tables))
	for i := range r.tables {
		of := &r.tables[i]
		if of.created {
			deletes[i] = &catalog.AddressSet{} // of own rows only, which are settled
			continue
		}
		definition, exists := state.definitions.tables[of.id]
		if !exists || definition.Version != of.version {
			return nil, conflict("another transaction has changed or dropped a table")
		}
		rows, err := state.translate(of.id, of.deletes, r.snapshot.generation)
		if err != nil {
			return nil, err
		}
		v := state.tables[of.id]
		if v.AnyDeleted(rows) {
			return nil, deletedMeanwhile(definition)
		}
		deletes[i] = rows
	}
	return deletes, nil
}

// apply puts the rows of the group's commits into the memtables. The log has them already.
func (o *order) apply() error {
	for _, r := range o.members {
		for _, a := range r.appends {
			v := o.state.tables[a.table]
			if v == nil {
				continue // a later commit of the group drops the table
			}
			next, err := v.Append(a.rows, memtableRanges(a.at), r.sequence)
			if err != nil {
				return sqlerr.Wrap(err, sqlerr.InternalError, "a commit that is in the log can't be applied: %v", err)
			}
			o.state.tables[a.table] = next
		}
	}
	return nil
}

func memtableRanges(at []wal.Range) []memtable.Range {
	out := make([]memtable.Range, len(at))
	for i, r := range at {
		out[i] = memtable.Range{Block: r.Block, First: r.First, Count: r.Count}
	}
	return out
}

// place returns where a chunk's rows go.
func (o *order) place(id catalog.TableID, chunk *vector.Chunk) []wal.Range {
	tail, ok := o.tails[id]
	if !ok {
		now := o.state.tables[id].Tail()
		tail = &now
		o.tails[id] = tail
	}
	ranges := tail.Place(chunk, func() catalog.BlockID { return catalog.BlockID(o.manager.newID()) })
	out := make([]wal.Range, len(ranges))
	for i, r := range ranges {
		out[i] = wal.Range{Block: r.Block, First: r.First, Count: r.Count}
	}
	return out
}
