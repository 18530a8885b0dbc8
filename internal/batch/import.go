package batch

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// VectorOf returns rows [from, to) of an array, at most vector.ChunkRows, as a flat vector of t, which TypeOf
// gave for the array's field. It may share the array's memory.
func VectorOf(a arrow.Array, t vector.Type, from, to int) (*vector.Vector, error) {
	if from == to {
		return vector.NewBuilder(t).Build(), nil
	}
	switch a := a.(type) {
	case array.ExtensionArray:
		return VectorOf(a.Storage(), t, from, to)
	case *array.Struct:
		return structs(a, t, from, to)
	case array.ListLike:
		return lists(a, t, from, to)
	case *array.Decimal128:
		return decimals(a, t, from, to)
	case *array.Boolean, *array.Dictionary, *array.Null:
		return copied(a, t, from, to)
	case *array.Int8:
		return widened(a, t, a.Int8Values()[from:to], from)
	case *array.Int16:
		return widened(a, t, a.Int16Values()[from:to], from)
	case *array.Int32:
		return widened(a, t, a.Int32Values()[from:to], from)
	case *array.Int64:
		return widened(a, t, a.Int64Values()[from:to], from)
	case *array.Uint8:
		return widened(a, t, a.Uint8Values()[from:to], from)
	case *array.Uint16:
		return widened(a, t, a.Uint16Values()[from:to], from)
	case *array.Uint32:
		return widened(a, t, a.Uint32Values()[from:to], from)
	case *array.Date32:
		return widened(a, t, a.Date32Values()[from:to], from)
	case *array.Time32:
		return timesOfDay(widened(a, t, a.Time32Values()[from:to], from))
	case *array.Time64:
		return timesOfDay(widened(a, t, a.Time64Values()[from:to], from))
	case *array.Timestamp:
		return widened(a, t, a.TimestampValues()[from:to], from)
	case *array.Float64:
		v := &vector.Vector{Type: t, Physical: vector.Float, Valid: validity(a, from, to)}
		vector.SetCodes(v, a.Float64Values()[from:to])
		return v, nil
	case *array.String:
		return flatBytes(a, t, from, to)
	case *array.Binary:
		return flatBytes(a, t, from, to)
	default:
		return copied(a, t, from, to)
	}
}

// copied reads value by value.
func copied(a arrow.Array, t vector.Type, from, to int) (*vector.Vector, error) {
	b := vector.NewBuilder(t)
	for i := from; i < to; i++ {
		s, err := ScalarAt(a, t, i)
		if err != nil {
			return nil, err
		}
		b.AppendScalar(s)
	}
	return b.Build(), nil
}

// decimals narrows to 64 bits where the type allows; what does not fit the type's digits is 22003.
func decimals(a *array.Decimal128, t vector.Type, from, to int) (*vector.Vector, error) {
	if t.Physical() != vector.Integer {
		return copied(a, t, from, to)
	}
	v := &vector.Vector{Type: t, Physical: vector.Integer, Lo: vector.MaxInt, Hi: vector.MinInt}
	v.Valid = validity(a, from, to)
	lo, hi := t.Limits()
	narrow := make([]int64, to-from)
	for i, x := range a.Values()[from:to] {
		if v.Valid != nil && v.Valid[i>>6]>>(uint(i)&63)&1 == 0 {
			continue
		}
		n := int64(x.LowBits())
		if x.HighBits() != n>>63 || n < lo || n > hi {
			return nil, outOfDigits(t)
		}
		narrow[i] = n
		v.Lo, v.Hi = min(v.Lo, n), max(v.Hi, n)
	}
	vector.SetCodes(v, narrow)
	return v, nil
}

// timesOfDay refuses times that no day has.
func timesOfDay(v *vector.Vector, err error) (*vector.Vector, error) {
	if err != nil {
		return nil, err
	}
	day := int64(86_400)
	for range v.Type.Precision {
		day *= 10
	}
	if v.Lo <= v.Hi && (v.Lo < 0 || v.Hi >= day) {
		return nil, sqlerr.New(sqlerr.InvalidDatetime, "a value of type %s is not within a day", v.Type)
	}
	return v, nil
}

// widened makes 64-bit integers with their bounds. Rows that are NULL become 0.
func widened[T ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32](
	a arrow.Array, t vector.Type, values []T, from int,
) (*vector.Vector, error) {
	v := &vector.Vector{Type: t, Physical: vector.Integer, Lo: vector.MaxInt, Hi: vector.MinInt}
	v.Valid = validity(a, from, from+len(values))
	wide := make([]int64, len(values))
	for i, x := range values {
		if v.Valid != nil && v.Valid[i>>6]>>(uint(i)&63)&1 == 0 {
			continue
		}
		wide[i] = int64(x)
		v.Lo, v.Hi = min(v.Lo, wide[i]), max(v.Hi, wide[i])
	}
	vector.SetCodes(v, wide)
	return v, nil
}

// bytesArray is a text or binary array with offsets of 32 bits.
type bytesArray interface {
	arrow.Array
	ValueOffsets() []int32
}

// flatBytes shares the array's text.
func flatBytes(a bytesArray, t vector.Type, from, to int) (*vector.Vector, error) {
	v := &vector.Vector{Type: t, Physical: vector.Bytes, Len: to - from, Offsets: a.ValueOffsets()[from : to+1]}
	if b := a.Data().Buffers()[2]; b != nil {
		v.Data = b.Bytes()
	}
	if t.Kind == vector.Text && !validTexts(v.Offsets, v.Data) {
		return nil, notUTF8()
	}
	v.Valid = validity(a, from, to)
	return v, nil
}

func notUTF8() error { return sqlerr.New(sqlerr.InvalidText, "a text is not valid UTF-8") }

// validTexts tells whether texts are UTF-8: all together, and none cut within a character.
func validTexts(offsets []int32, data []byte) bool {
	end := offsets[len(offsets)-1]
	if !utf8.Valid(data[offsets[0]:end]) {
		return false
	}
	for _, o := range offsets {
		if o < end && !utf8.RuneStart(data[o]) {
			return false
		}
	}
	return true
}

// validity returns the bitmap of rows [from, to), nil without NULLs.
func validity(a arrow.Array, from, to int) []uint64 {
	bits := a.NullBitmapBytes()
	if len(bits) == 0 || a.NullN() == 0 {
		return nil
	}
	first := a.Data().Offset() + from
	out := make([]uint64, (to-from+63)/64)
	if first%8 == 0 {
		src := bits[first/8 : (first+to-from+7)/8]
		for w := range out {
			var word [8]byte
			copy(word[:], src[8*w:])
			out[w] = binary.LittleEndian.Uint64(word[:])
		}
	} else {
		for i := range to - from {
			at := first + i
			out[i>>6] |= uint64(bits[at>>3]>>(at&7)&1) << (i & 63)
		}
	}
	if rest := uint(to-from) & 63; rest != 0 {
		out[len(out)-1] &= 1<<rest - 1
	}
	return out
}
