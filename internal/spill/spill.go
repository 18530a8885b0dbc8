// Package spill is the scratch space on disk of queries that outgrow their memory.
//
// A query writes blocks of words to files of its own and reads them back by the Extent that it was given. A file has
// no name from the moment it is made, so that it ends with the process however that ends; nothing is synced, as
// nothing outlives the query.
package spill

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
)

// suffix is what the names of scratch files end with while they have one.
const suffix = ".spill"

// Space is the scratch directory of a process. Safe for concurrent use.
type Space struct {
	fs      vfs.FS
	dir     string
	limit   int64 // bytes
	used    atomic.Int64
	written atomic.Int64
	files   atomic.Int64
}

// Open makes the directory where it is missing, and removes the files that a process which died there may have
// left. All queries together may have limit bytes in it.
func Open(fsys vfs.FS, dir string, limit int64) (*Space, error) {
	if err := fsys.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("the scratch directory: %w", err)
	}
	names, err := fsys.List(dir)
	if err != nil {
		return nil, fmt.Errorf("the scratch directory: %w", err)
	}
	for _, name := range names {
		if !strings.HasSuffix(name, suffix) {
			continue
		}
		if err := fsys.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the scratch directory: %w", err)
		}
	}
	return &Space{fs: fsys, dir: dir, limit: limit}, nil
}

// Used returns the bytes that files hold now.
func (s *Space) Used() int64 { return s.used.Load() }

// Written returns the bytes that were ever written.
func (s *Space) Written() int64 { return s.written.Load() }

// reserve takes n bytes of the limit.
func (s *Space) reserve(n int64) error {
	if s.used.Add(n) <= s.limit {
		return nil
	}
	used := s.used.Add(-n)
	return sqlerr.New(sqlerr.DiskFull, "queries may have %d MiB of scratch space in %s, and hold %d MiB", s.limit>>20,
		s.dir, used>>20).WithHint("raise --spill-limit or --memory-limit, or run fewer large queries at once")
}

// failed gives an error of the file system its code.
func (s *Space) failed(err error, doing string) error {
	if errors.Is(err, syscall.ENOSPC) {
		return sqlerr.Wrap(err, sqlerr.DiskFull, "the disk is full: a query needs scratch space in %s", s.dir).
			WithHint("free some space, raise --memory-limit, or name another disk with --spill-directory")
	}
	return sqlerr.Wrap(err, sqlerr.IOError, "%s a scratch file in %s failed", doing, s.dir)
}

// create makes a file that has no name.
func (s *Space) create() (vfs.File, error) {
	name := filepath.Join(s.dir, fmt.Sprintf("%d%s", s.files.Add(1), suffix))
	f, err := s.fs.Create(name)
	if err != nil {
		return nil, s.failed(err, "making")
	}
	// Another process that shares the directory may have taken it for a left-over.
	if err := s.fs.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, s.failed(errors.Join(err, f.Close()), "making")
	}
	return f, nil
}

// Files returns the scratch files of one query; that of a nil Space makes none.
func (s *Space) Files() *Files {
	if s == nil {
		return nil
	}
	return &Files{space: s, open: map[*File]struct{}{}}
}
