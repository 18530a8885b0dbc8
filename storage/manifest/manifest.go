package manifest

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/google/uuid"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/frame"
)

const (
	magic         = "MICOMAN"
	currentMagic  = "MICOCUR"
	formatVersion = 1
	fileSuffix    = ".manifest"

	kindCheckpoint frame.Kind = 1 // the whole state, as changes
	kindEdit       frame.Kind = 2

	// A file is replaced when it has grown by both this much and twice its checkpoint.
	growthBytesMin = 4 << 20
)

// CurrentName is the file that names the one that counts: without it there is no manifest.
const CurrentName = "CURRENT"

// Manifest is an open manifest. It is safe for concurrent use.
type Manifest struct {
	fs       vfs.FS
	dir      string
	instance uuid.UUID
	created  bool

	mu         sync.Mutex // guards what follows, and orders edits: held while one is written
	state      *State
	file       vfs.File
	number     uint64
	checkpoint int64 // bytes of the file's first record
	end        int64 // of the last edit
	failed     error
}

// Options are what Open needs to know.
type Options struct {
	// Initial is what a new manifest begins with.
	Initial []Change
}

// Open opens the manifest in a directory, or makes one where there is none.
func Open(fsys vfs.FS, dir string, options Options) (*Manifest, error) {
	m := &Manifest{fs: fsys, dir: dir, state: newState()}
	if err := errors.Join(fsys.MkdirAll(dir), fsys.SyncDir(filepath.Dir(dir))); err != nil {
		return nil, fmt.Errorf("open the manifest: %w", err)
	}
	names, err := fsys.List(dir)
	if err != nil {
		return nil, fmt.Errorf("open the manifest: %w", err)
	}
	err = m.readCurrent(names)
	if err == nil && m.created {
		err = m.create(options.Initial)
	} else if err == nil {
		err = m.load()
	}
	if err == nil {
		err = m.removeOthers()
	}
	if err != nil {
		if m.file != nil {
			err = errors.Join(err, m.file.Close())
		}
		return nil, err
	}
	return m, nil
}

// Instance returns the instance's UUID, which all its files carry.
func (m *Manifest) Instance() uuid.UUID { return m.instance }

// Created tells whether Open made the manifest.
func (m *Manifest) Created() bool { return m.created }

// State returns the state after the last edit.
func (m *Manifest) State() *State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

// Close closes the file.
func (m *Manifest) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.file.Close()
}

func fileName(number uint64) string { return fmt.Sprintf("%020d%s", number, fileSuffix) }

func (m *Manifest) path(number uint64) string { return filepath.Join(m.dir, fileName(number)) }

// readCurrent finds the number of the file that counts.
func (m *Manifest) readCurrent(names []string) error {
	found := false
	for _, name := range names {
		found = found || name == CurrentName
	}
	if !found {
		m.created, m.instance = true, uuid.New()
		return nil
	}
	path := filepath.Join(m.dir, CurrentName)
	data, err := vfs.ReadFile(m.fs, path)
	if err != nil {
		return fmt.Errorf("open the manifest: %w", err)
	}
	h, err := frame.DecodeHeader(data, path, currentMagic, formatVersion)
	if err != nil {
		return err
	}
	m.instance, m.number = h.Instance, h.Number
	return nil
}

// create makes the first file. A crash before CURRENT stands leaves nothing that counts.
func (m *Manifest) create(initial []Change) error {
	state, err := m.state.apply(initial)
	if err != nil {
		return err
	}
	m.state = state
	if err := m.replace(); err != nil {
		return fmt.Errorf("make the manifest: %w", err)
	}
	return nil
}

// removeOthers removes the files that do not count.
func (m *Manifest) removeOthers() error {
	names, err := m.fs.List(m.dir)
	if err != nil {
		return fmt.Errorf("clean the manifest's directory: %w", err)
	}
	for _, name := range names {
		other := strings.HasSuffix(name, fileSuffix) && name != fileName(m.number)
		if !other && !strings.HasSuffix(name, ".tmp") {
			continue
		}
		if err := m.fs.Remove(filepath.Join(m.dir, name)); err != nil {
			return fmt.Errorf("clean the manifest's directory: %w", err)
		}
	}
	return nil
}

// Append adds an edit, durably. DiskFull (53100) leaves the manifest as it was; after an IOError the process
// must stop.
func (m *Manifest) Append(changes []Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failed != nil {
		return m.failed
	}
	next, err := m.state.apply(changes)
	if err != nil {
		return sqlerr.Wrap(err, sqlerr.InternalError, "an edit does not fit the manifest: %v", err)
	}
	body, err := Encode(changes)
	if err != nil {
		return err
	}
	data := record(nil, m.end, kindEdit, body)
	if _, err := m.file.WriteAt(data, m.end); err != nil {
		// What was written of the edit is overwritten by the next one, or cut off as a torn end.
		return m.failure("write", err)
	}
	if err := m.file.Sync(); err != nil {
		m.failed = failure("sync", m.dir, err)
		return m.failed
	}
	m.state = next
	m.end += int64(len(data))
	if m.end-m.checkpoint > max(growthBytesMin, 2*m.checkpoint) {
		return m.rewrite()
	}
	return nil
}

// failure answers an error before anything counts on it: a full disk is no harm.
func (m *Manifest) failure(what string, err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return sqlerr.Wrap(err, sqlerr.DiskFull, "the disk is full: the manifest in %s has no room", m.dir).
			WithHint("free space on the disk; nothing was changed")
	}
	m.failed = failure(what, m.dir, err)
	return m.failed
}

func failure(what, dir string, err error) error {
	return sqlerr.Wrap(err, sqlerr.IOError, "the manifest in %s can't be written: %s failed", dir, what).
		WithHint("the server stops: look at the disk, then start it again")
}

// record appends the frames of one record.
func record(dst []byte, at int64, kind frame.Kind, body []byte) []byte {
	begin := len(dst)
	var flags frame.Flags
	for len(body) > frame.BodyBytesMax {
		f := frame.Frame{Kind: kind, Flags: flags | frame.More, Body: body[:frame.BodyBytesMax]}
		dst = frame.Append(dst, uint64(at)+uint64(len(dst)-begin), f)
		body, flags = body[frame.BodyBytesMax:], frame.Continues
	}
	return frame.Append(dst, uint64(at)+uint64(len(dst)-begin), frame.Frame{Kind: kind, Flags: flags, Body: body})
}
