package bind

import (
	"strings"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// scope is the columns that names can mean in one query.
type scope struct {
	columns []column
	outer   *scope // of the enclosing query; nil: none

	captured *captures // what a subquery reads of an enclosing query's scope; nil: it is none
}

// column is one column of the rows that a FROM gives.
type column struct {
	plan.Field

	database string // of the table when it has no alias
	index    int    // ordinal in the plan node's rows
	merged   bool   // USING has another in its place: found by its qualifier only
}

// matches compares a name as written with a stored one.
func matches(n ast.Name, stored string) bool {
	if n.Quoted {
		return n.Text == stored
	}
	return catalog.FoldName(n.Text) == catalog.FoldName(stored)
}

// qualified tells whether a column belongs to the table that the qualifiers name: none, [database.]table, with the
// catalog's name before it.
func (c *column) qualified(q []ast.Name) bool {
	if len(q) == 0 {
		return true
	}
	if !matches(q[len(q)-1], c.Table) || c.Table == "" {
		return false
	}
	if len(q) > 1 && (c.database == "" || !matches(q[len(q)-2], c.database)) {
		return false
	}
	return len(q) < 3 || matches(q[len(q)-3], catalog.Name)
}

// expr returns the expression that reads the column.
func (c *column) expr() expr.Column {
	return expr.Column{Index: c.index, Name: c.Name, Of: c.Type, IsNull: c.Nullable}
}

// lookup finds the columns that a name may mean.
func (s *scope) lookup(name *ast.Column) []*column {
	var found []*column
	last := len(name.Parts) - 1
	for i := range s.columns {
		c := &s.columns[i]
		if matches(name.Parts[last], c.Name) && c.qualified(name.Parts[:last]) && (last > 0 || !c.merged) {
			found = append(found, c)
		}
	}
	return found
}

// find returns the one column that a name means, nil when there is none, 42702 when there are several.
func (s *scope) find(name *ast.Column) (*column, error) {
	found := s.lookup(name)
	switch len(found) {
	case 0:
		return nil, nil //nolint:nilnil // no column is an answer: aliases and enclosing queries are asked next
	case 1:
		return found[0], nil
	}
	var owners []string
	for _, c := range found {
		owners = append(owners, c.Table+"."+c.Name)
	}
	return nil, at(sqlerr.New(sqlerr.AmbiguousColumn, "column %s is ambiguous", nameOf(name)).
		WithHint("it may be %s", strings.Join(owners, " or ")), name)
}

// unknown is the error for a name that means no column of the scope.
func (s *scope) unknown(name *ast.Column) error {
	e := sqlerr.New(sqlerr.UndefinedColumn, "column %s does not exist", nameOf(name))
	last := len(name.Parts) - 1
	if last > 0 && !s.hasTable(name.Parts[:last]) {
		e = sqlerr.New(sqlerr.UndefinedTable, "table %s of column %s is not in FROM",
			ast.ObjectName{Parts: name.Parts[:last]}, nameOf(name))
		return at(suggest(e, name.Parts[last-1].Text, s.tables()), name)
	}
	var names []string
	for i := range s.columns {
		if s.columns[i].qualified(name.Parts[:last]) {
			names = append(names, s.columns[i].Name)
		}
	}
	return at(suggest(e, name.Parts[last].Text, names), name)
}

func (s *scope) hasTable(q []ast.Name) bool {
	for i := range s.columns {
		if s.columns[i].qualified(q) {
			return true
		}
	}
	return false
}

func (s *scope) tables() []string {
	var names []string
	for i := range s.columns {
		if t := s.columns[i].Table; t != "" {
			names = append(names, t)
		}
	}
	return names
}

func nameOf(c *ast.Column) string { return ast.ObjectName{Parts: c.Parts}.String() }

// scopeOf makes a scope of a node's columns.
func scopeOf(n plan.Node, outer *scope) *scope {
	s := &scope{outer: outer}
	for i, f := range n.Schema().Fields {
		s.columns = append(s.columns, column{Field: f, index: i})
	}
	return s
}
