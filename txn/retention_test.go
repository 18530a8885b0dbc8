package txn_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
)

// The memory for the times of deletes is bounded: the oldest versions go first.
func TestRetentionEndsWhereItsMemoryDoes(t *testing.T) {
	o := options(vfs.NewMemory())
	o.Retention, o.HistoryBytes = time.Hour, 10*24 // ten deletes of one row
	m := open(t, o)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 100)...)
	commit(t, tx)
	full := m.Sequence()
	for i := range 20 {
		tx := begin(t, m)
		remove(t, tx, "t", i+1)
		commit(t, tx)
	}
	newest := m.Sequence()
	require.NoError(t, m.Flush(t.Context()))
	tx = begin(t, m)
	require.Equal(t, newest-5, tx.OldestSequence(), "half of the memory is given back")
	id := tableID(t, tx, "t")
	columns := []catalog.ColumnID{1}
	for _, n := range []catalog.Sequence{full, newest - 6} {
		_, err := tx.Scan(t.Context(), id, catalog.ScanRequest{AsOf: n, Columns: columns})
		requireCode(t, sqlerr.SnapshotTooOld, err)
	}
	scan, err := tx.Scan(t.Context(), id, catalog.ScanRequest{AsOf: newest - 5, Columns: columns})
	require.NoError(t, err)
	source, err := scan.Open(0)
	require.NoError(t, err)
	chunk, err := source.Next(t.Context())
	require.NoError(t, err)
	require.Equal(t, 85, chunk.Count())
	require.NoError(t, source.Close())
	require.NoError(t, scan.Close())
}

// Nobody commits, and still what is older than the time of retention is forgotten.
func TestVersionsOfAnIdleServerGrowOld(t *testing.T) {
	fs := vfs.NewMemory()
	o := options(fs)
	o.Retention = 50 * time.Millisecond
	m := open(t, o)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 10)...)
	commit(t, tx)
	tx = begin(t, m)
	remove(t, tx, "t", 1)
	commit(t, tx)
	newest := m.Sequence()
	oldest := func() catalog.Sequence {
		tx := begin(t, m)
		defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
		return tx.OldestSequence()
	}
	require.NoError(t, m.Flush(t.Context()))
	require.Eventually(t, func() bool { return oldest() == newest }, time.Minute, time.Millisecond)
	require.Equal(t, newest, m.Sequence())
}
