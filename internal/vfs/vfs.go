package vfs

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
)

// ErrLocked says that another holder has the lock.
var ErrLocked = errors.New("the lock is held by another process")

// FS is a file system. Missing files are fs.ErrNotExist. It is safe for concurrent use.
type FS interface {
	Directory

	// Open opens a file for reading.
	Open(name string) (File, error)

	// Create makes an empty file, or empties one that exists, for reading and writing.
	Create(name string) (File, error)

	// OpenReadWrite opens a file that exists for reading and writing.
	OpenReadWrite(name string) (File, error)
}

// Directory is what a file system does with names.
type Directory interface {
	// Rename gives a file another name at once, replacing what has it.
	Rename(from, to string) error

	// Remove removes a file or an empty directory.
	Remove(name string) error

	// List returns the names in a directory, in order, without the path.
	List(dir string) ([]string, error)

	// MkdirAll makes a directory and its parents where they are missing.
	MkdirAll(dir string) error

	// SyncDir makes creations, renames and removals in a directory durable.
	SyncDir(dir string) error

	// Lock takes an exclusive lock on a file, which it makes, until the Closer is closed or the process ends;
	// ErrLocked when somebody has it.
	Lock(name string) (io.Closer, error)
}

// File is an open file. ReadAt and WriteAt are safe for concurrent use.
type File interface {
	io.ReaderAt
	io.WriterAt

	// Write appends: at the end that the file had when it was opened, then after the last Write.
	io.Writer
	io.Closer
	Extent

	// Sync makes the file's data and size durable (fdatasync). After an error nothing is known of the data
	// written since the last Sync.
	Sync() error
}

// Extent is the size of a file.
type Extent interface {
	Size() (int64, error)

	// Preallocate makes room for size bytes: later writes below it need no new space, and reading what was
	// not written gives zeros. A file that is larger stays so.
	Preallocate(size int64) error

	Truncate(size int64) error
}

// ReadFile returns the content of a file.
func ReadFile(fsys FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	data, err := readAll(f)
	return data, errors.Join(err, f.Close())
}

func readAll(f File) ([]byte, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	data := make([]byte, size)
	n, err := f.ReadAt(data, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return data[:n], err
}

// WriteFile replaces a file as a whole, durably: after a power cut it has the old or the new content. It
// leaves a file of the name with .tmp added when it fails.
func WriteFile(fsys FS, name string, data []byte) error {
	temp := name + ".tmp"
	f, err := fsys.Create(temp)
	if err != nil {
		return fmt.Errorf("create %s: %w", temp, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", temp, err)
	}
	if err := fsys.Rename(temp, name); err != nil {
		return fmt.Errorf("rename %s: %w", temp, err)
	}
	return fsys.SyncDir(filepath.Dir(name))
}
