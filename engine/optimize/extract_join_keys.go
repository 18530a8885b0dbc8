package optimize

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// extractJoinKeys makes keys of the equalities in a join's residual whose two sides read one input each.
func extractJoinKeys(n plan.Node) (plan.Node, error) {
	return plan.Transform(n, func(n plan.Node) (plan.Node, error) {
		j, ok := n.(*plan.Join)
		if !ok || j.Residual == nil {
			return n, nil
		}
		split := len(j.Left.Schema().Fields)
		total := split + len(j.Right.Schema().Fields)
		c := *j
		c.Keys = append([]plan.JoinKey(nil), j.Keys...)
		var rest []expr.Expr
		for _, e := range expr.Conjuncts(j.Residual) {
			if k, ok := joinKey(e, split, total); ok {
				c.Keys = append(c.Keys, k)
			} else {
				rest = append(rest, e)
			}
		}
		c.Residual = expr.Conjunction(rest)
		return &c, nil
	})
}

// joinKey reads a conjunct as a key of a join whose left input has the columns below split.
func joinKey(e expr.Expr, split, total int) (plan.JoinKey, bool) {
	return plan.KeyOf(e, split, total)
}
