package optimize

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// restrictSides filters an inner join's inputs by what every branch of an OR at the join says of one side: of
// (l.a = 1 AND r.b = 2) OR (l.a = 3 AND r.c = 4) the left by l.a = 1 OR l.a = 3. The OR itself stays.
func restrictSides(n plan.Node) (plan.Node, error) {
	return plan.Transform(n, func(n plan.Node) (plan.Node, error) {
		j, ok := n.(*plan.Join)
		if !ok || j.Kind != plan.InnerJoin || j.Residual == nil {
			return n, nil
		}
		split := len(j.Left.Schema().Fields)
		total := split + len(j.Right.Schema().Fields)
		var left, right []expr.Expr
		for _, e := range expr.Conjuncts(j.Residual) {
			if of := sideOf(e, 0, split); of != nil {
				left = append(left, of)
			}
			if of := sideOf(e, split, total); of != nil {
				right = append(right, expr.Shift(of, -split))
			}
		}
		c := *j
		c.Left, c.Right = filterBy(j.Left, left), filterBy(j.Right, right)
		return plan.NewJoin(c), nil
	})
}

// sideOf is the disjunction of what the branches of an OR say of the columns from lo and below hi; nil when one of
// them says nothing.
func sideOf(e expr.Expr, lo, hi int) expr.Expr {
	or, ok := e.(expr.Or)
	if !ok {
		return nil
	}
	var branches []expr.Expr
	for _, d := range or.Of {
		var own []expr.Expr
		for _, c := range expr.Conjuncts(d) {
			if reads(c, lo, hi) {
				own = append(own, c)
			}
		}
		if len(own) == 0 {
			return nil
		}
		branches = append(branches, expr.Conjunction(own))
	}
	return expr.Disjunction(branches)
}
