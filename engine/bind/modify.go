package bind

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// modified is what UPDATE and DELETE have in common.
type modified struct {
	with      *ast.With
	table     ast.ObjectName
	alias     *ast.Alias
	where     ast.Expr
	privilege Privilege
}

// target is the table that UPDATE or DELETE changes.
type target struct {
	table  *catalog.Table
	input  plan.Node // a scan of all columns and the rows' addresses, then what is left of it
	scope  *scope    // of the columns
	with   queryContext
	unused func() error // what is wrong with the common tables that nothing reads
}

// target binds the table that a statement changes, and the condition of the rows.
func (b *binder) target(m modified) (*target, error) {
	out := &target{}
	var err error
	if out.unused, err = b.withTables(m.with, &out.with); err != nil {
		return nil, err
	}
	if out.table, err = b.findTable(m.table); err != nil {
		return nil, err
	}
	name := out.table.Name
	if err := needRows(m.privilege.String()+" of", out.table, m.table); err != nil {
		return nil, err
	}
	b.need(m.privilege, name.Database, name.Table)
	scan := &plan.Scan{Table: out.table, Alias: name.Table, Address: true}
	out.scope = tableScope(out.table)
	if m.alias != nil {
		scan.Alias = m.alias.Name.Text
		if err := rename(out.scope, m.alias); err != nil {
			return nil, err
		}
	}
	for i := range out.table.Columns {
		scan.Columns = append(scan.Columns, i)
	}
	out.input = plan.NewScan(*scan)
	return out, b.where(out, m.where)
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

// columns returns the expressions that read the rows as they are.
func (t *target) columns() []expr.Expr {
	out := make([]expr.Expr, len(t.scope.columns))
	for i := range t.scope.columns {
		out[i] = t.scope.columns[i].expr()
	}
	return out
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
	if len(s.Using) > 0 {
		return nil, unsupported("DELETE … USING", s.Using[0])
	}
	t, err := b.target(modified{with: s.With, table: s.Table, alias: s.Alias, where: s.Where, privilege: Delete})
	if err != nil {
		return nil, err
	}
	n := &plan.Delete{Table: t.table, Rows: len(s.Returning) > 0}
	if n.Rows {
		n.Input = t.rows(t.columns(), plan.TableSchema(t.table))
	} else {
		n.Input = t.rows(nil, &plan.Schema{})
	}
	if err := t.unused(); err != nil {
		return nil, err
	}
	return b.returning(n, t.table, t.scope, s.Returning)
}

// update binds UPDATE: every value is computed from the row as it was.
func (b *binder) update(s *ast.Update) (plan.Node, error) {
	if len(s.From) > 0 {
		return nil, unsupported("UPDATE … FROM", s.From[0])
	}
	t, err := b.target(modified{with: s.With, table: s.Table, alias: s.Alias, where: s.Where, privilege: Update})
	if err != nil {
		return nil, err
	}
	values, err := b.assignments(t, s.Set)
	if err != nil {
		return nil, err
	}
	n := &plan.Update{
		Table: t.table, Input: t.rows(values, plan.TableSchema(t.table)), Rows: len(s.Returning) > 0,
	}
	if err := t.unused(); err != nil {
		return nil, err
	}
	return b.returning(n, t.table, t.scope, s.Returning)
}

// assignments returns the new values of all columns; those that SET does not name keep theirs.
func (b *binder) assignments(t *target, set []ast.Assignment) ([]expr.Expr, error) {
	c := &clause{binder: b, name: "SET", scope: t.scope, with: t.with.with}
	assigned := t.columns()
	isSet := make([]bool, len(assigned))
	for i := range set {
		at, err := t.column(&set[i].Column)
		if err != nil {
			return nil, err
		}
		if isSet[at] {
			return nil, fail(set[i], sqlerr.DuplicateColumn, "column %s is set twice", t.table.Columns[at].Name)
		}
		isSet[at] = true
		if assigned[at], err = c.assignment(t.table.Columns[at], set[i].Value); err != nil {
			return nil, err
		}
		if len(expr.Columns(assigned[at])) > 0 {
			b.need(Read, t.table.Name.Database, t.table.Name.Table)
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
