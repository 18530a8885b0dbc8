package txn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/txn"
)

// BenchmarkCommit commits one row a transaction from many goroutines to a real disk, synced.
func BenchmarkCommit(b *testing.B) {
	m, err := txn.Open(b.Context(), txn.Options{FS: vfs.Disk{}, Dir: b.TempDir()})
	require.NoError(b, err)
	tx, err := m.Begin(b.Context(), txn.TransactionOptions{})
	require.NoError(b, err)
	require.NoError(b, tx.Define(b.Context(), tableDefinition("t")))
	_, err = tx.Commit(b.Context())
	require.NoError(b, err)
	tx, err = m.Begin(b.Context(), txn.TransactionOptions{})
	require.NoError(b, err)
	table, err := tx.Table(b.Context(), named("t"))
	require.NoError(b, err)
	require.NoError(b, tx.Close())
	rows := rowsOf(1)
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			tx, err := m.Begin(b.Context(), txn.TransactionOptions{})
			if err != nil {
				b.Error(err)
				return
			}
			if err := tx.Insert(b.Context(), table.ID, rows); err != nil {
				b.Error(err)
			}
			if _, err := tx.Commit(b.Context()); err != nil {
				b.Error(err)
			}
		}
	})
	b.StopTimer()
	require.NoError(b, m.Close(b.Context()))
}
