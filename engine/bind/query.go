package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// queryContext is what a query sees of what is around it.
type queryContext struct {
	with  *commonTables
	outer *scope // of the enclosing query; nil: none
}

// query binds a query with its common tables, order and limit.
func (b *binder) query(q ast.Query, qc queryContext) (plan.Node, error) {
	switch q := q.(type) {
	case *ast.Select:
		return b.selectQuery(q, qc)
	case *ast.SetOperation:
		return b.tailed(q, &q.Tail, qc, func(qc queryContext) (plan.Node, error) { return b.setOperation(q, qc) })
	case *ast.Values:
		return b.tailed(q, &q.Tail, qc, func(qc queryContext) (plan.Node, error) { return b.values(q, qc) })
	default:
		return nil, unsupported("this query", q)
	}
}

// tailed puts order and limit above a query whose keys can only be its own columns.
func (b *binder) tailed(
	q ast.Query, t *ast.Tail, qc queryContext, body func(queryContext) (plan.Node, error),
) (plan.Node, error) {
	unused, err := b.withTables(t.With, &qc)
	if err != nil {
		return nil, err
	}
	n, err := body(qc)
	if err != nil {
		return nil, err
	}
	if err := unused(); err != nil {
		return nil, err
	}
	names := make([]string, len(n.Schema().Fields))
	for i, f := range n.Schema().Fields {
		names[i] = f.Name
	}
	c := &clause{binder: b, name: "ORDER BY", scope: scopeOf(n, qc.outer), with: qc.with}
	keys, err := c.orderKeys(t, names)
	if err != nil {
		return nil, err
	}
	if len(c.attached) > 0 {
		return nil, unsupported("a subquery in ORDER BY of a set operation", q)
	}
	if len(keys) > 0 {
		sort := &plan.Sort{Input: n}
		for _, k := range keys {
			if k.output >= 0 {
				k.Of = n.Schema().Column(k.output)
			}
			k.Of = function.Orderable(k.Of)
			sort.Keys = append(sort.Keys, k.SortKey)
		}
		n = sort
	}
	return b.limit(n, t)
}

// limit puts LIMIT and OFFSET above a node.
func (b *binder) limit(n plan.Node, t *ast.Tail) (plan.Node, error) {
	if t.Limit == nil && t.Offset == nil {
		return n, nil
	}
	out := &plan.Limit{Input: n, Count: -1}
	var err error
	if t.Limit != nil {
		if out.Count, out.CountFrom, err = b.rowNumber(t.Limit, "LIMIT", -1); err != nil {
			return nil, err
		}
	}
	if t.Offset != nil {
		if out.Offset, out.OffsetFrom, err = b.rowNumber(t.Offset, "OFFSET", 0); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rowNumber reads a constant number of rows, or the parameter that will be it; NULL is the absence of the clause.
func (b *binder) rowNumber(e ast.Expr, clauseName string, absent int64) (int64, expr.Expr, error) {
	c := &clause{binder: b, name: clauseName, scope: &scope{}}
	of, err := c.expr(e)
	if err != nil {
		return 0, nil, err
	}
	if t := of.Type(); !t.IsInteger() && t.Kind != vector.Unknown {
		return 0, nil, fail(e, sqlerr.DatatypeMismatch, "%s is a number of rows, not %s", clauseName, t)
	}
	if of, err = b.coerce(of, vector.Of(vector.Int64), e); err != nil {
		return 0, nil, err
	}
	if of, err = expr.Fold(of); err != nil {
		return 0, nil, at(err, e)
	}
	switch of := of.(type) {
	case expr.Literal:
		switch {
		case of.Value.Null:
			return absent, nil, nil
		case of.Value.Int < 0:
			return 0, nil, fail(e, sqlerr.InvalidParameterValue, "%s is %s; it must be a number from 0", clauseName, of)
		}
		return of.Value.Int, nil, nil
	case expr.Parameter:
		return absent, of, nil
	default:
		return 0, nil, unsupported(clauseName+" of anything but a constant", e)
	}
}

// values binds VALUES: the rows of each column have one type.
func (b *binder) values(v *ast.Values, qc queryContext) (plan.Node, error) {
	c := &clause{binder: b, name: "VALUES", scope: &scope{outer: qc.outer}, with: qc.with}
	out := &plan.Values{Out: &plan.Schema{}, Rows: make([][]expr.Expr, len(v.Rows))}
	width := len(v.Rows[0])
	for i, row := range v.Rows {
		if len(row) != width {
			return nil, fail(v, sqlerr.SyntaxError, "row %d of VALUES has %d columns, the first has %d",
				i+1, len(row), width)
		}
		var err error
		if out.Rows[i], err = c.exprs(row); err != nil {
			return nil, err
		}
	}
	if len(c.attached) > 0 {
		return nil, unsupported("a subquery in VALUES", v)
	}
	for j := range width {
		column, places := make([]expr.Expr, len(v.Rows)), make([]ast.Node, len(v.Rows))
		for i, row := range v.Rows {
			column[i], places[i] = out.Rows[i][j], row[j]
		}
		column, err := c.sameType(column, places, "the rows of a column of VALUES", v)
		if err != nil {
			return nil, err
		}
		f := plan.Field{Name: columnName(j), Type: column[0].Type()}
		for i, e := range column {
			out.Rows[i][j] = e
			f.Nullable = f.Nullable || e.Nullable()
		}
		out.Out.Fields = append(out.Out.Fields, f)
	}
	return out, nil
}
