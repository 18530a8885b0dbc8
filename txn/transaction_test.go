package txn_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/txn"
)

// instance opens an instance in memory that is closed when the test ends.
func instance(t *testing.T) *txn.Manager {
	t.Helper()
	m := open(t, options(vfs.NewMemory()))
	t.Cleanup(func() { require.NoError(t, m.Close(context.WithoutCancel(t.Context()))) })
	return m
}

func requireCode(t *testing.T, code sqlerr.Code, err error) {
	t.Helper()
	require.Equal(t, code, sqlerr.CodeOf(err), "%v", err)
}

func TestASnapshotSeesWhatWasCommittedBefore(t *testing.T) {
	m := instance(t)
	createTable(t, m, "t")
	before := begin(t, m)
	writer := begin(t, m)
	insert(t, writer, "t", 1, 2, 3)
	require.ElementsMatch(t, []int{1, 2, 3}, ids(t, writer, "t"), "own writes are seen")
	require.Empty(t, seen(t, m, "t"), "others' are not")
	at, err := writer.Commit(t.Context())
	require.NoError(t, err)
	require.Greater(t, at, before.Timestamp())
	require.Empty(t, ids(t, before, "t"))
	after := begin(t, m)
	require.Equal(t, at, after.Timestamp())
	require.ElementsMatch(t, []int{1, 2, 3}, ids(t, after, "t"))
	table, err := after.Table(t.Context(), named("T"))
	require.NoError(t, err)
	require.EqualValues(t, 3, table.Statistics.Rows)
	requireCode(t, sqlerr.NoActiveTransaction, writer.Insert(t.Context(), table.ID, rowsOf(4)))
}

func TestTheFirstDeleterWins(t *testing.T) {
	m := instance(t)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", 1, 2, 3)
	commit(t, tx)

	first, second, third := begin(t, m), begin(t, m), begin(t, m)
	remove(t, first, "t", 1)
	remove(t, second, "t", 1, 2)
	remove(t, third, "t", 3)
	require.ElementsMatch(t, []int{2, 3}, ids(t, first, "t"))
	commit(t, first)
	_, err := second.Commit(t.Context())
	requireCode(t, sqlerr.SerializationFailure, err)
	commit(t, third)
	require.ElementsMatch(t, []int{2}, seen(t, m, "t"), "the loser has left nothing")
}

func TestInsertsNeverConflict(t *testing.T) {
	m := instance(t)
	createTable(t, m, "t")
	first, second := begin(t, m), begin(t, m)
	insert(t, first, "t", span(1, 3000)...)
	insert(t, second, "t", span(3001, 6000)...)
	insert(t, first, "t", span(6001, 9000)...)
	commit(t, first)
	commit(t, second)
	require.ElementsMatch(t, span(1, 9000), seen(t, m, "t"))
}

func TestSavepointsUndoInsertsDeletesAndDefinitions(t *testing.T) {
	m := instance(t)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", 1, 2, 3)
	commit(t, tx)

	tx = begin(t, m)
	insert(t, tx, "t", 10)
	remove(t, tx, "t", 1)
	require.NoError(t, tx.Savepoint(t.Context(), "a"))
	insert(t, tx, "t", 11)
	remove(t, tx, "t", 2)
	require.NoError(t, tx.Define(t.Context(), catalog.CreateTable{Name: named("u"), Columns: columns()}))
	insert(t, tx, "u", 1)
	require.NoError(t, tx.Savepoint(t.Context(), "b"))
	require.NoError(t, tx.Define(t.Context(), catalog.DropTable{Name: named("t")}))
	_, err := tx.Table(t.Context(), named("t"))
	requireCode(t, sqlerr.UndefinedTable, err)
	require.NoError(t, tx.RollbackTo(t.Context(), "b"))
	require.ElementsMatch(t, []int{3, 10, 11}, ids(t, tx, "t"))
	require.ElementsMatch(t, []int{1}, ids(t, tx, "u"))
	require.NoError(t, tx.RollbackTo(t.Context(), "a"))
	requireCode(t, sqlerr.UndefinedObject, tx.RollbackTo(t.Context(), "b"))
	require.ElementsMatch(t, []int{2, 3, 10}, ids(t, tx, "t"))
	_, err = tx.Table(t.Context(), named("u"))
	requireCode(t, sqlerr.UndefinedTable, err)
	insert(t, tx, "t", 12)
	require.NoError(t, tx.RollbackTo(t.Context(), "a"))
	insert(t, tx, "t", 13)
	commit(t, tx)
	require.ElementsMatch(t, []int{2, 3, 10, 13}, seen(t, m, "t"))
}

