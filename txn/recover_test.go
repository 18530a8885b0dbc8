package txn_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/txn"
)

func closeAll(t *testing.T, m *txn.Manager) {
	t.Helper()
	require.NoError(t, m.Close(context.WithoutCancel(t.Context())))
}

// afterCrash opens what a power cut would leave of a file system.
func afterCrash(t *testing.T, fsys *vfs.Memory, kept float64) (*txn.Manager, *vfs.Memory) {
	t.Helper()
	clone := fsys.CrashClone(kept, 1)
	return open(t, options(clone)), clone
}

func TestCommitsSurviveACrash(t *testing.T) {
	fsys := vfs.NewMemory()
	m := open(t, options(fsys))
	createTable(t, m, "t")
	define(t, m, catalog.CreateDatabase{Name: "d"})
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 4000)...)
	commit(t, tx)
	tx = begin(t, m)
	insert(t, tx, "t", span(4001, 6000)...)
	remove(t, tx, "t", 1, 3999)
	require.NoError(t, tx.Define(t.Context(), catalog.CreateTable{Name: named("u"), Columns: columns()}))
	insert(t, tx, "u", 1, 2)
	at, err := tx.Commit(t.Context())
	require.NoError(t, err)
	lost := begin(t, m)
	insert(t, lost, "t", 9999)

	want := current(t, m, "t")
	for _, kept := range []float64{0, 0.5, 1} {
		again, clone := afterCrash(t, fsys, kept)
		tx := begin(t, again)
		require.Equal(t, at, tx.Timestamp())
		require.Equal(t, want, addresses(t, tx, "t"), "rows keep their addresses")
		require.ElementsMatch(t, []int{1, 2}, ids(t, tx, "u"))
		databases, err := tx.Databases(t.Context())
		require.NoError(t, err)
		require.Len(t, databases, 3)

		// Life goes on, with ids that are new, and survives again.
		insert(t, tx, "t", 7001)
		remove(t, tx, "t", 4001)
		require.NoError(t, tx.Define(t.Context(), catalog.CreateTable{Name: named("v"), Columns: columns()}))
		require.Greater(t, tableID(t, tx, "v"), tableID(t, tx, "u"))
		commit(t, tx)
		third, _ := afterCrash(t, clone, 0)
		tx = begin(t, third)
		require.Contains(t, ids(t, tx, "t"), 7001)
		require.NotContains(t, ids(t, tx, "t"), 4001)
		require.Empty(t, ids(t, tx, "v"))
	}
}

func TestFlushMovesRowsToSegments(t *testing.T) {
	fsys := vfs.NewMemory()
	m := open(t, options(fsys))
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 3000)...)
	commit(t, tx)
	tx = begin(t, m)
	remove(t, tx, "t", 1, 2, 3000)
	commit(t, tx)
	old := begin(t, m)
	before := addresses(t, old, "t")
	require.NoError(t, m.Flush(t.Context()))
	require.Equal(t, before, addresses(t, old, "t"), "an older snapshot keeps its addresses")
	after := current(t, m, "t")
	require.Len(t, after, 2997)
	for id, a := range after {
		require.NotEqual(t, before[id].Block, a.Block)
	}
	// A transaction that began before the flush deletes by old addresses.
	remove(t, old, "t", 500)
	commit(t, old)
	tx = begin(t, m)
	insert(t, tx, "t", span(3001, 3100)...)
	remove(t, tx, "t", 501)
	commit(t, tx)
	want := append(append(span(3, 499), span(502, 2999)...), span(3001, 3100)...)
	require.ElementsMatch(t, want, seen(t, m, "t"))
	for _, kept := range []float64{0, 1} {
		again, _ := afterCrash(t, fsys, kept)
		require.ElementsMatch(t, want, seen(t, again, "t"))
	}
	require.NoError(t, m.Flush(t.Context()))
	require.ElementsMatch(t, want, seen(t, m, "t"))
	closeAll(t, m)
	again := open(t, options(fsys))
	require.ElementsMatch(t, want, seen(t, again, "t"))
}

func TestConflictsAreFoundAcrossFlushes(t *testing.T) {
	m := instance(t)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 100)...)
	commit(t, tx)
	first, second, third := begin(t, m), begin(t, m), begin(t, m)
	remove(t, first, "t", 1)
	remove(t, second, "t", 1)
	remove(t, third, "t", 2)
	require.NoError(t, m.Flush(t.Context()))
	commit(t, first)
	insertMore := begin(t, m)
	insert(t, insertMore, "t", 101)
	commit(t, insertMore)
	require.NoError(t, m.Flush(t.Context()))
	_, err := second.Commit(t.Context())
	requireCode(t, sqlerr.SerializationFailure, err)
	commit(t, third)
	require.ElementsMatch(t, span(3, 101), seen(t, m, "t"))
}

