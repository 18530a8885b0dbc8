package bind

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// target is the table that UPDATE or DELETE changes.
type target struct {
	table *catalog.Table
	input plan.Node // a scan of all columns and the rows' addresses, then what is left of it
	scope *scope    // of the columns
	with  queryContext
}

// target binds the table that a statement changes.
func (b *binder) target(name ast.ObjectName, alias *ast.Alias, p Privilege, qc queryContext) (*target, error) {
	t, err := b.findTable(name)
	if err != nil {
		return nil, err
	}
	if t.Kind == catalog.SystemView {
		return nil, unsupported(p.String()+" of the view "+t.Name.String(), name)
	}
	b.need(p, t.Name.Database, t.Name.Table)
	scan := &plan.Scan{Table: t, Alias: t.Name.Table, Address: true}
	if alias != nil {
		scan.Alias = alias.Name.Text
	}
	for i := range t.Columns {
		scan.Columns = append(scan.Columns, i)
	}
	s := scopeOf(scan, nil)
	s.columns = s.columns[:len(t.Columns)] // the address has no name
	for i := range s.columns {
		s.columns[i].database = t.Name.Database
	}
	if alias != nil {
		if err := rename(s, alias); err != nil {
			return nil, err
		}
	}
	return &target{table: t, input: scan, scope: s, with: qc}, nil
}

// where keeps the rows for which a condition is true. Who sees which rows were changed learns what is in them.
func (b *binder) where(t *target, condition ast.Expr) error {
	if condition == nil {
		return nil
	}
	b.need(Read, t.table.Name.Database, t.table.Name.Table)
	c := &clause{binder: b, name: "WHERE", scope: t.scope, with: t.with.with}
	var err error
	t.input, err = c.where(t.input, condition)
	return err
}

// rows makes rows of values and of the addresses of the rows that they come from.
func (t *target) rows(values []expr.Expr, out *plan.Schema) plan.Node {
	in := t.input.Schema()
	for i := range values {
		out.Fields[i].Nullable = values[i].Nullable()
	}
	for _, at := range []int{len(t.table.Columns), len(t.table.Columns) + 1} {
		values = append(values, in.Column(at))
		out.Fields = append(out.Fields, in.Fields[at])
	}
	return &plan.Project{Input: t.input, Exprs: values, Out: out}
}

// delete binds DELETE, and TRUNCATE, which is one without WHERE.
func (b *binder) delete(s *ast.Delete) (plan.Node, error) {
	switch {
	case len(s.Using) > 0:
		return nil, unsupported("DELETE … USING", s.Using[0])
	case len(s.Returning) > 0:
		return nil, unsupported("RETURNING", s)
	}
	var qc queryContext
	unused, err := b.withTables(s.With, &qc)
	if err != nil {
		return nil, err
	}
	t, err := b.target(s.Table, s.Alias, Delete, qc)
	if err != nil {
		return nil, err
	}
	if err := b.where(t, s.Where); err != nil {
		return nil, err
	}
	return &plan.Delete{Table: t.table, Input: t.rows(nil, &plan.Schema{})}, unused()
}

// update binds UPDATE: every value is computed from the row as it was.
func (b *binder) update(s *ast.Update) (plan.Node, error) {
	switch {
	case len(s.From) > 0:
		return nil, unsupported("UPDATE … FROM", s.From[0])
	case len(s.Returning) > 0:
		return nil, unsupported("RETURNING", s)
	}
	var qc queryContext
	unused, err := b.withTables(s.With, &qc)
	if err != nil {
		return nil, err
	}
	t, err := b.target(s.Table, s.Alias, Update, qc)
	if err != nil {
		return nil, err
	}
	if err := b.where(t, s.Where); err != nil {
		return nil, err
	}
	values, err := b.assignments(t, s.Set)
	if err != nil {
		return nil, err
	}
	return &plan.Update{Table: t.table, Input: t.rows(values, tableSchema(t.table))}, unused()
}

// assignments returns the new values of all columns; those that SET does not name keep theirs.
func (b *binder) assignments(t *target, set []ast.Assignment) ([]expr.Expr, error) {
	c := &clause{binder: b, name: "SET", scope: t.scope, with: t.with.with}
	assigned := make([]expr.Expr, len(t.table.Columns))
	for i := range set {
		at, err := t.column(&set[i].Column)
		if err != nil {
			return nil, err
		}
		if assigned[at] != nil {
			return nil, fail(set[i], sqlerr.DuplicateColumn, "column %s is set twice", t.table.Columns[at].Name)
		}
		if assigned[at], err = c.assignment(t.table.Columns[at], set[i].Value); err != nil {
			return nil, err
		}
		if len(expr.Columns(assigned[at])) > 0 {
			b.need(Read, t.table.Name.Database, t.table.Name.Table)
		}
	}
	for i, v := range assigned {
		if v == nil {
			assigned[i] = t.scope.columns[i].expr()
		}
	}
	t.input, assigned = c.settle(t.input, assigned)
	return assigned, nil
}

// column finds the column that SET names, and returns its ordinal.
func (t *target) column(name *ast.Column) (int, error) {
	c, err := t.scope.find(name)
	if err != nil {
		return 0, err
	}
	if c == nil {
		return 0, t.scope.unknown(name)
	}
	return c.index, nil
}

// assignment binds the value of a column; DEFAULT is NULL, as in INSERT. Whether NULL is allowed is found out when a
// row takes it.
func (c *clause) assignment(column catalog.Column, e ast.Expr) (expr.Expr, error) {
	if _, ok := e.(*ast.Default); ok {
		return expr.Literal{Value: vector.NullOf(column.Type)}, nil
	}
	value, err := c.expr(e)
	if err != nil {
		return nil, err
	}
	return c.assign(value, column.Type, column.Name, e)
}
