package parser

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dolthub/vitess/go/vt/sqlparser"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// converter reads the grammar's tree into ours.
type converter struct {
	*parsing

	height int
}

// unknown refuses a part of the grammar's tree that we do not read.
func (*converter) unknown(part any) error {
	name := strings.TrimPrefix(fmt.Sprintf("%T", part), "*sqlparser.")
	return sqlerr.NotSupported("the construct " + name)
}

// marker returns the token that a marker holds.
func (c *converter) marker(s string) (int, error) {
	i, err := strconv.Atoi(s)
	if err != nil || i < 0 || i >= len(c.tokens) {
		return 0, sqlerr.New(sqlerr.SyntaxError, "the statement does not parse near %q", s)
	}
	return i, nil
}

// list reads the expressions of a bare SELECT.
func (c *converter) list(tree sqlparser.SelectStatement, lo int) ([]ast.Expr, error) {
	s, ok := tree.(*sqlparser.Select)
	if !ok || s.From != nil || s.Where != nil || s.GroupBy != nil || s.Having != nil || s.OrderBy != nil ||
		s.Limit != nil {
		return nil, c.fail(lo, "expected expressions, found a query")
	}
	var list []ast.Expr
	for _, item := range s.SelectExprs {
		aliased, ok := item.(*sqlparser.AliasedExpr)
		if !ok {
			return nil, c.fail(lo, `"*" cannot stand here`)
		}
		if !aliased.As.IsEmpty() {
			i, err := c.marker(aliased.As.String())
			if err != nil {
				return nil, err
			}
			return nil, c.unexpected(i, "an operator or the end of the expression")
		}
		e, err := c.expr(aliased.Expr)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// head reads the WITH of a query, and nothing else of it.
func (c *converter) head(tree sqlparser.SelectStatement) (*ast.With, error) {
	s, ok := tree.(*sqlparser.Select)
	if !ok || s.With == nil {
		return nil, c.unknown(tree)
	}
	return c.with(s.With)
}

// sources reads the tables of a query, and nothing else of it.
func (c *converter) sources(tree sqlparser.SelectStatement) ([]ast.TableRef, error) {
	s, ok := tree.(*sqlparser.Select)
	if !ok {
		return nil, c.unknown(tree)
	}
	return c.tables(s.From)
}

// query reads a query.
func (c *converter) query(tree sqlparser.SelectStatement) (ast.Query, error) {
	c.height++
	defer func() { c.height-- }()
	if c.height > limits.StatementTreeDepth {
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "the query combines more than %d others",
			limits.StatementTreeDepth)
	}
	switch s := tree.(type) {
	case *sqlparser.Select:
		return c.selectQuery(s)
	case *sqlparser.SetOp:
		return c.setOperation(s)
	case *sqlparser.ParenSelect:
		return c.query(s.Select)
	}
	return nil, c.unknown(tree)
}

// setOperation reads UNION, INTERSECT and EXCEPT.
func (c *converter) setOperation(s *sqlparser.SetOp) (ast.Query, error) {
	if s.Lock != "" || s.Into != nil {
		return nil, c.unknown(s)
	}
	left, err := c.query(s.Left)
	if err != nil {
		return nil, err
	}
	right, err := c.query(s.Right)
	if err != nil {
		return nil, err
	}
	tail, err := c.tail(s.With, s.OrderBy, s.Limit)
	if err != nil {
		return nil, err
	}
	o := &ast.SetOperation{At: ast.At(left.Position()), Tail: tail, Left: left, Right: right}
	switch s.Type {
	case sqlparser.UnionStr, sqlparser.UnionDistinctStr:
		o.Op = ast.Union
	case sqlparser.UnionAllStr:
		o.Op, o.All = ast.Union, true
	case sqlparser.IntersectStr, sqlparser.IntersectDistinctStr:
		o.Op = ast.Intersect
	case sqlparser.IntersectAllStr:
		o.Op, o.All = ast.Intersect, true
	case sqlparser.ExceptStr, sqlparser.ExceptDistinctStr:
		o.Op = ast.Except
	case sqlparser.ExceptAllStr:
		o.Op, o.All = ast.Except, true
	default:
		return nil, sqlerr.NotSupported(strings.ToUpper(s.Type))
	}
	return o, nil
}

// selectQuery reads a SELECT, and the forms that were written as one.
func (c *converter) selectQuery(s *sqlparser.Select) (ast.Query, error) {
	if s.Into != nil || s.Lock != "" || len(s.Window) > 0 || len(s.Comments) != 1 {
		return nil, c.unknown(s)
	}
	if o := s.QueryOpts; o != (sqlparser.QueryOpts{Distinct: o.Distinct}) {
		return nil, c.unknown(s)
	}
	i, err := c.marker(strings.Trim(string(s.Comments[0]), "/*"))
	if err != nil {
		return nil, err
	}
	tail, err := c.tail(s.With, s.OrderBy, s.Limit)
	if err != nil {
		return nil, err
	}
	switch {
	case c.is(i, "VALUES"):
		return c.values(i, s, tail)
	case c.isSymbol(i, "("):
		return c.wrapped(i, s, tail)
	}
	parts, ok := c.side[i].(*selectParts)
	if !ok || len(parts.items) != len(s.SelectExprs) {
		return nil, c.unexpected(i, "a query")
	}
	q := &ast.Select{
		At: c.at(i), Tail: tail, Distinct: s.QueryOpts.Distinct, DistinctOn: parts.distinctOn,
		Windows: parts.windows, Qualify: parts.qualify,
	}
	for k, item := range s.SelectExprs {
		read, err := c.item(item, parts.items[k])
		if err != nil {
			return nil, err
		}
		q.Items = append(q.Items, read)
	}
	if q.From, err = c.tables(s.From); err != nil {
		return nil, err
	}
	if q.Where, err = c.where(s.Where); err != nil {
		return nil, err
	}
	if q.Having, err = c.where(s.Having); err != nil {
		return nil, err
	}
	return q, c.groupBy(q, s.GroupBy, parts.rollup)
}

// where reads WHERE and HAVING.
func (c *converter) where(w *sqlparser.Where) (ast.Expr, error) {
	if w == nil {
		return nil, nil //nolint:nilnil // no clause
	}
	return c.expr(w.Expr)
}

// groupBy reads GROUP BY.
func (c *converter) groupBy(q *ast.Select, keys sqlparser.GroupBy, rollup bool) error {
	for _, key := range keys {
		if i, ok := c.leafToken(key); ok {
			if _, all := c.side[i].(groupByAll); all {
				q.GroupByAll = true
				return nil
			}
		}
		e, err := c.expr(key)
		if err != nil {
			return err
		}
		q.GroupBy = append(q.GroupBy, e)
	}
	if rollup {
		sets := &ast.GroupingSets{At: ast.At(q.GroupBy[0].Position()), Kind: ast.Rollup}
		for _, e := range q.GroupBy {
			if _, nested := e.(*ast.GroupingSets); nested {
				return sqlerr.NotSupported("grouping sets inside WITH ROLLUP").At(e.Position())
			}
			sets.Sets = append(sets.Sets, []ast.Expr{e})
		}
		q.GroupBy = []ast.Expr{sets}
	}
	return nil
}

// values reads the rows of a VALUES that was written as a SELECT.
func (c *converter) values(i int, s *sqlparser.Select, tail ast.Tail) (ast.Query, error) {
	v := &ast.Values{At: c.at(i), Tail: tail}
	rows, ok := inner(s).(*sqlparser.ValuesStatement)
	if !ok {
		return nil, c.unknown(s)
	}
	for _, row := range rows.Rows {
		read, err := c.exprs(sqlparser.Exprs(row))
		if err != nil {
			return nil, err
		}
		if len(v.Rows) > 0 && len(read) != len(v.Rows[0]) {
			return nil, sqlerr.New(sqlerr.SyntaxError, "a row of VALUES has %d values, the first has %d", len(read),
				len(v.Rows[0])).At(read[0].Position())
		}
		v.Rows = append(v.Rows, read)
	}
	return v, nil
}

// wrapped reads (query) with what stands around its brackets: a WITH, an ORDER BY.
func (c *converter) wrapped(i int, s *sqlparser.Select, tail ast.Tail) (ast.Query, error) {
	sub, ok := inner(s).(*sqlparser.Subquery)
	if !ok {
		return nil, c.unknown(s)
	}
	q, err := c.query(sub.Select)
	if err != nil {
		return nil, err
	}
	var own *ast.Tail
	switch q := q.(type) {
	case *ast.Select:
		own = &q.Tail
	case *ast.SetOperation:
		own = &q.Tail
	case *ast.Values:
		own = &q.Tail
	}
	if own.With == nil && own.OrderBy == nil && own.OrderByAll == nil && own.Limit == nil && own.Offset == nil {
		*own = tail
		return q, nil
	}
	star := ast.SelectItem{At: c.at(i), Of: &ast.Star{At: c.at(i)}, Text: "*"}
	return &ast.Select{
		At: c.at(i), Tail: tail, Items: []ast.SelectItem{star},
		From: []ast.TableRef{&ast.Derived{At: c.at(i), Query: q}},
	}, nil
}

// inner returns what the only table of a SELECT holds.
func inner(s *sqlparser.Select) sqlparser.SimpleTableExpr {
	if len(s.From) != 1 {
		return nil
	}
	t, ok := s.From[0].(*sqlparser.AliasedTableExpr)
	if !ok {
		return nil
	}
	return t.Expr
}

// tail reads WITH, ORDER BY, LIMIT and OFFSET.
func (c *converter) tail(w *sqlparser.With, order sqlparser.OrderBy, limit *sqlparser.Limit) (ast.Tail, error) {
	var t ast.Tail
	var err error
	if w != nil {
		if t.With, err = c.with(w); err != nil {
			return t, err
		}
	}
	if err = c.orderBy(&t, order); err != nil || limit == nil {
		return t, err
	}
	if i, ok := c.leafToken(limit.Rowcount); !ok || c.tokens[i].Kind != lex.End {
		if t.Limit, err = c.expr(limit.Rowcount); err != nil {
			return t, err
		}
	}
	if limit.Offset != nil {
		t.Offset, err = c.expr(limit.Offset)
	}
	return t, err
}

// with reads WITH.
func (c *converter) with(w *sqlparser.With) (*ast.With, error) {
	with := &ast.With{Recursive: w.Recursive}
	for _, table := range w.Ctes {
		i, err := c.marker(table.As.String())
		if err != nil {
			return nil, err
		}
		sub, ok := table.Expr.(*sqlparser.Subquery)
		if !ok || table.Partitions != nil || table.Hints != nil || table.AsOf != nil || table.Lateral ||
			sub.Columns != nil {
			return nil, c.unknown(table)
		}
		read := ast.CommonTable{At: c.at(i), Name: c.name(i)}
		if read.Columns, err = c.columnNames(table.Columns); err != nil {
			return nil, err
		}
		if read.Query, err = c.query(sub.Select); err != nil {
			return nil, err
		}
		with.Tables = append(with.Tables, read)
	}
	with.At = with.Tables[0].At
	return with, nil
}

func (c *converter) columnNames(columns sqlparser.Columns) ([]ast.Name, error) {
	var names []ast.Name
	for _, column := range columns {
		i, err := c.marker(column.String())
		if err != nil {
			return nil, err
		}
		names = append(names, c.name(i))
	}
	return names, nil
}

// orderBy reads ORDER BY into a tail.
func (c *converter) orderBy(t *ast.Tail, order sqlparser.OrderBy) error {
	for _, o := range order {
		item := ast.OrderItem{Descending: o.Direction == sqlparser.DescScr}
		of := o.Expr
		if call, ok := of.(*sqlparser.FuncExpr); ok && len(call.Exprs) == 1 {
			i, err := c.marker(call.Name.String())
			if err != nil {
				return err
			}
			if nulls, ok := c.side[i].(nullOrder); ok {
				item.Nulls = nulls.of
				argument, ok := call.Exprs[0].(*sqlparser.AliasedExpr)
				if !ok {
					return c.unexpected(i, "an expression before NULLS")
				}
				of = argument.Expr
			}
		}
		if i, ok := c.leafToken(of); ok {
			if _, all := c.side[i].(orderByAll); all {
				item.At = c.at(i)
				t.OrderByAll = &item
				return nil
			}
		}
		var err error
		if item.Of, err = c.expr(of); err != nil {
			return err
		}
		item.At = ast.At(item.Of.Position())
		t.OrderBy = append(t.OrderBy, item)
	}
	return nil
}

// item reads one item of SELECT.
func (c *converter) item(tree sqlparser.SelectExpr, tokens itemRange) (ast.SelectItem, error) {
	item := ast.SelectItem{At: c.at(tokens.lo)}
	switch s := tree.(type) {
	case *sqlparser.StarExpr:
		star, err := c.star(s)
		item.Of, item.Text = star, "*"
		return item, err
	case *sqlparser.AliasedExpr:
		of, err := c.expr(s.Expr)
		if err != nil {
			return item, err
		}
		item.Of = of
		if s.As.IsEmpty() {
			item.Text = c.text.SQL[c.tokens[tokens.lo].Start:c.tokens[tokens.hi-1].Stop]
			return item, nil
		}
		i, err := c.marker(s.As.String())
		if err != nil {
			return item, err
		}
		alias := c.name(i)
		item.Alias = &alias
		return item, nil
	}
	return item, c.unknown(tree)
}

// star reads * and t.*.
func (c *converter) star(s *sqlparser.StarExpr) (*ast.Star, error) {
	i, err := c.marker(s.TableName.Name.String())
	if err != nil {
		return nil, err
	}
	parts, _ := c.side[i].(starParts)
	star := &ast.Star{At: c.at(i), Exclude: parts.exclude, Replace: parts.replace}
	if !c.isSymbol(i, "*") {
		star.Qualifier, _ = c.chain(i)
	}
	return star, nil
}
