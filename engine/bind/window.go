package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// window binds a window function and returns the column that stands for its result.
func (c *clause) window(name string, e *ast.Call) (expr.Expr, error) {
	if c.windows == nil {
		return nil, fail(e, sqlerr.WindowingError, "the window function %s can't stand in %s", name, c.name)
	}
	over, err := c.windows.resolve(*e.Over)
	if err != nil {
		return nil, err
	}
	inner := *c
	inner.name, inner.windows = "a window function", nil
	call, err := inner.windowCall(name, e)
	if err == nil {
		err = inner.over(&call, over)
	}
	c.attached = inner.attached
	if err != nil {
		return nil, err
	}
	kind, ok := windowKinds[name]
	if ok && len(e.Args) == kind.most && call.Kind.ReadsValue() && call.Kind <= expr.Lead {
		return c.defaulted(call, e, &inner)
	}
	return c.windows.add(call), nil
}

// windowCall binds the call without its window.
func (c *clause) windowCall(name string, e *ast.Call) (windowCall, error) {
	if aggregateNames[name].takes > 0 {
		return c.windowAggregate(name, e)
	}
	kind, ok := windowKinds[name]
	switch {
	case laterAggregates[name]:
		return windowCall{}, unsupported("the aggregate "+name, e)
	case !ok:
		return windowCall{}, fail(e, sqlerr.UndefinedFunction, "%s is neither a window function nor an aggregate", name)
	case e.Distinct || len(e.OrderBy) > 0 || e.Star:
		return windowCall{}, fail(e, sqlerr.SyntaxError, "%s is no aggregate: it takes no *, DISTINCT or ORDER BY",
			name)
	case e.Filter != nil:
		return windowCall{}, unsupported("FILTER of "+name, e)
	case e.IgnoreNulls && !kind.kind.ReadsValue():
		return windowCall{}, fail(e, sqlerr.SyntaxError, "IGNORE NULLS says nothing of %s, which reads no values", name)
	case len(e.Args) < kind.least || len(e.Args) > kind.most:
		return windowCall{}, fail(e, sqlerr.UndefinedFunction, "%s takes %s, not %d",
			name, kind.arguments(), len(e.Args))
	}
	out := windowCall{Window: expr.Window{
		Kind: kind.kind, IgnoreNulls: e.IgnoreNulls, Frame: expr.DefaultFrame(), Of: vector.Of(vector.Int64),
	}}
	if kind.kind == expr.PercentRank || kind.kind == expr.CumeDist {
		out.Of = vector.Of(vector.Float64)
	}
	return out, c.windowArguments(&out, e)
}

func (k windowKind) arguments() string {
	switch {
	case k.most == 0:
		return "no arguments"
	case k.most == 1:
		return "one argument"
	case k.least == k.most:
		return "two arguments"
	default:
		return "one to three arguments"
	}
}

// windowArguments binds the value that a function gives, and its number of rows.
func (c *clause) windowArguments(call *windowCall, e *ast.Call) error {
	args := e.Args
	if call.Kind.ReadsValue() {
		value, err := c.expr(args[0])
		if err != nil {
			return err
		}
		if value, err = c.known(value, args[0]); err != nil {
			return err
		}
		call.Of, call.Args, args = value.Type(), append(call.Args, value), args[1:]
	}
	switch {
	case len(args) > 0:
		number, err := c.expr(args[0])
		if err != nil {
			return err
		}
		if t := number.Type(); !t.IsInteger() && t.Kind != vector.Unknown {
			return fail(args[0], sqlerr.DatatypeMismatch, "%s wants a whole number, not %s", call.Kind, t)
		}
		if number, err = c.coerce(number, vector.Of(vector.Int64), args[0]); err != nil {
			return err
		}
		call.Args = append(call.Args, number)
	case call.Kind == expr.Lag || call.Kind == expr.Lead:
		call.Args = append(call.Args, expr.Literal{Value: vector.IntOf(vector.Of(vector.Int64), 1)})
	}
	return nil
}

// windowAggregate binds an aggregate as a window function; its arguments may be aggregates of the query's groups.
func (c *clause) windowAggregate(name string, e *ast.Call) (windowCall, error) {
	switch {
	case e.Distinct:
		return windowCall{}, unsupported("DISTINCT in a window function", e)
	case e.IgnoreNulls:
		return windowCall{}, unsupported("IGNORE NULLS of an aggregate", e)
	}
	call, err := c.aggregateCall(name, e)
	if err == nil && call.Sequence() {
		return windowCall{}, unsupported(name+", which sees its values in an order, as a window function", e)
	}
	return windowCall{Window: expr.Window{
		Kind: expr.AggregateWindow, Aggregate: call, Frame: expr.DefaultFrame(), Of: call.Of,
	}}, err
}

// defaulted is LAG or LEAD with a value for rows beyond the partition, which is not computed for others. Where a row is
// found is told by a constant that is not NULL, read from there.
func (c *clause) defaulted(call windowCall, e *ast.Call, inner *clause) (expr.Expr, error) {
	inner.attached = c.attached
	otherwise, err := inner.expr(e.Args[2])
	c.attached = inner.attached
	if err != nil {
		return nil, err
	}
	places := []ast.Node{e.Args[0], e.Args[2]}
	what := "the value and the default of " + e.Name.Last().Text
	both, err := c.sameType([]expr.Expr{call.Args[0], otherwise}, places, what, e)
	if err != nil {
		return nil, err
	}
	call.Args[0], call.Of = both[0], both[0].Type()
	found := call
	if !call.IgnoreNulls {
		found.Of = vector.Of(vector.Boolean)
		found.Args = []expr.Expr{expr.Literal{Value: vector.BoolOf(true)}, call.Args[1]}
	}
	return expr.Case{
		Whens: []expr.When{{If: expr.IsNull{Of: c.windows.add(found)}, Then: both[1]}},
		Else:  c.windows.add(call),
	}, nil
}

// over binds what follows OVER.
func (c *clause) over(call *windowCall, w ast.Window) (err error) {
	for _, p := range w.PartitionBy {
		by, err := c.windowKey(p)
		if err != nil {
			return err
		}
		call.partition = appendNew(call.partition, function.Orderable(by))
	}
	for _, o := range w.OrderBy {
		key := direction(o)
		if key.Of, err = c.windowKey(o.Of); err != nil {
			return err
		}
		call.order = append(call.order, key)
	}
	if call.Kind.ReadsFrame() {
		err = c.frame(call, w)
	}
	for i, k := range call.order {
		call.order[i].Of = function.Orderable(k.Of)
	}
	return err
}

func (c *clause) windowKey(key ast.Expr) (expr.Expr, error) {
	of, err := c.expr(key)
	if err != nil {
		return nil, err
	}
	return c.known(of, key)
}

func appendNew(to []expr.Expr, e expr.Expr) []expr.Expr {
	for _, x := range to {
		if expr.SameExpr(x, e) {
			return to
		}
	}
	return append(to, e)
}
