package bind

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// from binds FROM: the cross join of its members, one row without columns when it has none.
func (b *binder) from(refs []ast.TableRef, qc queryContext) (plan.Node, *scope, error) {
	if len(refs) == 0 {
		return &plan.Values{Out: &plan.Schema{}, Rows: [][]expr.Expr{{}}}, &scope{outer: qc.outer}, nil
	}
	n, s, err := b.tableRef(refs[0], qc)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range refs[1:] {
		right, err := b.beside(s, r, qc)
		if err != nil {
			return nil, nil, err
		}
		s = sideBySide(s, right.scope, len(n.Schema().Fields), 0)
		n = plan.NewJoin(plan.Join{Kind: plan.InnerJoin, Left: n, Right: right.node, Variables: right.variables})
	}
	return n, s, nil
}

// member is a bound member of FROM, and the columns of the members before it that it reads.
type member struct {
	node      plan.Node
	scope     *scope
	variables []plan.Variable
}

// beside binds a member of FROM that stands right of others. A LATERAL query and a table function see their columns:
// they are subqueries that read the row.
func (b *binder) beside(left *scope, r ast.TableRef, qc queryContext) (member, error) {
	if !isLateral(r) {
		n, s, err := b.tableRef(r, qc)
		return member{node: n, scope: s}, err
	}
	reader := &captures{}
	qc.outer = &scope{columns: left.columns, outer: left.outer, captured: reader}
	n, s, err := b.tableRef(r, qc)
	if err != nil {
		return member{}, err
	}
	s.outer = left.outer
	return member{node: n, scope: s, variables: reader.variables}, nil
}

func isLateral(r ast.TableRef) bool {
	switch r := r.(type) {
	case *ast.Derived:
		return r.Lateral
	case *ast.TableFunction:
		return true
	default:
		return false
	}
}

// sideBySide makes the scope of a join; leftBy and rightBy are what is added to the ordinals of either side.
func sideBySide(l, r *scope, rightBy, leftBy int) *scope {
	s := &scope{outer: l.outer}
	for _, c := range l.columns {
		c.index += leftBy
		s.columns = append(s.columns, c)
	}
	for _, c := range r.columns {
		c.index += rightBy
		s.columns = append(s.columns, c)
	}
	return s
}

func (b *binder) tableRef(r ast.TableRef, qc queryContext) (plan.Node, *scope, error) {
	switch r := r.(type) {
	case *ast.Table:
		return b.table(r, qc)
	case *ast.Derived:
		n, err := b.query(r.Query, qc)
		if err != nil {
			return nil, nil, err
		}
		return derived(n, r.Alias, nil, qc)
	case *ast.Join:
		return b.join(r, qc)
	case *ast.TableFunction:
		return b.tableFunction(r, qc)
	default:
		return nil, nil, unsupported("this member of FROM", r)
	}
}

// derived gives a query in FROM its names: those of the common table it is, then those of its alias.
func derived(n plan.Node, a *ast.Alias, common *ast.CommonTable, qc queryContext) (plan.Node, *scope, error) {
	s := scopeOf(n, qc.outer)
	for i := range s.columns {
		s.columns[i].Table = ""
	}
	if common != nil {
		if err := rename(s, &ast.Alias{At: common.At, Name: common.Name, Columns: common.Columns}); err != nil {
			return nil, nil, err
		}
	}
	if a != nil {
		if err := rename(s, a); err != nil {
			return nil, nil, err
		}
	}
	return n, s, nil
}

// rename gives the columns of a scope an alias for their table, and the first of them new names.
func rename(s *scope, a *ast.Alias) error {
	if len(a.Columns) > len(s.columns) {
		return fail(a, sqlerr.SyntaxError, "%s has %d columns, and %d names are given",
			a.Name, len(s.columns), len(a.Columns))
	}
	for i := range s.columns {
		s.columns[i].Table, s.columns[i].database = a.Name.Text, ""
		if i < len(a.Columns) {
			s.columns[i].Name = a.Columns[i].Text
		}
	}
	return nil
}

func (b *binder) table(r *ast.Table, qc queryContext) (plan.Node, *scope, error) {
	if r.AsOf != nil {
		return nil, nil, unsupported("AS OF a time (write AS OF VERSION n)", r.AsOf)
	}
	if w := qc.with.find(r.Name.Last()); w != nil && len(r.Name.Parts) == 1 {
		if r.Version != nil {
			return nil, nil, unsupported("AS OF VERSION of a common table", r)
		}
		if w.self != nil {
			return b.working(r, w, qc)
		}
		n, err := b.commonTable(w)
		if err != nil {
			return nil, nil, err
		}
		return derived(n, r.Alias, w.table, qc)
	}
	t, err := b.findTable(r.Name)
	if err != nil {
		return nil, nil, err
	}
	if t.Kind == catalog.View {
		return b.view(r, t, qc)
	}
	b.need(Read, t.Name.Database, t.Name.Table)
	n := &plan.Scan{Table: t, Alias: t.Name.Table}
	if r.Version != nil {
		if n.AsOf, err = b.version(r, t); err != nil {
			return nil, nil, err
		}
	}
	if r.Alias != nil {
		n.Alias = r.Alias.Name.Text
	}
	for i := range t.Columns {
		n.Columns = append(n.Columns, i)
	}
	n = plan.NewScan(*n)
	s := scopeOf(n, qc.outer)
	for i := range s.columns {
		s.columns[i].database = t.Name.Database
	}
	if r.Alias != nil {
		if err := rename(s, r.Alias); err != nil {
			return nil, nil, err
		}
	}
	return n, s, nil
}
