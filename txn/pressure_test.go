package txn_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/txn"
)

// brokenDisk is a disk on which what takes room in some files fails while it is told so.
type brokenDisk struct {
	vfs.FS

	with atomic.Pointer[syscall.Errno] // nil: it works
	name string                        // part of the names of the files that fail
}

func (d *brokenDisk) err(name string) error {
	if e := d.with.Load(); e != nil && strings.Contains(name, d.name) {
		return *e
	}
	return nil
}

func (d *brokenDisk) fail(with syscall.Errno) { d.with.Store(&with) }

func (d *brokenDisk) mend() { d.with.Store(nil) }

// Create implements vfs.FS.
func (d *brokenDisk) Create(name string) (vfs.File, error) {
	if err := d.err(name); err != nil {
		return nil, err
	}
	f, err := d.FS.Create(name)
	return &brokenFile{File: f, disk: d, name: name}, err
}

// OpenReadWrite implements vfs.FS.
func (d *brokenDisk) OpenReadWrite(name string) (vfs.File, error) {
	f, err := d.FS.OpenReadWrite(name)
	return &brokenFile{File: f, disk: d, name: name}, err
}

type brokenFile struct {
	vfs.File

	disk *brokenDisk
	name string
}

// Write implements vfs.File.
func (f *brokenFile) Write(p []byte) (int, error) {
	if err := f.disk.err(f.name); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}

// WriteAt implements vfs.File.
func (f *brokenFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.disk.err(f.name); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

// Preallocate implements vfs.File.
func (f *brokenFile) Preallocate(size int64) error {
	if err := f.disk.err(f.name); err != nil {
		return err
	}
	return f.File.Preallocate(size)
}

// logBuffer is a log that may be read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// flushes returns how many flushes have ended in a way.
func flushes(t *testing.T, r *prometheus.Registry, outcome string) (n float64) {
	t.Helper()
	families, err := r.Gather()
	require.NoError(t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "micodb_flushes_total" && m.GetLabel()[0].GetValue() == outcome {
				n = m.GetCounter().GetValue()
			}
		}
	}
	return n
}

// TestAFlushThatFailsIsTriedAgain breaks the segments' files, in the two ways that lose nothing.
func TestAFlushThatFailsIsTriedAgain(t *testing.T) {
	for with, code := range map[syscall.Errno]sqlerr.Code{
		syscall.EIO: sqlerr.IOError, syscall.ENOSPC: sqlerr.DiskFull,
	} {
		t.Run(string(code), func(t *testing.T) {
			memory := vfs.NewMemory()
			disk := &brokenDisk{FS: memory, name: "segments"}
			log, registry := &logBuffer{}, prometheus.NewRegistry()
			o := options(disk)
			o.MemtableBytes, o.FlushRetryDelay = 1<<20, time.Millisecond
			o.Log, o.Metrics = slog.New(slog.NewTextHandler(log, nil)), metrics.New(registry, "")
			o.Fatal = func(err error) { t.Errorf("the instance has failed: %v", err) }
			m := open(t, o)
			createTable(t, m, "t")
			disk.fail(with)
			next := 1
			try := func() error {
				tx := begin(t, m)
				insert(t, tx, "t", span(next, next+3999)...)
				_, err := tx.Commit(t.Context())
				if err == nil {
					next += 4000
				}
				return err
			}
			var err error
			for err == nil {
				err = try()
			}
			requireCode(t, code, err)
			require.ErrorContains(t, err, "can't be written to segments")
			require.Greater(t, next, 4*4000, "commits went on until the memory was full")
			require.Len(t, seen(t, m, "t"), next-1, "reading goes on")
			require.Contains(t, log.String(), "a flush failed")
			require.Positive(t, flushes(t, registry, "error"))
			again, _ := afterCrash(t, memory, 0)
			require.Len(t, seen(t, again, "t"), next-1)
			closeAll(t, again)

			disk.mend()
			for try() != nil {
				require.NoError(t, t.Context().Err())
			}
			require.Positive(t, flushes(t, registry, "success"))
			require.Len(t, seen(t, m, "t"), next-1)
			closeAll(t, m)
			again = open(t, options(memory))
			require.Len(t, seen(t, again, "t"), next-1)
			closeAll(t, again)
		})
	}
}

