package tablefile

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/textfile"
)

// The limits of a page of a Parquet file. Writers make pages of a megabyte.
const (
	pageBytesMax       = 64 << 20
	pageHeaderBytesMax = 1 << 20
)

// What the library takes beside its allocator for a column that is read.
const (
	columnBytes      = 64 << 10 // buffers of the file, of levels and of indexes
	dictionaryCopies = 3        // of the dictionary's values, while it grows
	headerCopies     = 2        // of the longest page header, which it doubles a buffer for
	sliceBytes       = 24       // of a text's place, with which a batch's texts and a dictionary are held
)

// zstdBlockBytes is the most that a block of zstd becomes.
const zstdBlockBytes = 128 << 10

// pageReadBytes is how much of a file is read to find a page's header.
const pageReadBytes = 512

// chunkWalk goes over the pages of a column chunk by their headers. The library believes some of what those say, and
// takes memory by it: for a dictionary by its number of values, for instance.
type chunkWalk struct {
	in         Source
	column     *schema.Column
	codec      compress.Compression
	at, end    int64 // in the file
	rows       int64
	left       int64 // values that no page had yet
	buffer     []byte
	dictionary int64 // values of the dictionary, once it was seen
	headerMax  int64 // bytes of the longest header
	pageMax    int64 // bytes of the largest page in memory
}

// checkGroup refuses a row group whose pages are not what its headers, the column and the file's size allow. It returns
// what the library will take beside its allocator while it reads the group.
func checkGroup(in Source, file *schema.Schema, group *metadata.RowGroupMetaData) (memoryBytes int64, err error) {
	if n := group.NumColumns(); n != file.NumColumns() {
		return 0, fmt.Errorf("there are %d of %d columns", n, file.NumColumns())
	}
	grown := int64(0)
	for i := range file.NumColumns() {
		chunk, err := group.ColumnChunk(i)
		if err != nil {
			return 0, err
		}
		w := chunkWalk{in: in, column: file.Column(i), codec: chunk.Compression(), rows: group.NumRows()}
		w.left = chunk.NumValues()
		if chunk.CryptoMetadata() != nil {
			return 0, sqlerr.NotSupported("the encrypted Parquet column " + w.column.Path())
		}
		if w.left != w.rows {
			return 0, fmt.Errorf("column %s has %d values in %d rows", w.column.Path(), w.left, w.rows)
		}
		w.at = chunk.DataPageOffset()
		if chunk.HasDictionaryPage() && chunk.DictionaryPageOffset() > 0 {
			w.at = min(w.at, chunk.DictionaryPageOffset())
		}
		size := chunk.TotalCompressedSize()
		if w.at < int64(len(magic)) || size < 0 || w.at > in.Size || size > in.Size-w.at {
			return 0, fmt.Errorf("column %s lies outside the file, at %d with %d bytes", w.column.Path(), w.at, size)
		}
		// Some old writers did not count the dictionary's header, so the library reads past the end.
		w.end = in.Size
		if err := w.pages(); err != nil {
			return 0, fmt.Errorf("column %s: %w", w.column.Path(), err)
		}
		memoryBytes += w.memory()
		if w.codec == compress.Codecs.Zstd { // it notices that a page is full when it has grown it, one at a time
			grown = max(grown, w.pageMax/4*5+zstdBlockBytes)
		}
	}
	return memoryBytes + grown, nil
}

// pages goes over all of them.
func (w *chunkWalk) pages() error {
	for w.left > 0 {
		h, err := w.header()
		if err != nil {
			return err
		}
		if err := w.check(&h); err != nil {
			return err
		}
		w.at += h.size + h.compressed
		if w.at > w.end {
			return errors.New("a page is cut off")
		}
	}
	return nil
}

// header reads the header of the next page.
func (w *chunkWalk) header() (pageHeader, error) {
	for n := int64(pageReadBytes); ; n *= 4 {
		n = min(n, w.end-w.at, pageHeaderBytesMax)
		if int64(len(w.buffer)) < n {
			w.buffer = make([]byte, n)
		}
		view := w.buffer[:n]
		if err := readAt(w.in, view, w.at); err != nil {
			return pageHeader{}, err
		}
		h, err := readPageHeader(view)
		if err == nil {
			w.headerMax = max(w.headerMax, h.size)
			return h, nil
		}
		if n == pageHeaderBytesMax || n == w.end-w.at {
			return pageHeader{}, err
		}
	}
}

func (w *chunkWalk) check(h *pageHeader) error {
	stored := w.codec == compress.Codecs.Uncompressed || h.kind == pageData2 && !h.isCompressed
	switch {
	case h.compressed < 0 || h.compressed > pageBytesMax || h.uncompressed < 0 || h.uncompressed > pageBytesMax:
		return fmt.Errorf("a page says that it has %d bytes in %d, at most %d are read", h.uncompressed, h.compressed,
			pageBytesMax)
	case stored && h.compressed != h.uncompressed:
		return fmt.Errorf("a page that is not compressed has %d bytes in %d", h.uncompressed, h.compressed)
	}
	w.pageMax = max(w.pageMax, h.uncompressed)
	switch {
	case h.kind == pageDictionary:
		return w.checkDictionary(h)
	case h.kind != pageData && h.kind != pageData2:
		return fmt.Errorf("a page is of the unknown type %d", h.kind)
	case h.hasDictionary:
		return errors.New("a page is of data and a dictionary")
	case h.values < 0 || h.values > w.left || h.kind == pageData2 && h.rows != h.values:
		return fmt.Errorf("a page has %d values in %d rows, where %d are left", h.values, h.rows, w.left)
	}
	w.left -= h.values
	switch e := parquet.Encoding(h.encoding); e {
	case parquet.Encodings.DeltaBinaryPacked, parquet.Encodings.DeltaLengthByteArray, parquet.Encodings.DeltaByteArray:
		// A few bytes of them can stand for any number of values, of any length.
		return sqlerr.NotSupported("the Parquet encoding " + e.String())
	default:
		return nil
	}
}

func (w *chunkWalk) checkDictionary(h *pageHeader) error {
	least := max(w.valueBytes(), 1)
	if w.column.PhysicalType() == parquet.Types.ByteArray {
		least = 4 // its length
	}
	if w.dictionary > 0 || h.dictionaryValues < 0 || h.dictionaryValues > h.uncompressed/least {
		return fmt.Errorf("a dictionary says that it has %d values in %d bytes", h.dictionaryValues, h.uncompressed)
	}
	w.dictionary = h.dictionaryValues
	return nil
}

// valueBytes is the size of a value in the file, for texts of any length 0.
func (w *chunkWalk) valueBytes() int64 {
	switch w.column.PhysicalType() {
	case parquet.Types.ByteArray:
		return 0
	case parquet.Types.FixedLenByteArray:
		return int64(w.column.TypeLength())
	default:
		return int64(w.column.PhysicalType().ByteSize())
	}
}

// memory is what the library takes for the chunk beside its allocator.
func (w *chunkWalk) memory() int64 {
	value, batch := w.valueBytes(), int64(0)
	if t := w.column.PhysicalType(); t == parquet.Types.ByteArray || t == parquet.Types.FixedLenByteArray {
		batch = min(textfile.BatchRows, w.rows) * (sliceBytes + value)
		value = sliceBytes
	}
	return columnBytes + batch + w.dictionary*value*dictionaryCopies + w.headerMax*headerCopies
}
