package optimize

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// inferPredicates filters one side of a join by what is known of the key on the other: with a.x = b.x and a.x > 5,
// b.x > 5 holds too. A left join learns from its left only.
func inferPredicates(n plan.Node) (plan.Node, error) {
	return plan.Transform(n, func(n plan.Node) (plan.Node, error) {
		j, ok := n.(*plan.Join)
		if !ok || j.Kind == plan.FullJoin {
			return n, nil
		}
		left, right := facts(j.Left), facts(j.Right)
		var forLeft, forRight []expr.Expr
		for _, k := range j.Keys {
			l, okLeft := k.Left.(expr.Column)
			r, okRight := k.Right.(expr.Column)
			if !okLeft || !okRight {
				continue
			}
			forRight = append(forRight, transfer(left, l, r, right)...)
			if j.Kind == plan.InnerJoin || j.Kind == plan.SemiJoin {
				forLeft = append(forLeft, transfer(right, r, l, left)...)
			}
		}
		c := *j
		c.Left, c.Right = filterBy(j.Left, forLeft), filterBy(j.Right, forRight)
		return plan.NewJoin(c), nil
	})
}

// transfer rewrites the facts about one column into ones about another that are not known yet.
func transfer(facts []expr.Expr, from, to expr.Column, known []expr.Expr) []expr.Expr {
	var out []expr.Expr
	for _, f := range facts {
		if !reads(f, from.Index, from.Index+1) {
			continue
		}
		moved := expr.Replace(f, func(expr.Column) expr.Expr { return to })
		if !contains(known, moved) && !contains(out, moved) {
			out = append(out, moved)
		}
	}
	return out
}

// facts returns conditions of one column each that hold for every row of a node.
func facts(n plan.Node) []expr.Expr {
	switch n := n.(type) {
	case *plan.Scan:
		return oneColumn(n.Where)
	case *plan.Filter:
		return append(facts(n.Input), oneColumn(expr.Conjuncts(n.Predicate))...)
	case *plan.Sort, *plan.Limit, *plan.Window:
		return facts(n.Inputs()[0])
	case *plan.Project:
		return through(facts(n.Input), n.Exprs)
	case *plan.Aggregate:
		return through(facts(n.Input), n.Groups)
	case *plan.Join:
		if n.Kind == plan.FullJoin {
			return nil
		}
		out := facts(n.Left)
		if n.Kind != plan.InnerJoin {
			return out
		}
		split := len(n.Left.Schema().Fields)
		for _, f := range facts(n.Right) {
			out = append(out, expr.Shift(f, split))
		}
		return out
	default:
		return nil
	}
}

func oneColumn(conjuncts []expr.Expr) []expr.Expr {
	var out []expr.Expr
	for _, c := range conjuncts {
		if len(expr.Columns(c)) == 1 {
			out = append(out, c)
		}
	}
	return out
}

// through keeps the facts about columns that a node hands on, under their new ordinals.
func through(facts, outputs []expr.Expr) []expr.Expr {
	var out []expr.Expr
	for _, f := range facts {
		from := expr.Columns(f)[0]
		for i, e := range outputs {
			if c, ok := e.(expr.Column); ok && c.Index == from {
				out = append(out, expr.Remap(f, func(int) int { return i }))
			}
		}
	}
	return out
}
