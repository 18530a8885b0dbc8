package batch

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// source is a column of a batch that is being decoded into vectors of a type.
type source struct {
	of    vector.Type
	field arrow.Field
	b     vector.Buffer
	out   vector.Vector
}

func newDecoder(of vector.Type, f arrow.Field, a arrow.Array) (decoder, error) {
	s := &source{of: of, field: f}
	switch a := a.(type) {
	case array.ExtensionArray:
		return newDecoder(of, f, a.Storage())
	case *array.Dictionary:
		return s.dictionary(a)
	case *array.Null:
		return func(_, n int) (*vector.Vector, error) { return s.b.Fill(vector.NullOf(of), n), nil }, nil
	case *array.Boolean:
		return s.booleans(a), nil
	case *array.Float64:
		return s.wrapFloats(a), nil
	case *array.Float32:
		return s.floats(a, func(i int) float64 { return float64(a.Value(i)) }), nil
	case *array.Float16:
		return s.floats(a, func(i int) float64 { return float64(a.Value(i).Float32()) }), nil
	case *array.Decimal128:
		return s.decimals(a), nil
	case *array.Decimal256:
		return s.wides(a, func(i int) (vector.Int128, bool) { return narrow256(a.Value(i)) }), nil
	case *array.Uint64:
		return s.wides(a, func(i int) (vector.Int128, bool) { return vector.Int128{Lo: a.Value(i)}, true }), nil
	}
	if d := s.integers(a); d != nil {
		return d, nil
	}
	if d := s.texts(a); d != nil {
		return d, nil
	}
	if d := s.intervals(a); d != nil {
		return d, nil
	}
	return nil, unsupported(f)
}

// validity copies the bits of n rows, or returns nil when none is NULL.
func (s *source) validity(a arrow.Array, from, n int) []uint64 {
	bits := a.NullBitmapBytes()
	if len(bits) == 0 || a.NullN() == 0 {
		return nil
	}
	offset := a.Data().Offset() + from
	if bitutil.CountSetBits(bits, offset, n) == n {
		return nil
	}
	valid := s.b.Validity(n)
	clear(valid)
	for i := range n {
		if bitutil.BitIsSet(bits, offset+i) {
			valid[i>>6] |= 1 << (i & 63)
		}
	}
	return valid
}

// ints reads values one by one.
func (s *source) ints(a arrow.Array, at func(i int) int64) decoder {
	return func(from, n int) (*vector.Vector, error) {
		out, valid := s.b.Ints(n), s.validity(a, from, n)
		r := vector.Bounds{Lo: vector.MaxInt, Hi: vector.MinInt}
		for i := range out {
			out[i] = 0
			if a.IsValid(from + i) {
				out[i] = at(from + i)
				r.Lo, r.Hi = min(r.Lo, out[i]), max(r.Hi, out[i])
			}
		}
		return s.b.IntVector(s.of, out, valid, r.Lo, r.Hi), nil
	}
}

// widened reads narrow integers.
func widened[T int8 | int16 | int32 | uint8 | uint16 | uint32 | int64](s *source, a arrow.Array, d []T) decoder {
	return func(from, n int) (*vector.Vector, error) {
		valid := s.validity(a, from, n)
		out, lo, hi := s.b.Ints(n), int64(vector.MaxInt), int64(vector.MinInt)
		for i, x := range d[from : from+n] {
			out[i] = int64(x)
			if valid == nil || valid[i>>6]>>(i&63)&1 != 0 {
				lo, hi = min(lo, int64(x)), max(hi, int64(x))
			}
		}
		return s.b.IntVector(s.of, out, valid, lo, hi), nil
	}
}

// wrapInts takes 64-bit integers as they are.
func wrapInts[T ~int64](s *source, a arrow.Array, d []T) decoder {
	return func(from, n int) (*vector.Vector, error) {
		s.out = vector.Vector{Type: s.of, Valid: s.validity(a, from, n)}
		vector.SetCodes(&s.out, d[from:from+n])
		lo, hi := int64(vector.MaxInt), int64(vector.MinInt)
		for i, x := range d[from : from+n] {
			if s.out.Valid == nil || !s.out.IsNull(i) {
				lo, hi = min(lo, int64(x)), max(hi, int64(x))
			}
		}
		s.out.Lo, s.out.Hi = lo, hi
		return &s.out, nil
	}
}

