package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// pulled is a node without the variables of a dependent join: it has the columns that it had, then some more, and its
// rows still wait for conditions with variables.
type pulled struct {
	node    plan.Node
	waiting []expr.Expr
}

// pull takes the conditions with variables out of a node; false when variables are read elsewhere, or in conditions
// that must be decided where they are.
func (d *dependent) pull(n plan.Node) (pulled, bool) {
	if !d.reads(n) {
		return pulled{node: n}, true
	}
	switch n := n.(type) {
	case *plan.Filter:
		in, ok := d.pull(n.Input)
		var stay []expr.Expr
		for _, c := range expr.Conjuncts(n.Predicate) {
			if d.has(c) {
				in.waiting = append(in.waiting, c)
			} else {
				stay = append(stay, c)
			}
		}
		return pulled{filterBy(in.node, stay), in.waiting}, ok
	case *plan.Project:
		return d.pullProject(n)
	case *plan.Sort: // the order of a subquery's rows says nothing without a limit
		return d.pull(n.Input)
	case *plan.Aggregate:
		if len(n.Groups) == 0 {
			return pulled{}, false // it has a row even of none
		}
		return d.pullAggregate(n)
	case *plan.Join:
		return d.pullJoin(n)
	default:
		return pulled{}, false
	}
}

// pullProject keeps the columns that the conditions read.
func (d *dependent) pullProject(n *plan.Project) (pulled, bool) {
	if d.has(n.Exprs...) {
		return pulled{}, false
	}
	in, ok := d.pull(n.Input)
	if !ok {
		return pulled{}, false
	}
	s := in.node.Schema()
	out := &plan.Project{
		Input: in.node, Exprs: slices.Clone(n.Exprs), Out: &plan.Schema{Fields: slices.Clone(n.Out.Fields)},
	}
	waiting := make([]expr.Expr, len(in.waiting))
	for i, c := range in.waiting {
		waiting[i] = expr.Remap(c, func(at int) int {
			for i, e := range out.Exprs {
				if col, ok := e.(expr.Column); ok && col.Index == at {
					return i
				}
			}
			out.Exprs, out.Out.Fields = append(out.Exprs, s.Column(at)), append(out.Out.Fields, s.Fields[at])
			return len(out.Exprs) - 1
		})
	}
	return pulled{out, waiting}, true
}

// pullAggregate groups by what the conditions compare with variables, too: then each group is in one subquery as a
// whole.
func (d *dependent) pullAggregate(n *plan.Aggregate) (pulled, bool) {
	for _, a := range n.Aggregates {
		if d.has(a.Inputs()...) {
			return pulled{}, false
		}
	}
	if d.has(n.Groups...) {
		return pulled{}, false
	}
	in, ok := d.pull(n.Input)
	if !ok {
		return pulled{}, false
	}
	old := len(n.Groups)
	out := &plan.Aggregate{Input: in.node, Groups: slices.Clone(n.Groups), Aggregates: n.Aggregates}
	places := make([]int, len(in.waiting))
	for i, c := range in.waiting {
		k, ok := d.comparison(c)
		if !ok {
			return pulled{}, false
		}
		places[i] = slices.IndexFunc(out.Groups, func(g expr.Expr) bool { return expr.SameExpr(g, k.own) })
		if places[i] < 0 {
			places[i] = len(out.Groups)
			out.Groups = append(out.Groups, k.own)
		}
	}
	s := in.node.Schema()
	out.Out = &plan.Schema{Fields: slices.Clone(n.Out.Fields[:old])}
	for _, g := range out.Groups[old:] {
		out.Out.Fields = append(out.Out.Fields, fieldOf(g, s))
	}
	out.Out.Fields = append(out.Out.Fields, n.Out.Fields[old:]...)
	// The new groups come after the aggregates.
	groups, total := len(out.Groups), len(out.Out.Fields)
	order := slices.Concat(columnRange(0, old), columnRange(groups, total), columnRange(old, groups))
	node := projectColumns(out, order)
	fields := node.Schema()
	waiting := make([]expr.Expr, len(in.waiting))
	for i, c := range in.waiting {
		k, _ := d.comparison(c)
		waiting[i] = expr.Compare{Op: k.op, Left: fields.Column(slices.Index(order, places[i])), Right: k.outer}
	}
	return pulled{node, waiting}, true
}

