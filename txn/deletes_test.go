package txn_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
)

// TestDeletesReserveTheirMemory deletes more than there is memory for, and less: what fails changes nothing, and what
// is rolled back or over gives its memory back.
func TestDeletesReserveTheirMemory(t *testing.T) {
	o := options(vfs.NewMemory())
	o.Memory = budget.NewServer(100 << 10)
	o.ManualCompaction = true // which takes of it, too
	m := open(t, o)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 4000)...)
	commit(t, tx)
	require.Zero(t, o.Memory.Used(), "rows have a limit of their own")

	tx = begin(t, m)
	id, all := tableID(t, tx, "t"), slices.Collect(maps.Values(addresses(t, tx, "t")))
	require.NoError(t, tx.Delete(t.Context(), id, all[:100]))
	used := o.Memory.Used()
	require.Positive(t, used)
	requireCode(t, sqlerr.OutOfMemory, tx.Delete(t.Context(), id, all))
	require.Len(t, ids(t, tx, "t"), 3900)
	require.Equal(t, used, o.Memory.Used())

	require.NoError(t, tx.Savepoint(t.Context(), "s"))
	require.NoError(t, tx.Delete(t.Context(), id, all[100:200]))
	require.Greater(t, o.Memory.Used(), 2*used-used/2, "what it was at the savepoint, and what it is")
	require.NoError(t, tx.RollbackTo(t.Context(), "s"))
	require.Len(t, ids(t, tx, "t"), 3900)
	require.NoError(t, tx.Release(t.Context(), "s"))
	require.Equal(t, used, o.Memory.Used())

	for part := range slices.Chunk(all[100:], 100) {
		require.NoError(t, tx.Delete(t.Context(), id, part))
	}
	commit(t, tx)
	require.Empty(t, seen(t, m, "t"))
	require.Zero(t, o.Memory.Used())

	tx = begin(t, m)
	insert(t, tx, "t", 1, 2)
	require.NoError(t, tx.Delete(t.Context(), id, slices.Collect(maps.Values(addresses(t, tx, "t")))))
	require.Positive(t, o.Memory.Used())
	require.NoError(t, tx.Rollback(t.Context()))
	require.Zero(t, o.Memory.Used())
}

// TestAReadSeesNoLaterDeletes keeps a scan open while more is deleted in the same blocks.
func TestAReadSeesNoLaterDeletes(t *testing.T) {
	m := open(t, options(vfs.NewMemory()))
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 100)...)
	commit(t, tx)
	tx = begin(t, m)
	id, where := tableID(t, tx, "t"), addresses(t, tx, "t")
	require.NoError(t, tx.Delete(t.Context(), id, []catalog.Address{where[1]}))
	scan, err := tx.Scan(t.Context(), id, catalog.ScanRequest{Columns: []catalog.ColumnID{1}})
	require.NoError(t, err)
	require.NoError(t, tx.Delete(t.Context(), id, []catalog.Address{where[2], where[3]}))
	source, err := scan.Open(0)
	require.NoError(t, err)
	c, err := source.Next(t.Context())
	require.NoError(t, err)
	require.Equal(t, 99, c.Count())
	require.NoError(t, source.Close())
	require.NoError(t, scan.Close())
	require.Len(t, ids(t, tx, "t"), 97)
}
