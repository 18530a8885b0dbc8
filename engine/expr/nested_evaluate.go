package expr

import (
	"slices"

	"github.com/micodb/micodb/internal/vector"
)

// nested tells whether a condition has another one in its operands: inside of what is no AND, OR or NOT.
func nested(e Expr) bool {
	switch e := e.(type) {
	case And, Or, Not:
		return slices.ContainsFunc(e.Children(), nested)
	default:
		return slices.ContainsFunc(e.Children(), conditional)
	}
}

// conditional tells whether a condition stands anywhere in e.
func conditional(e Expr) bool {
	found := false
	Walk(e, func(e Expr) bool {
		switch e.(type) {
		case Compare, And, Or, Not, IsNull, In, Like, Case:
			found = true
		default:
		}
		return !found
	})
	return found
}

// compileNested is compileTruth of a condition with others in its operands. Two predicates, of TRUE and of FALSE, would
// each compute the operands, whose own conditions are two predicates again: twice the work with each level.
func compileNested(e Expr) (Evaluator, error) {
	switch e := e.(type) {
	case Not:
		return compileJoined([]Expr{e.Of}, 0, true)
	case And:
		return compileJoined(e.Of, 0, false)
	case Or:
		return compileJoined(e.Of, 1, false)
	default:
		return compileHoisted(e)
	}
}

// compileJoined joins conditions by AND, whose result is 0 when one of them is, or by OR, with 1; negate turns the
// result around. A row on which one decides is asked for no further.
func compileJoined(of []Expr, decisive int64, negate bool) (Evaluator, error) {
	truths := make([]Evaluator, len(of))
	for i, e := range of {
		var err error
		if truths[i], err = compile(e); err != nil {
			return nil, err
		}
	}
	decided, other := uint8(decisive), uint8(1-decisive)
	if negate {
		decided, other = other, decided
	}
	var b vector.Buffer
	hits, rest, done := newRows(), newRows(), make([]bool, vector.ChunkRows)
	return func(c *vector.Chunk, sel []uint16) (*vector.Vector, error) {
		left := rowsOf(c, sel)
		out, valid := b.Codes(c.Len), b.AllValid(c.Len)
		for _, i := range left {
			out[i], done[i] = other, false
		}
		for _, truth := range truths {
			v, err := truth(c, left)
			if err != nil {
				return nil, err
			}
			for _, i := range vector.SelectNull(v, left, hits) {
				valid[i>>6] &^= 1 << (i & 63)
			}
			decidedRows := vector.SelectRange(v, vector.Range{Lo: decisive, Hi: decisive}, left, hits)
			for _, i := range decidedRows {
				out[i], done[i] = decided, true
			}
			mark(valid, decidedRows)
			left = marked(done, false, left, rest)
		}
		return b.BoolVector(out, valid), nil
	}, nil
}

// compileHoisted computes a condition's operands once, and the condition over a chunk of them alone.
func compileHoisted(e Expr) (Evaluator, error) {
	operands := slices.Clone(e.Children())
	var values []Evaluator
	for i, x := range operands {
		if _, ok := x.(Literal); ok {
			continue
		}
		value, err := compile(x)
		if err != nil {
			return nil, err
		}
		operands[i] = Column{Index: len(values), Of: x.Type(), IsNull: x.Nullable()}
		values = append(values, value)
	}
	truth, err := compileTruth(e.WithChildren(operands))
	if err != nil {
		return nil, err
	}
	of := vector.Chunk{Columns: make([]*vector.Vector, len(values))}
	return func(c *vector.Chunk, sel []uint16) (*vector.Vector, error) {
		of.Len = c.Len
		for i, value := range values {
			v, err := value(c, sel)
			if err != nil {
				return nil, err
			}
			of.Columns[i] = v
		}
		return truth(&of, sel)
	}, nil
}
