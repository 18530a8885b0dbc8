package bind

import (
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// join binds a join. A RIGHT join is a LEFT one whose sides change their places in the plan, not in the scope.
func (b *binder) join(j *ast.Join, qc queryContext) (plan.Node, *scope, error) {
	left, ls, err := b.tableRef(j.Left, qc)
	if err != nil {
		return nil, nil, err
	}
	member, err := b.joined(ls, j, qc)
	if err != nil {
		return nil, nil, err
	}
	if j.AsOf {
		return b.asOfJoin(j, left, ls, member, qc)
	}
	right, rs := member.node, member.scope
	n := &plan.Join{Kind: plan.InnerJoin, Left: left, Right: right, Variables: member.variables}
	switch j.Kind {
	case ast.LeftJoin, ast.RightJoin:
		n.Kind = plan.LeftJoin
	case ast.FullJoin:
		n.Kind = plan.FullJoin
	case ast.SemiJoin:
		n.Kind = plan.SemiJoin
	case ast.AntiJoin:
		n.Kind = plan.AntiJoin
	case ast.InnerJoin, ast.CrossJoin:
	}
	var s *scope
	if j.Kind == ast.RightJoin {
		n.Left, n.Right = right, left
		s = sideBySide(ls, rs, 0, len(right.Schema().Fields))
	} else {
		s = sideBySide(ls, rs, len(left.Schema().Fields), 0)
	}
	n = plan.NewJoin(*n)
	c := &clause{binder: b, name: "JOIN … ON", scope: s, with: qc.with}
	var using []usingColumn
	if n.Residual, using, err = c.joinCondition(j, len(ls.columns)); err != nil {
		return nil, nil, err
	}
	if !n.Kind.Pairs() {
		return c.settleSemi(n, s, len(ls.columns))
	}
	fields := n.Schema().Fields
	for i := range s.columns {
		s.columns[i].Nullable = fields[s.columns[i].index].Nullable
	}
	if len(c.attached) > 0 {
		out, err := c.settleOn(n, s, j)
		return out, s, err
	}
	if j.Kind == ast.FullJoin {
		merged, ms := mergeFull(n, s, using)
		return merged, ms, nil
	}
	return n, s, nil
}

// settleSemi ends the binding of SEMI and ANTI JOIN, of which the left columns alone are seen.
func (c *clause) settleSemi(n *plan.Join, s *scope, left int) (plan.Node, *scope, error) {
	if len(c.attached) > 0 {
		return nil, nil, sqlerr.NotSupported("a subquery in ON of SEMI and ANTI JOIN")
	}
	return n, &scope{columns: s.columns[:left], outer: s.outer}, nil
}

// joined binds the right side of a join. Of a RIGHT or FULL one, which has rows without a left row, it can't read
// that.
func (b *binder) joined(left *scope, j *ast.Join, qc queryContext) (member, error) {
	if j.Kind == ast.RightJoin || j.Kind == ast.FullJoin {
		n, s, err := b.tableRef(j.Right, qc)
		return member{node: n, scope: s}, err
	}
	return b.beside(left, j.Right, qc)
}

// usingColumn is a column of USING: those of both sides, and their comparison, which is over one type.
type usingColumn struct {
	left, right *column
	equal       expr.Compare
}

// joinCondition is what ON, USING or NATURAL says; nil: nothing. The first split columns of the scope are the left's.
func (c *clause) joinCondition(j *ast.Join, split int) (expr.Expr, []usingColumn, error) {
	if j.On != nil {
		e, err := c.expr(j.On)
		if err != nil {
			return nil, nil, err
		}
		e, err = c.condition(e, "ON", j.On)
		return e, nil, err
	}
	names := j.Using
	if j.Natural {
		names = c.scope.common(split, j)
	}
	if len(names) == 0 && j.Kind != ast.CrossJoin && j.Kind != ast.InnerJoin && !j.Natural {
		return nil, nil, fail(j, sqlerr.SyntaxError, "an outer join wants ON or USING")
	}
	var all []expr.Expr
	var using []usingColumn
	for _, name := range names {
		u, err := c.usingColumn(name, split)
		if err != nil {
			return nil, nil, err
		}
		if j.Kind == ast.RightJoin || j.Kind == ast.FullJoin {
			u.left.merged = true
		}
		if j.Kind != ast.RightJoin {
			u.right.merged = true
		}
		all, using = append(all, u.equal), append(using, u)
	}
	return expr.Conjunction(all), using, nil
}

func (c *clause) usingColumn(name ast.Name, split int) (usingColumn, error) {
	left := &scope{columns: c.scope.columns[:split], outer: c.scope.outer}
	right := &scope{columns: c.scope.columns[split:], outer: c.scope.outer}
	named := &ast.Column{At: name.At, Parts: []ast.Name{name}}
	l, err := left.find(named)
	if err != nil {
		return usingColumn{}, err
	}
	r, err := right.find(named)
	if err != nil {
		return usingColumn{}, err
	}
	switch {
	case l == nil:
		return usingColumn{}, left.unknown(named)
	case r == nil:
		return usingColumn{}, right.unknown(named)
	}
	e, err := c.compareAt(expr.Equal, l.expr(), r.expr(), [3]ast.Node{name, name, name})
	if err != nil {
		return usingColumn{}, err
	}
	equal, ok := e.(expr.Compare)
	if !ok {
		return usingColumn{}, fail(name, sqlerr.InternalError, "%s is no comparison", e)
	}
	return usingColumn{left: l, right: r, equal: equal}, nil
}

// mergeFull gives each column of USING in a full join the value that either side has, in a column of its own, which
// stands in the scope before the left's.
func mergeFull(n plan.Node, s *scope, using []usingColumn) (plan.Node, *scope) {
	if len(using) == 0 {
		return n, s
	}
	in := n.Schema()
	p := &plan.Project{Input: n, Out: &plan.Schema{Fields: slices.Clone(in.Fields)}}
	for i := range in.Fields {
		p.Exprs = append(p.Exprs, in.Column(i))
	}
	var columns []column
	padded := func(e expr.Expr) expr.Expr {
		return expr.Replace(e, func(c expr.Column) expr.Expr { return in.Column(c.Index) })
	}
	for i := range s.columns {
		c := &s.columns[i]
		for _, u := range using {
			if u.left != c {
				continue
			}
			l, r := padded(u.equal.Left), padded(u.equal.Right)
			f := plan.Field{Name: c.Name, Type: l.Type(), Nullable: true}
			columns = append(columns, column{Field: f, index: len(p.Exprs)})
			p.Exprs = append(p.Exprs, expr.Case{
				Whens: []expr.When{{If: expr.Not{Of: expr.IsNull{Of: l}}, Then: l}}, Else: r,
			})
			p.Out.Fields = append(p.Out.Fields, f)
		}
		columns = append(columns, *c)
	}
	return p, &scope{columns: columns, outer: s.outer}
}

// common returns the names that columns of both sides have, in the left's order.
func (s *scope) common(split int, j *ast.Join) []ast.Name {
	var names []ast.Name
	for _, l := range s.columns[:split] {
		if l.merged {
			continue
		}
		if slices.ContainsFunc(s.columns[split:], func(r column) bool {
			return !r.merged && catalog.FoldName(r.Name) == catalog.FoldName(l.Name)
		}) {
			names = append(names, ast.Name{At: j.At, Text: l.Name})
		}
	}
	return names
}
