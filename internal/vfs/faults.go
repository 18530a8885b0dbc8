package vfs

import (
	"errors"
	"io"
	"io/fs"
	"sync"
	"syscall"
)

// ErrCrashed is what every call returns after an injected crash.
var ErrCrashed = errors.New("the injected crash has happened")

// Fault is what goes wrong.
type Fault uint8

// The faults. A fault that does not fit the call (a short write of a read) is an EIO.
const (
	NoFault    Fault = iota
	InputError       // EIO, nothing is done
	NoSpace          // ENOSPC, nothing is done
	ShortWrite       // half of the bytes are written, then EIO
	Crash            // nothing is done, and every later call fails with ErrCrashed
)

// Faults passes calls to another file system, counts those that change or sync something, from 0, and makes
// chosen ones fail.
type Faults struct {
	CountReads bool            // reads count too; set before use
	Before     func(index int) // called before each counted call, on its goroutine; set before use

	base    FS
	mu      sync.Mutex
	count   int
	at      int
	fault   Fault
	crashed bool
}

// NewFaults wraps a file system; nothing fails until Inject.
func NewFaults(base FS) *Faults { return &Faults{base: base} }

// Inject makes the call with index at fail, once.
func (f *Faults) Inject(at int, fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.fault = at, fault
}

// Count returns how many calls were counted.
func (f *Faults) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// Happened reports whether the injected fault has been reached.
func (f *Faults) Happened() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault != NoFault && f.count > f.at
}

// step counts a call and returns the fault that it meets.
func (f *Faults) step(counted bool) Fault {
	index, fault := f.next(counted)
	if index >= 0 && f.Before != nil {
		f.Before(index)
	}
	return fault
}

// next returns the index of a call, -1 when it does not count, and its fault.
func (f *Faults) next(counted bool) (index int, fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.crashed {
		return -1, Crash
	}
	if !counted {
		return -1, NoFault
	}
	index = f.count
	f.count++
	if f.fault == NoFault || index != f.at {
		return index, NoFault
	}
	f.crashed = f.fault == Crash
	return index, f.fault
}

func (f *Faults) check(op, name string, counted bool) error {
	return f.step(counted).err(op, name)
}

func (fault Fault) err(op, name string) error {
	switch fault {
	case NoFault:
		return nil
	case NoSpace:
		return &fs.PathError{Op: op, Path: name, Err: syscall.ENOSPC}
	case Crash:
		return &fs.PathError{Op: op, Path: name, Err: ErrCrashed}
	case InputError, ShortWrite:
	}
	return &fs.PathError{Op: op, Path: name, Err: syscall.EIO}
}

func (f *Faults) wrap(name string, open func(string) (File, error)) (File, error) {
	file, err := open(name)
	if err != nil {
		return nil, err
	}
	return &faultyFile{File: file, faults: f, name: name}, nil
}

// Open implements FS.
func (f *Faults) Open(name string) (File, error) {
	if err := f.check("open", name, f.CountReads); err != nil {
		return nil, err
	}
	return f.wrap(name, f.base.Open)
}

// Create implements FS.
func (f *Faults) Create(name string) (File, error) {
	if err := f.check("create", name, true); err != nil {
		return nil, err
	}
	return f.wrap(name, f.base.Create)
}

// OpenReadWrite implements FS.
func (f *Faults) OpenReadWrite(name string) (File, error) {
	if err := f.check("open", name, f.CountReads); err != nil {
		return nil, err
	}
	return f.wrap(name, f.base.OpenReadWrite)
}

// Rename implements Directory.
func (f *Faults) Rename(from, to string) error {
	if err := f.check("rename", from, true); err != nil {
		return err
	}
	return f.base.Rename(from, to)
}

// Remove implements Directory.
func (f *Faults) Remove(name string) error {
	if err := f.check("remove", name, true); err != nil {
		return err
	}
	return f.base.Remove(name)
}

// List implements Directory.
func (f *Faults) List(dir string) ([]string, error) {
	if err := f.check("list", dir, f.CountReads); err != nil {
		return nil, err
	}
	return f.base.List(dir)
}

// MkdirAll implements Directory.
func (f *Faults) MkdirAll(dir string) error {
	if err := f.check("mkdir", dir, true); err != nil {
		return err
	}
	return f.base.MkdirAll(dir)
}

// SyncDir implements Directory.
func (f *Faults) SyncDir(dir string) error {
	if err := f.check("syncdir", dir, true); err != nil {
		return err
	}
	return f.base.SyncDir(dir)
}

// Lock implements Directory.
func (f *Faults) Lock(name string) (io.Closer, error) {
	if err := f.check("lock", name, f.CountReads); err != nil {
		return nil, err
	}
	return f.base.Lock(name)
}

type faultyFile struct {
	File

	faults *Faults
	name   string
}

// ReadAt implements File.
func (f *faultyFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.faults.check("read", f.name, f.faults.CountReads); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

// WriteAt implements File.
func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	return f.write(p, func(p []byte) (int, error) { return f.File.WriteAt(p, off) })
}

// Write implements File.
func (f *faultyFile) Write(p []byte) (int, error) { return f.write(p, f.File.Write) }

func (f *faultyFile) write(p []byte, write func([]byte) (int, error)) (int, error) {
	fault := f.faults.step(true)
	n := 0
	if fault == ShortWrite {
		var err error
		if n, err = write(p[:len(p)/2]); err != nil {
			return n, err
		}
	}
	if err := fault.err("write", f.name); err != nil {
		return n, err
	}
	return write(p)
}

// Sync implements File.
func (f *faultyFile) Sync() error {
	if err := f.faults.check("sync", f.name, true); err != nil {
		return err
	}
	return f.File.Sync()
}

// Preallocate implements File.
func (f *faultyFile) Preallocate(size int64) error {
	if err := f.faults.check("preallocate", f.name, true); err != nil {
		return err
	}
	return f.File.Preallocate(size)
}

// Truncate implements File.
func (f *faultyFile) Truncate(size int64) error {
	if err := f.faults.check("truncate", f.name, true); err != nil {
		return err
	}
	return f.File.Truncate(size)
}
