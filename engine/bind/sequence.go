package bind

import (
	"math"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// sequenceArguments reads the arguments that are constants of an aggregate that sees its values in order, and returns
// the call without them: the fraction of quantiles, which stands alone before WITHIN GROUP, and the separator of texts.
func (c *clause) sequenceArguments(call *expr.Aggregate, name string, e *ast.Call) (*ast.Call, error) {
	if e.Separator != nil && call.Kind != expr.StringAgg || e.Within && call.Kind < expr.QuantileCont {
		return e, fail(e, sqlerr.SyntaxError, "%s takes no WITHIN GROUP and no SEPARATOR", name)
	}
	inner := *e
	var err error
	switch call.Kind {
	case expr.QuantileCont, expr.QuantileDisc:
		call.Fraction = 0.5
		percentile := name == "percentile_cont" || name == "percentile_disc"
		switch {
		case percentile && (!e.Within || len(e.Args) != 1 || len(e.OrderBy) != 1):
			return e, fail(e, sqlerr.SyntaxError, "write %s(fraction) WITHIN GROUP (ORDER BY value)", name)
		case percentile:
			inner.Args, inner.OrderBy = []ast.Expr{e.OrderBy[0].Of}, nil
			call.Descending = e.OrderBy[0].Descending
			call.Fraction, err = c.fraction(e.Args[0])
		case name != "median" && len(e.Args) == 2:
			inner.Args = e.Args[:1]
			call.Fraction, err = c.fraction(e.Args[1])
		case name != "median":
			return e, fail(e, sqlerr.UndefinedFunction, "%s takes 2 arguments, not %d", name, len(e.Args))
		}
	case expr.Mode:
		if e.Within && len(e.Args) == 0 && len(e.OrderBy) == 1 {
			inner.Args, inner.OrderBy = []ast.Expr{e.OrderBy[0].Of}, nil
		}
	case expr.StringAgg:
		call.Separator = ","
		separator := e.Separator
		if separator == nil && len(e.Args) == 2 {
			separator, inner.Args = e.Args[1], e.Args[:1]
		}
		if separator != nil {
			call.Separator, err = c.constantText(separator)
		}
	default:
	}
	return &inner, err
}

// fraction reads the constant fraction of a quantile.
func (c *clause) fraction(e ast.Expr) (float64, error) {
	v, err := c.constant(e, vector.Of(vector.Float64), "the fraction of a quantile")
	if err != nil {
		return 0, err
	}
	if math.IsNaN(v.Float) || v.Float < 0 || v.Float > 1 {
		return 0, fail(e, sqlerr.InvalidParameterValue, "the fraction of a quantile is %v, not from 0 to 1", v.Float)
	}
	return v.Float, nil
}

func (c *clause) constantText(e ast.Expr) (string, error) {
	v, err := c.constant(e, vector.Of(vector.Text), "a separator")
	return v.Bytes, err
}

// constant reads an argument that has one value for the whole statement.
func (c *clause) constant(e ast.Expr, of vector.Type, what string) (vector.Scalar, error) {
	bound, err := c.expr(e)
	if err != nil {
		return vector.Scalar{}, err
	}
	if !expr.IsConstant(bound) {
		return vector.Scalar{}, fail(e, sqlerr.FeatureNotSupported, "%s must be a constant", what)
	}
	if bound, err = c.coerce(bound, of, e); err != nil {
		return vector.Scalar{}, err
	}
	if bound, err = expr.Fold(bound); err != nil {
		return vector.Scalar{}, at(err, e)
	}
	l, ok := bound.(expr.Literal)
	if !ok {
		return vector.Scalar{}, fail(e, sqlerr.FeatureNotSupported, "%s must be a constant", what)
	}
	if l.Value.Null {
		return l.Value, fail(e, sqlerr.InvalidParameterValue, "%s can't be NULL", what)
	}
	return l.Value, nil
}

// aggregateOrder binds ORDER BY inside an aggregate. It means nothing to those that give the same in any order.
func (c *clause) aggregateOrder(call *expr.Aggregate, name string, e *ast.Call) error {
	for _, o := range e.OrderBy {
		of, err := c.expr(o.Of)
		if err != nil {
			return err
		}
		if of, err = c.known(of, o.Of); err != nil {
			return err
		}
		key := direction(o)
		key.Of = of
		switch call.Kind {
		case expr.First, expr.Last, expr.AnyValue, expr.StringAgg, expr.ArrayAgg:
			joins, arg := call.Kind == expr.StringAgg || call.Kind == expr.ArrayAgg, of
			if call.Kind == expr.ArrayAgg {
				arg = function.ListOfOne(of)
			}
			if call.Distinct && joins && !expr.SameExpr(arg, call.Arg) {
				return fail(o.Of, sqlerr.GroupingError, "with DISTINCT, %s can only be ordered by its argument", name)
			}
			key.Of = function.Orderable(of)
			call.Order = append(call.Order, key)
		default:
		}
	}
	return nil
}

// orderFirst orders the rows of a call where a mark is NULL after all others, or before them for LAST.
func orderFirst(call *expr.Aggregate, mark expr.Expr) {
	key := expr.SortKey{Of: mark, NullsFirst: call.Kind == expr.Last}
	call.Order = append([]expr.SortKey{key}, call.Order...)
}

// countSeveral binds COUNT(DISTINCT a, b): of the rows in which none of them is NULL.
func (c *clause) countSeveral(call *expr.Aggregate, e *ast.Call) error {
	if !e.Distinct {
		return fail(e, sqlerr.UndefinedFunction, "count of %d columns wants DISTINCT", len(e.Args))
	}
	for i, arg := range e.Args {
		of, err := c.expr(arg)
		if err != nil {
			return err
		}
		if of, err = c.known(of, arg); err != nil {
			return err
		}
		if i == 0 {
			call.Arg = of
			continue
		}
		call.More = append(call.More, of)
	}
	return c.filterAggregate(call, e.Filter)
}
