package spill

import (
	"errors"
	"hash/crc32"
	"sync"
	"sync/atomic"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
)

// Files are the scratch files of one query. Safe for concurrent use.
type Files struct {
	space   *Space
	written atomic.Int64
	mu      sync.Mutex // guards open and closed
	open    map[*File]struct{}
	closed  bool
}

// Usable tells whether the query may spill: a nil Files is that of one that may not.
func (q *Files) Usable() bool { return q != nil }

// Written returns the bytes that were written to the query's files.
func (q *Files) Written() int64 {
	if q == nil {
		return 0
	}
	return q.written.Load()
}

// Create makes an empty file: 53100 when the disk is full, 58030 when it fails.
func (q *Files) Create() (*File, error) {
	under, err := q.space.create()
	if err != nil {
		return nil, err
	}
	f := &File{of: q, under: under}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, errors.Join(sqlerr.New(sqlerr.QueryCanceled, "the query has ended"), under.Close())
	}
	q.open[f] = struct{}{}
	return f, nil
}

// Close ends all files. It is idempotent, and of a nil Files does nothing.
func (q *Files) Close() error {
	if q == nil {
		return nil
	}
	q.mu.Lock()
	open := q.open
	q.open, q.closed = nil, true
	q.mu.Unlock()
	var err error
	for f := range open {
		err = errors.Join(err, f.end())
	}
	return err
}

// Extent is where a block lies in its file.
type Extent struct {
	Words  int // 8 bytes each
	offset int64
	sum    uint32 // CRC32C
}

// File holds blocks. Write and Read are safe for concurrent use, until Close.
type File struct {
	of    *Files
	under vfs.File
	size  atomic.Int64
	ended sync.Once
}

// Write adds a block at the end. On an error (53100 no space, 58030) the file's other blocks are as they were.
func (f *File) Write(words []uint64) (Extent, error) {
	data := vector.MemoryOf(words)
	n := int64(len(data))
	if err := f.of.space.reserve(n); err != nil {
		return Extent{}, err
	}
	// What a failed write reserved stays so until the file is closed: part of it may be on the disk.
	e := Extent{Words: len(words), offset: f.size.Add(n) - n, sum: checksum(data)}
	if _, err := f.under.WriteAt(data, e.offset); err != nil {
		return Extent{}, f.of.space.failed(err, "writing")
	}
	f.of.written.Add(n)
	f.of.space.written.Add(n)
	return e, nil
}

// Read reads a block back; into has its size. 58030 when the file can't be read or has other bytes than were
// written.
func (f *File) Read(e Extent, into []uint64) error {
	data := vector.MemoryOf(into[:e.Words])
	if len(data) == 0 {
		return nil
	}
	if n, err := f.under.ReadAt(data, e.offset); n < len(data) {
		return f.of.space.failed(err, "reading")
	}
	if checksum(data) != e.sum {
		return sqlerr.New(sqlerr.IOError, "a scratch file in %s has other bytes at %d than were written",
			f.of.space.dir, e.offset).WithHint("the disk or the memory of this machine is damaged")
	}
	return nil
}

// Close ends the file and gives its space back. It is idempotent.
func (f *File) Close() error {
	f.of.mu.Lock()
	delete(f.of.open, f)
	f.of.mu.Unlock()
	return f.end()
}

func (f *File) end() (err error) {
	f.ended.Do(func() {
		f.of.space.used.Add(-f.size.Load())
		err = f.under.Close()
	})
	return err
}

// checksum is CRC32C (RFC 3720), which processors compute.
func checksum(data []byte) uint32 { return crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)) }
