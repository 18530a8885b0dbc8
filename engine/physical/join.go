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

// join builds a join: its right input is held, its left one streams.
func (b *builder) join(ctx context.Context, n *plan.Join) (exec.Operator, error) {
	kind := exec.JoinKind(n.Kind)
	filter := b.runtimeFilter(n)
	left, err := b.build(ctx, n.Left)
	if err != nil {
		return nil, err
	}
	right, err := b.build(ctx, n.Right)
	if err != nil {
		return nil, err
	}
	n, nullAware := markByKey(n)
	residual, unknown := pairsOf(n)
	if len(n.Keys) == 0 {
		return &exec.LoopJoin{Kind: kind, Probe: left, Build: right, Residual: residual, Unknown: unknown}, nil
	}
	leftWidth, rightWidth := len(left.Schema()), len(right.Schema())
	leftKeys, rightKeys := make([]expr.Expr, len(n.Keys)), make([]expr.Expr, len(n.Keys))
	for i, k := range n.Keys {
		leftKeys[i], rightKeys[i] = k.Left, k.Right
	}
	j := &exec.HashJoin{Kind: kind, NullAware: nullAware}
	j.Probe, j.ProbeKeys = withColumns(left, leftKeys)
	j.Build, j.BuildKeys = withColumns(right, rightKeys)
	more := len(j.Probe.Schema()) - leftWidth
	shift := func(e expr.Expr) expr.Expr {
		if e == nil {
			return nil
		}
		return expr.Remap(e, func(i int) int {
			if i >= leftWidth {
				return i + more
			}
			return i
		})
	}
	j.Residual, j.Unknown = shift(residual), shift(unknown)
	if filter != nil && j.Probe.Schema()[j.ProbeKeys[0]].Physical == vector.Integer &&
		j.Build.Schema()[j.BuildKeys[0]].Physical == vector.Integer {
		j.Filter = filter
	}
	switch kind {
	case exec.SemiJoin, exec.AntiJoin:
		return firstColumns(j, leftWidth), nil
	case exec.MarkJoin:
		return withoutKeys(j, leftWidth, 1), nil
	default:
		return withoutKeys(j, leftWidth, rightWidth), nil
	}
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

// withoutKeys drops the columns that were computed for a join's keys.
func withoutKeys(j *exec.HashJoin, left, right int) exec.Operator {
	schema, start := j.Schema(), len(j.Probe.Schema())
	if len(schema) == left+right {
		return j
	}
	all, labels := columnsOf(schema, len(schema))
	keep := append(append([]expr.Expr(nil), all[:left]...), all[start:start+right]...)
	keepLabels := append(append([]string(nil), labels[:left]...), labels[start:start+right]...)
	return exec.NewProject(j, keep, keepLabels)
}

// runtimeFilter makes a filter for the scan that the only key of a join's left input comes from; nil for none.
func (b *builder) runtimeFilter(n *plan.Join) *catalog.RuntimeFilter {
	if len(n.Keys) != 1 || n.Kind != plan.InnerJoin && n.Kind != plan.SemiJoin ||
		n.Keys[0].Left.Type().Physical() != vector.Integer {
		return nil
	}
	c, ok := n.Keys[0].Left.(expr.Column)
	if !ok {
		return nil
	}
	s, i := origin(n.Left, c.Index)
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
