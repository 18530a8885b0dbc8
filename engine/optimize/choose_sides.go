package optimize

import "github.com/micodb/micodb/engine/plan"

// heldShare is how many times larger the right side must be for the left one to be held, whose rows come only when all
// of the right one has been read.
const heldShare = 2

// chooseSides lets left, semi and anti joins whose left side is the smaller one make their table of it. The right side
// is then read through a filter of its keys, too.
func chooseSides(n plan.Node) (plan.Node, error) {
	est := newEstimator()
	return plan.Transform(n, func(n plan.Node) (plan.Node, error) {
		j, ok := n.(*plan.Join)
		if !ok || len(j.Keys) == 0 || j.Mark != nil {
			return n, nil
		}
		switch j.Kind {
		case plan.LeftJoin, plan.SemiJoin, plan.AntiJoin:
		default:
			return n, nil
		}
		if est.estimateRows(j.Left)*heldShare > est.estimateRows(j.Right) {
			return n, nil
		}
		held := *j
		held.HoldLeft = true
		return &held, nil
	})
}
