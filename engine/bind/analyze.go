package bind

import (
	"context"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser/ast"
)

// Analyzed looks up the table that an ANALYZE names. It needs to read the table, whose values it tells something of,
// and to fill it: what it finds is kept with the rows.
func Analyzed(ctx context.Context, env Environment, n ast.ObjectName) (*catalog.Table, []Access, error) {
	b := newBinder(ctx, env)
	t, err := b.findTable(n)
	if err != nil {
		return nil, nil, err
	}
	if err := needRows("ANALYZE of", t, n); err != nil {
		return nil, nil, err
	}
	return t, AnalyzeAccess(t.Name), nil
}

// AnalyzeAccess is what ANALYZE of a table needs.
func AnalyzeAccess(n catalog.TableName) []Access {
	return []Access{
		{Privilege: Read, Database: n.Database, Table: n.Table},
		{Privilege: Insert, Database: n.Database, Table: n.Table},
	}
}
