package plan

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Substitute puts the values of a statement's parameters in their places, cast to the types that bind inferred:
// 42P02 when one is missing, 22003, 22007 or 22P02 when a value has no counterpart in its type, 22023 for a LIMIT or
// OFFSET that is negative or NULL.
func Substitute(n Node, params []vector.Scalar) (Node, error) {
	var failed error
	literal := func(e expr.Expr) expr.Expr {
		p, ok := e.(expr.Parameter)
		if !ok || failed != nil {
			return e
		}
		if p.Index >= len(params) {
			failed = sqlerr.New(sqlerr.UndefinedParameter, "the statement has parameter %s, and %d values were given",
				p, len(params))
			return e
		}
		v, err := expr.CastScalar(params[p.Index], p.Of)
		if err != nil {
			failed = parameterError(err, p)
			return e
		}
		return expr.Literal{Value: v}
	}
	out, err := Transform(n, func(n Node) (Node, error) {
		n = MapExprs(n, func(e expr.Expr) expr.Expr { return expr.Rewrite(e, literal) })
		if limit, ok := n.(*Limit); ok && failed == nil {
			return countLimit(limit)
		}
		return n, failed
	})
	if err != nil {
		return nil, err
	}
	return out, failed
}

func parameterError(err error, p expr.Parameter) error {
	e := sqlerr.From(err)
	return sqlerr.Wrap(err, e.Code, "parameter %s: %s", p, e.Message)
}

// countLimit makes numbers of a LIMIT's and OFFSET's literals.
func countLimit(n *Limit) (Node, error) {
	c := *n
	count := func(from *expr.Expr, to *int64, what string) error {
		lit, ok := (*from).(expr.Literal)
		if !ok {
			return nil
		}
		if lit.Value.Null || lit.Value.Int < 0 {
			return sqlerr.New(sqlerr.InvalidParameterValue, "%s is %s; it must be a number from 0", what, lit)
		}
		*to, *from = lit.Value.Int, nil
		return nil
	}
	if err := count(&c.CountFrom, &c.Count, "LIMIT"); err != nil {
		return nil, err
	}
	if err := count(&c.OffsetFrom, &c.Offset, "OFFSET"); err != nil {
		return nil, err
	}
	return &c, nil
}
