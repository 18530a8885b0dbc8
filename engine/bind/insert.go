package bind

import (
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// insert binds INSERT: the source's columns go to the named ones, the others are NULL.
func (b *binder) insert(s *ast.Insert) (plan.Node, error) {
	if s.Conflict != nil {
		return nil, unsupported("ON CONFLICT", s.Conflict)
	}
	t, err := b.findTable(s.Table)
	if err != nil {
		return nil, err
	}
	if err := needRows("INSERT into", t, s.Table); err != nil {
		return nil, err
	}
	b.need(Insert, t.Name.Database, t.Name.Table)
	targets, err := insertTargets(t, s.Columns)
	if err != nil {
		return nil, err
	}
	var qc queryContext
	unused, err := b.withTables(s.With, &qc)
	if err != nil {
		return nil, err
	}
	var n plan.Node
	switch source := s.Source.(type) {
	case nil:
		n, err = b.insertValues(t, nil, &ast.Values{At: s.At, Rows: [][]ast.Expr{{}}}, qc)
	case *ast.Values:
		if source.Limit != nil || source.Offset != nil || len(source.OrderBy) > 0 || source.With != nil {
			n, err = b.insertQuery(t, targets, source, qc)
		} else {
			n, err = b.insertValues(t, targets, source, qc)
		}
	default:
		n, err = b.insertQuery(t, targets, s.Source, qc)
	}
	if err != nil {
		return nil, err
	}
	if err := unused(); err != nil {
		return nil, err
	}
	insert := &plan.Insert{Table: t, Input: n, Rows: len(s.Returning) > 0}
	return b.returning(insert, t, tableScope(t), s.Returning)
}

// insertTargets returns the ordinals of the named columns, of all when none is named.
func insertTargets(t *catalog.Table, names []ast.Name) ([]int, error) {
	var out []int
	if len(names) == 0 {
		for i := range t.Columns {
			out = append(out, i)
		}
		return out, nil
	}
	seen := map[int]bool{}
	for _, n := range names {
		i, err := findColumn(t, n)
		if err != nil {
			return nil, err
		}
		if seen[i] {
			return nil, fail(n, sqlerr.DuplicateColumn, "column %s is named twice", n)
		}
		seen[i] = true
		out = append(out, i)
	}
	return out, nil
}

func tooMany(t *catalog.Table, got, want int, place ast.Node) error {
	return fail(place, sqlerr.SyntaxError, "%d values are given for %d columns of %s", got, want, t.Name)
}

// insertValues binds rows, each of whose values is cast to its column's type on its own.
func (b *binder) insertValues(t *catalog.Table, targets []int, v *ast.Values, qc queryContext) (plan.Node, error) {
	c := &clause{binder: b, name: "VALUES", scope: &scope{}, with: qc.with}
	out := &plan.Values{Out: plan.TableSchema(t), Rows: make([][]expr.Expr, len(v.Rows))}
	for i, row := range v.Rows {
		if len(row) != len(targets) {
			place := ast.Node(v)
			if len(row) > 0 {
				place = row[0]
			}
			return nil, tooMany(t, len(row), len(targets), place)
		}
		values := make([]expr.Expr, len(t.Columns))
		for j, e := range row {
			if _, ok := e.(*ast.Default); ok {
				continue // NULL below, as for a column that is not named
			}
			value, err := c.expr(e)
			if err != nil {
				return nil, err
			}
			to := targets[j]
			if values[to], err = b.assign(value, t.Columns[to].Type, t.Columns[to].Name, e); err != nil {
				return nil, err
			}
			if err := notNull(t, to, values[to], e); err != nil {
				return nil, err
			}
		}
		if err := fillNulls(t, values, v); err != nil {
			return nil, err
		}
		out.Rows[i] = values
	}
	if len(c.attached) > 0 {
		return nil, unsupported("a subquery in VALUES", v)
	}
	for i := range out.Out.Fields {
		nullable := func(row []expr.Expr) bool { return row[i].Nullable() }
		out.Out.Fields[i].Nullable = slices.ContainsFunc(out.Rows, nullable)
	}
	return out, nil
}

// notNull refuses a constant NULL for a column that is NOT NULL; other values are looked at when they are met.
func notNull(t *catalog.Table, i int, e expr.Expr, place ast.Node) error {
	if l, ok := e.(expr.Literal); ok && l.Value.Null && t.Columns[i].NotNull {
		return fail(place, sqlerr.NotNullViolation, "column %s of %s is NOT NULL", t.Columns[i].Name, t.Name)
	}
	return nil
}

// fillNulls gives the columns without a value NULL: 23502 when one is NOT NULL.
func fillNulls(t *catalog.Table, values []expr.Expr, place ast.Node) error {
	for i, v := range values {
		if v != nil {
			continue
		}
		if c := t.Columns[i]; c.NotNull {
			return fail(place, sqlerr.NotNullViolation, "column %s of %s is NOT NULL and is given no value",
				c.Name, t.Name)
		}
		values[i] = expr.Literal{Value: vector.NullOf(t.Columns[i].Type)}
	}
	return nil
}

// insertQuery casts a query's columns to those of the table.
func (b *binder) insertQuery(t *catalog.Table, targets []int, q ast.Query, qc queryContext) (plan.Node, error) {
	n, err := b.query(q, qc)
	if err != nil {
		return nil, err
	}
	s := n.Schema()
	if len(s.Fields) != len(targets) {
		return nil, tooMany(t, len(s.Fields), len(targets), q)
	}
	input, source := n, func(i int) expr.Expr { return s.Column(i) }
	if p, ok := n.(*plan.Project); ok {
		input, source = p.Input, func(i int) expr.Expr { return p.Exprs[i] }
	}
	values := make([]expr.Expr, len(t.Columns))
	for j, i := range targets {
		if values[i], err = b.assign(source(j), t.Columns[i].Type, t.Columns[i].Name, q); err != nil {
			return nil, err
		}
		if err := notNull(t, i, values[i], q); err != nil {
			return nil, err
		}
	}
	if err := fillNulls(t, values, q); err != nil {
		return nil, err
	}
	out := plan.TableSchema(t)
	for i, v := range values {
		out.Fields[i].Nullable = v.Nullable()
	}
	return &plan.Project{Input: input, Exprs: values, Out: out}, nil
}
