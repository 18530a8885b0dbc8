package crash_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
)

// faultCommits is how many commits the workload has that meets a fault at each of its calls.
const faultCommits = 32

// TestFaultsAtEveryCall makes each I/O call of a workload fail in each way. A full disk fails one commit or flush
// and nothing more, unless it meets a sync; after any other fault the instance stops. Both lose nothing.
func TestFaultsAtEveryCall(t *testing.T) {
	for fault, name := range map[vfs.Fault]string{
		vfs.InputError: "EIO", vfs.NoSpace: "ENOSPC", vfs.ShortWrite: "short write",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := 0
			for ; ; at++ {
				if !meetFault(t, at, fault) {
					break
				}
			}
			require.Greater(t, at, 2*faultCommits)
			t.Logf("%d calls", at)
		})
	}
}

// meetFault runs the workload with one fault, and reports whether it has happened.
func meetFault(t *testing.T, at int, fault vfs.Fault) bool {
	t.Helper()
	where := fmt.Sprintf("fault at call %d", at)
	disk := vfs.NewMemory()
	faults := vfs.NewFaults(disk)
	faults.Inject(at, fault)
	m, err := openInstance(t.Context(), faults)
	if err != nil {
		requireDiskError(t, err, fault, where)
		requireRecovers(t, nil, disk.CrashClone(0, uint64(at)), 0, 0)
		requireRecovers(t, nil, disk.CrashClone(1, uint64(at)), 0, 0)
		return true
	}
	w := newWorkload(m, 2)
	survived := runWithFaults(t, w, fault, where)
	if survived {
		k := w.acknowledged.Load()
		requireState(t, w, m, k, k)
		if err := m.Close(t.Context()); err != nil {
			requireDiskError(t, err, fault, where)
		}
	} else {
		_ = m.Close(t.Context()) // fails where the instance has, and not where a transaction met the fault
	}
	happened := faults.Happened()
	require.True(t, happened || w.compactions > 1, "%d compactions", w.compactions)
	for _, kept := range shares {
		requireRecovers(t, w, disk.CrashClone(kept, uint64(at)), w.acknowledged.Load(), w.begun.Load())
	}
	return happened
}

// runWithFaults runs the workload through errors that change nothing, and tells whether the instance goes on.
func runWithFaults(t *testing.T, w *workload, fault vfs.Fault, where string) bool {
	t.Helper()
	steps := []func(context.Context) error{w.prepare}
	for i := range faultCommits {
		steps = append(steps, func(ctx context.Context) error { return w.step(ctx, i) })
		if i%8 == 5 {
			steps = append(steps, w.manager.Flush)
		}
		if i%16 == 15 {
			steps = append(steps, w.compact)
		}
	}
	for _, step := range steps {
		for {
			live, nextID, begun := w.snapshotOfLive(), w.nextID, w.begun.Load()
			err := step(t.Context())
			if err == nil {
				break
			}
			requireDiskError(t, err, fault, where)
			if sqlerr.CodeOf(err) != sqlerr.DiskFull {
				return false
			}
			// The commit is known not to be there, and is tried again.
			if w.begun.Load() > begun {
				w.begun.Add(-1)
				w.states = w.states[:len(w.states)-1]
			}
			w.live, w.nextID = live, nextID
		}
	}
	return true
}

func (w *workload) snapshotOfLive() map[string][]uint64 {
	live := maps.Clone(w.live)
	for t := range live {
		live[t] = slices.Clone(live[t])
	}
	return live
}

// requireDiskError checks that an error says what is wrong with the disk.
func requireDiskError(t *testing.T, err error, fault vfs.Fault, where string) {
	t.Helper()
	code := sqlerr.CodeOf(err)
	if fault != vfs.NoSpace {
		require.Equal(t, sqlerr.IOError, code, "%s: %v (%v)", where, err, errors.Unwrap(err))
		return
	}
	require.Contains(t, []sqlerr.Code{sqlerr.DiskFull, sqlerr.IOError}, code, "%s: %v", where, err)
}
