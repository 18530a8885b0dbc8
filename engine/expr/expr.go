package expr

import (
	"github.com/micodb/micodb/internal/vector"
)

// Expr is a typed expression over the columns of one input. The set of its implementations is sealed.
type Expr interface {
	Type() vector.Type
	Nullable() bool // whether NULL is a possible value
	String() string // as EXPLAIN shows it
	Children() []Expr
	WithChildren(children []Expr) Expr // a copy; the children's types are the old ones'
	expr()
}

// Column is the input's column at Index.
type Column struct {
	Index  int
	Name   string // for EXPLAIN
	Of     vector.Type
	IsNull bool // whether it may be NULL
}

// Literal is a constant.
type Literal struct{ Value vector.Scalar }

// Parameter is the statement's parameter at Index, from 0; it is replaced by a Literal before execution.
type Parameter struct {
	Index int
	Of    vector.Type
}

// Outer is a value of a row that an enclosing query reads: a variable that a dependent join binds for each row of its
// left input. The optimizer removes all of them.
type Outer struct {
	Variable int    // one number for each variable of the statement
	Name     string // for EXPLAIN
	Of       vector.Type
	IsNull   bool // whether it may be NULL
}

// ArithmeticOp is an operator of numbers.
type ArithmeticOp uint8

// The operators. Divide always gives DOUBLE or a decimal's DOUBLE; IntegerDivide and Modulo give NULL for 0.
const (
	Add ArithmeticOp = iota
	Subtract
	Multiply
	Divide
	IntegerDivide
	Modulo
)

// Arithmetic combines two numbers of types that bind has made fit: both integers, both decimals (whose scales
// may differ for Multiply alone), or both doubles. Dates and timestamps with intervals are functions.
type Arithmetic struct {
	Op          ArithmeticOp
	Left, Right Expr
	Of          vector.Type
}

// CompareOp is a comparison.
type CompareOp uint8

// The comparisons.
const (
	Equal CompareOp = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	NotDistinct // IS NOT DISTINCT FROM: never NULL
)

// Mirrored returns the comparison that says the same of the two sides in the other order.
func (op CompareOp) Mirrored() CompareOp {
	switch op {
	case Less:
		return Greater
	case LessEqual:
		return GreaterEqual
	case Greater:
		return Less
	case GreaterEqual:
		return LessEqual
	default:
		return op
	}
}

// Negated returns the comparison that is TRUE where op is FALSE; of NotDistinct, which has none, itself.
func (op CompareOp) Negated() CompareOp {
	switch op {
	case Equal:
		return NotEqual
	case NotEqual:
		return Equal
	case Less:
		return GreaterEqual
	case LessEqual:
		return Greater
	case Greater:
		return LessEqual
	case GreaterEqual:
		return Less
	default:
		return op
	}
}

// Compare compares two values of one type.
type Compare struct {
	Op          CompareOp
	Left, Right Expr
}

// And is a conjunction of at least two.
type And struct{ Of []Expr }

// Or is a disjunction of at least two.
type Or struct{ Of []Expr }

// Not negates.
type Not struct{ Of Expr }

// IsNull tests for NULL.
type IsNull struct{ Of Expr }

// In tests membership in a list of values of one type.
type In struct {
	Of   Expr
	List []Expr
}

// Like matches a pattern with % and _; Escape is 0 for none.
type Like struct {
	Of, Pattern Expr
	Escape      rune
	Fold        bool // ILIKE
}

// When is one branch of a Case.
type When struct{ If, Then Expr }

// Case is the first branch whose condition is TRUE; Else is never nil. All results have one type.
type Case struct {
	Whens []When
	Else  Expr
}

// Cast converts to another type; Try gives NULL where the value has no counterpart (otherwise 22003, 22007, 22P02).
type Cast struct {
	Of  Expr
	To  vector.Type
	Try bool
}

// Call is a scalar function, its overload chosen.
type Call struct {
	Name  string
	Args  []Expr
	Bound Overload
}

// Overload is one signature of a scalar function.
type Overload struct {
	Args   []vector.Type // what the arguments are coerced to
	Result vector.Type
	Null   NullRule
	New    func() Kernel // one for each worker: kernels own buffers

	// Volatile says that two calls with the same arguments may differ: random(). Such a call is not computed before a
	// row comes to it, and is the same as no other.
	Volatile bool

	// Bounds proves bounds of an Integer result from those of its Integer arguments; nil: nothing is proven but
	// what the type says.
	Bounds func(args []vector.Bounds) vector.Bounds
}

// NullRule says how a function treats NULL.
type NullRule uint8

// The rules.
const (
	NullIfAny  NullRule = iota // NULL when an argument is: Validity is merged by the caller of the kernel
	NullOwn                    // the kernel decides; it may give NULL
	NullNever                  // the kernel decides; it never gives NULL
	NullResult                 // like NullIfAny, and the kernel may add NULLs
)

// Kernel computes a function over the chosen rows of its arguments: n rows in all, sel nil for all of them.
// The result lies in a buffer of the kernel until its next call; rows that are not chosen hold anything. Under
// NullIfAny and NullResult no chosen row has a NULL argument.
type Kernel func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error)

// SortKey orders rows. NULLs come last unless NullsFirst.
type SortKey struct {
	Of         Expr
	Descending bool
	NullsFirst bool
}
