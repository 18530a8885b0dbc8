package wal

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/frame"
)

// Committed is one commit as recovery reads it. Its records' bytes may be kept.
type Committed struct {
	Sequence catalog.Sequence
	Time     catalog.Timestamp
	Records  []Record // all but the Commit
	Placed   [][]Range
}

// Open opens the log in a directory, hands every commit from options.From on to replay, in order, cuts off a
// torn end, and is then ready to write. Damage that is no torn end is XX001.
func Open(ctx context.Context, fsys vfs.FS, dir string, options Options,
	replay func(Committed) error,
) (opened *Log, err error) {
	if options.FileBytes == 0 {
		options.FileBytes = DefaultFileBytes
	}
	options.FileBytes = max(options.FileBytes, minFileBytes)
	l := &Log{fs: fsys, dir: dir, options: options, end: options.From, synced: options.From}
	defer func() { err = l.noRoom(err) }()
	numbers, err := l.list()
	if err != nil {
		return nil, err
	}
	if len(numbers) == 0 {
		if !options.Create {
			return nil, sqlerr.New(sqlerr.DataCorrupted, "the log in %s has no files", dir).
				WithHint("restore the data directory from a backup")
		}
		if err := l.makeFirst(); err != nil {
			return nil, err
		}
		return l, nil
	}
	r := &reader{log: l, replay: replay}
	if err := r.load(numbers); err != nil {
		return nil, err
	}
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	if err := r.judge(); err != nil {
		return nil, err
	}
	if err := r.cut(); err != nil {
		return nil, err
	}
	return l, nil
}

// makeFirst makes the first file.
func (l *Log) makeFirst() error {
	first := logFile{number: 1, start: l.options.From}
	file, err := l.create(first)
	if err != nil {
		if file != nil {
			err = errors.Join(err, file.Close())
		}
		return fmt.Errorf("make the log: %w", err)
	}
	l.file, l.offset, l.files = file, frame.HeaderBytes, []logFile{first}
	return nil
}

// noRoom tells what a start needs where the disk is full.
func (l *Log) noRoom(err error) error {
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return sqlerr.Wrap(err, sqlerr.DiskFull, "the disk is full: the log in %s needs %d MiB to begin", l.dir,
		l.options.FileBytes>>20).WithHint("free space on the disk and start again; nothing was changed")
}

