package tablefile

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
)

// Directory is where the clients of a server may read and write files. Safe for concurrent use.
type Directory struct {
	fs    vfs.FS
	root  io.Closer
	names []string // of the directory: absolute, as it was given and with links resolved

	mu      sync.Mutex // guards writing
	writing map[string]bool
}

// NewDirectory gives access to a file system, whose root is the directory of the absolute names.
func NewDirectory(fsys vfs.FS, names ...string) *Directory {
	return &Directory{fs: fsys, names: names, writing: map[string]bool{}}
}

// OpenDirectory gives access to a directory of the disk.
func OpenDirectory(dir string) (*Directory, error) {
	given, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	resolved, err := filepath.EvalSymlinks(given)
	if err != nil {
		return nil, err
	}
	root, err := vfs.OpenRoot(resolved)
	if err != nil {
		return nil, err
	}
	d := NewDirectory(root, given, resolved)
	d.root = root
	return d, nil
}

// Close ends the access; files that are open stay so. Without a directory it does nothing.
func (d *Directory) Close() error {
	if d == nil || d.root == nil {
		return nil
	}
	return d.root.Close()
}

// local returns a name that is relative to the directory: 42501 for one that leads out of it.
func (d *Directory) local(name string) (string, error) {
	out := filepath.Clean(name)
	if filepath.IsAbs(out) {
		for _, dir := range d.names {
			if rest, err := filepath.Rel(dir, out); err == nil && filepath.IsLocal(rest) {
				return rest, nil
			}
		}
	} else if filepath.IsLocal(out) && name != "" {
		return out, nil
	}
	return "", outside(name)
}

func outside(name string) error {
	return sqlerr.New(sqlerr.InsufficientPrivilege, "the file %s is not below the directory of --allow-files", name).
		WithHint("name it relative to that directory")
}

// globMax is how many files a pattern may stand for.
const globMax = 10_000

// Match returns the files that a name stands for, in order: itself, or those that fit its last part when that is a
// pattern with stars, question marks or brackets. No such file is 58P01.
func (d *Directory) Match(pattern string) ([]string, error) {
	name, err := d.local(pattern)
	if err != nil {
		return nil, err
	}
	dir, last := filepath.Split(name)
	if strings.ContainsAny(dir, "*?[") {
		return nil, sqlerr.NotSupported("a pattern in the directory of " + pattern)
	}
	if !strings.ContainsAny(last, "*?[") {
		return []string{name}, nil
	}
	if _, err := path.Match(last, ""); err != nil {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "%s is no pattern: %v", pattern, err)
	}
	all, err := d.fs.List(filepath.Clean(dir))
	if err != nil {
		return nil, explain(pattern, err)
	}
	var names []string
	for _, entry := range all {
		if fits, err := path.Match(last, entry); err == nil && fits && !strings.HasPrefix(entry, ".") {
			names = append(names, dir+entry)
		}
	}
	switch {
	case len(names) == 0:
		return nil, sqlerr.New(sqlerr.UndefinedFile, "no file is named like %s", pattern)
	case len(names) > globMax:
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "%d files are named like %s, at most %d are read",
			len(names), pattern, globMax)
	}
	return names, nil
}

// Open opens a file for reading: 58P01 when there is none.
func (d *Directory) Open(name string) (io.Closer, Source, error) {
	local, err := d.local(name)
	if err != nil {
		return nil, Source{}, err
	}
	f, err := d.fs.Open(local)
	if err != nil {
		return nil, Source{}, explain(name, err)
	}
	size, err := f.Size()
	if err != nil {
		return nil, Source{}, errors.Join(explain(name, err), f.Close())
	}
	return f, Source{Name: name, Bytes: f, Size: size}, nil
}

// Output is a file that is being written under a name that nobody looks for. Commit gives it its own.
type Output struct {
	vfs.File

	directory *Directory
	name      string // its own
	local     string
	partial   string
}

// Create begins a file: 58P02 when there is one of that name that it must not replace, 55006 while another is being
// written under that name.
func (d *Directory) Create(name string, overwrite bool) (*Output, error) {
	local, err := d.local(name)
	if err != nil {
		return nil, err
	}
	dir, last := filepath.Split(local)
	o := &Output{directory: d, name: name, local: local, partial: dir + "." + last + ".micodb-partial"}
	d.mu.Lock()
	busy := d.writing[local]
	d.writing[local] = true
	d.mu.Unlock()
	if busy {
		return nil, sqlerr.New(sqlerr.ObjectInUse, "the file %s is being written by another statement", name)
	}
	if !overwrite {
		err = d.missing(name, local)
	}
	if err == nil {
		if o.File, err = d.fs.Create(o.partial); err == nil {
			return o, nil
		}
		err = explain(name, err)
	}
	o.done()
	return nil, err
}

// missing fails when there is a file of a name.
func (d *Directory) missing(name, local string) error {
	f, err := d.fs.Open(local)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return explain(name, err)
	}
	return errors.Join(f.Close(), sqlerr.New(sqlerr.DuplicateFile, "the file %s exists already", name).
		WithHint("choose another name, or replace it: OVERWRITE in COPY, --overwrite in micodb export"))
}

// Write appends.
func (o *Output) Write(p []byte) (int, error) {
	n, err := o.File.Write(p)
	if err != nil {
		err = explain(o.name, err)
	}
	return n, err
}

func (o *Output) done() {
	o.directory.mu.Lock()
	defer o.directory.mu.Unlock()
	delete(o.directory.writing, o.local)
}

// Commit makes the file durable under its name.
func (o *Output) Commit() error {
	defer o.done()
	err := o.Sync()
	if err = errors.Join(err, o.Close()); err != nil {
		return errors.Join(explain(o.name, err), o.directory.fs.Remove(o.partial))
	}
	if err := o.directory.fs.Rename(o.partial, o.local); err != nil {
		return errors.Join(explain(o.name, err), o.directory.fs.Remove(o.partial))
	}
	if err := o.directory.fs.SyncDir(filepath.Dir(o.local)); err != nil {
		return explain(o.name, err)
	}
	return nil
}

// Discard removes what was written.
func (o *Output) Discard() error {
	defer o.done()
	return errors.Join(o.Close(), o.directory.fs.Remove(o.partial))
}

// explain gives an error of the file system a code.
func explain(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return sqlerr.Wrap(err, sqlerr.UndefinedFile, "the file %s does not exist", name)
	case errors.Is(err, vfs.ErrOutside):
		return outside(name)
	case errors.Is(err, vfs.ErrNotRegular):
		return sqlerr.Wrap(err, sqlerr.InvalidParameterValue, "%s is no regular file", name)
	case errors.Is(err, fs.ErrPermission):
		return sqlerr.Wrap(err, sqlerr.InsufficientPrivilege, "the server has no permission for the file %s", name)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return sqlerr.Wrap(err, sqlerr.DiskFull, "the disk is full: %s can't be written", name)
	default:
		if p, ok := errors.AsType[*fs.PathError](err); ok {
			err = p.Err // without the name, which is told once, and relative to the directory
		}
		return sqlerr.Wrap(err, sqlerr.IOError, "the file %s can't be used: %v", name, err)
	}
}
