package segment

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"syscall"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/parquetfile"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
)

// Directory is where segments lie below the data directory.
const Directory = "segments"

// SequenceColumn is the id of the hidden column that keeps each row's commit sequence.
const SequenceColumn catalog.ColumnID = 1<<31 - 1

// sequenceName is the hidden column's name in the file; where a column of the table has it, underscores follow.
const sequenceName = "_sequence"

const writeBufferBytes = 1 << 20

// ErrNotSynced marks a failed sync of a segment: what the disk has is not known, and the process must stop. Any
// other error of a writer leaves nothing behind that counts, and the rows may be written again.
var ErrNotSynced = errors.New("a segment could not be synced")

// Target says what is written and where.
type Target struct {
	FS        vfs.FS
	Dir       string        // the data directory
	NewID     func() uint64 // for the file and its blocks
	Schema    catalog.Version
	Columns   []catalog.Column
	Sequences bool // whether the rows carry their commit sequences as one more column
	Origin    Origin
	Created   catalog.Timestamp
}

// Writer writes a segment. It holds one row group in memory. Not safe for concurrent use.
type Writer struct {
	target Target
	id     uint64
	path   string // relative
	file   vfs.File
	buffer *bufio.Writer
	rows   *parquetfile.Writer
	count  int64
	done   bool
}

// Path returns where the segment with an id lies, relative to the data directory.
func Path(id uint64) string { return path.Join(Directory, fmt.Sprintf("%016x.parquet", id)) }

// Create begins a segment under a temporary name.
func Create(t Target) (*Writer, error) {
	w := &Writer{target: t, id: t.NewID()}
	w.path = Path(w.id)
	dir := filepath.Join(t.Dir, Directory)
	if err := t.FS.MkdirAll(dir); err != nil {
		return nil, ioError(err, dir)
	}
	if err := t.FS.SyncDir(t.Dir); err != nil {
		return nil, ioError(notSynced(err), dir)
	}
	f, err := t.FS.Create(w.temporary())
	if err != nil {
		return nil, ioError(err, w.temporary())
	}
	w.file, w.buffer = f, bufio.NewWriterSize(f, writeBufferBytes)
	columns := make([]parquetfile.Column, 0, len(t.Columns)+1)
	hidden := sequenceName
	for _, c := range t.Columns {
		columns = append(columns, parquetfile.Column{Name: c.Name, ID: int32(c.ID), Type: c.Type, Required: c.NotNull})
		if c.Name == hidden {
			hidden += "_"
		}
	}
	if t.Sequences {
		columns = append(columns, parquetfile.Column{
			Name: hidden, ID: int32(SequenceColumn), Type: vector.Of(vector.Int64), Required: true,
		})
	}
	if w.rows, err = parquetfile.NewWriter(w.buffer, columns); err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	return w, nil
}

func (w *Writer) final() string     { return filepath.Join(w.target.Dir, filepath.FromSlash(w.path)) }
func (w *Writer) temporary() string { return w.final() + ".tmp" }

// Append adds the chosen rows of a chunk.
func (w *Writer) Append(ctx context.Context, rows *vector.Chunk) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.count += int64(rows.Count())
	return ioError(w.rows.Append(rows), w.temporary())
}

// Bytes returns how much of the file was written.
func (w *Writer) Bytes() int64 { return w.rows.Bytes() }

// Rows returns how many rows have been appended.
func (w *Writer) Rows() int64 { return w.count }

// Finish syncs the file, gives it its name, and describes it. Until a manifest or a commit record names it, a
// recovery removes it.
func (w *Writer) Finish(ctx context.Context) (*Descriptor, error) {
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	d, err := w.finish()
	if err != nil {
		return nil, errors.Join(ioError(err, w.temporary()), w.Abort())
	}
	return d, nil
}

func (w *Writer) finish() (*Descriptor, error) {
	groups, err := w.rows.Close()
	if err != nil {
		return nil, err
	}
	if err := w.buffer.Flush(); err != nil {
		return nil, err
	}
	if err := w.file.Sync(); err != nil {
		return nil, notSynced(err)
	}
	size, err := w.file.Size()
	if err != nil {
		return nil, err
	}
	w.done = true
	if err := w.file.Close(); err != nil {
		return nil, errors.Join(err, w.target.FS.Remove(w.temporary()))
	}
	if err := w.target.FS.Rename(w.temporary(), w.final()); err != nil {
		return nil, errors.Join(err, w.target.FS.Remove(w.temporary()))
	}
	if err := w.target.FS.SyncDir(filepath.Dir(w.final())); err != nil {
		return nil, errors.Join(notSynced(err), w.target.FS.Remove(w.final()))
	}
	return w.describe(groups, size), nil
}

// notSynced marks the error of a sync, but for a full disk, which is told before anything counts on the file.
func notSynced(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrNotSynced, err)
}

func (w *Writer) describe(groups []parquetfile.Group, size int64) *Descriptor {
	d := &Descriptor{
		ID: w.id, Path: w.path, Bytes: size, Schema: w.target.Schema,
		Origin: w.target.Origin, Created: w.target.Created,
	}
	for _, c := range w.target.Columns {
		d.Columns = append(d.Columns, c.ID)
	}
	if w.target.Sequences {
		d.Columns = append(d.Columns, SequenceColumn)
	}
	for _, g := range groups {
		d.Rows += int64(g.Rows)
		d.Groups = append(d.Groups, Group{
			Block: catalog.BlockID(w.target.NewID()), Rows: uint32(g.Rows), Columns: g.Columns,
		})
	}
	return d
}

// Abort removes what was written. It is a no-op after Finish.
func (w *Writer) Abort() error {
	if w.done {
		return nil
	}
	w.done = true
	return errors.Join(w.file.Close(), w.target.FS.Remove(w.temporary()))
}

// ioError gives an error of the file system its code.
func ioError(err error, name string) error {
	var coded *sqlerr.Error
	switch {
	case err == nil || errors.As(err, &coded):
		return err
	case errors.Is(err, syscall.ENOSPC):
		return sqlerr.Wrap(err, sqlerr.DiskFull, "the disk is full: %s can't be written", name)
	default:
		return sqlerr.Wrap(err, sqlerr.IOError, "file %s can't be read or written", name)
	}
}
