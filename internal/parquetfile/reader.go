package parquetfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Input is an open file.
type Input struct {
	Name  string // for messages
	Bytes io.ReaderAt
	Size  int64
	Limit int64 // the most bytes that one page, or the texts of one column chunk, may have in memory

	Scratch *Scratch // nil: every read takes memory of its own
}

// File is the metadata of a file. It is immutable and does not keep the Input.
type File struct {
	meta    *metadata.FileMetaData
	ordinal map[int32]int // by field id
}

// Open reads a file's metadata.
func Open(in Input) (f *File, err error) {
	source := &tracked{reader: io.NewSectionReader(in.Bytes, 0, in.Size)}
	defer func() { err = in.explain(recover(), err, source) }()
	r, err := file.NewParquetReader(source, file.WithReadProps(in.properties(memory.DefaultAllocator)))
	if err != nil {
		return nil, err
	}
	f = &File{meta: r.MetaData(), ordinal: map[int32]int{}}
	s := f.meta.Schema
	for i := range s.NumColumns() {
		f.ordinal[s.Column(i).SchemaNode().FieldID()] = i
	}
	return f, nil
}

// Groups returns the number of row groups.
func (f *File) Groups() int { return len(f.meta.RowGroups) }

// Rows returns the number of rows of a row group.
func (f *File) Rows(group int) int64 { return f.meta.RowGroups[group].GetNumRows() }

// Find returns the ordinal of the column with a field id, or -1.
func (f *File) Find(id int32) int {
	if i, ok := f.ordinal[id]; ok {
		return i
	}
	return -1
}

// Chunk names a column chunk and says what it must hold.
type Chunk struct {
	Group, Column int
	Type          vector.Type
	Rows          int
	Codes         bool   // texts whose pages all have the dictionary stay codes of it
	Checksum      uint32 // CRC32C of the chunk in the file; 0: not known
}

// Read decodes a column chunk. It returns the bytes that it read from the file, too.
func (f *File) Read(ctx context.Context, in Input, c Chunk) (v *vector.Vector, size int64, err error) {
	source := &tracked{reader: io.NewSectionReader(in.Bytes, 0, in.Size)}
	defer func() { err = in.explain(recover(), err, source) }()
	space := in.Scratch.take()
	pages, size, err := f.pages(in, source, c, space)
	if err != nil {
		return nil, 0, err
	}
	v, err = f.decode(ctx, in, pages, c, space)
	if err = errors.Join(err, pages.Close()); err == nil { // else the library may hold on to it
		in.Scratch.put(space)
	}
	return v, size, err
}

// Dictionary reads the dictionary of a chunk of texts alone; nil when there is none.
func (f *File) Dictionary(in Input, c Chunk) (values [][]byte, err error) {
	source := &tracked{reader: io.NewSectionReader(in.Bytes, 0, in.Size)}
	defer func() { err = in.explain(recover(), err, source) }()
	pages, _, err := f.pages(in, source, c, nil)
	if err != nil {
		return nil, err
	}
	d := f.texts(in, c, &workspace{})
	if pages.Next() {
		if p, ok := pages.Page().(*file.DictionaryPage); ok {
			err = d.dictionaryPage(p)
		}
	}
	if err = errors.Join(err, pages.Err(), pages.Close()); err != nil {
		return nil, err
	}
	return dictionaryTexts(d), nil
}

