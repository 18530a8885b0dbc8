package client

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// appendValue adds a plain value to a column: an error when its Go type has no counterpart in the column's, or when it
// does not fit.
func appendValue(b array.Builder, v any) error {
	if v == nil {
		b.AppendNull()
		return nil
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		if v, ok := v.(bool); ok {
			b.Append(v)
			return nil
		}
	case *array.Int8Builder:
		return appendSigned(b.Append, v)
	case *array.Int16Builder:
		return appendSigned(b.Append, v)
	case *array.Int32Builder:
		return appendSigned(b.Append, v)
	case *array.Int64Builder:
		return appendSigned(b.Append, v)
	case *array.Uint8Builder:
		return appendUnsigned(b.Append, v)
	case *array.Uint16Builder:
		return appendUnsigned(b.Append, v)
	case *array.Uint32Builder:
		return appendUnsigned(b.Append, v)
	case *array.Uint64Builder:
		return appendUnsigned(b.Append, v)
	case *array.Float32Builder:
		return appendFloat(func(f float64) { b.Append(float32(f)) }, v)
	case *array.Float64Builder:
		return appendFloat(b.Append, v)
	case *array.Decimal128Builder:
		return appendDecimal(b, v)
	case *array.StringBuilder:
		return appendText(b, v)
	case *array.BinaryBuilder:
		if v, ok := v.([]byte); ok {
			b.Append(v)
			return nil
		}
	case *array.FixedSizeBinaryBuilder:
		return appendFixed(b, v)
	case interface{ StorageBuilder() array.Builder }: // a program may know UUID and JSON as extension types
		return appendValue(b.StorageBuilder(), v)
	default:
		return appendTemporal(b, v)
	}
	return mismatch(b, v)
}

func mismatch(b array.Builder, v any) error {
	return fmt.Errorf("a value of Go type %T is no %s", v, b.Type())
}

var errRange = errors.New("does not fit")

func outside[T any](v any) error {
	var t T
	return fmt.Errorf("%v %w %T", v, errRange, t)
}

func appendSigned[T int8 | int16 | int32 | int64](add func(T), v any) error {
	switch v := v.(type) {
	case int64:
		if int64(T(v)) != v {
			return outside[T](v)
		}
		add(T(v))
	case uint64:
		if T(v) < 0 || uint64(T(v)) != v {
			return outside[T](v)
		}
		add(T(v))
	default:
		var t T
		return fmt.Errorf("a value of Go type %T is no %T", v, t)
	}
	return nil
}

func appendUnsigned[T uint8 | uint16 | uint32 | uint64](add func(T), v any) error {
	switch v := v.(type) {
	case int64:
		if v < 0 || uint64(T(v)) != uint64(v) {
			return outside[T](v)
		}
		add(T(v))
	case uint64:
		if uint64(T(v)) != v {
			return outside[T](v)
		}
		add(T(v))
	default:
		var t T
		return fmt.Errorf("a value of Go type %T is no %T", v, t)
	}
	return nil
}

func appendFloat(add func(float64), v any) error {
	switch v := v.(type) {
	case float64:
		add(v)
	case int64:
		add(float64(v))
	case uint64:
		add(float64(v))
	default:
		return fmt.Errorf("a value of Go type %T is no number", v)
	}
	return nil
}

func appendText(b *array.StringBuilder, v any) error {
	switch v := v.(type) {
	case string:
		b.Append(v)
	case []byte:
		b.Append(string(v))
	case *big.Rat:
		// As many digits as any DECIMAL has; the server rounds to what its type keeps.
		b.Append(v.FloatString(decimalDigitsMax))
	default:
		return mismatch(b, v)
	}
	return nil
}

// decimalDigitsMax is the widest DECIMAL.
const decimalDigitsMax = 38

