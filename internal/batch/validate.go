package batch

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Validate tells whether a batch that came from outside may be read: that each column is of a type that TypeOf knows,
// that its buffers are as long as its rows need, that texts lie within them, and that each code of a dictionary has a
// value. Arrow's own reader checks little of that, and its arrays panic. 08P01 says what is damaged, 0A000 which type
// is not one of ours, 53400 that too many rows share texts. NewChunks and AppendRows call it; who reads arrays with
// VectorOf or ScalarAt has called it before. What texts are made of is checked where they are read.
func Validate(b arrow.RecordBatch) error {
	for i, a := range b.Columns() {
		if _, err := TypeOf(b.Schema().Field(i)); err != nil {
			return err
		}
		if damage := damageOf(a.DataType(), a.Data()); damage != "" {
			return sqlerr.New(sqlerr.ProtocolViolation, "column %q is damaged: %s", b.ColumnName(i), damage)
		}
		if err := checkShared(b.ColumnName(i), a); err != nil {
			return err
		}
	}
	return nil
}

// damageOf returns "" for an array of a type that may be read.
func damageOf(of arrow.DataType, d arrow.ArrayData) string {
	switch t := of.(type) {
	case arrow.ExtensionType:
		return damageOf(t.StorageType(), d)
	case *arrow.DictionaryType:
		if damage := damageOf(t.ValueType, d.Dictionary()); damage != "" {
			return damage
		}
		if damage := damageOf(t.IndexType, d); damage != "" {
			return damage
		}
		return damagedCodes(d)
	}
	if d.Len() == 0 || of.ID() == arrow.NULL {
		return ""
	}
	if damage := damagedValidity(d); damage != "" {
		return damage
	}
	switch t := of.(type) {
	case *arrow.StringType, *arrow.BinaryType:
		return damagedTexts[int32](d)
	case *arrow.LargeStringType, *arrow.LargeBinaryType:
		return damagedTexts[int64](d)
	case *arrow.StringViewType, *arrow.BinaryViewType:
		return damagedViews(d)
	case *arrow.StructType, arrow.ListLikeType:
		return damagedNested(t, d)
	case arrow.FixedWidthDataType:
		return shortBuffer(d, bitutil.BytesForBits(int64(d.Offset()+d.Len())*int64(t.BitWidth())))
	default:
		return "nothing is known of the layout of " + of.String()
	}
}

func damagedValidity(d arrow.ArrayData) string {
	end, n := int64(d.Offset()+d.Len()), int64(len(bufferOf(d, 0)))
	switch {
	case n == 0 && d.NullN() > 0:
		return "it has NULLs and no validity"
	case n > 0 && n < bitutil.BytesForBits(end):
		return fmt.Sprintf("%d bytes of validity for %d rows", n, end)
	}
	return ""
}

// damagedCodes looks at the codes of a dictionary, whose buffers and values were checked.
func damagedCodes(d arrow.ArrayData) string {
	codes := array.NewDictionaryData(d)
	defer codes.Release()
	for i := range codes.Len() {
		if codes.IsNull(i) {
			continue
		}
		if code := codes.GetValueIndex(i); code < 0 || code >= d.Dictionary().Len() {
			return fmt.Sprintf("row %d has the code %d of a dictionary of %d", i, code, d.Dictionary().Len())
		}
	}
	return ""
}

func bufferOf(d arrow.ArrayData, i int) []byte {
	if i >= len(d.Buffers()) || d.Buffers()[i] == nil {
		return nil
	}
	return d.Buffers()[i].Bytes()
}

func shortBuffer(d arrow.ArrayData, need int64) string {
	if has := int64(len(bufferOf(d, 1))); has < need {
		return fmt.Sprintf("a buffer has %d bytes and needs %d", has, need)
	}
	return ""
}

// damagedTexts checks the offsets of texts.
func damagedTexts[T int32 | int64](d arrow.ArrayData) string {
	return damagedOffsets[T](d, len(bufferOf(d, 2)), "a text")
}

// damagedOffsets checks offsets into has bytes or elements.
func damagedOffsets[T int32 | int64](d arrow.ArrayData, has int, what string) string {
	from, n := d.Offset(), d.Len()
	if damage := shortBuffer(d, int64(from+n+1)*int64(unsafe.Sizeof(T(0)))); damage != "" {
		return damage
	}
	offsets, last := view[T](bufferOf(d, 1))[from:from+n+1], T(0)
	for _, next := range offsets {
		if next < last {
			return fmt.Sprintf("%s ends at %d and begins at %d", what, next, last)
		}
		last = next
	}
	if int64(last) > int64(has) {
		return fmt.Sprintf("%s ends at %d of %d", what, last, has)
	}
	return ""
}

func damagedViews(d arrow.ArrayData) string {
	from, n := d.Offset(), d.Len()
	if damage := shortBuffer(d, int64(arrow.ViewHeaderSizeBytes*(from+n))); damage != "" {
		return damage
	}
	valid := bufferOf(d, 0)
	headers := arrow.ViewHeaderTraits.CastFromBytes(bufferOf(d, 1))
	for i := from; i < from+n; i++ {
		h := &headers[i]
		switch {
		case len(valid) > 0 && bitutil.BitIsNotSet(valid, i), h.Len() >= 0 && h.IsInline():
		case h.Len() < 0 || h.BufferIndex() < 0 || h.BufferOffset() < 0,
			int(h.BufferOffset())+h.Len() > len(bufferOf(d, int(h.BufferIndex())+2)):
			return fmt.Sprintf("text %d lies outside its buffer", i-from)
		}
	}
	return ""
}