// list returns the numbers of the log's files, ascending.
func (l *Log) list() ([]uint64, error) {
	if err := errors.Join(l.fs.MkdirAll(l.dir), l.fs.SyncDir(filepath.Dir(l.dir))); err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	names, err := l.fs.List(l.dir)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	var numbers []uint64
	for _, name := range names {
		digits, ok := strings.CutSuffix(name, fileSuffix)
		if n, err := strconv.ParseUint(digits, 10, 64); ok && err == nil && fileName(n) == name {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// reader reads a log from its beginning to where no frame is left.
type reader struct {
	log    *Log
	replay func(Committed) error
	files  []logFile // with whole headers, up to the first without
	broken []uint64  // the numbers of files behind those

	index  int    // of the file being read
	data   []byte // its content
	offset int
	lsn    LSN

	group       LSN // where the group being read begins, or the end of the last one
	groupIndex  int
	groupOffset int
}

// load reads the headers of all files.
func (r *reader) load(numbers []uint64) error {
	for i, n := range numbers {
		header, whole, err := r.header(n)
		if err != nil {
			return err
		}
		// A file without a header was being made when a crash came, unless it is not the last.
		if !whole && i == len(numbers)-1 {
			r.broken = numbers[i:]
			break
		}
		h, err := frame.DecodeHeader(header, r.log.path(n), magic, formatVersion)
		if err != nil {
			return err
		}
		if h.Instance != r.log.options.Instance || h.Number != n {
			return sqlerr.New(sqlerr.DataCorrupted, "%s is file %d of instance %s, not of this one (%s)",
				r.log.path(n), h.Number, h.Instance, r.log.options.Instance).
				WithHint("a log must not be copied from one data directory to another")
		}
		r.files = append(r.files, logFile{number: n, start: LSN(h.Position)})
	}
	if len(r.files) == 0 {
		// The only file is one that was being made: nothing has ever been in the log.
		return r.startAnew()
	}
	return nil
}

// startAnew replaces the only file, whose making a crash has cut off.
func (r *reader) startAnew() error {
	if !r.log.options.Create || r.log.options.Synced > r.log.options.From {
		return r.damage(r.broken[0], 0)
	}
	r.files = []logFile{{number: r.broken[0], start: r.log.options.From}}
	file, err := r.log.create(r.files[0])
	if file != nil {
		err = errors.Join(err, file.Close())
	}
	r.broken = nil
	return err
}

func (r *reader) header(number uint64) (header []byte, whole bool, err error) {
	f, err := r.log.fs.Open(r.log.path(number))
	if err != nil {
		return nil, false, fmt.Errorf("open the log: %w", err)
	}
	header = make([]byte, frame.HeaderBytes)
	n, readErr := f.ReadAt(header, 0)
	header = header[:n]
	if err := f.Close(); err != nil {
		return nil, false, fmt.Errorf("open the log: %w", err)
	}
	if n < frame.HeaderBytes {
		return header, false, nil
	}
	return header, frame.Whole(header), readErr
}

// open makes the file at an index the one being read, from a position of it on.
func (r *reader) open(index int, from LSN) error {
	data, err := vfs.ReadFile(r.log.fs, r.log.path(r.files[index].number))
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	r.index, r.data, r.lsn = index, data, from
	r.offset = min(frame.HeaderBytes+int(from-r.files[index].start), len(data))
	return nil
}

// damage is the error for a place that can't be read but was synced.
func (r *reader) damage(number uint64, offset int) error {
	return sqlerr.New(sqlerr.DataCorrupted, "the log is damaged: %s, offset %d", r.log.path(number), offset).
		WithHint("commits that were acknowledged can't be read; restore the data directory from a backup")
}

// read replays groups until no whole one is left.
func (r *reader) read(ctx context.Context) error {
	from := r.log.options.From
	first := -1
	for i, f := range r.files {
		if f.start <= from {
			first = i
		}
	}
	if first < 0 {
		return sqlerr.New(sqlerr.DataCorrupted, "the log in %s begins at position %d; position %d is needed",
			r.log.dir, r.files[0].start, from).WithHint("a file of the log is missing; restore it from a backup")
	}
	if err := r.open(first, from); err != nil {
		return err
	}
	r.endGroup()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		commits, ok, err := r.readGroup()
		if err != nil || !ok {
			return err
		}
		r.endGroup()
		for _, c := range commits {
			if err := r.replay(c); err != nil {
				return err
			}
		}
	}
}

func (r *reader) endGroup() { r.group, r.groupIndex, r.groupOffset = r.lsn, r.index, r.offset }

// next returns the next frame, from the next file where this one ends.
func (r *reader) next() (frame.Frame, bool, error) {
	f, n, ok := frame.Decode(r.data[r.offset:], uint64(r.lsn))
	if !ok && r.index+1 < len(r.files) && r.files[r.index+1].start == r.lsn {
		if err := r.open(r.index+1, r.lsn); err != nil {
			return frame.Frame{}, false, err
		}
		f, n, ok = frame.Decode(r.data[r.offset:], uint64(r.lsn))
	}
	if ok {
		r.offset += n
		r.lsn += LSN(n)
	}
	return f, ok, nil
}

func (r *reader) readGroup() ([]Committed, bool, error) {
	f, ok, err := r.next()
	if err != nil || !ok {
		return nil, false, err
	}
	h, ok := decodeGroup(f)
	if !ok {
		return nil, false, nil
	}
	end := r.lsn + LSN(h.bytes)
	commits := make([]Committed, 0, len(h.times))
	current := Committed{}
	for r.lsn < end {
		record, ok, err := r.readRecord()
		if err != nil || !ok {
			return nil, false, err
		}
		c, last := record.(*Commit)
		if !last {
			current.Records = append(current.Records, record)
			continue
		}
		i := len(commits)
		if i == len(h.times) {
			return nil, false, nil
		}
		current.Placed = c.Placed
		current.Sequence, current.Time = h.first+catalog.Sequence(i), h.times[i]
		commits = append(commits, current)
		current = Committed{}
	}
	return commits, r.lsn == end && len(commits) == len(h.times), nil
}

func (r *reader) readRecord() (Record, bool, error) {
	f, ok, err := r.next()
	if err != nil || !ok || f.Flags&frame.Continues != 0 {
		return nil, false, err
	}
	kind, body := f.Kind, f.Body
	for f.Flags&frame.More != 0 {
		if f, ok, err = r.next(); err != nil || !ok || f.Kind != kind || f.Flags&frame.Continues == 0 {
			return nil, false, err
		}
		body = append(body, f.Body...) // f.Body's capacity is its length: the first append copies
	}
	record, ok := decodeRecord(kind, body)
	return record, ok, nil
}
