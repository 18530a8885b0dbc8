package textfile

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/google/uuid"
)

// WriteOptions say how to write.
type WriteOptions struct {
	Format    Format
	Delimiter byte   // of CSV; 0 is a comma
	NoHeader  bool   // of CSV
	Null      string // what stands for NULL in CSV; empty: an empty field
}

// writeBytes is how much is gathered for one write.
const writeBytes = 1 << 16

// Writer writes batches as text. It has one owner.
type Writer struct {
	out     *bufio.Writer
	schema  *arrow.Schema
	options WriteOptions
	special string   // characters for which a field is put in quotes
	keys    [][]byte // of NDJSON, with their colon
	started bool
	line    []byte
}

// NewWriter begins a file.
func NewWriter(out io.Writer, schema *arrow.Schema, o WriteOptions) (*Writer, error) {
	if o.Delimiter == 0 {
		o.Delimiter = ','
	}
	w := &Writer{out: bufio.NewWriterSize(out, writeBytes), schema: schema, options: o}
	w.special = "\"\r\n" + string(rune(o.Delimiter))
	for _, f := range schema.Fields() {
		key, err := json.Marshal(f.Name)
		if err != nil {
			return nil, err
		}
		w.keys = append(w.keys, append(key, ':'))
	}
	return w, nil
}

// Write adds a batch of the schema.
func (w *Writer) Write(b arrow.RecordBatch) error {
	if err := w.header(); err != nil {
		return err
	}
	for row := range int(b.NumRows()) {
		w.line = w.line[:0]
		var err error
		if w.options.Format == NDJSON {
			err = w.addObject(b, row)
		} else {
			w.addRecord(b, row)
		}
		if err != nil {
			return err
		}
		if _, err := w.out.Write(append(w.line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// Close writes what is held; it does not close what it writes to.
func (w *Writer) Close() error {
	if err := w.header(); err != nil {
		return err
	}
	return w.out.Flush()
}

func (w *Writer) header() error {
	if w.started || w.options.Format != CSV || w.options.NoHeader {
		return nil
	}
	w.started = true
	w.line = w.line[:0]
	for i, f := range w.schema.Fields() {
		w.separate(i)
		w.addField(f.Name)
	}
	_, err := w.out.Write(append(w.line, '\n'))
	return err
}

func (w *Writer) separate(i int) {
	if i > 0 {
		w.line = append(w.line, w.options.Delimiter)
	}
}

func (w *Writer) addRecord(b arrow.RecordBatch, row int) {
	for i, c := range b.Columns() {
		w.separate(i)
		if c.IsNull(row) {
			w.line = append(w.line, w.options.Null...)
		} else {
			w.addField(textOf(w.schema.Field(i), c, row))
		}
	}
}

// addField puts a text in quotes where it must: without them what stands for NULL is NULL, and a byte order mark at
// the beginning of a file is no text.
func (w *Writer) addField(s string) {
	if s != "" && s != w.options.Null && !strings.ContainsAny(s, w.special) && !strings.HasPrefix(s, byteOrderMark) {
		w.line = append(w.line, s...)
		return
	}
	w.line = append(append(append(w.line, '"'), strings.ReplaceAll(s, `"`, `""`)...), '"')
}

func (w *Writer) addObject(b arrow.RecordBatch, row int) error {
	w.line = append(w.line, '{')
	for i, c := range b.Columns() {
		if i > 0 {
			w.line = append(w.line, ',')
		}
		w.line = append(w.line, w.keys[i]...)
		value := []byte("null")
		if !c.IsNull(row) {
			var err error
			if value, err = jsonOf(w.schema.Field(i), c, row); err != nil {
				return fmt.Errorf("column %q: %w", w.schema.Field(i).Name, err)
			}
		}
		w.line = append(w.line, value...)
	}
	w.line = append(w.line, '}')
	return nil
}

func jsonOf(f arrow.Field, c arrow.Array, row int) ([]byte, error) {
	s := textOf(f, c, row)
	id := c.DataType().ID()
	switch {
	case extensionOf(f) == jsonExtension:
		return []byte(strings.NewReplacer("\n", " ", "\r", " ").Replace(s)), nil // none stands within a string
	case id == arrow.BOOL, arrow.IsInteger(id), arrow.IsDecimal(id), id == arrow.LIST, id == arrow.STRUCT:
		return []byte(s), nil
	case arrow.IsFloating(id) && !strings.ContainsAny(s, "NI"):
		return []byte(s), nil
	default:
		return json.Marshal(s)
	}
}

// textOf is a value as text, exactly.
func textOf(f arrow.Field, c arrow.Array, row int) string {
	switch a := c.(type) {
	case *array.Float64:
		return strconv.FormatFloat(a.Value(row), 'g', -1, 64)
	case *array.Float32:
		return strconv.FormatFloat(float64(a.Value(row)), 'g', -1, 32)
	case *array.Decimal128:
		return a.Value(row).ToString(a.DataType().(*arrow.Decimal128Type).Scale) //nolint:errcheck // its type
	case *array.Timestamp:
		t := a.DataType().(*arrow.TimestampType) //nolint:errcheck // its type
		s := a.Value(row).ToTime(t.Unit).UTC().Format(dateForm + " 15:04:05.999999999")
		if t.TimeZone != "" {
			s += "Z"
		}
		return s
	case *array.FixedSizeBinary:
		if u, err := uuid.FromBytes(a.Value(row)); err == nil && extensionOf(f) == uuidExtension {
			return u.String()
		}
	}
	return c.ValueStr(row)
}