func TestAReleasedSavepointKeepsTheChanges(t *testing.T) {
	m := instance(t)
	createTable(t, m, "t")
	tx := begin(t, m)
	for i, name := range []string{"a", "b", "c"} {
		insert(t, tx, "t", i)
		require.NoError(t, tx.Savepoint(t.Context(), name))
	}
	insert(t, tx, "t", 3)
	require.NoError(t, tx.Release(t.Context(), "b"))
	for _, gone := range []string{"b", "c"} {
		requireCode(t, sqlerr.UndefinedObject, tx.Release(t.Context(), gone))
		requireCode(t, sqlerr.UndefinedObject, tx.RollbackTo(t.Context(), gone))
	}
	require.ElementsMatch(t, []int{0, 1, 2, 3}, ids(t, tx, "t"))
	require.NoError(t, tx.Savepoint(t.Context(), "b"))
	insert(t, tx, "t", 4)
	require.NoError(t, tx.RollbackTo(t.Context(), "b"))
	require.NoError(t, tx.RollbackTo(t.Context(), "a"))
	insert(t, tx, "t", 5)
	commit(t, tx)
	requireCode(t, sqlerr.NoActiveTransaction, tx.Release(t.Context(), "a"))
	require.ElementsMatch(t, []int{0, 5}, seen(t, m, "t"))
}

func TestRollbackLeavesNothing(t *testing.T) {
	m := instance(t)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", 1)
	require.NoError(t, tx.Define(t.Context(), catalog.CreateDatabase{Name: "d"}))
	require.NoError(t, tx.Rollback(t.Context()))
	require.NoError(t, tx.Rollback(t.Context()))
	_, err := tx.Commit(t.Context())
	requireCode(t, sqlerr.NoActiveTransaction, err)
	after := begin(t, m)
	require.Empty(t, ids(t, after, "t"))
	databases, err := after.Databases(t.Context())
	require.NoError(t, err)
	require.Len(t, databases, 2)
}

func TestAReadOnlyTransactionRefusesToWrite(t *testing.T) {
	m := instance(t)
	createTable(t, m, "t")
	tx, err := m.Begin(t.Context(), txn.TransactionOptions{ReadOnly: true})
	require.NoError(t, err)
	defer tx.Close()
	id := tableID(t, tx, "t")
	requireCode(t, sqlerr.ReadOnlyTransaction, tx.Insert(t.Context(), id, rowsOf(1)))
	requireCode(t, sqlerr.ReadOnlyTransaction, tx.Delete(t.Context(), id, nil))
	requireCode(t, sqlerr.ReadOnlyTransaction, tx.Define(t.Context(), catalog.DropTable{Name: named("t")}))
}

func TestDefinitionsAreChecked(t *testing.T) {
	m := instance(t)
	createTable(t, m, "t")
	for _, c := range []struct {
		definition catalog.Definition
		code       sqlerr.Code
	}{
		{catalog.CreateDatabase{Name: "MAIN"}, sqlerr.DuplicateDatabase},
		{catalog.CreateDatabase{Name: "main", IfNotExists: true}, ""},
		{catalog.CreateDatabase{Name: "information_schema"}, sqlerr.DuplicateDatabase},
		{catalog.DropDatabase{Name: "nowhere"}, sqlerr.InvalidCatalogName},
		{catalog.DropDatabase{Name: "nowhere", IfExists: true}, ""},
		{catalog.DropDatabase{Name: "system", Cascade: true}, sqlerr.InsufficientPrivilege},
		{catalog.CreateTable{Name: named("T"), Columns: columns()}, sqlerr.DuplicateTable},
		{catalog.CreateTable{Name: named("T"), Columns: columns(), IfNotExists: true}, ""},
		{catalog.CreateTable{Name: named("u")}, sqlerr.FeatureNotSupported},
		{catalog.CreateTable{
			Name: named("u"), Columns: append(columns(), catalog.Column{Name: "ID", Type: vector.Of(vector.Int8)}),
		}, sqlerr.DuplicateColumn},
		{catalog.CreateTable{
			Name: named("u"), Columns: []catalog.Column{{Name: "i", Type: vector.Of(vector.Unknown)}},
		}, sqlerr.FeatureNotSupported},
		{catalog.CreateTable{
			Name: catalog.TableName{Database: "nowhere", Table: "u"}, Columns: columns(),
		}, sqlerr.InvalidCatalogName},
		{catalog.DropTable{Name: named("u")}, sqlerr.UndefinedTable},
		{catalog.DropTable{Name: named("u"), IfExists: true}, ""},
	} {
		requireCode(t, c.code, begin(t, m).Define(t.Context(), c.definition))
	}
}

