package bind

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
)

// returning computes the outputs of RETURNING from the rows that a change gives, whose columns are the table's and
// which the scope names. Without RETURNING the change is all. Who reads a column in it needs SELECT.
func (b *binder) returning(change plan.Node, t *catalog.Table, s *scope, items []ast.SelectItem) (plan.Node, error) {
	if len(items) == 0 {
		return change, nil
	}
	sel := &selection{
		query:  &ast.Select{Items: items, From: []ast.TableRef{&ast.Table{}}},
		clause: &clause{binder: b, name: "RETURNING", scope: s, places: map[int]*ast.Column{}},
	}
	if err := sel.expand(); err != nil {
		return nil, err
	}
	p := &plan.Project{Input: change, Out: &plan.Schema{}}
	for i := range sel.items {
		e, err := sel.item(i)
		if err != nil {
			return nil, err
		}
		if len(sel.attached) > 0 {
			return nil, unsupported("a subquery in RETURNING", sel.items[i].of)
		}
		if len(expr.Columns(e)) > 0 {
			b.need(Read, t.Name.Database, t.Name.Table)
		}
		p.Exprs = append(p.Exprs, e)
		p.Out.Fields = append(p.Out.Fields, plan.Field{Name: sel.items[i].name, Type: e.Type(), Nullable: e.Nullable()})
	}
	return p, nil
}

// tableScope names a table's columns.
func tableScope(t *catalog.Table) *scope {
	s := &scope{}
	for i, f := range plan.TableSchema(t).Fields {
		f.Table = t.Name.Table
		s.columns = append(s.columns, column{Field: f, index: i, database: t.Name.Database})
	}
	return s
}
