package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// domain is all the values that the left rows of a dependent join have for its variables, each combination once.
type domain struct {
	*dependent

	node plan.Node
	at   map[int]int // of each variable: its column
}

// joinDomain computes the right input for the whole domain, and joins it back by that.
func (d *dependent) joinDomain() (plan.Node, error) {
	of := make([]expr.Expr, len(d.join.Variables))
	for i, v := range d.join.Variables {
		of[i] = v.Of
	}
	from, of := domainSource(d.join.Left, of)
	if !repeatable(from) {
		return nil, d.unsupported("a subquery like this of rows that LIMIT, or a sum of DOUBLE, gives")
	}
	dom := &domain{dependent: d, at: map[int]int{}}
	a := &plan.Aggregate{Input: from, Groups: of, Out: &plan.Schema{}}
	for i, v := range d.join.Variables {
		dom.at[v.Number] = i
		a.Out.Fields = append(a.Out.Fields, fieldOf(of[i], from.Schema()))
	}
	dom.node = a
	right, err := dom.push(d.join.Right)
	if err != nil {
		return nil, err
	}
	c := *d.join
	c.Variables, c.Right = nil, right
	fields := right.Schema()
	first := len(fields.Fields) - len(d.join.Variables)
	for i, v := range d.join.Variables {
		col := fields.Column(first + i)
		col.Index += d.split
		c.Residual = conjunctions(c.Residual, same(v.Of, col))
	}
	if countNodes(&c, nodesMax) > nodesMax {
		return nil, d.tooLarge()
	}
	return d.narrow(&c), nil
}

// nodesMax bounds a plan that computes domains: subqueries in each other's rows may multiply its size.
const nodesMax = 10_000

// countNodes counts the nodes of a plan, each as often as it would be computed, but little more than most of them.
func countNodes(n plan.Node, most int) int {
	count := 1
	for _, in := range n.Inputs() {
		if count > most {
			break
		}
		count += countNodes(in, most-count)
	}
	return count
}

// domainSource goes down to where the values of a node's columns come from, past joins that keep each left row: other
// subqueries mostly. It returns the expressions over what it found.
func domainSource(n plan.Node, of []expr.Expr) (source plan.Node, values []expr.Expr) {
	for {
		var columns []int
		for _, e := range of {
			columns = append(columns, expr.Columns(e)...)
		}
		switch x := n.(type) {
		case *plan.Join:
			width := len(x.Left.Schema().Fields)
			keeps := x.Kind == plan.LeftJoin || x.Kind == plan.SingleJoin || x.Kind == plan.MarkJoin
			if !keeps || slices.ContainsFunc(columns, func(c int) bool { return c >= width }) {
				return n, of
			}
			n = x.Left
		case *plan.Project:
			for _, c := range columns {
				if _, ok := x.Exprs[c].(expr.Column); !ok {
					return n, of
				}
			}
			n, of = x.Input, replaceAll(of, x.Exprs)
		default:
			return n, of
		}
	}
}

// same is a null-safe equality; a plain one where neither side may be NULL.
func same(a, b expr.Expr) expr.Expr {
	op := expr.NotDistinct
	if !a.Nullable() || !b.Nullable() {
		op = expr.Equal
	}
	return expr.Compare{Op: op, Left: a, Right: b}
}

// repeatable tells whether a node that is computed twice gives the same rows: not those of a limit, whose ties may be
// cut otherwise, as may the ties of a window, and not sums of floating point numbers, which depend on the order.
func repeatable(n plan.Node) bool {
	out := true
	plan.Walk(n, func(n plan.Node) {
		switch n := n.(type) {
		case *plan.Limit, *plan.Window:
			out = false
		case *plan.Aggregate:
			out = out && !slices.ContainsFunc(n.Aggregates, func(a expr.Aggregate) bool { return !a.Repeatable() })
		}
	})
	return out
}

