package catalog

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/vector"
)

// Ids of objects; 0 is none.
type (
	// DatabaseID names a database for good.
	DatabaseID uint64
	// TableID names a table for good.
	TableID uint64
	// ColumnID names a column within its table for good.
	ColumnID uint32
	// BlockID names a memtable chunk or a segment's row group.
	BlockID uint64
	// Version is the sequence of the commit that made a definition.
	Version uint64
)

// Provisional is where the versions begin that altered definitions have until their transaction commits: no two of an
// instance have the same. A table that the transaction itself made has the version 0.
const Provisional Version = 1 << 62

// Committed tells whether the version is that of a commit.
func (v Version) Committed() bool { return v != 0 && v < Provisional }

// Sequence numbers commits from 1 without gaps in the order of their publication.
type Sequence uint64

// Timestamp is a commit time in nanoseconds since the epoch, UTC; it grows strictly.
type Timestamp int64

// DefaultDatabase exists in every instance and is where a session starts.
const DefaultDatabase = "main"

// SystemDatabase holds the instance's own tables: users, roles, grants.
const SystemDatabase = "system"

// InformationSchema is the database of the standard's views, which providers serve.
const InformationSchema = "information_schema"

// Name is the one name of a catalog, as Flight SQL clients see it.
const Name = "micodb"

// TableName names a table. Names are compared after FoldName.
type TableName struct{ Database, Table string }

// String returns database.table, or what an External table is called.
func (n TableName) String() string {
	if n.Database == "" {
		return n.Table
	}
	return n.Database + "." + n.Table
}

// FoldName returns the form in which names are compared: unquoted names match without case.
func FoldName(s string) string { return strings.ToLower(s) }

// Address says where a committed row lies.
type Address struct {
	Block  BlockID
	Offset uint32 // row within the block
}

// Database is a namespace of tables; Flight SQL calls it a schema.
type Database struct {
	ID   DatabaseID
	Name string
}

// TableKind says what stands behind a table's name.
type TableKind uint8

// The kinds of tables.
const (
	BaseTable   TableKind = iota
	SystemTable           // a stored table of the system database
	SystemView            // rows come from a provider
	View                  // a query under a name; it has no rows of its own
	External              // its rows lie outside the instance, in files; it has no place in a catalog
)

// HasRows tells whether a transaction manager stores rows for the kind.
func (k TableKind) HasRows() bool { return k == BaseTable || k == SystemTable }

// Table is the definition of a table as of a snapshot, with what is known of its rows. It is immutable.
type Table struct {
	ID         TableID
	Database   DatabaseID
	Name       TableName
	Kind       TableKind
	Version    Version
	Created    Version // that made the table, where it was altered since; 0: Version
	Columns    []Column
	Comment    string
	LastColumn ColumnID    // the highest id that a column ever had, where that one was dropped; 0: it is in Columns
	Query      *ViewQuery  // of a View, whose columns it gives; nil for all others
	Source     Source      // of an External
	Statistics *Statistics // nil: nothing is known
}

// Source is where the rows of an External table are. Safe for concurrent use.
type Source interface {
	// Scan begins to read them, as a Snapshot does; buffers come from m.
	Scan(ctx context.Context, req ScanRequest, m memory.Allocator) (Scan, error)
}

// ViewQuery is what a view is made of. It is bound anew wherever the view is used.
type ViewQuery struct {
	Text     string // one SELECT or VALUES, as it was written
	Database string // of its unqualified names
}

// String tells the text and the database.
func (q *ViewQuery) String() string { return q.Text + " (in " + q.Database + ")" }

// Column is the definition of a column.
type Column struct {
	ID      ColumnID
	Name    string
	Type    vector.Type
	Length  int // of VARCHAR(n) in characters, of VARBINARY(n) in bytes: the most that a value may have; 0: no limit
	NotNull bool
	Comment string

	// Former are the types that the column had before, the oldest first. Values of each are values of the types that
	// follow, and have the same form in memory.
	Former []FormerType
}

// FormerType is a type that a column had in the definitions before a version.
type FormerType struct {
	Type   vector.Type
	Before Version
}

// TypeAt returns the type that the column had in the definition of a version.
func (c *Column) TypeAt(v Version) vector.Type {
	for _, f := range c.Former {
		if v < f.Before {
			return f.Type
		}
	}
	return c.Type
}

// TypeName returns the type as CREATE TABLE takes it.
func (c *Column) TypeName() string {
	if c.Length == 0 {
		return c.Type.String()
	}
	return c.Type.String() + "(" + strconv.Itoa(c.Length) + ")"
}

// Since returns the version that made the table.
func (t *Table) Since() Version {
	if t.Created != 0 {
		return t.Created
	}
	return t.Version
}

// NextColumn returns an id that no column of the table ever had.
func (t *Table) NextColumn() ColumnID {
	last := t.LastColumn
	for i := range t.Columns {
		last = max(last, t.Columns[i].ID)
	}
	return last + 1
}

// Find returns the ordinal of a column by its folded name, or -1.
func (t *Table) Find(name string) int {
	name = FoldName(name)
	for i := range t.Columns {
		if FoldName(t.Columns[i].Name) == name {
			return i
		}
	}
	return -1
}

// ByID returns the ordinal of a column by its id, or -1.
func (t *Table) ByID(id ColumnID) int {
	for i := range t.Columns {
		if t.Columns[i].ID == id {
			return i
		}
	}
	return -1
}

// Statistics are estimates, for the planner alone: no answer may depend on them, but for Keys, which are proven.
type Statistics struct {
	Rows    int64
	Columns map[ColumnID]ColumnStatistics
	Keys    []ColumnID // columns of which no two rows of the snapshot have one value, and none has NULL
}

// IsKey tells whether a column is proven to tell the rows of the snapshot apart; false of nil.
func (s *Statistics) IsKey(id ColumnID) bool { return s != nil && slices.Contains(s.Keys, id) }

// ColumnStatistics describe the values of a column.
type ColumnStatistics struct {
	Min, Max vector.Scalar // Null when not known
	Nulls    int64
	Distinct int64 // 0 when not known
}
