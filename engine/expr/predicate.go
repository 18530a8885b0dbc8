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
	if all && !negate {
		tests, err := compileAll(Conjuncts(And{Of: of}))
		return allOf(tests), err
	}
	parts, tests := make([]Predicate, len(of)), make([]test, len(of))
	for i, e := range of {
		var err error
		if parts[i], err = compilePredicate(e, negate); err != nil {
			return nil, err
		}
		tests[i].rows = parts[i]
	}
	if all {
		return allOf(tests), nil
	}
	return anyOf(parts), nil
}

// anyOf asks each predicate for the rows that passed none before. It notes what passed in a byte a row, because
// merging selections costs a mispredicted branch a row.
func anyOf(parts []Predicate) Predicate {
	hits, rest, passed := newRows(), newRows(), make([]bool, vector.ChunkRows)
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		in = rowsOf(c, in)
		for _, i := range in {
			passed[i] = false
		}
		left := in
		for n, p := range parts {
			got, err := p(c, left, hits)
			if err != nil {
				return nil, err
			}
			for _, i := range got {
				passed[i] = true
			}
			if n == len(parts)-1 || len(got) == len(left) {
				break
			}
			left = marked(passed, false, left, rest)
		}
		return marked(passed, true, in, out), nil
	}
}

// marked keeps the rows whose mark is as asked.
func marked(marks []bool, as bool, in, out []uint16) []uint16 {
	k := 0
	out = out[:len(in)]
	for _, i := range in {
		out[k] = i
		if marks[i] == as {
			k++
		}
	}
	return out[:k]
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
