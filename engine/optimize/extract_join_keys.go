package optimize

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
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
			for _, e := range equalities(e, split, total) {
				if k, ok := joinKey(e, split, total); ok {
					c.Keys = append(c.Keys, k)
				} else {
					rest = append(rest, e)
				}
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

// equalities writes a null-safe equality of the two sides of a join as equalities: of whether the values are NULL, and
// of the values with something in the place of NULL. Where one side may not be NULL a plain one says the same. Of
// another condition it returns itself.
func equalities(e expr.Expr, split, total int) []expr.Expr {
	c, ok := e.(expr.Compare)
	if !ok || c.Op != expr.NotDistinct {
		return []expr.Expr{e}
	}
	c.Op = expr.Equal
	_, isKey := joinKey(c, split, total)
	switch {
	case !isKey:
		return []expr.Expr{e}
	case !c.Left.Nullable() || !c.Right.Nullable():
		return []expr.Expr{c}
	}
	filled := func(e expr.Expr) expr.Expr {
		some := expr.Literal{Value: vector.Scalar{Type: e.Type()}}
		return expr.Case{Whens: []expr.When{{If: expr.IsNull{Of: e}, Then: some}}, Else: e}
	}
	return []expr.Expr{
		expr.Compare{Op: expr.Equal, Left: filled(c.Left), Right: filled(c.Right)},
		expr.Compare{Op: expr.Equal, Left: expr.IsNull{Of: c.Left}, Right: expr.IsNull{Of: c.Right}},
	}
}
