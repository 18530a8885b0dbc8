package client

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Table names where rows go: a table, its database ("" is the session's own), and the columns that are given; the
// others are NULL.
type Table struct {
	Database string
	Name     string
	Columns  []string // nil: all
}

// query reads the columns, to know their types.
func (t Table) query() string {
	columns := "*"
	if t.Columns != nil {
		quoted := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			quoted[i] = Quote(c)
		}
		columns = strings.Join(quoted, ", ")
	}
	name := Quote(t.Name)
	if t.Database != "" {
		name = Quote(t.Database) + "." + name
	}
	return "SELECT " + columns + " FROM " + name
}

// AppendRows adds rows of values, in the order of the columns, all or none, and returns their number. A value that does
// not fit its column is an error before anything is sent of its batch, and nothing is added.
func (s scope) AppendRows(ctx context.Context, into Table, rows [][]any) (int64, error) {
	schema, err := s.schemaOf(ctx, into.query())
	if err != nil {
		return 0, err
	}
	reader := &rowReader{schema: schema, rows: rows}
	defer reader.Release()
	n, err := s.appendByName(ctx, into.Database, into.Name, reader)
	if reader.err != nil {
		return 0, reader.err
	}
	return n, err
}

// rowReader makes batches of rows of Go values.
type rowReader struct {
	schema *arrow.Schema
	rows   [][]any
	done   int // rows that were handed out
	batch  arrow.RecordBatch
	err    error
}

// Retain does nothing: the reader belongs to one call.
func (*rowReader) Retain() {}

// Release gives up the current batch.
func (r *rowReader) Release() {
	if r.batch != nil {
		r.batch.Release()
		r.batch = nil
	}
}

// Schema returns the columns.
func (r *rowReader) Schema() *arrow.Schema { return r.schema }

// Next makes the next batch.
func (r *rowReader) Next() bool {
	r.Release()
	if r.err != nil || r.done == len(r.rows) {
		return false
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, r.schema)
	defer b.Release()
	for range min(appendedRowsBatch, len(r.rows)-r.done) {
		if r.err = r.add(b, r.rows[r.done]); r.err != nil {
			return false
		}
		r.done++
	}
	r.batch = b.NewRecordBatch()
	return true
}

func (r *rowReader) add(b *array.RecordBuilder, row []any) error {
	if len(row) != r.schema.NumFields() {
		return fmt.Errorf("row %d has %d values for %d columns", r.done, len(row), r.schema.NumFields())
	}
	for i, value := range row {
		v, err := plain(value)
		if err == nil {
			err = appendValue(b.Field(i), v)
		}
		if err != nil {
			return fmt.Errorf("row %d, column %q: %w", r.done, r.schema.Field(i).Name, err)
		}
	}
	return nil
}

// RecordBatch returns the batch that Next made.
func (r *rowReader) RecordBatch() arrow.RecordBatch { return r.batch }

// Record is RecordBatch under its older name.
func (r *rowReader) Record() arrow.RecordBatch { return r.batch }

// Err returns what ended the batches early.
func (r *rowReader) Err() error { return r.err }

// RowAppender is a Client, a Conn or a Tx.
type RowAppender interface {
	AppendRows(ctx context.Context, into Table, rows [][]any) (int64, error)
}

// AppendStructs adds structs to a table, all or none, and returns their number. Each exported field is a column: of
// the name in its tag `micodb:"name"`, else of its own in lower case; `micodb:"-"` leaves it out. The columns that
// into names are not looked at.
func AppendStructs[T any](ctx context.Context, to RowAppender, into Table, structs []T) (int64, error) {
	of := reflect.TypeFor[T]()
	if of.Kind() != reflect.Struct {
		return 0, fmt.Errorf("%s is no struct", of)
	}
	var fields [][]int
	into.Columns = nil
	for _, f := range reflect.VisibleFields(of) {
		name := f.Tag.Get("micodb")
		if !f.IsExported() || f.Anonymous || name == "-" {
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		fields, into.Columns = append(fields, f.Index), append(into.Columns, name)
	}
	if len(fields) == 0 {
		return 0, fmt.Errorf("%s has no field to send", of)
	}
	rows := make([][]any, len(structs))
	for i, s := range structs {
		row := make([]any, len(fields))
		for j, index := range fields {
			f, err := reflect.ValueOf(s).FieldByIndexErr(index)
			if err != nil {
				continue // it is in an embedded pointer that is nil: NULL
			}
			row[j] = f.Interface()
		}
		rows[i] = row
	}
	return to.AppendRows(ctx, into, rows)
}
