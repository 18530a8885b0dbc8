package optimize

import (
	"math/bits"
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// maxUnits is of how many relations a join graph is made at most: a set of them is one word.
const maxUnits = 64

// units is a set of a join graph's units, a bit each.
type units uint64

func unitOf(i int) units               { return 1 << i }
func (u units) has(i int) bool         { return u>>i&1 == 1 }
func (u units) holds(other units) bool { return other&^u == 0 }
func (u units) single() bool           { return u&(u-1) == 0 }
func (u units) first() int             { return bits.TrailingZeros64(uint64(u)) }

// joinGraph is a tree of joins taken apart. Its units are the inputs of the inner joins, which may be joined in any
// order, and the right inputs of left, semi and anti joins, the attachments, each of which is joined as a whole and
// from the right, to any set of units that has those which its own condition reads: such joins neither ask nor change
// anything of what else is joined to their left input. All expressions are over the columns of all units, one unit's
// after another's.
type joinGraph struct {
	*estimator

	units      []unit
	from       []int // of each column: its unit
	conditions []condition
	classes    []equalityClass
	always     []expr.Expr // conditions that read no column
	product    plan.Node   // of all units, for the estimates
	edges      []units     // of each unit: those with which it has a condition that a join can work with
	corrected  []correction
	sizes      map[units]float64
}

// unit is an input of the joins.
type unit struct {
	node   plan.Node
	base   int // its first column's number
	rows   float64
	attach *attachment // nil for an input of inner joins
}

// attachment is a left, semi or anti join without its left input.
type attachment struct {
	kind   plan.JoinKind
	on     []expr.Expr
	reads  units   // of its left input
	factor float64 // rows it gives for one of its left input
}

// condition is a conjunct that inner joins, or filters between the joins, ask for.
type condition struct {
	of       expr.Expr
	reads    units
	fraction float64 // of the rows that it lets pass
}

// equalityClass is a set of expressions, over one unit each, that conditions say are equal, and so all are.
type equalityClass struct {
	members []classMember
	asked   []expr.Compare // the conditions that say so
}

type classMember struct {
	of       expr.Expr
	unit     int
	distinct float64
}

// correction undoes what several equalities between two units count too much: together they have no more values
// than the smaller of the tables has rows.
type correction struct {
	both   units
	factor float64
}

// joinTree tells whether a node is a join, or what can be moved above one to reach it: filters, and projections that
// may be computed later, and again where a condition reads them.
func joinTree(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Join:
		switch n.Kind {
		case plan.InnerJoin, plan.LeftJoin, plan.SemiJoin, plan.AntiJoin:
			return n.Mark == nil
		default:
			return false
		}
	case *plan.Filter:
		return joinTree(n.Input)
	case *plan.Project:
		return !slices.ContainsFunc(n.Exprs, costly) && joinTree(n.Input)
	default:
		return false
	}
}

// costly tells whether an expression is more than casts and arithmetic of columns and constants.
func costly(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		switch e.(type) {
		case expr.Column, expr.Literal, expr.Cast, expr.Arithmetic:
		default:
			found = true
		}
		return !found
	})
	return found
}

// countUnits is how many units the graph of a node has.
func countUnits(n plan.Node) int {
	if !joinTree(n) {
		return 1
	}
	j, ok := n.(*plan.Join)
	if !ok {
		return countUnits(n.Inputs()[0])
	}
	if j.Kind == plan.InnerJoin {
		return countUnits(j.Left) + countUnits(j.Right)
	}
	return countUnits(j.Left) + 1
}

// newJoinGraph takes a join tree apart, and returns what the columns of its output are in the graph.
func newJoinGraph(est *estimator, n plan.Node) (*joinGraph, []expr.Expr) {
	g := &joinGraph{estimator: est, sizes: map[units]float64{}}
	out := g.collect(n)
	for _, u := range g.units[1:] {
		if g.product == nil {
			g.product = g.units[0].node
		}
		g.product = plan.NewJoin(plan.Join{Kind: plan.InnerJoin, Left: g.product, Right: u.node})
	}
	g.closeClasses()
	g.filterUnits()
	g.connect()
	return g, out
}

