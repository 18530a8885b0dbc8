package optimize

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// mergeProjects makes one of two projections that stand on each other, puts columns that are only handed on into the
// aggregate above, and leaves out projections that change nothing.
func mergeProjects(n plan.Node) (plan.Node, error) {
	return plan.Transform(n, func(n plan.Node) (plan.Node, error) {
		switch n := n.(type) {
		case *plan.Project:
			return mergeProject(n), nil
		case *plan.Aggregate:
			if p, ok := n.Input.(*plan.Project); ok && onlyColumns(p.Exprs) {
				c := *n
				c.Input = p.Input
				return replaceColumns(&c, p.Exprs), nil
			}
			return n, nil
		default:
			return n, nil
		}
	})
}

func mergeProject(n *plan.Project) plan.Node {
	if p, ok := n.Input.(*plan.Project); ok && usedOnce(n.Exprs, p.Exprs) {
		n = &plan.Project{Input: p.Input, Exprs: replaceAll(n.Exprs, p.Exprs), Out: n.Out}
	}
	in := n.Input.Schema()
	if len(in.Fields) != len(n.Exprs) {
		return n
	}
	for i, e := range n.Exprs {
		c, ok := e.(expr.Column)
		if !ok || c.Index != i || in.Fields[i].Name != n.Out.Fields[i].Name {
			return n
		}
	}
	return n.Input
}

func replaceColumns(n plan.Node, with []expr.Expr) plan.Node {
	return plan.MapExprs(n, func(e expr.Expr) expr.Expr {
		return expr.Replace(e, func(c expr.Column) expr.Expr { return with[c.Index] })
	})
}

func onlyColumns(es []expr.Expr) bool {
	for _, e := range es {
		if _, ok := e.(expr.Column); !ok {
			return false
		}
	}
	return true
}

// usedOnce tells whether no computed column of the lower projection is read twice: it would be computed twice.
func usedOnce(upper, lower []expr.Expr) bool {
	uses := make([]int, len(lower))
	for _, e := range upper {
		expr.Walk(e, func(e expr.Expr) bool {
			if c, ok := e.(expr.Column); ok {
				uses[c.Index]++
			}
			return true
		})
	}
	for i, e := range lower {
		_, column := e.(expr.Column)
		_, literal := e.(expr.Literal)
		if uses[i] > 1 && !column && !literal {
			return false
		}
	}
	return true
}
