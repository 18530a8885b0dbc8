package physical

import (
	"context"
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// join builds a join: it holds the one input and streams the other.
func (b *builder) join(ctx context.Context, n *plan.Join) (exec.Operator, error) {
	filters := b.runtimeFilters(n)
	left, err := b.build(ctx, n.Left)
	if err != nil {
		return nil, err
	}
	right, err := b.build(ctx, n.Right)
	if err != nil {
		return nil, err
	}
	if n.HoldLeft {
		return holdLeft(n, left, right, filters), nil
	}
	kind := exec.JoinKind(n.Kind)
	n, nullAware := markByKey(n)
	residual, unknown := pairsOf(n)
	if len(n.Keys) == 0 {
		return &exec.LoopJoin{Kind: kind, Probe: left, Build: right, Residual: residual, Unknown: unknown}, nil
	}
	leftKeys, rightKeys := keysOf(n)
	leftWidth, rightWidth := len(left.Schema()), len(right.Schema())
	j := hashJoin(kind, side{left, leftKeys}, side{right, rightKeys}, filters)
	j.NullAware = nullAware
	more := len(j.Probe.Schema()) - leftWidth
	shift := func(i int) int {
		if i >= leftWidth {
			return i + more
		}
		return i
	}
	j.Residual, j.Unknown = remapped(residual, shift), remapped(unknown, shift)
	switch kind {
	case exec.SemiJoin, exec.AntiJoin:
		return firstColumns(j, leftWidth), nil
	case exec.MarkJoin:
		return withoutKeys(j, span{0, leftWidth}, span{len(j.Probe.Schema()), 1}), nil
	default:
		return withoutKeys(j, span{0, leftWidth}, span{len(j.Probe.Schema()), rightWidth}), nil
	}
}

// holdLeft makes the join whose left input is the build side.
func holdLeft(n *plan.Join, left, right exec.Operator, filters []*catalog.RuntimeFilter) exec.Operator {
	kind := map[plan.JoinKind]exec.JoinKind{
		plan.LeftJoin: exec.BuildLeftJoin, plan.SemiJoin: exec.BuildSemiJoin, plan.AntiJoin: exec.BuildAntiJoin,
	}[n.Kind]
	leftKeys, rightKeys := keysOf(n)
	leftWidth, rightWidth := len(left.Schema()), len(right.Schema())
	j := hashJoin(kind, side{right, rightKeys}, side{left, leftKeys}, filters)
	held := len(j.Probe.Schema())
	j.Residual = remapped(n.Residual, func(i int) int {
		if i < leftWidth {
			return held + i
		}
		return i - leftWidth
	})
	if kind == exec.BuildLeftJoin {
		return withoutKeys(j, span{held, leftWidth}, span{0, rightWidth})
	}
	return firstColumns(j, leftWidth)
}

// side is an input of a join with its keys.
type side struct {
	in   exec.Operator
	keys []expr.Expr
}

func keysOf(n *plan.Join) (left, right []expr.Expr) {
	for _, k := range n.Keys {
		left, right = append(left, k.Left), append(right, k.Right)
	}
	return left, right
}

func hashJoin(kind exec.JoinKind, probe, build side, filters []*catalog.RuntimeFilter) *exec.HashJoin {
	j := &exec.HashJoin{Kind: kind}
	j.Probe, j.ProbeKeys = withColumns(probe.in, probe.keys)
	j.Build, j.BuildKeys = withColumns(build.in, build.keys)
	j.Filters = filters
	for i := range filters {
		probed, built := j.Probe.Schema()[j.ProbeKeys[i]], j.Build.Schema()[j.BuildKeys[i]]
		if probed.Physical != vector.Integer || built.Physical != vector.Integer {
			j.Filters[i] = nil
		}
	}
	return j
}

// remapped moves the columns of an expression, which may be nil.
func remapped(e expr.Expr, to func(int) int) expr.Expr {
	if e == nil {
		return nil
	}
	return expr.Remap(e, to)
}

// markByKey makes a key of an equality that a join marks by: as good as one of its keys where neither side may be NULL,
// and of a join without other conditions also where one may, if the join knows of NULLs.
func markByKey(n *plan.Join) (joined *plan.Join, nullAware bool) {
	equal, ok := n.Mark.(expr.Compare)
	alone := len(n.Keys) == 0 && n.Residual == nil
	if !ok || equal.Op != expr.Equal || equal.Nullable() && !alone {
		return n, false
	}
	k, ok := plan.KeyOf(equal, len(n.Left.Schema().Fields), len(plan.BothSides(n).Fields))
	if !ok {
		return n, false
	}
	c := *n
	c.Keys, c.Mark = append(slices.Clip(n.Keys), k), nil
	return &c, equal.Nullable()
}

// pairsOf returns which pairs with equal keys match, and of which that is unknown; nil for all and for none.
func pairsOf(n *plan.Join) (match, unknown expr.Expr) {
	if n.Mark == nil {
		return n.Residual, nil
	}
	if n.Mark.Nullable() {
		unknown = expr.Conjunction(append(expr.Conjuncts(n.Residual), expr.IsNull{Of: n.Mark}))
	}
	return expr.Conjunction(append(expr.Conjuncts(n.Residual), n.Mark)), unknown
}

// span is a run of columns.
type span struct{ first, n int }

// withoutKeys gives runs of columns of a join, without those that were computed for its keys.
func withoutKeys(j *exec.HashJoin, runs ...span) exec.Operator {
	schema := j.Schema()
	all, labels := columnsOf(schema, len(schema))
	var keep []expr.Expr
	var keepLabels []string
	moved := false
	for _, r := range runs {
		moved = moved || r.first != len(keep)
		keep = append(keep, all[r.first:r.first+r.n]...)
		keepLabels = append(keepLabels, labels[r.first:r.first+r.n]...)
	}
	if !moved && len(keep) == len(all) {
		return j
	}
	return exec.NewProject(j, keep, keepLabels)
}

// runtimeFilters makes a filter for each scan that a key of a join's streamed input comes from; nil for other keys.
func (b *builder) runtimeFilters(n *plan.Join) []*catalog.RuntimeFilter {
	if n.Kind != plan.InnerJoin && n.Kind != plan.SemiJoin && !n.HoldLeft {
		return nil
	}
	filters := make([]*catalog.RuntimeFilter, len(n.Keys))
	for i, k := range n.Keys {
		streams, key := n.Left, k.Left
		if n.HoldLeft {
			streams, key = n.Right, k.Right
		}
		filters[i] = b.runtimeFilter(streams, key)
	}
	return filters
}

// runtimeFilter makes a filter for the scan that a join's key comes from; nil for none.
func (b *builder) runtimeFilter(streams plan.Node, key expr.Expr) *catalog.RuntimeFilter {
	c, ok := key.(expr.Column)
	if !ok || key.Type().Physical() != vector.Integer {
		return nil
	}
	s, i := origin(streams, c.Index)
	if s == nil || b.uses[s] != 1 || i >= len(s.Columns) {
		return nil
	}
	f := &catalog.RuntimeFilter{Column: s.Table.Columns[s.Columns[i]].ID}
	b.filters[s] = append(b.filters[s], f)
	return f
}

// origin follows a column of a node's output down to a scan whose rows may be left out by it: a row that is left
// out there changes no other row of the output. It returns nil where there is none.
func origin(n plan.Node, column int) (*plan.Scan, int) {
	for {
		switch x := n.(type) {
		case *plan.Scan:
			return x, column
		case *plan.Filter:
			n = x.Input
		case *plan.Sort:
			n = x.Input
		case *plan.Project:
			c, ok := x.Exprs[column].(expr.Column)
			if !ok {
				return nil, 0
			}
			n, column = x.Input, c.Index
		case *plan.Aggregate:
			if column >= len(x.Groups) {
				return nil, 0
			}
			c, ok := x.Groups[column].(expr.Column)
			if !ok {
				return nil, 0
			}
			n, column = x.Input, c.Index
		case *plan.Join:
			left := len(x.Left.Schema().Fields)
			switch {
			case x.Kind == plan.FullJoin:
				return nil, 0
			case column < left:
				n = x.Left
			case x.Kind == plan.InnerJoin:
				n, column = x.Right, column-left
			default:
				return nil, 0
			}
		default:
			return nil, 0
		}
	}
}
