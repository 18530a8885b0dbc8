package jsonproto

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/internal/sqlerr"
)

// rowEncoder writes the rows of batches of one schema as JSON objects, keys in the order of the columns.
type rowEncoder struct {
	keys []string // `"name":` of each column
}

func newRowEncoder(s *arrow.Schema) *rowEncoder {
	e := &rowEncoder{keys: make([]string, s.NumFields())}
	for i, f := range s.Fields() {
		e.keys[i] = string(quote(f.Name)) + ":"
	}
	return e
}

// appendRow adds row i of a batch to out.
func (e *rowEncoder) appendRow(out []byte, b arrow.RecordBatch, i int) ([]byte, error) {
	out = append(out, '{')
	var err error
	for j, key := range e.keys {
		if j > 0 {
			out = append(out, ',')
		}
		out = append(out, key...)
		if out, err = appendValue(out, b.Column(j), i); err != nil {
			return out, err
		}
	}
	return append(out, '}'), nil
}

// appendValue adds one value: numbers for numbers, dates (days) and timestamps (nanoseconds), texts for the rest.
func appendValue(out []byte, a arrow.Array, i int) ([]byte, error) {
	if a.IsNull(i) {
		return append(out, null...), nil
	}
	switch a := a.(type) {
	case *array.Boolean:
		return strconv.AppendBool(out, a.Value(i)), nil
	case *array.Int8:
		return strconv.AppendInt(out, int64(a.Value(i)), 10), nil
	case *array.Int16:
		return strconv.AppendInt(out, int64(a.Value(i)), 10), nil
	case *array.Int32:
		return strconv.AppendInt(out, int64(a.Value(i)), 10), nil
	case *array.Int64:
		return strconv.AppendInt(out, a.Value(i), 10), nil
	case *array.Uint8:
		return strconv.AppendUint(out, uint64(a.Value(i)), 10), nil
	case *array.Uint16:
		return strconv.AppendUint(out, uint64(a.Value(i)), 10), nil
	case *array.Uint32:
		return strconv.AppendUint(out, uint64(a.Value(i)), 10), nil
	case *array.Uint64:
		return strconv.AppendUint(out, a.Value(i), 10), nil
	case *array.Float32:
		return appendFloat(out, float64(a.Value(i)), 32), nil
	case *array.Float64:
		return appendFloat(out, a.Value(i), 64), nil
	case *array.Decimal128:
		return appendDecimal(out, a, i)
	case *array.String:
		return appendString(out, a.Value(i)), nil
	case *array.Binary:
		return appendString(out, base64.StdEncoding.EncodeToString(a.Value(i))), nil
	case *array.FixedSizeBinary:
		return appendString(out, base64.StdEncoding.EncodeToString(a.Value(i))), nil
	case *array.Date32:
		return strconv.AppendInt(out, int64(a.Value(i)), 10), nil
	case *array.Timestamp:
		return appendNanoseconds(out, a, i)
	case *array.MonthDayNanoInterval:
		return appendInterval(out, a.Value(i)), nil
	case *array.Time32, *array.Time64, array.ExtensionArray:
		return appendString(out, a.ValueStr(i)), nil
	case *array.Struct:
		return appendStruct(out, a, i)
	case array.ListLike:
		return appendList(out, a, i)
	default:
		return out, sqlerr.NotSupported("a column of " + a.DataType().String() + " in JSON")
	}
}

// appendDecimal adds every digit, zeros at the end too.
func appendDecimal(out []byte, a *array.Decimal128, i int) ([]byte, error) {
	t, ok := a.DataType().(*arrow.Decimal128Type)
	if !ok {
		return out, sqlerr.New(sqlerr.InternalError, "a decimal column is a %s", a.DataType())
	}
	return append(out, a.Value(i).ToString(t.Scale)...), nil
}

func appendFloat(out []byte, v float64, bits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(out, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(out, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(out, `"-Infinity"`...)
	}
	format := byte('f')
	if m := math.Abs(v); m != 0 && (m < 1e-6 || m >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(out, v, format, -1, bits)
}

// appendNanoseconds adds a timestamp of any unit in nanoseconds, with every digit also beyond 64 bits.
func appendNanoseconds(out []byte, a *array.Timestamp, i int) ([]byte, error) {
	t, ok := a.DataType().(*arrow.TimestampType)
	if !ok {
		return out, sqlerr.New(sqlerr.InternalError, "a timestamp column is a %s", a.DataType())
	}
	v := int64(a.Value(i))
	out = strconv.AppendInt(out, v, 10)
	if v == 0 {
		return out, nil
	}
	for range [...]int{arrow.Second: 9, arrow.Millisecond: 6, arrow.Microsecond: 3, arrow.Nanosecond: 0}[t.Unit] {
		out = append(out, '0')
	}
	return out, nil
}

// appendInterval adds an ISO 8601 duration: P1Y2M3DT4H5M6.7S.
func appendInterval(out []byte, v arrow.MonthDayNanoInterval) []byte {
	const month, second = 12, int64(time.Second)
	part := func(n int64, unit byte) {
		if n != 0 {
			out = append(strconv.AppendInt(out, n, 10), unit)
		}
	}
	out = append(out, `"P`...)
	part(int64(v.Months/month), 'Y')
	part(int64(v.Months%month), 'M')
	part(int64(v.Days), 'D')
	switch {
	case v.Nanoseconds != 0:
		out = append(out, 'T')
		part(v.Nanoseconds/int64(time.Hour), 'H')
		part(v.Nanoseconds%int64(time.Hour)/int64(time.Minute), 'M')
		if rest := v.Nanoseconds % int64(time.Minute); rest != 0 {
			if rest < 0 {
				out, rest = append(out, '-'), -rest
			}
			text := fmt.Sprintf("%d.%09d", rest/second, rest%second)
			out = append(append(out, strings.TrimRight(strings.TrimRight(text, "0"), ".")...), 'S')
		}
	case v.Months == 0 && v.Days == 0:
		out = append(out, "T0S"...)
	}
	return append(out, '"')
}

func appendStruct(out []byte, a *array.Struct, i int) ([]byte, error) {
	t, ok := a.DataType().(*arrow.StructType)
	if !ok {
		return out, sqlerr.New(sqlerr.InternalError, "a struct column is a %s", a.DataType())
	}
	out = append(out, '{')
	var err error
	for j, f := range t.Fields() {
		if j > 0 {
			out = append(out, ',')
		}
		out = append(appendString(out, f.Name), ':')
		if out, err = appendValue(out, a.Field(j), i); err != nil {
			return out, err
		}
	}
	return append(out, '}'), nil
}

func appendList(out []byte, a array.ListLike, i int) ([]byte, error) {
	start, end := a.ValueOffsets(i)
	out = append(out, '[')
	var err error
	for j := start; j < end; j++ {
		if j > start {
			out = append(out, ',')
		}
		if out, err = appendValue(out, a.ListValues(), int(j)); err != nil {
			return out, err
		}
	}
	return append(out, ']'), nil
}

// appendString adds a JSON string; most texts need no escape.
func appendString(out []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return append(out, quote(s)...)
		}
	}
	return append(append(append(out, '"'), s...), '"')
}

// quote returns a JSON string with < > & as they are.
func quote(s string) []byte {
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, `\ufffd`...)
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < 0x20 || r == '\u2028' || r == '\u2029':
			e, _ := json.Marshal(string(r)) // a string always marshals
			b = append(b, e[1:len(e)-1]...)
		default:
			b = append(b, s[i:i+size]...)
		}
		i += size
	}
	return append(b, '"')
}
