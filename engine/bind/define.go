package bind

import (
	"strings"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

func (b *binder) createDatabase(s *ast.CreateDatabase) (plan.Node, error) {
	name, err := databaseName(s.Name)
	if err != nil {
		return nil, err
	}
	b.need(CreateDatabase, name, "")
	return &plan.Define{Change: catalog.CreateDatabase{Name: name, IfNotExists: s.IfNotExists}}, nil
}

func (b *binder) dropDatabase(s *ast.DropDatabase) (plan.Node, error) {
	name, err := databaseName(s.Name)
	if err != nil {
		return nil, err
	}
	if !s.IfExists {
		if _, err := b.source.tables(name); err != nil {
			return nil, b.unknownDatabase(err, s.Name, name)
		}
	}
	b.need(DropDatabase, name, "")
	return &plan.Define{Change: catalog.DropDatabase{Name: name, IfExists: s.IfExists, Cascade: s.Cascade}}, nil
}

func (b *binder) dropTable(s *ast.DropTable) (plan.Node, error) {
	return b.dropAll(s.Names, s.IfExists, catalog.BaseTable)
}

// dropAll drops some tables or views, all or none.
func (b *binder) dropAll(names []ast.ObjectName, ifExists bool, kind catalog.TableKind) (plan.Node, error) {
	n := &plan.Define{}
	for i, name := range names {
		d, err := b.drop(name, ifExists, kind)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			n.Change = d
		} else {
			n.Also = append(n.Also, d)
		}
	}
	return n, nil
}

// drop drops a table or a view.
func (b *binder) drop(of ast.ObjectName, ifExists bool, kind catalog.TableKind) (catalog.Definition, error) {
	name, err := b.tableName(of)
	if err != nil {
		return nil, err
	}
	t, err := b.findTable(of)
	switch code := sqlerr.CodeOf(err); {
	case err == nil && t.Kind == catalog.View && kind != catalog.View:
		return nil, at(sqlerr.New(sqlerr.WrongObjectType, "%s is a view, not a table", t.Name).
			WithHint("DROP VIEW drops it"), of)
	case err == nil && t.Kind == catalog.BaseTable && kind == catalog.View:
		return nil, needView(t, of)
	case err == nil:
		name = t.Name
		if t.Kind != kind {
			return nil, fail(of, sqlerr.InsufficientPrivilege, "%s belongs to the system and can't be dropped", name)
		}
	case !ifExists || code != sqlerr.UndefinedTable && code != sqlerr.InvalidCatalogName:
		return nil, err
	}
	b.need(DropTable, name.Database, name.Table)
	return catalog.DropTable{Name: name, Kind: kind, IfExists: ifExists}, nil
}

func (b *binder) createTable(s *ast.CreateTable) (plan.Node, error) {
	if err := unsupportedTable(s); err != nil {
		return nil, err
	}
	name, err := b.tableName(s.Name)
	if err != nil {
		return nil, err
	}
	if _, err := b.source.tables(name.Database); err != nil {
		return nil, b.unknownDatabase(err, s.Name, name.Database)
	}
	b.need(CreateTable, name.Database, name.Table)
	change := catalog.CreateTable{
		Name: name, Kind: catalog.BaseTable, IfNotExists: s.IfNotExists, Replace: s.OrReplace,
	}
	if s.OrReplace {
		if err := b.replacedTable(s, name); err != nil {
			return nil, err
		}
	}
	if s.Query != nil {
		return b.createTableAs(s, change)
	}
	if len(s.Columns) == 0 {
		return nil, fail(s, sqlerr.SyntaxError, "table %s has no columns", name)
	}
	for _, c := range s.Columns {
		column, err := columnOf(c)
		if err != nil {
			return nil, err
		}
		change.Columns = append(change.Columns, column)
	}
	if err := distinctNames(change.Columns, s); err != nil {
		return nil, err
	}
	return &plan.Define{Change: change}, nil
}

