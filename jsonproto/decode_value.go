package jsonproto

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// columnDecoder appends JSON values to an Arrow builder of a column's type. A value that does not fit is an
// error, never NULL and never wrapped.
type columnDecoder struct {
	column  catalog.Column
	builder array.Builder
	put     func(value json.RawMessage) error // not null
}

func (c *columnDecoder) append(value json.RawMessage) error {
	if string(value) == null {
		if c.column.NotNull {
			return sqlerr.New(sqlerr.NotNullViolation, "column %q is NOT NULL and got no value", c.column.Name)
		}
		c.builder.AppendNull()
		return nil
	}
	return c.put(value)
}

func (c *columnDecoder) mismatch(value json.RawMessage, want string) error {
	shown := string(value)
	if len(shown) > 40 {
		shown = shown[:40] + "…"
	}
	return sqlerr.New(sqlerr.DatatypeMismatch, "column %q is %s and got %s", c.column.Name, c.column.Type, shown).
		WithHint("give %s", want)
}

func (c *columnDecoder) outOfRange(value json.RawMessage) error {
	return sqlerr.New(sqlerr.NumericOutOfRange, "column %q is %s, and %s does not fit", c.column.Name, c.column.Type,
		string(value))
}

// newColumnDecoder chooses the builder of a column.
func newColumnDecoder(column catalog.Column) (*columnDecoder, error) {
	c, mem := &columnDecoder{column: column}, memory.DefaultAllocator
	switch column.Type.Kind {
	case vector.Boolean:
		b := array.NewBooleanBuilder(mem)
		c.builder, c.put = b, func(v json.RawMessage) error {
			if s := string(v); s != "true" && s != "false" {
				return c.mismatch(v, "true or false")
			}
			b.Append(v[0] == 't')
			return nil
		}
	case vector.Int8:
		integers(c, array.NewInt8Builder(mem))
	case vector.Int16:
		integers(c, array.NewInt16Builder(mem))
	case vector.Int32:
		integers(c, array.NewInt32Builder(mem))
	case vector.Int64:
		integers(c, array.NewInt64Builder(mem))
	case vector.UInt8:
		integers(c, array.NewUint8Builder(mem))
	case vector.UInt16:
		integers(c, array.NewUint16Builder(mem))
	case vector.UInt32:
		integers(c, array.NewUint32Builder(mem))
	case vector.UInt64:
		b := array.NewUint64Builder(mem)
		c.builder, c.put = b, func(v json.RawMessage) error { return c.unsigned(b, v) }
	case vector.Float32:
		floats(c, array.NewFloat32Builder(mem), 32)
	case vector.Float64:
		floats(c, array.NewFloat64Builder(mem), 64)
	case vector.Decimal:
		b := array.NewDecimal128Builder(mem, &arrow.Decimal128Type{
			Precision: int32(column.Type.Precision), Scale: int32(column.Type.Scale),
		})
		c.builder, c.put = b, func(v json.RawMessage) error { return c.decimal(b, v) }
	case vector.Text, vector.JSON:
		b := array.NewStringBuilder(mem)
		c.builder, c.put = b, func(v json.RawMessage) error {
			s, err := c.text(v, "a string")
			if err == nil {
				b.Append(s)
			}
			return err
		}
	case vector.Binary:
		b := array.NewBinaryBuilder(mem, arrow.BinaryTypes.Binary)
		c.builder, c.put = b, func(v json.RawMessage) error { return c.binary(b, v) }
	case vector.Date:
		b := array.NewDate32Builder(mem)
		c.builder, c.put = b, func(v json.RawMessage) error { return c.date(b, v) }
	case vector.Timestamp:
		b := array.NewTimestampBuilder(mem, timestampType(column.Type))
		c.builder, c.put = b, func(v json.RawMessage) error { return c.timestamp(b, v) }
	default:
		return nil, sqlerr.NotSupported("appending JSON to a column of type " + column.Type.String())
	}
	return c, nil
}

func timestampType(t vector.Type) *arrow.TimestampType {
	out := &arrow.TimestampType{Unit: arrow.Nanosecond}
	switch {
	case t.Precision == 0:
		out.Unit = arrow.Second
	case t.Precision <= 3:
		out.Unit = arrow.Millisecond
	case t.Precision <= 6:
		out.Unit = arrow.Microsecond
	}
	if t.Zone {
		out.TimeZone = "UTC"
	}
	return out
}

// numberBuilder is an Arrow builder of a number type.
type numberBuilder[T any] interface {
	array.Builder
	Append(T)
}

// integers makes c a decoder of whole numbers within its type's limits.
func integers[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32, B numberBuilder[T]](c *columnDecoder, b B) {
	lo, hi := c.column.Type.Limits()
	c.builder = b
	c.put = func(raw json.RawMessage) error {
		v, err := c.integer(raw, "a whole number")
		if err != nil {
			return err
		}
		if v < lo || v > hi {
			return c.outOfRange(raw)
		}
		b.Append(T(v))
		return nil
	}
}

// floats makes c a decoder of floating-point numbers of a width in bits.
func floats[T float32 | float64, B numberBuilder[T]](c *columnDecoder, b B, bits int) {
	c.builder = b
	c.put = func(raw json.RawMessage) error {
		f, err := c.float(raw, bits)
		if err == nil {
			b.Append(T(f))
		}
		return err
	}
}

