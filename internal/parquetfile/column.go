package parquetfile

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// decode reads all pages of a chunk into a vector.
func (f *File) decode(
	ctx context.Context, in Input, pages file.PageReader, c Chunk, space *workspace,
) (*vector.Vector, error) {
	descr := f.meta.Schema.Column(c.Column)
	physical := descr.PhysicalType()
	switch c.Type.Physical() {
	case vector.Integer:
		var plain plainDecoder[int64]
		switch physical {
		case parquet.Types.Boolean:
			plain = plainBooleans
		case parquet.Types.Int32:
			plain = plainInt32(c.Type.Kind >= vector.UInt8 && c.Type.Kind <= vector.UInt32)
		case parquet.Types.Int64:
			plain = plainInt64(factor(c.Type))
		default:
			return nil, unfit(c.Type, physical)
		}
		d := newDecoder(f, in, c, plain, space)
		d.room = &space.ints
		d.boolean = physical == parquet.Types.Boolean
		if err := d.all(ctx, pages); err != nil {
			return nil, err
		}
		if d.values == nil {
			return recoded(c.Type, d.dictionary, d.indexes, d.valid), nil
		}
		return integers(c.Type, d.values, d.valid), nil
	case vector.Wide:
		return f.decodeWide(ctx, in, pages, c, space)
	case vector.Float:
		var plain plainDecoder[float64]
		switch physical {
		case parquet.Types.Float:
			plain = plainFloat32
		case parquet.Types.Double:
			plain = plainFloat64
		default:
			return nil, unfit(c.Type, physical)
		}
		d := newDecoder(f, in, c, plain, space)
		if err := d.all(ctx, pages); err != nil {
			return nil, err
		}
		v := &vector.Vector{Type: c.Type, Physical: vector.Float, Valid: d.valid}
		vector.SetCodes(v, d.flat())
		return v, nil
	case vector.Bytes:
		d := f.texts(in, c, space)
		if d.plain == nil {
			return nil, unfit(c.Type, physical)
		}
		if err := d.all(ctx, pages); err != nil {
			return nil, err
		}
		return textVector(d, c, space)
	default:
		return nil, unfit(c.Type, physical)
	}
}

func unfit(t vector.Type, physical parquet.Type) error {
	return sqlerr.NotSupported(fmt.Sprintf("reading %s from the Parquet type %s", t, physical))
}

func newDecoder[T any](f *File, in Input, c Chunk, plain plainDecoder[T], space *workspace) *decoder[T] {
	return &decoder[T]{
		rows: c.Rows, nullable: f.meta.Schema.Column(c.Column).MaxDefinitionLevel() > 0, plain: plain,
		arena: &arena{limit: in.Limit}, space: space,
	}
}

// all decodes the pages; ctx is looked at before each.
func (d *decoder[T]) all(ctx context.Context, pages file.PageReader) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !pages.Next() {
			break
		}
		if err := d.page(pages.Page()); err != nil {
			return err
		}
	}
	if err := pages.Err(); err != nil {
		return err
	}
	if d.at != d.rows {
		return fmt.Errorf("a column chunk ends after %d of %d rows", d.at, d.rows)
	}
	return nil
}

func (f *File) decodeWide(
	ctx context.Context, in Input, pages file.PageReader, c Chunk, space *workspace,
) (*vector.Vector, error) {
	descr := f.meta.Schema.Column(c.Column)
	var plain plainDecoder[vector.Int128]
	switch size := descr.TypeLength(); {
	case descr.PhysicalType() == parquet.Types.Int64 && c.Type.Kind == vector.UInt64:
		plain = plainUint64
	case descr.PhysicalType() == parquet.Types.FixedLenByteArray && size > 0 && size <= 16:
		plain = plainFixed(size)
	default:
		return nil, unfit(c.Type, descr.PhysicalType())
	}
	d := newDecoder(f, in, c, plain, space)
	if err := d.all(ctx, pages); err != nil {
		return nil, err
	}
	wide := d.flat()
	ints := sized(&space.ints, len(wide))
	for i, x := range wide {
		var fits bool
		if ints[i], fits = x.Int64(); !fits {
			v := &vector.Vector{Type: c.Type, Physical: vector.Wide, Valid: d.valid}
			vector.SetCodes(v, wide)
			return v, nil
		}
	}
	return integers(c.Type, ints, d.valid), nil
}

func (f *File) texts(in Input, c Chunk, space *workspace) *decoder[span] {
	descr := f.meta.Schema.Column(c.Column)
	var plain plainDecoder[span]
	switch size := descr.TypeLength(); {
	case descr.PhysicalType() == parquet.Types.ByteArray:
		plain = plainBytes
	case descr.PhysicalType() == parquet.Types.FixedLenByteArray && size > 0:
		plain = plainFixedBytes(size)
	}
	d := newDecoder(f, in, c, plain, space)
	d.room = &space.spans
	d.arena.used, d.arena.bytes = true, space.texts[:0]
	return d
}

// dictionaryTexts returns the dictionary's values in memory of their own.
func dictionaryTexts(d *decoder[span]) [][]byte {
	if !d.hasDict {
		return nil
	}
	size := 0
	for _, s := range d.dictionary {
		size += int(s.length)
	}
	texts := make([]byte, 0, size)
	values := make([][]byte, len(d.dictionary))
	for i, s := range d.dictionary {
		at := len(texts)
		texts = append(texts, d.arena.bytes[s.offset:s.offset+s.length]...)
		values[i] = texts[at:len(texts):len(texts)]
	}
	return values
}

func textVector(d *decoder[span], c Chunk, space *workspace) (*vector.Vector, error) {
	space.texts = d.arena.bytes
	v := &vector.Vector{Type: c.Type, Physical: vector.Bytes, Len: c.Rows, Valid: d.valid}
	if d.values == nil && d.hasDict && c.Codes {
		v.Encoding, v.Dictionary = vector.Dict, &vector.Dictionary{Values: dictionaryTexts(d)}
		switch n := len(d.dictionary); {
		case n < 1<<8:
			vector.SetCodes(v, narrowed[uint8](d.indexes))
		case n < 1<<16:
			vector.SetCodes(v, narrowed[uint16](d.indexes))
		default:
			vector.SetCodes(v, slices.Clone(d.indexes))
		}
		return v, nil
	}
	values, size := d.flat(), 0
	for _, s := range values {
		size += int(s.length)
	}
	if size > math.MaxInt32 {
		return nil, sqlerr.New(sqlerr.OutOfMemory, "a column chunk has %d MiB of text", size>>20)
	}
	v.Offsets, v.Data = make([]int32, c.Rows+1), make([]byte, 0, size)
	for i, s := range values {
		v.Data = append(v.Data, d.arena.bytes[s.offset:s.offset+s.length]...)
		v.Offsets[i+1] = int32(len(v.Data))
	}
	return v, nil
}

func narrowed[T uint8 | uint16 | uint32](indexes []uint32) []T {
	codes := make([]T, len(indexes))
	for i, x := range indexes {
		codes[i] = T(x)
	}
	return codes
}
