package txn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vfs"
)

// TestOwnRowsAreDeletedWhereverTheyAre deletes rows that the transaction inserted, in memory and in segments, by
// addresses from before the rows left memory, too.
func TestOwnRowsAreDeletedWhereverTheyAre(t *testing.T) {
	fsys := vfs.NewMemory()
	o := smallWriteSets(fsys)
	m := open(t, o)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 10)...)
	id, early := tableID(t, tx, "t"), addresses(t, tx, "t")
	insert(t, tx, "t", span(11, 4000)...) // to a segment, with the first ten
	insert(t, tx, "t", span(4001, 4010)...)
	require.Equal(t, early[3], addresses(t, tx, "t")[3], "an address is good for the whole transaction")
	require.NoError(t, tx.Delete(t.Context(), id, []catalog.Address{early[3], early[3]}))
	remove(t, tx, "t", 10, 2000, 4005)
	want := append(append(append(append(span(1, 2), span(4, 9)...), span(11, 1999)...), span(2001, 4004)...),
		span(4006, 4010)...)
	require.ElementsMatch(t, want, ids(t, tx, "t"))

	require.NoError(t, tx.Savepoint(t.Context(), "s"))
	remove(t, tx, "t", 1, 4010)
	insert(t, tx, "t", span(5001, 9000)...)
	remove(t, tx, "t", 4009, 5001)
	require.NoError(t, tx.RollbackTo(t.Context(), "s"))
	require.ElementsMatch(t, want, ids(t, tx, "t"))
	remove(t, tx, "t", 4006)
	want = append(want[:len(want)-5], span(4007, 4010)...)
	insert(t, tx, "t", 4006)
	want = append(want, 4006)
	require.ElementsMatch(t, want, ids(t, tx, "t"))

	commit(t, tx)
	require.ElementsMatch(t, want, seen(t, m, "t"))
	require.Len(t, segments(fsys), 1, "what was rewritten or rolled back is removed")
	m, _ = afterCrash(t, fsys, 0)
	require.ElementsMatch(t, want, seen(t, m, "t"))
}

func TestAllOwnRowsAreDeletedAgain(t *testing.T) {
	fsys := vfs.NewMemory()
	o := smallWriteSets(fsys)
	m := open(t, o)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 4000)...)
	insert(t, tx, "t", span(4001, 4010)...)
	remove(t, tx, "t", span(1, 4010)...)
	require.Empty(t, ids(t, tx, "t"))
	commit(t, tx)
	require.Empty(t, seen(t, m, "t"))
	require.Empty(t, segments(fsys))
	tx = begin(t, m)
	insert(t, tx, "t", 1, 2)
	remove(t, tx, "t", 1)
	commit(t, tx)
	require.Equal(t, []int{2}, seen(t, m, "t"))
}
