package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// unnest removes dependent joins, the innermost first, as Neumann and Kemper do (Unnesting Arbitrary Queries, BTW
// 2015). Where the right input reads outer columns in filters alone that can be decided later, they are pulled up to
// the join, equalities also through groupings, which then group by them (pull). Else the right input is computed for
// all values that the left rows have for the outer columns, the domain, which is pushed down to where they are read
// (push), and joined back by them. What neither can do is 0A000.
func unnest(n plan.Node) (plan.Node, error) {
	return plan.Transform(n, func(n plan.Node) (plan.Node, error) {
		j, ok := n.(*plan.Join)
		if !ok || len(j.Variables) == 0 {
			return n, nil
		}
		return unnestJoin(j)
	})
}

func unnestJoin(j *plan.Join) (plan.Node, error) {
	d := newDependent(j)
	if len(d.join.Variables) == 0 {
		return d.join, nil
	}
	if out, ok := d.scalar(); ok {
		return out, nil
	}
	if p, ok := d.pull(d.join.Right); ok {
		return d.joinPulled(p), nil
	}
	return d.joinDomain()
}

// dependent is a dependent join that is to become another.
type dependent struct {
	join  *plan.Join
	split int // columns of the left input
	of    map[int]expr.Expr
}

// newDependent leaves out the variables that the right input does not read, and what does not matter for whether it has
// a row where that is all that is asked.
func newDependent(j *plan.Join) *dependent {
	c := *j
	d := &dependent{join: &c, split: len(j.Left.Schema().Fields), of: map[int]expr.Expr{}}
	if !j.Kind.Pairs() && j.Residual == nil && j.Mark == nil {
		c.Right = anyRow(j.Right)
	}
	if j.Kind == plan.LeftJoin || j.Kind == plan.SingleJoin {
		c.Right = firstRow(c.Right)
	}
	for _, v := range j.Variables {
		d.of[v.Number] = v.Of
	}
	read := map[int]bool{}
	plan.Walk(c.Right, func(n plan.Node) {
		for _, e := range plan.Exprs(n) {
			d.walk(e, func(v expr.Outer) { read[v.Variable] = true })
		}
	})
	c.Variables = slices.DeleteFunc(slices.Clone(j.Variables), func(v plan.Variable) bool { return !read[v.Number] })
	if len(c.Variables) == 0 {
		c.Variables = nil
	}
	return d
}

// anyRow returns a node that has a row where n has one, but perhaps other columns.
func anyRow(n plan.Node) plan.Node {
	for {
		switch x := n.(type) {
		case *plan.Project:
			n = x.Input
		case *plan.Window:
			n = x.Input
		case *plan.Sort:
			n = x.Input
		case *plan.Limit:
			if x.Count == 0 || x.CountFrom != nil || x.Offset != 0 || x.OffsetFrom != nil {
				return n
			}
			n = x.Input
		case *plan.Aggregate:
			if len(x.Groups) == 0 {
				return n
			}
			n = x.Input
		default:
			return n
		}
	}
}

// walk calls f for the join's own variables in an expression; those of joins around it are constants here.
func (d *dependent) walk(e expr.Expr, f func(expr.Outer)) {
	expr.Walk(e, func(e expr.Expr) bool {
		if v, ok := e.(expr.Outer); ok && d.of[v.Variable] != nil {
			f(v)
		}
		return true
	})
}

// has tells whether an expression reads a variable of the join.
func (d *dependent) has(es ...expr.Expr) bool {
	found := false
	for _, e := range es {
		if e != nil {
			d.walk(e, func(expr.Outer) { found = true })
		}
	}
	return found
}

// reads tells whether a node, or one below it, reads a variable of the join.
func (d *dependent) reads(n plan.Node) bool {
	found := false
	plan.Walk(n, func(n plan.Node) { found = found || d.has(plan.Exprs(n)...) })
	return found
}

// replace puts expressions in the place of the join's variables.
func (d *dependent) replace(e expr.Expr, with func(variable int) expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if v, ok := e.(expr.Outer); ok && d.of[v.Variable] != nil {
			return with(v.Variable)
		}
		return e
	})
}

// left returns what the left row has for a variable.
func (d *dependent) left(variable int) expr.Expr { return d.of[variable] }

// unsupported is 0A000 at the place where a variable is named first.
func (d *dependent) unsupported(what string) error { return d.at(sqlerr.NotSupported(what)) }

// tooLarge is 54000 at that place.
func (d *dependent) tooLarge() error {
	return d.at(sqlerr.New(sqlerr.ProgramLimitExceeded, "the plan of the statement's subqueries has more than %d parts",
		nodesMax))
}

func (d *dependent) at(err *sqlerr.Error) error {
	for _, v := range d.join.Variables {
		if v.Place != nil {
			return err.At(*v.Place)
		}
	}
	return err
}

// conjunctions joins conditions, any of which may be nil.
func conjunctions(es ...expr.Expr) expr.Expr {
	var all []expr.Expr
	for _, e := range es {
		all = append(all, expr.Conjuncts(e)...)
	}
	return expr.Conjunction(all)
}

// columnsFrom returns expressions that read n columns of a schema from one on.
func columnsFrom(s *plan.Schema, from, n int) []expr.Expr {
	out := make([]expr.Expr, n)
	for i := range out {
		out[i] = s.Column(from + i)
	}
	return out
}

// projectColumns gives some columns of a node, in an order of its own.
func projectColumns(n plan.Node, columns []int) plan.Node {
	s := n.Schema()
	p := &plan.Project{Input: n, Out: &plan.Schema{}}
	same := len(columns) == len(s.Fields)
	for i, c := range columns {
		same = same && i == c
		p.Exprs, p.Out.Fields = append(p.Exprs, s.Column(c)), append(p.Out.Fields, s.Fields[c])
	}
	if same {
		return n
	}
	return p
}

// columnRange numbers columns from lo and below hi.
func columnRange(lo, hi int) []int {
	out := make([]int, 0, max(hi-lo, 0))
	for i := lo; i < hi; i++ {
		out = append(out, i)
	}
	return out
}
