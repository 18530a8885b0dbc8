package bind

import (
	"errors"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Columns that are no column of the input yet have ordinals from these on, until clause.settle, aggregation.lift
// and windowing.node know where they stand.
const (
	subqueryFrom  = 1 << 23 // the columns of a subquery that values are compared with
	attachedFrom  = 1 << 24 // the columns that subqueries give
	aggregateFrom = 1 << 25 // results of aggregates
	windowFrom    = 1 << 27 // results of window functions
)

// clause binds the expressions of one clause over the rows of one node.
type clause struct {
	*binder

	name       string // "WHERE": for messages
	scope      *scope
	with       *commonTables
	aggregates *aggregation        // nil: aggregates are an error here
	windows    *windowing          // nil: window functions are an error here
	aliases    map[string]ast.Expr // outputs of SELECT by their folded names, where they may be used; nil: not
	attached   []attachment        // subqueries
	places     map[int]*ast.Column // where a column of the input was first named
}

// expr gives an expression its meaning. Its type is Unknown for a bare NULL and an untyped parameter.
func (c *clause) expr(e ast.Expr) (expr.Expr, error) {
	switch e := e.(type) {
	case *ast.Column:
		return c.column(e)
	case *ast.Literal:
		return literal(e)
	case *ast.Interval:
		return c.intervalOf(e)
	case *ast.Parameter:
		return c.parameter(e)
	case *ast.Unary:
		return c.unary(e)
	case *ast.Binary:
		return c.binary(e)
	case *ast.Is:
		return c.is(e)
	case *ast.Between:
		return c.between(e)
	case *ast.In:
		return c.in(e)
	case *ast.Like:
		return c.like(e)
	case *ast.Case:
		return c.caseOf(e)
	case *ast.Cast:
		return c.cast(e)
	case *ast.Extract:
		return c.extract(e)
	case *ast.Array:
		return c.array(e)
	case *ast.Row:
		return c.structOf(nil, e.Members, e)
	case *ast.Struct:
		return c.structOf(e.Names, e.Members, e)
	case *ast.Index:
		return c.index(e)
	case *ast.Call:
		return c.call(e)
	case *ast.Subquery:
		return c.scalarSubquery(e)
	case *ast.Exists:
		return c.exists(e)
	case *ast.Quantified:
		return c.quantified(e)
	case *ast.Star:
		return nil, fail(e, sqlerr.SyntaxError, "* stands for columns only in SELECT and count(*)")
	case *ast.Default:
		return nil, fail(e, sqlerr.SyntaxError, "DEFAULT stands only among the values of INSERT")
	default:
		return nil, unsupported(expressionName(e), e)
	}
}

func expressionName(e ast.Expr) string {
	switch e.(type) {
	case *ast.GroupingSets:
		return "GROUPING SETS, ROLLUP or CUBE"
	default:
		return "this expression (" + typeName(e) + ")"
	}
}

func (c *clause) exprs(es []ast.Expr) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		var err error
		if out[i], err = c.expr(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// column finds a name among the input's columns, then among the outputs of SELECT where the clause may use them.
func (c *clause) column(n *ast.Column) (expr.Expr, error) {
	found, err := c.scope.find(n)
	if err != nil {
		return nil, err
	}
	if found != nil {
		if _, ok := c.places[found.index]; !ok && c.places != nil {
			c.places[found.index] = n
		}
		return found.expr(), nil
	}
	if alias, ok := findAlias(c.aliases, n); ok {
		inner := *c
		inner.aliases = nil // an output is no part of its own definition
		e, err := inner.expr(alias)
		c.attached = inner.attached
		return e, err
	}
	if of, err := c.structMember(n); of != nil || err != nil {
		return of, err
	}
	return c.outerColumn(n)
}

// outerColumn finds a name among the columns of the enclosing queries, the nearest first.
func (c *clause) outerColumn(n *ast.Column) (expr.Expr, error) {
	table := n.Parts[:len(n.Parts)-1]
	for o := c.scope.outer; o != nil; o = o.outer {
		found, err := o.find(n)
		switch {
		case err != nil:
			return nil, err
		case found != nil:
			return o.capture(c.binder, found, n), nil
		case len(table) > 0 && o.hasTable(table) && !c.scope.hasTable(table):
			return nil, o.unknown(n)
		}
	}
	return nil, c.scope.unknown(n)
}

func (c *clause) parameter(p *ast.Parameter) (expr.Expr, error) {
	const most = 65535 // as in the wire protocols of others
	if p.Ordinal < 1 || p.Ordinal > most {
		return nil, fail(p, sqlerr.ProgramLimitExceeded, "parameter %d is outside 1 to %d", p.Ordinal, most)
	}
	for len(c.parameters) < p.Ordinal {
		c.parameters = append(c.parameters, unknown())
	}
	return expr.Parameter{Index: p.Ordinal - 1, Of: c.parameters[p.Ordinal-1]}, nil
}

func (c *clause) unary(u *ast.Unary) (expr.Expr, error) {
	if l, ok := u.Of.(*ast.Literal); ok && u.Op == ast.Negate {
		if e, ok := negative(l); ok {
			return e, nil
		}
	}
	of, err := c.expr(u.Of)
	if err != nil {
		return nil, err
	}
	switch u.Op {
	case ast.Not:
		if of, err = c.condition(of, "NOT", u.Of); err != nil {
			return nil, err
		}
		return expr.Not{Of: of}, nil
	case ast.Negate:
		if of.Type().Kind == vector.Interval {
			return c.negated(of, u)
		}
		zero := expr.Literal{Value: vector.IntOf(vector.Of(vector.Int32), 0)}
		return c.arithmetic(expr.Subtract, zero, of, u)
	case ast.Plus:
		if k := of.Type(); !k.IsNumeric() && k.Kind != vector.Unknown {
			return nil, fail(u, sqlerr.UndefinedFunction, "no operator + takes %s", k)
		}
		return of, nil
	default:
		return c.callFunction(function.BitNot, []expr.Expr{of}, []ast.Node{u.Of}, u)
	}
}

func (c *clause) is(e *ast.Is) (expr.Expr, error) {
	if _, row := e.Of.(*ast.Row); row { // whose NULLs count otherwise than those of structs
		return nil, unsupported("a row value here", e)
	}
	of, err := c.expr(e.Of)
	if err != nil {
		return nil, err
	}
	var out expr.Expr
	switch e.What {
	case ast.IsNull:
		if _, ok := of.(expr.Literal); ok {
			if of, err = c.known(of, e.Of); err != nil {
				return nil, err
			}
		}
		out = expr.IsNull{Of: of}
	case ast.IsTrue, ast.IsFalse, ast.IsUnknown:
		if of, err = c.condition(of, "IS TRUE, FALSE or UNKNOWN", e.Of); err != nil {
			return nil, err
		}
		out = expr.IsNull{Of: of}
		if e.What != ast.IsUnknown {
			truth := expr.Literal{Value: vector.BoolOf(e.What == ast.IsTrue)}
			out = expr.Compare{Op: expr.NotDistinct, Left: of, Right: truth}
		}
	default:
		return nil, unsupported("this form of IS", e)
	}
	return notIf(e.Not, out), nil
}

func notIf(not bool, e expr.Expr) expr.Expr {
	if not {
		return expr.Not{Of: e}
	}
	return e
}

func (c *clause) caseOf(e *ast.Case) (expr.Expr, error) {
	var whens []expr.When
	var results []expr.Expr
	var places []ast.Node
	for _, w := range e.Whens {
		condition, err := c.whenCondition(e.Of, w)
		if err != nil {
			return nil, err
		}
		then, err := c.expr(w.Then)
		if err != nil {
			return nil, err
		}
		whens = append(whens, expr.When{If: condition})
		results, places = append(results, then), append(places, w.Then)
	}
	results, places = append(results, nullLiteral()), append(places, e)
	if e.Else != nil {
		otherwise, err := c.expr(e.Else)
		if err != nil {
			return nil, err
		}
		results[len(whens)], places[len(whens)] = otherwise, e.Else
	}
	results, err := c.sameType(results, places, "the branches of CASE", e)
	if err != nil {
		return nil, err
	}
	for i := range whens {
		whens[i].Then = results[i]
	}
	out := expr.Case{Whens: whens, Else: results[len(whens)]}
	if e.Of != nil {
		return out, within(out, e)
	}
	return out, nil
}

func nullLiteral() expr.Expr { return expr.Literal{Value: vector.NullOf(unknown())} }

// whenCondition is a condition, or with CASE of … the comparison with it.
func (c *clause) whenCondition(of ast.Expr, w ast.When) (expr.Expr, error) {
	if of != nil {
		return c.binary(&ast.Binary{At: w.At, Op: ast.Equal, Left: of, Right: w.If})
	}
	condition, err := c.expr(w.If)
	if err != nil {
		return nil, err
	}
	return c.condition(condition, "WHEN", w.If)
}

// sameType unifies values; what says what they are.
func (c *clause) sameType(es []expr.Expr, places []ast.Node, what string, place ast.Node) ([]expr.Expr, error) {
	out, err := c.unify(es, places)
	if m, ok := errors.AsType[*mismatch](err); ok {
		e := sqlerr.New(sqlerr.DatatypeMismatch, "%s have the types %s, which have no common one", what, m)
		return nil, at(e.WithHint("cast one of them"), place)
	}
	return out, err
}

// cast binds CAST, TRY_CAST and ::. VARCHAR(n) cuts off what is longer, as the standard has it.
func (c *clause) cast(e *ast.Cast) (expr.Expr, error) {
	to, err := typeOf(e.To)
	if err != nil {
		return nil, err
	}
	length, err := lengthOf(e.To, to)
	if err != nil {
		return nil, err
	}
	out, err := c.castTo(e, to)
	if err != nil || length == 0 {
		return out, err
	}
	if to.Kind != vector.Text {
		return nil, unsupported("a cast to "+e.To.Name+" with a length", e)
	}
	most := expr.Literal{Value: vector.IntOf(vector.Of(vector.Int64), int64(length))}
	return c.callFunction("left", []expr.Expr{out, most}, []ast.Node{e, e}, e)
}

// castTo casts to a type without a length.
func (c *clause) castTo(e *ast.Cast, to vector.Type) (expr.Expr, error) {
	of, err := c.expr(e.Of)
	if err != nil {
		return nil, err
	}
	if !expr.CanCast(of.Type(), to) {
		return nil, fail(e, sqlerr.DatatypeMismatch, "%s can't be cast to %s", of.Type(), to)
	}
	l, ok := of.(expr.Literal)
	if e.Try && of.Type().IsNested() && !of.Type().Equal(to) { // which fails element by element
		return constant(expr.Cast{Of: of, To: to, Try: true}, of), nil
	}
	if e.Try && ok {
		v, err := expr.CastScalar(l.Value, to)
		if err != nil {
			v = vector.NullOf(to)
		}
		return expr.Literal{Value: v}, nil
	}
	if e.Try && !of.Type().Equal(to) && of.Type().Kind != vector.Unknown {
		return expr.Cast{Of: of, To: to, Try: true}, nil
	}
	return c.coerce(of, to, e)
}
