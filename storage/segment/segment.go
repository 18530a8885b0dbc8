package segment

import (
	"context"
	"errors"
	"math/bits"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/parquetfile"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
)

// maxPageBytes bounds a page and the texts of a column chunk in memory.
const maxPageBytes = 2<<30 - 1

// Source is where segments are read from.
type Source struct {
	FS    vfs.FS
	Dir   string // what descriptors' paths are relative to
	Cache *Cache
}

// Segment reads one file. Safe for concurrent use.
type Segment struct {
	Descriptor *Descriptor
	source     Source
	types      map[catalog.ColumnID]vector.Type
	groups     map[catalog.BlockID]int
	meta       atomic.Pointer[parquetfile.File] // nil until it is first read

	mu      sync.Mutex   // guards unified
	unified map[key]bool // the chunks whose dictionary has entered the column's unifier
}

// Open returns the segment of a descriptor. It reads nothing yet: a file that is missing or damaged is found
// when it is read.
func Open(source Source, columns []catalog.Column, d *Descriptor) (*Segment, error) {
	s := &Segment{
		Descriptor: d, source: source, groups: map[catalog.BlockID]int{}, unified: map[key]bool{},
		types: map[catalog.ColumnID]vector.Type{SequenceColumn: vector.Of(vector.Int64)},
	}
	for i := range columns {
		c := &columns[i]
		s.types[c.ID] = c.TypeAt(d.Schema)
	}
	var rows int64
	for i := range d.Groups {
		g := &d.Groups[i]
		s.groups[g.Block] = i
		rows += int64(g.Rows)
		if len(g.Columns) != len(d.Columns) || g.Rows == 0 {
			return nil, sqlerr.New(sqlerr.DataCorrupted, "the description of segment %s is damaged", d.Path)
		}
	}
	if rows != d.Rows || len(s.groups) != len(d.Groups) {
		return nil, sqlerr.New(sqlerr.DataCorrupted, "the description of segment %s is damaged", d.Path)
	}
	return s, nil
}

// Group returns the ordinal of the row group that is a block.
func (s *Segment) Group(id catalog.BlockID) (int, bool) {
	g, ok := s.groups[id]
	return g, ok
}

// Load returns a column of a row group, and the bytes that were read from the file for it. A column that the
// segment is too old to have is NULL. The values have the type that the column had when the segment was written.
func (s *Segment) Load(ctx context.Context, group int, id catalog.ColumnID) (*vector.Vector, int64, error) {
	k := s.Descriptor.Find(id)
	if k < 0 {
		return absent(s.types[id], int(s.Descriptor.Groups[group].Rows)), 0, nil
	}
	var size int64
	v, err := s.source.Cache.get(ctx, key{s.Descriptor.ID, group, id},
		func(ctx context.Context) (*vector.Vector, error) {
			v, n, err := s.read(ctx, group, k)
			size = n
			return v, err
		})
	return v, size, err
}

// Read is Load without the cache, for what is read once.
func (s *Segment) Read(ctx context.Context, group int, id catalog.ColumnID) (*vector.Vector, error) {
	k := s.Descriptor.Find(id)
	if k < 0 {
		return absent(s.types[id], int(s.Descriptor.Groups[group].Rows)), nil
	}
	v, _, err := s.read(ctx, group, k)
	return v, err
}