// integer reads a whole number; 1.0 and 1e3 are whole, 1.5 is not.
func (c *columnDecoder) integer(raw json.RawMessage, want string) (int64, error) {
	if v, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return v, nil
	}
	n, err := c.exact(raw, want)
	if err != nil {
		return 0, err
	}
	if n.scale > 0 {
		return 0, c.mismatch(raw, want)
	}
	whole := n.rescaled(0)
	if !whole.IsInt64() {
		return 0, c.outOfRange(raw)
	}
	return whole.Int64(), nil
}

func (c *columnDecoder) unsigned(b *array.Uint64Builder, raw json.RawMessage) error {
	n, err := c.exact(raw, "a whole number")
	if err != nil {
		return err
	}
	if n.scale > 0 {
		return c.mismatch(raw, "a whole number")
	}
	whole := n.rescaled(0)
	if !whole.IsUint64() {
		return c.outOfRange(raw)
	}
	b.Append(whole.Uint64())
	return nil
}

func (c *columnDecoder) float(raw json.RawMessage, bits int) (float64, error) {
	switch string(raw) {
	case `"NaN"`:
		return math.NaN(), nil
	case `"Infinity"`:
		return math.Inf(1), nil
	case `"-Infinity"`:
		return math.Inf(-1), nil
	}
	if !isNumber(raw) {
		return 0, c.mismatch(raw, `a number, "NaN", "Infinity" or "-Infinity"`)
	}
	f, err := strconv.ParseFloat(string(raw), bits)
	if err != nil {
		return 0, c.outOfRange(raw)
	}
	return f, nil
}

// decimal takes a number with at most the column's digits after the point.
func (c *columnDecoder) decimal(b *array.Decimal128Builder, raw json.RawMessage) error {
	n, err := c.exact(raw, "a number")
	if err != nil {
		return err
	}
	scale, precision := int(c.column.Type.Scale), int32(c.column.Type.Precision)
	if n.scale > scale {
		return c.outOfRange(raw)
	}
	unscaled := n.rescaled(scale)
	if unscaled.BitLen() > 127 {
		return c.outOfRange(raw)
	}
	d := decimal128.FromBigInt(unscaled)
	if !d.FitsInPrecision(precision) {
		return c.outOfRange(raw)
	}
	b.Append(d)
	return nil
}

func (c *columnDecoder) text(raw json.RawMessage, want string) (string, error) {
	if raw[0] != '"' {
		return "", c.mismatch(raw, want)
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", c.mismatch(raw, want)
	}
	return s, nil
}

func (c *columnDecoder) binary(b *array.BinaryBuilder, raw json.RawMessage) error {
	const want = "a string in base64"
	s, err := c.text(raw, want)
	if err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return c.mismatch(raw, want)
	}
	b.Append(data)
	return nil
}

const secondsPerDay = 24 * 60 * 60

func (c *columnDecoder) date(b *array.Date32Builder, raw json.RawMessage) error {
	const want = `days since 1970-01-01 as a number, or "YYYY-MM-DD"`
	if raw[0] != '"' {
		days, err := c.integer(raw, want)
		if err != nil {
			return err
		}
		if days < math.MinInt32 || days > math.MaxInt32 {
			return c.outOfRange(raw)
		}
		b.Append(arrow.Date32(days))
		return nil
	}
	s, err := c.text(raw, want)
	if err != nil {
		return err
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return sqlerr.New(sqlerr.InvalidDatetime, "column %q is DATE, and %q is no date", c.column.Name, s).
			WithHint("give %s", want)
	}
	b.Append(arrow.Date32(t.Unix() / secondsPerDay))
	return nil
}

// timestamp takes nanoseconds as a number, or ISO 8601. A column of a coarser unit takes only what it holds exactly.
func (c *columnDecoder) timestamp(b *array.TimestampBuilder, raw json.RawMessage) error {
	const want = `nanoseconds since 1970-01-01 as a number, or ISO 8601 as in "2026-01-31T12:00:00.5Z"`
	unit := int64(1)
	for range 9 - c.column.Type.Precision {
		unit *= 10
	}
	if raw[0] != '"' {
		n, err := c.exact(raw, want)
		if err != nil {
			return err
		}
		if n.scale > 0 {
			return c.mismatch(raw, want)
		}
		units, rest := new(big.Int).QuoRem(n.rescaled(0), big.NewInt(unit), new(big.Int))
		if rest.Sign() != 0 || !units.IsInt64() {
			return c.outOfRange(raw)
		}
		b.Append(arrow.Timestamp(units.Int64()))
		return nil
	}
	s, err := c.text(raw, want)
	if err != nil {
		return err
	}
	t, ok := parseTimestamp(s)
	if !ok {
		return sqlerr.New(sqlerr.InvalidDatetime, "column %q is %s, and %q is no timestamp", c.column.Name,
			c.column.Type, s).WithHint("give %s", want)
	}
	perSecond := int64(time.Second) / unit
	seconds, part := t.Unix(), int64(t.Nanosecond())
	value := seconds*perSecond + part/unit
	if part%unit != 0 || seconds > math.MaxInt64/perSecond-1 || seconds < math.MinInt64/perSecond+1 {
		return c.outOfRange(raw)
	}
	b.Append(arrow.Timestamp(value))
	return nil
}

// parseTimestamp reads ISO 8601 with T or a space, with or without a zone; without one it is UTC.
func parseTimestamp(s string) (time.Time, bool) {
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999",
		"2006-01-02 15:04:05.999999999", time.DateOnly,
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
