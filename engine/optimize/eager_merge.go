package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// plans returns what takes the grouping's place, once joinBelow has joined. Partial results need not be put together.
func (e *eagerAggregate) plans(partial bool) []plan.Node {
	switch {
	case e.single:
		return []plan.Node{e.pass()}
	case partial:
		return []plan.Node{e.merge(), e.pass()}
	default:
		return []plan.Node{e.merge()}
	}
}

// joinBelow joins the grouped input, whose groups a node gives, to the other one. The smaller of two that may stand on
// either side stands right.
func (e *eagerAggregate) joinBelow(est *estimator, grouped plan.Node) {
	other, right := e.other(), e.onRight
	if e.join.Kind == plan.InnerJoin {
		right = est.estimateRows(grouped) <= est.estimateRows(other)
	}
	j := plan.Join{Kind: e.join.Kind, Left: grouped, Right: other}
	e.first, e.rest = 0, len(e.below.Out.Fields)
	if right {
		j.Left, j.Right = other, grouped
		e.first, e.rest = len(other.Schema().Fields), 0
	}
	for _, k := range e.join.Keys {
		own, others := e.ends(k)
		own = e.below.Out.Column(e.group(own))
		if right {
			own, others = others, own
		}
		j.Keys = append(j.Keys, plan.JoinKey{Left: own, Right: others})
	}
	if e.join.Residual != nil {
		j.Residual = expr.Remap(e.join.Residual, e.at)
	}
	e.above = plan.NewJoin(j)
}

// at is where a column of the join is now; of the grouped input only those have a place that it groups by.
func (e *eagerAggregate) at(i int) int {
	if !e.own(i) {
		return e.rest + e.otherColumn(i)
	}
	c := e.below.Input.Schema().Column(i - e.lo())
	return e.first + slices.IndexFunc(e.below.Groups, func(g expr.Expr) bool { return expr.SameExpr(g, c) })
}

// column reads a column of below in the join.
func (e *eagerAggregate) column(i int) expr.Expr { return e.above.Schema().Column(e.first + i) }

// groupsAbove are the groups, over the join.
func (e *eagerAggregate) groupsAbove() []expr.Expr {
	out := make([]expr.Expr, len(e.of.Groups))
	for i, g := range e.of.Groups {
		if at := e.groups[i]; at >= 0 {
			out[i] = e.column(at)
		} else {
			out[i] = expr.Remap(g, e.at)
		}
	}
	return out
}

// rows is how many rows a row of the join stands for: one where a left join found nothing.
func (e *eagerAggregate) rows(c eagerCall) expr.Expr { return orInteger(e.column(c.value), 1) }

// orInteger is a value, or another one where it is NULL.
func orInteger(of expr.Expr, otherwise int64) expr.Expr {
	if !of.Nullable() {
		return of
	}
	l := expr.Literal{Value: vector.IntOf(of.Type(), otherwise)}
	return expr.Case{Whens: []expr.When{{If: expr.IsNull{Of: of}, Then: l}}, Else: of}
}

// merge groups the join and puts the partial results together.
func (e *eagerAggregate) merge() plan.Node {
	a := &plan.Aggregate{Input: e.above, Groups: e.groupsAbove(), Out: &plan.Schema{}}
	a.Out.Fields = slices.Clone(e.of.Out.Fields)
	counts := false
	for i, call := range e.of.Aggregates {
		c := e.calls[i]
		switch {
		case c.value < 0:
			call.Arg = expr.Remap(call.Arg, e.at)
		case call.Kind == expr.CountRows:
			call = expr.Aggregate{Kind: expr.Sum, Arg: e.rows(c), Of: call.Of}
		case call.Kind == expr.Count:
			call = expr.Aggregate{Kind: expr.Sum, Arg: e.column(c.value), Of: call.Of}
		case call.Kind == expr.Avg:
			call.Arg, call.More = e.column(c.value), []expr.Expr{orInteger(e.column(c.count), 0)}
		default:
			call.Arg, call.Distinct = e.column(c.value), false
		}
		field := &a.Out.Fields[len(a.Groups)+i]
		if field.Nullable = call.Nullable(len(a.Groups) > 0); e.of.Aggregates[i].Kind.Counts() && field.Nullable {
			counts = true
		}
		a.Aggregates = append(a.Aggregates, call)
	}
	if !counts {
		a.Out = e.of.Out
		return a
	}
	final := &plan.Project{Input: a, Exprs: columnsFrom(a.Out, 0, len(a.Out.Fields)), Out: e.of.Out}
	for i, call := range e.of.Aggregates {
		if at := len(a.Groups) + i; call.Kind.Counts() {
			final.Exprs[at] = orInteger(final.Exprs[at], 0)
		}
	}
	return final
}

// pass gives the partial results of each row of the join as those of its group.
func (e *eagerAggregate) pass() plan.Node {
	p := &plan.Project{Input: e.above, Exprs: e.groupsAbove(), Out: e.of.Out}
	for i, call := range e.of.Aggregates {
		c := e.calls[i]
		var value expr.Expr
		switch {
		case c.value < 0:
			value = expr.Remap(call.Arg, e.at)
		case call.Kind == expr.CountRows:
			value = e.rows(c)
		case call.Kind == expr.Count:
			value = orInteger(e.column(c.value), 0)
		default:
			if value = e.column(c.value); !value.Type().Equal(call.Of) {
				value = expr.Cast{Of: value, To: call.Of}
			}
		}
		p.Exprs = append(p.Exprs, value)
	}
	return p
}