// push returns what a node gives for each member of the domain: the node's columns, then the domain's.
func (d *domain) push(n plan.Node) (plan.Node, error) {
	if !d.reads(n) {
		return plan.NewJoin(plan.Join{Kind: plan.InnerJoin, Left: n, Right: d.node}), nil
	}
	switch n := n.(type) {
	case *plan.Filter:
		in, err := d.push(n.Input)
		if err != nil {
			return nil, err
		}
		return &plan.Filter{Input: in, Predicate: d.over(n.Predicate, in)}, nil
	case *plan.Project:
		return d.pushProject(n)
	case *plan.Sort:
		return d.push(n.Input)
	case *plan.Window:
		return d.pushWindow(n)
	case *plan.Aggregate:
		return d.pushAggregate(n)
	case *plan.Join:
		return d.pushJoin(n)
	case *plan.Union:
		return d.pushUnion(n)
	case *plan.Series:
		return d.pushSeries(n)
	case *plan.AsOfJoin:
		return d.pushAsOf(n)
	case *plan.Values:
		return d.pushValues(n), nil
	case *plan.Limit:
		return nil, d.unsupported("LIMIT or OFFSET in a subquery that reads a row of the enclosing query")
	default:
		return nil, d.unsupported("this subquery that reads a row of the enclosing query")
	}
}

// members returns the domain's columns of a pushed node, which are its last.
func (d *domain) members(n plan.Node) []expr.Expr {
	s := n.Schema()
	return columnsFrom(s, len(s.Fields)-len(d.at), len(d.at))
}

// over puts the domain's columns of a pushed node in the place of variables.
func (d *domain) over(e expr.Expr, n plan.Node) expr.Expr {
	members := d.members(n)
	return d.replace(e, func(variable int) expr.Expr { return members[d.at[variable]] })
}

func (d *domain) fields() []plan.Field { return d.node.Schema().Fields }

func (d *domain) pushProject(n *plan.Project) (plan.Node, error) {
	in, err := d.push(n.Input)
	if err != nil {
		return nil, err
	}
	out := &plan.Project{Input: in, Out: &plan.Schema{Fields: slices.Concat(n.Out.Fields, d.fields())}}
	for _, e := range n.Exprs {
		out.Exprs = append(out.Exprs, d.over(e, in))
	}
	out.Exprs = append(out.Exprs, d.members(in)...)
	return out, nil
}

// pushAggregate groups by the domain, too. Without groups of its own an aggregation has a row for every member of the
// domain, also where it has no rows.
func (d *domain) pushAggregate(n *plan.Aggregate) (plan.Node, error) {
	in, err := d.push(n.Input)
	if err != nil {
		return nil, err
	}
	old, members := len(n.Groups), len(d.at)
	out := &plan.Aggregate{Input: in, Groups: make([]expr.Expr, old), Aggregates: slices.Clone(n.Aggregates)}
	for i, g := range n.Groups {
		out.Groups[i] = d.over(g, in)
	}
	out.Groups = append(out.Groups, d.members(in)...)
	for i, a := range out.Aggregates {
		out.Aggregates[i] = a.MapInputs(func(e expr.Expr) expr.Expr { return d.over(e, in) })
	}
	out.Out = &plan.Schema{Fields: slices.Concat(n.Out.Fields[:old], d.fields(), n.Out.Fields[old:])}
	total := len(out.Out.Fields)
	if old > 0 {
		order := slices.Concat(columnRange(0, old), columnRange(old+members, total), columnRange(old, old+members))
		return projectColumns(out, order), nil
	}
	all := plan.NewJoin(plan.Join{Kind: plan.LeftJoin, Left: d.node, Right: out})
	s := all.Schema()
	p := &plan.Project{Input: all, Out: &plan.Schema{Fields: slices.Concat(n.Out.Fields, d.fields())}}
	for i := range members {
		all.Residual = conjunctions(all.Residual, same(s.Column(i), columnOf(d.node, i, members)))
	}
	for i, a := range n.Aggregates {
		p.Exprs = append(p.Exprs, countOrZero(a, s.Column(2*members+i)))
	}
	p.Exprs = append(p.Exprs, columnsFrom(s, 0, members)...)
	return p, nil
}

// pushWindow partitions by the domain, too.
func (d *domain) pushWindow(n *plan.Window) (plan.Node, error) {
	in, err := d.push(n.Input)
	if err != nil {
		return nil, err
	}
	width, members := len(n.Input.Schema().Fields), len(d.at)
	out := n.MapExprs(func(e expr.Expr) expr.Expr { return d.over(e, in) })
	out.Input = in
	var keys []expr.SortKey
	for _, m := range d.members(in) {
		keys = append(keys, expr.SortKey{Of: m})
	}
	out.Keys = append(keys, out.Keys...)
	for i := range out.Calls {
		out.Calls[i].Partition += members
	}
	total := width + members + len(n.Calls)
	order := slices.Concat(columnRange(0, width), columnRange(width+members, total), columnRange(width, width+members))
	return projectColumns(out, order), nil
}

