package txn_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/txn"
)

// fixture is a data directory in version 1 of the formats, as fill has left it on a disk that then lost its power:
// a manifest with segments, delete vectors and permutations, and a log with every kind of record behind it, which is
// cut to its first 8 KiB (zeros follow). It stays as it is: each later program must read it.
const fixture = "testdata/version1"

// fill makes what the fixture holds.
func fill(t *testing.T, m *txn.Manager) {
	t.Helper()
	createTable(t, m, "t")
	define(t, m, catalog.CreateDatabase{Name: "d"})
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 100)...)
	commit(t, tx)
	old := begin(t, m)
	remove(t, old, "t", 2)
	tx = begin(t, m)
	remove(t, tx, "t", 1)
	commit(t, tx)
	require.NoError(t, m.Flush(t.Context()))
	tx = begin(t, m)
	remove(t, tx, "t", 3)
	commit(t, tx)
	require.NoError(t, m.Flush(t.Context()))
	commit(t, old)
	tx = begin(t, m)
	insert(t, tx, "t", span(1001, 5000)...) // a segment that the log names
	insert(t, tx, "t", span(101, 110)...)
	commit(t, tx)
	createTable(t, m, "u")
	tx = begin(t, m)
	insert(t, tx, "u", 7, 8)
	remove(t, tx, "t", 1500)
	commit(t, tx)
	createTable(t, m, "gone")
	define(t, m, catalog.DropTable{Name: named("gone")})
}

// requireFilled checks that an instance has what fill made.
func requireFilled(t *testing.T, m *txn.Manager) {
	t.Helper()
	want := append(append(span(4, 110), span(1001, 1499)...), span(1501, 5000)...)
	require.ElementsMatch(t, want, seen(t, m, "t"))
	require.ElementsMatch(t, []int{7, 8}, seen(t, m, "u"))
	tx := begin(t, m)
	_, err := tx.Table(t.Context(), named("gone"))
	requireCode(t, sqlerr.UndefinedTable, err)
	databases, err := tx.Databases(t.Context())
	require.NoError(t, err)
	require.Len(t, databases, 3)
	require.NoError(t, tx.Close())
}

// smallWriteSets are options under which a few thousand rows of a transaction go to a segment.
func smallWriteSets(fsys vfs.FS) txn.Options {
	o := options(fsys)
	o.WriteSetBytes = 64 << 10
	return o
}

func TestFilesOfVersion1AreRead(t *testing.T) {
	fsys := vfs.NewMemory()
	require.NoError(t, fsys.MkdirAll("data"))
	require.NoError(t, filepath.WalkDir(fixture, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(fixture, path)
		if err != nil {
			return err
		}
		target := filepath.Join("data", relative)
		if d.IsDir() {
			return fsys.MkdirAll(target)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return vfs.WriteFile(fsys, target, data)
	}))
	m := open(t, smallWriteSets(fsys))
	requireFilled(t, m)
	closeAll(t, m)
	m = open(t, smallWriteSets(fsys))
	requireFilled(t, m)
	closeAll(t, m)
}

// TestTheFixtureIsWhatItSays makes the fixture's content anew.
func TestTheFixtureIsWhatItSays(t *testing.T) {
	fsys := vfs.NewMemory()
	m := open(t, smallWriteSets(fsys))
	fill(t, m)
	requireFilled(t, m)
	again := open(t, smallWriteSets(fsys.CrashClone(0, 1)))
	requireFilled(t, again)
	closeAll(t, again)
	closeAll(t, m)
}
