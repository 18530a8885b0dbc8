package hostile_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/require"
)

// badFile is a file that somebody made up. The table that it is copied into has the columns id BIGINT, name VARCHAR,
// raw BLOB and flag BOOLEAN.
type badFile struct {
	name     string // with the ending of its format
	data     []byte
	harmless bool // it may be taken
}

// Numbers of Parquet's enumerations.
const (
	typeInt64 int32 = 2
	typeBytes int32 = 6
	typeFixed int32 = 7

	encodingPlain      int32 = 0
	encodingRLE        int32 = 3
	encodingDelta      int32 = 5
	encodingDeltaText  int32 = 6
	encodingDeltaBytes int32 = 7
	encodingCodes      int32 = 8

	stored, snappyCodec, gzipCodec, brotliCodec, zstdCodec, lz4Codec int32 = 0, 1, 2, 4, 6, 7
)

// page is a header and what follows it.
type page struct {
	header record
	body   []byte
}

// Fields of page headers.
const (
	pageUncompressed = 2
	pageCompressed   = 3
	pageData         = 5
	pageDictionary   = 7
	pageData2        = 8
)

func dataPage(values, encoding int32, uncompressed int, body []byte) page {
	return page{body: body, header: record{
		{1, int32(0)},
		{pageUncompressed, int32(uncompressed)},
		{pageCompressed, int32(len(body))},
		{pageData, record{{1, values}, {2, encoding}, {3, encodingRLE}, {4, encodingRLE}}},
	}}
}

func dataPage2(values, encoding int32, uncompressed, levels int, body []byte) page {
	return page{body: body, header: record{
		{1, int32(3)},
		{pageUncompressed, int32(uncompressed)},
		{pageCompressed, int32(len(body))},
		{pageData2, record{{1, values}, {2, int32(0)}, {3, values}, {4, encoding}, {5, int32(levels)}, {6, int32(0)}, {7, true}}},
	}}
}

func dictionaryPage(values int32, uncompressed int, body []byte) page {
	return page{body: body, header: record{
		{1, int32(2)},
		{pageUncompressed, int32(uncompressed)},
		{pageCompressed, int32(len(body))},
		{pageDictionary, record{{1, values}, {2, encodingPlain}}},
	}}
}

// column is a column of one chunk.
type column struct {
	name     string
	of       int32 // the physical type
	length   int32 // of typeFixed
	optional int32 // 1 when it may be NULL
	text     bool
	codec    int32
	pages    []page
}

func ids(codec int32, pages ...page) column {
	return column{name: "id", of: typeInt64, codec: codec, pages: pages}
}

func names(codec int32, pages ...page) column {
	return column{name: "name", of: typeBytes, text: true, codec: codec, pages: pages}
}

// parquetFile makes a file of one row group.
func parquetFile(rows int64, columns ...column) []byte {
	out := []byte("PAR1")
	elements, chunks := list{record{{4, "root"}, {5, int32(len(columns))}}}, list{}
	for _, c := range columns {
		element := record{{1, c.of}, {2, c.length}, {3, c.optional}, {4, c.name}}
		if c.text {
			element = append(element, field{6, int32(0)})
		}
		elements = append(elements, element)
		start, first := int64(len(out)), int64(0)
		for i, p := range c.pages {
			if i == len(c.pages)-1 {
				first = int64(len(out))
			}
			out = append(p.header.append(out), p.body...)
		}
		meta := record{
			{1, c.of},
			{2, list{encodingPlain}},
			{3, list{c.name}},
			{4, c.codec},
			{5, rows},
			{6, int64(len(out)) - start},
			{7, int64(len(out)) - start},
			{9, first},
		}
		if first > start {
			meta = append(meta, field{11, start})
		}
		chunks = append(chunks, record{{2, start}, {3, meta}})
	}
	groups := list{record{{1, chunks}, {2, int64(len(out))}, {3, rows}}}
	return withFooter(out, record{{1, int32(1)}, {2, elements}, {3, rows}, {4, groups}})
}

func withFooter(pages []byte, footer record) []byte {
	out := footer.append(slices.Clone(pages))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(out)-len(pages)))
	return append(out, "PAR1"...)
}

