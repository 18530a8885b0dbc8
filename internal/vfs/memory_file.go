package vfs

import (
	"io"
	"io/fs"
	"slices"
)

// inode is a file's content, which lives while a name or an open file points to it.
type inode struct {
	data    []byte
	durable []byte      // as of the last Sync
	pending []operation // since then, in order
}

// operation is one change of a file's content.
type operation struct {
	off      int64 // of bytes, or the size for truncate
	bytes    []byte
	truncate bool
}

// write applies an operation that is not durable yet.
func (n *inode) write(op operation) {
	n.data = op.apply(n.data)
	n.pending = append(n.pending, op)
}

func (op operation) apply(data []byte) []byte {
	if op.truncate {
		return resize(data, op.off)
	}
	if end := op.off + int64(len(op.bytes)); end > int64(len(data)) {
		data = resize(data, end)
	}
	copy(data[op.off:], op.bytes)
	return data
}

// resize cuts data or extends it with zeros.
func resize(data []byte, size int64) []byte {
	old := len(data)
	if size <= int64(old) {
		return data[:size]
	}
	data = slices.Grow(data, int(size)-old)[:size]
	clear(data[old:])
	return data
}

type memoryFile struct {
	fs       *Memory
	node     *inode
	name     string
	end      int64
	writable bool
	closed   bool
}

func (f *memoryFile) check(op string, writes bool) error {
	if f.closed {
		return &fs.PathError{Op: op, Path: f.name, Err: fs.ErrClosed}
	}
	if writes && !f.writable {
		return &fs.PathError{Op: op, Path: f.name, Err: fs.ErrPermission}
	}
	return nil
}

// ReadAt implements File.
func (f *memoryFile) ReadAt(p []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("read", false); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: fs.ErrInvalid}
	}
	n := 0
	if off < int64(len(f.node.data)) {
		n = copy(p, f.node.data[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements File.
func (f *memoryFile) WriteAt(p []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return f.writeAt(p, off)
}

func (f *memoryFile) writeAt(p []byte, off int64) (int, error) {
	if err := f.check("write", true); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: fs.ErrInvalid}
	}
	f.node.write(operation{off: off, bytes: slices.Clone(p)})
	return len(p), nil
}

// Write implements File.
func (f *memoryFile) Write(p []byte) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	n, err := f.writeAt(p, f.end)
	f.end += int64(n)
	return n, err
}

// Sync implements File.
func (f *memoryFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("sync", false); err != nil {
		return err
	}
	for _, op := range f.node.pending {
		f.node.durable = op.apply(f.node.durable)
	}
	f.node.pending = nil
	return nil
}

// Preallocate implements File.
func (f *memoryFile) Preallocate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("preallocate", true); err != nil || size <= int64(len(f.node.data)) {
		return err
	}
	f.node.write(operation{off: size, truncate: true})
	return nil
}

// Truncate implements File.
func (f *memoryFile) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("truncate", true); err != nil {
		return err
	}
	f.node.write(operation{off: size, truncate: true})
	return nil
}

// Size implements File.
func (f *memoryFile) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return int64(len(f.node.data)), f.check("size", false)
}

// Close implements File.
func (f *memoryFile) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	err := f.check("close", false)
	f.closed = true
	return err
}