func (s *source) integers(a arrow.Array) decoder {
	const dayMillis = 86400 * 1000
	switch a := a.(type) {
	case *array.Int8:
		return widened(s, a, a.Int8Values())
	case *array.Int16:
		return widened(s, a, a.Int16Values())
	case *array.Int32:
		return widened(s, a, a.Int32Values())
	case *array.Int64:
		return wrapInts(s, a, a.Int64Values())
	case *array.Uint8:
		return widened(s, a, a.Uint8Values())
	case *array.Uint16:
		return widened(s, a, a.Uint16Values())
	case *array.Uint32:
		return widened(s, a, a.Uint32Values())
	case *array.Date32:
		return s.ints(a, func(i int) int64 { return int64(a.Value(i)) })
	case *array.Date64:
		return s.ints(a, func(i int) int64 {
			ms := int64(a.Value(i))
			return (ms - (ms%dayMillis+dayMillis)%dayMillis) / dayMillis
		})
	case *array.Time32:
		return s.ints(a, func(i int) int64 { return int64(a.Value(i)) })
	case *array.Time64:
		return wrapInts(s, a, a.Time64Values())
	case *array.Timestamp:
		return wrapInts(s, a, a.TimestampValues())
	case *array.Decimal32:
		return s.wides(a, func(i int) (vector.Int128, bool) { return vector.Int128Of(int64(a.Value(i))), true })
	case *array.Decimal64:
		return s.wides(a, func(i int) (vector.Int128, bool) { return vector.Int128Of(int64(a.Value(i))), true })
	default:
		return nil
	}
}

func (s *source) booleans(a *array.Boolean) decoder {
	return func(from, n int) (*vector.Vector, error) {
		out := s.b.Codes(n)
		for i := range out {
			if out[i] = 0; a.Value(from + i) {
				out[i] = 1
			}
		}
		return s.b.BoolVector(out, s.validity(a, from, n)), nil
	}
}

func (s *source) wrapFloats(a *array.Float64) decoder {
	return func(from, n int) (*vector.Vector, error) {
		s.out = vector.Vector{Type: s.of, Physical: vector.Float, Valid: s.validity(a, from, n)}
		vector.SetCodes(&s.out, a.Float64Values()[from:from+n])
		return &s.out, nil
	}
}

func (s *source) floats(a arrow.Array, at func(i int) float64) decoder {
	return func(from, n int) (*vector.Vector, error) {
		out := s.b.Floats(n)
		for i := range out {
			out[i] = at(from + i)
		}
		return s.b.FloatVector(s.of, out, s.validity(a, from, n)), nil
	}
}

// decimals takes 128-bit decimals as they are where the type needs so many bits.
func (s *source) decimals(a *array.Decimal128) decoder {
	return s.wides(a, func(i int) (vector.Int128, bool) { return fromNum(a.Value(i)), true })
}

func fromNum(n decimal128.Num) vector.Int128 { return vector.Int128{Lo: n.LowBits(), Hi: n.HighBits()} }

// wides reads 128-bit values, each within the type's digits: a client's memory may hold anything.
func (s *source) wides(a arrow.Array, at func(i int) (vector.Int128, bool)) decoder {
	limit, low := vector.Int128{Hi: 1}, vector.Int128Of(-1)
	if s.of.Kind == vector.Decimal {
		limit = vector.PowerOfTen(int(s.of.Precision))
		low = limit.Neg()
	}
	return func(from, n int) (*vector.Vector, error) {
		out, valid := s.b.Wides(n), s.validity(a, from, n)
		for i := range out {
			out[i] = vector.Int128{}
			if a.IsNull(from + i) {
				continue
			}
			x, ok := at(from + i)
			if !ok || x.Cmp(limit) >= 0 || x.Cmp(low) <= 0 {
				return nil, sqlerr.New(sqlerr.NumericOutOfRange, "row %d of column %q does not fit %s",
					from+i+1, s.field.Name, s.of)
			}
			out[i] = x
		}
		if s.of.Physical() == vector.Wide {
			return s.b.WideVector(s.of, out, valid), nil
		}
		ints, r := s.b.Ints(n), vector.Bounds{Lo: vector.MaxInt, Hi: vector.MinInt}
		for i, x := range out {
			ints[i] = int64(x.Lo)
			if a.IsValid(from + i) {
				r.Lo, r.Hi = min(r.Lo, ints[i]), max(r.Hi, ints[i])
			}
		}
		return s.b.IntVector(s.of, ints, valid, r.Lo, r.Hi), nil
	}
}
