package physical

import (
	"context"
	"slices"

	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// partials are the calls of an aggregation whose results another one puts together.
type partials struct {
	in    exec.Schema
	inner []exec.AggregateCall
}

// splits tells whether partial results of an aggregate give the whole.
func splits(k expr.AggregateKind) bool {
	switch k {
	case expr.CountRows, expr.Count, expr.Sum, expr.Avg, expr.Min, expr.Max, expr.Product, expr.BitAnd, expr.BitOr,
		expr.BitXor, expr.AnyValue, expr.First, expr.Last:
		return true
	default:
		return false
	}
}

// split adds the inner calls of a call and returns the outer one.
func (p *partials) split(c exec.AggregateCall) outerCall {
	o, inner := outerCall{AggregateCall: c, distinct: -1}, c
	switch c.Kind {
	case exec.CountRows, exec.Count:
		o.Kind = exec.SumCounts
	case exec.Sum:
		inner.Of = p.sumType(c.Arg)
	case exec.Average:
		o.Kind = exec.AverageOf
		inner.Kind, inner.Of = exec.Sum, p.sumType(c.Arg)
		o.weight = p.call(exec.AggregateCall{Kind: exec.Count, Arg: c.Arg, Name: "count", Of: vector.Of(vector.Int64)})
	default:
	}
	o.value = p.call(inner)
	return o
}

// call adds an inner call, one of equal ones.
func (p *partials) call(c exec.AggregateCall) int {
	for i, o := range p.inner {
		if o.Kind == c.Kind && o.Arg == c.Arg && o.Of.Equal(c.Of) {
			return i
		}
	}
	p.inner = append(p.inner, c)
	return len(p.inner) - 1
}

// sumType is wide enough for part of a sum, whatever the whole may be.
func (p *partials) sumType(column int) vector.Type {
	t := p.in[column].Type
	if t.Physical() == vector.Float {
		return vector.Of(vector.Float64)
	}
	return vector.DecimalType(vector.MaxDecimalDigits, int(t.Scale))
}

// expand builds the repetition of rows for grouping sets.
func (b *builder) expand(ctx context.Context, n *plan.Expand) (exec.Operator, error) {
	in, err := b.build(ctx, n.Input)
	if err != nil {
		return nil, err
	}
	return expandSets(in, n, len(n.Input.Schema().Fields)), nil
}

// expandSets repeats rows of so many columns, the first of which are the groups.
func expandSets(in exec.Operator, n *plan.Expand, width int) exec.Operator {
	sets := make([][]int, len(n.Sets))
	var totals []int
	for s, has := range n.Sets {
		for c := range width {
			sets[s] = append(sets[s], pick(c >= n.Groups || slices.Contains(has, c), c))
		}
		sets[s] = append(sets[s], exec.SetNumber)
		if len(has) == 0 {
			totals = append(totals, s)
		}
	}
	return exec.NewExpand(in, sets, totals...)
}

// rollup builds an aggregation over grouping sets in two steps, where partial results give the whole: the rows are
// grouped by all groups first, and what that gives is repeated for the sets. Nil where that can't be.
func (b *builder) rollup(ctx context.Context, n *plan.Aggregate) (exec.Operator, error) {
	sets, ok := n.Input.(*plan.Expand)
	whole := func(a expr.Aggregate) bool { return isDistinct(a) || a.Sequence() || !splits(a.Kind) }
	if !ok || len(sets.Sets) < 2 || !groupsBy(n, sets) || slices.ContainsFunc(n.Aggregates, whole) {
		return nil, nil //nolint:nilnil // there is none
	}
	for _, a := range n.Aggregates {
		if _, ok := a.Arg.(expr.Column); !ok {
			return nil, nil //nolint:nilnil // there is none
		}
	}
	in, err := b.build(ctx, sets.Input)
	if err != nil {
		return nil, err
	}
	p := &partials{in: in.Schema()}
	outer := make([]outerCall, len(n.Aggregates))
	for i, a := range n.Aggregates {
		call := exec.AggregateCall{Kind: a.Kind, Name: n.Out.Fields[len(n.Groups)+i].Name, Of: a.Of}
		call.Arg = expr.Columns(a.Arg)[0]
		outer[i] = p.split(call)
	}
	width := sets.Groups + len(p.inner)
	keys := make([]int, sets.Groups+1)
	for i := range sets.Groups {
		keys[i] = i
	}
	keys[sets.Groups] = width
	inner := exec.NewAggregate(in, keys[:sets.Groups], p.inner)
	calls := make([]exec.AggregateCall, len(outer))
	for i, o := range outer {
		calls[i] = o.AggregateCall
		calls[i].Arg, calls[i].Weight = sets.Groups+o.value, sets.Groups+o.weight
	}
	return exec.NewAggregate(expandSets(inner, sets, width), keys, calls), nil
}

// groupsBy tells whether an aggregation groups by an Expand's groups and its number, in their order.
func groupsBy(n *plan.Aggregate, sets *plan.Expand) bool {
	if len(n.Groups) != sets.Groups+1 {
		return false
	}
	for i, g := range n.Groups {
		if i == sets.Groups {
			i = len(sets.Out.Fields) - 1
		}
		if c, ok := g.(expr.Column); !ok || c.Index != i {
			return false
		}
	}
	return true
}