func TestLargeWriteSetsStreamToSegments(t *testing.T) {
	fsys := vfs.NewMemory()
	o := smallWriteSets(fsys)
	m := open(t, o)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 4000)...)
	insert(t, tx, "t", span(4001, 5000)...)
	require.NoError(t, tx.Savepoint(t.Context(), "s"))
	insert(t, tx, "t", span(5001, 9000)...)
	require.NoError(t, tx.RollbackTo(t.Context(), "s"))
	require.ElementsMatch(t, span(1, 5000), ids(t, tx, "t"))
	insert(t, tx, "t", span(9001, 9002)...)
	commit(t, tx)
	want := append(span(1, 5000), 9001, 9002)
	require.ElementsMatch(t, want, seen(t, m, "t"))
	require.Len(t, segments(fsys), 1, "what was rolled back is removed")

	aborted := begin(t, m)
	insert(t, aborted, "t", span(10001, 14000)...)
	require.Len(t, segments(fsys), 2)
	again, clone := afterCrash(t, fsys, 1)
	require.ElementsMatch(t, want, seen(t, again, "t"))
	require.Len(t, segments(clone), 1, "recovery removes what no commit names")
	require.NoError(t, aborted.Rollback(t.Context()))
	require.Len(t, segments(fsys), 1)

	tx = begin(t, m)
	remove(t, tx, "t", 17)
	commit(t, tx)
	require.NoError(t, m.Flush(t.Context()))
	again, _ = afterCrash(t, fsys, 0)
	require.ElementsMatch(t, append(append(span(1, 16), span(18, 5000)...), 9001, 9002), seen(t, again, "t"))
}

// segments returns the paths of segment files.
func segments(fsys *vfs.Memory) []string {
	var paths []string
	for path := range fsys.Files() {
		if strings.HasPrefix(path, filepath.Join("data", "segments")) {
			paths = append(paths, path)
		}
	}
	return paths
}

func TestFilesOfDroppedTablesAreRemovedWhenNobodyReadsThem(t *testing.T) {
	fsys := vfs.NewMemory()
	o := smallWriteSets(fsys)
	m := open(t, o)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 4000)...)
	commit(t, tx) // a segment that only the log names
	tx = begin(t, m)
	insert(t, tx, "t", 4001)
	commit(t, tx)
	require.NoError(t, m.Flush(t.Context()))
	tx = begin(t, m)
	insert(t, tx, "t", span(5001, 9000)...)
	commit(t, tx)
	require.Len(t, segments(fsys), 3)
	reader := begin(t, m)
	define(t, m, catalog.DropTable{Name: named("t")})
	require.NoError(t, m.Flush(t.Context()))
	require.Len(t, ids(t, reader, "t"), 8001, "a reader keeps the files")
	require.Len(t, segments(fsys), 3)
	require.NoError(t, reader.Close())
	require.NoError(t, m.Flush(t.Context()))
	require.Empty(t, segments(fsys))
	again, _ := afterCrash(t, fsys, 0)
	_, err := begin(t, again).Table(t.Context(), named("t"))
	requireCode(t, sqlerr.UndefinedTable, err)
}

func TestTheLogIsTrimmedByFlushes(t *testing.T) {
	fsys := vfs.NewMemory()
	m := open(t, options(fsys))
	createTable(t, m, "t")
	for i := range 40 {
		tx := begin(t, m)
		insert(t, tx, "t", span(4000*i, 4000*i+3999)...)
		commit(t, tx)
	}
	files := func() (n int) {
		for path := range fsys.Files() {
			if strings.HasSuffix(path, ".wal") {
				n++
			}
		}
		return n
	}
	require.Greater(t, files(), 2)
	require.NoError(t, m.Flush(t.Context()))
	require.Equal(t, 1, files())
	again, _ := afterCrash(t, fsys, 0)
	require.Len(t, seen(t, again, "t"), 160_000)
}

func TestAMissingManifestIsRefused(t *testing.T) {
	fsys := vfs.NewMemory()
	m := open(t, options(fsys))
	createTable(t, m, "t")
	closeAll(t, m)
	require.NoError(t, fsys.Remove(filepath.Join("data", "manifest", "CURRENT")))
	before := fsys.Files()
	_, err := txn.Open(t.Context(), options(fsys))
	requireCode(t, sqlerr.DataCorrupted, err)
	require.Equal(t, before, fsys.Files(), "nothing is touched")
}
