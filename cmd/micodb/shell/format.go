package shell

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/client"
)

// The output formats.
const (
	Table    = "table"
	CSV      = "csv"
	JSON     = "json"
	NDJSON   = "ndjson"
	Markdown = "markdown"
	Arrow    = "arrow"
)

// FormatNames lists the formats as a sentence does.
const FormatNames = Table + ", " + CSV + ", " + JSON + " (an array), " + NDJSON + " (an object a line), " + Markdown +
	" or " + Arrow + " (an IPC stream)"

// RowsMax is how many rows a table shows unless it is told otherwise; the other formats show all.
const RowsMax = 1000

// ErrFormat is what CheckFormat returns.
var ErrFormat = errors.New("there is no such format")

// CheckFormat refuses what is no format's name.
func CheckFormat(name string) error {
	if slices.Contains([]string{Table, CSV, JSON, NDJSON, Markdown, Arrow}, name) {
		return nil
	}
	return fmt.Errorf("%w: %q is not one of %s", ErrFormat, name, FormatNames)
}

// Layout says how rows are written.
type Layout struct {
	Format   string
	Expanded bool   // tables: a line for each column in place of a line for each row
	Null     string // stands for NULL in tables; CSV leaves the field empty
	RowsMax  int    // tables: show so many rows; 0 is all
}

// DefaultLayout is a layout of a format with nothing else set.
func DefaultLayout(format string) Layout {
	return Layout{Format: format, Null: "NULL", RowsMax: RowsMax}
}

// printer writes a result's batches.
type printer interface {
	batch(b arrow.RecordBatch) error
	close() (rows int64, err error)
}

func (l Layout) printer(w io.Writer, schema *arrow.Schema) (printer, error) {
	switch l.Format {
	case CSV:
		return newCSVPrinter(w, schema)
	case JSON:
		return &jsonPrinter{w: w, array: true}, nil
	case NDJSON:
		return &jsonPrinter{w: w}, nil
	case Arrow:
		return newArrowPrinter(w, schema), nil
	case Markdown:
		return newMarkdownPrinter(w, schema)
	}
	switch {
	case isPlan(schema):
		return &planPrinter{w: w}, nil
	case l.Expanded:
		return &expandedPrinter{w: w, layout: l}, nil
	default:
		return newTablePrinter(w, l, schema), nil
	}
}

// Rows are what a statement gives, as *client.Rows are.
type Rows interface {
	Schema() *arrow.Schema
	Next() bool
	Batch() arrow.RecordBatch
	Err() error
}

// WriteRows writes all rows and returns their number.
func WriteRows(w io.Writer, l Layout, rows Rows) (int64, error) {
	return l.write(w, rows, func(int64) {})
}

func (l Layout) write(w io.Writer, rows Rows, seen func(rows int64)) (int64, error) {
	p, err := l.printer(w, rows.Schema())
	if err != nil {
		return 0, err
	}
	for rows.Next() {
		seen(rows.Batch().NumRows())
		if err := p.batch(rows.Batch()); err != nil {
			return 0, err
		}
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	return p.close()
}

func columnNames(s *arrow.Schema) []string {
	out := make([]string, s.NumFields())
	for i, f := range s.Fields() {
		out[i] = f.Name
	}
	return out
}

func valueText(a arrow.Array, i int, null string) string {
	if a.IsNull(i) {
		return null
	}
	if d, ok := a.(*array.Decimal128); ok {
		if t, ok := d.DataType().(*arrow.Decimal128Type); ok {
			return d.Value(i).ToString(t.Scale) // ValueStr leaves zeros at the end out
		}
	}
	return a.ValueStr(i)
}

// shown is a text without what would steer a terminal: control characters are written as Go writes them, but for the
// line breaks and tabs of texts with several lines.
func shown(text string) string {
	harmless := func(r rune) bool { return r >= ' ' && r != 0x7f && (r < 0x80 || r > 0x9f) || r == '\n' || r == '\t' }
	if !strings.ContainsFunc(text, func(r rune) bool { return !harmless(r) }) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if harmless(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\x%02x`, r)
		}
	}
	return b.String()
}

// Collect copies a small result as texts.
func Collect(rows *client.Rows) (header []string, body [][]string, err error) {
	if rows.Schema() == nil {
		return nil, nil, rows.Close()
	}
	header = columnNames(rows.Schema())
	for rows.Next() {
		b := rows.Batch()
		for i := range int(b.NumRows()) {
			line := make([]string, b.NumCols())
			for j, c := range b.Columns() {
				line[j] = valueText(c, i, "NULL")
			}
			body = append(body, line)
		}
	}
	return header, body, errors.Join(rows.Err(), rows.Close())
}
