package manifest

import (
	"encoding/json"
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
)

// Change is one part of an edit. The set is sealed. CreateDatabase to AlterTable, and AddSegment, are also what
// the log's definition and segments records hold; there versions are 0, for the commit's sequence.
type Change interface {
	name() string
	apply(s *State, owned map[catalog.TableID]bool) error
}

// CreateDatabase makes a database.
type CreateDatabase struct {
	ID   catalog.DatabaseID `json:"id"`
	Name string             `json:"name"`
}

// DropDatabase removes a database, whose tables are dropped before.
type DropDatabase struct {
	ID catalog.DatabaseID `json:"id"`
}

// CreateTable makes a table without segments.
type CreateTable struct {
	Table catalog.Table
}

// DropTable removes a table with all that belongs to it.
type DropTable struct {
	ID catalog.TableID `json:"id"`
}

// AlterTable gives a table another definition. Its segments stay, and are read under it.
type AlterTable struct {
	Table catalog.Table
}

// AddSegment adds a segment to a table.
type AddSegment struct {
	Table      catalog.TableID `json:"table"`
	ID         uint64          `json:"id"`
	Descriptor json.RawMessage `json:"descriptor"` // as storage/segment writes it
}

// RemoveSegment removes a segment.
type RemoveSegment struct {
	Table catalog.TableID `json:"table"`
	ID    uint64          `json:"id"`
}

// SetDeletes replaces the delete vector of a block; without offsets it removes it.
type SetDeletes struct {
	Table   catalog.TableID `json:"table"`
	Block   catalog.BlockID `json:"block"`
	Offsets []byte          `json:"offsets,omitempty"` // a portable roaring bitmap
	Erased  json.RawMessage `json:"erased,omitempty"`  // when rows were deleted, as storage/table writes it
}

// AddPermutation says where rows of a table are that the log may still name by older addresses.
type AddPermutation struct {
	Table       catalog.TableID `json:"table"`
	Permutation json.RawMessage `json:"permutation"` // as storage/table writes it
}

// SetStatistics says what an analysis of a table's rows found.
type SetStatistics struct {
	Table      catalog.TableID `json:"table"`
	Statistics json.RawMessage `json:"statistics"` // as storage/table writes it
}

// ClearPermutations removes all permutations: the log does not reach back to them any more.
type ClearPermutations struct{}

// Retain says how far back old versions can be read.
type Retain struct {
	Since catalog.Sequence `json:"since"` // the oldest one
	Times []Instant        `json:"times"` // commits since then and when they were, some of all, in order
}

// Instant is when a commit was.
type Instant struct {
	Sequence catalog.Sequence  `json:"sequence"`
	Time     catalog.Timestamp `json:"time"`
}

// Checkpoint says up to where the state holds.
type Checkpoint struct {
	Through catalog.Sequence  `json:"through"` // all commits up to this one are in the state, and no later one
	Time    catalog.Timestamp `json:"time"`    // of that commit
	WAL     uint64            `json:"wal"`     // where the log of later commits begins
	NextID  uint64            `json:"next_id"` // no object before it has an id as large as this
}

func (*CreateDatabase) name() string    { return "create_database" }
func (*DropDatabase) name() string      { return "drop_database" }
func (*CreateTable) name() string       { return "create_table" }
func (*DropTable) name() string         { return "drop_table" }
func (*AlterTable) name() string        { return "alter_table" }
func (*AddSegment) name() string        { return "add_segment" }
func (*RemoveSegment) name() string     { return "remove_segment" }
func (*SetDeletes) name() string        { return "set_deletes" }
func (*AddPermutation) name() string    { return "add_permutation" }
func (*SetStatistics) name() string     { return "set_statistics" }
func (*ClearPermutations) name() string { return "clear_permutations" }
func (*Retain) name() string            { return "retain" }
func (*Checkpoint) name() string        { return "checkpoint" }

func (c *CreateDatabase) apply(s *State, _ map[catalog.TableID]bool) error {
	if _, ok := s.Databases[c.ID]; ok {
		return sqlerr.New(sqlerr.DataCorrupted, "the manifest makes database %d twice", c.ID)
	}
	s.Databases[c.ID] = catalog.Database{ID: c.ID, Name: c.Name}
	return nil
}

