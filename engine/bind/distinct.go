package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
)

// distinctOn binds the expressions of DISTINCT ON, which may name outputs as ORDER BY does: they become the first keys.
func (s *selection) distinctOn() error {
	if len(s.query.DistinctOn) == 0 {
		return nil
	}
	s.name = "DISTINCT ON"
	tail := ast.Tail{}
	for _, e := range s.query.DistinctOn {
		tail.OrderBy = append(tail.OrderBy, ast.OrderItem{Of: e})
	}
	on, err := s.orderKeys(&tail, s.names())
	s.keys = append(on, s.keys...)
	return err
}

// firstOfEach keeps of all rows with equal values of some columns the first in an order, or any where there is none:
// all columns are then those of one row.
func firstOfEach(n *plan.Project, on, order []expr.SortKey) plan.Node {
	if len(order) == 0 {
		order = on
	}
	a := &plan.Aggregate{Input: n, Out: &plan.Schema{}}
	out := &plan.Project{Input: a, Out: &plan.Schema{}}
	for _, k := range on {
		a.Groups, a.Out.Fields = append(a.Groups, k.Of), append(a.Out.Fields, fieldOf(k.Of, n.Out))
	}
	for i, f := range n.Out.Fields {
		call := expr.Aggregate{Kind: expr.First, Arg: n.Out.Column(i), Of: f.Type, Order: order}
		a.Aggregates = append(a.Aggregates, call)
		f.Nullable = true
		a.Out.Fields = append(a.Out.Fields, f)
	}
	for i := range n.Out.Fields {
		at := len(on) + i
		out.Exprs, out.Out.Fields = append(out.Exprs, a.Out.Column(at)), append(out.Out.Fields, a.Out.Fields[at])
	}
	return out
}
