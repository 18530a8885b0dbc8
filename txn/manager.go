package txn

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/storage/manifest"
	"github.com/micodb/micodb/storage/table"
	"github.com/micodb/micodb/storage/wal"
)

// Manager is an open instance. It is safe for concurrent use.
type Manager struct {
	options     Options
	environment table.Environment
	lock        io.Closer
	manifest    *manifest.Manifest
	log         *wal.Log
	snapshots   snapshots

	ids             atomic.Uint64 // the last one given
	lastTransaction atomic.Uint64
	failed          atomic.Pointer[error]
	checkpointed    atomic.Uint64 // the position in the log where recovery would begin

	requests  chan *request
	controls  chan func()
	quit      chan struct{} // closed to end the sequencer
	sequenced chan struct{} // closed when it has ended
	dropped   []string      // the sequencer's: files of tables that were dropped since the last flush
	memory    pressure

	flushMu   sync.Mutex     // held by the one flush that runs, and while a compaction is published
	garbage   []garbage      // guarded by flushMu
	wake      chan struct{}  // has one token when a flush may be needed
	stop      chan struct{}  // closed to end the flusher and the compactor
	flusher   sync.WaitGroup // the goroutines of both
	compactor *compactor

	mu     sync.Mutex // guards what follows
	open   int        // transactions
	closed bool
	idle   chan struct{} // closed when closed and no transaction is open
}

// newID gives an id that was never used.
func (m *Manager) newID() uint64 { return m.ids.Add(1) }

// path returns a path below the data directory.
func (m *Manager) path(relative string) string {
	return filepath.Join(m.options.Dir, filepath.FromSlash(relative))
}

// enter counts a transaction in.
func (m *Manager) enter() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return shuttingDown()
	}
	m.open++
	return nil
}

// leave counts a transaction out.
func (m *Manager) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open--
	if m.closed && m.open == 0 {
		close(m.idle)
	}
}

// fail makes the instance useless: nothing is committed any more. The first error is told to Options.Fatal.
func (m *Manager) fail(err error) {
	if m.failed.CompareAndSwap(nil, &err) {
		m.options.Log.Error("the instance has failed", errorAttr(err))
		m.options.Fatal(err)
	}
}

// failure returns why the instance has failed, nil when it has not.
func (m *Manager) failure() error {
	if p := m.failed.Load(); p != nil {
		return *p
	}
	return nil
}

// discard removes files that no commit names.
func (m *Manager) discard(paths []string) {
	for _, path := range paths {
		if err := m.options.FS.Remove(m.path(path)); err != nil {
			m.options.Log.Warn("a file without use could not be removed", errorAttr(err))
		}
	}
}

// Sequence returns the sequence of the last commit.
func (m *Manager) Sequence() catalog.Sequence { return m.snapshots.current.Load().sequence }

// Close waits until the open transactions have ended, flushes, and closes the files. Where ctx ends first,
// transactions that are still open can't commit any more, and nothing is flushed: recovery reads the log.
func (m *Manager) Close(ctx context.Context) error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil
	}
	m.closed = true
	if m.open == 0 {
		close(m.idle)
	}
	m.mu.Unlock()

	var err error
	select {
	case <-m.idle:
	case <-ctx.Done():
		err = sqlerr.Wrap(ctx.Err(), sqlerr.ShuttingDown, "transactions were still open at the end")
	}
	close(m.stop)
	m.compactor.cancel()
	m.flusher.Wait()
	if err == nil && m.failure() == nil {
		err = m.Flush(ctx)
	}
	close(m.quit)
	<-m.sequenced
	if err == nil {
		err = m.failure()
	}
	return errors.Join(err, m.closeFiles())
}

// closeFiles closes what is open, in the order that keeps another process out until all is written.
func (m *Manager) closeFiles() error {
	var err error
	if m.log != nil {
		err = m.log.Close()
	}
	if m.manifest != nil {
		err = errors.Join(err, m.manifest.Close())
	}
	return errors.Join(err, m.lock.Close())
}
