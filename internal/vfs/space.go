package vfs

import (
	"os"

	"golang.org/x/sys/unix"
)

// Space is the size of a file system, in bytes.
type Space struct {
	Total uint64
	Free  uint64 // for this process's user
}

// SpaceOf returns the size of the operating system's file system that holds a directory.
func SpaceOf(dir string) (Space, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return Space{}, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	block := uint64(s.Bsize) // its type differs between systems
	return Space{Total: s.Blocks * block, Free: s.Bavail * block}, nil
}
