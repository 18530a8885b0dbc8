package txn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/txn"
)

// idStatistics are what the planner is told of a table's column id.
func idStatistics(t *testing.T, m *txn.Manager, name string) (rows int64, id catalog.ColumnStatistics) {
	t.Helper()
	tx := begin(t, m)
	of, err := tx.Table(t.Context(), named(name))
	require.NoError(t, err)
	require.NoError(t, tx.Close())
	return of.Statistics.Rows, of.Statistics.Columns[of.Columns[0].ID]
}

func TestAnalyzeOutlivesFlushesAndStarts(t *testing.T) {
	fsys := vfs.NewMemory()
	m := open(t, options(fsys))
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 3000)...)
	commit(t, tx)
	require.NoError(t, m.Flush(t.Context()))
	tx = begin(t, m)
	remove(t, tx, "t", span(101, 3000)...)
	commit(t, tx)
	_, id := idStatistics(t, m, "t")
	require.EqualValues(t, 3000, id.Max.Int, "row groups ignore deletes")

	found, err := m.Analyze(t.Context(), named("t"))
	require.NoError(t, err)
	require.EqualValues(t, 100, found.Rows)
	check := func(rows int) {
		t.Helper()
		n, id := idStatistics(t, m, "t")
		require.EqualValues(t, rows, n)
		require.EqualValues(t, 1, id.Min.Int)
		require.EqualValues(t, 100, id.Max.Int)
		require.InEpsilon(t, 100, id.Distinct, 0.05)
		tx := begin(t, m)
		table, err := tx.Table(t.Context(), named("t"))
		require.NoError(t, err)
		require.NoError(t, tx.Close())
		require.True(t, table.Statistics.IsKey(table.Columns[0].ID), "what is proven stays so")
	}
	check(100)
	require.NoError(t, m.Flush(t.Context()))
	check(100)
	require.NoError(t, m.Close(t.Context()))
	m = open(t, options(fsys))
	check(100)

	tx = begin(t, m)
	insert(t, tx, "t", span(5001, 5010)...)
	commit(t, tx)
	_, id = idStatistics(t, m, "t")
	require.EqualValues(t, 5010, id.Max.Int, "what comes later is seen")
	require.InEpsilon(t, 100, id.Distinct, 0.05)
	tx = begin(t, m)
	insert(t, tx, "t", span(6001, 9000)...)
	commit(t, tx)
	require.NoError(t, m.Flush(t.Context()))
	_, id = idStatistics(t, m, "t")
	require.Greater(t, id.Distinct, int64(1000), "an analysis of few of the rows does not count")
	require.NoError(t, m.Close(t.Context()))
}

func TestAnalyzeOfATableThatNoFlushKnows(t *testing.T) {
	fsys := vfs.NewMemory()
	m := open(t, options(fsys))
	createTable(t, m, "t")
	found, err := m.Analyze(t.Context(), named("t"))
	require.NoError(t, err)
	require.Zero(t, found.Rows)
	_, err = m.Analyze(t.Context(), named("u"))
	require.Equal(t, sqlerr.UndefinedTable, sqlerr.CodeOf(err))
	define(t, m, catalog.DropTable{Name: named("t")})
	require.NoError(t, m.Close(t.Context()))
	m = open(t, options(fsys))
	_, err = m.Analyze(t.Context(), named("t"))
	require.Equal(t, sqlerr.UndefinedTable, sqlerr.CodeOf(err))
	require.NoError(t, m.Close(t.Context()))
}
