package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// subquery is a bound query inside an expression, and the columns of the enclosing query's rows that it reads.
type subquery struct {
	node      plan.Node
	variables []plan.Variable
}

// subquery binds a query inside an expression; columns is how many it must have, 0 for any number.
func (c *clause) subquery(q ast.Query, columns int) (subquery, error) {
	reader := &captures{places: c.places}
	outer := &scope{columns: c.scope.columns, outer: c.scope.outer, captured: reader}
	n, err := c.query(q, queryContext{with: c.with, outer: outer})
	if err != nil {
		return subquery{}, err
	}
	if got := len(n.Schema().Fields); columns > 0 && got != columns {
		return subquery{}, fail(q, sqlerr.SyntaxError, "the subquery has %d columns where %d is wanted", got, columns)
	}
	return subquery{node: n, variables: reader.variables}, nil
}

// captures is what a subquery reads of the rows of the clause that it stands in.
type captures struct {
	variables []plan.Variable
	places    map[int]*ast.Column // the clause's
}

// capture returns the variable that stands for a column of the scope in a subquery.
func (s *scope) capture(b *binder, found *column, n *ast.Column) expr.Expr {
	r := s.captured
	if r.places != nil && r.places[found.index] == nil {
		r.places[found.index] = n
	}
	out := expr.Outer{Name: found.Name, Of: found.Type, IsNull: found.Nullable}
	for _, v := range r.variables {
		if c, ok := v.Of.(expr.Column); ok && c.Index == found.index {
			out.Variable = v.Number
			return out
		}
	}
	b.variables++
	out.Variable = b.variables
	place := n.Position()
	r.variables = append(r.variables, plan.Variable{Number: out.Variable, Of: found.expr(), Place: &place})
	return out
}

// scalarSubquery is the value of a query of one column; NULL of no row, 21000 of several.
func (c *clause) scalarSubquery(s *ast.Subquery) (expr.Expr, error) {
	sub, err := c.subquery(s.Query, 1)
	if err != nil {
		return nil, err
	}
	a := attachment{kind: plan.SingleJoin, query: sub.node, variables: sub.variables}
	exactly, most := rowCount(sub.node)
	switch {
	case len(sub.variables) > 0 && most == 1:
		a.kind = plan.LeftJoin
	case len(sub.variables) > 0:
	case most == 1 && exactly:
		a.kind = plan.InnerJoin
	case most == 1:
		a.kind, a.query = plan.InnerJoin, onlyRow(sub.node)
		if a.query == nil {
			a.kind, a.query = plan.LeftJoin, sub.node
		}
	default:
		a.query = &plan.Limit{Input: sub.node, Count: 2} // the second is the error
	}
	return c.attach(a), nil
}

// onlyRow makes exactly one row of a query that has at most one: NULL of none; nil where the type has no MIN.
func onlyRow(n plan.Node) plan.Node {
	col := n.Schema().Column(0)
	_, result, ok := function.AggregateType(expr.Min, col.Of)
	if !ok {
		return nil
	}
	a := &aggregation{}
	a.add(expr.Aggregate{Kind: expr.Min, Arg: col, Of: result})
	return a.node(n)
}

// exists is whether a query has a row.
func (c *clause) exists(e *ast.Exists) (expr.Expr, error) {
	sub, err := c.subquery(e.Query, 0)
	if err != nil {
		return nil, err
	}
	return c.existence(sub), nil
}

func (c *clause) existence(sub subquery) expr.Expr {
	if len(sub.variables) > 0 {
		return c.attach(attachment{kind: plan.MarkJoin, query: sub.node, variables: sub.variables})
	}
	a := &aggregation{}
	a.add(expr.Aggregate{Kind: expr.CountRows, Of: vector.Of(vector.Int64)})
	count := c.attach(attachment{query: a.node(&plan.Limit{Input: sub.node, Count: 1})})
	zero := expr.Literal{Value: vector.IntOf(vector.Of(vector.Int64), 0)}
	return expr.Compare{Op: expr.Greater, Left: count, Right: zero}
}

