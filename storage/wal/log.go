package wal

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/google/uuid"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/frame"
)

const (
	magic         = "MICOWAL"
	formatVersion = 1
	fileSuffix    = ".wal"

	// DefaultFileBytes is the size of a file.
	DefaultFileBytes = 64 << 20
	// A file has room for the largest frame.
	minFileBytes = frame.HeaderBytes + frame.BodyBytesMax + 1<<10
)

// LSN is a position in the log: the number of frame bytes before it.
type LSN uint64

// Options are what Open needs to know.
type Options struct {
	Instance  uuid.UUID
	FileBytes int64 // size of a file; 0: DefaultFileBytes
	From      LSN   // where reading begins: everything before is in the manifest
	Synced    LSN   // the log is known to have been synced up to here
	Create    bool  // make a log, where there is none; otherwise a missing log is damage
}

// Log is an open log. Write, Sync and Close are for one goroutine; the rest is safe for concurrent use.
type Log struct {
	fs      vfs.FS
	dir     string
	options Options
	file    vfs.File
	offset  int64 // of the next frame, in file
	buffer  []byte
	scratch []byte
	failed  error // a write or sync has failed: nothing is known of the file's end

	mu     sync.Mutex // guards what follows
	files  []logFile  // ascending; the last one is being written
	end    LSN        // of what is written
	synced LSN
}

type logFile struct {
	number uint64
	start  LSN
}

func fileName(number uint64) string { return fmt.Sprintf("%020d%s", number, fileSuffix) }

func (l *Log) path(number uint64) string { return filepath.Join(l.dir, fileName(number)) }

// End returns the position after the last group.
func (l *Log) End() LSN {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// Synced returns the position up to which the log is durable.
func (l *Log) Synced() LSN {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.synced
}

// Bytes returns how much log recovery would have to read from a position on.
func (l *Log) Bytes(from LSN) int64 { return int64(l.End() - from) }

// Write adds a group, which is not durable before Sync. DiskFull (53100) leaves the log as it was; after any
// other error the log is of no use and the process must stop.
func (l *Log) Write(g *Group) error {
	if l.failed != nil {
		return l.failed
	}
	if len(g.Commits) > maxGroupCommits {
		return sqlerr.New(sqlerr.InternalError, "%d commits in one group of the log", len(g.Commits))
	}
	w := l.begin()
	header := groupHeader{first: g.First, synced: l.Synced(), bytes: g.bytes(), times: g.Times}
	err := w.frame(frame.Frame{Kind: kindGroup, Body: header.encode()})
	for _, records := range g.Commits {
		for _, r := range records {
			if err == nil {
				l.scratch = r.append(l.scratch[:0])
				err = w.record(r.kind(), l.scratch)
			}
		}
	}
	if err == nil {
		err = w.flush()
	}
	if err != nil {
		return l.undo(w, err)
	}
	return w.finish()
}

// Sync makes all groups durable. After an error the process must stop.
func (l *Log) Sync() error {
	if l.failed != nil {
		return l.failed
	}
	if l.Synced() == l.End() {
		return nil
	}
	if err := l.file.Sync(); err != nil {
		return l.fail("sync", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.synced = l.end
	return nil
}

func (l *Log) fail(what string, err error) error {
	l.failed = sqlerr.Wrap(err, sqlerr.IOError, "the log can't be written: %s of a file in %s failed", what, l.dir).
		WithHint("the server stops: look at the disk, then start it again; it recovers what was acknowledged")
	return l.failed
}

// Trim removes the files that lie wholly before a position. They may be gone or come back after a crash.
func (l *Log) Trim(before LSN) error {
	for {
		l.mu.Lock()
		if len(l.files) < 2 || l.files[1].start > before {
			l.mu.Unlock()
			return nil
		}
		first := l.files[0]
		l.files = l.files[1:]
		l.mu.Unlock()
		if err := l.fs.Remove(l.path(first.number)); err != nil {
			return fmt.Errorf("trim the log: %w", err)
		}
	}
}

// Close writes that all is synced, so that damage of the last group is seen when the log is opened again, and
// closes the file.
func (l *Log) Close() error {
	var err error
	if l.failed == nil {
		if err = l.Sync(); err == nil {
			err = l.mark()
		}
	}
	return errors.Join(err, l.file.Close())
}

// mark writes an empty group, whose header says how far the log is synced.
func (l *Log) mark() error {
	err := l.Write(&Group{})
	if errors.Is(err, syscall.ENOSPC) {
		return nil // the mark is not worth an error
	}
	if err == nil {
		err = l.Sync()
	}
	return err
}
