package catalog

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// Snapshot is a consistent state of the whole instance, with the reading transaction's own writes. It is safe
// for concurrent use until it is closed; a reader never waits for a writer.
type Snapshot interface {
	Timestamp() Timestamp

	// Databases returns all databases in the order of their names.
	Databases(ctx context.Context) ([]Database, error)

	// Table finds a table by its name without regard to case: 3D000 for an unknown database, 42P01 for an
	// unknown table.
	Table(ctx context.Context, name TableName) (*Table, error)

	// Tables returns the names of a database's tables in order: 3D000 for an unknown database.
	Tables(ctx context.Context, database string) ([]TableName, error)

	// Scan begins to read a table. The scan must be closed before the snapshot.
	Scan(ctx context.Context, id TableID, req ScanRequest) (Scan, error)

	Close() error
}

// Writer changes what a transaction will commit. Its calls see the effects of earlier ones through the
// transaction's Snapshot. Not safe for concurrent use with itself.
type Writer interface {
	// Insert adds the chosen rows of a chunk, which has one column for each of the table's, in their order
	// and of their types, NULL where a column allows it: 23502 and 22003 otherwise. The chunk is copied.
	Insert(ctx context.Context, table TableID, rows *vector.Chunk) error

	// Delete removes rows by their addresses, which it copies. A row that another transaction deleted meanwhile is a
	// conflict: 40001, here or at commit.
	Delete(ctx context.Context, table TableID, rows []Address) error

	// Define changes definitions.
	Define(ctx context.Context, d Definition) error
}

// Definition is one change of definitions. The set is sealed.
type Definition interface{ definition() }

// CreateDatabase makes a database: 42P04 when it exists, unless IfNotExists.
type CreateDatabase struct {
	Name        string
	IfNotExists bool
}

// DropDatabase removes a database with its tables when Cascade, otherwise it must be empty.
type DropDatabase struct {
	Name     string
	IfExists bool
	Cascade  bool
}

// CreateTable makes an empty table, or a view where Kind says so; the columns' ids are given by the Writer. 42P07 when
// a table or view has the name, unless IfNotExists. With Replace a table or view takes the place of another one, under
// a new id: 42809 when the name is one of the other kind.
type CreateTable struct {
	Name        TableName
	Kind        TableKind
	Columns     []Column
	Query       *ViewQuery // of a View
	IfNotExists bool
	Replace     bool
}

// DropTable removes a table, or a view where Kind is View: 42P01 when it does not exist, unless IfExists, 42809 when
// the name is one of the other kind.
type DropTable struct {
	Name     TableName
	Kind     TableKind
	IfExists bool
}

// AlterTable changes the definition of a table, by one action after the other: 42P01 when it does not exist, unless
// IfExists, 42809 for a view. No rows are written: those that are there are read under the new definition.
type AlterTable struct {
	Name     TableName
	IfExists bool
	Actions  []TableAction
}

// TableAction is one action of AlterTable. The set is sealed.
type TableAction interface{ tableAction() }

// AddColumn adds a column behind the others, which is NULL in the rows that are there. Its id is given by the Writer.
// 42701 when there is one of the name, unless IfNotExists.
type AddColumn struct {
	Column      Column
	IfNotExists bool
}

// DropColumn removes a column: 42703 when there is none of the name, unless IfExists.
type DropColumn struct {
	Column   string
	IfExists bool
}

// RenameColumn gives a column another name: 42703 when there is none, 42701 when the name is another column's.
type RenameColumn struct{ From, To string }

// RenameTable gives the table another name in its database: 42P07 when the name is taken.
type RenameTable struct{ To string }

// ChangeType gives a column a type that has all values of the one before: 0A000 for any other.
type ChangeType struct {
	Column string
	Type   vector.Type
	Length int // as of Column
}

// Comment sets what is said of the table, or of a column of it: 42703 when there is none of the name. An empty text
// takes a comment away.
type Comment struct {
	Column string // empty: of the table
	Text   string
}

func (Comment) tableAction()      {}
func (AddColumn) tableAction()    {}
func (DropColumn) tableAction()   {}
func (RenameColumn) tableAction() {}
func (RenameTable) tableAction()  {}
func (ChangeType) tableAction()   {}

func (CreateDatabase) definition() {}
func (AlterTable) definition()     {}
func (DropDatabase) definition()   {}
func (CreateTable) definition()    {}
func (DropTable) definition()      {}
