package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// computeSides computes what a join without keys compares, where it is an expression over one of its inputs, in that
// input: once for each of its rows and not for each pair. What a CASE or an OR guards stays behind it.
func computeSides(n plan.Node) (plan.Node, error) {
	return plan.Transform(n, func(n plan.Node) (plan.Node, error) {
		j, ok := n.(*plan.Join)
		if !ok || len(j.Keys) > 0 || j.Residual == nil || j.Mark != nil {
			return n, nil
		}
		return computeCompared(j), nil
	})
}

func computeCompared(j *plan.Join) plan.Node {
	split, width := len(j.Left.Schema().Fields), len(j.Right.Schema().Fields)
	var left, right []expr.Expr
	mapCompared(j.Residual, func(e expr.Expr) expr.Expr {
		if expr.Reads(e, 0, split) {
			left = append(left, e)
		} else if expr.Reads(e, split, split+width) {
			right = append(right, expr.Shift(e, -split))
		}
		return e
	})
	if len(left)+len(right) == 0 {
		return j
	}
	c, at := joinUnited(j, withComputed(j.Left, left), withComputed(j.Right, right), identity(split), identity(width))
	both, wide := plan.BothSides(c), split+len(left)
	nextLeft, nextRight := split, wide+width
	c.Residual = mapCompared(c.Residual, func(e expr.Expr) expr.Expr {
		next := &nextLeft
		if expr.Reads(e, wide, wide+width) {
			next = &nextRight
		} else if !expr.Reads(e, 0, split) {
			return e
		}
		*next++
		return both.Column(*next - 1)
	})
	return choose(c, j.Schema(), at)
}

// mapCompared applies f to both sides of each comparison of a conjunction, but not to mere columns.
func mapCompared(e expr.Expr, f func(expr.Expr) expr.Expr) expr.Expr {
	out := slices.Clone(expr.Conjuncts(e))
	for i, e := range out {
		c, ok := e.(expr.Compare)
		if !ok {
			continue
		}
		for _, side := range []*expr.Expr{&c.Left, &c.Right} {
			if _, column := (*side).(expr.Column); !column {
				*side = f(*side)
			}
		}
		out[i] = c
	}
	return expr.Conjunction(out)
}

// withComputed appends expressions to the columns of a node.
func withComputed(n plan.Node, more []expr.Expr) plan.Node {
	if len(more) == 0 {
		return n
	}
	in := n.Schema()
	p := choose(n, &plan.Schema{Fields: slices.Clone(in.Fields)}, identity(len(in.Fields)))
	for _, e := range more {
		p.Exprs = append(p.Exprs, e)
		p.Out.Fields = append(p.Out.Fields, plan.Field{Name: e.String(), Type: e.Type(), Nullable: e.Nullable()})
	}
	return p
}
