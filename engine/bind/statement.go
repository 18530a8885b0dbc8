package bind

import (
	"strings"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
)

// statement binds any statement, and tells whether it only reads.
func (b *binder) statement(s ast.Statement) (n plan.Node, readOnly bool, err error) {
	switch s := s.(type) {
	case *ast.Select, *ast.SetOperation, *ast.Values:
		query, ok := s.(ast.Query)
		if !ok {
			return nil, false, unsupported("this query", s)
		}
		n, err = b.query(query, queryContext{})
		return n, true, err
	case *ast.Insert:
		n, err = b.insert(s)
		return n, false, err
	case *ast.Update:
		n, err = b.update(s)
		return n, false, err
	case *ast.Delete:
		n, err = b.delete(s)
		return n, false, err
	case *ast.Truncate:
		n, err = b.delete(&ast.Delete{At: s.At, Table: s.Table})
		return n, false, err
	case *ast.CreateTable:
		n, err = b.createTable(s)
		return n, false, err
	case *ast.DropTable:
		n, err = b.dropTable(s)
		return n, false, err
	case *ast.AlterTable:
		n, err = b.alterTable(s)
		return n, false, err
	case *ast.Comment:
		n, err = b.comment(s)
		return n, false, err
	case *ast.CreateView:
		n, err = b.createView(s)
		return n, false, err
	case *ast.DropView:
		n, err = b.dropView(s)
		return n, false, err
	case *ast.CreateDatabase:
		n, err = b.createDatabase(s)
		return n, false, err
	case *ast.DropDatabase:
		n, err = b.dropDatabase(s)
		return n, false, err
	case *ast.Show:
		n, err = b.show(s)
		return n, true, err
	case *ast.Describe:
		n, err = b.describe(s)
		return n, true, err
	case *ast.Explain:
		return b.explain(s)
	default:
		return nil, false, unsupported(construct(s), s)
	}
}

// explain binds EXPLAIN, and EXPLAIN ANALYZE, which does what it explains.
func (b *binder) explain(s *ast.Explain) (plan.Node, bool, error) {
	in, readOnly, err := b.statement(s.Statement)
	if err != nil {
		return nil, false, err
	}
	if _, defines := in.(*plan.Define); defines && s.Analyze {
		return nil, false, unsupported("EXPLAIN ANALYZE of CREATE TABLE", s.Statement)
	}
	return &plan.Explain{Input: in, Analyze: s.Analyze}, readOnly || !s.Analyze, nil
}

// construct names a statement that bind does not take, as SQL writes it.
func construct(s ast.Statement) string {
	switch s.(type) {
	case *ast.Grant:
		return "GRANT"
	case *ast.Revoke:
		return "REVOKE"
	case *ast.CreateRole:
		return "CREATE ROLE"
	case *ast.DropRole:
		return "DROP ROLE"
	case *ast.DropUser:
		return "DROP USER"
	case *ast.SetRole:
		return "SET ROLE"
	default:
		return "this statement here (" + strings.TrimPrefix(typeName(s), "*ast.") + ")"
	}
}
