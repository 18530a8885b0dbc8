package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// samePlan tells whether two plans do the same: node by node, under the same types. Names don't count.
func samePlan(a, b plan.Node) bool {
	if a == b {
		return true
	}
	if !sameOperator(a, b) || !sameTypes(a.Schema(), b.Schema()) {
		return false
	}
	ins, others := a.Inputs(), b.Inputs()
	if len(ins) != len(others) {
		return false
	}
	for i := range ins {
		if !samePlan(ins[i], others[i]) {
			return false
		}
	}
	return sameExprs(plan.Exprs(a), plan.Exprs(b))
}

func sameExprs(a, b []expr.Expr) bool { return slices.EqualFunc(a, b, expr.SameExpr) }

func sameTypes(a, b *plan.Schema) bool {
	return slices.EqualFunc(a.Fields, b.Fields, func(f, g plan.Field) bool { return f.Type.Equal(g.Type) })
}

// sameOperator compares what of two nodes is no expression and no input.
func sameOperator(a, b plan.Node) bool {
	switch a := a.(type) {
	case *plan.Scan:
		b, ok := b.(*plan.Scan)
		return ok && sameTable(a, b) && slices.Equal(a.Columns, b.Columns)
	case *plan.Values:
		b, ok := b.(*plan.Values)
		return ok && len(a.Rows) == len(b.Rows)
	case *plan.Filter:
		_, ok := b.(*plan.Filter)
		return ok
	case *plan.Project:
		_, ok := b.(*plan.Project)
		return ok
	case *plan.Join:
		b, ok := b.(*plan.Join)
		return ok && a.Kind == b.Kind && len(a.Keys) == len(b.Keys) && (a.Residual == nil) == (b.Residual == nil) &&
			(a.Mark == nil) == (b.Mark == nil)
	case *plan.Aggregate:
		b, ok := b.(*plan.Aggregate)
		return ok && len(a.Groups) == len(b.Groups) &&
			slices.EqualFunc(a.Aggregates, b.Aggregates, expr.Aggregate.SameCall)
	case *plan.Sort:
		b, ok := b.(*plan.Sort)
		return ok && slices.EqualFunc(a.Keys, b.Keys, sameDirection)
	case *plan.Window:
		b, ok := b.(*plan.Window)
		return ok && slices.EqualFunc(a.Keys, b.Keys, sameDirection) &&
			slices.EqualFunc(a.Calls, b.Calls, expr.Window.SameShape)
	case *plan.Limit:
		b, ok := b.(*plan.Limit)
		return ok && a.Count == b.Count && a.Offset == b.Offset
	case *plan.AsOfJoin:
		b, ok := b.(*plan.AsOfJoin)
		return ok && a.Kind == b.Kind && a.Op == b.Op && len(a.Keys) == len(b.Keys)
	case *plan.Expand:
		b, ok := b.(*plan.Expand)
		return ok && a.Groups == b.Groups && slices.EqualFunc(a.Sets, b.Sets, slices.Equal)
	case *plan.Series:
		b, ok := b.(*plan.Series)
		return ok && a.Inclusive == b.Inclusive
	case *plan.Union:
		_, ok := b.(*plan.Union)
		return ok
	default:
		return false
	}
}

func sameDirection(k, l expr.SortKey) bool {
	return k.Descending == l.Descending && k.NullsFirst == l.NullsFirst
}

// sameTable tells whether two scans read the same version of a table, whatever columns, and have as many filters.
func sameTable(a, b *plan.Scan) bool {
	return a.Table.ID == b.Table.ID && a.Table.Name == b.Table.Name && a.AsOf == b.AsOf && !a.Address && !b.Address &&
		len(a.Where) == len(b.Where)
}
