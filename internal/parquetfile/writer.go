package parquetfile

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"runtime"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"
	"golang.org/x/sync/errgroup"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Limits of a row group.
const (
	RowGroupRows  = 122_880
	RowGroupBytes = 32 << 20 // of values before they are encoded, all columns together
)

// magic begins and ends a file.
const magic = "PAR1"

// summed passes bytes on, counts them, and sums them up.
type summed struct {
	sink     io.Writer
	crc      uint32 // of those since it was last set to 0
	position int64
}

// Write implements io.Writer.
func (s *summed) Write(p []byte) (int, error) {
	n, err := s.sink.Write(p)
	s.crc = crc32.Update(s.crc, castagnoli(), p[:n])
	s.position += int64(n)
	return n, err
}

// Tell returns how much was written.
func (s *summed) Tell() int64 { return s.position }

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// Writer writes one file. It holds one row group in memory, and encodes its columns at once, on as many threads as
// there are processors. Not safe for concurrent use.
type Writer struct {
	sink    *summed
	columns []encoder
	schema  *schema.Schema
	props   *parquet.WriterProperties
	meta    *metadata.FileMetaDataBuilder
	index   *metadata.PageIndexBuilder
	pages   file.PageWriter // nil before the first row group
	groups  []Group
}

// Group is what was written of a row group.
type Group struct {
	Rows    int
	Columns []Summary
}

// NewWriter begins a file with these columns.
func NewWriter(sink io.Writer, columns []Column) (*Writer, error) {
	fields := make(schema.FieldList, len(columns))
	for i, c := range columns {
		n, err := node(c)
		if err != nil {
			return nil, err
		}
		fields[i] = n
	}
	root, err := schema.NewGroupNode("micodb", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.InternalError, "a Parquet schema can't be made")
	}
	codec, err := compress.GetCodec(compress.Codecs.Lz4Raw)
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.InternalError, "no LZ4 codec")
	}
	w := &Writer{
		sink: &summed{sink: sink}, columns: make([]encoder, len(columns)), schema: schema.NewSchema(root),
		props: parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Lz4Raw),
			parquet.WithCreatedBy("MicoDB"), parquet.WithVersion(parquet.V2_LATEST)),
	}
	for i, c := range columns {
		w.columns[i] = encoder{gathered: gathered{of: c}, column: w.schema.Column(i), codec: codec}
		w.columns[i].reset()
	}
	w.meta = metadata.NewFileMetadataBuilder(w.schema, w.props, nil)
	w.index = &metadata.PageIndexBuilder{Schema: w.schema}
	_, err = io.WriteString(w.sink, magic)
	return w, err
}

// Rows returns the number of rows of the row group that is being filled.
func (w *Writer) Rows() int {
	if len(w.columns) == 0 {
		return 0
	}
	return w.columns[0].rows
}

// Bytes returns how much was written.
func (w *Writer) Bytes() int64 { return w.sink.position }

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
	size := 0
	for i := range w.columns {
		size += w.columns[i].size()
	}
	return size >= RowGroupBytes
}

// Flush writes the row group that is being filled.
func (w *Writer) Flush() error {
	if w.Rows() == 0 {
		return nil
	}
	return w.flush()
}

// Close writes what is left and the footer, and tells the row groups. It does not close the sink.
func (w *Writer) Close() ([]Group, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	var at metadata.PageIndexLocation
	w.index.Finish()
	if err := w.index.WriteTo(w.sink, &at); err != nil {
		return nil, err
	}
	if err := w.meta.SetPageIndexLocation(at); err != nil {
		return nil, err
	}
	meta, err := w.meta.Finish()
	if err != nil {
		return nil, err
	}
	size, err := meta.WriteTo(w.sink, nil)
	if err != nil {
		return nil, err
	}
	_, err = w.sink.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(size)), magic...))
	return w.groups, err
}

// flush writes the row group.
func (w *Writer) flush() error {
	if w.Rows() == 0 {
		return nil
	}
	var encoding errgroup.Group
	encoding.SetLimit(runtime.GOMAXPROCS(0))
	for i := range w.columns {
		encoding.Go(func() error {
			w.columns[i].encode()
			return nil
		})
	}
	if err := encoding.Wait(); err != nil {
		return err
	}
	if err := w.index.AppendRowGroup(); err != nil {
		return err
	}
	group := Group{Rows: w.Rows(), Columns: make([]Summary, len(w.columns))}
	out := w.meta.AppendRowGroup()
	for i := range w.columns {
		if err := w.writeColumn(i, out.NextColumnChunk()); err != nil {
			return err
		}
		group.Columns[i] = w.columns[i].summary
		w.columns[i].reset()
	}
	out.SetNumRows(group.Rows)
	w.groups = append(w.groups, group)
	return out.Finish(0, int16(len(w.groups)-1))
}

// writeColumn writes the pages of a column and sums them up.
func (w *Writer) writeColumn(i int, chunk *metadata.ColumnChunkMetaDataBuilder) error {
	c := &w.columns[i]
	if err := w.beginColumn(i, chunk); err != nil {
		return err
	}
	w.sink.crc = 0
	from := w.sink.position
	if err := c.write(w.pages); err != nil {
		return err
	}
	c.summary.Checksum = w.sink.crc
	written := w.sink.position - from
	chunk.SetStats(c.stats)
	if err := w.pages.Close(c.count > 0, false); err != nil {
		return err
	}
	if size := chunk.TotalCompressedSize(); size != written {
		return sqlerr.New(sqlerr.InternalError, "a column chunk of %d bytes was summed over %d", size, written)
	}
	return nil
}

func (w *Writer) beginColumn(i int, chunk *metadata.ColumnChunkMetaDataBuilder) (err error) {
	codec, group, mem := compress.Codecs.Lz4Raw, int16(len(w.groups)), memory.DefaultAllocator
	if w.pages == nil {
		w.pages, err = file.NewPageWriter(w.sink, codec, 0, chunk, group, int16(i), mem, false, nil, nil)
	} else {
		err = w.pages.Reset(w.sink, codec, 0, chunk, group, int16(i), nil, nil)
	}
	if err != nil {
		return err
	}
	columns, err := w.index.GetColumnIndexBuilder(i)
	if err != nil {
		return err
	}
	offsets, err := w.index.GetOffsetIndexBuilder(i)
	if err != nil {
		return err
	}
	w.pages.SetIndexBuilders(columns, offsets)
	return nil
}
