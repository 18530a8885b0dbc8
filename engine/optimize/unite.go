package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// united is one plan for two whose rows are the same but for their columns: left and right say which of its columns
// those of the two are.
type united struct {
	node        plan.Node
	left, right []int
}

// unite makes one of two plans that do the same and give other columns of it, as pruning leaves them: false when they
// do not the same. A projection of mere columns, which pruning puts above some uses and not above others, makes no
// difference.
func unite(a, b plan.Node) (united, bool) {
	if onlyChooses(a) != onlyChooses(b) {
		return uniteProjects(asProject(a), asProject(b))
	}
	switch a := a.(type) {
	case *plan.Scan:
		return uniteScans(a, b)
	case *plan.Project:
		if b, ok := b.(*plan.Project); ok {
			return uniteProjects(a, b)
		}
	case *plan.Aggregate:
		if b, ok := b.(*plan.Aggregate); ok {
			return uniteAggregates(a, b)
		}
	case *plan.Join:
		if b, ok := b.(*plan.Join); ok && sameOperator(a, b) {
			return uniteJoins(a, b)
		}
	case *plan.Filter, *plan.Sort, *plan.Limit:
		if sameOperator(a, b) {
			return uniteAbove(a, b)
		}
	default:
		if samePlan(a, b) {
			at := identity(len(a.Schema().Fields))
			return united{a, at, at}, true
		}
	}
	return united{}, false
}

// onlyChooses tells whether a node is a projection of columns that its input has.
func onlyChooses(n plan.Node) bool {
	p, ok := n.(*plan.Project)
	return ok && onlyColumns(p.Exprs)
}

// asProject puts a projection that changes nothing above what is none of mere columns.
func asProject(n plan.Node) *plan.Project {
	if p, ok := n.(*plan.Project); ok && onlyColumns(p.Exprs) {
		return p
	}
	return choose(n, n.Schema(), identity(len(n.Schema().Fields)))
}

// choose projects a node to some of its columns, under the names of a schema.
func choose(n plan.Node, out *plan.Schema, at []int) *plan.Project {
	p := &plan.Project{Input: n, Out: out}
	for _, i := range at {
		p.Exprs = append(p.Exprs, n.Schema().Column(i))
	}
	return p
}

func uniteScans(a *plan.Scan, other plan.Node) (united, bool) {
	b, ok := other.(*plan.Scan)
	if !ok || !sameTable(a, b) {
		return united{}, false
	}
	c := *a
	c.Columns = slices.Clone(a.Columns)
	u := united{node: &c, left: identity(len(a.Columns))}
	for _, column := range b.Columns {
		at := slices.Index(c.Columns, column)
		if at < 0 {
			at, c.Columns = len(c.Columns), append(c.Columns, column)
		}
		u.right = append(u.right, at)
	}
	return u, sameExprs(moved(a.Where, u.left), moved(b.Where, u.right))
}

func uniteProjects(a, b *plan.Project) (united, bool) {
	in, ok := unite(a.Input, b.Input)
	if !ok {
		return in, false
	}
	p := &plan.Project{Input: in.node, Exprs: moved(a.Exprs, in.left), Out: &plan.Schema{}}
	p.Out.Fields = slices.Clone(a.Out.Fields)
	u := united{left: identity(len(a.Exprs))}
	for i, e := range moved(b.Exprs, in.right) {
		at := slices.IndexFunc(p.Exprs, func(f expr.Expr) bool { return expr.SameExpr(e, f) })
		if at < 0 {
			at = len(p.Exprs)
			p.Exprs, p.Out.Fields = append(p.Exprs, e), append(p.Out.Fields, b.Out.Fields[i])
		}
		u.right = append(u.right, at)
	}
	u.node = p
	return u, true
}

// uniteAggregates computes what either asks of the same groups.
func uniteAggregates(a, b *plan.Aggregate) (united, bool) {
	in, ok := unite(a.Input, b.Input)
	if !ok || !sameExprs(moved(a.Groups, in.left), moved(b.Groups, in.right)) {
		return united{}, false
	}
	c := &plan.Aggregate{Input: in.node, Groups: moved(a.Groups, in.left), Out: &plan.Schema{}}
	c.Out.Fields = slices.Clone(a.Out.Fields)
	c.Aggregates = movedAggregates(a.Aggregates, in.left)
	u := united{left: identity(len(a.Out.Fields)), right: identity(len(a.Groups))}
	for i, x := range movedAggregates(b.Aggregates, in.right) {
		at := slices.IndexFunc(c.Aggregates, x.Same)
		if at < 0 {
			at, c.Aggregates = len(c.Aggregates), append(c.Aggregates, x)
			c.Out.Fields = append(c.Out.Fields, b.Out.Fields[len(b.Groups)+i])
		}
		u.right = append(u.right, len(a.Groups)+at)
	}
	u.node = c
	return u, true
}

// uniteAbove unites nodes that hand on the columns of their one input.
func uniteAbove(a, b plan.Node) (united, bool) {
	in, ok := unite(a.Inputs()[0], b.Inputs()[0])
	if !ok || !sameExprs(moved(plan.Exprs(a), in.left), moved(plan.Exprs(b), in.right)) {
		return united{}, false
	}
	in.node = plan.MapExprs(a.WithInputs([]plan.Node{in.node}), func(e expr.Expr) expr.Expr { return move(e, in.left) })
	return in, true
}

func uniteJoins(a, b *plan.Join) (united, bool) {
	l, ok := unite(a.Left, b.Left)
	if !ok {
		return l, false
	}
	r, ok := unite(a.Right, b.Right)
	if !ok {
		return r, false
	}
	c, left := joinUnited(a, l.node, r.node, l.left, r.left)
	d, right := joinUnited(b, l.node, r.node, l.right, r.right)
	return united{c, left, right}, sameExprs(plan.Exprs(c), plan.Exprs(d))
}

// joinUnited joins other inputs, where the columns of the old ones are at left and right, and tells where the join's
// own are.
func joinUnited(n *plan.Join, l, r plan.Node, left, right []int) (*plan.Join, []int) {
	width := len(l.Schema().Fields)
	all := slices.Clone(left)
	for _, at := range right {
		all = append(all, width+at)
	}
	c := *n
	c.Left, c.Right, c.Keys = l, r, nil
	for _, k := range n.Keys {
		c.Keys = append(c.Keys, plan.JoinKey{Left: move(k.Left, left), Right: move(k.Right, right)})
	}
	if n.Residual != nil {
		c.Residual = move(n.Residual, all)
	}
	if n.Mark != nil {
		c.Mark = move(n.Mark, all)
	}
	switch {
	case n.Kind.Pairs():
		return plan.NewJoin(c), all
	case n.Kind == plan.MarkJoin:
		return plan.NewJoin(c), append(slices.Clip(left), width)
	default:
		return plan.NewJoin(c), left
	}
}

func move(e expr.Expr, at []int) expr.Expr { return expr.Remap(e, func(i int) int { return at[i] }) }

func moved(es []expr.Expr, at []int) []expr.Expr { return pruned{at: at}.exprs(es) }

func movedAggregates(all []expr.Aggregate, at []int) []expr.Aggregate {
	out := slices.Clone(all)
	for i := range out {
		out[i] = out[i].MapInputs(func(e expr.Expr) expr.Expr { return move(e, at) })
	}
	return out
}
