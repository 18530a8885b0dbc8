package bind

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
)

// attachment is a subquery that will be joined to a clause's input, and there gives one column more: a mark join's
// mark, or the subquery's only column.
type attachment struct {
	kind      plan.JoinKind
	query     plan.Node
	mark      expr.Expr // of a mark join; nil: EXISTS. The subquery's columns have ordinals from subqueryFrom on
	variables []plan.Variable
}

// exprs returns what an attachment computes from the clause's input, and with puts others in its place.
func (a attachment) exprs() []expr.Expr {
	var out []expr.Expr
	for _, v := range a.variables {
		out = append(out, v.Of)
	}
	if a.mark != nil {
		out = append(out, a.mark)
	}
	return out
}

func (a attachment) with(es []expr.Expr) attachment {
	a.variables = slices.Clone(a.variables)
	for i := range a.variables {
		a.variables[i].Of = es[i]
	}
	if a.mark != nil {
		a.mark = es[len(a.variables)]
	}
	return a
}

// join joins an attachment, whose expressions are over a node's columns, to the node.
func (a attachment) join(n plan.Node) *plan.Join {
	j := &plan.Join{Kind: a.kind, Left: n, Right: a.query, Variables: a.variables}
	if a.mark == nil {
		return j
	}
	width := len(n.Schema().Fields)
	mark := expr.Remap(a.mark, func(at int) int {
		if ofSubquery(at) {
			return width + at - subqueryFrom
		}
		return at
	})
	switch {
	case a.kind == plan.MarkJoin || a.kind == plan.AntiJoin && mark.Nullable():
		j.Mark = mark
	default:
		j.Residual = mark
	}
	return j
}

// ofSubquery tells whether an ordinal is that of a column of the subquery.
func ofSubquery(at int) bool { return at >= subqueryFrom && at < attachedFrom }

// attach joins a subquery to the clause's input, and returns its column there.
func (c *clause) attach(a attachment) expr.Column {
	j := a.join(&plan.Values{Out: &plan.Schema{}})
	col := j.Schema().Column(0)
	col.Index = attachedFrom + len(c.attached)
	c.attached = append(c.attached, a)
	return col
}

// attachedExprs returns what all attachments compute, and setAttached puts others in its place.
func (c *clause) attachedExprs() []expr.Expr {
	var out []expr.Expr
	for i := range c.attached {
		out = append(out, c.attached[i].exprs()...)
	}
	return out
}

func (c *clause) setAttached(es []expr.Expr) {
	for i, a := range c.attached {
		n := len(a.exprs())
		c.attached[i], es = a.with(es[:n]), es[n:]
	}
}

// settle joins what was attached to the clause's input and gives its columns in es their ordinals there.
func (c *clause) settle(input plan.Node, es []expr.Expr) (plan.Node, []expr.Expr) {
	if len(c.attached) == 0 {
		return input, es
	}
	width := len(input.Schema().Fields)
	settled := func(e expr.Expr) expr.Expr {
		return expr.Remap(e, func(at int) int {
			if at >= attachedFrom && at < aggregateFrom {
				return at - attachedFrom + width
			}
			return at
		})
	}
	for _, a := range c.attached {
		own := a.exprs()
		for i, e := range own {
			own[i] = settled(e)
		}
		a = a.with(own)
		input = a.join(input)
	}
	c.attached = nil
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = settled(e)
	}
	return input, out
}

// settleOn joins the subqueries of ON. Those of an inner join, whose condition is a filter, stand between the two; of
// an outer join each is joined to the side whose columns alone it reads, which changes nothing but that it has a column
// more. The scope is that of both sides.
func (c *clause) settleOn(n *plan.Join, s *scope, j *ast.Join) (plan.Node, error) {
	if len(c.attached) == 0 {
		return n, nil
	}
	if n.Kind == plan.InnerJoin {
		on := n.Residual
		n.Residual = nil
		out, es := c.settle(n, []expr.Expr{on})
		return &plan.Filter{Input: out, Predicate: es[0]}, nil
	}
	split := len(n.Left.Schema().Fields)
	total := split + len(n.Right.Schema().Fields)
	var left, right []attachment
	places := make([]int, len(c.attached)) // of each column: among its side's
	for i, a := range c.attached {
		ofLeft, ofRight := true, true
		for _, e := range a.exprs() {
			e = expr.Replace(e, func(col expr.Column) expr.Expr {
				if ofSubquery(col.Index) {
					return expr.Literal{}
				}
				return col
			})
			for _, at := range expr.Columns(e) {
				ofLeft, ofRight = ofLeft && at < split, ofRight && at >= split && at < total
			}
		}
		switch {
		case ofRight:
			places[i] = len(right)
			right = append(right, a)
		case ofLeft:
			places[i] = -1 - len(left)
			left = append(left, a)
		default:
			return nil, unsupported("a subquery in ON of an outer join that reads columns of both sides", j)
		}
	}
	return c.joinSides(n, s, left, right, places), nil
}

// joinSides joins attachments to a join's two sides.
func (c *clause) joinSides(n *plan.Join, s *scope, left, right []attachment, places []int) plan.Node {
	split := len(n.Left.Schema().Fields)
	total := split + len(n.Right.Schema().Fields)
	for i := range left {
		n.Left = left[i].join(n.Left)
	}
	for _, a := range right {
		own := a.exprs()
		for i, e := range own {
			own[i] = expr.Remap(e, func(at int) int {
				if ofSubquery(at) {
					return at
				}
				return at - split
			})
		}
		a = a.with(own)
		n.Right = a.join(n.Right)
	}
	moved := func(at int) int {
		switch {
		case at < split:
			return at
		case at < total:
			return at + len(left)
		case places[at-attachedFrom] < 0:
			return split - 1 - places[at-attachedFrom]
		default:
			return total + len(left) + places[at-attachedFrom]
		}
	}
	n.Residual = expr.Remap(n.Residual, moved)
	for i := range s.columns {
		s.columns[i].index = moved(s.columns[i].index)
	}
	c.attached = nil
	return plan.NewJoin(*n)
}
