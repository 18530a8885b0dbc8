package bind

import (
	"slices"
	"strings"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// show answers from the snapshot and the environment, with constant rows.
func (b *binder) show(s *ast.Show) (plan.Node, error) {
	switch s.Kind {
	case ast.ShowDatabases:
		return b.showDatabases(s)
	case ast.ShowTables:
		return b.showTables(s)
	case ast.ShowColumns:
		return b.showColumns(s.Name, s.Like)
	case ast.ShowCreateTable, ast.ShowCreateView:
		return b.showCreateTable(s)
	case ast.ShowSetting:
		return b.showSetting(s)
	case ast.ShowAll:
		return b.showAll(s)
	case ast.ShowFunctions:
		return b.showFunctions(s)
	default:
		return nil, unsupported("this form of SHOW", s)
	}
}

// texts makes constant rows of text columns; like leaves out the rows whose first column does not match.
func texts(names []string, rows [][]string, like *ast.Literal) plan.Node {
	n := &plan.Values{Out: &plan.Schema{}}
	for _, name := range names {
		n.Out.Fields = append(n.Out.Fields, plan.Field{Name: name, Type: vector.Of(vector.Text)})
	}
	for _, row := range rows {
		values := make([]expr.Expr, len(row))
		for i, v := range row {
			values[i] = expr.Literal{Value: vector.TextOf(v)}
		}
		n.Rows = append(n.Rows, values)
	}
	if like == nil {
		return n
	}
	pattern := expr.Literal{Value: vector.TextOf(like.Text)}
	return &plan.Filter{Input: n, Predicate: expr.Like{Of: n.Out.Column(0), Pattern: pattern}}
}

func (b *binder) showDatabases(s *ast.Show) (plan.Node, error) {
	databases, err := b.source.databases()
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for _, d := range databases {
		rows = append(rows, []string{d.Name})
	}
	return texts([]string{"database_name"}, rows, s.Like), nil
}

func (b *binder) showTables(s *ast.Show) (plan.Node, error) {
	database := b.env.Database
	if len(s.Name.Parts) > 0 {
		var err error
		if database, err = databaseName(s.Name); err != nil {
			return nil, err
		}
	}
	names, err := b.source.tables(database)
	if sqlerr.CodeOf(err) == sqlerr.InvalidCatalogName {
		return nil, b.unknownDatabase(err, s, database)
	} else if err != nil {
		return nil, err
	}
	columns := []string{"table_name"}
	if s.Full {
		columns = append(columns, "table_type")
	}
	var rows [][]string
	for _, n := range names {
		row := []string{n.Table}
		if s.Full {
			t, err := b.source.table(n)
			if err != nil {
				return nil, err
			}
			row = append(row, t.Kind.String())
		}
		rows = append(rows, row)
	}
	return texts(columns, rows, s.Like), nil
}

func (b *binder) showColumns(name ast.ObjectName, like *ast.Literal) (plan.Node, error) {
	t, err := b.findTable(name)
	if err != nil {
		return nil, err
	}
	b.need(Read, t.Name.Database, t.Name.Table)
	var rows [][]string
	for _, c := range t.Columns {
		rows = append(rows, describeColumn(c.Name, c.TypeName(), !c.NotNull))
	}
	return texts(describeNames(), rows, like), nil
}

func describeNames() []string { return []string{"column_name", "column_type", "null"} }

func describeColumn(name, typeName string, nullable bool) []string {
	null := "NO"
	if nullable {
		null = "YES"
	}
	return []string{name, typeName, null}
}

// describe shows the columns of a table or of a query.
func (b *binder) describe(s *ast.Describe) (plan.Node, error) {
	if s.Query == nil {
		return b.showColumns(s.Table, nil)
	}
	n, err := b.query(s.Query, queryContext{})
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for _, f := range n.Schema().Fields {
		rows = append(rows, describeColumn(f.Name, f.Type.String(), f.Nullable))
	}
	return texts(describeNames(), rows, nil), nil
}

func (b *binder) showCreateTable(s *ast.Show) (plan.Node, error) {
	t, err := b.findTable(s.Name)
	if err != nil {
		return nil, err
	}
	if s.Kind == ast.ShowCreateView {
		if err := needView(t, s.Name); err != nil {
			return nil, err
		}
	}
	b.need(Read, t.Name.Database, t.Name.Table)
	return texts([]string{"table_name", "sql"}, [][]string{{t.Name.String(), createStatement(t)}}, nil), nil
}

// createStatement returns the statement that makes a table or a view, the latter in the database of its query's names.
func createStatement(t *catalog.Table) string {
	var sql strings.Builder
	what := "TABLE "
	if t.Kind == catalog.View {
		what = "VIEW "
	}
	sql.WriteString("CREATE " + what + quoteName(t.Name.Database) + "." + quoteName(t.Name.Table) + " (")
	for i, c := range t.Columns {
		if i > 0 {
			sql.WriteString(", ")
		}
		sql.WriteString(quoteName(c.Name))
		if t.Kind != catalog.View {
			sql.WriteString(" " + c.TypeName())
		}
		if c.NotNull {
			sql.WriteString(" NOT NULL")
		}
	}
	sql.WriteString(")")
	if t.Query != nil {
		sql.WriteString(" AS " + t.Query.Text)
	}
	return sql.String()
}

// quoteName quotes a name that would not be read back as it is.
func quoteName(name string) string {
	return ast.Name{Text: name, Quoted: strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_0123456789") != ""}.String()
}

func (b *binder) showSetting(s *ast.Show) (plan.Node, error) {
	value, ok := b.env.Setting(s.What)
	if !ok {
		e := sqlerr.New(sqlerr.UndefinedObject, "setting %s does not exist", s.What)
		return nil, at(suggest(e, s.What, b.env.SettingNames), s)
	}
	return texts([]string{catalog.FoldName(s.What)}, [][]string{{value}}, nil), nil
}

func (b *binder) showAll(s *ast.Show) (plan.Node, error) {
	var rows [][]string
	for _, name := range b.env.SettingNames {
		if value, ok := b.env.Setting(name); ok {
			rows = append(rows, []string{name, value})
		}
	}
	return texts([]string{"name", "value"}, rows, s.Like), nil
}

func (b *binder) showFunctions(s *ast.Show) (plan.Node, error) {
	n := b.listFunctions()
	if s.Like == nil {
		return n, nil
	}
	pattern := expr.Literal{Value: vector.TextOf(s.Like.Text)}
	return &plan.Filter{Input: n, Predicate: expr.Like{Of: n.Schema().Column(0), Pattern: pattern}}, nil
}

// listFunctions has a row for every name of every function.
func (b *binder) listFunctions() plan.Node {
	names := []string{"name", "kind", "family", "alias_of", "signature", "description", "example", "result"}
	var rows [][]string
	for _, f := range b.env.Functions.Entries() {
		row := []string{f.Name, f.Kind.String(), f.Family, "", f.Signature, f.Help, f.Example, f.Gives}
		rows = append(rows, row)
		for _, alias := range f.Aliases {
			other := slices.Clone(row)
			other[0], other[3] = alias, f.Name
			rows = append(rows, other)
		}
	}
	slices.SortStableFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return texts(names, rows, nil)
}