// badParquet makes all that is forged by hand.
func badParquet(tb testing.TB) (all []badFile) {
	tb.Helper()
	for _, f := range slices.Concat(pageBombs(tb), forgedPages(), valueBombs(tb), forgedFooters(), nestedFiles(tb), cutFiles(tb)) {
		f.name += ".parquet"
		all = append(all, f)
	}
	return all
}

// zeros is a page of so many bytes, compressed.
func zeros(tb testing.TB, codec int32, n int) []byte {
	tb.Helper()
	var out bytes.Buffer
	fill := func(w io.WriteCloser) {
		for left := n; left > 0; left -= 1 << 20 {
			_, err := w.Write(make([]byte, min(left, 1<<20)))
			require.NoError(tb, err)
		}
		require.NoError(tb, w.Close())
	}
	switch codec {
	case gzipCodec:
		w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
		require.NoError(tb, err)
		fill(w)
	case brotliCodec:
		codec, err := compress.GetCodec(compress.Codecs.Brotli)
		require.NoError(tb, err)
		w, err := codec.(compress.StreamingCodec).NewWriterLevel(&out, 1)
		require.NoError(tb, err)
		fill(w)
	case zstdCodec:
		return zstdZeros(n)
	case snappyCodec: // a literal, and copies of up to 64 bytes from one byte back
		b := append(binary.AppendUvarint(nil, uint64(n)), 0, 0)
		for left := n - 1; left > 0; left -= 64 {
			b = append(b, byte(min(left, 64)-1)<<2|2, 1, 0)
		}
		return b
	case lz4Codec: // a literal and one long copy; the last bytes are literals
		b := []byte{0x1F, 0, 1, 0}
		match := n - 1 - 5 - 4 - 15
		b = append(b, bytes.Repeat([]byte{255}, match/255)...)
		return append(b, byte(match%255), 0x50, 0, 0, 0, 0, 0)
	}
	return out.Bytes()
}

// pageBombs are pages that become more than they say, or say more than they are.
func pageBombs(tb testing.TB) (all []badFile) {
	tb.Helper()
	const rows = 100
	for name, codec := range map[string]int32{
		"snappy": snappyCodec, "gzip": gzipCodec, "brotli": brotliCodec, "zstd": zstdCodec, "lz4": lz4Codec,
	} {
		size := 512 << 20
		if codec == snappyCodec {
			size = 384 << 20
		}
		bomb := zeros(tb, codec, size)
		for _, said := range []int{0, 1, 8 * rows, 32 << 20, 64 << 20, size, math.MaxInt32, -1} {
			all = append(all,
				badFile{name: fmt.Sprintf("%s bomb said to be %d", name, said), data: parquetFile(rows,
					ids(codec, dataPage(rows, encodingPlain, said, bomb)))},
				badFile{name: fmt.Sprintf("%s bomb of version 2 said to be %d", name, said), data: parquetFile(rows,
					ids(codec, dataPage2(rows, encodingPlain, said, 0, bomb)))},
				badFile{name: fmt.Sprintf("%s bomb of a dictionary said to be %d", name, said), data: parquetFile(rows,
					names(codec, dictionaryPage(min(1, int32(said)), said, bomb), dataPage(rows, encodingCodes, 3, []byte{0, 200, 1})))})
		}
	}
	for _, n := range []uint64{1 << 28, 1 << 31, 1 << 32, 1 << 40, math.MaxUint64} {
		frame := binary.LittleEndian.AppendUint64([]byte{0x28, 0xB5, 0x2F, 0xFD, 0xE0}, n) // it says its size
		frame = append(frame, 1, 0, 0)
		all = append(all,
			badFile{name: fmt.Sprintf("zstd frame of %d", n), data: parquetFile(rows,
				ids(zstdCodec, dataPage(rows, encodingPlain, 800, frame)))},
			badFile{name: fmt.Sprintf("snappy block of %d", n), data: parquetFile(rows,
				ids(snappyCodec, dataPage(rows, encodingPlain, 800, append(binary.AppendUvarint(nil, n), 0, 0))))})
	}
	// As many columns as there may be, each with a page as large as it may be.
	all = append(all, badFile{name: "every column a bomb", data: bigPages()})
	return all
}