// TestAFullDiskMakesTheInstanceReadOnly fills the whole disk, and makes room again.
func TestAFullDiskMakesTheInstanceReadOnly(t *testing.T) {
	memory := vfs.NewMemory()
	disk := &brokenDisk{FS: memory}
	o := smallWriteSets(disk)
	o.Metrics = metrics.New(prometheus.NewRegistry(), "")
	readOnly := func() float64 { return testutil.ToFloat64(o.Metrics.Storage.ReadOnly) }
	o.Fatal = func(err error) { t.Errorf("the instance has failed: %v", err) }
	m := open(t, o)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", 1, 2, 3)
	commit(t, tx)
	require.Zero(t, readOnly())

	disk.fail(syscall.ENOSPC)
	tx = begin(t, m)
	insert(t, tx, "t", 4)
	_, err := tx.Commit(t.Context())
	requireCode(t, sqlerr.DiskFull, err)
	require.InDelta(t, 1, readOnly(), 0)
	disk.mend()
	tx = begin(t, m)
	remove(t, tx, "t", 3)
	insert(t, tx, "t", 3)
	commit(t, tx)
	require.Zero(t, readOnly(), "there was room again")
	disk.fail(syscall.ENOSPC)
	tx = begin(t, m)
	requireCode(t, sqlerr.DiskFull, tx.Insert(t.Context(), tableID(t, tx, "t"), rowsOf(span(1001, 5000)...)))
	require.InDelta(t, 1, readOnly(), 0, "a segment found no room")
	require.NoError(t, tx.Rollback(t.Context()))
	tx = begin(t, m)
	remove(t, tx, "t", 1)
	_, err = tx.Commit(t.Context())
	requireCode(t, sqlerr.DiskFull, err)
	tx = begin(t, m)
	require.NoError(t, tx.Define(t.Context(), tableDefinition("u")))
	_, err = tx.Commit(t.Context())
	requireCode(t, sqlerr.DiskFull, err)
	requireCode(t, sqlerr.DiskFull, m.Flush(t.Context()))
	require.ElementsMatch(t, span(1, 3), seen(t, m, "t"), "reading goes on, and nothing has changed")
	again, _ := afterCrash(t, memory, 1)
	require.ElementsMatch(t, span(1, 3), seen(t, again, "t"))
	closeAll(t, again)

	disk.mend()
	createTable(t, m, "u")
	tx = begin(t, m)
	remove(t, tx, "t", 1)
	insert(t, tx, "t", span(1001, 5000)...)
	insert(t, tx, "u", 1)
	commit(t, tx)
	require.Zero(t, readOnly())
	require.Positive(t, testutil.ToFloat64(o.Metrics.Storage.WALUnflushed))
	require.NoError(t, m.Flush(t.Context()))
	require.Zero(t, testutil.ToFloat64(o.Metrics.Storage.WALUnflushed))
	want := append(span(2, 3), span(1001, 5000)...)
	require.ElementsMatch(t, want, seen(t, m, "t"))
	again, _ = afterCrash(t, memory, 0)
	require.ElementsMatch(t, want, seen(t, again, "t"))
	require.ElementsMatch(t, []int{1}, seen(t, again, "u"))
	closeAll(t, again)
	closeAll(t, m)
}

// TestAnUnsyncedSegmentStopsTheInstance makes each call of a flush fail: only a sync's failure is final.
func TestAnUnsyncedSegmentStopsTheInstance(t *testing.T) {
	memory := vfs.NewMemory()
	faults := vfs.NewFaults(memory)
	failed := 0
	o := options(faults)
	o.Fatal = func(error) { failed++ }
	m := open(t, o)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 10)...)
	commit(t, tx)
	before := faults.Count()
	harmless := 0
	for at := 0; failed == 0; at++ {
		faults.Inject(faults.Count()+at, vfs.InputError)
		err := m.Flush(t.Context())
		requireCode(t, sqlerr.IOError, err)
		if failed == 0 {
			harmless++
		}
	}
	require.Positive(t, harmless, "of %d calls", faults.Count()-before)
	_, err := begin(t, m).Commit(t.Context())
	require.NoError(t, err, "reading goes on")
	tx = begin(t, m)
	insert(t, tx, "t", 11)
	_, err = tx.Commit(t.Context())
	require.Error(t, err)
	require.Error(t, m.Close(context.WithoutCancel(t.Context())))
	again, _ := afterCrash(t, memory, 0)
	require.ElementsMatch(t, span(1, 10), seen(t, again, "t"))
	closeAll(t, again)
}

// TestAsyncCommitsAreSyncedUnderLoad commits without a pause: the log must be synced all the same.
func TestAsyncCommitsAreSyncedUnderLoad(t *testing.T) {
	memory := vfs.NewMemory()
	registry := prometheus.NewRegistry()
	o := options(memory)
	o.Metrics, o.AsyncDelay = metrics.New(registry, ""), 500*time.Millisecond
	m := open(t, o)
	createTable(t, m, "t")
	syncs := func() (n uint64) {
		families, err := registry.Gather()
		require.NoError(t, err)
		for _, f := range families {
			if f.GetName() == "micodb_wal_sync_duration_seconds" {
				n = f.GetMetric()[0].GetHistogram().GetSampleCount()
			}
		}
		return n
	}
	before := syncs()
	for i := 1; i <= 50_000 && syncs() == before; i++ {
		tx, err := m.Begin(t.Context(), txn.TransactionOptions{Async: true})
		require.NoError(t, err)
		insert(t, tx, "t", i)
		commit(t, tx)
	}
	require.Greater(t, syncs(), before)
	closeAll(t, m)
}
