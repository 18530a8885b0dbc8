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
	case len(e.Name.Parts) > 1:
		return nil, fail(e, sqlerr.UndefinedFunction, "function %s does not exist", e.Name)
	case e.Over != nil:
		return c.window(name, e)
	case e.IgnoreNulls:
		return nil, fail(e, sqlerr.SyntaxError, "IGNORE NULLS is of window functions: OVER is missing")
	}
	if name == "grouping" || name == "grouping_id" {
		return c.grouping(e)
	}
	if aggregateNames[name].takes > 0 {
		return c.aggregate(name, e)
	}
	_, windowed := windowKinds[name]
	switch {
	case windowed:
		return nil, fail(e, sqlerr.WindowingError, "%s is a window function: OVER (…) is missing", name)
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
	if name == "row" && len(e.Args) > 0 {
		return c.structOf(nil, e.Args, e)
	}
	args, err := c.exprs(withUnit(name, e.Args))
	if err != nil {
		return nil, err
	}
	switch {
	case name == unnest:
		return c.unnestCall(args, e)
	case name == "struct_extract":
		return c.structExtract(args, e)
	case name == function.ListValue && len(args) > 0, name == "array_value" && len(args) > 0:
		return c.listOf(args, nodes(e.Args), e)
	}
	places := nodes(e.Args)
	if out, ok, err := c.dateFunction(name, args, places, e); ok {
		return out, err
	}
	if out, ok, err := c.conditional(name, args, places, e); ok {
		return out, err
	}
	return c.callFunction(name, args, places, e)
}

// environmentFunction returns what is constant within a statement.
func (c *clause) environmentFunction(name string) (vector.Scalar, bool) {
	switch name {
	case "now", "current_timestamp", "transaction_timestamp", "statement_timestamp", "utc_timestamp", "getdate",
		"sysdate", "localtimestamp", "current_date", "today", "curdate", "utc_date", "current_time", "localtime",
		"curtime", "utc_time",
		"current_version":
		c.holdsNow = true
	}
	instant := vector.Type{Kind: vector.Timestamp, Precision: 9, Zone: true}
	switch name {
	case "now", "current_timestamp", "transaction_timestamp", "statement_timestamp", "utc_timestamp", "getdate",
		"sysdate":
		return vector.IntOf(instant, int64(c.env.Now)), true
	case "localtimestamp":
		return vector.IntOf(vector.Of(vector.Timestamp), int64(c.env.Now)), true
	case "current_time", "localtime", "curtime", "utc_time":
		const nanosPerDay = int64(24 * time.Hour)
		return vector.IntOf(vector.Of(vector.Time), (int64(c.env.Now)%nanosPerDay+nanosPerDay)%nanosPerDay), true
	case "current_date", "today", "curdate", "utc_date":
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
	if entry.Resolve == nil {
		e := sqlerr.New(sqlerr.UndefinedFunction, "%s does not take %d arguments", name, len(args))
		return nil, at(e.WithHint("it is %s", entry.Signature), place)
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

// extract is the function named as the field.
func (c *clause) extract(e *ast.Extract) (expr.Expr, error) {
	of, err := c.expr(e.Of)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(strings.ToLower(e.Field), "s")
	if c.env.Functions.Find(name) == nil {
		return nil, unsupported("EXTRACT("+e.Field+" FROM …)", e)
	}
	return c.callFunction(name, []expr.Expr{of}, []ast.Node{e.Of}, e)
}
