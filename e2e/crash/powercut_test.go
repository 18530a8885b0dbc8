package crash_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/txn"
)

// shares of unsynced data that a power cut keeps.
var shares = []float64{0, 0.5, 1}

// workloadCommits is how many commits the workload has.
const workloadCommits = 200

// TestPowerCutAtEveryCall runs a workload of multi-table commits with flushes and compactions, and cuts the power before every
// I/O call that changes or syncs something: what is left of the disk is recovered and held against the oracle.
func TestPowerCutAtEveryCall(t *testing.T) {
	disk := vfs.NewMemory()
	faults := vfs.NewFaults(disk)
	var w *workload
	cuts := 0
	faults.Before = func(index int) {
		cuts++
		for _, kept := range shares {
			left := disk.CrashClone(kept, uint64(index))
			if w == nil { // the instance is being made
				requireRecovers(t, nil, left, 0, 0)
				continue
			}
			requireRecovers(t, w, left, w.acknowledged.Load(), w.begun.Load())
		}
		if w != nil && index%20 == 0 {
			cutRecovery(t, w, disk.CrashClone(shares[index/20%len(shares)], uint64(index)), w.acknowledged.Load())
		}
	}
	m, err := openInstance(t.Context(), faults)
	require.NoError(t, err)
	w = newWorkload(m, 1)
	require.NoError(t, w.prepare(t.Context()))
	require.NoError(t, w.run(t.Context(), workloadCommits))
	faults.Before = nil
	requireState(t, w, m, workloadCommits+1, workloadCommits+1)
	require.NoError(t, m.Close(t.Context()))
	requireRecovers(t, w, disk.CrashClone(0, 0), workloadCommits+1, workloadCommits+1)
	require.Greater(t, cuts, 2*workloadCommits, "a write and a sync for each commit, and the flushes")
	require.Greater(t, w.compactions, 3)
	t.Logf("%d power cuts, %d compactions", cuts, w.compactions)
}

// requireRecovers opens what a crash has left, checks it, and sees that it can be written to.
func requireRecovers(t *testing.T, w *workload, left *vfs.Memory, from, to int64) {
	t.Helper()
	m, err := openInstance(t.Context(), left)
	require.NoError(t, err)
	if w != nil {
		requireState(t, w, m, from, to)
	}
	require.NoError(t, m.Close(t.Context()))
}

// cutRecovery cuts the power at every call of a recovery, and recovers again.
func cutRecovery(t *testing.T, w *workload, left *vfs.Memory, from int64) {
	t.Helper()
	for at := 0; ; at++ {
		disk := left.CrashClone(1, 0)
		faults := vfs.NewFaults(disk)
		faults.Inject(at, vfs.Crash)
		m, err := openInstance(t.Context(), faults)
		if err == nil {
			if !faults.Happened() {
				faults.Inject(0, vfs.NoFault)
				require.NoError(t, m.Close(t.Context()))
				return
			}
			abandon(t, m)
		}
		requireRecovers(t, w, disk.CrashClone(shares[at%len(shares)], uint64(at)), from, w.begun.Load())
	}
}

// abandon ends an instance whose disk has failed.
func abandon(t *testing.T, m *txn.Manager) {
	t.Helper()
	require.Error(t, m.Close(context.WithoutCancel(t.Context())))
}
