package ast

// Select is SELECT … FROM … with all its clauses.
type Select struct {
	At
	Tail

	Distinct   bool
	DistinctOn []Expr // DISTINCT ON (…)
	Items      []SelectItem
	From       []TableRef // comma-separated; empty: one row without columns
	Where      Expr       // nil: none
	GroupBy    []Expr     // may hold GroupingSets
	GroupByAll bool       // GROUP BY ALL
	Having     Expr
	Windows    []NamedWindow
	Qualify    Expr
}

// SetOperation combines two queries.
type SetOperation struct {
	At
	Tail

	Op          SetOp
	All         bool
	Left, Right Query
}

// SetOp is a set operator.
type SetOp uint8

// The set operators.
const (
	Union SetOp = iota
	Intersect
	Except
)

// Values is VALUES (…), (…); all rows have the same length.
type Values struct {
	At
	Tail

	Rows [][]Expr // Default may stand in a row of INSERT
}

// Tail is what may stand before and after any query.
type Tail struct {
	With       *With
	OrderBy    []OrderItem
	OrderByAll *OrderItem // ORDER BY ALL; its Of is nil
	Limit      Expr       // nil: none
	Offset     Expr
}

// With is WITH [RECURSIVE] and its tables.
type With struct {
	At

	Recursive bool
	Tables    []CommonTable
}

// CommonTable is one named query of a With.
type CommonTable struct {
	At

	Name    Name
	Columns []Name // empty: the query's own
	Query   Query
}

// SelectItem is one output of SELECT. Expr is a Star for * and t.*.
type SelectItem struct {
	At

	Of    Expr
	Alias *Name  // nil: none
	Text  string // without an alias: how the expression was written, for the name of the output column
}

// OrderItem is one key of ORDER BY.
type OrderItem struct {
	At

	Of         Expr
	Descending bool
	Nulls      NullOrder
}

// NullOrder is where NULLs stand.
type NullOrder uint8

// The orders of NULL.
const (
	NullsDefault NullOrder = iota
	NullsFirst
	NullsLast
)

// Table is a named table.
type Table struct {
	At

	Name    ObjectName
	Version Expr // AS OF VERSION n; nil: none
	AsOf    Expr // AS OF a timestamp; nil: none
	Alias   *Alias
}

// TableFunction is a call in FROM: range(10), read_parquet('f.parquet').
type TableFunction struct {
	At

	Name       ObjectName
	Args       []Expr
	Alias      *Alias
	Ordinality bool // WITH ORDINALITY
}

// Derived is a query in FROM.
type Derived struct {
	At

	Query   Query
	Lateral bool
	Alias   *Alias
}

// Join combines two tables.
type Join struct {
	At

	Kind        JoinKind
	Natural     bool
	AsOf        bool // of the matches of a left row the nearest alone
	Left, Right TableRef
	On          Expr   // nil: none
	Using       []Name // empty: none
}

// JoinKind is a kind of join.
type JoinKind uint8

// The kinds of join.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	CrossJoin
	SemiJoin // left rows with a match
	AntiJoin // left rows without one
)

// Alias is [AS] name [(columns)].
type Alias struct {
	At

	Name    Name
	Columns []Name
}

func (*Select) statement()       {}
func (*SetOperation) statement() {}
func (*Values) statement()       {}

func (*Select) query()       {}
func (*SetOperation) query() {}
func (*Values) query()       {}

func (*Table) tableRef()         {}
func (*TableFunction) tableRef() {}
func (*Derived) tableRef()       {}
func (*Join) tableRef()          {}
