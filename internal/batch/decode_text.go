package batch

import (
	"math"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal256"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// narrow256 returns a 256-bit number in 128 bits, and whether it fits.
func narrow256(n decimal256.Num) (vector.Int128, bool) {
	words := n.Array()
	out := vector.Int128{Lo: words[0], Hi: int64(words[1])}
	sign := uint64(out.Hi >> 63)
	return out, words[2] == sign && words[3] == sign
}

func (s *source) texts(a arrow.Array) decoder {
	switch a := a.(type) {
	case *array.String:
		return s.wrapTexts(a, a.ValueOffsets)
	case *array.Binary:
		return s.wrapTexts(a, a.ValueOffsets)
	case *array.LargeString:
		return s.copyTexts(a, func(i int) []byte { return []byte(a.Value(i)) })
	case *array.LargeBinary:
		return s.copyTexts(a, a.Value)
	case *array.StringView:
		return s.copyTexts(a, func(i int) []byte { return []byte(a.Value(i)) })
	case *array.BinaryView:
		return s.copyTexts(a, a.Value)
	case *array.FixedSizeBinary:
		return s.copyTexts(a, a.Value)
	default:
		return nil
	}
}

// wrapTexts takes texts with 32-bit offsets as they are, after a look at whether they are sound: a client's memory
// may hold anything.
func (s *source) wrapTexts(a arrow.Array, offsets func() []int32) decoder {
	return func(from, n int) (*vector.Vector, error) {
		var data []byte
		if b := a.Data().Buffers()[2]; b != nil {
			data = b.Bytes()
		}
		cut := offsets()[from : from+n+1]
		if cut[0] < 0 || int(cut[n]) > len(data) || !slices.IsSorted(cut) {
			return nil, sqlerr.New(sqlerr.ProtocolViolation, "the offsets of column %q are damaged", s.field.Name)
		}
		if s.of.Kind == vector.Text && !validTexts(cut, data) {
			return nil, sqlerr.New(sqlerr.InvalidText, "a text of column %q is not valid UTF-8", s.field.Name)
		}
		s.out = vector.Vector{
			Type: s.of, Physical: vector.Bytes, Len: n, Valid: s.validity(a, from, n), Offsets: cut, Data: data,
		}
		return &s.out, nil
	}
}

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

func (s *source) copyTexts(a arrow.Array, at func(i int) []byte) decoder {
	return func(from, n int) (*vector.Vector, error) {
		offsets, data := s.b.Texts(n)
		for i := range n {
			offsets[i] = int32(len(data))
			if a.IsNull(from + i) {
				continue
			}
			value := at(from + i)
			if len(data)+len(value) > math.MaxInt32 {
				return nil, sqlerr.New(sqlerr.ProgramLimitExceeded,
					"the texts of column %q are too long for one batch", s.field.Name).WithHint("send smaller batches")
			}
			data = append(data, value...)
		}
		offsets[n] = int32(len(data))
		return s.b.TextVector(s.of, offsets, data, s.validity(a, from, n)), nil
	}
}

// dictionary keeps a dictionary of texts as codes and unfolds every other.
func (s *source) dictionary(a *array.Dictionary) (decoder, error) {
	values, err := newDecoder(s.of, s.field, a.Dictionary())
	if err != nil {
		return nil, err
	}
	if s.of.Physical() != vector.Bytes {
		return s.unfold(a, values), nil
	}
	d := &vector.Dictionary{Values: make([][]byte, a.Dictionary().Len())}
	null := make([]bool, len(d.Values))
	for from := 0; from < len(d.Values); from += vector.ChunkRows {
		v, err := values(from, min(vector.ChunkRows, len(d.Values)-from))
		if err != nil {
			return nil, err
		}
		for i := range v.Len {
			null[from+i] = v.IsNull(i)
			d.Values[from+i] = append([]byte(nil), v.Bytes(i)...)
		}
	}
	codes := make([]uint32, vector.ChunkRows)
	return func(from, n int) (*vector.Vector, error) {
		valid, nulls := s.b.AllValid(n), false
		out := codes[:n]
		for i := range out {
			out[i] = uint32(len(d.Values))
			if a.IsValid(from + i) {
				out[i] = uint32(a.GetValueIndex(from + i))
			}
			if int(out[i]) >= len(d.Values) || null[out[i]] {
				out[i], nulls = uint32(len(d.Values)), true
				valid[i>>6] &^= 1 << (i & 63)
			}
		}
		if !nulls {
			valid = nil
		}
		s.out = vector.Vector{Type: s.of, Physical: vector.Bytes, Encoding: vector.Dict, Dictionary: d, Valid: valid}
		vector.SetCodes(&s.out, out)
		return &s.out, nil
	}, nil
}

// unfold looks each value of a dictionary up.
func (s *source) unfold(a *array.Dictionary, values decoder) decoder {
	b := vector.NewBuilder(s.of)
	return func(from, n int) (*vector.Vector, error) {
		for i := from; i < from+n; i++ {
			k := -1
			if a.IsValid(i) {
				k = a.GetValueIndex(i)
			}
			if k < 0 || k >= a.Dictionary().Len() {
				b.AppendNull()
				continue
			}
			v, err := values(k, 1)
			if err != nil {
				b.Build()
				return nil, err
			}
			b.AppendScalar(v.ScalarAt(0))
		}
		return b.Build(), nil
	}
}

func (s *source) intervals(a arrow.Array) decoder {
	var at func(i int) vector.Months
	switch a := a.(type) {
	case *array.MonthDayNanoInterval:
		at = func(i int) vector.Months {
			x := a.Value(i)
			return vector.Months{Months: x.Months, Days: x.Days, Nanos: x.Nanoseconds}
		}
	case *array.MonthInterval:
		at = func(i int) vector.Months { return vector.Months{Months: int32(a.Value(i))} }
	case *array.DayTimeInterval:
		at = func(i int) vector.Months {
			x := a.Value(i)
			return vector.Months{Days: x.Days, Nanos: int64(x.Milliseconds) * 1e6}
		}
	case *array.Duration:
		unit, ok := a.DataType().(*arrow.DurationType)
		if !ok {
			return nil
		}
		return s.durations(a, int64(unit.Unit.Multiplier()))
	default:
		return nil
	}
	return func(from, n int) (*vector.Vector, error) {
		out := s.b.Intervals(n)
		for i := range out {
			out[i] = at(from + i)
		}
		return s.b.IntervalVector(out, s.validity(a, from, n)), nil
	}
}

func (s *source) durations(a *array.Duration, nanos int64) decoder {
	return func(from, n int) (*vector.Vector, error) {
		out := s.b.Intervals(n)
		for i := range out {
			x := int64(a.Value(from + i))
			if a.IsValid(from+i) && (x > math.MaxInt64/nanos || x < math.MinInt64/nanos) {
				return nil, sqlerr.New(sqlerr.NumericOutOfRange, "row %d of column %q does not fit %s",
					from+i+1, s.field.Name, s.of)
			}
			out[i] = vector.Months{Nanos: x * nanos}
		}
		return s.b.IntervalVector(out, s.validity(a, from, n)), nil
	}
}