func bigPages() []byte {
	const size, rows = 64 << 20, 8 << 20
	var columns []column
	for _, name := range []string{"id", "id2", "id3", "id4", "id5", "id6"} {
		c := ids(zstdCodec, dataPage(rows, encodingPlain, size, zstdZeros(size)))
		c.name = name
		columns = append(columns, c)
	}
	return parquetFile(rows, columns...)
}

// forgedPages forges each number of a page's header.
func forgedPages() (all []badFile) {
	const rows = 100
	body := make([]byte, 8*rows)
	add := func(name string, p ...page) {
		all = append(all, badFile{name: name, data: parquetFile(rows, ids(stored, p...))})
	}
	for _, n := range []int32{-1, math.MinInt32, math.MaxInt32, rows + 1, 1 << 20, 1 << 28} {
		v1, v2 := dataPage(rows, encodingPlain, len(body), body), dataPage2(rows, encodingPlain, len(body), 0, body)
		for _, id := range []int{pageUncompressed, pageCompressed} {
			add(fmt.Sprintf("size %d of %d", id, n), page{v1.header.set(id, n), body})
			add(fmt.Sprintf("size %d of version 2 of %d", id, n), page{v2.header.set(id, n), body})
		}
		add(fmt.Sprintf("%d values", n), page{v1.header.set(pageData, record{{1, n}, {2, encodingPlain}, {3, encodingRLE}, {4, encodingRLE}}), body})
		for id := 1; id <= 6; id++ {
			if id == 2 {
				continue // how many are NULL is not needed
			}
			fields := v2.header[3].value.(record).set(id, n)
			add(fmt.Sprintf("field %d of version 2 of %d", id, n), page{v2.header.set(pageData2, fields), body})
		}
		text := []byte{1, 0, 0, 0, 'x'}
		for name, index := range map[string][]byte{
			"first": {8, 200, 1, 0, 0, 0}, "last": binary.LittleEndian.AppendUint32([]byte{31, 200, 1}, math.MaxInt32-2),
		} {
			codes := dataPage(rows, encodingCodes, len(index), index)
			all = append(all, badFile{name: fmt.Sprintf("dictionary of %d, the %s used", n, name), data: parquetFile(rows,
				names(stored, dictionaryPage(n, len(text), text), codes))})
		}
		twice := dataPage(rows, encodingPlain, len(body), body)
		twice.header = append(slices.Clone(twice.header), field{pageDictionary, record{{1, n}, {2, encodingPlain}}})
		add(fmt.Sprintf("both kinds, %d values", n), twice)
		for id := 1; id <= 4; id++ {
			fields := v1.header[3].value.(record).set(id, n)
			if id != 3 && id != 4 { // levels that there are not
				add(fmt.Sprintf("field %d of %d", id, n), page{v1.header.set(pageData, fields), body})
			}
		}
	}
	return all
}

