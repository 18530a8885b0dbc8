package txn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/txn"
)

// TestABulkIsReadByWhatFollows reads rows of a statement that went to a file as they came, deletes some of them, and
// finds the rest after a restart.
func TestABulkIsReadByWhatFollows(t *testing.T) {
	fsys := vfs.NewMemory()
	o := smallWriteSets(fsys)
	m := open(t, o)
	createTable(t, m, "t")
	tx := begin(t, m)
	for i := range 10 {
		insert(t, tx, "t", span(1000*i+1, 1000*i+1000)...)
	}
	require.ElementsMatch(t, span(1, 10_000), ids(t, tx, "t"))
	remove(t, tx, "t", 1, 5000, 10_000)
	insert(t, tx, "t", span(10_001, 10_010)...)
	commit(t, tx)
	want := append(append(span(2, 4999), span(5001, 9999)...), span(10_001, 10_010)...)
	require.ElementsMatch(t, want, seen(t, m, "t"))
	closeAll(t, m)
	m = open(t, o)
	require.ElementsMatch(t, want, seen(t, m, "t"))
	closeAll(t, m)
}

// TestABulkThatCannotBeWrittenIsUndone makes each call fail that a statement makes whose rows go to a file. Where the
// instance lives, the transaction goes on from its savepoint with the rows of the statement before; without it, it
// can't be committed.
func TestABulkThatCannotBeWrittenIsUndone(t *testing.T) {
	for _, fault := range []vfs.Fault{vfs.NoSpace, vfs.ShortWrite} {
		undone := 0
		for at := 0; ; at++ {
			faults := vfs.NewFaults(vfs.NewMemory())
			m := open(t, smallWriteSets(faults))
			createTable(t, m, "t")
			tx := begin(t, m)
			insert(t, tx, "t", span(1, 10)...)
			require.NoError(t, tx.Savepoint(t.Context(), "s"))
			faults.Inject(faults.Count()+at, fault)
			err := fillBulk(t, tx)
			if !faults.Happened() {
				require.NoError(t, err)
				require.NoError(t, tx.Close())
				closeAll(t, m)
				break
			}
			if err != nil && tx.RollbackTo(t.Context(), "s") == nil {
				insert(t, tx, "t", 11)
				require.ElementsMatch(t, span(1, 11), ids(t, tx, "t"))
				if _, err := tx.Commit(t.Context()); err == nil {
					require.ElementsMatch(t, span(1, 11), seen(t, m, "t"))
					undone++
				}
			}
			_ = tx.Close()
			_ = m.Close(t.Context()) // some faults stop the instance
		}
		require.Positive(t, undone)
	}
}

// fillBulk is a statement of many rows, and the savepoint of the next one.
func fillBulk(t *testing.T, tx *txn.Transaction) error {
	t.Helper()
	id := tableID(t, tx, "t")
	for i := range 5 {
		if err := tx.Insert(t.Context(), id, rowsOf(span(2000*i+101, 2000*i+2100)...)); err != nil {
			return err
		}
	}
	return tx.Savepoint(t.Context(), "next")
}

// TestRowsOfALostBulkAreNotForgotten commits in spite of an error.
func TestRowsOfALostBulkAreNotForgotten(t *testing.T) {
	faults := vfs.NewFaults(vfs.NewMemory())
	m := open(t, smallWriteSets(faults))
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 10)...)
	require.NoError(t, tx.Savepoint(t.Context(), "s"))
	before := faults.Count()
	require.NoError(t, tx.Insert(t.Context(), tableID(t, tx, "t"), rowsOf(span(101, 4000)...)))
	require.Greater(t, faults.Count(), before, "the rows go to a file")
	faults.Inject(faults.Count(), vfs.NoSpace)
	require.Error(t, tx.Savepoint(t.Context(), "next"))
	_, err := tx.Scan(t.Context(), tableID(t, tx, "t"), catalog.ScanRequest{})
	require.Error(t, err)
	_, err = tx.Commit(t.Context())
	require.Error(t, err)
	require.Empty(t, seen(t, m, "t"))
	closeAll(t, m)
}
