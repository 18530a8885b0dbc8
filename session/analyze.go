package session

import (
	"context"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// analyzeCommand is ANALYZE: of one table, or of all that the principal may read and fill. It looks at what is
// committed, and gives a row for each column.
func (u *userSession) analyzeCommand(s *ast.Analyze) *command {
	return &command{permission: authz.ExecuteQuery, answer: &answer{
		columns: statisticsColumns(),
		rows: func(ctx context.Context, st *statement, emit emitter) error {
			x, err := st.transaction()
			if err != nil {
				return err
			}
			if x != nil && x.onlyReads() || x == nil && u.readsOnly() {
				return sqlerr.New(sqlerr.ReadOnlyTransaction,
					"ANALYZE keeps what it finds, and the transaction only reads")
			}
			look, err := u.look(ctx, x)
			if err != nil {
				return err
			}
			tables, err := u.analyzed(ctx, look, s)
			if err := look.Close(); err != nil {
				return err
			}
			if err != nil {
				return err
			}
			for _, t := range tables {
				found, err := u.server.config.Storage.Analyze(ctx, t.Name)
				if sqlerr.CodeOf(err) == sqlerr.UndefinedTable && s.Table == nil {
					continue // dropped since
				}
				if err != nil {
					return err
				}
				u.audited(ctx, "ANALYZE", t.Name.String())
				if err := statisticsRows(t, found, emit); err != nil {
					return err
				}
			}
			return nil
		},
	}}
}

// analyzed returns the tables that an ANALYZE is about.
func (u *userSession) analyzed(ctx context.Context, look *sight, s *ast.Analyze) ([]*catalog.Table, error) {
	if s.Table != nil {
		t, needs, err := bind.Analyzed(ctx, u.environment(look, u.Database()), *s.Table)
		if err != nil {
			return nil, err
		}
		return []*catalog.Table{t}, u.authorizeAll(needs)
	}
	var tables []*catalog.Table
	err := catalog.EachTable(ctx, look, func(t *catalog.Table) error {
		if t.Kind == catalog.BaseTable && u.authorizeAll(bind.AnalyzeAccess(t.Name)) == nil {
			tables = append(tables, t)
		}
		return nil
	})
	return tables, err
}

// statisticsView is system.column_statistics: what the planner knows of the tables' columns.
type statisticsView struct{}

// Name is within system.
func (statisticsView) Name() catalog.TableName {
	return catalog.TableName{Database: catalog.SystemDatabase, Table: "column_statistics"}
}

// Columns returns the view's columns.
func (statisticsView) Columns() []catalog.Column { return statisticsColumns() }

// Rows has one row for each column of the tables that the reader may see.
func (statisticsView) Rows(ctx context.Context, s catalog.Snapshot, emit func(row ...vector.Scalar) error) error {
	return catalog.EachTable(ctx, s, func(t *catalog.Table) error {
		if !t.Kind.HasRows() || t.Statistics == nil {
			return nil
		}
		return statisticsRows(t, t.Statistics, emit)
	})
}

func statisticsColumns() []catalog.Column {
	text, number := vector.Of(vector.Text), vector.Of(vector.Int64)
	return []catalog.Column{
		notNull("database_name", text), notNull("table_name", text), notNull("column_name", text),
		notNull("row_count", number), notNull("null_count", number),
		{Name: "distinct_count", Type: number},
	}
}

func statisticsRows(t *catalog.Table, found *catalog.Statistics, emit emitter) error {
	for _, c := range t.Columns {
		of := found.Columns[c.ID]
		distinct := vector.NullOf(vector.Of(vector.Int64))
		if of.Distinct > 0 || of.Nulls == found.Rows {
			distinct = bigint(of.Distinct)
		}
		err := emit(vector.TextOf(t.Name.Database), vector.TextOf(t.Name.Table), vector.TextOf(c.Name),
			bigint(found.Rows), bigint(of.Nulls), distinct)
		if err != nil {
			return err
		}
	}
	return nil
}
