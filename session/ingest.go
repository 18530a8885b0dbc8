package session

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Ingest appends batches to a table, all or none.
func (u *userSession) Ingest(
	ctx context.Context, tx Transaction, into catalog.TableName, rows batch.Stream, opts IngestOptions,
) (int64, error) {
	if err := u.Valid(); err != nil {
		return 0, err
	}
	if into.Database == "" {
		into.Database = u.Database()
	}
	x, err := u.within(tx)
	if err != nil {
		return 0, err
	}
	g := &ingest{session: u, into: into, rows: rows, options: opts}
	if err := g.authorize(authz.Insert); err != nil {
		return 0, u.noted(ctx, err)
	}
	if g.query, err = u.run(ctx, x, kindIngest, "INGEST INTO "+into.String()); err != nil {
		return 0, err
	}
	defer g.query.watch(ctx)()
	n, err := guard(g.query, func(ctx context.Context) (int64, error) {
		return change{session: u, query: g.query, apply: g.apply}.run(ctx, x)
	})
	g.query.rows.Store(n)
	if err = g.query.end(err); err != nil {
		return 0, u.noted(ctx, err)
	}
	u.server.config.Metrics.Queries.RowsIn.Add(float64(n))
	u.server.config.Metrics.Queries.BytesIn.Add(float64(g.bytes))
	return n, nil
}

// ingest is one call of Ingest.
type ingest struct {
	session *userSession
	query   *query
	into    catalog.TableName
	rows    batch.Stream
	options IngestOptions
	bytes   int64 // of the batches read
}

func (g *ingest) authorize(permission authz.Permission) error {
	on := authz.Object{Database: catalog.FoldName(g.into.Database), Table: catalog.FoldName(g.into.Table)}
	if err := reserved(bind.Insert, on); err != nil {
		return err
	}
	return g.session.authorize(permission, on)
}

// apply makes the table where the mode says so, and fills it.
func (g *ingest) apply(ctx context.Context, look *sight, w catalog.Writer) (int64, error) {
	t, err := g.table(ctx, look, w)
	if err != nil {
		return 0, err
	}
	l, err := newLoader(t, g.rows.Schema(), g.options)
	if err != nil {
		return 0, err
	}
	var total int64
	for {
		b, err := g.rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return 0, err
		}
		g.bytes += batch.Bytes(b)
		err = l.load(ctx, w, b)
		total += b.NumRows()
		b.Release()
		if err != nil {
			return 0, err
		}
	}
}

// table finds or makes the table.
func (g *ingest) table(ctx context.Context, look *sight, w catalog.Writer) (*catalog.Table, error) {
	t, err := look.Table(ctx, g.into)
	exists := err == nil
	if !exists && sqlerr.CodeOf(err) != sqlerr.UndefinedTable {
		return nil, err
	}
	if exists && t.Kind == catalog.View {
		return nil, sqlerr.NotSupported("loading into the view " + t.Name.String())
	}
	switch g.options.Mode {
	case IngestAppend:
		return t, err
	case IngestCreateOrAppend:
		if exists {
			return t, nil
		}
	case IngestReplace:
		if exists {
			if err := g.authorize(authz.DropTable); err != nil {
				return nil, err
			}
			if err := w.Define(ctx, catalog.DropTable{Name: g.into}); err != nil {
				return nil, err
			}
		}
	case IngestCreate: // Define refuses when it exists
	}
	if err := g.authorize(authz.CreateTable); err != nil {
		return nil, err
	}
	columns, err := columnsOf(g.rows.Schema())
	if err != nil {
		return nil, err
	}
	if err := w.Define(ctx, catalog.CreateTable{Name: g.into, Columns: columns}); err != nil {
		return nil, err
	}
	return look.Table(ctx, g.into)
}

// columnsOf are the columns that a table made from batches has.
func columnsOf(s *arrow.Schema) ([]catalog.Column, error) {
	if s.NumFields() == 0 {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "a table needs a column, the batches have none")
	}
	seen := map[string]bool{}
	columns := make([]catalog.Column, s.NumFields())
	for i, f := range s.Fields() {
		t, err := batch.TypeOf(f)
		if err != nil {
			return nil, err
		}
		if t.Kind == vector.Unknown {
			return nil, sqlerr.New(sqlerr.IndeterminateType, "column %q has the Arrow type null", f.Name).
				WithHint("create the table first, or give the column a type")
		}
		name := catalog.FoldName(f.Name)
		if seen[name] {
			return nil, sqlerr.New(sqlerr.DuplicateColumn, "column %q is there twice", f.Name)
		}
		seen[name] = true
		columns[i] = catalog.Column{Name: f.Name, Type: t, NotNull: !f.Nullable}
	}
	return columns, nil
}