// valueBombs are pages that are what they say, of values that are not, or that stand for many more.
func valueBombs(tb testing.TB) (all []badFile) {
	tb.Helper()
	const rows = 100
	add := func(name string, rows int64, c column) {
		all = append(all, badFile{name: name, data: parquetFile(rows, c)})
	}
	for _, n := range []uint32{math.MaxUint32, math.MaxInt32, 1 << 31, 1 << 20, 900} {
		body := make([]byte, 1000)
		binary.LittleEndian.PutUint32(body[40:], n)
		add(fmt.Sprintf("text of %d", n), rows, names(stored, dataPage(rows, encodingPlain, len(body), body)))
	}
	// A long text that each of many rows has.
	long := append(binary.LittleEndian.AppendUint32(nil, 32<<20-4), make([]byte, 32<<20-4)...)
	run := append([]byte{1}, binary.AppendUvarint(nil, 1<<20<<1)...)
	add("dictionary of a long text", 1<<20, names(stored, dictionaryPage(1, len(long), long),
		dataPage(1<<20, encodingCodes, len(run)+1, append(run, 0))))
	add("dictionary of empty texts", 1<<20, names(zstdCodec, dictionaryPage(16<<20, 64<<20, zstdZeros(64<<20)),
		dataPage(1<<20, encodingCodes, len(run)+1, zstdRaw(append(run, 0)))))
	for _, encoding := range []int32{encodingDelta, encodingDeltaText, encodingDeltaBytes} {
		for _, block := range []uint64{128, 1 << 31, math.MaxUint32 - 127} {
			var body []byte
			for range 2 {
				body = binary.AppendUvarint(body, block)
				body = append(body, 1)
				body = append(binary.AppendUvarint(body, 1<<30), 0, 0, 0)
			}
			c := names(stored, dataPage(1<<30, encoding, len(body), body))
			if encoding == encodingDelta {
				c = ids(stored, c.pages...)
			}
			add(fmt.Sprintf("delta %d, blocks of %d", encoding, block), 1<<30, c)
		}
	}
	for _, length := range []int32{0, -1, 1 << 20, 1 << 30, math.MaxInt32} {
		body := make([]byte, 1<<20)
		c := column{name: "raw", of: typeFixed, length: length, codec: stored}
		for _, encoding := range []int32{encodingPlain, 9} {
			c.pages = []page{dataPage(1<<20, encoding, len(body), body)}
			add(fmt.Sprintf("fixed bytes of %d, encoding %d", length, encoding), 1<<20, c)
		}
	}
	for _, n := range []int64{-1, 0, 101, 1 << 31, 1 << 40, math.MaxInt64, math.MinInt64} {
		body := make([]byte, 8*rows)
		all = append(all, badFile{name: fmt.Sprintf("group of %d rows", n), data: parquetFile(n,
			ids(stored, dataPage(rows, encodingPlain, len(body), body))), harmless: n == 0})
	}
	// Many rows in a few bytes are what RLE is for.
	const many = 1 << 18
	levels := append([]byte{4, 0, 0, 0}, binary.AppendUvarint(nil, many<<1)...)
	levels = append(levels, 0)
	nulls := names(stored, dataPage(many, encodingPlain, len(levels), levels))
	nulls.optional = 1
	all = append(all, badFile{name: "NULLs in a few bytes", data: parquetFile(many, nulls), harmless: true})
	return all
}

// zstdRaw is a frame of bytes as they are.
func zstdRaw(b []byte) []byte {
	head := uint32(len(b))<<3 | 1
	return append([]byte{0x28, 0xB5, 0x2F, 0xFD, 0, 7 << 3, byte(head), byte(head >> 8), byte(head >> 16)}, b...)
}

// forgedFooters have more parts than there are, or more than anybody needs.
func forgedFooters() (all []badFile) {
	add := func(name string, footer record) {
		all = append(all, badFile{name: name, data: withFooter([]byte("PAR1"), footer)})
	}
	element := record{{1, typeInt64}, {3, int32(0)}, {4, "id"}}
	for _, children := range []int32{-1, 2, 1000, math.MaxInt32} {
		add(fmt.Sprintf("%d children", children), record{
			{1, int32(1)}, {2, list{record{{4, "root"}, {5, children}}, element}}, {3, int64(1)}, {4, list{}},
		})
	}
	wide := list{record{{4, "root"}, {5, int32(1_000_000)}}}
	for range 1_000_000 {
		wide = append(wide, element)
	}
	add("a million columns", record{{1, int32(1)}, {2, wide}, {3, int64(1)}, {4, list{}}})
	deep := list{record{{4, "root"}, {5, int32(1)}}}
	for range 4000 {
		deep = append(deep, record{{3, int32(0)}, {4, "m"}, {5, int32(1)}})
	}
	add("deep columns", record{{1, int32(1)}, {2, append(deep, element)}, {3, int64(1)}, {4, list{}}})
	group := record{{1, list{}}, {2, int64(1)}, {3, int64(1)}}
	groups := list{}
	for range 2_000_000 {
		groups = append(groups, group)
	}
	schema := list{record{{4, "root"}, {5, int32(1)}}, element}
	add("two million groups", record{{1, int32(1)}, {2, schema}, {3, int64(1)}, {4, groups}})
	pairs := list{}
	for range 8_000_000 {
		pairs = append(pairs, record{{1, ""}})
	}
	add("eight million pairs", record{{1, int32(1)}, {2, schema}, {3, int64(1)}, {4, list{}}, {5, pairs}})
	add("groups without columns", record{{1, int32(1)}, {2, schema}, {3, int64(1)}, {4, list{group}}})
	for _, at := range []int64{-1, 0, 3, 1 << 20, math.MaxInt64} {
		meta := record{
			{1, typeInt64}, {2, list{encodingPlain}}, {3, list{"id"}}, {4, stored}, {5, int64(1)}, {6, int64(8)}, {7, int64(8)}, {9, at},
		}
		for _, size := range []int64{8, -1, math.MaxInt64} {
			chunk := list{record{{2, int64(4)}, {3, meta.set(7, size)}}}
			add(fmt.Sprintf("chunk at %d of %d bytes", at, size), record{
				{1, int32(1)}, {2, schema}, {3, int64(1)}, {4, list{record{{1, chunk}, {2, int64(1)}, {3, int64(1)}}}},
			})
		}
	}
	return all
}

