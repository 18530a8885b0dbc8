package expr

import (
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Evaluator computes an expression over the chosen rows of a chunk; sel nil means all rows. The vector has the
// chunk's length, its rows that are not chosen hold anything, and it is valid until the evaluator's next call. A
// DECIMAL or BIGINT UNSIGNED may lie as Integer or as Wide: look at the vector's Physical.
type Evaluator func(c *vector.Chunk, sel []uint16) (*vector.Vector, error)

// Predicate keeps the rows for which a condition is TRUE, as a selection kernel does: in nil means all rows, the
// result lies in out (which may be in) or is in or vector.All, and must not be written.
type Predicate func(c *vector.Chunk, in, out []uint16) ([]uint16, error)

// Compile makes an evaluator for one worker: it owns its buffers.
func Compile(e Expr) (Evaluator, error) {
	e, err := Fold(e)
	if err != nil {
		return nil, err
	}
	return compile(e)
}

// compile makes the evaluator of an expression that is folded.
func compile(e Expr) (Evaluator, error) {
	switch e := e.(type) {
	case Column:
		return func(c *vector.Chunk, _ []uint16) (*vector.Vector, error) { return c.Columns[e.Index], nil }, nil
	case Literal:
		return constant(e.Value), nil
	case Parameter:
		return nil, sqlerr.New(sqlerr.UndefinedParameter, "parameter %s has no value", e)
	case Arithmetic:
		return compileArithmetic(e)
	case Case:
		return compileCase(e)
	case Cast:
		return compileCast(e)
	case Call:
		return compileCall(e)
	case Compare, And, Or, Not, IsNull, In, Like:
		return compileTruth(e)
	default:
		return nil, sqlerr.New(sqlerr.InternalError, "expression %T can't be compiled", e)
	}
}

// CompileAll compiles several expressions over one input.
func CompileAll(es []Expr) ([]Evaluator, error) {
	out := make([]Evaluator, len(es))
	for i, e := range es {
		var err error
		if out[i], err = Compile(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// constant hands out one vector whose length follows the chunk's: what is kept under its dictionary stays of use.
func constant(s vector.Scalar) Evaluator {
	v := new(vector.Buffer).Fill(s, 0)
	return func(c *vector.Chunk, _ []uint16) (*vector.Vector, error) {
		if v.Len = c.Len; s.Null {
			v.Valid = vector.NoneValid(c.Len)
		}
		return v, nil
	}
}

// compileTruth makes a value of a condition: the rows where it is TRUE are 1, where it is FALSE 0, all others NULL.
func compileTruth(e Expr) (Evaluator, error) {
	if nested(e) {
		return compileNested(e)
	}
	holds, err := compilePredicate(e, false)
	if err != nil {
		return nil, err
	}
	fails, err := compilePredicate(e, true)
	if err != nil {
		return nil, err
	}
	var b vector.Buffer
	rows, nullable := newRows(), e.Nullable()
	return func(c *vector.Chunk, sel []uint16) (*vector.Vector, error) {
		out := b.Codes(c.Len)
		clear(out)
		yes, err := holds(c, sel, rows)
		if err != nil {
			return nil, err
		}
		for _, i := range yes {
			out[i] = 1
		}
		if !nullable {
			return b.BoolVector(out, nil), nil
		}
		valid := b.Validity(c.Len)
		clear(valid)
		mark(valid, yes)
		no, err := fails(c, sel, rows)
		if err != nil {
			return nil, err
		}
		mark(valid, no)
		return b.BoolVector(out, valid), nil
	}, nil
}

func mark(valid []uint64, rows []uint16) {
	for _, i := range rows {
		valid[i>>6] |= 1 << (i & 63)
	}
}

func newRows() []uint16 { return make([]uint16, vector.ChunkRows) }

// rowsOf returns a selection that is not nil.
func rowsOf(c *vector.Chunk, in []uint16) []uint16 {
	if in == nil {
		return vector.All(c.Len)
	}
	return in
}
