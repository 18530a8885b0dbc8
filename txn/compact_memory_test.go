package txn_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/vfs"
)

// A compaction that waits until the disk may be read on leaves the memory to queries.
func TestAWaitingCompactionHoldsNoMemory(t *testing.T) {
	t.Parallel()
	o := options(vfs.NewMemory())
	o.CompactionBytesPerSecond = 1 // the first row group may be read at once, the next one in hours
	o.ManualCompaction = true
	o.Memory = budget.NewServer(1 << 30)
	m := open(t, o)
	createTable(t, m, "t")
	for first := range 40 {
		tx := begin(t, m)
		insert(t, tx, "t", first)
		commit(t, tx)
		require.NoError(t, m.Flush(t.Context()))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := m.Compact(ctx)
		ended <- err
	}()
	used := int64(-1)
	for {
		select {
		case err := <-ended:
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Zero(t, used, "a compaction that waits holds memory")
			return
		case <-time.After(time.Millisecond):
			used = o.Memory.Used()
		}
	}
}
