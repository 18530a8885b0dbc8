package optimize

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// foldConstants evaluates constants, brings conditions into one form (constants right, NOT at the leaves, no AND in an
// AND), and leaves out filters that are always TRUE and inputs of which nothing comes.
func foldConstants(n plan.Node) (plan.Node, error) {
	return plan.Transform(n, func(n plan.Node) (plan.Node, error) {
		var failed error
		n = plan.MapExprs(n, func(e expr.Expr) expr.Expr {
			if _, ok := e.(expr.Literal); ok {
				return e // an INSERT may have very many
			}
			folded, err := expr.Fold(expr.Rewrite(e, normalize))
			if err != nil {
				failed = err
				return e
			}
			return folded
		})
		if failed != nil {
			return nil, failed
		}
		return dropTrivial(n), nil
	})
}

// normalize brings one node, whose children are normal, into the one form.
func normalize(e expr.Expr) expr.Expr {
	switch e := e.(type) {
	case expr.And:
		return expr.Conjunction(expr.Conjuncts(e))
	case expr.Or:
		return expr.Disjunction(expr.Disjuncts(e))
	case expr.Not:
		return negate(e.Of)
	case expr.Compare:
		return normalizeCompare(e)
	default:
		return e
	}
}

// negate is NOT e, moved to the leaves; three-valued logic allows all of it.
func negate(e expr.Expr) expr.Expr {
	each := func(of []expr.Expr) []expr.Expr {
		out := make([]expr.Expr, len(of))
		for i, x := range of {
			out[i] = negate(x)
		}
		return out
	}
	switch e := e.(type) {
	case expr.Not:
		return e.Of
	case expr.And:
		return normalize(expr.Or{Of: each(e.Of)})
	case expr.Or:
		return normalize(expr.And{Of: each(e.Of)})
	case expr.Compare:
		if e.Op != expr.NotDistinct {
			e.Op = e.Op.Negated()
			return e
		}
	}
	return expr.Not{Of: e}
}

// normalizeCompare puts the constant on the right, and makes a comparison with NULL NULL.
func normalizeCompare(e expr.Compare) expr.Expr {
	if expr.IsConstant(e.Left) && !expr.IsConstant(e.Right) {
		mirrored := map[expr.CompareOp]expr.CompareOp{
			expr.Less: expr.Greater, expr.LessEqual: expr.GreaterEqual,
			expr.Greater: expr.Less, expr.GreaterEqual: expr.LessEqual,
		}
		if op, ok := mirrored[e.Op]; ok {
			e.Op = op
		}
		e.Left, e.Right = e.Right, e.Left
	}
	if l, ok := e.Right.(expr.Literal); ok && l.Value.Null && e.Op != expr.NotDistinct {
		return expr.Literal{Value: vector.NullOf(vector.Of(vector.Boolean))}
	}
	return e
}

// truth tells whether a condition is a constant, and whether it lets rows pass.
func truth(e expr.Expr) (passes, constant bool) {
	l, ok := e.(expr.Literal)
	return ok && !l.Value.Null && l.Value.Int != 0, ok
}

// dropTrivial leaves out conditions that are always TRUE, and nodes that never give a row.
func dropTrivial(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Filter:
		if passes, constant := truth(n.Predicate); passes {
			return n.Input
		} else if constant {
			return empty(n.Schema())
		}
	case *plan.Limit:
		if n.Count == 0 && n.CountFrom == nil {
			return empty(n.Schema())
		}
	case *plan.Join:
		if n.Residual == nil {
			return n
		}
		passes, constant := truth(n.Residual)
		c := *n
		switch {
		case passes:
			c.Residual = nil
			return &c
		case constant && (n.Kind == plan.InnerJoin || n.Kind == plan.SemiJoin):
			return empty(n.Schema())
		}
	}
	return n
}

// empty gives no rows.
func empty(s *plan.Schema) plan.Node { return &plan.Values{Out: s} }
