package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// scalarSubquery is a right input that is an aggregation without groups, or reads no table, and what is computed from
// its only row; or that is a series, which gives each left row some.
type scalarSubquery struct {
	base  plan.Node
	above []plan.Node // projections and filters, the lowest first
}

// scalarOf reads a node as one.
func scalarOf(n plan.Node) (scalarSubquery, bool) {
	var s scalarSubquery
	limited := false
	for {
		switch x := n.(type) {
		case *plan.Project:
			s.above = append(s.above, x)
			n = x.Input
		case *plan.Filter:
			s.above = append(s.above, x)
			n = x.Input
		case *plan.Sort:
			n = x.Input
		case *plan.Limit:
			if x.Count == 0 || x.CountFrom != nil || x.Offset != 0 || x.OffsetFrom != nil {
				return s, false
			}
			n, limited = x.Input, true
		case *plan.Aggregate:
			slices.Reverse(s.above)
			s.base = x
			return s, len(x.Groups) == 0
		case *plan.Values:
			slices.Reverse(s.above)
			s.base = x
			return s, isOneRow(x)
		case *plan.Series:
			slices.Reverse(s.above)
			s.base = x
			return s, !limited && isOneRow(x.Input)
		default:
			return s, false
		}
	}
}

// isOneRow tells whether a node is what a query without FROM reads: a row without columns.
func isOneRow(n plan.Node) bool {
	v, ok := n.(*plan.Values)
	return ok && len(v.Rows) == 1 && len(v.Out.Fields) == 0
}

// scalar joins a right input that is one row, or a series. Whatever is computed from the row is computed above the
// join. It returns false when the rows have something else in common with the left's than equal values.
func (d *dependent) scalar() (plan.Node, bool) {
	s, ok := scalarOf(d.join.Right)
	if !ok {
		return nil, false
	}
	j, values, ok := d.baseRow(s.base)
	if !ok {
		return nil, false
	}
	var have expr.Expr
	over := func(e expr.Expr) expr.Expr {
		e = expr.Replace(e, func(c expr.Column) expr.Expr { return values[c.Index] })
		return d.replace(e, d.left)
	}
	for _, n := range s.above {
		if f, ok := n.(*plan.Filter); ok {
			have = conjunctions(have, over(f.Predicate))
			continue
		}
		var next []expr.Expr
		for _, e := range plan.Exprs(n) {
			next = append(next, over(e))
		}
		values = next
	}
	return d.decideRow(j, values, have), true
}

// baseRow puts the row of a base beside the left's, and tells its values.
func (d *dependent) baseRow(base plan.Node) (n plan.Node, values []expr.Expr, ok bool) {
	switch base := base.(type) {
	case *plan.Values:
		return d.join.Left, nil, true
	case *plan.Series:
		if d.join.Kind != plan.InnerJoin {
			return nil, nil, false
		}
		c := *base
		c.Input = d.join.Left
		c.From, c.To, c.Step = d.replace(c.From, d.left), d.replace(c.To, d.left), d.replace(c.Step, d.left)
		return &c, []expr.Expr{c.Schema().Column(d.split)}, true
	case *plan.Aggregate:
		return d.aggregateRow(base)
	default:
		return nil, nil, false
	}
}

// aggregateRow groups by what an aggregation's rows have in common with the left's. A left row whose group is empty
// gets NULLs, which is what aggregates of no rows are, but for COUNT, which is 0 (the count bug of Kim's method).
func (d *dependent) aggregateRow(base *plan.Aggregate) (n plan.Node, values []expr.Expr, ok bool) {
	for _, a := range base.Aggregates {
		if d.has(a.Inputs()...) {
			return nil, nil, false
		}
	}
	grouped, ok := d.pullAggregate(base)
	if !ok {
		return nil, nil, false
	}
	j := plan.NewJoin(plan.Join{Kind: plan.LeftJoin, Left: d.join.Left, Right: grouped.node})
	for _, e := range grouped.waiting {
		j.Residual = conjunctions(j.Residual, d.replace(expr.Shift(e, d.split), d.left))
	}
	values = columnsFrom(j.Schema(), d.split, len(base.Aggregates))
	if len(grouped.waiting) > 0 {
		for i, a := range base.Aggregates {
			values[i] = countOrZero(a, values[i])
		}
	}
	return j, values, true
}

// countOrZero is an aggregate of a group that may be missing beside a left join's row.
func countOrZero(a expr.Aggregate, of expr.Expr) expr.Expr {
	if !a.Kind.Counts() {
		return of
	}
	zero := expr.Literal{Value: vector.IntOf(of.Type(), 0)}
	return expr.Case{Whens: []expr.When{{If: expr.IsNull{Of: of}, Then: zero}}, Else: of}
}

// decideRow does what the dependent join does with a right input that is one row with values beside each left row, or
// none where the condition have (nil: none) is not TRUE.
func (d *dependent) decideRow(n plan.Node, values []expr.Expr, have expr.Expr) plan.Node {
	beside := func(e expr.Expr) expr.Expr {
		if e == nil {
			return nil
		}
		return expr.Replace(e, func(c expr.Column) expr.Expr {
			if c.Index < d.split {
				return c
			}
			return values[c.Index-d.split]
		})
	}
	match, mark := conjunctions(have, beside(d.join.Residual)), beside(d.join.Mark)
	if mark == nil {
		mark = boolean(true)
	}
	left := columnsFrom(d.join.Left.Schema(), 0, d.split)
	out := d.join.Schema()
	switch d.join.Kind {
	case plan.MarkJoin:
		return &plan.Project{Input: n, Exprs: append(left, ifElse(match, mark, boolean(false))), Out: out}
	case plan.SemiJoin:
		return projectTo(filterBy(n, expr.Conjuncts(conjunctions(match, mark))), left, out)
	case plan.AntiJoin:
		return projectTo(filterBy(n, []expr.Expr{ifElse(match, expr.Not{Of: mark}, boolean(true))}), left, out)
	case plan.InnerJoin:
		return projectTo(filterBy(n, expr.Conjuncts(match)), append(left, values...), out)
	default:
		for _, v := range values {
			left = append(left, ifElse(match, v, expr.Literal{Value: vector.NullOf(v.Type())}))
		}
		return projectTo(n, left, out)
	}
}

func projectTo(n plan.Node, es []expr.Expr, out *plan.Schema) plan.Node {
	return &plan.Project{Input: n, Exprs: es, Out: out}
}

func boolean(b bool) expr.Expr { return expr.Literal{Value: vector.BoolOf(b)} }

// ifElse is one value where a condition (nil: always) is TRUE, and another where it is not.
func ifElse(condition, then, otherwise expr.Expr) expr.Expr {
	if condition == nil {
		return then
	}
	return expr.Case{Whens: []expr.When{{If: condition, Then: then}}, Else: otherwise}
}
