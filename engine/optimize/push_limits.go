package optimize

import "github.com/micodb/micodb/engine/plan"

// pushLimits moves a limit below the projections under it, so that it stands on its sort.
func pushLimits(n plan.Node) (plan.Node, error) {
	return plan.Transform(n, func(n plan.Node) (plan.Node, error) { return pushLimit(n), nil })
}

func pushLimit(n plan.Node) plan.Node {
	l, ok := n.(*plan.Limit)
	if !ok {
		return n
	}
	p, ok := l.Input.(*plan.Project)
	if !ok {
		return n
	}
	below := *l
	below.Input = p.Input
	above := *p
	above.Input = pushLimit(&below)
	return &above
}
