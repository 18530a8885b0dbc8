package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// aggregate notes an aggregate call and returns the column that will hold its result.
func (c *clause) aggregate(name string, e *ast.Call) (expr.Expr, error) {
	if c.aggregates == nil {
		return nil, fail(e, sqlerr.GroupingError, "the aggregate %s can't stand in %s", name, c.name)
	}
	inner := c.input("the argument of an aggregate")
	call, err := inner.aggregateCall(name, e)
	if err != nil {
		return nil, err
	}
	c.aggregates.below = inner.attached
	return c.aggregates.add(call), nil
}

// input is the clause of an aggregate's argument: over the rows before they are grouped.
func (c *clause) input(what string) *clause {
	inner := *c
	inner.name, inner.aggregates, inner.windows, inner.attached = what, nil, nil, c.aggregates.below
	inner.places = nil
	return &inner
}

// aggregateCall binds an aggregate call over the clause's own rows.
func (c *clause) aggregateCall(name string, e *ast.Call) (expr.Aggregate, error) {
	is := aggregateNames[name]
	call := expr.Aggregate{Kind: is.kind, Distinct: e.Distinct, Of: vector.Of(vector.Int64)}
	e, err := c.sequenceArguments(&call, name, e)
	if err != nil {
		return call, err
	}
	switch {
	case e.Star && (name != "count" || e.Distinct):
		return call, fail(e, sqlerr.UndefinedFunction, "%s(*) does not exist: only count takes *", name)
	case name == "count" && (e.Star || len(e.Args) == 0 && !e.Distinct):
		call.Kind = expr.CountRows
		return call, c.filterAggregate(&call, e.Filter)
	case name == "count" && len(e.Args) > 1:
		return call, c.countSeveral(&call, e)
	case call.Kind >= expr.QuantileCont && len(e.Args) == 1:
	case len(e.Args) != is.takes && is.takes == 1:
		return call, fail(e, sqlerr.UndefinedFunction, "%s takes one argument, not %d", name, len(e.Args))
	case len(e.Args) != is.takes:
		return call, fail(e, sqlerr.UndefinedFunction, "%s takes %d arguments, not %d", name, is.takes, len(e.Args))
	}
	if err := c.aggregateArguments(&call, name, e.Args); err != nil {
		return call, err
	}
	if err := c.aggregateOrder(&call, name, e); err != nil {
		return call, err
	}
	return call, c.filterAggregate(&call, e.Filter)
}

func (c *clause) aggregateArguments(call *expr.Aggregate, name string, args []ast.Expr) error {
	bound, types := make([]expr.Expr, len(args)), make([]vector.Type, len(args))
	for i, arg := range args {
		e, err := c.expr(arg)
		if err != nil {
			return err
		}
		if onlyOuter(e) {
			return unsupported("an aggregate over columns of an enclosing query alone", arg)
		}
		if name == "median" && isText(e.Type()) {
			call.Kind = expr.QuantileDisc // there is nothing between two texts
		}
		if keepsType(call.Kind) {
			if e, err = c.known(e, arg); err != nil {
				return err
			}
		}
		if aggregateNames[name].truth {
			if e, err = c.truth(call.Kind, e, name, arg); err != nil {
				return err
			}
		}
		if call.Kind == expr.ArrayAgg {
			e = function.ListOfOne(e)
		}
		bound[i], types[i] = e, e.Type()
	}
	casts, result, ok := function.AggregateTypes(call.Kind, types)
	if !ok {
		if len(types) == 2 {
			return fail(args[0], sqlerr.UndefinedFunction, "%s does not take %s and %s", name, types[0], types[1])
		}
		return fail(args[0], sqlerr.UndefinedFunction, "%s does not take %s", name, types[0])
	}
	for i, e := range bound {
		var err error
		if bound[i], err = c.coerce(e, casts[i], args[i]); err != nil {
			return err
		}
	}
	call.Of, call.Arg, call.More = result, bound[0], bound[1:]
	return nil
}

// keepsType tells whether an aggregate takes its arguments' types as they are.
func keepsType(k expr.AggregateKind) bool {
	switch k {
	case expr.Min, expr.Max, expr.Count, expr.AnyValue, expr.First, expr.Last, expr.ArgMin, expr.ArgMax,
		expr.ApproxCountDistinct, expr.QuantileDisc, expr.Mode, expr.StringAgg, expr.ArrayAgg,
		expr.Histogram:
		return true
	default:
		return false
	}
}

// truth makes the argument of an aggregate a condition; what is counted is NULL where that is not TRUE.
func (c *clause) truth(kind expr.AggregateKind, e expr.Expr, name string, place ast.Expr) (expr.Expr, error) {
	e, err := c.condition(e, name, place)
	if err != nil || kind != expr.Count {
		return e, err
	}
	return onlyWhere(e, one()), nil
}

func one() expr.Expr { return expr.Literal{Value: vector.IntOf(vector.Of(vector.Int64), 1)} }

// onlyWhere is a value where a condition is TRUE, and else NULL.
func onlyWhere(condition, value expr.Expr) expr.Expr {
	return expr.Case{
		Whens: []expr.When{{If: condition, Then: value}},
		Else:  expr.Literal{Value: vector.NullOf(value.Type())},
	}
}

// onlyOuter tells whether a value is computed from rows of enclosing queries alone: an aggregate of it is theirs.
func onlyOuter(e expr.Expr) bool {
	outer := false
	expr.Walk(e, func(e expr.Expr) bool {
		_, is := e.(expr.Outer)
		outer = outer || is
		return true
	})
	return outer && len(expr.Columns(e)) == 0
}

// filterAggregate makes the rows NULL that FILTER, if there is one, refuses.
func (c *clause) filterAggregate(call *expr.Aggregate, filter ast.Expr) error {
	if filter == nil {
		return nil
	}
	inner := *c
	inner.name = "FILTER"
	condition, err := inner.expr(filter)
	if err != nil {
		return err
	}
	if condition, err = c.condition(condition, "FILTER", filter); err != nil {
		return err
	}
	c.attached = inner.attached
	if call.Kind == expr.CountRows {
		call.Kind, call.Arg = expr.Count, one()
	}
	call.Arg = onlyWhere(condition, call.Arg)
	if len(call.Order) > 0 { // the rows that are refused don't come first, or last
		orderFirst(call, onlyWhere(condition, one()))
	}
	return nil
}