// appendDecimal rounds half away from zero to the column's scale, as SQL does.
func appendDecimal(b *array.Decimal128Builder, v any) error {
	of, ok := b.Type().(*arrow.Decimal128Type)
	if !ok {
		return mismatch(b, v)
	}
	var exact *big.Rat
	switch v := v.(type) {
	case int64:
		exact = new(big.Rat).SetInt64(v)
	case uint64:
		exact = new(big.Rat).SetUint64(v)
	case *big.Rat:
		exact = v
	case float64:
		if exact = new(big.Rat).SetFloat64(v); exact == nil {
			return fmt.Errorf("%v %w %s", v, errRange, of)
		}
	case string:
		if exact, ok = parseDecimal(v); !ok {
			return fmt.Errorf("%q is no number", v)
		}
	default:
		return mismatch(b, v)
	}
	unscaled, _ := new(big.Int).SetString(strings.Replace(exact.FloatString(int(of.Scale)), ".", "", 1), 10)
	if len(new(big.Int).Abs(unscaled).String()) > int(of.Precision) {
		return fmt.Errorf("%s %w %s", exact.FloatString(int(of.Scale)), errRange, of)
	}
	b.Append(decimal128.FromBigInt(unscaled))
	return nil
}

// decimalTextMax bounds the text of a number.
const decimalTextMax = 100

// parseDecimal reads digits with a point and a sign; no fractions, no exponents, whose cost a short text hides.
func parseDecimal(s string) (*big.Rat, bool) {
	if len(s) > decimalTextMax || strings.Trim(s, "+-.0123456789") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

const uuidBytes = 16

// appendFixed takes the bytes of a UUID, or its text.
func appendFixed(b *array.FixedSizeBinaryBuilder, v any) error {
	of, ok := b.Type().(*arrow.FixedSizeBinaryType)
	if !ok {
		return mismatch(b, v)
	}
	switch v := v.(type) {
	case []byte:
		if len(v) != of.ByteWidth {
			return fmt.Errorf("%d bytes, and %d are wanted", len(v), of.ByteWidth)
		}
		b.Append(v)
		return nil
	case string:
		if raw, ok := parseUUID(v); ok && of.ByteWidth == uuidBytes {
			b.Append(raw)
			return nil
		}
		return fmt.Errorf("%q is no UUID", v)
	default:
		return mismatch(b, v)
	}
}

// appendTemporal takes points in time, and their ISO 8601 texts.
func appendTemporal(b array.Builder, v any) error {
	switch b := b.(type) {
	case *array.Date32Builder:
		if text, ok := v.(string); ok {
			t, err := time.Parse(time.DateOnly, text)
			if err != nil {
				return err
			}
			v = t
		}
		if t, ok := v.(time.Time); ok {
			year, month, day := t.Date()
			b.Append(arrow.Date32(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay))
			return nil
		}
	case *array.TimestampBuilder:
		if t, ok := v.(time.Time); ok {
			return appendTimestamp(b, t)
		}
	case *array.Time32Builder:
		if of, is := b.Type().(*arrow.Time32Type); is {
			return appendTimeOfDay(v, func(d time.Duration) { b.Append(arrow.Time32(d / of.Unit.Multiplier())) })
		}
	case *array.Time64Builder:
		if of, is := b.Type().(*arrow.Time64Type); is {
			return appendTimeOfDay(v, func(d time.Duration) { b.Append(arrow.Time64(d / of.Unit.Multiplier())) })
		}
	}
	return mismatch(b, v)
}

const secondsPerDay = 24 * 60 * 60

func appendTimestamp(b *array.TimestampBuilder, t time.Time) error {
	of, ok := b.Type().(*arrow.TimestampType)
	if !ok {
		return mismatch(b, t)
	}
	value, err := arrow.TimestampFromTime(t, of.Unit)
	if err != nil {
		return fmt.Errorf("%s %w %s", t.Format(time.RFC3339), errRange, of)
	}
	if back := value.ToTime(of.Unit); back.Unix() != t.Unix() {
		return fmt.Errorf("%s %w %s", t.Format(time.RFC3339), errRange, of)
	}
	b.Append(value)
	return nil
}

// appendTimeOfDay takes the time since midnight, its text, or what the clock shows at a point in time.
func appendTimeOfDay(v any, add func(time.Duration)) error {
	if text, ok := v.(string); ok {
		t, err := time.Parse("15:04:05", text)
		if err != nil {
			return err
		}
		v = t
	}
	switch v := v.(type) {
	case time.Duration:
		if v < 0 || v >= secondsPerDay*time.Second {
			return fmt.Errorf("%s %w a day", v, errRange)
		}
		add(v)
	case time.Time:
		midnight := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
		add(time.Date(0, 1, 1, v.Hour(), v.Minute(), v.Second(), v.Nanosecond(), time.UTC).Sub(midnight))
	default:
		return fmt.Errorf("a value of Go type %T is no time of day", v)
	}
	return nil
}