// Unify gives numbers to the values of a column's dictionary in a row group.
func (s *Segment) Unify(ctx context.Context, group int, id catalog.ColumnID, u *vector.Unifier) error {
	chunk := key{s.Descriptor.ID, group, id}
	s.mu.Lock()
	done := s.unified[chunk]
	s.mu.Unlock()
	if done {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := s.with(func(f *parquetfile.File, in parquetfile.Input) error {
		c, err := s.chunk(f, group, s.Descriptor.Find(id))
		if err != nil {
			return err
		}
		values, err := f.Dictionary(in, c)
		for _, b := range values {
			u.Add(b)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unified[chunk] = true
	return nil
}

// absent is a column of NULLs.
func absent(t vector.Type, rows int) *vector.Vector {
	v := (&vector.Buffer{}).Fill(vector.NullOf(t), 0)
	v.Len, v.Valid = rows, make([]uint64, (rows+63)/64)
	return v
}

// with opens the file for a while.
func (s *Segment) with(use func(*parquetfile.File, parquetfile.Input) error) error {
	name := filepath.Join(s.source.Dir, filepath.FromSlash(s.Descriptor.Path))
	f, err := s.source.FS.Open(name)
	if err != nil {
		return ioError(err, name)
	}
	in := parquetfile.Input{Name: name, Bytes: f, Size: s.Descriptor.Bytes, Limit: maxPageBytes}
	if s.source.Cache != nil {
		in.Scratch = &s.source.Cache.scratch
	}
	meta := s.meta.Load()
	if meta == nil {
		if meta, err = s.open(f, in); err != nil {
			return errors.Join(err, f.Close())
		}
		s.meta.Store(meta)
	}
	return errors.Join(use(meta, in), f.Close())
}

// open reads the metadata, which must agree with the descriptor.
func (s *Segment) open(f vfs.File, in parquetfile.Input) (*parquetfile.File, error) {
	size, err := f.Size()
	if err != nil {
		return nil, ioError(err, in.Name)
	}
	if size != in.Size {
		return nil, s.damaged("it has %d bytes instead of %d", size, in.Size)
	}
	meta, err := parquetfile.Open(in)
	if err != nil {
		return nil, err
	}
	if n := meta.Groups(); n != len(s.Descriptor.Groups) {
		return nil, s.damaged("it has %d row groups instead of %d", n, len(s.Descriptor.Groups))
	}
	return meta, nil
}

func (s *Segment) damaged(format string, args ...any) error {
	e := sqlerr.New(sqlerr.DataCorrupted, format, args...)
	return sqlerr.New(sqlerr.DataCorrupted, "segment %s is damaged: %s", s.Descriptor.Path, e.Message)
}

func (s *Segment) chunk(f *parquetfile.File, group, k int) (parquetfile.Chunk, error) {
	id := s.Descriptor.Columns[k]
	g := &s.Descriptor.Groups[group]
	c := parquetfile.Chunk{
		Group: group, Column: f.Find(int32(id)), Type: s.types[id], Rows: int(g.Rows),
		Codes: g.Columns[k].Dictionary, Checksum: g.Columns[k].Checksum,
	}
	if c.Column < 0 {
		return c, s.damaged("it has no column with the field id %d", id)
	}
	return c, nil
}

// read decodes a column chunk and holds it against the zone map, on which scans rely.
func (s *Segment) read(ctx context.Context, group, k int) (v *vector.Vector, size int64, err error) {
	err = s.with(func(f *parquetfile.File, in parquetfile.Input) error {
		c, err := s.chunk(f, group, k)
		if err != nil {
			return err
		}
		v, size, err = f.Read(ctx, in, c)
		return err
	})
	s.source.Cache.read.Add(size)
	if err != nil {
		return nil, size, err
	}
	sum := &s.Descriptor.Groups[group].Columns[k]
	switch {
	case nulls(v) != sum.Nulls:
		err = s.damaged("a column has %d NULLs instead of %d", nulls(v), sum.Nulls)
	case sum.Nulls == int64(v.Len):
	case v.Physical == vector.Integer && (v.Lo < sum.Lo || v.Hi > sum.Hi):
		err = s.damaged("values from %d to %d lie outside %d to %d", v.Lo, v.Hi, sum.Lo, sum.Hi)
	case v.Physical == vector.Wide && sum.Narrow, sum.Dictionary && v.Encoding != vector.Dict:
		err = s.damaged("a column is not of the form that was written")
	}
	return v, size, err
}

func nulls(v *vector.Vector) int64 {
	if v.Valid == nil {
		return 0
	}
	n := int64(v.Len)
	for _, w := range v.Valid {
		n -= int64(bits.OnesCount64(w))
	}
	return n
}
