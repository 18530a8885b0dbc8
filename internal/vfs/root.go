package vfs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// What Root refuses.
var (
	ErrOutside    = errors.New("the name leads out of the directory")
	ErrNotRegular = errors.New("it is no regular file")
)

// escapes is os.Root's error for a name that leads out of it, which it does not export.
const escapes = "path escapes from parent"

// Root is a directory and what lies below it. Names are relative to it; one that leads out of it, by "..", from the
// root of the disk or through a link, is an error of every call (os.Root). Only regular files are opened.
type Root struct{ root *os.Root }

// OpenRoot opens a directory as a Root.
func OpenRoot(dir string) (*Root, error) {
	r, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Root{root: r}, nil
}

// Close ends the use of the directory; files that are open stay so.
func (r *Root) Close() error { return r.root.Close() }

// Open implements FS.
func (r *Root) Open(name string) (File, error) { return r.open(name, os.O_RDONLY) }

// Create implements FS.
func (r *Root) Create(name string) (File, error) {
	return r.open(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}

// OpenReadWrite implements FS.
func (r *Root) OpenReadWrite(name string) (File, error) { return r.open(name, os.O_RDWR) }

// open does not wait for the other end of a pipe, which is no regular file.
func (r *Root) open(name string, flags int) (File, error) {
	f, err := r.root.OpenFile(name, flags|unix.O_NONBLOCK, filePermissions)
	if err != nil {
		var p *os.PathError
		if errors.As(err, &p) && p.Err.Error() == escapes {
			err = &os.PathError{Op: p.Op, Path: p.Path, Err: ErrOutside}
		}
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "open", Path: name, Err: ErrNotRegular}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &diskFile{file: f, end: info.Size()}, nil
}

// Rename implements Directory.
func (r *Root) Rename(from, to string) error { return r.root.Rename(from, to) }

// Remove implements Directory.
func (r *Root) Remove(name string) error { return r.root.Remove(name) }

// MkdirAll implements Directory.
func (r *Root) MkdirAll(dir string) error { return r.root.MkdirAll(dir, directoryPermissions) }

// List implements Directory.
func (r *Root) List(dir string) ([]string, error) {
	d, err := r.root.Open(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	names, err := d.Readdirnames(-1)
	slices.Sort(names)
	return names, errors.Join(err, d.Close())
}

// SyncDir implements Directory.
func (r *Root) SyncDir(dir string) error {
	d, err := r.root.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Lock implements Directory.
func (r *Root) Lock(name string) (io.Closer, error) {
	f, err := r.root.OpenFile(name, os.O_RDWR|os.O_CREATE, filePermissions)
	if err != nil {
		return nil, err
	}
	return lockFile(f)
}
