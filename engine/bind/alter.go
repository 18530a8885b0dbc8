package bind

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// alterTable binds ALTER TABLE. Whether the actions fit the table one after the other is found out when they are done;
// here the columns that stand at a place of their own are looked up.
func (b *binder) alterTable(s *ast.AlterTable) (plan.Node, error) {
	name, err := b.tableName(s.Name)
	if err != nil {
		return nil, err
	}
	t, err := b.findTable(s.Name)
	switch code := sqlerr.CodeOf(err); {
	case err == nil && t.Kind == catalog.View:
		return nil, fail(s.Name, sqlerr.WrongObjectType, "%s is a view, not a table", t.Name)
	case err == nil && t.Kind != catalog.BaseTable:
		return nil, fail(s.Name, sqlerr.InsufficientPrivilege, "%s belongs to the system and can't be altered", t.Name)
	case err == nil:
		name = t.Name
	case !s.IfExists || code != sqlerr.UndefinedTable && code != sqlerr.InvalidCatalogName:
		return nil, err
	default:
		t = nil
	}
	b.need(AlterTable, name.Database, name.Table)
	change := catalog.AlterTable{Name: name, IfExists: s.IfExists}
	for i, a := range s.Actions {
		if a.Kind == ast.RenameTable {
			b.need(CreateTable, name.Database, a.To.Text)
		}
		if t != nil && i == 0 {
			if err := alteredColumn(t, a); err != nil {
				return nil, err
			}
		}
		action, err := alterAction(a)
		if err != nil {
			return nil, err
		}
		change.Actions = append(change.Actions, action)
	}
	return &plan.Define{Change: change}, nil
}

// alteredColumn fails, with the place, where an action names a column that is not there.
func alteredColumn(t *catalog.Table, a ast.AlterAction) error {
	if a.Kind == ast.AddColumn || a.Kind == ast.RenameTable || a.IfExists || t.Find(a.Column.Text) >= 0 {
		return nil
	}
	e := sqlerr.New(sqlerr.UndefinedColumn, "table %s has no column %q", t.Name, a.Column.Text)
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name
	}
	return at(suggest(e, a.Column.Text, names), a)
}

func alterAction(a ast.AlterAction) (catalog.TableAction, error) {
	switch a.Kind {
	case ast.AddColumn:
		if err := unsupportedColumn(*a.Add); err != nil {
			return nil, err
		}
		c, err := columnOf(*a.Add)
		if err == nil && c.NotNull {
			err = unsupported("ADD COLUMN … NOT NULL", a.Add)
		}
		return catalog.AddColumn{Column: c, IfNotExists: a.IfNotExists}, err
	case ast.DropColumn:
		return catalog.DropColumn{Column: a.Column.Text, IfExists: a.IfExists}, nil
	case ast.RenameColumn:
		return catalog.RenameColumn{From: a.Column.Text, To: a.To.Text}, nil
	case ast.RenameTable:
		return catalog.RenameTable{To: a.To.Text}, nil
	default:
		c, err := columnOf(ast.ColumnDef{At: a.At, Name: a.Column, Type: a.Type})
		return catalog.ChangeType{Column: a.Column.Text, Type: c.Type, Length: c.Length}, err
	}
}
