package parquetfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// span is a text within the arena.
type span struct{ offset, length uint32 }

// plainDecoder decodes values of the PLAIN encoding. Only span uses the arena, to which the page was copied.
type plainDecoder[T any] func(data []byte, out []T) error

// decoder gathers the values of one column chunk. T is int64, float64, Int128 or span.
type decoder[T any] struct {
	rows       int
	nullable   bool
	plain      plainDecoder[T]
	valid      []uint64 // nil while there are no NULLs
	at         int      // rows decoded
	dictionary []T
	hasDict    bool
	indexes    []uint32 // while all pages had the dictionary; NULL is len(dictionary)
	values     []T      // once a page had not
	arena      *arena
	boolean    bool
	space      *workspace
	room       *[]T // of the space, for values that become others; nil: the values are what is returned
}

// arena holds the bytes of texts.
type arena struct {
	bytes []byte
	limit int64
	used  bool // whether the column is of texts
}

// add copies a page's bytes and returns where they begin.
func (a *arena) add(data []byte) (int, error) {
	if int64(len(a.bytes))+int64(len(data)) > min(a.limit, math.MaxInt32) {
		return 0, sqlerr.New(sqlerr.OutOfMemory, "a column chunk has more than %d MiB of text",
			min(a.limit, math.MaxInt32)>>20)
	}
	at := len(a.bytes)
	a.bytes = append(a.bytes, data...)
	return at, nil
}

// page decodes one page.
func (d *decoder[T]) page(p file.Page) error {
	switch x := p.(type) {
	case *file.DictionaryPage:
		return d.dictionaryPage(x)
	case *file.DataPageV1:
		data, encoding := x.Data(), parquet.Encoding(x.Encoding())
		var levels []byte
		if d.nullable {
			if x.DefinitionLevelEncoding() != parquet.Encodings.RLE {
				return sqlerr.NotSupported("the Parquet level encoding " + x.DefinitionLevelEncoding().String())
			}
			if len(data) < 4 || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-4) {
				return errShort
			}
			n := 4 + int(binary.LittleEndian.Uint32(data))
			levels, data = data[4:n], data[n:]
		}
		return d.dataPage(int(x.NumValues()), levels, data, encoding)
	case *file.DataPageV2:
		data, n := x.Data(), int(x.DefinitionLevelByteLen())
		if n < 0 || n > len(data) {
			return errShort
		}
		return d.dataPage(int(x.NumValues()), data[:n], data[n:], parquet.Encoding(x.Encoding()))
	default:
		return fmt.Errorf("a page has the unknown type %d", p.Type())
	}
}

func (d *decoder[T]) dictionaryPage(p *file.DictionaryPage) error {
	if d.hasDict || d.at > 0 {
		return errors.New("the dictionary stands in the wrong place")
	}
	n := int(p.NumValues())
	if e := parquet.Encoding(p.Encoding()); e != parquet.Encodings.Plain && e != parquet.Encodings.PlainDict {
		return sqlerr.NotSupported("the Parquet dictionary encoding " + e.String())
	}
	if n < 0 || n > 8*len(p.Data())+1 {
		return errShort
	}
	d.hasDict, d.dictionary = true, make([]T, n)
	return d.decodePlain(p.Data(), d.dictionary)
}

func (d *decoder[T]) decodePlain(data []byte, out []T) error {
	if !d.arena.used {
		return d.plain(data, out)
	}
	at, err := d.arena.add(data)
	if err != nil {
		return err
	}
	if err := d.plain(data, out); err != nil {
		return err
	}
	if spans, ok := any(out).([]span); ok {
		for i := range spans {
			spans[i].offset += uint32(at)
		}
	}
	return nil
}

// dataPage decodes the levels and values of n rows.
func (d *decoder[T]) dataPage(n int, levels, data []byte, encoding parquet.Encoding) error {
	if n < 0 || n > d.rows-d.at {
		return fmt.Errorf("more than %d rows", d.rows)
	}
	present := n
	if d.nullable {
		var err error
		if present, err = d.levels(levels, n); err != nil {
			return err
		}
	}
	var err error
	switch encoding {
	case parquet.Encodings.PlainDict, parquet.Encodings.RLEDict:
		err = d.coded(n, present, data)
	case parquet.Encodings.Plain:
		err = d.plainPage(n, present, data)
	case parquet.Encodings.RLE:
		if !d.boolean {
			return sqlerr.NotSupported("the Parquet encoding RLE of values")
		}
		err = d.runs(n, present, data)
	default:
		return sqlerr.NotSupported("the Parquet encoding " + encoding.String())
	}
	d.at += n
	return err
}

// levels reads n definition levels of one bit and returns how many values are there.
func (d *decoder[T]) levels(data []byte, n int) (int, error) {
	bits := sized(&d.space.bits, n)
	if err := decodeHybrid(data, 1, bits); err != nil {
		return 0, err
	}
	present := 0
	for _, b := range bits {
		present += int(b & 1)
	}
	if present < n && d.valid == nil {
		d.valid = make([]uint64, (d.rows+63)/64)
		for i := range d.at {
			d.valid[i>>6] |= 1 << (i & 63)
		}
	}
	if d.valid != nil {
		for i, b := range bits {
			row := d.at + i
			d.valid[row>>6] |= uint64(b&1) << (row & 63)
		}
	}
	return present, nil
}