func TestDefinitionsConflict(t *testing.T) {
	create := catalog.CreateTable{Name: catalog.TableName{Database: "d", Table: "x"}, Columns: columns()}
	for name, c := range map[string]struct {
		first, second func(t *testing.T, tx *txn.Transaction)
	}{
		"insert into a table that is dropped": {
			func(t *testing.T, tx *txn.Transaction) {
				t.Helper()
				require.NoError(t, tx.Define(t.Context(), catalog.DropTable{Name: named("t")}))
			},
			func(t *testing.T, tx *txn.Transaction) { t.Helper(); insert(t, tx, "t", 1) },
		},
		"two tables of one name": {
			func(t *testing.T, tx *txn.Transaction) {
				t.Helper()
				require.NoError(t, tx.Define(t.Context(), create))
			},
			func(t *testing.T, tx *txn.Transaction) {
				t.Helper()
				require.NoError(t, tx.Define(t.Context(), create))
			},
		},
		"a table in a database that is dropped": {
			func(t *testing.T, tx *txn.Transaction) {
				t.Helper()
				require.NoError(t, tx.Define(t.Context(), catalog.DropDatabase{Name: "d"}))
			},
			func(t *testing.T, tx *txn.Transaction) {
				t.Helper()
				require.NoError(t, tx.Define(t.Context(), create))
			},
		},
		"a database that is no longer empty": {
			func(t *testing.T, tx *txn.Transaction) {
				t.Helper()
				require.NoError(t, tx.Define(t.Context(), create))
			},
			func(t *testing.T, tx *txn.Transaction) {
				t.Helper()
				require.NoError(t, tx.Define(t.Context(), catalog.DropDatabase{Name: "d", Cascade: true}))
			},
		},
		"two drops of one table": {
			func(t *testing.T, tx *txn.Transaction) {
				t.Helper()
				require.NoError(t, tx.Define(t.Context(), catalog.DropTable{Name: named("t")}))
			},
			func(t *testing.T, tx *txn.Transaction) {
				t.Helper()
				require.NoError(t, tx.Define(t.Context(), catalog.DropTable{Name: named("t")}))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := instance(t)
			createTable(t, m, "t")
			define(t, m, catalog.CreateDatabase{Name: "d"})
			first, second := begin(t, m), begin(t, m)
			c.first(t, first)
			c.second(t, second)
			commit(t, first)
			_, err := second.Commit(t.Context())
			requireCode(t, sqlerr.SerializationFailure, err)
		})
	}
}

func TestValuesAreChecked(t *testing.T) {
	m := instance(t)
	createTable(t, m, "t")
	tx := begin(t, m)
	rows := rowsOf(1)
	rows.Columns[0].Valid = []uint64{0}
	requireCode(t, sqlerr.NotNullViolation, tx.Insert(t.Context(), tableID(t, tx, "t"), rows))
	require.Empty(t, ids(t, tx, "t"))
}

func TestASecondProcessIsRefused(t *testing.T) {
	fsys := vfs.NewMemory()
	m := open(t, options(fsys))
	_, err := txn.Open(t.Context(), options(fsys))
	requireCode(t, sqlerr.ObjectInUse, err)
	require.NoError(t, m.Close(t.Context()))
	require.NoError(t, open(t, options(fsys)).Close(t.Context()))
}
