package bind

import (
	"errors"
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// attach joins a node of one column and exactly one row to the clause's input, and returns the column.
func (c *clause) attach(n plan.Node) expr.Column {
	col := n.Schema().Column(0)
	col.Index = attachedFrom + len(c.attached)
	c.attached = append(c.attached, n)
	return col
}

// settle joins what was attached to the clause's input and gives its columns in es their ordinals there.
func (c *clause) settle(input plan.Node, es []expr.Expr) (plan.Node, []expr.Expr) {
	if len(c.attached) == 0 {
		return input, es
	}
	width := len(input.Schema().Fields)
	for _, n := range c.attached {
		input = &plan.Join{Kind: plan.InnerJoin, Left: input, Right: n}
	}
	c.attached = nil
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = expr.Remap(e, func(at int) int {
			if at >= attachedFrom && at < aggregateFrom {
				return at - attachedFrom + width
			}
			return at
		})
	}
	return input, out
}

// scalarSubquery is the value of a query of one column that has at most one row by its form; NULL of none.
func (c *clause) scalarSubquery(s *ast.Subquery) (expr.Expr, error) {
	n, err := c.subquery(s.Query, 1)
	if err != nil {
		return nil, err
	}
	exactly, most := rowCount(n)
	if most != 1 {
		return nil, unsupported("a scalar subquery that may have several rows (aggregate it, or add LIMIT 1)", s)
	}
	if !exactly {
		a := &aggregation{}
		col := n.Schema().Column(0)
		_, result, ok := function.AggregateType(expr.Min, col.Of)
		if !ok {
			return nil, unsupported("a scalar subquery of "+col.Of.String(), s)
		}
		a.add(expr.Aggregate{Kind: expr.Min, Arg: col, Of: result})
		n = a.node(n)
	}
	return c.attach(n), nil
}

// exists is whether a query has a row.
func (c *clause) exists(e *ast.Exists) (expr.Expr, error) {
	n, err := c.subquery(e.Query, 0)
	if err != nil {
		return nil, err
	}
	a := &aggregation{}
	a.add(expr.Aggregate{Kind: expr.CountRows, Of: vector.Of(vector.Int64)})
	count := c.attach(a.node(&plan.Limit{Input: n, Count: 1}))
	zero := expr.Literal{Value: vector.IntOf(vector.Of(vector.Int64), 0)}
	return expr.Compare{Op: expr.Greater, Left: count, Right: zero}, nil
}

// subquery binds a query inside an expression; columns is how many it must have, 0 for any number.
func (c *clause) subquery(q ast.Query, columns int) (plan.Node, error) {
	n, err := c.query(q, queryContext{with: c.with, outer: c.scope})
	if err != nil {
		return nil, err
	}
	if got := len(n.Schema().Fields); columns > 0 && got != columns {
		return nil, fail(q, sqlerr.SyntaxError, "the subquery has %d columns where %d is wanted", got, columns)
	}
	return n, nil
}

// rowCount tells by a plan's form whether it has exactly so many rows, and how many it has at most; -1 for any number.
func rowCount(n plan.Node) (exactly bool, most int64) {
	switch n := n.(type) {
	case *plan.Aggregate:
		if len(n.Groups) == 0 {
			return true, 1
		}
	case *plan.Values:
		return true, int64(len(n.Rows))
	case *plan.Project, *plan.Sort:
		return rowCount(n.Inputs()[0])
	case *plan.Filter:
		_, most = rowCount(n.Input)
		return false, most
	case *plan.Limit:
		exactly, most = rowCount(n.Input)
		if n.CountFrom == nil && n.Count >= 0 && (most < 0 || n.Count < most) {
			return false, n.Count
		}
		return exactly && n.Offset == 0 && n.OffsetFrom == nil && n.CountFrom == nil, most
	}
	return false, -1
}

// conditions is a bound condition of WHERE or HAVING: a conjunction, and the members of it that are joins.
type conditions struct {
	filters     []expr.Expr
	memberships []membership
}

// membership is x [NOT] IN (SELECT …) as a conjunct.
type membership struct {
	of    expr.Expr
	query plan.Node
	place *ast.In
}

// conditions binds a condition. Conjuncts of the form x [NOT] IN (SELECT …) will be semi and anti joins.
func (c *clause) conditions(condition ast.Expr) (conditions, error) {
	var out conditions
	for _, conjunct := range astConjuncts(condition) {
		if in, ok := conjunct.(*ast.In); ok && in.Query != nil {
			of, err := c.expr(in.Of)
			if err != nil {
				return out, err
			}
			sub, err := c.subquery(in.Query, 1)
			if err != nil {
				return out, err
			}
			out.memberships = append(out.memberships, membership{of: of, query: sub, place: in})
			continue
		}
		e, err := c.expr(conjunct)
		if err != nil {
			return out, err
		}
		if e, err = c.condition(e, c.name, conjunct); err != nil {
			return out, err
		}
		out.filters = append(out.filters, e)
	}
	return out, nil
}

func astConjuncts(e ast.Expr) []ast.Expr {
	var out []ast.Expr
	for {
		and, ok := e.(*ast.Binary)
		if !ok || and.Op != ast.And {
			break
		}
		right := astConjuncts(and.Right)
		slices.Reverse(right)
		out = append(out, right...)
		e = and.Left
	}
	out = append(out, e)
	slices.Reverse(out)
	return out
}

// apply puts bound conditions above a node.
func (b *binder) apply(n plan.Node, of conditions) (plan.Node, error) {
	if len(of.filters) > 0 {
		n = &plan.Filter{Input: n, Predicate: expr.Conjunction(of.filters)}
	}
	for _, m := range of.memberships {
		var err error
		if n, err = b.member(n, m); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// member is a semi join for IN and an anti join for NOT IN. A row of which x NOT IN (a, NULL) asks is never TRUE,
// so where either side may be NULL a row is also matched, and dropped, by a comparison that is NULL.
func (b *binder) member(n plan.Node, m membership) (plan.Node, error) {
	col := m.query.Schema().Column(0)
	col.Index = len(n.Schema().Fields)
	both, err := b.unify([]expr.Expr{m.of, col}, []ast.Node{m.place.Of, m.place.Query})
	if _, ok := errors.AsType[*mismatch](err); ok {
		return nil, noOperator("IN", m.of, col, m.place)
	} else if err != nil {
		return nil, err
	}
	equal := expr.Compare{Op: expr.Equal, Left: both[0], Right: both[1]}
	join := &plan.Join{Kind: plan.SemiJoin, Left: n, Right: m.query, Residual: equal}
	if m.place.Not {
		join.Kind = plan.AntiJoin
		if equal.Nullable() {
			join.Residual = expr.Or{Of: []expr.Expr{equal, expr.IsNull{Of: equal}}}
		}
	}
	return join, nil
}
