package bind

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// groupingFrom is the ordinal from which columns stand for calls of GROUPING until lift.
const groupingFrom = aggregateFrom << 1

// groupBy binds GROUP BY: expressions, positions of outputs, names of outputs where no column has the name, and
// grouping sets of these. Several elements are combined: each set of one with each of the next.
func (s *selection) groupBy() error {
	c := &clause{binder: s.binder, name: "GROUP BY", scope: s.scope, with: s.with, aliases: s.outputs()}
	if s.query.GroupByAll {
		return s.groupByAll()
	}
	all, several := [][]int{nil}, false
	for _, g := range s.query.GroupBy {
		sets, err := s.groupingSets(c, g)
		if err != nil {
			return err
		}
		_, is := g.(*ast.GroupingSets)
		several = several || is
		if len(all)*len(sets) > limits.GroupingSets {
			return fail(g, sqlerr.ProgramLimitExceeded, "more than %d grouping sets", limits.GroupingSets)
		}
		all = combined(all, sets)
	}
	if several {
		s.aggregates.sets = all
	}
	if len(c.attached) > 0 {
		return unsupported("a subquery in GROUP BY", s.query.GroupBy[0])
	}
	return nil
}

// combined joins each of some sets with each of others.
func combined(all, others [][]int) [][]int {
	out := make([][]int, 0, len(all)*len(others))
	for _, a := range all {
		for _, b := range others {
			set := append(slices.Clone(a), b...)
			slices.Sort(set)
			out = append(out, slices.Compact(set))
		}
	}
	return out
}

// groupingSets binds an element of GROUP BY and returns its sets, of ordinals of groups: one of a plain expression.
func (s *selection) groupingSets(c *clause, g ast.Expr) ([][]int, error) {
	of, ok := g.(*ast.GroupingSets)
	if !ok {
		i, err := s.group(c, g)
		return [][]int{{i}}, err
	}
	members := make([][]int, len(of.Sets))
	for i, set := range of.Sets {
		for _, e := range set {
			at, err := s.group(c, e)
			if err != nil {
				return nil, err
			}
			members[i] = append(members[i], at)
		}
	}
	switch of.Kind {
	case ast.Rollup:
		sets := make([][]int, 0, len(members)+1)
		for n := len(members); n >= 0; n-- {
			sets = append(sets, slices.Concat(members[:n]...))
		}
		return sets, nil
	case ast.Cube:
		return cube(members, g)
	default:
		return members, nil
	}
}

