package client

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// ValueOf returns a value of a column of a batch: nil for NULL, else of the Go type that the package comment tells.
func ValueOf(column arrow.Array, row int) any {
	if column.IsNull(row) {
		return nil
	}
	switch c := column.(type) {
	case *array.Boolean:
		return c.Value(row)
	case *array.Int8:
		return int64(c.Value(row))
	case *array.Int16:
		return int64(c.Value(row))
	case *array.Int32:
		return int64(c.Value(row))
	case *array.Int64:
		return c.Value(row)
	case *array.Uint8:
		return uint64(c.Value(row))
	case *array.Uint16:
		return uint64(c.Value(row))
	case *array.Uint32:
		return uint64(c.Value(row))
	case *array.Uint64:
		return c.Value(row)
	case *array.Float32:
		return float64(c.Value(row))
	case *array.Float64:
		return c.Value(row)
	case *array.String:
		return strings.Clone(c.Value(row))
	case *array.Binary:
		return append([]byte{}, c.Value(row)...)
	case *array.FixedSizeBinary:
		return fixedOf(c.Value(row))
	default:
		return temporalOf(column, row)
	}
}

func temporalOf(column arrow.Array, row int) any {
	switch c := column.(type) {
	case *array.Date32:
		return c.Value(row).ToTime()
	case *array.Timestamp:
		if of, ok := c.DataType().(*arrow.TimestampType); ok {
			return c.Value(row).ToTime(of.Unit)
		}
	case *array.Time32:
		if of, ok := c.DataType().(*arrow.Time32Type); ok {
			return timeText(c.Value(row).ToTime(of.Unit))
		}
	case *array.Time64:
		if of, ok := c.DataType().(*arrow.Time64Type); ok {
			return timeText(c.Value(row).ToTime(of.Unit))
		}
	case *array.Decimal128:
		if of, ok := c.DataType().(*arrow.Decimal128Type); ok {
			return c.Value(row).ToString(of.Scale)
		}
	case array.ExtensionArray: // a program may know UUID and JSON as extension types
		return ValueOf(c.Storage(), row)
	case *array.MonthDayNanoInterval:
		return intervalText(c.Value(row))
	}
	return nestedText(column, row)
}

func timeText(t time.Time) string { return t.Format("15:04:05.999999999") }

// intervalText writes months, days and nanoseconds as ISO 8601 does.
func intervalText(v arrow.MonthDayNanoInterval) string {
	var b strings.Builder
	b.WriteByte('P')
	for _, part := range []struct {
		n    int32
		unit byte
	}{{v.Months / 12, 'Y'}, {v.Months % 12, 'M'}, {v.Days, 'D'}} {
		if part.n != 0 {
			fmt.Fprintf(&b, "%d%c", part.n, part.unit)
		}
	}
	if v.Nanoseconds != 0 || b.Len() == 1 {
		whole, rest := v.Nanoseconds/int64(time.Second), v.Nanoseconds%int64(time.Second)
		sign := ""
		if v.Nanoseconds < 0 {
			sign, whole, rest = "-", -whole, -rest
		}
		fraction := strings.TrimRight(fmt.Sprintf(".%09d", rest), ".0")
		fmt.Fprintf(&b, "T%s%d%sS", sign, whole, fraction)
	}
	return b.String()
}

// nestedText writes lists and structs as JSON.
func nestedText(column arrow.Array, row int) any {
	text, err := json.Marshal(column.GetOneForMarshal(row))
	if err != nil {
		return column.ValueStr(row)
	}
	return string(text)
}

// fixedOf returns the text of a UUID; other widths stay bytes.
func fixedOf(b []byte) any {
	if len(b) != uuidBytes {
		return append([]byte{}, b...)
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func parseUUID(s string) ([]byte, bool) {
	raw, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	return raw, err == nil && len(raw) == uuidBytes
}
