package batch

import (
	"math"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// AppendRows appends each row of a batch, as scalars of the types that TypeOf gives, to rows: 54000 when there
// would be more than limit.
func AppendRows(rows [][]vector.Scalar, b arrow.RecordBatch, limit int) ([][]vector.Scalar, error) {
	n := int(b.NumRows())
	if len(rows)+n > limit {
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "more than %d rows of parameters were given", limit)
	}
	if err := Validate(b); err != nil {
		return nil, err
	}
	fields := b.Schema().Fields()
	types := make([]vector.Type, len(fields))
	for i, f := range fields {
		t, err := TypeOf(f)
		if err != nil {
			return nil, err
		}
		types[i] = t
	}
	for r := range n {
		row := make([]vector.Scalar, len(fields))
		for i := range fields {
			v, err := ScalarAt(b.Column(i), types[i], r)
			if err != nil {
				return nil, err
			}
			row[i] = v
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// ScalarAt returns the value of a row as a scalar of t, which TypeOf gave for the array's field.
func ScalarAt(a arrow.Array, t vector.Type, row int) (vector.Scalar, error) {
	if a.IsNull(row) {
		return vector.NullOf(t), nil
	}
	switch a := a.(type) {
	case *array.Null:
		return vector.NullOf(t), nil
	case *array.Dictionary:
		code, err := codeAt(a, row)
		if err != nil {
			return vector.NullOf(t), err
		}
		return ScalarAt(a.Dictionary(), t, code)
	case array.ExtensionArray:
		return ScalarAt(a.Storage(), t, row)
	}
	switch t.Kind {
	case vector.Interval:
		return intervalAt(a, t, row)
	case vector.List, vector.Struct:
		return membersAt(a, t, row)
	default:
	}
	switch t.Physical() {
	case vector.Float:
		return floatAt(a, t, row)
	case vector.Bytes:
		return bytesAt(a, t, row)
	case vector.Wide, vector.Integer:
	}
	if t.Kind == vector.Decimal {
		return decimalAt(a, t, row)
	}
	if u, ok := a.(*array.Uint64); ok {
		return vector.Scalar{Type: t, Wide: vector.Int128{Lo: u.Value(row)}}, nil
	}
	return intAt(a, t, row)
}

func unexpected(a arrow.Array, t vector.Type) error {
	return sqlerr.New(sqlerr.DatatypeMismatch, "an Arrow array of type %s can't be read as %s", a.DataType(), t)
}

// millisPerDay divides Date64.
const millisPerDay = 86_400_000

func intAt(a arrow.Array, t vector.Type, row int) (vector.Scalar, error) {
	var v int64
	switch a := a.(type) {
	case *array.Boolean:
		return vector.BoolOf(a.Value(row)), nil
	case *array.Int8:
		v = int64(a.Value(row))
	case *array.Int16:
		v = int64(a.Value(row))
	case *array.Int32:
		v = int64(a.Value(row))
	case *array.Int64:
		v = a.Value(row)
	case *array.Uint8:
		v = int64(a.Value(row))
	case *array.Uint16:
		v = int64(a.Value(row))
	case *array.Uint32:
		v = int64(a.Value(row))
	case *array.Date32:
		v = int64(a.Value(row))
	case *array.Date64:
		ms := int64(a.Value(row))
		v = ms / millisPerDay
		if ms%millisPerDay < 0 {
			v--
		}
	case *array.Time32:
		v = int64(a.Value(row))
	case *array.Time64:
		v = int64(a.Value(row))
	case *array.Timestamp:
		v = int64(a.Value(row))
	default:
		return vector.Scalar{}, unexpected(a, t)
	}
	return vector.IntOf(t, v), nil
}

func floatAt(a arrow.Array, t vector.Type, row int) (vector.Scalar, error) {
	switch a := a.(type) {
	case *array.Float64:
		return vector.Scalar{Type: t, Float: a.Value(row)}, nil
	case *array.Float32:
		return vector.Scalar{Type: t, Float: float64(a.Value(row))}, nil
	case *array.Float16:
		return vector.Scalar{Type: t, Float: float64(a.Value(row).Float32())}, nil
	default:
		return vector.Scalar{}, unexpected(a, t)
	}
}

func bytesAt(a arrow.Array, t vector.Type, row int) (vector.Scalar, error) {
	s := vector.Scalar{Type: t}
	switch a := a.(type) {
	case *array.String:
		s.Bytes = a.Value(row)
	case *array.LargeString:
		s.Bytes = a.Value(row)
	case *array.StringView:
		s.Bytes = a.Value(row)
	case *array.Binary:
		s.Bytes = string(a.Value(row))
	case *array.LargeBinary:
		s.Bytes = string(a.Value(row))
	case *array.BinaryView:
		s.Bytes = string(a.Value(row))
	case *array.FixedSizeBinary:
		s.Bytes = string(a.Value(row))
	default:
		return vector.Scalar{}, unexpected(a, t)
	}
	if t.Kind == vector.Text && !utf8.ValidString(s.Bytes) {
		return s, notUTF8()
	}
	s.Bytes = strings.Clone(s.Bytes) // the array's memory is the caller's
	return s, nil
}

func decimalAt(a arrow.Array, t vector.Type, row int) (vector.Scalar, error) {
	s := vector.Scalar{Type: t}
	switch a := a.(type) {
	case *array.Decimal128:
		v := a.Value(row)
		s.Wide = vector.Int128{Lo: v.LowBits(), Hi: v.HighBits()}
	case *array.Decimal32:
		s.Wide = vector.Int128Of(int64(a.Value(row)))
	case *array.Decimal64:
		s.Wide = vector.Int128Of(int64(a.Value(row)))
	case *array.Decimal256:
		wide, ok := int128Of(a.Value(row).BigInt())
		if !ok {
			return vector.Scalar{}, outOfDigits(t)
		}
		s.Wide = wide
	default:
		return vector.Scalar{}, unexpected(a, t)
	}
	if limit := vector.PowerOfTen(int(t.Precision)); s.Wide.Cmp(limit) >= 0 || s.Wide.Cmp(limit.Neg()) <= 0 {
		return vector.Scalar{}, outOfDigits(t)
	}
	return s, nil
}

func outOfDigits(t vector.Type) error {
	return sqlerr.New(sqlerr.NumericOutOfRange, "a value has more digits than %s", t)
}

// int128Of narrows, and tells whether the value fits.
func int128Of(b *big.Int) (vector.Int128, bool) {
	if b.BitLen() > 127 {
		return vector.Int128{}, false
	}
	low := new(big.Int).And(b, new(big.Int).SetUint64(math.MaxUint64)) // two's complement, as And sees it
	high := new(big.Int).Rsh(b, 64)
	return vector.Int128{Lo: low.Uint64(), Hi: high.Int64()}, true
}

// intervalAt reads Arrow's three kinds of intervals, and durations.
func intervalAt(a arrow.Array, t vector.Type, row int) (vector.Scalar, error) {
	s := vector.Scalar{Type: t}
	switch a := a.(type) {
	case *array.MonthInterval:
		s.Interval = vector.Months{Months: int32(a.Value(row))}
	case *array.DayTimeInterval:
		v := a.Value(row)
		s.Interval = vector.Months{Days: v.Days, Nanos: int64(v.Milliseconds) * 1e6}
	case *array.MonthDayNanoInterval:
		v := a.Value(row)
		s.Interval = vector.Months{Months: v.Months, Days: v.Days, Nanos: v.Nanoseconds}
	case *array.Duration:
		unit, ok := a.DataType().(*arrow.DurationType)
		if !ok {
			return vector.Scalar{}, unexpected(a, t)
		}
		nanos := int64(unit.Unit.Multiplier())
		v := int64(a.Value(row))
		if v > math.MaxInt64/nanos || v < math.MinInt64/nanos {
			return vector.Scalar{}, sqlerr.New(sqlerr.NumericOutOfRange, "a duration does not fit INTERVAL")
		}
		s.Interval = vector.Months{Nanos: v * nanos}
	default:
		return vector.Scalar{}, unexpected(a, t)
	}
	return s, nil
}
