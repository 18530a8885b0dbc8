package optimize

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// orderJoins finds the order of joins with the least estimated cost: of up to 12 units by dynamic programming over
// the connected parts of the join graph, of more greedily. What has no condition in common is joined last, smallest
// first. The cost of a join is the rows it gives, which the next has to read, and a multiple of those of its right
// input, of which physical builds a table; so the smaller input becomes the right one. Left, semi and anti joins take
// their place among the inner ones where that costs least (see joinGraph). A projection restores the columns' order.
func orderJoins(n plan.Node) (plan.Node, error) { return newEstimator().order(n), nil }

func (est *estimator) order(n plan.Node) plan.Node {
	if j, ok := n.(*plan.Join); !ok || !joinTree(n) || countUnits(j) > maxUnits {
		in := n.Inputs()
		if len(in) == 0 {
			return n
		}
		ordered := make([]plan.Node, len(in))
		for i := range in {
			ordered[i] = est.order(in[i])
		}
		return n.WithInputs(ordered)
	}
	g, out := newJoinGraph(est, n)
	p := &joinPlanner{joinGraph: g, best: map[units]*choice{}}
	return g.restore(p.build(p.plan()), out, n.Schema())
}

// joined is a part of the new tree, and which of the graph's columns it gives.
type joined struct {
	node    plan.Node
	columns []int
}

// build makes the joins that were chosen for a set of units.
func (p *joinPlanner) build(of units) joined {
	if of.single() {
		u := p.units[of.first()]
		j := joined{node: u.node}
		for i := range u.node.Schema().Fields {
			j.columns = append(j.columns, u.base+i)
		}
		return j
	}
	c := p.best[of]
	left, right := p.build(c.left), p.build(c.right)
	both := append(append([]int(nil), left.columns...), right.columns...)
	local := numbersOf(both)
	n := &plan.Join{Kind: plan.InnerJoin, Left: left.node, Right: right.node}
	asked := p.decided(c.left, c.right)
	var above []expr.Expr
	if a := p.attached(c.right); a != nil {
		n.Kind, above, asked = a.kind, asked, a.on
	}
	var residual []expr.Expr
	for _, e := range asked {
		e = expr.Remap(e, local)
		if k, ok := joinKey(e, len(left.columns), len(both)); ok {
			n.Keys = append(n.Keys, k)
		} else {
			residual = append(residual, e)
		}
	}
	n.Residual = expr.Conjunction(residual)
	n = plan.NewJoin(*n)
	out := joined{node: n, columns: both}
	if n.Kind == plan.SemiJoin || n.Kind == plan.AntiJoin {
		out.columns = left.columns
	}
	for i, e := range above {
		above[i] = expr.Remap(e, local)
	}
	out.node = filterBy(n, above)
	return out
}

// numbersOf inverts a list of the graph's columns.
func numbersOf(columns []int) func(int) int {
	at := map[int]int{}
	for i, col := range columns {
		at[col] = i
	}
	return func(i int) int { return at[i] }
}

// attached returns the attachment that a set of one unit is.
func (g *joinGraph) attached(of units) *attachment {
	if !of.single() {
		return nil
	}
	return g.units[of.first()].attach
}

// decided returns the conditions that can be decided in the join of two sets and could not in either: of each class
// one equality, the others follow from it.
func (g *joinGraph) decided(left, right units) []expr.Expr {
	var out []expr.Expr
	for i := range g.classes {
		if e := g.classes[i].between(g, left, right); e != nil {
			out = append(out, e)
		}
	}
	before := func(side, reads units) bool { return side.holds(reads) && g.attached(side) == nil }
	for _, c := range g.conditions {
		if (left | right).holds(c.reads) && !before(left, c.reads) && !before(right, c.reads) {
			out = append(out, c.of)
		}
	}
	return out
}

// between returns an equality of the class between two sets: one that was asked for, else one that follows.
func (c *equalityClass) between(g *joinGraph, left, right units) expr.Expr {
	for _, e := range c.asked {
		l, r := g.readBy(e.Left), g.readBy(e.Right)
		if left.holds(l) && right.holds(r) || left.holds(r) && right.holds(l) {
			return e
		}
	}
	var l, r expr.Expr
	for _, m := range c.members {
		switch {
		case l == nil && left.has(m.unit):
			l = m.of
		case r == nil && right.has(m.unit):
			r = m.of
		}
	}
	if l == nil || r == nil {
		return nil
	}
	return expr.Compare{Op: expr.Equal, Left: l, Right: r}
}

// restore gives the columns that the tree had.
func (g *joinGraph) restore(j joined, out []expr.Expr, s *plan.Schema) plan.Node {
	n := filterBy(j.node, g.always)
	in, local := n.Schema(), numbersOf(j.columns)
	p := &plan.Project{Input: n, Exprs: make([]expr.Expr, len(out)), Out: s}
	same := len(out) == len(in.Fields)
	for i, e := range out {
		if c, ok := e.(expr.Column); ok {
			at := local(c.Index)
			p.Exprs[i] = in.Column(at)
			same = same && at == i
			continue
		}
		p.Exprs[i], same = expr.Remap(e, local), false
	}
	if same {
		return n
	}
	return p
}
