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
	if t.Kind == catalog.SystemView {
		return nil, nil, unsupported("ANALYZE of the view "+t.Name.String(), n)
	}
	return t, AnalyzeAccess(t.Name), nil
}

// AnalyzeAccess is what ANALYZE of a table needs.
func AnalyzeAccess(n catalog.TableName) []Access {
	return []Access{{Read, n.Database, n.Table}, {Insert, n.Database, n.Table}}
}
