package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// factorDisjunctions takes what all branches of an OR have in common out of it: (a AND b) OR (a AND c) becomes
// a AND (b OR c). TPC-H Q19 has its join key only there.
func factorDisjunctions(n plan.Node) (plan.Node, error) {
	return plan.Transform(n, func(n plan.Node) (plan.Node, error) {
		switch n := n.(type) {
		case *plan.Filter:
			return &plan.Filter{Input: n.Input, Predicate: factorAll(n.Predicate)}, nil
		case *plan.Join:
			if n.Residual == nil {
				return n, nil
			}
			c := *n
			c.Residual = factorAll(n.Residual)
			return &c, nil
		default:
			return n, nil
		}
	})
}

func factorAll(condition expr.Expr) expr.Expr {
	var out []expr.Expr
	for _, c := range expr.Conjuncts(condition) {
		out = append(out, expr.Conjuncts(factor(c))...)
	}
	return expr.Conjunction(out)
}

func factor(e expr.Expr) expr.Expr {
	or, ok := e.(expr.Or)
	if !ok {
		return e
	}
	branches := make([][]expr.Expr, len(or.Of))
	for i, d := range or.Of {
		branches[i] = expr.Conjuncts(d)
	}
	var common []expr.Expr
	for _, c := range branches[0] {
		everywhere := !contains(common, c)
		for _, b := range branches[1:] {
			everywhere = everywhere && contains(b, c)
		}
		if everywhere {
			common = append(common, c)
		}
	}
	if len(common) == 0 {
		return e
	}
	var rests []expr.Expr
	for _, b := range branches {
		rest := slices.DeleteFunc(slices.Clone(b), func(c expr.Expr) bool { return contains(common, c) })
		if len(rest) == 0 {
			return expr.Conjunction(common) // this branch asks for no more than what all ask for
		}
		rests = append(rests, expr.Conjunction(rest))
	}
	return expr.Conjunction(append(common, expr.Disjunction(rests)))
}

func contains(of []expr.Expr, e expr.Expr) bool {
	return slices.ContainsFunc(of, func(o expr.Expr) bool { return expr.SameExpr(o, e) })
}