func (c *DropDatabase) apply(s *State, _ map[catalog.TableID]bool) error {
	if _, ok := s.Databases[c.ID]; !ok {
		return sqlerr.New(sqlerr.DataCorrupted, "the manifest drops database %d, which it has not", c.ID)
	}
	delete(s.Databases, c.ID)
	return nil
}

func (c *CreateTable) apply(s *State, owned map[catalog.TableID]bool) error {
	if _, ok := s.Tables[c.Table.ID]; ok {
		return sqlerr.New(sqlerr.DataCorrupted, "the manifest makes table %d twice", c.Table.ID)
	}
	t := &Table{Definition: c.Table, Deletes: map[catalog.BlockID]DeleteVector{}}
	t.Definition.Statistics = nil
	s.Tables[c.Table.ID], owned[c.Table.ID] = t, true
	return nil
}

func (c *DropTable) apply(s *State, _ map[catalog.TableID]bool) error {
	if _, ok := s.Tables[c.ID]; !ok {
		return sqlerr.New(sqlerr.DataCorrupted, "the manifest drops table %d, which it has not", c.ID)
	}
	delete(s.Tables, c.ID)
	return nil
}

func (c *AlterTable) apply(s *State, owned map[catalog.TableID]bool) error {
	t, err := s.table(c.Table.ID, owned)
	if err != nil {
		return err
	}
	t.Definition = c.Table
	t.Definition.Statistics = nil
	return nil
}

func (c *AddSegment) apply(s *State, owned map[catalog.TableID]bool) error {
	t, err := s.table(c.Table, owned)
	if err != nil {
		return err
	}
	t.Segments = append(t.Segments, Segment{ID: c.ID, Descriptor: c.Descriptor})
	return nil
}

func (c *RemoveSegment) apply(s *State, owned map[catalog.TableID]bool) error {
	t, err := s.table(c.Table, owned)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(t.Segments, func(g Segment) bool { return g.ID == c.ID })
	if i < 0 {
		return sqlerr.New(sqlerr.DataCorrupted, "the manifest removes segment %d of table %d, which it has not",
			c.ID, c.Table)
	}
	t.Segments = slices.Delete(t.Segments, i, i+1)
	return nil
}

func (c *SetDeletes) apply(s *State, owned map[catalog.TableID]bool) error {
	t, err := s.table(c.Table, owned)
	if err != nil {
		return err
	}
	if len(c.Offsets) == 0 {
		delete(t.Deletes, c.Block)
	} else {
		t.Deletes[c.Block] = DeleteVector{Offsets: c.Offsets, Erased: c.Erased}
	}
	return nil
}

func (c *AddPermutation) apply(s *State, owned map[catalog.TableID]bool) error {
	t, err := s.table(c.Table, owned)
	if err != nil {
		return err
	}
	t.Permutations = append(t.Permutations, c.Permutation)
	return nil
}

func (c *SetStatistics) apply(s *State, owned map[catalog.TableID]bool) error {
	t, err := s.table(c.Table, owned)
	if err != nil {
		return err
	}
	t.Statistics = c.Statistics
	return nil
}

func (*ClearPermutations) apply(s *State, owned map[catalog.TableID]bool) error {
	for id, t := range s.Tables {
		if len(t.Permutations) == 0 {
			continue
		}
		t, err := s.table(id, owned)
		if err != nil {
			return err
		}
		t.Permutations = nil
	}
	return nil
}

func (c *Retain) apply(s *State, _ map[catalog.TableID]bool) error {
	if s.Retain != nil && c.Since < s.Retain.Since {
		return sqlerr.New(sqlerr.DataCorrupted, "the manifest retains versions from %d on again",
			c.Since)
	}
	s.Retain = c
	return nil
}

func (c *Checkpoint) apply(s *State, _ map[catalog.TableID]bool) error {
	if c.Through < s.Through || c.WAL < s.WAL || c.NextID < s.NextID || c.Time < s.Time {
		return sqlerr.New(sqlerr.DataCorrupted, "the manifest goes back from commit %d to %d", s.Through, c.Through)
	}
	s.Checkpoint = *c
	return nil
}
