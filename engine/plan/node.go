package plan

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Node is a logical operator. The set of its implementations is sealed.
type Node interface {
	Schema() *Schema
	Inputs() []Node
	WithInputs(inputs []Node) Node // a copy; the inputs' schemas are the old ones'
	String() string                // one line, as EXPLAIN shows it
	node()
}

// Schema is what a node's rows look like.
type Schema struct{ Fields []Field }

// Field is a column of a node's output.
type Field struct {
	Table    string // qualifier by which names find it; empty for computed columns
	Name     string
	Type     vector.Type
	Nullable bool
}

// Column returns the expression that reads field i.
func (s *Schema) Column(i int) expr.Column {
	f := s.Fields[i]
	return expr.Column{Index: i, Name: f.Name, Of: f.Type, IsNull: f.Nullable}
}

// Scan reads a table's columns (ordinals of Table.Columns). Where is a conjunction over the node's own output
// that the scan may use to leave rows out; it is exact: physical puts a filter above what storage can't decide.
type Scan struct {
	Table   *catalog.Table
	Alias   string
	Columns []int
	Where   []expr.Expr
	AsOf    catalog.Sequence // the version that is read; 0: that of the transaction, with its own changes
	Address bool             // two columns more: block and offset of the row (catalog.AddressBlock, AddressOffset)

	made *scanSchema
}

// Values is a list of rows of constant expressions.
type Values struct {
	Out  *Schema
	Rows [][]expr.Expr
}

// Filter keeps the rows for which Predicate is TRUE.
type Filter struct {
	Input     Node
	Predicate expr.Expr
}

// Project computes its output from its input.
type Project struct {
	Input Node
	Exprs []expr.Expr
	Out   *Schema
}

// JoinKind is how unmatched rows are treated.
type JoinKind uint8

// The kinds. RIGHT is turned into LEFT by bind. A Cross join is an Inner join without keys.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	SingleJoin // a left join that fails with 21000 where a left row has two matches
	FullJoin   // all rows of both
	SemiJoin   // left rows with a match
	AntiJoin   // left rows without one
	MarkJoin   // left rows, and a BOOLEAN: whether each has a match
)

// Pairs tells whether a join gives the right's columns beside the left's.
func (k JoinKind) Pairs() bool { return k <= FullJoin }

// Padded tells whether a join gives NULLs beside a left row without a match.
func (k JoinKind) Padded() bool { return k == LeftJoin || k == SingleJoin || k == FullJoin }

// JoinKey is an equality between an expression over the left input and one over the right (whose columns
// count from 0), of one type.
type JoinKey struct{ Left, Right expr.Expr }

// Join combines two inputs. Residual, over the columns of both, is nil or decides with the keys. Physical builds a
// table of the right input and probes it with the left: optimize puts the smaller one right, or sets HoldLeft.
//
// Mark, for mark and anti joins alone and over both sides, compares a left row with each right row that keys and
// Residual give it, in three-valued logic: x IN (SELECT y …) is a mark by x = y. The left row matches if one of the
// comparisons is TRUE; if else one is NULL, the mark is NULL, and an anti join leaves the row out. Where Mark is nil
// every one is TRUE.
//
// Where Variables are set the join is a dependent one (Neumann and Kemper, Unnesting Arbitrary Queries, 2015): for
// each left row the right input is computed anew, with the row's values for its outer columns (expr.Outer). The rule
// unnest of optimize removes such joins.
type Join struct {
	Kind        JoinKind
	Left, Right Node
	Keys        []JoinKey
	Residual    expr.Expr
	Mark        expr.Expr
	Variables   []Variable
	HoldLeft    bool // the table is made of the left input and probed with the right one: left, semi and anti joins

	made *joinSchema
}

// Variable is an outer column of a dependent join's right input.
type Variable struct {
	Number int              // that expr.Outer has
	Of     expr.Expr        // its value, over the left input
	Place  *sqlerr.Position // where the statement names it first; nil: nowhere
}

// Aggregate groups by expressions; its output is the groups, then the aggregates. Without groups it gives one row.
type Aggregate struct {
	Input      Node
	Groups     []expr.Expr
	Aggregates []expr.Aggregate
	Out        *Schema
}

// Sort orders.
type Sort struct {
	Input Node
	Keys  []expr.SortKey
}

// Limit keeps Count rows after Offset; Count is -1 for all. Over a Sort it is a top-N.
type Limit struct {
	Input         Node
	Count, Offset int64

	// Where LIMIT or OFFSET is a parameter these are set, BIGINT, until Substitute makes numbers of them.
	CountFrom, OffsetFrom expr.Expr
}

// Union appends its inputs (UNION ALL), whose types are the same.
type Union struct {
	All []Node
	Out *Schema
}

// Insert appends its input, which has the table's columns in their order, and gives one row: the count. With Rows it
// gives what it inserted.
type Insert struct {
	Table *catalog.Table
	Input Node
	Rows  bool
}

// Delete removes the rows whose addresses its input gives (block, offset), and gives one row: the count. With Rows it
// gives the columns that its input has before the addresses.
type Delete struct {
	Table *catalog.Table
	Input Node
	Rows  bool
}

// Update replaces rows: its input has the table's columns with the new values, then the addresses of the rows (block,
// offset), each at most once. It gives one row: the count. With Rows it gives the new rows.
type Update struct {
	Table *catalog.Table
	Input Node
	Rows  bool
}

// Define changes definitions. With As, a CREATE TABLE is filled with As's rows, and gives one row: the count.
type Define struct {
	Change catalog.Definition
	Also   []catalog.Definition // further ones, done behind it
	As     Node                 // nil without AS
}

// Shared is a subplan that is needed at several places, where it is the same node: it runs once, before the first of
// them, and its rows are kept for all.
type Shared struct {
	Input  Node
	Number int // from 1, as EXPLAIN names it
}

// Explain shows the plan of Input as lines of text.
type Explain struct {
	Input   Node
	Analyze bool
	Rows    map[Node]float64 // estimates for the nodes below, which optimize makes; nil: none
}