// pages checks what the metadata says of a chunk before anything is read by it. With a workspace the chunk is read at
// once, and held against its checksum; without one what is asked for is read from the file.
func (f *File) pages(in Input, source *tracked, c Chunk, space *workspace) (file.PageReader, int64, error) {
	descr := f.meta.Schema.Column(c.Column)
	if descr.MaxRepetitionLevel() > 0 || descr.MaxDefinitionLevel() > 1 {
		return nil, 0, sqlerr.NotSupported("the nested Parquet column " + descr.Path())
	}
	if rows := f.Rows(c.Group); rows != int64(c.Rows) {
		return nil, 0, fmt.Errorf("row group %d has %d rows instead of %d", c.Group, rows, c.Rows)
	}
	chunk, err := f.meta.RowGroup(c.Group).ColumnChunk(c.Column)
	if err != nil {
		return nil, 0, err
	}
	start, size := chunk.DataPageOffset(), chunk.TotalCompressedSize()
	if chunk.HasDictionaryPage() && chunk.DictionaryPageOffset() > 0 {
		start = min(start, chunk.DictionaryPageOffset())
	}
	if start < 4 || size < 0 || start > in.Size || size > in.Size-start {
		return nil, 0, fmt.Errorf("a column chunk lies outside the file, at %d with %d bytes", start, size)
	}
	if n := chunk.NumValues(); n != int64(c.Rows) {
		return nil, 0, fmt.Errorf("a column chunk has %d values in %d rows", n, c.Rows)
	}
	props := in.properties(memory.DefaultAllocator)
	props.BufferedStreamEnabled = true // else the library would copy the chunk
	var from parquet.ReaderAtSeeker = source
	if space != nil {
		if from, err = space.read(source, start, size, c.Checksum); err != nil {
			return nil, 0, err
		}
		props = in.properties(&space.pages)
		props.BufferedStreamEnabled = true
	}
	r, err := file.NewParquetReader(from, file.WithMetadata(f.meta), file.WithReadProps(props))
	if err != nil {
		return nil, 0, err
	}
	p, err := r.RowGroup(c.Group).GetColumnPageReader(c.Column)
	return p, size, err
}

// read reads a column chunk and compares its checksum, unless it is 0. Only the chunk can be read from what it returns.
func (w *workspace) read(source *tracked, start, size int64, want uint32) (parquet.ReaderAtSeeker, error) {
	data := sized(&w.chunk, int(size))
	if n, err := source.ReadAt(data, start); n < len(data) {
		return nil, err
	}
	if got := crc32.Checksum(data, castagnoli()); want != 0 && got != want {
		return nil, fmt.Errorf("the column chunk at %d has the checksum %08x instead of %08x", start, got, want)
	}
	return io.NewSectionReader(shifted{bytes.NewReader(data), start}, 0, start+size), nil
}

// shifted is a part of a file that lies in memory.
type shifted struct {
	part  *bytes.Reader
	start int64
}

// ReadAt implements io.ReaderAt.
func (s shifted) ReadAt(p []byte, off int64) (int, error) { return s.part.ReadAt(p, off-s.start) }

func (in *Input) properties(from memory.Allocator) *parquet.ReaderProperties {
	p := parquet.NewReaderProperties(from)
	p.MaxCompressedPageSize = min(in.Limit, in.Size)
	p.MaxUncompressedPageSize = in.Limit
	return p
}

// explain makes an error of what went wrong: 58030 when the file could not be read, XX001 with the file's name
// when what was read makes no sense; errors that have a code keep it.
func (in *Input) explain(panicked any, err error, source *tracked) error {
	var coded *sqlerr.Error
	if panicked != nil {
		if e, ok := panicked.(error); ok {
			err = e
		} else {
			err = fmt.Errorf("%v", panicked)
		}
	}
	switch {
	case err == nil:
		return nil
	case source.err != nil:
		return sqlerr.Wrap(source.err, sqlerr.IOError, "file %s can't be read", in.Name)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &coded):
		return err
	default:
		return sqlerr.Wrap(err, sqlerr.DataCorrupted, "file %s is damaged: %v", in.Name, err)
	}
}

// tracked remembers that the file itself could not be read.
type tracked struct {
	reader *io.SectionReader
	err    error
}

func (t *tracked) note(n int, err error) (int, error) {
	if err != nil && !errors.Is(err, io.EOF) {
		t.err = err
	}
	return n, err
}

// Read implements io.Reader.
func (t *tracked) Read(p []byte) (int, error) { return t.note(t.reader.Read(p)) }

// ReadAt implements io.ReaderAt.
func (t *tracked) ReadAt(p []byte, off int64) (int, error) { return t.note(t.reader.ReadAt(p, off)) }

// Seek implements io.Seeker.
func (t *tracked) Seek(offset int64, whence int) (int64, error) { return t.reader.Seek(offset, whence) }
