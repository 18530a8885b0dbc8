package wal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/frame"
)

// judge decides whether the place where reading ended is a torn end or damage: damage, when something says that
// the log was synced past it. That may be the header of a group beyond, a file that was made later, or what the
// manifest knows.
func (r *reader) judge() error {
	number := r.files[r.index].number
	damaged := r.damage(number, r.offset)
	if r.lsn < r.log.options.Synced {
		return damaged
	}
	for _, f := range r.files[r.index+1:] {
		if f.start > r.lsn {
			return damaged
		}
	}
	synced := false
	look := func(_ int, f frame.Frame) {
		if h, ok := decodeGroup(f); ok && h.synced > r.lsn {
			synced = true
		}
	}
	rest := r.data[r.offset:]
	frame.Search(rest, uint64(r.lsn), look)
	for _, n := range r.laterNumbers() {
		data, err := vfs.ReadFile(r.log.fs, r.log.path(n))
		if err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		if len(data) > frame.HeaderBytes+16 {
			data = data[frame.HeaderBytes:]
			frame.Search(data, binary.LittleEndian.Uint64(data[8:]), look) // the first frame tells its position
		}
	}
	if synced {
		return damaged
	}
	return nil
}

// laterNumbers returns the files behind the one where reading ended.
func (r *reader) laterNumbers() []uint64 {
	var numbers []uint64
	for _, f := range r.files[r.index+1:] {
		numbers = append(numbers, f.number)
	}
	return append(numbers, r.broken...)
}

// cut makes the log end with the last whole group, durably, before anything new is written: what a torn group
// has left behind its end could otherwise be read as part of the log after the next crash.
func (r *reader) cut() error {
	l := r.log
	remove := r.laterNumbers()
	for i := r.index; i > r.groupIndex; i-- {
		remove = append(remove, r.files[i].number)
	}
	for _, n := range remove {
		if err := l.fs.Remove(l.path(n)); err != nil {
			return fmt.Errorf("cut the log's end: %w", err)
		}
	}
	if len(remove) > 0 {
		if err := l.fs.SyncDir(l.dir); err != nil {
			return fmt.Errorf("cut the log's end: %w", err)
		}
	}
	last := r.files[r.groupIndex]
	file, err := l.fs.OpenReadWrite(l.path(last.number))
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	if err := r.clear(file); err != nil {
		return errors.Join(fmt.Errorf("cut the log's end: %w", err), file.Close())
	}
	l.file, l.offset, l.end, l.synced = file, int64(r.groupOffset), r.group, r.group
	l.files = append([]logFile(nil), r.files[:r.groupIndex+1]...)
	return nil
}

// clear makes the last file zero from the end of the last group on, of full size, and synced.
func (r *reader) clear(file vfs.File) error {
	clean := false
	if r.groupIndex == r.index {
		rest := r.data[r.groupOffset:]
		clean = int64(len(r.data)) >= r.log.options.FileBytes && len(bytes.TrimLeft(rest, "\x00")) == 0
	}
	if !clean {
		if err := file.Truncate(int64(r.groupOffset)); err != nil {
			return err
		}
		if err := file.Preallocate(r.log.options.FileBytes); err != nil {
			return err
		}
	}
	return file.Sync()
}
