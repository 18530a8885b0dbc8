package expr

import "github.com/micodb/micodb/internal/vector"

// Fold evaluates what is constant, and leaves out conjuncts that are TRUE and disjuncts that are FALSE. A constant
// that can't be computed stays as it is: it fails when, and only if, a row comes to it.
func Fold(e Expr) (Expr, error) {
	var failed error
	out := Rewrite(e, func(e Expr) Expr {
		if failed != nil {
			return e
		}
		r, err := foldNode(e)
		if err != nil {
			failed = err
			return e
		}
		return r
	})
	return out, failed
}

func foldNode(e Expr) (Expr, error) {
	switch e := e.(type) {
	case Column, Literal, Parameter, Outer:
		return e, nil
	case And:
		return foldJunction(e.Of, true), nil
	case Or:
		return foldJunction(e.Of, false), nil
	case Case:
		return foldCase(e), nil
	case Call:
		if e.Bound.Volatile {
			return e, nil
		}
	}
	for _, c := range e.Children() {
		if _, ok := c.(Literal); !ok {
			return e, nil
		}
	}
	return foldConstant(e)
}

// foldConstant computes a node whose children are constants.
func foldConstant(e Expr) (Expr, error) {
	value, err := compile(e)
	if err != nil {
		return e, err
	}
	v, err := value(&vector.Chunk{Len: 1}, nil)
	if err != nil {
		return e, nil //nolint:nilerr // it must fail when it runs, if ever: a CASE may keep rows away from it
	}
	s := v.ScalarAt(0)
	s.Type = e.Type()
	return Literal{Value: s}, nil
}

// foldJunction drops members that change nothing and ends at one that decides all.
func foldJunction(of []Expr, neutral bool) Expr {
	var rest []Expr
	for _, e := range of {
		if k, ok := e.(Literal); ok && !k.Value.Null {
			if (k.Value.Int != 0) != neutral {
				return e
			}
			continue
		}
		rest = append(rest, e)
	}
	switch {
	case len(rest) == 0:
		return Literal{Value: vector.BoolOf(neutral)}
	case neutral:
		return Conjunction(rest)
	default:
		return Disjunction(rest)
	}
}

// foldCase leaves out branches that are never taken and all after one that always is.
func foldCase(e Case) Expr {
	out := Case{Else: e.Else}
	for _, w := range e.Whens {
		k, ok := w.If.(Literal)
		switch {
		case !ok:
			out.Whens = append(out.Whens, w)
		case !k.Value.Null && k.Value.Int != 0:
			out.Else = w.Then
			if len(out.Whens) == 0 {
				return out.Else
			}
			return out
		}
	}
	if len(out.Whens) == 0 {
		return out.Else
	}
	return out
}
