package optimize

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// orderJoins finds a good order for the inner joins that stand on each other, by greedy operator ordering (Fegaras,
// A New Heuristic for Optimizing Large Queries, 1998): of all pairs it joins the one with the smallest result, and so
// on until one relation is left; pairs without a common key only when there is no other, or one of them has one row
// (a scalar subquery) with which a condition can be decided early. The smaller side of each
// join becomes the right one, of which physical builds the table. A projection restores the order of the columns.
func orderJoins(n plan.Node) (plan.Node, error) {
	return newEstimator().order(n), nil
}

func (est *estimator) order(n plan.Node) plan.Node {
	j, ok := n.(*plan.Join)
	if !ok || j.Kind != plan.InnerJoin {
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
	c := &cluster{estimator: est}
	c.collect(j, 0)
	for len(c.relations) > 1 {
		c.joinBest()
	}
	return c.restore(j.Schema())
}

// cluster is a set of relations that are joined, and the conditions between them over the columns of all, numbered
// as the original joins number them.
type cluster struct {
	*estimator

	relations  []relation
	conditions []expr.Expr
}

// relation is an input of the cluster, or a join of some.
type relation struct {
	node    plan.Node
	columns []int // of the cluster, in the node's order
	rows    float64
}

// collect takes a tree of inner joins apart; base is what its columns' ordinals begin with in the cluster.
func (c *cluster) collect(n plan.Node, base int) {
	j, ok := n.(*plan.Join)
	if !ok || j.Kind != plan.InnerJoin {
		ordered := c.order(n)
		r := relation{node: ordered, rows: c.estimateRows(ordered)}
		for i := range n.Schema().Fields {
			r.columns = append(r.columns, base+i)
		}
		c.relations = append(c.relations, r)
		return
	}
	split := len(j.Left.Schema().Fields)
	c.collect(j.Left, base)
	c.collect(j.Right, base+split)
	for _, k := range j.Keys {
		c.conditions = append(c.conditions, expr.Compare{
			Op: expr.Equal, Left: expr.Shift(k.Left, base), Right: expr.Shift(k.Right, base+split),
		})
	}
	for _, e := range expr.Conjuncts(j.Residual) {
		c.conditions = append(c.conditions, expr.Shift(e, base))
	}
}

// joinBest replaces the two relations whose join is smallest by their join.
func (c *cluster) joinBest() {
	var best relation
	bestA, bestB, bestKeys := -1, -1, false
	for a := range c.relations {
		for b := a + 1; b < len(c.relations); b++ {
			r, keys := c.join(a, b)
			if bestA < 0 || keys && !bestKeys || keys == bestKeys && r.rows < best.rows {
				best, bestA, bestB, bestKeys = r, a, b, keys
			}
		}
	}
	_, rest := c.between(c.relations[bestA], c.relations[bestB])
	c.conditions = rest
	c.relations[bestA] = best
	c.relations = append(c.relations[:bestB], c.relations[bestB+1:]...)
}

// join joins two relations, the smaller one right, and tells whether they have a key in common.
func (c *cluster) join(a, b int) (joined relation, keys bool) {
	left, right := c.relations[a], c.relations[b]
	if left.rows < right.rows {
		left, right = right, left
	}
	r := relation{columns: append(append([]int(nil), left.columns...), right.columns...)}
	at := map[int]int{}
	for i, col := range r.columns {
		at[col] = i
	}
	n := &plan.Join{Kind: plan.InnerJoin, Left: left.node, Right: right.node}
	own, _ := c.between(left, right)
	var residual []expr.Expr
	for _, e := range own {
		e = expr.Remap(e, func(i int) int { return at[i] })
		if k, ok := joinKey(e, len(left.columns), len(r.columns)); ok {
			n.Keys = append(n.Keys, k)
		} else {
			residual = append(residual, e)
		}
	}
	n.Residual = expr.Conjunction(residual)
	r.node, r.rows = n, c.estimateRows(n)
	return r, len(n.Keys) > 0 || len(own) > 0 && right.rows <= 1
}

// between divides the conditions into those that the columns of two relations decide, and the rest.
func (c *cluster) between(a, b relation) (own, rest []expr.Expr) {
	have := map[int]bool{}
	for _, col := range append(append([]int(nil), a.columns...), b.columns...) {
		have[col] = true
	}
	for _, e := range c.conditions {
		decided := true
		for _, col := range expr.Columns(e) {
			decided = decided && have[col]
		}
		if decided {
			own = append(own, e)
		} else {
			rest = append(rest, e)
		}
	}
	return own, rest
}

// restore puts the columns of the last relation into the order of the original joins.
func (c *cluster) restore(s *plan.Schema) plan.Node {
	last := c.relations[0]
	in := last.node.Schema()
	p := &plan.Project{Input: last.node, Exprs: make([]expr.Expr, len(last.columns)), Out: s}
	same := true
	for i, col := range last.columns {
		p.Exprs[col] = in.Column(i)
		same = same && i == col
	}
	if same {
		return last.node
	}
	return p
}
