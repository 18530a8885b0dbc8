package txn_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/txn"
)

// temporaries returns the files that are being written.
func temporaries(disk *vfs.Memory) []string {
	var found []string
	for path := range disk.Files() {
		if strings.HasSuffix(path, ".tmp") {
			found = append(found, path)
		}
	}
	return found
}

// beginBulk begins a transaction with ten rows, a savepoint, and a statement whose rows go to a file.
func beginBulk(t *testing.T, m *txn.Manager, disk *vfs.Memory) *txn.Transaction {
	t.Helper()
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 10)...)
	require.NoError(t, tx.Savepoint(t.Context(), "s"))
	insert(t, tx, "t", span(101, 4000)...)
	require.Len(t, temporaries(disk), 1)
	return tx
}

// However a statement ends whose rows go to a file: nothing is left of the file.
func TestNoFileIsLeftOfABulk(t *testing.T) {
	for how, end := range map[string]func(t *testing.T, tx *txn.Transaction) []int{
		"rolled back": func(t *testing.T, tx *txn.Transaction) []int {
			t.Helper()
			require.NoError(t, tx.Rollback(t.Context()))
			return nil
		},
		"rolled back to a savepoint": func(t *testing.T, tx *txn.Transaction) []int {
			t.Helper()
			require.NoError(t, tx.RollbackTo(t.Context(), "s"))
			require.ElementsMatch(t, span(1, 10), ids(t, tx, "t"))
			commit(t, tx)
			return span(1, 10)
		},
		"cancelled": func(t *testing.T, tx *txn.Transaction) []int {
			t.Helper()
			ctx, cancel := context.WithCancel(t.Context())
			id := tableID(t, tx, "t")
			cancel()
			require.ErrorIs(t, tx.Insert(ctx, id, rowsOf(5000)), context.Canceled)
			require.NoError(t, tx.RollbackTo(t.Context(), "s"))
			insert(t, tx, "t", 11)
			commit(t, tx)
			return span(1, 11)
		},
		"cancelled at the commit": func(t *testing.T, tx *txn.Transaction) []int {
			t.Helper()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := tx.Commit(ctx)
			require.ErrorIs(t, err, context.Canceled)
			require.NoError(t, tx.Rollback(t.Context()))
			return nil
		},
	} {
		t.Run(how, func(t *testing.T) {
			disk := vfs.NewMemory()
			m := open(t, smallWriteSets(disk))
			createTable(t, m, "t")
			want := end(t, beginBulk(t, m, disk))
			require.Empty(t, temporaries(disk))
			require.ElementsMatch(t, want, seen(t, m, "t"))
			closeAll(t, m)
		})
	}
}

// A server that ends before a transaction leaves the file, and the next one removes it.
func TestABulkThatOutlivesItsServer(t *testing.T) {
	disk := vfs.NewMemory()
	m := open(t, smallWriteSets(disk))
	createTable(t, m, "t")
	tx := beginBulk(t, m, disk)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, m.Close(ctx))
	again := open(t, smallWriteSets(disk))
	require.Empty(t, temporaries(disk))
	_, err := tx.Commit(t.Context())
	require.Error(t, err)
	require.Empty(t, seen(t, again, "t"))
	closeAll(t, again)
}

// A file that can't be removed is no reason to keep what is rolled back; the next start removes it.
func TestABulkThatCannotBeRemoved(t *testing.T) {
	disk := vfs.NewMemory()
	faults := vfs.NewFaults(disk)
	m := open(t, smallWriteSets(faults))
	createTable(t, m, "t")
	tx := beginBulk(t, m, disk)
	faults.Inject(faults.Count(), vfs.InputError)
	require.NoError(t, tx.RollbackTo(t.Context(), "s"))
	require.True(t, faults.Happened())
	require.Len(t, temporaries(disk), 1)
	insert(t, tx, "t", 11)
	commit(t, tx)
	require.ElementsMatch(t, span(1, 11), seen(t, m, "t"))
	closeAll(t, m)
	m = open(t, smallWriteSets(disk))
	require.Empty(t, temporaries(disk))
	require.ElementsMatch(t, span(1, 11), seen(t, m, "t"))
	closeAll(t, m)
}

// The limit holds for the rows of all tables of a transaction together.
func TestManyTablesShareAWriteSet(t *testing.T) {
	disk := vfs.NewMemory()
	o := smallWriteSets(disk)
	m := open(t, o)
	tx := begin(t, m)
	const tables = 12
	name := func(i int) string { return fmt.Sprint("t", i) }
	for i := range tables {
		require.NoError(t, tx.Define(t.Context(), tableDefinition(name(i))))
	}
	for round := range 3 {
		if round == 2 {
			require.NoError(t, tx.Savepoint(t.Context(), "s"))
		}
		for i := range tables {
			insert(t, tx, name(i), span(500*round+1, 500*round+500)...) // far from the limit
		}
	}
	files := 0
	for path := range disk.Files() {
		if strings.HasSuffix(path, ".parquet") {
			files++
		}
	}
	require.Greater(t, files, 2)
	require.Less(t, files, 3*tables)
	for i := range tables {
		require.ElementsMatch(t, span(1, 1500), ids(t, tx, name(i)))
	}
	remove(t, tx, name(0), 1, 700, 1400)
	require.NoError(t, tx.RollbackTo(t.Context(), "s"))
	remove(t, tx, name(0), 1, 700)
	commit(t, tx)
	closeAll(t, m)
	m = open(t, o)
	require.ElementsMatch(t, append(span(2, 699), span(701, 1000)...), seen(t, m, name(0)))
	for i := range tables - 1 {
		require.ElementsMatch(t, span(1, 1000), seen(t, m, name(i+1)))
	}
	closeAll(t, m)
}

// One long text for all rows of a chunk takes its size once where it comes from, and must not be written out for all
// of them at once.
func TestASharedTextIsInsertedInParts(t *testing.T) {
	disk := vfs.NewMemory()
	m := open(t, smallWriteSets(disk))
	createTable(t, m, "t")
	tx := begin(t, m)
	id := vector.NewBuilder(vector.Of(vector.Int64))
	for i := range vector.ChunkRows {
		id.AppendInt(int64(i))
	}
	text := &vector.Vector{
		Type: vector.Of(vector.Text), Physical: vector.Bytes, Encoding: vector.Dict,
		Dictionary: &vector.Dictionary{Values: [][]byte{bytes.Repeat([]byte("x"), 40<<10)}},
	}
	vector.SetCodes(text, make([]uint8, vector.ChunkRows))
	rows := &vector.Chunk{Len: vector.ChunkRows, Columns: []*vector.Vector{id.Build(), text}}
	require.NoError(t, tx.Insert(t.Context(), tableID(t, tx, "t"), rows))
	commit(t, tx)
	segments := m.Segments()
	require.Len(t, segments, 1)
	require.EqualValues(t, vector.ChunkRows, segments[0].Rows)
	data, err := disk.Open(filepath.Join("data", segments[0].Path))
	require.NoError(t, err)
	f, err := file.NewParquetReader(io.NewSectionReader(data, 0, segments[0].Bytes))
	require.NoError(t, err)
	require.Greater(t, f.NumRowGroups(), 4, "of 32 MiB")
	require.NoError(t, f.Close())
	require.NoError(t, data.Close())
	closeAll(t, m)
}
