package sqllogic

import (
	"encoding/hex"
	"math"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Null is how NULL is written.
const Null = "NULL"

// Rows appends the rows of a batch as texts.
func Rows(rows [][]string, b arrow.RecordBatch) [][]string {
	for i := range int(b.NumRows()) {
		row := make([]string, b.NumCols())
		for j, c := range b.Columns() {
			row[j] = text(c, i)
		}
		rows = append(rows, row)
	}
	return rows
}

// Columns returns the names of a schema.
func Columns(s *arrow.Schema) []string {
	names := make([]string, s.NumFields())
	for i, f := range s.Fields() {
		names[i] = f.Name
	}
	return names
}

// text writes a value as files hold it.
func text(a arrow.Array, row int) string {
	if a.IsNull(row) {
		return Null
	}
	switch a := a.(type) {
	case *array.Decimal128:
		if t, ok := a.DataType().(*arrow.Decimal128Type); ok {
			return a.Value(row).ToString(t.Scale) // ValueStr leaves zeros at the end out
		}
	case *array.Float32:
		return floatText(float64(a.Value(row)), 32)
	case *array.Float64:
		return floatText(a.Value(row), 64)
	case *array.Date32:
		return DateText(int64(a.Value(row)))
	case *array.Timestamp:
		if t, ok := a.DataType().(*arrow.TimestampType); ok {
			return TimestampText(a.Value(row).ToTime(t.Unit))
		}
	case *array.Binary:
		return BytesText(a.Value(row))
	}
	return a.ValueStr(row)
}

func floatText(v float64, bits int) string {
	switch {
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(v, 'g', -1, bits)
}

// DateText writes days since 1970-01-01.
func DateText(days int64) string {
	const secondsPerDay = 86400
	return time.Unix(days*secondsPerDay, 0).UTC().Format(time.DateOnly)
}

// TimestampText writes a timestamp with as many digits of its second as count.
func TimestampText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999999999") }

// BytesText writes a binary value.
func BytesText(b []byte) string { return `x'` + hex.EncodeToString(b) + `'` }
