package vfs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	filePermissions      = 0o600
	directoryPermissions = 0o750
)

// Disk is the operating system's file system.
type Disk struct{}

// Open implements FS.
func (Disk) Open(name string) (File, error) { return openDisk(name, os.O_RDONLY) }

// Create implements FS.
func (Disk) Create(name string) (File, error) {
	return openDisk(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}

// OpenReadWrite implements FS.
func (Disk) OpenReadWrite(name string) (File, error) { return openDisk(name, os.O_RDWR) }

// Rename implements Directory.
func (Disk) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements Directory.
func (Disk) Remove(name string) error { return os.Remove(name) }

// MkdirAll implements Directory.
func (Disk) MkdirAll(dir string) error { return os.MkdirAll(dir, directoryPermissions) }

// List implements Directory.
func (Disk) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// SyncDir implements Directory.
func (Disk) SyncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // paths come from the configuration and from ids, never from a client
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Lock implements Directory with flock, which ends with the process however it ends.
func (Disk) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, filePermissions) //nolint:gosec // see SyncDir
	if err != nil {
		return nil, err
	}
	return lockFile(f)
}

func lockFile(f *os.File) (io.Closer, error) {
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		closed := f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = fmt.Errorf("%s: %w", f.Name(), ErrLocked)
		}
		return nil, errors.Join(err, closed)
	}
	return f, nil
}

type diskFile struct {
	file *os.File
	mu   sync.Mutex
	end  int64 // where Write goes
}

func openDisk(name string, flags int) (File, error) {
	f, err := os.OpenFile(name, flags, filePermissions) //nolint:gosec // see SyncDir
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &diskFile{file: f, end: info.Size()}, nil
}

func (d *diskFile) ReadAt(p []byte, off int64) (int, error)  { return d.file.ReadAt(p, off) }
func (d *diskFile) WriteAt(p []byte, off int64) (int, error) { return d.file.WriteAt(p, off) }

func (d *diskFile) Write(p []byte) (int, error) {
	d.mu.Lock()
	off := d.end
	d.end += int64(len(p))
	d.mu.Unlock()
	return d.file.WriteAt(p, off)
}

func (d *diskFile) Sync() error                  { return syncData(d.file) }
func (d *diskFile) Preallocate(size int64) error { return preallocate(d.file, size) }
func (d *diskFile) Truncate(size int64) error    { return d.file.Truncate(size) }
func (d *diskFile) Close() error                 { return d.file.Close() }

func (d *diskFile) Size() (int64, error) {
	info, err := d.file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
