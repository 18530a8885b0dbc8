package bind

import (
	"strings"
	"time"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// call binds an aggregate, one of the functions that the binder knows itself, or one of the registry.
func (c *clause) call(e *ast.Call) (expr.Expr, error) {
	name := strings.ToLower(e.Name.Last().Text)
	switch {
	case e.Over != nil:
		return nil, unsupported("the window function "+name+"() OVER", e)
	case e.IgnoreNulls:
		return nil, unsupported("IGNORE NULLS", e)
	case len(e.Name.Parts) > 1:
		return nil, fail(e, sqlerr.UndefinedFunction, "function %s does not exist", e.Name)
	}
	if kind, ok := aggregateKinds[name]; ok {
		return c.aggregate(kind, name, e)
	}
	switch {
	case e.Star:
		return nil, fail(e, sqlerr.UndefinedFunction, "%s(*) does not exist: only count takes *", name)
	case laterAggregates[name]:
		return nil, unsupported("the aggregate "+name, e)
	case e.Distinct || e.Filter != nil || len(e.OrderBy) > 0:
		return nil, fail(e, sqlerr.SyntaxError, "%s is no aggregate: it takes no DISTINCT, ORDER BY or FILTER", name)
	}
	if f, ok := c.environmentFunction(name); ok && len(e.Args) == 0 {
		return expr.Literal{Value: f}, nil
	}
	args, err := c.exprs(e.Args)
	if err != nil {
		return nil, err
	}
	places := make([]ast.Node, len(e.Args))
	for i, a := range e.Args {
		places[i] = a
	}
	if c.env.Functions.Find(name) == nil {
		switch {
		case (name == "coalesce" || name == "ifnull") && len(args) > 0:
			return c.coalesce(args, places, e)
		case name == "nullif" && len(args) == 2:
			return c.nullIf(args, places, e)
		case name == "if" && len(args) == 3:
			return c.ifThen(args, places, e)
		}
	}
	return c.callFunction(name, args, places, e)
}

// environmentFunction returns what is constant within a statement.
func (c *clause) environmentFunction(name string) (vector.Scalar, bool) {
	switch name {
	case "now", "current_timestamp", "transaction_timestamp", "localtimestamp", "current_date", "today",
		"current_version":
		c.holdsNow = true
	}
	instant := vector.Type{Kind: vector.Timestamp, Precision: 9, Zone: true}
	switch name {
	case "now", "current_timestamp", "transaction_timestamp":
		return vector.IntOf(instant, int64(c.env.Now)), true
	case "localtimestamp":
		return vector.IntOf(vector.Of(vector.Timestamp), int64(c.env.Now)), true
	case "current_date", "today":
		day := time.Unix(0, int64(c.env.Now)).UTC().Truncate(24*time.Hour).Unix() / 86400
		return vector.IntOf(vector.Of(vector.Date), day), true
	case "current_user", "user", "session_user":
		return vector.TextOf(c.env.User), true
	case "current_schema", "current_database", "database", "schema":
		return vector.TextOf(c.env.Database), true
	case "current_version":
		return vector.IntOf(vector.Of(vector.Int64), int64(c.env.Version)), true
	case "current_catalog":
		return vector.TextOf(catalog.Name), true
	default:
		return vector.Scalar{}, false
	}
}

// callFunction chooses a function's overload and casts the arguments to what it takes. A text literal is a text where
// an overload takes one, and else read as what the overload takes.
func (c *clause) callFunction(name string, args []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr, error) {
	entry := c.env.Functions.Find(name)
	if entry == nil {
		e := sqlerr.New(sqlerr.UndefinedFunction, "function %s does not exist", name)
		return nil, at(suggest(e, name, c.env.Functions.Names()), place)
	}
	types, hints := make([]vector.Type, len(args)), make([]vector.Type, len(args))
	for i, a := range args {
		types[i], hints[i] = a.Type(), hint(a)
	}
	overload, err := entry.Resolve(types)
	if err != nil {
		var hintErr error
		if overload, hintErr = entry.Resolve(hints); hintErr != nil {
			e := sqlerr.From(err)
			return nil, at(e.WithHint("it is %s", entry.Signature), place)
		}
	}
	if len(overload.Args) != len(args) {
		return nil, fail(place, sqlerr.InternalError, "function %s chose an overload of %d arguments for %d",
			name, len(overload.Args), len(args))
	}
	bound := make([]expr.Expr, len(args))
	for i, a := range args {
		if bound[i], err = c.coerce(a, overload.Args[i], places[i]); err != nil {
			return nil, err
		}
	}
	return expr.Call{Name: entry.Name, Args: bound, Bound: overload}, nil
}

// coalesce is the first value that is not NULL.
func (c *clause) coalesce(args []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr, error) {
	args, err := c.sameType(args, places, "the arguments of COALESCE", place)
	if err != nil {
		return nil, err
	}
	last := len(args) - 1
	if last == 0 {
		return args[0], nil
	}
	out := expr.Case{Else: args[last]}
	for _, a := range args[:last] {
		out.Whens = append(out.Whens, expr.When{If: expr.Not{Of: expr.IsNull{Of: a}}, Then: a})
	}
	return out, nil
}

// nullIf is NULL when its arguments are equal, and else the first.
func (c *clause) nullIf(args []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr, error) {
	first := args[0]
	if first.Type().Kind == vector.Unknown {
		both, err := c.sameType(args, places, "the arguments of NULLIF", place)
		if err != nil {
			return nil, err
		}
		first = both[0]
	}
	equal, err := c.compareAt(expr.Equal, first, args[1], [3]ast.Node{place, places[0], places[1]})
	if err != nil {
		return nil, err
	}
	null := expr.Literal{Value: vector.NullOf(first.Type())}
	return expr.Case{Whens: []expr.When{{If: equal, Then: null}}, Else: first}, nil
}

// ifThen is its second argument where the first is TRUE, and else the third.
func (c *clause) ifThen(args []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr, error) {
	condition, err := c.condition(args[0], "IF", places[0])
	if err != nil {
		return nil, err
	}
	results, err := c.sameType(args[1:], places[1:], "the results of IF", place)
	if err != nil {
		return nil, err
	}
	return expr.Case{Whens: []expr.When{{If: condition, Then: results[0]}}, Else: results[1]}, nil
}

// extract is the function named as the field.
func (c *clause) extract(e *ast.Extract) (expr.Expr, error) {
	of, err := c.expr(e.Of)
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(e.Field)
	if c.env.Functions.Find(name) == nil {
		return nil, unsupported("EXTRACT("+e.Field+" FROM …)", e)
	}
	return c.callFunction(name, []expr.Expr{of}, []ast.Node{e.Of}, e)
}

// aggregate notes an aggregate call and returns the column that will hold its result.
func (c *clause) aggregate(kind expr.AggregateKind, name string, e *ast.Call) (expr.Expr, error) {
	if c.aggregates == nil {
		return nil, fail(e, sqlerr.GroupingError, "the aggregate %s can't stand in %s", name, c.name)
	}
	if len(e.OrderBy) > 0 {
		return nil, unsupported("ORDER BY inside "+name, e)
	}
	if e.Star {
		if kind != expr.Count || e.Distinct {
			return nil, fail(e, sqlerr.UndefinedFunction, "%s(*) does not exist: only count takes *", name)
		}
		kind = expr.CountRows
	}
	if kind == expr.Count && !e.Distinct && len(e.Args) == 0 {
		kind = expr.CountRows
	}
	call := expr.Aggregate{Kind: kind, Distinct: e.Distinct, Of: vector.Of(vector.Int64)}
	if kind != expr.CountRows {
		if len(e.Args) > 1 && kind == expr.Count {
			return nil, unsupported("count of several columns", e)
		}
		if len(e.Args) != 1 {
			return nil, fail(e, sqlerr.UndefinedFunction, "%s takes one argument, not %d", name, len(e.Args))
		}
		if err := c.aggregateArgument(&call, name, e.Args[0]); err != nil {
			return nil, err
		}
	}
	if e.Filter != nil {
		if err := c.filterAggregate(&call, e.Filter); err != nil {
			return nil, err
		}
	}
	return c.aggregates.add(call), nil
}

// input is the clause of an aggregate's argument: over the rows before they are grouped.
func (c *clause) input(what string) *clause {
	inner := *c
	inner.name, inner.aggregates, inner.attached, inner.places = what, nil, c.aggregates.below, nil
	return &inner
}

func (c *clause) aggregateArgument(call *expr.Aggregate, name string, arg ast.Expr) error {
	inner := c.input("the argument of an aggregate")
	e, err := inner.expr(arg)
	if err != nil {
		return err
	}
	c.aggregates.below = inner.attached
	if onlyOuter(e) {
		return unsupported("an aggregate over columns of an enclosing query alone", arg)
	}
	if call.Kind == expr.Min || call.Kind == expr.Max || call.Kind == expr.Count {
		if e, err = c.known(e, arg); err != nil {
			return err
		}
	}
	cast, result, ok := function.AggregateType(call.Kind, e.Type())
	if !ok {
		return fail(arg, sqlerr.UndefinedFunction, "%s does not take %s", name, e.Type())
	}
	call.Of = result
	call.Arg, err = c.coerce(e, cast, arg)
	return err
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

// filterAggregate makes the rows that FILTER refuses NULL.
func (c *clause) filterAggregate(call *expr.Aggregate, filter ast.Expr) error {
	inner := c.input("FILTER")
	condition, err := inner.expr(filter)
	if err != nil {
		return err
	}
	if condition, err = c.condition(condition, "FILTER", filter); err != nil {
		return err
	}
	c.aggregates.below = inner.attached
	if call.Kind == expr.CountRows {
		call.Kind, call.Arg = expr.Count, expr.Literal{Value: vector.IntOf(vector.Of(vector.Int64), 1)}
	}
	call.Arg = expr.Case{
		Whens: []expr.When{{If: condition, Then: call.Arg}},
		Else:  expr.Literal{Value: vector.NullOf(call.Arg.Type())},
	}
	return nil
}
