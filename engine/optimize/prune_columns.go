package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// pruneColumns leaves out every column that nothing above reads.
func pruneColumns(n plan.Node) (plan.Node, error) { return exactly(n, everything(n)), nil }

// columnSet says of each column of a node whether it is read.
type columnSet []bool

func everything(n plan.Node) columnSet {
	return slices.Repeat(columnSet{true}, len(n.Schema().Fields))
}

func (s columnSet) with(es ...expr.Expr) columnSet {
	out := slices.Clone(s)
	for _, e := range es {
		for _, c := range expr.Columns(e) {
			out[c] = true
		}
	}
	return out
}

// pruned is a node with fewer columns; at says where each of the old ones is now, -1 for those that are gone.
type pruned struct {
	node plan.Node
	at   []int
}

func (p pruned) expr(e expr.Expr) expr.Expr {
	return expr.Remap(e, func(i int) int { return p.at[i] })
}

func (p pruned) exprs(es []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = p.expr(e)
	}
	return out
}

// exactly prunes a node to the columns that are read and no others, in their old order.
func exactly(n plan.Node, read columnSet) plan.Node {
	p := prune(n, read)
	s := p.node.Schema()
	out := &plan.Project{Input: p.node, Out: &plan.Schema{}}
	_, kept := numbering(read)
	same := len(kept) == len(s.Fields)
	for at, i := range kept {
		same = same && p.at[i] == at
		out.Exprs = append(out.Exprs, s.Column(p.at[i]))
		out.Out.Fields = append(out.Out.Fields, s.Fields[p.at[i]])
	}
	if same {
		return p.node
	}
	return out
}

// prune removes columns that are not read, as far as the node can without a projection.
func prune(n plan.Node, read columnSet) pruned {
	switch n := n.(type) {
	case *plan.Scan:
		return pruneScan(n, read)
	case *plan.Values:
		return pruneValues(n, read)
	case *plan.Filter:
		p := prune(n.Input, read.with(n.Predicate))
		return pruned{&plan.Filter{Input: p.node, Predicate: p.expr(n.Predicate)}, p.at}
	case *plan.Project:
		return pruneProject(n, read)
	case *plan.Join:
		return pruneJoin(n, read)
	case *plan.Aggregate:
		return pruneAggregate(n, read)
	case *plan.Sort:
		need := read.with(plan.Exprs(n)...)
		p := prune(n.Input, need)
		c := *n
		c.Input = p.node
		return pruned{plan.MapExprs(&c, p.expr), p.at}
	case *plan.Series:
		return pruneSeries(n, read)
	case *plan.AsOfJoin:
		return pruneAsOf(n, read)
	case *plan.Expand:
		return pruneExpand(n, read)
	case *plan.Window:
		return pruneWindow(n, read)
	case *plan.Limit:
		p := prune(n.Input, read)
		c := *n
		c.Input = p.node
		return pruned{&c, p.at}
	case *plan.Union:
		c := plan.Union{Out: &plan.Schema{}}
		at, kept := numbering(read)
		for _, i := range kept {
			c.Out.Fields = append(c.Out.Fields, n.Out.Fields[i])
		}
		for _, in := range n.All {
			c.All = append(c.All, exactly(in, read))
		}
		return pruned{&c, at}
	case *plan.Delete:
		return pruneDelete(n, read)
	case *plan.Recursive, *plan.Insert, *plan.Update, *plan.Define, *plan.Explain:
		in := n.Inputs()
		for i := range in {
			in[i] = exactly(in[i], everything(in[i]))
		}
		return pruned{n.WithInputs(in), identity(len(n.Schema().Fields))}
	default:
		return pruned{n, identity(len(read))}
	}
}

// numbering gives the columns that are read new ordinals, and lists their old ones.
func numbering(read columnSet) (at, kept []int) {
	at = make([]int, len(read))
	for i, r := range read {
		at[i] = -1
		if r {
			at[i] = len(kept)
			kept = append(kept, i)
		}
	}
	return at, kept
}

func identity(n int) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = i
	}
	return at
}

