package optimize

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// firstRow writes a subquery of one column that is the first of some rows as an aggregation, which can be grouped: the
// least value, or that of the rows whose sort key is the least. Rows that are equal to ORDER BY, or any where there is
// none, may come in any order, so each of them would do. It returns other nodes as they are.
func firstRow(n plan.Node) plan.Node {
	if len(n.Schema().Fields) != 1 {
		return n
	}
	value := expr.Expr(nil)
	below := n
	if p, ok := n.(*plan.Project); ok {
		below = p.Input
		value = p.Exprs[0]
	}
	l, ok := below.(*plan.Limit)
	if !ok || l.Count != 1 || l.CountFrom != nil || l.Offset != 0 || l.OffsetFrom != nil {
		return n
	}
	if value == nil {
		value = l.Schema().Column(0)
	}
	in, key := l.Input, expr.SortKey{}
	if s, ok := l.Input.(*plan.Sort); ok {
		if len(s.Keys) != 1 || s.Keys[0].NullsFirst && s.Keys[0].Of.Nullable() {
			return n
		}
		in, key = s.Input, s.Keys[0]
	}
	kind := expr.Min
	if key.Descending {
		kind = expr.Max
	}
	if key.Of == nil || expr.SameExpr(key.Of, value) {
		return bestOf(in, kind, value, n.Schema())
	}
	// The rows with the best key: NULL is the best of NULLs alone.
	width := len(in.Schema().Fields)
	best := bestOf(in, kind, key.Of, nil)
	with := plan.NewJoin(plan.Join{Kind: plan.InnerJoin, Left: in, Right: best})
	with.Residual = expr.Compare{Op: expr.NotDistinct, Left: key.Of, Right: with.Schema().Column(width)}
	return bestOf(with, expr.Min, value, n.Schema())
}

// bestOf is the least or the greatest value of a node's rows, under the name of a schema's only column.
func bestOf(n plan.Node, kind expr.AggregateKind, value expr.Expr, named *plan.Schema) plan.Node {
	a := expr.Aggregate{Kind: kind, Arg: value, Of: value.Type()}
	f := plan.Field{Name: a.String(), Type: a.Of}
	if named != nil {
		f = named.Fields[0]
	}
	f.Nullable = true
	return &plan.Aggregate{Input: n, Aggregates: []expr.Aggregate{a}, Out: &plan.Schema{Fields: []plan.Field{f}}}
}
