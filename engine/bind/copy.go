package bind

import (
	"context"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser/ast"
)

// Target is where the rows of a COPY FROM go.
type Target struct {
	Table   *catalog.Table
	Columns []catalog.Column // those that are named, in the order of the names; all when none is
	Access  []Access
}

// CopyTarget looks up the table and the columns of a COPY FROM.
func CopyTarget(ctx context.Context, env Environment, s *ast.CopyFrom) (*Target, error) {
	b := newBinder(ctx, env)
	t, err := b.findTable(s.Table)
	if err != nil {
		return nil, err
	}
	if err := needRows("COPY into", t, s.Table); err != nil {
		return nil, err
	}
	b.need(Insert, t.Name.Database, t.Name.Table)
	ordinals, err := insertTargets(t, s.Columns)
	if err != nil {
		return nil, err
	}
	out := &Target{Table: t, Access: b.accesses}
	for _, i := range ordinals {
		out.Columns = append(out.Columns, t.Columns[i])
	}
	return out, nil
}
