package optimize

import (
	"math"
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// pushLimits moves a limit below the projections under it, so that it stands on its sort. Of a left join, which gives
// each row of its left input at least once, only the first rows of that input are joined where they alone order it.
func pushLimits(n plan.Node) (plan.Node, error) {
	est := newEstimator()
	return plan.Transform(n, func(n plan.Node) (plan.Node, error) { return est.pushLimit(n), nil })
}

func (est *estimator) pushLimit(n plan.Node) plan.Node {
	l, ok := n.(*plan.Limit)
	if !ok {
		return n
	}
	switch in := l.Input.(type) {
	case *plan.Project:
		below := *l
		below.Input = in.Input
		above := *in
		above.Input = est.pushLimit(&below)
		return &above
	case *plan.Sort:
		return est.pushTop(l, in)
	default:
		return l
	}
}

// pushTop pushes the top-N that a limit and its sort are.
func (est *estimator) pushTop(l *plan.Limit, s *plan.Sort) plan.Node {
	known := l.Count >= 0 && l.CountFrom == nil && l.OffsetFrom == nil && l.Offset <= math.MaxInt64-l.Count
	if !known || slices.ContainsFunc(s.Keys, func(k expr.SortKey) bool { return costly(k.Of) }) {
		return l
	}
	below := est.limitLeft(s.Input, s.Keys, l.Count+l.Offset)
	if below == s.Input {
		return l
	}
	c := *l
	c.Input = &plan.Sort{Input: below, Keys: s.Keys}
	return &c
}

// limitLeft leaves out rows of the left inputs of left joins that are not among the first count in the order of keys.
func (est *estimator) limitLeft(n plan.Node, keys []expr.SortKey, count int64) plan.Node {
	switch n := n.(type) {
	case *plan.Project:
		if slices.ContainsFunc(n.Exprs, costly) {
			return n
		}
		keys = slices.Clone(keys)
		for i := range keys {
			keys[i].Of = replaceAll([]expr.Expr{keys[i].Of}, n.Exprs)[0]
		}
		c := *n
		if c.Input = est.limitLeft(n.Input, keys, count); c.Input == n.Input {
			return n
		}
		return &c
	case *plan.Join:
		split := len(n.Left.Schema().Fields)
		reads := func(k expr.SortKey) bool { return expr.Reads(k.Of, 0, split) }
		if n.Kind != plan.LeftJoin || slices.ContainsFunc(keys, func(k expr.SortKey) bool { return !reads(k) }) {
			return n
		}
		c := *n
		c.Left = est.limitLeft(n.Left, keys, count)
		switch {
		case c.Left != n.Left:
		case est.estimateRows(n.Left) <= float64(count):
			return n
		default:
			c.Left = &plan.Limit{Input: &plan.Sort{Input: n.Left, Keys: keys}, Count: count}
		}
		return plan.NewJoin(c)
	default:
		return n
	}
}
