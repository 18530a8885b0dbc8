package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// uniqueBy tells whether it is proven (ADR 17) that no two rows of a node have the same values in some of its columns.
// NULLs count as the same.
func uniqueBy(n plan.Node, columns []int) bool {
	switch n := n.(type) {
	case *plan.Scan:
		return n.AsOf == 0 && slices.ContainsFunc(columns, func(c int) bool {
			return c < len(n.Columns) && n.Table.Statistics.IsKey(n.Table.Columns[n.Columns[c]].ID)
		})
	case *plan.Filter, *plan.Sort, *plan.Limit:
		return uniqueBy(n.Inputs()[0], columns)
	case *plan.Project:
		var below []int
		for _, c := range columns {
			below = appendColumn(below, n.Exprs[c])
		}
		return uniqueBy(n.Input, below)
	case *plan.Aggregate:
		return uniqueGroups(n, columns)
	case *plan.Join:
		return uniquePairs(n, columns)
	default:
		return false
	}
}

// appendColumn appends what an expression reads, if it is a mere column.
func appendColumn(columns []int, e expr.Expr) []int {
	if c, ok := e.(expr.Column); ok {
		return append(columns, c.Index)
	}
	return columns
}

// uniqueGroups is uniqueBy of a grouping: by all of its groups, or by some that already tell its input's rows apart.
func uniqueGroups(n *plan.Aggregate, columns []int) bool {
	var below []int
	every := true
	for i, g := range n.Groups {
		if slices.Contains(columns, i) {
			below = appendColumn(below, g)
		} else {
			every = false
		}
	}
	return every || uniqueBy(n.Input, below)
}

// uniquePairs is uniqueBy of a join. The row of one side is known by its own columns, that of the other by its own and
// by the keys.
func uniquePairs(n *plan.Join, columns []int) bool {
	split := len(n.Left.Schema().Fields)
	var left, right, leftKeys, rightKeys []int
	for _, c := range columns {
		if c < split {
			left = append(left, c)
		} else {
			right = append(right, c-split)
		}
	}
	for _, k := range n.Keys {
		leftKeys, rightKeys = appendColumn(leftKeys, k.Left), appendColumn(rightKeys, k.Right)
	}
	switch n.Kind {
	case plan.SemiJoin, plan.AntiJoin, plan.MarkJoin, plan.SingleJoin:
		return uniqueBy(n.Left, left)
	case plan.InnerJoin:
		if uniqueBy(n.Right, right) {
			return uniqueBy(n.Left, append(left, leftKeys...))
		}
	case plan.LeftJoin:
	default:
		return false
	}
	return uniqueBy(n.Right, append(right, rightKeys...)) && uniqueBy(n.Left, left)
}
