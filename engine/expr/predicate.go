package expr

import "github.com/micodb/micodb/internal/vector"

// CompilePredicate makes a predicate for one worker: it owns its buffers. NOT is pushed down to the leaves, each of
// which can give the rows where it is TRUE and those where it is FALSE; so a NULL never passes.
func CompilePredicate(e Expr) (Predicate, error) {
	e, err := Fold(e)
	if err != nil {
		return nil, err
	}
	return compilePredicate(e, false)
}

// compilePredicate selects the rows where e is TRUE, or with negate those where it is FALSE.
func compilePredicate(e Expr, negate bool) (Predicate, error) {
	switch e := e.(type) {
	case Not:
		return compilePredicate(e.Of, !negate)
	case And:
		return compileJunction(e.Of, negate, !negate)
	case Or:
		return compileJunction(e.Of, negate, negate)
	case IsNull:
		return compileIsNull(e, negate)
	case Compare:
		return compileCompare(e, negate)
	case In:
		return compileIn(e, negate)
	case Like:
		return compileLike(e, negate)
	default: // a boolean value
		value, err := compile(e)
		if err != nil {
			return nil, err
		}
		r := vector.Range{Lo: 1, Hi: 1}
		if negate {
			r = vector.Range{}
		}
		return selectRange(value, r), nil
	}
}

func compileJunction(of []Expr, negate, all bool) (Predicate, error) {
	parts := make([]Predicate, len(of))
	for i, e := range of {
		var err error
		if parts[i], err = compilePredicate(e, negate); err != nil {
			return nil, err
		}
	}
	if all {
		return allOf(parts), nil
	}
	return anyOf(parts), nil
}

// allOf asks each predicate for the rows that passed the one before.
func allOf(parts []Predicate) Predicate {
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		for _, p := range parts {
			var err error
			if in, err = p(c, in, out); err != nil || len(in) == 0 && in != nil {
				return in, err
			}
		}
		return in, nil
	}
}

// anyOf asks each predicate for the rows that passed none before.
func anyOf(parts []Predicate) Predicate {
	hits, rest, found, next := newRows(), newRows(), newRows(), newRows()
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		left := append(rest[:0], rowsOf(c, in)...)
		sum := found[:0]
		for _, p := range parts {
			got, err := p(c, left, hits)
			if err != nil {
				return nil, err
			}
			if len(got) == 0 {
				continue
			}
			sum = vector.Union(sum, got, next)
			found, next = next, found
			if left = vector.Difference(left, got, rest); len(left) == 0 {
				break
			}
		}
		return append(out[:0], sum...), nil
	}
}

func compileIsNull(e IsNull, negate bool) (Predicate, error) {
	value, err := compile(e.Of)
	if err != nil {
		return nil, err
	}
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		v, err := value(c, in)
		if err != nil {
			return nil, err
		}
		if negate {
			return vector.SelectValid(v, in, out), nil
		}
		return vector.SelectNull(v, in, out), nil
	}, nil
}

func selectRange(value Evaluator, r vector.Range) Predicate {
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		v, err := value(c, in)
		if err != nil {
			return nil, err
		}
		return vector.SelectRange(v, r, in, out), nil
	}
}

// nothing is the predicate of a condition that is never TRUE, which still evaluates its operand for its errors.
func nothing(value Evaluator) Predicate {
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		_, err := value(c, in)
		return out[:0], err
	}
}
