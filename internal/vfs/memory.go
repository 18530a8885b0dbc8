package vfs

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"
)

// Memory is a file system in memory that knows what a power cut would lose: data written since the file's last
// Sync, and names created, renamed or removed since their directory's last SyncDir.
type Memory struct {
	mu      sync.Mutex
	now     tree
	durable tree     // what SyncDir has made safe
	pending []change // what it has not, in order
	locks   map[string]bool
}

// tree is the names of a file system; directories are names of nil inodes.
type tree map[string]*inode

// change is one unsynced change of names.
type change struct {
	from, to string // from empty: creation; to empty: removal
	node     *inode
}

// NewMemory makes an empty file system with a root directory and a working directory.
func NewMemory() *Memory {
	root := func() tree { return tree{"/": nil, ".": nil} }
	return &Memory{now: root(), durable: root(), locks: map[string]bool{}}
}

// Open implements FS.
func (m *Memory) Open(name string) (File, error) { return m.open("open", name, false) }

// OpenReadWrite implements FS.
func (m *Memory) OpenReadWrite(name string) (File, error) { return m.open("open", name, true) }

func (m *Memory) open(op, name string, writable bool) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	node := m.now[filepath.Clean(name)]
	if node == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return &memoryFile{fs: m, node: node, name: name, end: int64(len(node.data)), writable: writable}, nil
}

// Create implements FS.
func (m *Memory) Create(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	path := filepath.Clean(name)
	node, exists := m.now[path]
	switch {
	case exists && node == nil:
		return nil, &fs.PathError{Op: "create", Path: name, Err: fmt.Errorf("is a directory: %w", fs.ErrExist)}
	case exists:
		node.write(operation{truncate: true})
	default:
		if _, ok := m.now[filepath.Dir(path)]; !ok {
			return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrNotExist}
		}
		node = &inode{}
		m.apply(change{to: path, node: node})
	}
	return &memoryFile{fs: m, node: node, name: name, writable: true}, nil
}

// apply makes a change of names that is not durable yet.
func (m *Memory) apply(c change) {
	m.now.apply(c)
	m.pending = append(m.pending, c)
}

func (t tree) apply(c change) {
	if c.from != "" {
		delete(t, c.from)
	}
	if c.to != "" {
		t[c.to] = c.node
	}
}

// Rename implements Directory; it renames files only.
func (m *Memory) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	source, target := filepath.Clean(from), filepath.Clean(to)
	node := m.now[source]
	_, parent := m.now[filepath.Dir(target)]
	if node == nil || !parent {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	m.apply(change{from: source, to: target, node: node})
	return nil
}

// Remove implements Directory.
func (m *Memory) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	path := filepath.Clean(name)
	node, ok := m.now[path]
	if !ok {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	if node == nil && len(m.names(path)) > 0 {
		return &fs.PathError{Op: "remove", Path: name, Err: fmt.Errorf("directory not empty: %w", fs.ErrExist)}
	}
	m.apply(change{from: path})
	return nil
}

// List implements Directory.
func (m *Memory) List(dir string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	path := filepath.Clean(dir)
	if node, ok := m.now[path]; !ok || node != nil {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: fs.ErrNotExist}
	}
	return m.names(path), nil
}

func (m *Memory) names(dir string) []string {
	var names []string
	for path := range m.now {
		if filepath.Dir(path) == dir && path != dir {
			names = append(names, filepath.Base(path))
		}
	}
	slices.Sort(names)
	return names
}

// MkdirAll implements Directory.
func (m *Memory) MkdirAll(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var missing []string
	for path := filepath.Clean(dir); ; path = filepath.Dir(path) {
		node, ok := m.now[path]
		if node != nil {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrExist}
		}
		if ok {
			break
		}
		missing = append(missing, path)
	}
	for _, path := range slices.Backward(missing) {
		m.apply(change{to: path})
	}
	return nil
}

// SyncDir implements Directory.
func (m *Memory) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	path := filepath.Clean(dir)
	if node, ok := m.now[path]; !ok || node != nil {
		return &fs.PathError{Op: "syncdir", Path: dir, Err: fs.ErrNotExist}
	}
	m.pending = slices.DeleteFunc(m.pending, func(c change) bool {
		here := (c.from != "" && filepath.Dir(c.from) == path) || (c.to != "" && filepath.Dir(c.to) == path)
		if here {
			m.durable.apply(c)
		}
		return here
	})
	return nil
}

// Lock implements Directory.
func (m *Memory) Lock(name string) (io.Closer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	path := filepath.Clean(name)
	if m.locks[path] {
		return nil, fmt.Errorf("%s: %w", name, ErrLocked)
	}
	if _, ok := m.now[filepath.Dir(path)]; !ok {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: fs.ErrNotExist}
	}
	if _, ok := m.now[path]; !ok {
		m.apply(change{to: path, node: &inode{}})
	}
	m.locks[path] = true
	return &memoryLock{fs: m, path: path}, nil
}

type memoryLock struct {
	fs   *Memory
	path string
}

// Close implements io.Closer.
func (l *memoryLock) Close() error {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	delete(l.fs.locks, l.path)
	return nil
}

// Files returns the paths of all files with their sizes, for tests.
func (m *Memory) Files() map[string]int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	sizes := map[string]int64{}
	for path, node := range maps.All(m.now) {
		if node != nil {
			sizes[path] = int64(len(node.data))
		}
	}
	return sizes
}
