package textfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/google/uuid"

	"github.com/micodb/micodb/internal/sqlerr"
)

// The extension types that a field's metadata names.
const (
	extensionKey  = "ARROW:extension:name"
	uuidExtension = "arrow.uuid"
	jsonExtension = "arrow.json"
)

func extensionOf(f arrow.Field) string {
	name, _ := f.Metadata.GetValue(extensionKey)
	return name
}

// decoder adds a value that is not NULL to its builder, or leaves the builder as it was and says why not.
type decoder func(c cell) error

func decoderOf(f arrow.Field, to array.Builder) (decoder, error) {
	if d := numberDecoder(to); d != nil {
		return d, nil
	}
	switch b := to.(type) {
	case *array.BooleanBuilder:
		return decode(b.Append, parseBoolean), nil
	case *array.StringBuilder:
		if extensionOf(f) == jsonExtension {
			return jsonDecoder(b), nil
		}
		return func(c cell) error { b.BinaryBuilder.Append(c.text); return nil }, nil
	case *array.Date32Builder:
		return decode(b.Append, parseDate), nil
	case *array.TimestampBuilder:
		unit := b.Type().(*arrow.TimestampType).Unit //nolint:errcheck // what a TimestampBuilder builds
		return decode(b.Append, func(s string) (arrow.Timestamp, error) {
			t, err := parseTimestamp(s)
			if err != nil {
				return 0, err
			}
			return instant(t, unit)
		}), nil
	case *array.Decimal128Builder:
		t := b.Type().(*arrow.Decimal128Type) //nolint:errcheck // what a Decimal128Builder builds
		return decode(b.Append, func(s string) (decimal128.Num, error) { return parseDecimal(s, t) }), nil
	case *array.FixedSizeBinaryBuilder:
		if extensionOf(f) == uuidExtension {
			return decode(func(u uuid.UUID) { b.Append(u[:]) }, parseUUID), nil
		}
	case *array.BinaryBuilder, *array.Time32Builder, *array.Time64Builder, *array.MonthDayNanoIntervalBuilder:
		return func(c cell) error {
			if s := string(c.text); s == array.NullValueStr || to.AppendValueFromString(s) != nil {
				return fmt.Errorf("%q is no %s", shorten(s), f.Type)
			}
			return nil
		}, nil
	}
	return nil, sqlerr.NotSupported(fmt.Sprintf("a text file with the type %s of column %q", f.Type, f.Name))
}

func numberDecoder(to array.Builder) decoder {
	switch b := to.(type) {
	case *array.Int8Builder:
		return decode(func(v int64) { b.Append(int8(v)) }, integer(8))
	case *array.Int16Builder:
		return decode(func(v int64) { b.Append(int16(v)) }, integer(16))
	case *array.Int32Builder:
		return decode(func(v int64) { b.Append(int32(v)) }, integer(32))
	case *array.Int64Builder:
		return decode(b.Append, integer(64))
	case *array.Uint8Builder:
		return decode(func(v uint64) { b.Append(uint8(v)) }, unsigned(8))
	case *array.Uint16Builder:
		return decode(func(v uint64) { b.Append(uint16(v)) }, unsigned(16))
	case *array.Uint32Builder:
		return decode(func(v uint64) { b.Append(uint32(v)) }, unsigned(32))
	case *array.Uint64Builder:
		return decode(b.Append, unsigned(64))
	case *array.Float32Builder:
		return decode(func(v float64) { b.Append(float32(v)) }, float(32))
	case *array.Float64Builder:
		return decode(b.Append, float(64))
	default:
		return nil
	}
}

func integer(bits int) func(string) (int64, error) {
	return func(s string) (int64, error) { return parseInteger(s, bits) }
}

func unsigned(bits int) func(string) (uint64, error) {
	return func(s string) (uint64, error) { return parseUnsigned(s, bits) }
}

func float(bits int) func(string) (float64, error) {
	return func(s string) (float64, error) { return parseFloat(s, bits) }
}

func decode[T any](add func(T), parse func(string) (T, error)) decoder {
	return func(c cell) error {
		v, err := parse(strings.TrimSpace(string(c.text)))
		if err == nil {
			add(v)
		}
		return err
	}
}

// jsonDecoder keeps a JSON value as it is written; of a CSV field the text is the value.
func jsonDecoder(b *array.StringBuilder) decoder {
	return func(c cell) error {
		if !json.Valid(c.text) {
			return fmt.Errorf("%q is no JSON", shorten(string(c.text)))
		}
		b.BinaryBuilder.Append(c.text)
		return nil
	}
}

func parseUUID(s string) (uuid.UUID, error) {
	u, err := uuid.Parse(s)
	if err != nil {
		return u, fmt.Errorf("%q is no UUID", shorten(s))
	}
	return u, nil
}

// decimalDigits takes a number without an exponent apart.
func decimalDigits(s string) (whole, fraction string, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole, fraction, _ = strings.Cut(s, ".")
	digits := whole + fraction
	return whole, fraction, digits != "" && strings.Trim(digits, "0123456789") == ""
}

// parseDecimal reads a decimal exactly: digits that the scale does not keep are an error unless they are zeros.
func parseDecimal(s string, t *arrow.Decimal128Type) (decimal128.Num, error) {
	whole, fraction, ok := decimalDigits(s)
	if !ok {
		return decimal128.Num{}, fmt.Errorf("%q is no decimal number", shorten(s))
	}
	whole = strings.TrimLeft(whole, "0")
	kept := strings.TrimRight(fraction, "0")
	if len(whole) > int(t.Precision-t.Scale) || len(kept) > int(t.Scale) {
		return decimal128.Num{}, fmt.Errorf("%q does not fit DECIMAL(%d,%d)", shorten(s), t.Precision, t.Scale)
	}
	n := decimal128.Num{}
	ten := decimal128.FromI64(10)
	for _, digit := range whole + kept + strings.Repeat("0", int(t.Scale)-len(kept)) {
		n = n.Mul(ten).Add(decimal128.FromI64(int64(digit - '0')))
	}
	if s[0] == '-' {
		n = n.Negate()
	}
	return n, nil
}

// errNull is what a NULL in a NOT NULL column gets.
var errNull = errors.New("the value is missing and the column is NOT NULL")
