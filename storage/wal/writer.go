package wal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/frame"
)

// bufferBytes is the size up to which frames are gathered; the log keeps a buffer of about it.
const bufferBytes = 4 << 20

// writer writes one group. Until finish the log is as it was, whatever files the writer has made.
type writer struct {
	log    *Log
	file   vfs.File
	number uint64
	start  int64 // of buffer, in file
	buffer []byte
	lsn    LSN // after buffer
	made   []madeFile
}

type madeFile struct {
	logFile

	file vfs.File
}

func (l *Log) begin() *writer {
	return &writer{
		log: l, file: l.file, number: l.files[len(l.files)-1].number,
		start: l.offset, buffer: l.buffer[:0], lsn: l.end,
	}
}

// record writes a record's body as a chain of frames.
func (w *writer) record(kind frame.Kind, body []byte) error {
	var flags frame.Flags
	for len(body) > frame.BodyBytesMax {
		part := frame.Frame{Kind: kind, Flags: flags | frame.More, Body: body[:frame.BodyBytesMax]}
		if err := w.frame(part); err != nil {
			return err
		}
		body, flags = body[frame.BodyBytesMax:], frame.Continues
	}
	return w.frame(frame.Frame{Kind: kind, Flags: flags, Body: body})
}

func (w *writer) frame(f frame.Frame) error {
	size := int64(frame.Size(len(f.Body)))
	if w.start+int64(len(w.buffer))+size > w.log.options.FileBytes {
		if err := w.rotate(); err != nil {
			return err
		}
	}
	w.buffer = frame.Append(w.buffer, uint64(w.lsn), f)
	w.lsn += LSN(size)
	if len(w.buffer) >= bufferBytes {
		return w.flush()
	}
	return nil
}

// flush writes the buffer to the file.
func (w *writer) flush() error {
	if len(w.buffer) == 0 {
		return nil
	}
	if _, err := w.file.WriteAt(w.buffer, w.start); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	w.start += int64(len(w.buffer))
	w.buffer = w.buffer[:0]
	return nil
}

// rotate goes on in a new file. The old one is synced first: that a file exists proves the ones before it.
func (w *writer) rotate() error {
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.file.Sync(); err != nil {
		return &syncError{err}
	}
	next := logFile{number: w.number + 1, start: w.lsn}
	file, err := w.log.create(next)
	if file != nil {
		w.made = append(w.made, madeFile{logFile: next, file: file})
	}
	if err != nil {
		return err
	}
	w.file, w.number, w.start = file, next.number, frame.HeaderBytes
	return nil
}

// syncError marks a failed sync, which no other error (a full disk) may excuse.
type syncError struct{ cause error }

// Error implements error.
func (e *syncError) Error() string { return "sync: " + e.cause.Error() }

// Unwrap returns the cause.
func (e *syncError) Unwrap() error { return e.cause }

// create makes a file durably. It returns the file, for the caller to remove, also with an error.
func (l *Log) create(f logFile) (vfs.File, error) {
	file, err := l.fs.Create(l.path(f.number))
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	if err := file.Preallocate(l.options.FileBytes); err != nil {
		return file, fmt.Errorf("preallocate: %w", err)
	}
	header := frame.Header{
		Magic: magic, Version: formatVersion, Instance: l.options.Instance,
		Number: f.number, Position: uint64(f.start),
	}
	if _, err := file.WriteAt(header.Encode(), 0); err != nil {
		return file, fmt.Errorf("write: %w", err)
	}
	if err := file.Sync(); err != nil {
		return file, &syncError{err}
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		return file, &syncError{err}
	}
	return file, nil
}

// finish makes the log end where the writer ended.
func (w *writer) finish() error {
	l := w.log
	var err error
	if len(w.made) > 0 {
		err = l.file.Close()
		for _, m := range w.made[:len(w.made)-1] {
			err = errors.Join(err, m.file.Close())
		}
	}
	l.file, l.offset, l.buffer = w.file, w.start, w.buffer
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = w.lsn
	for _, m := range w.made {
		l.files = append(l.files, m.logFile)
	}
	if err != nil {
		return l.fail("close", err)
	}
	return nil
}

// undo answers an error of a write. A full disk leaves the log as it was: the group's header is wiped out, durably,
// since a group that lacks only bytes that the file has anyway (zeros) would count; what lies behind it is never
// read, and overwritten by the next group. Files that the group began are removed, durably, since a file's
// existence would prove that the ones before it are whole.
func (l *Log) undo(w *writer, cause error) error {
	var unsynced *syncError
	if !errors.Is(cause, syscall.ENOSPC) || errors.As(cause, &unsynced) {
		return l.fail("write", cause)
	}
	if err := l.wipe(); err != nil {
		return l.fail("wiping", err)
	}
	for _, m := range slices.Backward(w.made) {
		if err := errors.Join(m.file.Close(), l.fs.Remove(l.path(m.number))); err != nil {
			return l.fail("removal", err)
		}
	}
	if len(w.made) > 0 {
		if err := l.fs.SyncDir(l.dir); err != nil {
			return l.fail("removal", err)
		}
	}
	return sqlerr.Wrap(cause, sqlerr.DiskFull, "the disk is full: the log in %s has no room for the commit", l.dir).
		WithHint("nothing was changed; free space on the disk, reading goes on meanwhile")
}

// wipe makes the first bytes behind the log's end zeros, so that no group begins there. Where nothing was written
// nothing needs room, which there is none of.
func (l *Log) wipe() error {
	n := min(int64(frame.Size(groupHeaderBytes)), l.options.FileBytes-l.offset)
	if n <= 0 {
		return nil // the file is full: the group began in the next one
	}
	head, zeros := make([]byte, n), make([]byte, n)
	if _, err := l.file.ReadAt(head, l.offset); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.Equal(head, zeros) {
		return nil
	}
	if _, err := l.file.WriteAt(zeros, l.offset); err != nil {
		return err
	}
	return l.file.Sync()
}
