package ast

// Column is a column's name with up to three qualifiers before it.
type Column struct {
	At

	Parts []Name
}

// Star is * or t.* in a SELECT list, or the argument of count(*) (see Call.Star).
type Star struct {
	At

	Qualifier []Name       // empty: all tables
	Exclude   []Name       // EXCLUDE, EXCEPT: columns that are left out
	Replace   []SelectItem // REPLACE: what stands in the place of the columns of the aliases' names
}

// Literal is a constant.
type Literal struct {
	At

	Kind LiteralKind
	Text string // the digits, the text without quotes, "true" or "false", hexadecimal digits; empty for NULL
}

// LiteralKind is a kind of constant.
type LiteralKind uint8

// The kinds of constant.
const (
	NullLiteral LiteralKind = iota
	BooleanLiteral
	IntegerLiteral     // digits only; of any length
	DecimalLiteral     // digits with a point
	FloatLiteral       // with an exponent
	StringLiteral      // '…'
	HexLiteral         // X'…': bytes
	DateLiteral        // DATE '…'
	TimeLiteral        // TIME '…'
	TimestampLiteral   // TIMESTAMP '…'
	TimestampTZLiteral // TIMESTAMPTZ '…' and TIMESTAMP WITH TIME ZONE '…'
)

// Interval is INTERVAL value unit. Without a unit the value is a text that names its units: '30 days'.
type Interval struct {
	At

	Of   Expr
	Unit string // in upper case and singular: YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND, …; or empty
}

// Parameter is ?, $1 or :1 by its ordinal, or :name by its name (Ordinal is then its first use's).
type Parameter struct {
	At

	Ordinal int // from 1
	Name    string
}

// Default is DEFAULT in the place of a value.
type Default struct{ At }

// Unary is an operator before an expression.
type Unary struct {
	At

	Op UnaryOp
	Of Expr
}

// UnaryOp is an operator of one argument.
type UnaryOp uint8

// The operators of one argument.
const (
	Negate UnaryOp = iota
	Plus
	Not
	BitNot
)

// Binary is an operator between two expressions. At is the operator's left side's.
type Binary struct {
	At

	Op          BinaryOp
	Left, Right Expr
}

// BinaryOp is an operator of two arguments.
type BinaryOp uint8

// The operators of two arguments.
const (
	And BinaryOp = iota
	Or
	Equal
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	IsDistinct
	IsNotDistinct
	Add
	Subtract
	Multiply
	Divide
	IntegerDivide // DIV
	Modulo
	Concat // ||
	BitAnd
	BitOr
	Power // ^
	ShiftLeft
	ShiftRight
	JSONGet     // ->
	JSONGetText // ->>
)

// Is tests for NULL, TRUE or FALSE, and never gives NULL.
type Is struct {
	At

	Of   Expr
	What IsWhat
	Not  bool
}

// IsWhat is what Is tests for.
type IsWhat uint8

// What Is tests for.
const (
	IsNull IsWhat = iota
	IsTrue
	IsFalse
	IsUnknown
)

// Between is of [NOT] BETWEEN low AND high.
type Between struct {
	At

	Of, Low, High Expr
	Not           bool
}

// In is of [NOT] IN (list) or (query): one of List and Query is set. Of is a Row for (a, b) IN ….
type In struct {
	At

	Of    Expr
	List  []Expr
	Query Query
	Not   bool
}

// Like is of [NOT] LIKE pattern.
type Like struct {
	At

	Of, Pattern Expr
	Escape      Expr // nil: none
	Fold        bool // ILIKE, ~*
	Regexp      bool // REGEXP, RLIKE, ~
	Similar     bool // SIMILAR TO
	Not         bool
}

// Quantified compares with ANY (SOME) or ALL rows of a query.
type Quantified struct {
	At

	Op    BinaryOp
	Of    Expr
	All   bool
	Query Query
}

// Case is CASE [of] WHEN … THEN … ELSE … END.
type Case struct {
	At

	Of    Expr // nil: each When is a condition
	Whens []When
	Else  Expr // nil: NULL
}

