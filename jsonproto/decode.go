package jsonproto

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
)

// decodeBatchRows is how many rows of an append become one batch.
const decodeBatchRows = 4096

// rowStream turns the rows of an append into batches of a table's columns. It is a batch.Stream.
type rowStream struct {
	schema  *arrow.Schema
	columns []*columnDecoder
	byName  map[string]int
	rows    []json.RawMessage
	next    int
	err     error
}

// newRowStream reads rows, which are JSON objects, as rows of a table. A missing key is NULL, an unknown one an
// error: nothing that a client sends is dropped.
func newRowStream(t *catalog.Table, rows []json.RawMessage) (*rowStream, error) {
	s := &rowStream{rows: rows, byName: map[string]int{}}
	fields := make([]arrow.Field, len(t.Columns))
	for i, c := range t.Columns {
		d, err := newColumnDecoder(c)
		if err != nil {
			return nil, err
		}
		s.columns = append(s.columns, d)
		s.byName[catalog.FoldName(c.Name)] = i
		fields[i] = arrow.Field{Name: c.Name, Type: d.builder.Type(), Nullable: !c.NotNull}
	}
	s.schema = arrow.NewSchema(fields, nil)
	return s, nil
}

// Schema returns the table's columns.
func (s *rowStream) Schema() *arrow.Schema { return s.schema }

// Next decodes the next rows.
func (s *rowStream) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if s.err == nil {
		s.err = ctx.Err()
	}
	if s.err == nil && s.next == len(s.rows) {
		s.err = io.EOF
	}
	if s.err != nil {
		return nil, s.err
	}
	end := min(s.next+decodeBatchRows, len(s.rows))
	n := end - s.next
	for ; s.next < end; s.next++ {
		if err := s.row(s.rows[s.next]); err != nil {
			s.err = inRow(err, s.next)
			return nil, s.err
		}
	}
	arrays := make([]arrow.Array, len(s.columns))
	for i, c := range s.columns {
		arrays[i] = c.builder.NewArray()
		defer arrays[i].Release()
	}
	return array.NewRecordBatch(s.schema, arrays, int64(n)), nil
}

// Close drops what was decoded.
func (s *rowStream) Close() error {
	for _, c := range s.columns {
		c.builder.Release()
	}
	s.columns = nil
	if s.err == nil {
		s.err = io.EOF
	}
	return nil
}

// inRow adds the number of the row, from 1, to an error.
func inRow(err error, row int) error {
	var e *sqlerr.Error
	if !errors.As(err, &e) {
		return err
	}
	c := *e
	c.Message = "row " + strconv.Itoa(row+1) + ": " + c.Message
	return &c
}

// row appends one object's values to the builders.
func (s *rowStream) row(raw json.RawMessage) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return sqlerr.New(sqlerr.InvalidText, "a row must be a JSON object")
	}
	have := s.columns[0].builder.Len()
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return sqlerr.Wrap(err, sqlerr.InvalidText, "a row is not JSON: %v", err)
		}
		name, _ := key.(string) // the key of an object always is one
		i, known := s.byName[catalog.FoldName(name)]
		if !known {
			return sqlerr.New(sqlerr.UndefinedColumn, "the table has no column %q", name).
				WithHint("its columns are %s", strings.Join(s.names(), ", "))
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return sqlerr.Wrap(err, sqlerr.InvalidText, "column %q: %v", name, err)
		}
		c := s.columns[i]
		if c.builder.Len() > have {
			return sqlerr.New(sqlerr.DuplicateColumn, "column %q is given twice", name)
		}
		if err := c.append(value); err != nil {
			return err
		}
	}
	for i := range s.columns {
		if c := s.columns[i]; c.builder.Len() == have {
			if err := c.append(json.RawMessage(null)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *rowStream) names() []string {
	out := make([]string, 0, s.schema.NumFields())
	for _, f := range s.schema.Fields() {
		out = append(out, f.Name)
	}
	return out
}
