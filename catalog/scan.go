package catalog

import (
	"context"
	"sync/atomic"

	"github.com/micodb/micodb/internal/vector"
)

// The pseudo-columns of every scan, which say where a row lies: two BIGINT columns, NULL for rows that can't be
// deleted. An address of a row that the reading transaction itself inserted means something to that transaction only.
const (
	AddressBlock  ColumnID = 1<<32 - 1
	AddressOffset ColumnID = 1<<32 - 2
)

// ScanRequest says what to read.
type ScanRequest struct {
	Columns []ColumnID // what the chunks carry, in this order; may be empty, for counting

	// AsOf asks for the rows that were there after a commit, without the transaction's own changes; 0: for those
	// that the snapshot sees. 22023 for a later commit than the snapshot's, 72000 for one that is no longer kept,
	// 42P01 for one before the table was made.
	AsOf Sequence

	// Where is a conjunction by which files, row groups and rows may be left out early. The scan may hand out
	// rows for which it is not true: the engine's Filter decides.
	Where []Predicate

	// ChunkRows is how many rows a chunk and a morsel have at most, for tests; 0: as many as are best.
	ChunkRows int

	// Runtime filters are looked at when a morsel is opened: a row that a set filter refuses is not handed out.
	Runtime []*RuntimeFilter
}

// Scan is one reading of a table, shared by any number of workers.
type Scan interface {
	// Columns says what is proven of each requested column over the whole scan.
	Columns() []ScanColumn

	// Morsels is the number of pieces of work of about 32 K rows that the predicates left.
	Morsels() int

	// Open returns a worker's source. Sources take morsels from a common counter, so that each row goes to
	// exactly one of them.
	Open(worker int) (ChunkSource, error)

	// Counts tells what was read and left out so far.
	Counts() ScanCounts

	Close() error
}

// ChunkSource hands out chunks: nil, nil at the end. A chunk belongs to the source and is valid until the next
// call; it has at most vector.ChunkRows rows and may be empty of chosen rows never.
type ChunkSource interface {
	Next(ctx context.Context) (*vector.Chunk, error)
	Close() error
}

// ScanColumn is what is proven of a column.
type ScanColumn struct {
	ID       ColumnID
	Type     vector.Type
	Physical vector.Physical // of every vector: Integer also for wide decimals whose values all fit
	Lo, Hi   int64           // Integer: bounds of the non-NULL values; Lo > Hi when there are none
	Nullable bool            // whether a NULL may come

	// Unifier is set when every vector of a Bytes column is Dict encoded with dictionaries whose values the
	// unifier has already; Distinct is then an upper bound of their numbers. Otherwise any encoding may come.
	Unifier  *vector.Unifier
	Distinct int
}

// ScanCounts is what a scan did.
type ScanCounts struct {
	Files, FilesPruned         int64
	RowGroups, RowGroupsPruned int64
	Rows                       int64
	Bytes                      int64 // read from files, not from a cache
}

// PredicateKind is the form of a Predicate.
type PredicateKind uint8

// The forms. None is true for NULL but IsNull.
const (
	InRange    PredicateKind = iota // Lo <= x <= Hi; a Null bound is open
	OutOfRange                      // x < Lo or x > Hi
	Matches                         // Match(x), a Bytes column; Min and Max bound the matching values when set
	IsNotNull
	IsNull
	AnyOf // a disjunction of conjunct-free predicates on any columns
)

// Predicate is one conjunct. Scalars have the column's type.
type Predicate struct {
	Column   ColumnID
	Kind     PredicateKind
	Lo, Hi   vector.Scalar
	Match    func([]byte) bool
	Min, Max []byte // nil: open
	Any      []Predicate
}

// RuntimeFilter is filled while a query runs, by the build side of a join, for a column of an Integer family.
// A filter that is not set lets every row pass; NULL never passes a set one.
type RuntimeFilter struct {
	Column ColumnID
	state  atomic.Pointer[RuntimeValues]
}

// RuntimeValues is the set of values that may pass a RuntimeFilter.
type RuntimeValues = vector.RuntimeValues

// Set makes the filter work. The values must not change any more.
func (f *RuntimeFilter) Set(v *RuntimeValues) { f.state.Store(v) }

// Values returns nil until the filter is set.
func (f *RuntimeFilter) Values() *RuntimeValues { return f.state.Load() }
