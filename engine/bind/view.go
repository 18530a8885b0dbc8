package bind

import (
	"slices"
	"strings"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// view binds one use of a view: its query, in the database in which the view was made, under the names that the view
// gave its columns.
func (b *binder) view(r *ast.Table, t *catalog.Table, qc queryContext) (plan.Node, *scope, error) {
	if r.Version != nil {
		return nil, nil, at(sqlerr.NotSupported("AS OF VERSION of the view "+t.Name.String()).
			WithHint("write it after the tables in the view's query"), r)
	}
	n, err := b.viewQuery(r, t)
	if err == nil {
		err = sameColumns(n, t)
	}
	if err != nil {
		return nil, nil, throughView(err, t, r)
	}
	s := scopeOf(n, qc.outer)
	for i := range s.columns {
		c := &s.columns[i]
		c.Name, c.Table, c.database = t.Columns[i].Name, t.Name.Table, t.Name.Database
	}
	if r.Alias != nil {
		if err := rename(s, r.Alias); err != nil {
			return nil, nil, err
		}
	}
	return n, s, nil
}

// viewQuery binds the query of a view.
func (b *binder) viewQuery(r *ast.Table, t *catalog.Table) (plan.Node, error) {
	b.need(Read, t.Name.Database, t.Name.Table)
	b.views = append(b.views, t)
	if b.inlined++; b.inlined > inlinedMax {
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "views are used more than %d times", inlinedMax)
	}
	q, err := parser.ParseView(t.Query.Text, b.env.Limits, r.At)
	if err != nil {
		return nil, err
	}
	outside, parameters := b.through, len(b.parameters)
	b.through = t.Name.String()
	defer func() { b.through = outside }()
	n, err := b.within(t.Name, t.Query.Database, func() (plan.Node, error) { return b.query(q, queryContext{}) })
	if err == nil && len(b.parameters) > parameters {
		err = sqlerr.New(sqlerr.UndefinedParameter, "the query of a view has no parameters")
	}
	return n, err
}

// within binds what a view reads: 42P17 when that is the view itself.
func (b *binder) within(view catalog.TableName, database string, do func() (plan.Node, error)) (plan.Node, error) {
	view = catalog.TableName{Database: catalog.FoldName(view.Database), Table: catalog.FoldName(view.Table)}
	switch {
	case slices.Contains(b.inside, view):
		return nil, sqlerr.New(sqlerr.InvalidDefinition, "it reads itself")
	case len(b.inside) == limits.ViewDepth:
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "views read views more than %d deep", limits.ViewDepth)
	}
	outside, from := b.inside, b.env.Database
	b.inside, b.env.Database = append(slices.Clip(outside), view), database
	defer func() { b.inside, b.env.Database = outside, from }()
	return do()
}

// throughView says of an error which view it comes from. The query's text is not in the statement: the place is where
// the statement names the view.
func throughView(err error, t *catalog.Table, r ast.Node) error {
	e := sqlerr.From(err)
	with := sqlerr.Wrap(err, e.Code, "view %s: %s", t.Name, e.Message)
	if e.Hint != "" {
		with = with.WithHint("%s", e.Hint)
	}
	return at(with, r)
}

// sameColumns fails when a view's query gives other columns than when the view was made, because what it reads was
// made anew. The view's columns are in the catalog, and clients rely on them.
func sameColumns(n plan.Node, t *catalog.Table) error {
	fields := n.Schema().Fields
	anew := func(format string, args ...any) error {
		return sqlerr.New(sqlerr.DatatypeMismatch, format, args...).
			WithHint("what it reads has changed: make it anew with CREATE OR REPLACE VIEW")
	}
	if len(fields) != len(t.Columns) {
		return anew("its query gives %d columns, and it has %d", len(fields), len(t.Columns))
	}
	for i, f := range fields {
		if c := t.Columns[i]; !f.Type.Equal(c.Type) {
			return anew("its query gives %s as column %s, which is %s", f.Type, c.Name, c.Type)
		}
	}
	return nil
}

func (b *binder) createView(s *ast.CreateView) (plan.Node, error) {
	name, err := b.tableName(s.Name)
	if err != nil {
		return nil, err
	}
	if s.OrReplace && s.IfNotExists {
		return nil, fail(s, sqlerr.SyntaxError, "OR REPLACE and IF NOT EXISTS exclude each other")
	}
	if _, err := b.source.tables(name.Database); err != nil {
		return nil, b.unknownDatabase(err, s.Name, name.Database)
	}
	b.need(CreateTable, name.Database, name.Table)
	change := catalog.CreateTable{
		Name: name, Kind: catalog.View, IfNotExists: s.IfNotExists, Replace: s.OrReplace,
		Query: &catalog.ViewQuery{Text: s.Text, Database: b.env.Database},
	}
	if s.OrReplace {
		if err := b.replaced(name, s.Name); err != nil {
			return nil, err
		}
	}
	n, err := b.within(name, b.env.Database, func() (plan.Node, error) { return b.query(s.Query, queryContext{}) })
	if err != nil {
		return nil, at(err, s.Query)
	}
	if len(b.parameters) > 0 {
		return nil, fail(s.Query, sqlerr.UndefinedParameter, "the query of a view has no parameters")
	}
	change.Columns, err = viewColumns(s, n)
	return &plan.Define{Change: change}, err
}

// replaced checks what a view takes the place of, if anything.
func (b *binder) replaced(name catalog.TableName, place ast.Node) error {
	old, err := b.source.table(name)
	switch {
	case sqlerr.CodeOf(err) == sqlerr.UndefinedTable:
		return nil
	case err != nil:
		return at(err, place)
	}
	b.need(DropTable, name.Database, name.Table)
	return needView(old, place)
}

// viewColumns returns the columns of a view: all may be NULL, as a table that is made anew may allow it.
func viewColumns(s *ast.CreateView, n plan.Node) ([]catalog.Column, error) {
	fields := n.Schema().Fields
	if len(s.Columns) > 0 && len(s.Columns) != len(fields) {
		return nil, fail(s.Columns[0], sqlerr.SyntaxError, "%d names are given for %d columns",
			len(s.Columns), len(fields))
	}
	columns := make([]catalog.Column, len(fields))
	for i, f := range fields {
		columns[i] = catalog.Column{Name: f.Name, Type: f.Type}
		if len(s.Columns) > 0 {
			columns[i].Name = s.Columns[i].Text
		}
		if f.Type.Kind == vector.Unknown {
			return nil, fail(s.Query, sqlerr.IndeterminateType, "column %s has no type; cast it", columns[i].Name)
		}
	}
	return columns, distinctNames(columns, s.Query)
}

func (b *binder) dropView(s *ast.DropView) (plan.Node, error) {
	return b.dropAll(s.Names, s.IfExists, catalog.View)
}

// needView refuses to treat a table as a view.
func needView(t *catalog.Table, place ast.Node) error {
	if t.Kind == catalog.View {
		return nil
	}
	return fail(place, sqlerr.WrongObjectType, "%s is a %s, not a view that CREATE VIEW made", t.Name,
		strings.ToLower(t.Kind.String()))
}

// needRows refuses to change the rows of a view, which are not its own.
func needRows(what string, t *catalog.Table, place ast.Node) error {
	if t.Kind.HasRows() {
		return nil
	}
	return unsupported(what+" the view "+t.Name.String(), place)
}
