package manifest

import (
	"errors"
	"path/filepath"
	"syscall"

	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/frame"
)

// rewrite goes on in a new file. Where the disk is full the old one stays.
func (m *Manifest) rewrite() error {
	old, oldNumber := m.file, m.number
	err := m.replace()
	switch {
	case err == nil:
	case m.failed == nil && errors.Is(err, syscall.ENOSPC):
		return nil // the edit itself is safe, in the old file
	default:
		m.failed = failure("replacement", m.dir, err)
		return m.failed
	}
	if err := old.Close(); err != nil {
		m.failed = failure("close", m.dir, err)
		return m.failed
	}
	_ = m.fs.Remove(m.path(oldNumber)) // it does not count any more: the next start removes what stays
	return nil
}

// replace writes the state to a new file and makes CURRENT name it. Until the rename of CURRENT nothing counts
// on the new file; from then on an error leaves open which file counts, and is final.
func (m *Manifest) replace() error {
	file, size, err := m.writeCheckpoint(m.number + 1)
	if err == nil {
		err = m.writeCurrent(m.number + 1)
	}
	if err != nil {
		if file != nil {
			err = errors.Join(err, file.Close())
		}
		if file != nil && m.failed == nil { // CURRENT does not name the file
			err = errors.Join(err, m.fs.Remove(m.path(m.number+1)))
		}
		return err
	}
	m.file, m.number = file, m.number+1
	m.checkpoint, m.end = size, size
	return nil
}

// writeCheckpoint makes a file of the state, durably; it returns the file also with an error.
func (m *Manifest) writeCheckpoint(number uint64) (vfs.File, int64, error) {
	body, err := Encode(m.state.changes())
	if err != nil {
		return nil, 0, err
	}
	header := frame.Header{
		Magic: magic, Version: formatVersion, Instance: m.instance, Number: number, Position: frame.HeaderBytes,
	}
	data := record(header.Encode(), frame.HeaderBytes, kindCheckpoint, body)
	file, err := m.fs.Create(m.path(number))
	if err != nil {
		return nil, 0, err
	}
	if _, err := file.WriteAt(data, 0); err != nil {
		return file, 0, err
	}
	if err := file.Sync(); err != nil {
		return file, 0, err
	}
	return file, int64(len(data)), m.fs.SyncDir(m.dir)
}

func (m *Manifest) writeCurrent(number uint64) error {
	header := frame.Header{Magic: currentMagic, Version: formatVersion, Instance: m.instance, Number: number}
	path := filepath.Join(m.dir, CurrentName)
	temp, err := m.fs.Create(path + ".tmp")
	if err != nil {
		return err
	}
	_, err = temp.Write(header.Encode())
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	err = m.fs.Rename(path+".tmp", path)
	if err == nil {
		err = m.fs.SyncDir(m.dir)
	}
	if err != nil {
		m.failed = failure("switch of CURRENT", m.dir, err)
	}
	return err
}