// When is one branch of a Case.
type When struct {
	At

	If, Then Expr
}

// Cast is CAST(of AS to), TRY_CAST or of::to.
type Cast struct {
	At

	Of  Expr
	To  TypeName
	Try bool
}

// Extract is EXTRACT(field FROM of).
type Extract struct {
	At

	Field string // in upper case: YEAR, MONTH, DAY, EPOCH, DOW, …
	Of    Expr
}

// Call is a function or aggregate call; it is a window function when Over is set.
type Call struct {
	At

	Name        ObjectName
	Args        []Expr
	Star        bool // count(*)
	Distinct    bool
	OrderBy     []OrderItem // inside the parentheses, or of WITHIN GROUP
	Within      bool        // OrderBy is that of WITHIN GROUP
	Separator   Expr        // SEPARATOR '…'
	Filter      Expr        // FILTER (WHERE …)
	IgnoreNulls bool
	Over        *Window
}

// Window is what follows OVER: a name, or a definition that may begin with a name.
type Window struct {
	At

	Name        *Name // nil: none
	PartitionBy []Expr
	OrderBy     []OrderItem
	Frame       *Frame // nil: the default
}

// NamedWindow is one definition of a WINDOW clause.
type NamedWindow struct {
	Name   Name
	Window Window
}

// Frame is a window's frame.
type Frame struct {
	At

	Unit    FrameUnit
	From    FrameBound
	To      FrameBound // CURRENT ROW when only From was written
	Exclude string     // in upper case: "CURRENT ROW", "GROUP", "TIES", "NO OTHERS"; or empty
}

// FrameUnit is what a frame counts.
type FrameUnit uint8

// The units of a frame.
const (
	FrameRows FrameUnit = iota
	FrameRange
	FrameGroups
)

// FrameBound is one end of a frame.
type FrameBound struct {
	Kind BoundKind
	Of   Expr // for Preceding and Following
}

// BoundKind is a kind of frame bound.
type BoundKind uint8

// The kinds of frame bound.
const (
	UnboundedPreceding BoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// Subquery is a query that is a value.
type Subquery struct {
	At

	Query Query
}

// Exists is EXISTS (query).
type Exists struct {
	At

	Query Query
}

// Row is (a, b): a row value; never of one member.
type Row struct {
	At

	Members []Expr
}

// Array is [a, b].
type Array struct {
	At

	Members []Expr
}

// Struct is {'a': x, 'b': y}.
type Struct struct {
	At

	Names   []string
	Members []Expr
}

// Index is of[at], from 1, or with Slice of[from:to], of which either end may be nil.
type Index struct {
	At

	Of, Subscript Expr
	Slice         bool
	To            Expr
}

// GroupingSets is ROLLUP, CUBE or GROUPING SETS in GROUP BY.
type GroupingSets struct {
	At

	Kind GroupingKind
	Sets [][]Expr // of Rollup and Cube: one set a member
}

// GroupingKind is a kind of GroupingSets.
type GroupingKind uint8

// The kinds of GroupingSets.
const (
	Sets GroupingKind = iota
	Rollup
	Cube
)

func (*Column) expr()       {}
func (*Star) expr()         {}
func (*Literal) expr()      {}
func (*Interval) expr()     {}
func (*Parameter) expr()    {}
func (*Default) expr()      {}
func (*Unary) expr()        {}
func (*Binary) expr()       {}
func (*Is) expr()           {}
func (*Between) expr()      {}
func (*In) expr()           {}
func (*Like) expr()         {}
func (*Quantified) expr()   {}
func (*Case) expr()         {}
func (*Cast) expr()         {}
func (*Extract) expr()      {}
func (*Call) expr()         {}
func (*Subquery) expr()     {}
func (*Exists) expr()       {}
func (*Row) expr()          {}
func (*Array) expr()        {}
func (*Struct) expr()       {}
func (*Index) expr()        {}
func (*GroupingSets) expr() {}