// collect adds a node's units and conditions, and returns what its columns are in the graph.
func (g *joinGraph) collect(n plan.Node) []expr.Expr {
	if !joinTree(n) {
		return g.add(n, nil)
	}
	switch n := n.(type) {
	case *plan.Filter:
		out := g.collect(n.Input)
		g.ask(expr.Conjuncts(n.Predicate), out)
		return out
	case *plan.Project:
		in := g.collect(n.Input)
		out := make([]expr.Expr, len(n.Exprs))
		for i, e := range n.Exprs {
			out[i] = over(e, in)
		}
		return out
	case *plan.Join:
		return g.collectJoin(n)
	default:
		return nil
	}
}

// over puts what a node's columns are in the graph in their place. Whether a column of the graph may be NULL is told by
// the place that reads it: above a left join it may.
func over(e expr.Expr, columns []expr.Expr) expr.Expr {
	return expr.Replace(e, func(c expr.Column) expr.Expr {
		if own, ok := columns[c.Index].(expr.Column); ok {
			c.Index = own.Index
			return c
		}
		return columns[c.Index]
	})
}

func (g *joinGraph) collectJoin(n *plan.Join) []expr.Expr {
	first := len(g.units)
	left := g.collect(n.Left)
	split := len(left)
	var on []expr.Expr
	for _, k := range n.Keys {
		on = append(on, expr.Compare{Op: expr.Equal, Left: k.Left, Right: expr.Shift(k.Right, split)})
	}
	on = append(on, expr.Conjuncts(n.Residual)...)
	if n.Kind == plan.InnerJoin {
		out := append(left, g.collect(n.Right)...)
		g.ask(on, out)
		return out
	}
	a := &attachment{kind: n.Kind}
	both := append(slices.Clip(left), g.add(n.Right, a)...)
	for _, e := range on {
		e = over(e, both)
		a.on = append(a.on, e)
		a.reads |= g.readBy(e)
	}
	a.reads &^= unitOf(len(g.units) - 1)
	if a.reads == 0 { // it must be joined to something of its left input, whatever that is
		a.reads = unitOf(first)
	}
	a.factor = g.joinRows(n) / g.estimateRows(n.Left)
	if n.Kind == plan.LeftJoin {
		return both
	}
	return left
}

// add makes a unit.
func (g *joinGraph) add(n plan.Node, a *attachment) []expr.Expr {
	n = g.order(n)
	u := unit{node: n, base: len(g.from), attach: a}
	s := n.Schema()
	out := make([]expr.Expr, len(s.Fields))
	for i := range out {
		out[i] = expr.Shift(s.Column(i), u.base)
		g.from = append(g.from, len(g.units))
	}
	g.units = append(g.units, u)
	return out
}

// readBy is the set of units that an expression reads.
func (g *joinGraph) readBy(e expr.Expr) units {
	var u units
	for _, c := range expr.Columns(e) {
		u |= unitOf(g.from[c])
	}
	return u
}

// ask adds conditions over columns that are the given ones in the graph.
func (g *joinGraph) ask(conjuncts, columns []expr.Expr) {
	for _, e := range conjuncts {
		e = over(e, columns)
		eq, isCompare := e.(expr.Compare)
		switch reads := g.readBy(e); {
		case reads == 0:
			g.always = append(g.always, e)
		case isCompare && eq.Op == expr.Equal && g.equalUnits(eq):
			g.equate(eq)
		default:
			g.conditions = append(g.conditions, condition{of: e, reads: reads})
		}
	}
}

// equalUnits tells whether an equality is one between two units.
func (g *joinGraph) equalUnits(e expr.Compare) bool {
	l, r := g.readBy(e.Left), g.readBy(e.Right)
	return l != 0 && r != 0 && l != r && l.single() && r.single()
}

// equate joins the classes of an equality's two sides.
func (g *joinGraph) equate(e expr.Compare) {
	merged := equalityClass{asked: []expr.Compare{e}}
	for _, side := range []expr.Expr{e.Left, e.Right} {
		at := -1
		for i, c := range g.classes {
			if c.has(side) {
				at = i
			}
		}
		switch {
		case at >= 0:
			merged.members = append(merged.members, g.classes[at].members...)
			merged.asked = append(g.classes[at].asked, merged.asked...)
			g.classes = append(g.classes[:at], g.classes[at+1:]...)
		case !merged.has(side):
			merged.members = append(merged.members, classMember{of: side, unit: g.readBy(side).first()})
		}
	}
	g.classes = append(g.classes, merged)
}

