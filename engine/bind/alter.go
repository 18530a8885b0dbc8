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
	t, name, err := b.alteredTable(s.Name, s.IfExists)
	if err != nil {
		return nil, err
	}
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

// alteredTable finds the table that a statement alters; nil without an error when it may be missing and is.
func (b *binder) alteredTable(of ast.ObjectName, ifExists bool) (*catalog.Table, catalog.TableName, error) {
	name, err := b.tableName(of)
	if err != nil {
		return nil, name, err
	}
	t, err := b.findTable(of)
	switch code := sqlerr.CodeOf(err); {
	case err == nil && t.Kind == catalog.View:
		return nil, name, fail(of, sqlerr.WrongObjectType, "%s is a view, not a table", t.Name)
	case err == nil && t.Kind != catalog.BaseTable:
		return nil, name, fail(of, sqlerr.InsufficientPrivilege, "%s belongs to the system and can't be altered",
			t.Name)
	case err == nil:
		name = t.Name
	case !ifExists || code != sqlerr.UndefinedTable && code != sqlerr.InvalidCatalogName:
		return nil, name, err
	default:
		t = nil
	}
	b.need(AlterTable, name.Database, name.Table)
	return t, name, nil
}

// comment binds COMMENT ON.
func (b *binder) comment(s *ast.Comment) (plan.Node, error) {
	t, name, err := b.alteredTable(s.Table, false)
	if err != nil {
		return nil, err
	}
	c := catalog.Comment{}
	if s.Text != nil {
		c.Text = s.Text.Text
	}
	if s.Column != nil {
		if err := alteredColumn(t, ast.AlterAction{At: s.At, Kind: ast.DropColumn, Column: *s.Column}); err != nil {
			return nil, err
		}
		c.Column = s.Column.Text
	}
	return &plan.Define{Change: catalog.AlterTable{Name: name, Actions: []catalog.TableAction{c}}}, nil
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