// comparison is an equality of the columns of a row with variables alone.
type comparison struct {
	op         expr.CompareOp
	own, outer expr.Expr
}

func (d *dependent) comparison(e expr.Expr) (comparison, bool) {
	c, ok := e.(expr.Compare)
	if !ok || c.Op != expr.Equal && c.Op != expr.NotDistinct {
		return comparison{}, false
	}
	own, outer := c.Left, c.Right
	if d.has(own) {
		own, outer = outer, own
	}
	ok = !d.has(own) && len(expr.Columns(own)) > 0 && len(expr.Columns(outer)) == 0
	return comparison{c.Op, own, outer}, ok
}

// pullJoin pulls out of both sides of an inner join, and out of the left of others, which keep its rows as they are.
func (d *dependent) pullJoin(n *plan.Join) (pulled, bool) {
	inner := n.Kind == plan.InnerJoin
	if !inner && (n.Kind == plan.FullJoin || d.reads(n.Right) || d.has(n.Residual, n.Mark)) {
		return pulled{}, false
	}
	left, okLeft := d.pull(n.Left)
	right, okRight := d.pull(n.Right)
	if !okLeft || !okRight {
		return pulled{}, false
	}
	split := len(n.Left.Schema().Fields)
	more := len(left.node.Schema().Fields) - split
	shift := func(e expr.Expr) expr.Expr {
		return expr.Remap(e, func(at int) int {
			if at >= split {
				return at + more
			}
			return at
		})
	}
	c := *n
	c.Left, c.Right, c.Residual = left.node, right.node, nil
	waiting := left.waiting
	for _, e := range right.waiting {
		waiting = append(waiting, expr.Shift(e, split+more))
	}
	var stay []expr.Expr
	for _, e := range expr.Conjuncts(n.Residual) {
		if e = shift(e); d.has(e) {
			waiting = append(waiting, e)
		} else {
			stay = append(stay, e)
		}
	}
	c.Residual = expr.Conjunction(stay)
	if n.Mark != nil {
		c.Mark = shift(n.Mark)
	}
	if n.Kind == plan.SemiJoin || n.Kind == plan.AntiJoin {
		return pulled{&c, waiting}, true
	}
	// What the left has more comes after the columns of both.
	own, total := len(n.Schema().Fields), len(c.Schema().Fields)
	order := slices.Concat(columnRange(0, split), columnRange(split+more, own+more), columnRange(split, split+more),
		columnRange(own+more, total))
	for i, e := range waiting {
		waiting[i] = expr.Remap(e, func(at int) int { return slices.Index(order, at) })
	}
	return pulled{projectColumns(plan.NewJoin(c), order), waiting}, true
}

// joinPulled joins what was pulled: its conditions are the join's.
func (d *dependent) joinPulled(p pulled) plan.Node {
	c := *d.join
	c.Variables, c.Right = nil, p.node
	for _, e := range p.waiting {
		c.Residual = conjunctions(c.Residual, d.replace(expr.Shift(e, d.split), d.left))
	}
	return d.narrow(plan.NewJoin(c))
}

// narrow leaves out the columns that a join gives and the dependent one did not.
func (d *dependent) narrow(n *plan.Join) plan.Node {
	if !n.Kind.Pairs() {
		return n
	}
	return projectColumns(n, columnRange(0, len(d.join.Schema().Fields)))
}

// fieldOf describes a computed column.
func fieldOf(e expr.Expr, in *plan.Schema) plan.Field {
	if c, ok := e.(expr.Column); ok {
		return in.Fields[c.Index]
	}
	return plan.Field{Name: e.String(), Type: e.Type(), Nullable: e.Nullable()}
}
