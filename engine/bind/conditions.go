package bind

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
)

// conditions is a bound condition of WHERE or HAVING: a conjunction, and the members of it that are semi and anti
// joins.
type conditions struct {
	filters     []expr.Expr
	memberships []attachment
}

// conditions binds a condition. Conjuncts that ask whether a row has a match in a subquery will be joins.
func (c *clause) conditions(condition ast.Expr) (conditions, error) {
	var out conditions
	for _, conjunct := range astConjuncts(condition) {
		a, e, err := c.membership(conjunct)
		if err != nil {
			return out, err
		}
		if e == nil {
			out.memberships = append(out.memberships, a)
			continue
		}
		if e, err = c.condition(e, c.name, conjunct); err != nil {
			return out, err
		}
		out.filters = append(out.filters, e)
	}
	return out, nil
}

// membership binds a conjunct that is [NOT] IN, = ANY and their like, or [NOT] EXISTS of a subquery that reads the
// row: its semi or anti join. Of another it returns the value.
func (c *clause) membership(conjunct ast.Expr) (a attachment, value expr.Expr, err error) {
	of, not := conjunct, false
	for {
		u, ok := of.(*ast.Unary)
		if !ok || u.Op != ast.Not {
			break
		}
		of, not = u.Of, !not
	}
	switch e := of.(type) {
	case *ast.In:
		if e.Query == nil {
			value, err = c.expr(conjunct)
			return a, value, err
		}
		not = not != e.Not
		a, err = c.compareAny(expr.Equal, e.Of, e.Query, e)
	case *ast.Quantified:
		var opposite bool
		a, opposite, err = c.anyOf(e)
		not = not != opposite
	case *ast.Exists:
		sub, err := c.subquery(e.Query, 0)
		if err != nil {
			return a, nil, err
		}
		if len(sub.variables) == 0 {
			return a, notIf(not, c.existence(sub)), nil
		}
		a = attachment{query: sub.node, variables: sub.variables}
	default:
		value, err = c.expr(conjunct)
		return a, value, err
	}
	a.kind = plan.SemiJoin
	if not {
		a.kind = plan.AntiJoin
	}
	return a, nil, err
}

// all returns the expressions of conditions, and with puts others in their places.
func (of conditions) all() []expr.Expr {
	out := slices.Clone(of.filters)
	for i := range of.memberships {
		out = append(out, of.memberships[i].exprs()...)
	}
	return out
}

func (of conditions) with(all []expr.Expr) conditions {
	n := len(of.filters)
	out := conditions{filters: all[:n]}
	all = all[n:]
	for _, m := range of.memberships {
		own := len(m.exprs())
		out.memberships = append(out.memberships, m.with(all[:own]))
		all = all[own:]
	}
	return out
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
func apply(n plan.Node, of conditions) plan.Node {
	if len(of.filters) > 0 {
		n = &plan.Filter{Input: n, Predicate: expr.Conjunction(of.filters)}
	}
	for i := range of.memberships {
		n = of.memberships[i].join(n)
	}
	return n
}
