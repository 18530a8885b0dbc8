package bind

import (
	"strconv"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// orderKey is one key of ORDER BY: an output by its ordinal, or an expression (output is then -1).
type orderKey struct {
	expr.SortKey

	output int
	place  ast.Node
}

// orderKeys binds ORDER BY over outputs of these names: a position, an output's name, or an expression.
func (c *clause) orderKeys(t *ast.Tail, names []string) ([]orderKey, error) {
	var keys []orderKey
	if all := t.OrderByAll; all != nil {
		for i := range names {
			keys = append(keys, orderKey{SortKey: direction(*all), output: i, place: *all})
		}
		return keys, nil
	}
	for _, o := range t.OrderBy {
		k := orderKey{SortKey: direction(o), output: -1, place: o.Of}
		var err error
		if k.output, err = outputOf(o.Of, names); err != nil {
			return nil, err
		}
		if k.output < 0 {
			if k.Of, err = c.expr(o.Of); err != nil {
				return nil, err
			}
			if k.Of, err = c.known(k.Of, o.Of); err != nil {
				return nil, err
			}
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// direction reads ASC, DESC and NULLS FIRST; NULLs are last in both directions where nothing is said.
func direction(o ast.OrderItem) expr.SortKey {
	return expr.SortKey{Descending: o.Descending, NullsFirst: o.Nulls == ast.NullsFirst}
}

// outputOf returns the output that a key names by position or name, -1 when it is an expression. Of several outputs
// with one name the first counts.
func outputOf(e ast.Expr, names []string) (int, error) {
	switch e := e.(type) {
	case *ast.Literal:
		if e.Kind == ast.IntegerLiteral {
			return position(e, len(names), "ORDER BY")
		}
	case *ast.Column:
		for i, n := range names {
			if len(e.Parts) == 1 && catalog.FoldName(n) == catalog.FoldName(e.Parts[0].Text) {
				return i, nil
			}
		}
	}
	return -1, nil
}

// position reads the position of an output, from 1.
func position(l *ast.Literal, count int, clauseName string) (int, error) {
	i, err := strconv.Atoi(l.Text)
	if err != nil || i < 1 || i > count {
		return 0, fail(l, sqlerr.UndefinedColumn, "%s position %s is not among the %d outputs",
			clauseName, l.Text, count)
	}
	return i - 1, nil
}

// node puts the bound clauses together: [Aggregate, HAVING,] Project, [DISTINCT, Sort, Limit,] and where ORDER BY
// needs what SELECT does not give, a Project that drops it again.
func (s *selection) node() (plan.Node, error) {
	n, err := s.grouped()
	if err != nil {
		return nil, err
	}
	n = s.unnested(n)
	width := len(s.items)
	project := &plan.Project{Input: n, Out: &plan.Schema{}}
	in := n.Schema()
	for _, it := range s.items {
		f := fieldOf(it.expr, in)
		f.Name = it.name
		project.Exprs, project.Out.Fields = append(project.Exprs, it.expr), append(project.Out.Fields, f)
	}
	sort := &plan.Sort{}
	for _, k := range s.keys {
		i := k.output
		for j := 0; i < 0 && j < len(project.Exprs); j++ {
			if expr.SameExpr(project.Exprs[j], k.Of) {
				i = j
			}
		}
		if i < 0 {
			if s.query.Distinct && len(s.query.DistinctOn) == 0 {
				return nil, fail(k.place, sqlerr.GroupingError, "with DISTINCT, ORDER BY can only name outputs")
			}
			i = len(project.Exprs)
			project.Exprs = append(project.Exprs, k.Of)
			project.Out.Fields = append(project.Out.Fields, fieldOf(k.Of, in))
		}
		k.Of = function.Orderable(project.Out.Column(i))
		sort.Keys = append(sort.Keys, k.SortKey)
	}
	n = project
	if on := len(s.query.DistinctOn); on > 0 {
		n = firstOfEach(project, sort.Keys[:on], sort.Keys[on:])
		sort.Keys = sort.Keys[on:]
	} else if s.query.Distinct {
		n = distinct(n)
	}
	if len(sort.Keys) > 0 {
		sort.Input = n
		n = sort
	}
	if n, err = s.limit(n, &s.query.Tail); err != nil {
		return nil, err
	}
	if len(project.Exprs) == width {
		return n, nil
	}
	from := n.Schema() // DISTINCT ON may have made columns nullable
	visible := &plan.Project{Input: n, Out: &plan.Schema{Fields: from.Fields[:width]}}
	for i := range width {
		visible.Exprs = append(visible.Exprs, from.Column(i))
	}
	return visible, nil
}

// grouped puts the Aggregate, if there is something to group by or to aggregate, HAVING, the window functions and
// QUALIFY above the input, and leaves items and keys as expressions over the result.
func (s *selection) grouped() (plan.Node, error) {
	a := s.aggregates
	aggregated := len(a.groups)+len(a.calls) > 0 || s.query.Having != nil
	var all []expr.Expr
	for _, it := range s.items {
		all = append(all, it.expr)
	}
	for _, k := range s.keys {
		if k.output < 0 {
			all = append(all, k.Of)
		}
	}
	all = append(all, s.qualify...)
	outputs := len(all)
	all = append(all, s.windows.exprs()...)
	windows := len(all)
	all = append(all, s.having.all()...)
	having := len(all)
	all = append(all, s.attachedExprs()...)
	if windowed(all[outputs:]) {
		return nil, unsupported("a subquery that is compared with a window function", s.query)
	}
	n := s.input
	if aggregated {
		n = a.settle(n)
		for i, e := range all {
			var err error
			if all[i], err = a.lift(e, s.places); err != nil {
				return nil, err
			}
		}
		n = a.node(n)
	}
	s.setAttached(all[having:])
	n, all = s.settle(n, all[:having])
	n = apply(n, s.having.with(all[windows:]))
	n, all = s.windows.node(n, all[:outputs], all[outputs:windows])
	if len(s.qualify) > 0 {
		n = &plan.Filter{Input: n, Predicate: expr.Conjunction(all[outputs-len(s.qualify):])}
	}
	for i := range s.items {
		s.items[i].expr = all[i]
	}
	next := len(s.items)
	for i := range s.keys {
		if s.keys[i].output < 0 {
			s.keys[i].Of = all[next]
			next++
		}
	}
	return n, nil
}