// cube returns all subsets of members, larger ones of the first members before others.
func cube(members [][]int, place ast.Node) ([][]int, error) {
	if len(members) > 30 || 1<<len(members) > limits.GroupingSets {
		return nil, fail(place, sqlerr.ProgramLimitExceeded, "more than %d grouping sets", limits.GroupingSets)
	}
	sets := make([][]int, 0, 1<<len(members))
	for without := range 1 << len(members) {
		var set []int
		for i, m := range members {
			if without>>(len(members)-1-i)&1 == 0 {
				set = append(set, m...)
			}
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// group binds one expression of GROUP BY and returns its ordinal among the groups.
func (s *selection) group(c *clause, g ast.Expr) (int, error) {
	of, err := s.groupKey(c, g)
	if err != nil {
		return 0, err
	}
	a := s.aggregates
	for i, o := range a.groups {
		if expr.SameExpr(o, of) {
			return i, nil
		}
	}
	a.groups = append(a.groups, of)
	return len(a.groups) - 1, nil
}

// grouping binds GROUPING(a, …): a bit each argument, the last one's lowest, that is set where the row's grouping set
// has not the argument.
func (c *clause) grouping(e *ast.Call) (expr.Expr, error) {
	const most = 62
	switch {
	case c.aggregates == nil || c.aggregates.groups == nil:
		return nil, fail(e, sqlerr.GroupingError, "GROUPING can't stand in %s without GROUP BY", c.name)
	case len(e.Args) == 0 || len(e.Args) > most || e.Star || e.Distinct || e.Filter != nil || len(e.OrderBy) > 0:
		return nil, fail(e, sqlerr.SyntaxError, "GROUPING takes from 1 to %d expressions of GROUP BY", most)
	}
	inner, a := c.input("GROUPING"), c.aggregates
	places := make([]int, len(e.Args))
	for i, arg := range e.Args {
		of, err := inner.expr(arg)
		if err != nil {
			return nil, err
		}
		places[i] = slices.IndexFunc(a.groups, func(g expr.Expr) bool { return expr.SameExpr(g, of) })
		if places[i] < 0 {
			return nil, fail(arg, sqlerr.GroupingError, "%s, an argument of GROUPING, is not in GROUP BY", of)
		}
	}
	if len(a.sets) == 0 {
		return expr.Literal{Value: vector.IntOf(vector.Of(vector.Int64), 0)}, nil
	}
	a.groupings = append(a.groupings, places)
	at := groupingFrom + len(a.groupings) - 1
	return expr.Column{Index: at, Name: "grouping", Of: vector.Of(vector.Int64)}, nil
}

// liftGrouping computes a call of GROUPING from the number of the grouping set.
func (a *aggregation) liftGrouping(call int) expr.Expr {
	big := vector.Of(vector.Int64)
	number := expr.Column{Index: len(a.groups), Name: "grouping set", Of: big}
	masks := make([]int64, len(a.sets))
	for i, set := range a.sets {
		for _, group := range a.groupings[call] {
			masks[i] <<= 1
			if !slices.Contains(set, group) {
				masks[i]++
			}
		}
	}
	value := func(x int64) expr.Expr { return expr.Literal{Value: vector.IntOf(big, x)} }
	out := expr.Case{Else: value(masks[len(masks)-1])}
	for i, mask := range masks[:len(masks)-1] {
		is := expr.Compare{Op: expr.Equal, Left: number, Right: value(int64(i + 1))}
		out.Whens = append(out.Whens, expr.When{If: is, Then: value(mask)})
	}
	if len(out.Whens) == 0 {
		return out.Else
	}
	return out
}

// expanded puts an Expand below the Aggregate, which reads columns alone then: the groups, the number of the set, and
// the arguments. COUNT(*) counts a column that the rows of the input have, and the Expand's own have not.
func (a *aggregation) expanded(input plan.Node) *plan.Aggregate {
	in := input.Schema()
	below := &plan.Project{Input: input, Out: &plan.Schema{}}
	column := func(e expr.Expr) int {
		for i, o := range below.Exprs[len(a.groups):] {
			if expr.SameExpr(o, e) {
				return len(a.groups) + i
			}
		}
		below.Exprs, below.Out.Fields = append(below.Exprs, e), append(below.Out.Fields, fieldOf(e, in))
		return len(below.Exprs) - 1
	}
	for _, g := range a.groups {
		below.Exprs = append(below.Exprs, function.Distinguishable(g))
		below.Out.Fields = append(below.Out.Fields, fieldOf(g, in))
	}
	calls := make([]expr.Aggregate, len(a.calls))
	places := make([][]int, len(a.calls))
	for i, call := range a.distinguishing() {
		if calls[i] = call; call.Kind == expr.CountRows {
			calls[i].Kind, calls[i].Arg = expr.Count, one()
		}
		if len(call.Order) > 0 && !a.grouped() { // the row of a set without columns neither
			orderFirst(&calls[i], one())
		}
		for _, e := range calls[i].Inputs() {
			places[i] = append(places[i], column(e))
		}
	}
	n := plan.NewExpand(below, len(a.groups), a.sets)
	out := &plan.Aggregate{Input: n, Out: &plan.Schema{}}
	width := len(below.Exprs)
	for _, i := range append(identity(len(a.groups)), width) {
		out.Groups, out.Out.Fields = append(out.Groups, n.Out.Column(i)), append(out.Out.Fields, n.Out.Fields[i])
	}
	for i, call := range calls {
		at := places[i]
		call = call.MapInputs(func(expr.Expr) (moved expr.Expr) {
			moved, at = n.Out.Column(at[0]), at[1:]
			return moved
		})
		out.Aggregates = append(out.Aggregates, call)
		out.Out.Fields = append(out.Out.Fields, plan.Field{
			Name: a.calls[i].String(), Type: call.Of, Nullable: call.Nullable(true),
		})
	}
	return out
}

func identity(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
