package parquetfile

import (
	"encoding/binary"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/micodb/micodb/internal/vector"
)

// pageBytes is about how large a page is before it is compressed.
const pageBytes = 1 << 20

// encoder makes the pages of a column chunk. Those of different columns may work at once.
type encoder struct {
	gathered

	column  *schema.Column
	codec   compress.Codec
	coder   coder
	summary Summary
	stats   metadata.EncodedStatistics
	values  []byte // of the dictionary, not compressed; empty without one
	count   int    // of the dictionary's values
	pages   []page
	plain   []byte // a page before it is compressed
}

// page is a data page.
type page struct {
	data  []byte // compressed
	size  int    // before
	first int    // row
	rows  int
	stats metadata.EncodedStatistics
}

// extent is rows and the present values among them, the ends not included.
type extent struct{ rowFrom, rowTo, from, to int }

// encode makes the pages and the zone map of what was gathered.
func (e *encoder) encode() {
	e.values, e.count, e.pages, e.summary = e.values[:0], 0, e.pages[:0], Summary{}
	all := extent{rowTo: e.rows, to: e.present()}
	e.summary.Nulls = int64(e.rows - all.to)
	whole := false
	var b bounds
	if all.to > 0 {
		if e.of.Type.Physical() == vector.Integer {
			b = e.boundsOf(0, all.to)
			e.summary.Rising = all.to == e.rows && rising(e.ints)
		}
		whole, e.summary.Distinct = e.coder.run(&e.gathered, &b)
		whole = whole && e.of.Type.Kind != vector.Boolean
	}
	if whole {
		b = e.encodeCodes(all)
	} else {
		b = e.encodePlain(all)
	}
	e.stats = b.statistics(e.of, e.column, e.rows-all.to)
	e.summary.setBounds(&b, e.of.Type.Physical())
	e.summary.Dictionary = whole && e.of.Type.Physical() == vector.Bytes
}

// rising tells whether each of some values is greater than the one before it.
func rising(ints []int64) bool {
	for i := 1; i < len(ints); i++ {
		if ints[i] <= ints[i-1] {
			return false
		}
	}
	return true
}

// encodeCodes makes the dictionary and one page of codes.
func (e *encoder) encodeCodes(all extent) bounds {
	values := gathered{of: e.of}
	values.reset()
	for _, i := range e.coder.first {
		values.copyValue(&e.gathered, int(i))
	}
	e.count = len(e.coder.first)
	e.values = values.appendPlain(e.values, e.column.PhysicalType(), 0, e.count)
	b := values.boundsOf(0, e.count)
	width := codeWidth(e.count)
	body := append(e.levelsOf(all), byte(width))
	e.addPage(all, appendHybrid(body, e.coder.codes, width), &b)
	return b
}

// encodePlain makes pages of values.
func (e *encoder) encodePlain(all extent) bounds {
	var whole bounds
	for at := (extent{}); at.rowTo < all.rowTo; {
		at = e.nextPage(at, all)
		b := e.boundsOf(at.from, at.to)
		e.addPage(at, e.appendPlain(e.levelsOf(at), e.column.PhysicalType(), at.from, at.to), &b)
		whole.join(&b)
	}
	return whole
}

// nextPage returns the rows of the page after the last.
func (e *encoder) nextPage(last, all extent) extent {
	p := e.column.PhysicalType()
	next := extent{rowFrom: last.rowTo, from: last.to}
	next.to = min(all.to, next.from+8*pageBytes/valueBits(p))
	if p == parquet.Types.ByteArray {
		limit := e.offsets[next.from] + pageBytes
		for next.to > next.from+1 && e.offsets[next.to]+int32(lengthBytes*(next.to-next.from)) > limit {
			next.to = next.from + (next.to-next.from)/2
		}
	}
	switch {
	case next.to == all.to:
		next.rowTo = all.rowTo
	case len(e.levels) == 0:
		next.rowTo = next.to
	default:
		next.rowTo = next.rowFrom
		for present := next.to - next.from; present > 0; next.rowTo++ {
			present -= int(e.levels[next.rowTo])
		}
	}
	return next
}

// levelsOf begins a page with the levels of its rows, which tell the NULLs.
func (e *encoder) levelsOf(s extent) []byte {
	out := e.plain[:0]
	if e.of.Required {
		return out
	}
	out = append(out, 0, 0, 0, 0)
	if len(e.levels) == 0 {
		out = appendRun(out, 1, s.rowTo-s.rowFrom, 1)
	} else {
		out = appendHybrid(out, e.levels[s.rowFrom:s.rowTo], 1)
	}
	binary.LittleEndian.PutUint32(out, uint32(len(out)-4))
	return out
}

// addPage compresses a page.
func (e *encoder) addPage(s extent, body []byte, b *bounds) {
	e.plain = body
	var data []byte // of a page of an earlier row group, which is written
	if n := len(e.pages); n < cap(e.pages) {
		data = e.pages[:n+1][n].data
	}
	data = slices.Grow(data[:0], int(e.codec.CompressBound(int64(len(body)))))
	nulls := s.rowTo - s.rowFrom - (s.to - s.from)
	e.pages = append(e.pages, page{
		data: e.codec.Encode(data[:cap(data)], body), size: len(body), first: s.rowFrom, rows: s.rowTo - s.rowFrom,
		stats: b.statistics(e.of, e.column, nulls),
	})
}

// write hands the pages out in order.
func (e *encoder) write(pages file.PageWriter) error {
	encoding := parquet.Encodings.Plain
	if e.count > 0 {
		encoding = parquet.Encodings.RLEDict
		dictionary := file.NewDictionaryPage(memory.NewBufferBytes(e.values), int32(e.count), parquet.Encodings.Plain)
		if _, err := pages.WriteDictionaryPage(dictionary); err != nil {
			return err
		}
	}
	for i := range e.pages {
		p := &e.pages[i]
		config := file.DataPageConfig{
			Num: int32(p.rows), Encoding: encoding, UncompressedSize: int32(p.size), Stats: p.stats,
			FirstRowIndex: int64(p.first),
		}
		levels := parquet.Encodings.RLE
		data := file.NewDataPageV1WithConfig(memory.NewBufferBytes(p.data), levels, levels, config)
		if _, err := pages.WriteDataPage(data); err != nil {
			return err
		}
	}
	return nil
}