// pruneDelete keeps the addresses, and of the columns that RETURNING may read those that it reads.
func pruneDelete(n *plan.Delete, read columnSet) pruned {
	c := *n
	if !n.Rows {
		c.Input = exactly(n.Input, everything(n.Input))
		return pruned{&c, identity(len(read))}
	}
	c.Input = exactly(n.Input, append(slices.Clone(read), true, true))
	at, _ := numbering(read)
	return pruned{&c, at}
}

func pruneScan(n *plan.Scan, read columnSet) pruned {
	need := read.with(n.Where...)
	c := *n
	c.Columns = nil
	at := make([]int, len(need))
	for i := range need {
		at[i] = -1
		if i >= len(n.Columns) { // the address: both or none
			at[i] = len(c.Columns) + i - len(n.Columns)
			continue
		}
		if need[i] {
			at[i] = len(c.Columns)
			c.Columns = append(c.Columns, n.Columns[i])
		}
	}
	p := pruned{&c, at}
	c.Where = p.exprs(n.Where)
	p.node = plan.NewScan(c)
	return p
}

func pruneValues(n *plan.Values, read columnSet) pruned {
	at, kept := numbering(read)
	c := &plan.Values{Out: &plan.Schema{}, Rows: make([][]expr.Expr, len(n.Rows))}
	for _, i := range kept {
		c.Out.Fields = append(c.Out.Fields, n.Out.Fields[i])
	}
	for r, row := range n.Rows {
		c.Rows[r] = make([]expr.Expr, 0, len(kept))
		for _, i := range kept {
			c.Rows[r] = append(c.Rows[r], row[i])
		}
	}
	return pruned{c, at}
}

func pruneProject(n *plan.Project, read columnSet) pruned {
	at, kept := numbering(read)
	c := &plan.Project{Out: &plan.Schema{}}
	for _, i := range kept {
		c.Exprs = append(c.Exprs, n.Exprs[i])
		c.Out.Fields = append(c.Out.Fields, n.Out.Fields[i])
	}
	need := make(columnSet, len(n.Input.Schema().Fields)).with(c.Exprs...)
	p := prune(n.Input, need)
	c.Input, c.Exprs = p.node, p.exprs(c.Exprs)
	return pruned{c, at}
}

// pruneAggregate keeps all groups, which make the rows, and the aggregates that are read; one column at least.
func pruneAggregate(n *plan.Aggregate, read columnSet) pruned {
	read = slices.Clone(read)
	for i := range n.Groups {
		read[i] = true
	}
	if !slices.Contains(read, true) && len(read) > 0 {
		read[0] = true
	}
	at, kept := numbering(read)
	c := &plan.Aggregate{Out: &plan.Schema{}}
	need := make(columnSet, len(n.Input.Schema().Fields)).with(n.Groups...)
	for _, i := range kept {
		c.Out.Fields = append(c.Out.Fields, n.Out.Fields[i])
		if i < len(n.Groups) {
			continue
		}
		a := n.Aggregates[i-len(n.Groups)]
		c.Aggregates = append(c.Aggregates, a)
		need = need.with(a.Inputs()...)
	}
	p := prune(n.Input, need)
	c.Input, c.Groups = p.node, p.exprs(n.Groups)
	for i, a := range c.Aggregates {
		c.Aggregates[i] = a.MapInputs(p.expr)
	}
	return pruned{c, at}
}

// pruneExpand keeps the groups and the number of the set.
func pruneExpand(n *plan.Expand, read columnSet) pruned {
	need := slices.Clone(read)
	for i := range n.Groups {
		need[i] = true
	}
	need[len(need)-1] = true
	at, _ := numbering(need)
	return pruned{plan.NewExpand(exactly(n.Input, need[:len(need)-1]), n.Groups, n.Sets), at}
}

// pruneSeries keeps the values, which come last.
func pruneSeries(n *plan.Series, read columnSet) pruned {
	p := prune(n.Input, read[:len(read)-1].with(n.From, n.To, n.Step))
	c := *n
	c.Input = p.node
	at := append(slices.Clone(p.at), len(p.node.Schema().Fields))
	return pruned{plan.MapExprs(&c, p.expr), at}
}