// coded decodes a page of dictionary indexes.
func (d *decoder[T]) coded(n, present int, data []byte) error {
	if !d.hasDict {
		return errors.New("the dictionary is missing")
	}
	var out []uint32
	if d.values == nil {
		if d.indexes == nil {
			d.indexes = sized(&d.space.indexes, d.rows)[:0]
		}
		d.indexes = d.indexes[:d.at+n]
		out = d.indexes[d.at:]
	} else {
		out = sized(&d.space.bits, n)
	}
	if present > 0 {
		if len(data) == 0 {
			return errShort
		}
		if err := decodeHybrid(data[1:], int(data[0]), out[:present]); err != nil {
			return err
		}
		if uint64(largest(out[:present])) >= uint64(len(d.dictionary)) {
			return errors.New("a code is not in the dictionary")
		}
	}
	if d.values == nil {
		spread(out, present, d.valid, d.at, uint32(len(d.dictionary)))
		return nil
	}
	values := d.values[d.at : d.at+n]
	for i, x := range out[:present] {
		values[i] = d.dictionary[x]
	}
	var zero T
	spread(values, present, d.valid, d.at, zero)
	return nil
}

// target returns where the values of a page without dictionary go; earlier pages are taken from it.
func (d *decoder[T]) target(n int) []T {
	if d.values == nil {
		if d.room != nil {
			d.values = sized(d.room, d.rows)
		} else {
			d.values = make([]T, d.rows)
		}
		var zero T
		for i, x := range d.indexes {
			d.values[i] = zero
			if int(x) < len(d.dictionary) {
				d.values[i] = d.dictionary[x]
			}
		}
		d.indexes = nil
	}
	return d.values[d.at : d.at+n]
}

// flat returns the values of all rows.
func (d *decoder[T]) flat() []T {
	d.at = 0
	d.target(0)
	return d.values
}

func (d *decoder[T]) plainPage(n, present int, data []byte) error {
	out := d.target(n)
	if err := d.decodePlain(data, out[:present]); err != nil {
		return err
	}
	var zero T
	spread(out, present, d.valid, d.at, zero)
	return nil
}

// runs decodes booleans of the RLE encoding.
func (d *decoder[T]) runs(n, present int, data []byte) error {
	if len(data) < 4 || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-4) {
		return errShort
	}
	bits := sized(&d.space.bits, present)
	if err := decodeHybrid(data[4:4+binary.LittleEndian.Uint32(data)], 1, bits); err != nil {
		return err
	}
	out := d.target(n)
	if ints, ok := any(out).([]int64); ok {
		for i, b := range bits {
			ints[i] = int64(b & 1)
		}
	}
	var zero T
	spread(out, present, d.valid, d.at, zero)
	return nil
}

// spread moves the first present values of a page, which begins at row at, to the rows that are not NULL.
func spread[T any](out []T, present int, valid []uint64, at int, null T) {
	if present == len(out) {
		return
	}
	for i := len(out) - 1; i >= 0; i-- {
		if row := at + i; valid[row>>6]>>(row&63)&1 != 0 {
			present--
			out[i] = out[present]
		} else {
			out[i] = null
		}
	}
}

// The PLAIN decoders.

func plainBooleans(data []byte, out []int64) error {
	if len(data) < (len(out)+7)/8 {
		return errShort
	}
	for i := range out {
		out[i] = int64(data[i>>3] >> (i & 7) & 1)
	}
	return nil
}

func plainInt32(unsigned bool) plainDecoder[int64] {
	return func(data []byte, out []int64) error {
		if len(data) < 4*len(out) {
			return errShort
		}
		for i := range out {
			x := binary.LittleEndian.Uint32(data[4*i:])
			if unsigned {
				out[i] = int64(x)
			} else {
				out[i] = int64(int32(x))
			}
		}
		return nil
	}
}

func plainInt64(factor int64) plainDecoder[int64] {
	return func(data []byte, out []int64) error {
		if len(data) < 8*len(out) {
			return errShort
		}
		copy(vector.MemoryOf(out), data)
		if factor != 1 {
			for i := range out {
				out[i] /= factor
			}
		}
		return nil
	}
}

func plainUint64(data []byte, out []vector.Int128) error {
	if len(data) < 8*len(out) {
		return errShort
	}
	for i := range out {
		out[i] = vector.Int128{Lo: binary.LittleEndian.Uint64(data[8*i:])}
	}
	return nil
}

// plainFixed decodes big-endian two's complement numbers of size bytes, at most 16.
func plainFixed(size int) plainDecoder[vector.Int128] {
	return func(data []byte, out []vector.Int128) error {
		if len(data)/size < len(out) {
			return errShort
		}
		for i := range out {
			b := data[i*size : (i+1)*size]
			x := vector.Int128Of(int64(int8(b[0])))
			for _, c := range b[1:] {
				x = vector.Int128{Hi: x.Hi<<8 | int64(x.Lo>>56), Lo: x.Lo<<8 | uint64(c)}
			}
			out[i] = x
		}
		return nil
	}
}

func plainFloat32(data []byte, out []float64) error {
	if len(data) < 4*len(out) {
		return errShort
	}
	for i := range out {
		out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
	}
	return nil
}

func plainFloat64(data []byte, out []float64) error {
	if len(data) < 8*len(out) {
		return errShort
	}
	copy(vector.MemoryOf(out), data)
	return nil
}

func plainBytes(data []byte, out []span) error {
	at := 0
	for i := range out {
		if len(data)-at < 4 {
			return errShort
		}
		n := binary.LittleEndian.Uint32(data[at:])
		if at += 4; uint64(n) > uint64(len(data)-at) {
			return errShort
		}
		out[i] = span{uint32(at), n}
		at += int(n)
	}
	return nil
}

func plainFixedBytes(size int) plainDecoder[span] {
	return func(data []byte, out []span) error {
		if len(data)/size < len(out) {
			return errShort
		}
		for i := range out {
			out[i] = span{uint32(i * size), uint32(size)}
		}
		return nil
	}
}