// replacedTable checks what a table takes the place of, if anything.
func (b *binder) replacedTable(s *ast.CreateTable, name catalog.TableName) error {
	if s.IfNotExists {
		return fail(s, sqlerr.SyntaxError, "OR REPLACE and IF NOT EXISTS exclude each other")
	}
	old, err := b.source.table(name)
	switch {
	case sqlerr.CodeOf(err) == sqlerr.UndefinedTable:
		return nil
	case err != nil:
		return at(err, s.Name)
	case old.Kind == catalog.View:
		return fail(s.Name, sqlerr.WrongObjectType, "%s is a view, not a table", old.Name)
	case old.Kind != catalog.BaseTable:
		return fail(s.Name, sqlerr.InsufficientPrivilege, "%s belongs to the system and can't be replaced", old.Name)
	}
	b.need(DropTable, name.Database, name.Table)
	return nil
}

func unsupportedTable(s *ast.CreateTable) error {
	switch {
	case s.Temporary:
		return unsupported("CREATE TEMPORARY TABLE", s)
	case len(s.Options) > 0:
		return unsupported("WITH ("+s.Options[0].Name.Text+" = …)", s.Options[0])
	case len(s.Constraints) > 0:
		return unsupported(constraintNames[s.Constraints[0].Kind], s.Constraints[0])
	}
	for _, c := range s.Columns {
		if err := unsupportedColumn(c); err != nil {
			return err
		}
	}
	return nil
}

func unsupportedColumn(c ast.ColumnDef) error {
	switch {
	case c.Default != nil:
		return unsupported("DEFAULT", c)
	case c.PrimaryKey:
		return unsupported("PRIMARY KEY", c)
	case c.Unique:
		return unsupported("UNIQUE", c)
	case c.Check != nil:
		return unsupported("CHECK", c)
	case c.References != nil:
		return unsupported("REFERENCES", c)
	case c.Collation != "" && !strings.EqualFold(c.Collation, "binary"):
		return unsupported("COLLATE "+c.Collation, c)
	}
	return nil
}

// columnOf reads a column.
func columnOf(c ast.ColumnDef) (catalog.Column, error) {
	out := catalog.Column{Name: c.Name.Text, NotNull: c.NotNull}
	if c.Type == nil {
		return out, fail(c, sqlerr.SyntaxError, "column %s has no type", c.Name)
	}
	var err error
	if out.Type, err = typeOf(*c.Type); err != nil {
		return out, err
	}
	out.Length, err = lengthOf(*c.Type, out.Type)
	return out, err
}

func distinctNames(columns []catalog.Column, place ast.Node) error {
	seen := map[string]bool{}
	for _, c := range columns {
		if folded := catalog.FoldName(c.Name); seen[folded] {
			return fail(place, sqlerr.DuplicateColumn, "column %s is defined twice", c.Name)
		}
		seen[catalog.FoldName(c.Name)] = true
	}
	return nil
}

// createTableAs makes a table of a query's columns, and fills it unless it is there already.
func (b *binder) createTableAs(s *ast.CreateTable, change catalog.CreateTable) (plan.Node, error) {
	n, err := b.query(s.Query, queryContext{})
	if err != nil {
		return nil, err
	}
	fields := n.Schema().Fields
	if len(s.Columns) > 0 && len(s.Columns) != len(fields) {
		return nil, fail(s, sqlerr.SyntaxError, "%d names are given for %d columns", len(s.Columns), len(fields))
	}
	for i, f := range fields {
		c := catalog.Column{Name: f.Name, Type: f.Type}
		if len(s.Columns) > 0 {
			if s.Columns[i].Type != nil {
				return nil, unsupported("CREATE TABLE … AS with types", s.Columns[i])
			}
			c.Name, c.NotNull = s.Columns[i].Name.Text, s.Columns[i].NotNull
		}
		change.Columns = append(change.Columns, c)
	}
	if err := distinctNames(change.Columns, s.Query); err != nil {
		return nil, err
	}
	define := &plan.Define{Change: change, As: n}
	if s.WithNoData || s.IfNotExists && b.hasTable(change.Name) {
		define.As = nil
	}
	return define, nil
}

func (b *binder) hasTable(name catalog.TableName) bool {
	_, err := b.source.table(name)
	return err == nil
}