func (c *equalityClass) has(e expr.Expr) bool {
	for _, m := range c.members {
		if expr.SameExpr(m.of, e) {
			return true
		}
	}
	return false
}

// closeClasses adds the equalities within one unit that follow from others.
func (g *joinGraph) closeClasses() {
	for _, c := range g.classes {
		for i, m := range c.members {
			for _, other := range c.members[:i] {
				if other.unit == m.unit {
					e := expr.Compare{Op: expr.Equal, Left: other.of, Right: m.of}
					g.conditions = append(g.conditions, condition{of: e, reads: unitOf(m.unit)})
					break
				}
			}
		}
	}
}

// filterUnits moves the conditions of one unit below the joins; a left join's right input is filtered above it.
func (g *joinGraph) filterUnits() {
	var rest []condition
	for _, c := range g.conditions {
		if u := &g.units[c.reads.first()]; c.reads.single() && u.attach == nil {
			u.node = pushInto(u.node, []expr.Expr{expr.Shift(c.of, -u.base)})
			continue
		}
		c.fraction = g.selectivity(g.product, []expr.Expr{c.of})
		rest = append(rest, c)
	}
	g.conditions = rest
	for i := range g.classes {
		g.share(&g.classes[i])
	}
	for i := range g.units {
		g.units[i].rows = g.estimateRows(g.units[i].node)
	}
}

// share filters each unit by what is known of the columns of others that one of its own is equal to: a = b AND b = c
// AND a > 5 say c > 5, too.
func (g *joinGraph) share(c *equalityClass) {
	for _, from := range c.members {
		for _, to := range c.members {
			of, known := &g.units[from.unit], &g.units[to.unit]
			a, isColumn := expr.Shift(from.of, -of.base).(expr.Column)
			b, areColumns := expr.Shift(to.of, -known.base).(expr.Column)
			if !isColumn || !areColumns || from.unit == to.unit || of.attach != nil || known.attach != nil {
				continue
			}
			if more := transfer(facts(of.node), a, b, facts(known.node)); len(more) > 0 {
				known.node = pushInto(known.node, more)
			}
		}
	}
}

// connect finds the edges, and what the estimates need.
func (g *joinGraph) connect() {
	g.edges = make([]units, len(g.units))
	for _, c := range g.classes {
		for i := range c.members {
			m := &c.members[i]
			u := &g.units[m.unit]
			m.distinct = g.distinctOf(u.node, expr.Shift(m.of, -u.base))
			for _, other := range c.members[:i] {
				if other.unit != m.unit {
					g.edge(unitOf(other.unit), m.unit)
				}
			}
		}
	}
	for _, c := range g.conditions { // of one row all conditions can be decided at once
		for i, u := range g.units {
			if c.reads.has(i) && bits.OnesCount64(uint64(c.reads)) == 2 && u.rows <= 1 {
				g.edge(c.reads&^unitOf(i), i)
			}
		}
	}
	for i, u := range g.units {
		if u.attach != nil {
			g.edge(u.attach.reads, i)
		}
	}
	g.correct()
}

func (g *joinGraph) edge(a units, b int) {
	g.edges[b] |= a
	for i := range g.units {
		if a.has(i) {
			g.edges[i] |= unitOf(b)
		}
	}
}

// correct finds pairs of units with more than one equality between them.
func (g *joinGraph) correct() {
	for a := range g.units {
		for b := range a {
			var left, right []expr.Expr
			for _, c := range g.classes {
				l, r := c.of(a), c.of(b)
				if l != nil && r != nil {
					left = append(left, expr.Shift(l.of, -g.units[a].base))
					right = append(right, expr.Shift(r.of, -g.units[b].base))
				}
			}
			if len(left) < 2 {
				continue
			}
			alone := 1.0
			for i := range left {
				alone *= max(g.distinctOf(g.units[a].node, left[i]), g.distinctOf(g.units[b].node, right[i]))
			}
			together := g.keyValues(g.units[a].node, left, g.units[b].node, right)
			g.corrected = append(g.corrected, correction{unitOf(a) | unitOf(b), alone / together})
		}
	}
}

// of returns a class's first member of a unit.
func (c *equalityClass) of(unit int) *classMember {
	for i := range c.members {
		if c.members[i].unit == unit {
			return &c.members[i]
		}
	}
	return nil
}