// inQuery is [NOT] IN (SELECT …), which is = ANY.
func (c *clause) inQuery(e *ast.In) (expr.Expr, error) {
	a, err := c.compareAny(expr.Equal, e.Of, e.Query, e)
	if err != nil {
		return nil, err
	}
	return notIf(e.Not, c.attach(a)), nil
}

// quantified is a comparison with ANY or ALL rows of a query.
func (c *clause) quantified(e *ast.Quantified) (expr.Expr, error) {
	a, not, err := c.anyOf(e)
	if err != nil {
		return nil, err
	}
	return notIf(not, c.attach(a)), nil
}

// anyOf returns a comparison with ALL as the negation (not) of the opposite one with ANY.
func (c *clause) anyOf(e *ast.Quantified) (a attachment, not bool, err error) {
	op, ok := comparisons[e.Op]
	if !ok || op == expr.NotDistinct {
		return a, false, unsupported("this comparison with ANY or ALL", e)
	}
	if e.All {
		op = op.Negated()
	}
	a, err = c.compareAny(op, e.Of, e.Query, e)
	return a, e.All, err
}

// compareAny is the mark that tells whether a comparison with one of a query's rows is TRUE. A row value is compared
// member by member, for = and <> alone.
func (c *clause) compareAny(op expr.CompareOp, of ast.Expr, q ast.Query, place ast.Node) (attachment, error) {
	values := members(of)
	if len(values) > 1 && op != expr.Equal && op != expr.NotEqual {
		return attachment{}, unsupported("this comparison of a row value with ANY or ALL", place)
	}
	left, err := c.exprs(values)
	if err != nil {
		return attachment{}, err
	}
	sub, err := c.subquery(q, len(values))
	if err != nil {
		return attachment{}, err
	}
	a := attachment{kind: plan.MarkJoin, query: sub.node, variables: sub.variables}
	marks := make([]expr.Expr, len(left))
	for i, l := range left {
		col := sub.node.Schema().Column(i)
		col.Index = subqueryFrom + i
		if marks[i], err = c.compareAt(op, l, col, [3]ast.Node{place, values[i], q}); err != nil {
			return a, err
		}
	}
	a.mark = expr.Conjunction(marks)
	if op == expr.NotEqual && len(marks) > 1 {
		a.mark = expr.Or{Of: marks}
	}
	return a, nil
}

// rowCount tells by a plan's form whether it has exactly so many rows, and how many it has at most; -1 for any number.
func rowCount(n plan.Node) (exactly bool, most int64) {
	switch n := n.(type) {
	case *plan.Aggregate:
		if len(n.Groups) == 0 {
			return true, 1
		}
	case *plan.Values:
		return true, int64(len(n.Rows))
	case *plan.Project, *plan.Sort:
		return rowCount(n.Inputs()[0])
	case *plan.Filter:
		_, most = rowCount(n.Input)
		return false, most
	case *plan.Limit:
		exactly, most = rowCount(n.Input)
		if n.CountFrom == nil && n.Count >= 0 && (most < 0 || n.Count < most) {
			return false, n.Count
		}
		return exactly && n.Offset == 0 && n.OffsetFrom == nil && n.CountFrom == nil, most
	case *plan.Join:
		if n.Kind == plan.MarkJoin || n.Kind == plan.LeftJoin || n.Kind == plan.SingleJoin {
			return rowCountOfJoin(n)
		}
	}
	return false, -1
}

// rowCountOfJoin counts a join that keeps its left rows: each once if it has one match at most.
func rowCountOfJoin(n *plan.Join) (exactly bool, most int64) {
	if _, matches := rowCount(n.Right); n.Kind == plan.LeftJoin && matches != 1 {
		return false, -1
	}
	return rowCount(n.Left)
}