// pruneAsOf prunes both sides.
func pruneAsOf(n *plan.AsOfJoin, read columnSet) pruned {
	split := len(n.Left.Schema().Fields)
	left, right := read[:split].with(n.By.Left), read[split:].with(n.By.Right)
	for _, k := range n.Keys {
		left, right = left.with(k.Left), right.with(k.Right)
	}
	l, r := prune(n.Left, left), prune(n.Right, right)
	c := &plan.AsOfJoin{Kind: n.Kind, Left: l.node, Right: r.node, Op: n.Op}
	for _, k := range n.Keys {
		c.Keys = append(c.Keys, plan.JoinKey{Left: l.expr(k.Left), Right: r.expr(k.Right)})
	}
	c.By = plan.JoinKey{Left: l.expr(n.By.Left), Right: r.expr(n.By.Right)}
	width := len(l.node.Schema().Fields)
	at := slices.Clone(l.at)
	for _, i := range r.at {
		if i >= 0 {
			i += width
		}
		at = append(at, i)
	}
	return pruned{c, at}
}

// pruneWindow keeps the calls that are read, and what they need; nothing of the node when none is.
func pruneWindow(n *plan.Window, read columnSet) pruned {
	width := len(n.Input.Schema().Fields)
	c := &plan.Window{}
	keys := 0
	for i, call := range n.Calls {
		if read[width+i] {
			c.Calls, c.Fields = append(c.Calls, call), append(c.Fields, n.Fields[i])
			keys = max(keys, call.Partition+call.Order)
		}
	}
	c.Keys = n.Keys[:keys]
	p := prune(n.Input, slices.Clone(read[:width]).with(plan.Exprs(c)...))
	c.Input = p.node
	next := len(p.node.Schema().Fields)
	at := p.at
	for i := range n.Calls {
		at = append(at, -1)
		if read[width+i] {
			at[width+i] = next
			next++
		}
	}
	if len(c.Calls) == 0 {
		return pruned{p.node, at}
	}
	return pruned{plan.MapExprs(c, p.expr), at}
}

// pruneJoin prunes both sides. The right one, which is built into a table, keeps no column for its own filters.
func pruneJoin(n *plan.Join, read columnSet) pruned {
	split := len(n.Left.Schema().Fields)
	total := split + len(n.Right.Schema().Fields)
	need := make(columnSet, total)
	copy(need[:split], read)
	if n.Kind.Pairs() {
		copy(need, read)
	}
	for _, e := range []expr.Expr{n.Residual, n.Mark} {
		if e != nil {
			need = need.with(e)
		}
	}
	left, right := slices.Clone(need[:split]), slices.Clone(need[split:])
	for _, k := range n.Keys {
		left, right = left.with(k.Left), right.with(k.Right)
	}
	l := prune(n.Left, left)
	rightAt, _ := numbering(right)
	r := pruned{exactly(n.Right, right), rightAt}
	width := len(l.node.Schema().Fields)
	at := make([]int, total)
	for i := range at {
		switch {
		case i < split:
			at[i] = l.at[i]
		case r.at[i-split] < 0:
			at[i] = -1
		default:
			at[i] = width + r.at[i-split]
		}
	}
	c := &plan.Join{Kind: n.Kind, Left: l.node, Right: r.node}
	for _, k := range n.Keys {
		c.Keys = append(c.Keys, plan.JoinKey{Left: l.expr(k.Left), Right: r.expr(k.Right)})
	}
	p := pruned{c, at}
	if n.Residual != nil {
		c.Residual = p.expr(n.Residual)
	}
	if n.Mark != nil {
		c.Mark = p.expr(n.Mark)
	}
	p.node = plan.NewJoin(*c)
	if n.Kind == plan.MarkJoin {
		p.at = append(at[:split], width)
		return p
	}
	p.at = at[:len(read)]
	return p
}
