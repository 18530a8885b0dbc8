package bind

import (
	"fmt"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
)

// tableName completes a table's name with the session's database.
func (b *binder) tableName(n ast.ObjectName) (catalog.TableName, error) {
	out := catalog.TableName{Database: b.env.Database, Table: n.Last().Text}
	switch parts := n.Parts; len(parts) {
	case 1:
	case 2:
		out.Database = parts[0].Text
	case 3:
		if !matches(parts[0], catalog.Name) {
			return out, fail(n, sqlerr.InvalidCatalogName, "catalog %s does not exist; the only one is %s",
				parts[0], catalog.Name)
		}
		out.Database = parts[1].Text
	default:
		return out, fail(n, sqlerr.SyntaxError, "%s has too many parts: a table is database.table", n)
	}
	return out, nil
}

// databaseName reads the name of a database, with or without the catalog before it.
func databaseName(n ast.ObjectName) (string, error) {
	if len(n.Parts) > 2 || len(n.Parts) == 2 && !matches(n.Parts[0], catalog.Name) {
		return "", fail(n, sqlerr.InvalidCatalogName, "%s is no database's name", n)
	}
	return n.Last().Text, nil
}

// findTable looks a table up: 3D000 and 42P01 suggest the nearest name.
func (b *binder) findTable(n ast.ObjectName) (*catalog.Table, error) {
	name, err := b.tableName(n)
	if err != nil {
		return nil, err
	}
	t, err := b.source.table(name)
	if err != nil {
		return nil, b.unknownTable(err, n, name)
	}
	if last := n.Last(); last.Quoted && !matches(last, t.Name.Table) {
		e := sqlerr.New(sqlerr.UndefinedTable, "table %s does not exist", name)
		return nil, at(e.WithHint("did you mean %q?", t.Name.Table), n)
	}
	return t, nil
}

func (b *binder) unknownTable(err error, n ast.ObjectName, name catalog.TableName) error {
	switch sqlerr.CodeOf(err) {
	case sqlerr.UndefinedTable:
		e := sqlerr.Wrap(err, sqlerr.UndefinedTable, "table %s does not exist", name)
		tables, listErr := b.source.tables(name.Database)
		if listErr != nil {
			return at(e, n)
		}
		names := make([]string, len(tables))
		for i, t := range tables {
			names[i] = t.Table
		}
		return at(suggest(e, name.Table, names), n)
	case sqlerr.InvalidCatalogName:
		return b.unknownDatabase(err, n, name.Database)
	default:
		return at(err, n)
	}
}

func (b *binder) unknownDatabase(err error, n ast.Node, name string) error {
	e := sqlerr.Wrap(err, sqlerr.InvalidCatalogName, "database %s does not exist", name)
	databases, listErr := b.source.databases()
	if listErr != nil {
		return at(e, n)
	}
	names := make([]string, len(databases))
	for i, d := range databases {
		names[i] = d.Name
	}
	return at(suggest(e, name, names), n)
}

// findColumn looks a column of a table up: 42703 suggests the nearest name.
func findColumn(t *catalog.Table, n ast.Name) (int, error) {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		if matches(n, c.Name) {
			return i, nil
		}
		names[i] = c.Name
	}
	e := sqlerr.New(sqlerr.UndefinedColumn, "table %s has no column %s", t.Name, n)
	return 0, at(suggest(e, n.Text, names), n)
}

func typeName(x any) string { return fmt.Sprintf("%T", x) }
