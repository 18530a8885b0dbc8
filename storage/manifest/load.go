package manifest

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/frame"
)

// load reads the file that counts, cuts off a torn last edit, and opens it for more.
func (m *Manifest) load() error {
	path := m.path(m.number)
	data, err := vfs.ReadFile(m.fs, path)
	if errors.Is(err, fs.ErrNotExist) {
		return sqlerr.New(sqlerr.DataCorrupted, "%s is missing, which CURRENT names", path).
			WithHint("restore the data directory from a backup")
	}
	if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	h, err := frame.DecodeHeader(data, path, magic, formatVersion)
	if err != nil {
		return err
	}
	if h.Instance != m.instance || h.Number != m.number {
		return sqlerr.New(sqlerr.DataCorrupted, "%s is file %d of instance %s, not file %d of %s",
			path, h.Number, h.Instance, m.number, m.instance)
	}
	if err := m.replay(path, data); err != nil {
		return err
	}
	m.file, err = m.fs.OpenReadWrite(path)
	if err != nil {
		return fmt.Errorf("open the manifest: %w", err)
	}
	if m.end < int64(len(data)) {
		if err := m.file.Truncate(m.end); err != nil {
			return fmt.Errorf("cut off the manifest's torn end: %w", err)
		}
	}
	if err := m.file.Sync(); err != nil {
		return failure("sync", m.dir, err)
	}
	return nil
}

// replay applies all whole records and sets the end.
func (m *Manifest) replay(path string, data []byte) error {
	m.end = frame.HeaderBytes
	for {
		f, stop, ok := readRecord(data, int(m.end))
		if !ok {
			return m.judge(path, data, stop)
		}
		if first := m.checkpoint == 0; first != (f.Kind == kindCheckpoint) {
			return damaged(path, m.end, nil)
		}
		changes, err := Decode(f.Body)
		if err != nil {
			return damaged(path, m.end, err)
		}
		if m.state, err = m.state.apply(changes); err != nil {
			return damaged(path, m.end, err)
		}
		m.end = int64(stop)
		if m.checkpoint == 0 {
			m.checkpoint = m.end
		}
	}
}

func damaged(path string, offset int64, cause error) error {
	detail := ""
	if cause != nil {
		detail = ": " + sqlerr.From(cause).Message
	}
	return sqlerr.Wrap(cause, sqlerr.DataCorrupted, "the manifest is damaged: %s, offset %d%s", path, offset, detail).
		WithHint("restore the data directory from a backup")
}

// judge tells a torn last edit from damage. An edit is synced before the next begins, and a checkpoint before
// its file counts: what can't be read is damage when it is the checkpoint, or when an edit begins behind it.
func (m *Manifest) judge(path string, data []byte, stop int) error {
	later := false
	frame.Search(data[stop:], uint64(stop), func(_ int, f frame.Frame) {
		later = later || f.Flags&frame.Continues == 0
	})
	if m.checkpoint == 0 || later {
		return damaged(path, int64(stop), nil)
	}
	return nil
}

// readRecord reads the record at an offset. It returns where the next begins, or where reading failed.
func readRecord(data []byte, at int) (record frame.Frame, next int, ok bool) {
	f, n, ok := frame.Decode(data[at:], uint64(at))
	if !ok || f.Flags&frame.Continues != 0 {
		return f, at, false
	}
	record, at = f, at+n
	for f.Flags&frame.More != 0 {
		f, n, ok = frame.Decode(data[at:], uint64(at))
		if !ok || f.Kind != record.Kind || f.Flags&frame.Continues == 0 {
			return f, at, false
		}
		record.Body, at = append(record.Body, f.Body...), at+n // the first append copies
	}
	return record, at, true
}
