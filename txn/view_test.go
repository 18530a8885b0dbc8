package txn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/txn"
)

func viewDefinition(name, text string) catalog.CreateTable {
	return catalog.CreateTable{
		Name: named(name), Kind: catalog.View, Columns: columns(),
		Query: &catalog.ViewQuery{Text: text, Database: "main"},
	}
}

// viewText returns the query of a view, and with which commit it came.
func viewText(t *testing.T, s catalog.Snapshot, name string) (string, catalog.Version) {
	t.Helper()
	v, err := s.Table(t.Context(), named(name))
	require.NoError(t, err)
	require.Equal(t, catalog.View, v.Kind)
	require.Len(t, v.Columns, 2)
	require.Equal(t, "main", v.Query.Database)
	return v.Query.Text, v.Version
}

func TestViewsSurviveACrash(t *testing.T) {
	fsys := vfs.NewMemory()
	m := open(t, options(fsys))
	createTable(t, m, "t")
	define(t, m, viewDefinition("flushed", "SELECT * FROM t"))
	define(t, m, viewDefinition("replaced", "SELECT 1"))
	define(t, m, viewDefinition("gone", "SELECT 2"))
	require.NoError(t, m.Flush(t.Context()))
	again := viewDefinition("replaced", "SELECT 3")
	again.Replace = true
	define(t, m, again)
	define(t, m, catalog.DropTable{Name: named("gone"), Kind: catalog.View})
	tx := begin(t, m)
	insert(t, tx, "t", 1)
	require.NoError(t, tx.Define(t.Context(), viewDefinition("logged", "SELECT 4")))
	commit(t, tx)
	lost := begin(t, m)
	require.NoError(t, lost.Define(t.Context(), viewDefinition("lost", "SELECT 5")))

	requireViews := func(m *txn.Manager) {
		t.Helper()
		tx := begin(t, m)
		for name, want := range map[string]struct {
			text    string
			version catalog.Version
		}{"flushed": {"SELECT * FROM t", 2}, "replaced": {"SELECT 3", 5}, "logged": {"SELECT 4", 7}} {
			text, version := viewText(t, tx, name)
			require.Equal(t, want.text, text)
			require.Equal(t, want.version, version, name)
		}
		for _, name := range []string{"gone", "lost"} {
			_, err := tx.Table(t.Context(), named(name))
			requireCode(t, sqlerr.UndefinedTable, err)
		}
		require.Equal(t, []int{1}, ids(t, tx, "t"))
		require.NoError(t, tx.Close())
	}
	requireViews(m)
	for _, kept := range []float64{0, 0.5, 1} {
		again, clone := afterCrash(t, fsys, kept)
		requireViews(again)

		// Ids are new, and what the log had is in the manifest after a flush.
		define(t, again, viewDefinition("newest", "SELECT 6"))
		tx := begin(t, again)
		require.Greater(t, tableID(t, tx, "newest"), tableID(t, tx, "logged"))
		require.NoError(t, tx.Close())
		require.NoError(t, again.Flush(t.Context()))
		third, _ := afterCrash(t, clone, 0)
		requireViews(third)
		tx = begin(t, third)
		text, _ := viewText(t, tx, "newest")
		require.Equal(t, "SELECT 6", text)
	}
}

func TestViewsInTransactions(t *testing.T) {
	m := instance(t)
	define(t, m, viewDefinition("v", "SELECT 1"))
	old := begin(t, m)
	tx := begin(t, m)
	replace := viewDefinition("v", "SELECT 2")
	replace.Replace = true
	require.NoError(t, tx.Savepoint(t.Context(), "s"))
	require.NoError(t, tx.Define(t.Context(), replace))
	text, version := viewText(t, tx, "v")
	require.Equal(t, "SELECT 2", text)
	require.Zero(t, version)
	require.NoError(t, tx.RollbackTo(t.Context(), "s"))
	text, _ = viewText(t, tx, "v")
	require.Equal(t, "SELECT 1", text)
	require.NoError(t, tx.Define(t.Context(), replace))
	commit(t, tx)
	text, _ = viewText(t, old, "v")
	require.Equal(t, "SELECT 1", text, "a snapshot is not changed")

	// The second of two changes is a conflict.
	require.NoError(t, old.Define(t.Context(), catalog.DropTable{Name: named("v"), Kind: catalog.View}))
	_, err := old.Commit(t.Context())
	requireCode(t, sqlerr.SerializationFailure, err)
}

func TestAViewIsNoTable(t *testing.T) {
	m := instance(t)
	createTable(t, m, "t")
	define(t, m, viewDefinition("v", "SELECT 1"))
	tx := begin(t, m)
	defines := func(code sqlerr.Code, d catalog.Definition) {
		t.Helper()
		requireCode(t, code, tx.Define(t.Context(), d))
	}
	replace := viewDefinition("t", "SELECT 1")
	defines(sqlerr.DuplicateTable, replace)
	replace.Replace = true
	defines(sqlerr.WrongObjectType, replace)
	defines(sqlerr.WrongObjectType, catalog.DropTable{Name: named("v"), IfExists: true})
	defines(sqlerr.WrongObjectType, catalog.DropTable{Name: named("t"), Kind: catalog.View})
	defines(sqlerr.DuplicateTable, tableDefinition("v"))
	defines(sqlerr.InvalidParameterValue, catalog.CreateTable{Name: named("w"), Kind: catalog.View, Columns: columns()})

	// Nothing reads or writes rows of a view by its id.
	id := tableID(t, tx, "v")
	_, err := tx.Scan(t.Context(), id, catalog.ScanRequest{Columns: []catalog.ColumnID{1}})
	requireCode(t, sqlerr.WrongObjectType, err)
	_, err = tx.Scan(t.Context(), id, catalog.ScanRequest{Columns: []catalog.ColumnID{1}, AsOf: 2})
	requireCode(t, sqlerr.WrongObjectType, err)
	requireCode(t, sqlerr.WrongObjectType, tx.Insert(t.Context(), id, rowsOf(1)))
	requireCode(t, sqlerr.WrongObjectType, tx.Delete(t.Context(), id, []catalog.Address{{Block: 1}}))
	_, err = m.Analyze(t.Context(), named("v"))
	requireCode(t, sqlerr.WrongObjectType, err)
	require.Empty(t, m.Segments())
	require.NoError(t, tx.Close())

	// A database takes its views with it.
	define(t, m, catalog.CreateDatabase{Name: "d"})
	in := viewDefinition("v", "SELECT 1")
	in.Name.Database = "d"
	define(t, m, in)
	tx = begin(t, m)
	requireCode(t, sqlerr.ObjectInUse, tx.Define(t.Context(), catalog.DropDatabase{Name: "d"}))
	require.NoError(t, tx.Define(t.Context(), catalog.DropDatabase{Name: "d", Cascade: true}))
	commit(t, tx)
	require.NoError(t, m.Flush(t.Context()))
}