// columnOf reads a column of a node at another place.
func columnOf(n plan.Node, i, shift int) expr.Expr {
	c := n.Schema().Column(i)
	c.Index += shift
	return c
}

func (d *domain) pushUnion(n *plan.Union) (plan.Node, error) {
	out := &plan.Union{Out: &plan.Schema{Fields: slices.Concat(n.Out.Fields, d.fields())}}
	for _, in := range n.All {
		pushed, err := d.push(in)
		if err != nil {
			return nil, err
		}
		out.All = append(out.All, pushed)
	}
	return out, nil
}

// pushValues gives each row for all members of the domain.
func (d *domain) pushValues(n *plan.Values) plan.Node {
	out := &plan.Union{Out: &plan.Schema{Fields: slices.Concat(n.Out.Fields, d.fields())}}
	for _, row := range n.Rows {
		p := &plan.Project{Input: d.node, Out: out.Out}
		for _, e := range row {
			p.Exprs = append(p.Exprs, d.over(e, d.node))
		}
		p.Exprs = append(p.Exprs, d.members(d.node)...)
		out.All = append(out.All, p)
	}
	return out
}

// pushAsOf pushes the domain to the left of an as-of join, if the right does not ask for it.
func (d *domain) pushAsOf(n *plan.AsOfJoin) (plan.Node, error) {
	if d.reads(n.Right) || d.has(n.By.Right) {
		return nil, d.unsupported("ASOF JOIN of right rows that depend on a row of the enclosing query")
	}
	left, err := d.push(n.Left)
	if err != nil {
		return nil, err
	}
	c, ok := plan.MapExprs(n, func(e expr.Expr) expr.Expr { return d.over(e, left) }).(*plan.AsOfJoin)
	if !ok {
		return nil, d.unsupported("ASOF JOIN here")
	}
	c.Left = left
	split, members, total := len(n.Left.Schema().Fields), len(d.at), len(c.Schema().Fields)
	order := slices.Concat(columnRange(0, split), columnRange(split+members, total), columnRange(split, split+members))
	return projectColumns(c, order), nil
}

// pushSeries moves the domain's columns behind the values.
func (d *domain) pushSeries(n *plan.Series) (plan.Node, error) {
	in, err := d.push(n.Input)
	if err != nil {
		return nil, err
	}
	c := *n
	c.Input, c.From, c.To, c.Step = in, d.over(n.From, in), d.over(n.To, in), d.over(n.Step, in)
	own, members := len(n.Input.Schema().Fields), len(d.at)
	order := slices.Concat(columnRange(0, own), []int{own + members}, columnRange(own, own+members))
	return projectColumns(&c, order), nil
}

// pushJoin pushes the domain to the left of a join, and to the right where that reads it: then the two are joined by
// it, too.
func (d *domain) pushJoin(n *plan.Join) (plan.Node, error) {
	if n.Kind == plan.FullJoin {
		return nil, d.unsupported("FULL JOIN in a subquery that reads a row of the enclosing query")
	}
	left, err := d.push(n.Left)
	if err != nil {
		return nil, err
	}
	split, members := len(n.Left.Schema().Fields), len(d.at)
	c := *n
	c.Left = left
	own := len(n.Right.Schema().Fields)
	over := func(e expr.Expr) expr.Expr {
		if e == nil {
			return nil
		}
		e = expr.Remap(e, func(at int) int {
			if at >= split {
				return at + members
			}
			return at
		})
		return d.over(e, left)
	}
	c.Residual, c.Mark = over(n.Residual), over(n.Mark)
	if d.reads(n.Right) {
		if c.Right, err = d.push(n.Right); err != nil {
			return nil, err
		}
		for i, m := range d.members(left) {
			c.Residual = conjunctions(c.Residual, same(m, columnOf(c.Right, own+i, split+members)))
		}
	}
	if n.Kind == plan.SemiJoin || n.Kind == plan.AntiJoin {
		return &c, nil
	}
	if n.Kind == plan.MarkJoin {
		own = 1
	}
	order := slices.Concat(columnRange(0, split), columnRange(split+members, split+members+own),
		columnRange(split, split+members))
	return projectColumns(plan.NewJoin(c), order), nil
}
