package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// pushAggregates groups one input of a join before it is joined, by the join's keys and what the grouping above needs
// of it, where that leaves far fewer rows to join. The grouping above puts the partial results together; where keys are
// proven that make each of its groups one row it goes (Yan and Larson, Eager Aggregation and Lazy Aggregation, 1995:
// eager group-by, and where duplicates do not count, as of MIN, for both inputs).
func pushAggregates(n plan.Node) (plan.Node, error) {
	p := aggregatePusher{newEstimator()}
	return plan.Transform(n, func(n plan.Node) (plan.Node, error) {
		a, ok := n.(*plan.Aggregate)
		if !ok {
			return n, nil
		}
		return p.best(a, false), nil
	})
}

// aggregatePusher looks for the best place of groupings.
type aggregatePusher struct{ *estimator }

const (
	pushedShare  = 4    // so many times as many rows as groups must be read below the join
	pushedGain   = 1.15 // so many times as much must the plan cost without,
	pushedLeast  = 5000 // and so much more
	pushedJoined = 2    // the join may leave one of so many rows of the input
)

// best returns the cheapest plan for a grouping. Where its results are partial ones that are put together above, the
// grouping itself may go.
func (p *aggregatePusher) best(a *plan.Aggregate, partial bool) plan.Node {
	var best plan.Node = a
	whole := p.cost(a)
	least := min(whole/pushedGain, whole-pushedLeast)
	for _, onRight := range []bool{true, false} {
		e := newEagerAggregate(a, onRight)
		if e == nil || p.estimateRows(e.join)*pushedJoined < p.estimateRows(e.below.Input) {
			continue
		}
		below := p.best(e.below, !e.single)
		if below == plan.Node(e.below) && !p.reduces(e.below) {
			continue
		}
		e.joinBelow(p.estimator, below)
		for _, n := range e.plans(partial) {
			if cost := p.cost(n); cost < least {
				best, least = n, cost
			}
		}
	}
	return best
}

// reduces tells whether a grouping leaves few of the rows that it reads, as far as statistics say.
func (p *aggregatePusher) reduces(a *plan.Aggregate) bool {
	known := func(g expr.Expr) bool {
		s := statisticsOfExpr(a.Input, g)
		return s.known && (s.Distinct > 0 || span(s) >= 0)
	}
	return !slices.ContainsFunc(a.Groups, func(g expr.Expr) bool { return !known(g) }) &&
		p.estimateRows(a)*pushedShare <= p.estimateRows(a.Input)
}

// What a row costs in operators, in nanoseconds as measured; what it costs to read it is the same everywhere.
const (
	joinedCost = 1  // to hand on what a join gives
	builtCost  = 5  // to put a row into a join's table
	heldCost   = 6  // more for each row that is joined to a left input that is held
	textCost   = 60 // to hash a text by which rows are grouped, and compare it
	codedTexts = 1 << 16
)

// cost is what the joins and groupings of a plan cost.
func (p *aggregatePusher) cost(n plan.Node) float64 {
	total := 0.0
	for _, in := range n.Inputs() {
		total += p.cost(in)
	}
	switch n := n.(type) {
	case *plan.Aggregate:
		groups, each := p.estimateRows(n), 0.0
		for _, g := range n.Groups {
			if g.Type().Physical() == vector.Bytes && p.distinctOf(n.Input, g) > codedTexts {
				each += textCost
			}
		}
		total += p.estimateRows(n.Input)*(each+groupCost(groups)) + groups
	case *plan.Join:
		probe, build, each := p.estimateRows(n.Left), p.estimateRows(n.Right), 0.0
		if n.Kind != plan.InnerJoin && probe*heldShare <= build {
			probe, build, each = build, probe, heldCost
		}
		total += probe*(each+probeCost(build)) + build*builtCost + p.estimateRows(n)*joinedCost
	}
	return total
}

// groupCost is what it costs to add a row to one of so many groups: an array while they are few, then tables that are
// the farther from the processor the larger they are.
func groupCost(groups float64) float64 {
	switch {
	case groups <= 1<<12:
		return 1.5
	case groups <= 1<<16:
		return 7
	case groups <= 1<<20:
		return 14
	default:
		return 25
	}
}

// probeCost is what it costs to find a row's matches in a table of so many rows.
func probeCost(rows float64) float64 {
	switch {
	case rows <= 1<<16:
		return 2
	case rows <= 1<<20:
		return 3
	default:
		return 7
	}
}
