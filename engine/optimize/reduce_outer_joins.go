package optimize

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// reduceOuterJoins leaves rows out that an outer join pads with NULLs where something above refuses them, a filter or a
// join by its keys: a left join becomes an inner one; a full join a left one, to either side, or an inner one
// (Galindo-Legaria and Rosenthal, Outerjoin Simplification and Reordering for Query Optimization, 1997).
func reduceOuterJoins(n plan.Node) (plan.Node, error) { return reduceUnder(n, nil), nil }

// reduceUnder reduces the joins of a node of which nothing above needs the rows for which a condition is not TRUE.
func reduceUnder(n plan.Node, conditions []expr.Expr) plan.Node {
	switch n := n.(type) {
	case *plan.Filter:
		c := *n
		c.Input = reduceUnder(n.Input, append(expr.Conjuncts(n.Predicate), conditions...))
		return &c
	case *plan.Project:
		below, _ := besideVolatile(conditions, n.Exprs)
		return n.WithInputs([]plan.Node{reduceUnder(n.Input, replaceAll(below, n.Exprs))})
	case *plan.Aggregate:
		below := neededOf(conditions, 0, len(n.Groups))
		return n.WithInputs([]plan.Node{reduceUnder(n.Input, replaceAll(below, n.Groups))})
	case *plan.Sort:
		return n.WithInputs([]plan.Node{reduceUnder(n.Input, conditions)})
	case *plan.Join:
		return reduceJoin(n, conditions)
	default:
		in := n.Inputs()
		if len(in) == 0 {
			return n
		}
		reduced := make([]plan.Node, len(in))
		for i := range in {
			reduced[i] = reduceUnder(in[i], nil)
		}
		return n.WithInputs(reduced)
	}
}

func reduceJoin(n *plan.Join, conditions []expr.Expr) plan.Node {
	split := len(n.Left.Schema().Fields)
	total := split + len(n.Right.Schema().Fields)
	refused := func(lo, hi int) bool {
		for _, e := range conditions {
			if refusesNull(e, lo, hi) {
				return true
			}
		}
		return false
	}
	c := *n
	switch {
	case n.Kind == plan.LeftJoin && refused(split, total):
		c.Kind = plan.InnerJoin
	case n.Kind == plan.FullJoin && refused(0, split) && refused(split, total):
		c.Kind = plan.InnerJoin
	case n.Kind == plan.FullJoin && refused(0, split):
		c.Kind = plan.LeftJoin
	case n.Kind == plan.FullJoin && refused(split, total):
		return reduceUnder(turned(n), conditions)
	}
	on := expr.Conjuncts(n.Residual)
	for _, k := range n.Keys {
		on = append(on, expr.Compare{Op: expr.Equal, Left: k.Left, Right: expr.Shift(k.Right, split)})
	}
	var left, right []expr.Expr
	if c.Kind != plan.FullJoin {
		left, right = neededOf(conditions, 0, split), neededOf(on, split, total)
	}
	switch c.Kind {
	case plan.InnerJoin:
		left, right = append(left, neededOf(on, 0, split)...), append(right, neededOf(conditions, split, total)...)
	case plan.SemiJoin:
		left = append(left, neededOf(on, 0, split)...)
	default:
	}
	for i, e := range right {
		right[i] = expr.Shift(e, -split)
	}
	c.Left, c.Right = reduceUnder(n.Left, left), reduceUnder(n.Right, right)
	return plan.NewJoin(c)
}

// turned is a left join of a full join's right input with its left one, under the same columns.
func turned(n *plan.Join) plan.Node {
	split, width := len(n.Left.Schema().Fields), len(n.Right.Schema().Fields)
	j := plan.Join{Kind: plan.LeftJoin, Left: n.Right, Right: n.Left}
	for _, k := range n.Keys {
		j.Keys = append(j.Keys, plan.JoinKey{Left: k.Right, Right: k.Left})
	}
	if n.Residual != nil {
		j.Residual = expr.Remap(n.Residual, func(i int) int {
			if i < split {
				return i + width
			}
			return i - split
		})
	}
	order := append(columnRange(width, width+split), columnRange(0, width)...)
	return choose(plan.NewJoin(j), n.Schema(), order)
}

// neededOf is what conditions say of the columns from lo and below hi alone: those that read no others, and that what
// is compared is not NULL.
func neededOf(conditions []expr.Expr, lo, hi int) []expr.Expr {
	var out []expr.Expr
	for _, e := range conditions {
		if reads(e, lo, hi) {
			out = append(out, e)
			continue
		}
		c, ok := e.(expr.Compare)
		if !ok || c.Op == expr.NotDistinct {
			continue
		}
		for _, side := range []expr.Expr{c.Left, c.Right} {
			if reads(side, lo, hi) {
				out = append(out, expr.Not{Of: expr.IsNull{Of: side}})
			}
		}
	}
	return out
}
