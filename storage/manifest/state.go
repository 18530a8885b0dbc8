package manifest

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
)

// State is what the edits add up to. It is immutable.
type State struct {
	Checkpoint

	Databases map[catalog.DatabaseID]catalog.Database
	Tables    map[catalog.TableID]*Table

	// Retain says which old versions can be read; nil: none before the through-sequence.
	Retain *Retain
}

// Table is a table as of the through-sequence. It is immutable.
type Table struct {
	Definition catalog.Table // without statistics
	Segments   []Segment     // in the order in which they were added

	// Deletes has for blocks of segments which rows are deleted.
	Deletes map[catalog.BlockID]DeleteVector

	// Permutations say where rows are that the log names by older addresses, the oldest first.
	Permutations []json.RawMessage

	// Statistics is what the last analysis found, as storage/table writes it; nil when there was none.
	Statistics json.RawMessage
}

// DeleteVector says which rows of a block are deleted, and when, where that is retained.
type DeleteVector struct {
	Offsets []byte          // a portable roaring bitmap
	Erased  json.RawMessage // as storage/table writes it
}

// Segment names a file of rows.
type Segment struct {
	ID         uint64
	Descriptor json.RawMessage
}

func newState() *State {
	return &State{
		Databases: map[catalog.DatabaseID]catalog.Database{},
		Tables:    map[catalog.TableID]*Table{},
	}
}

// apply returns the state after changes.
func (s *State) apply(changes []Change) (*State, error) {
	next := &State{
		Checkpoint: s.Checkpoint, Databases: maps.Clone(s.Databases), Tables: maps.Clone(s.Tables),
		Retain: s.Retain,
	}
	owned := map[catalog.TableID]bool{}
	for _, c := range changes {
		if err := c.apply(next, owned); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// table returns a table to change: a copy, unless these changes have one already.
func (s *State) table(id catalog.TableID, owned map[catalog.TableID]bool) (*Table, error) {
	t, ok := s.Tables[id]
	if !ok {
		return nil, sqlerr.New(sqlerr.DataCorrupted, "the manifest changes table %d, which it has not", id)
	}
	if !owned[id] {
		t = &Table{
			Definition: t.Definition, Segments: slices.Clone(t.Segments), Deletes: maps.Clone(t.Deletes),
			Permutations: slices.Clone(t.Permutations), Statistics: t.Statistics,
		}
		s.Tables[id], owned[id] = t, true
	}
	return t, nil
}

// Definitions returns the changes that make a table of a definition. One that was altered takes another change, which
// programs that would not heed all of it refuse.
func Definitions(of *catalog.Table) []Change {
	changes := []Change{&CreateTable{Table: *of}}
	if of.Created != 0 {
		changes = append(changes, &AlterTable{Table: *of})
	}
	return changes
}

// changes returns changes that make the state from nothing.
func (s *State) changes() []Change {
	var out []Change
	for _, id := range slices.Sorted(maps.Keys(s.Databases)) {
		out = append(out, &CreateDatabase{ID: id, Name: s.Databases[id].Name})
	}
	for _, id := range slices.Sorted(maps.Keys(s.Tables)) {
		t := s.Tables[id]
		out = append(out, Definitions(&t.Definition)...)
		for _, segment := range t.Segments {
			out = append(out, &AddSegment{Table: id, ID: segment.ID, Descriptor: segment.Descriptor})
		}
		for _, block := range slices.Sorted(maps.Keys(t.Deletes)) {
			d := t.Deletes[block]
			out = append(out, &SetDeletes{Table: id, Block: block, Offsets: d.Offsets, Erased: d.Erased})
		}
		for _, p := range t.Permutations {
			out = append(out, &AddPermutation{Table: id, Permutation: p})
		}
		if t.Statistics != nil {
			out = append(out, &SetStatistics{Table: id, Statistics: t.Statistics})
		}
	}
	if s.Retain != nil {
		out = append(out, s.Retain)
	}
	checkpoint := s.Checkpoint
	return append(out, &checkpoint)
}
