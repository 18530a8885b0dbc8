package parquetfile

import (
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Limits of a row group.
const (
	RowGroupRows  = 122_880
	RowGroupBytes = 256 << 20 // of text in one column
)

// dictionaryPageBytes is past what a dictionary that the writer chooses takes, so that arrow-go gives up no
// dictionary midway that the reader would keep.
const dictionaryPageBytes = 8 << 20

// maxIntegerDictionary is up to how many distinct integers a dictionary is smaller than the values under LZ4.
const maxIntegerDictionary = 1 << 12

// summed passes bytes on and sums up those of one column chunk.
type summed struct {
	sink  io.Writer
	crc   uint32
	bytes int64
}

// Write implements io.Writer.
func (s *summed) Write(p []byte) (int, error) {
	n, err := s.sink.Write(p)
	s.crc = crc32.Update(s.crc, castagnoli(), p[:n])
	s.bytes += int64(n)
	return n, err
}

// take returns the sum since the last call, and the bytes that it is of.
func (s *summed) take() (crc uint32, bytes int64) {
	crc, bytes = s.crc, s.bytes
	s.crc, s.bytes = 0, 0
	return crc, bytes
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// Writer writes one file. It holds one row group in memory. Not safe for concurrent use.
type Writer struct {
	sink    *summed
	columns []gathered
	schema  *schema.GroupNode
	file    *file.Writer // nil until the first row group tells which columns have few values
	groups  []Group
	sizes   [][]int64 // of the column chunks, as they were summed
	sketch  sketch
}

// Group is what was written of a row group.
type Group struct {
	Rows    int
	Columns []Summary
}

// NewWriter begins a file with these columns.
func NewWriter(sink io.Writer, columns []Column) (*Writer, error) {
	w := &Writer{sink: &summed{sink: sink}, columns: make([]gathered, len(columns))}
	fields := make(schema.FieldList, len(columns))
	for i, c := range columns {
		n, err := node(c)
		if err != nil {
			return nil, err
		}
		fields[i] = n
		w.columns[i] = gathered{of: c}
		w.columns[i].reset()
	}
	root, err := schema.NewGroupNode("micodb", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.InternalError, "a Parquet schema can't be made")
	}
	w.schema = root
	return w, nil
}

// Rows returns the number of rows of the row group that is being filled.
func (w *Writer) Rows() int {
	if len(w.columns) == 0 {
		return 0
	}
	return w.columns[0].rows
}

// Append adds the chosen rows of a chunk that has the file's columns.
func (w *Writer) Append(rows *vector.Chunk) error {
	sel := rows.Sel
	if sel == nil {
		sel = vector.All(rows.Len)
	}
	for len(sel) > 0 {
		n := min(len(sel), RowGroupRows-w.Rows())
		for i, v := range rows.Columns {
			w.columns[i].add(v, sel[:n])
		}
		sel = sel[n:]
		if w.Rows() == RowGroupRows || w.full() {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *Writer) full() bool {
	for i := range w.columns {
		if len(w.columns[i].bytes) >= RowGroupBytes {
			return true
		}
	}
	return false
}

// Close writes what is left and the footer, and tells the row groups. It does not close the sink.
func (w *Writer) Close() ([]Group, error) {
	if w.Rows() > 0 || w.file == nil {
		if err := w.flush(); err != nil {
			return nil, err
		}
	}
	if err := w.file.Close(); err != nil {
		return nil, err
	}
	meta, err := w.file.FileMetadata()
	if err != nil {
		return nil, err
	}
	for i := range w.groups {
		for j := range w.columns {
			chunk, err := meta.RowGroup(i).ColumnChunk(j)
			if err != nil {
				return nil, err
			}
			if chunk.TotalCompressedSize() != w.sizes[i][j] {
				return nil, sqlerr.New(sqlerr.InternalError, "a column chunk of %d bytes was summed over %d",
					chunk.TotalCompressedSize(), w.sizes[i][j])
			}
			s := &w.groups[i].Columns[j]
			s.Dictionary = w.columns[j].of.Type.Physical() == vector.Bytes && codes(chunk) &&
				KeepsDictionary(s.Distinct, int64(w.groups[i].Rows))
		}
	}
	return w.groups, nil
}

// codes tells whether all pages of a chunk have the dictionary.
func codes(chunk *metadata.ColumnChunkMetaData) bool {
	whole := chunk.HasDictionaryPage()
	for _, s := range chunk.EncodingStats() {
		whole = whole && (s.PageType == file.PageTypeDictionaryPage ||
			s.Encoding == parquet.Encodings.RLEDict || s.Encoding == parquet.Encodings.PlainDict)
	}
	return whole
}

// flush writes the row group.
func (w *Writer) flush() error {
	group := Group{Rows: w.Rows(), Columns: make([]Summary, len(w.columns))}
	for i := range w.columns {
		group.Columns[i] = w.columns[i].summarize(&w.sketch)
	}
	if w.file == nil {
		if err := w.begin(&group); err != nil {
			return err
		}
	}
	if group.Rows == 0 {
		return nil
	}
	out, err := w.file.AppendRowGroupChecked()
	if err != nil {
		return err
	}
	sizes := make([]int64, len(w.columns))
	w.sink.take()
	for i := range w.columns {
		c, err := out.NextColumn()
		if err != nil {
			return err
		}
		if err := w.columns[i].write(c); err != nil {
			return err
		}
		if err := c.Close(); err != nil {
			return err
		}
		w.columns[i].reset()
		group.Columns[i].Checksum, sizes[i] = w.sink.take()
	}
	w.groups, w.sizes = append(w.groups, group), append(w.sizes, sizes)
	return out.Close()
}

// begin chooses the dictionaries by the first row group and writes the head of the file.
func (w *Writer) begin(first *Group) error {
	options := []parquet.WriterProperty{
		parquet.WithCompression(compress.Codecs.Lz4Raw), parquet.WithCreatedBy("MicoDB"),
		parquet.WithVersion(parquet.V2_LATEST), parquet.WithStats(true), parquet.WithPageIndexEnabled(true),
		parquet.WithDictionaryDefault(false), parquet.WithDictionaryPageSizeLimit(dictionaryPageBytes),
		parquet.WithMaxRowGroupLength(RowGroupRows),
	}
	for i := range w.columns {
		if wantsDictionary(w.columns[i].of.Type, &first.Columns[i], int64(first.Rows)) {
			options = append(options, parquet.WithDictionaryPath(parquet.ColumnPath{w.columns[i].of.Name}, true))
		}
	}
	properties := file.WithWriterProps(parquet.NewWriterProperties(options...))
	f, err := file.NewParquetWriterWithError(w.sink, w.schema, properties)
	w.file = f
	return err
}

func wantsDictionary(t vector.Type, s *Summary, rows int64) bool {
	switch {
	case t.Kind == vector.Boolean || t.Physical() == vector.Float:
		return false
	case t.Physical() == vector.Bytes:
		return KeepsDictionary(s.Distinct, rows)
	default:
		return s.Distinct <= maxIntegerDictionary && s.Distinct <= rows/4
	}
}

// write puts the gathered values into a column chunk.
func (g *gathered) write(c file.ColumnChunkWriter) (err error) {
	var levels []int16
	if !g.of.Required {
		levels = g.levels
	}
	switch x := c.(type) {
	case *file.BooleanColumnChunkWriter:
		_, err = x.WriteBatch(mapped(g.ints, func(v int64) bool { return v != 0 }), levels, nil)
	case *file.Int32ColumnChunkWriter:
		_, err = x.WriteBatch(mapped(g.ints, func(v int64) int32 { return int32(v) }), levels, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = x.WriteBatch(g.int64s(), levels, nil)
	case *file.Float32ColumnChunkWriter:
		_, err = x.WriteBatch(mapped(g.floats, func(v float64) float32 { return float32(v) }), levels, nil)
	case *file.Float64ColumnChunkWriter:
		_, err = x.WriteBatch(g.floats, levels, nil)
	case *file.ByteArrayColumnChunkWriter:
		if x.SupportsArrowOffsets() {
			_, err = x.WriteBatchArrow(g.bytes, g.offsets, levels, nil)
		} else {
			_, err = x.WriteBatch(texts[parquet.ByteArray](g), levels, nil)
		}
	case *file.FixedLenByteArrayColumnChunkWriter:
		_, err = x.WriteBatch(g.fixed(), levels, nil)
	default:
		err = sqlerr.New(sqlerr.InternalError, "no writer for the Parquet column %q", g.of.Name)
	}
	return err
}

func (g *gathered) int64s() []int64 {
	if g.of.Type.Physical() == vector.Wide {
		return mapped(g.wide, func(v vector.Int128) int64 { return int64(v.Lo) })
	}
	if k := factor(g.of.Type); k != 1 {
		return mapped(g.ints, func(v int64) int64 { return v * k })
	}
	return g.ints
}

// fixed returns UUIDs, and wide decimals in big-endian order.
func (g *gathered) fixed() []parquet.FixedLenByteArray {
	if g.of.Type.Physical() == vector.Bytes {
		return texts[parquet.FixedLenByteArray](g)
	}
	page := make([]byte, 0, 16*len(g.wide))
	return mapped(g.wide, func(v vector.Int128) parquet.FixedLenByteArray {
		at := len(page)
		page = binary.BigEndian.AppendUint64(page, uint64(v.Hi))
		page = binary.BigEndian.AppendUint64(page, v.Lo)
		return page[at : at+16 : at+16]
	})
}

func texts[T ~[]byte](g *gathered) []T {
	out := make([]T, g.present())
	for i := range out {
		out[i] = g.text(i)
	}
	return out
}

func mapped[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, x := range in {
		out[i] = f(x)
	}
	return out
}
