package physical

import (
	"context"
	"slices"

	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// asOfJoin builds an as-of join. Rows that can't match or be matched, for a NULL among their keys, don't come to it,
// but left ones that are to be padded.
func (b *builder) asOfJoin(ctx context.Context, n *plan.AsOfJoin) (exec.Operator, error) {
	left, err := b.build(ctx, n.Left)
	if err != nil {
		return nil, err
	}
	right, err := b.build(ctx, n.Right)
	if err != nil {
		return nil, err
	}
	j := exec.AsOfJoin{Kind: exec.InnerJoin, Op: n.Op, LeftWidth: len(left.Schema()), RightWidth: len(right.Schema())}
	leftKeys, rightKeys := keysOf(&plan.Join{Keys: append(slices.Clip(n.Keys), n.By)})
	if n.Kind == plan.LeftJoin {
		j.Kind = exec.LeftJoin
	} else {
		left = withoutNulls(left, leftKeys)
	}
	j.Left, j.LeftKeys = withColumns(left, leftKeys)
	j.Right, j.RightKeys = withColumns(withoutNulls(right, rightKeys), rightKeys)
	return exec.NewAsOfJoin(j), nil
}

// withoutNulls leaves out the rows for which one of some values is NULL.
func withoutNulls(in exec.Operator, of []expr.Expr) exec.Operator {
	var all []expr.Expr
	for _, e := range of {
		if e.Nullable() {
			all = append(all, expr.Not{Of: expr.IsNull{Of: e}})
		}
	}
	if len(all) == 0 {
		return in
	}
	return exec.NewFilter(in, expr.Conjunction(all))
}