// honestParquet is a file as a writer makes it.
func honestParquet(tb testing.TB, codec compress.Compression, record arrow.RecordBatch) []byte {
	tb.Helper()
	var out bytes.Buffer
	props := parquet.NewWriterProperties(parquet.WithCompression(codec), parquet.WithDataPageSize(2000))
	w, err := pqarrow.NewFileWriter(record.Schema(), &out, props, pqarrow.DefaultWriterProps())
	require.NoError(tb, err)
	require.NoError(tb, w.Write(record))
	require.NoError(tb, w.Close())
	return out.Bytes()
}

// honestRows are rows of the table.
func honestRows(rows int) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "raw", Type: arrow.BinaryTypes.Binary, Nullable: true},
		{Name: "flag", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	}, nil))
	defer b.Release()
	for i := range rows {
		b.Field(0).(*array.Int64Builder).Append(int64(i))
		if i%7 == 0 {
			b.Field(1).AppendNull()
		} else {
			b.Field(1).(*array.StringBuilder).Append(strings.Repeat("n", i%13))
		}
		b.Field(2).(*array.BinaryBuilder).Append([]byte{byte(i), byte(i >> 8)})
		b.Field(3).(*array.BooleanBuilder).Append(i%3 == 0)
	}
	return b.NewRecordBatch()
}

func nestedFiles(tb testing.TB) (all []badFile) {
	tb.Helper()
	for _, of := range []arrow.DataType{
		arrow.ListOf(arrow.PrimitiveTypes.Int64), arrow.MapOf(arrow.BinaryTypes.String, arrow.BinaryTypes.String),
		arrow.StructOf(arrow.Field{Name: "m", Type: arrow.PrimitiveTypes.Int64, Nullable: true}),
		arrow.ListOf(arrow.ListOf(arrow.BinaryTypes.String)),
	} {
		b := array.NewBuilder(memory.DefaultAllocator, of)
		b.AppendNull()
		a := b.NewArray()
		fields := []arrow.Field{{Name: "name", Type: of, Nullable: true}}
		data := honestParquet(tb, compress.Codecs.Snappy,
			array.NewRecordBatch(arrow.NewSchema(fields, nil), []arrow.Array{a}, 1))
		all = append(all, badFile{name: "nested " + of.Name() + fmt.Sprint(len(all)), data: data})
	}
	return all
}

func cutFiles(tb testing.TB) (all []badFile) {
	tb.Helper()
	whole := honestParquet(tb, compress.Codecs.Snappy, honestRows(2000))
	for _, n := range []int{0, 1, 4, 8, 11, 12, 100, len(whole) / 2, len(whole) - 9, len(whole) - 1} {
		all = append(all, badFile{name: fmt.Sprintf("cut at %d", n), data: whole[:n]})
		middle := append(slices.Clone(whole[:n/2]), whole[min(n/2+100, len(whole)):]...)
		all = append(all, badFile{name: fmt.Sprintf("cut out at %d", n/2), data: middle})
	}
	return all
}

// flippedParquet spoils some bytes of a file that was good.
func flippedParquet(tb testing.TB, seed uint64) badFile {
	tb.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	codec := []compress.Compression{
		compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Brotli,
		compress.Codecs.Zstd, compress.Codecs.Lz4Raw,
	}[rng.IntN(6)]
	data := honestParquet(tb, codec, honestRows(300))
	for range 1 + rng.IntN(6) {
		data[rng.IntN(len(data))] = byte(rng.Uint32())
	}
	return badFile{name: fmt.Sprintf("flipped seed %d.parquet", seed), data: data, harmless: true}
}
