package vfs

import "os"

// extend makes a sparse file of at least size, where the file system can't reserve space.
func extend(f *os.File, size int64) error {
	info, err := f.Stat()
	if err != nil || info.Size() >= size {
		return err
	}
	return f.Truncate(size)
}
