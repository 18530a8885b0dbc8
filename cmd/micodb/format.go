package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/micodb/micodb/client"
)

// tableRowsMax is how many rows a table on the terminal shows; the other formats show all.
const tableRowsMax = 1000

// nullText stands for NULL in tables; CSV leaves the field empty.
const nullText = "NULL"

// printer writes a result's batches.
type printer interface {
	batch(b arrow.RecordBatch) error
	close() (rows int64, err error)
}

// The output formats.
const (
	formatTable = "table"
	formatCSV   = "csv"
	formatJSON  = "json"
	formatArrow = "arrow"
)

func checkFormat(name string) error {
	switch name {
	case formatTable, formatCSV, formatJSON, formatArrow:
		return nil
	default:
		return usage(fmt.Errorf("--format %s is not one of table, csv, json, arrow", name))
	}
}

func newPrinter(w io.Writer, format string, schema *arrow.Schema) (printer, error) {
	switch format {
	case formatCSV:
		p := &csvPrinter{w: csv.NewWriter(w)}
		return p, p.w.Write(names(schema))
	case formatJSON:
		return &jsonPrinter{w: w}, nil
	case formatArrow:
		return &arrowPrinter{w: ipc.NewWriter(w, ipc.WithSchema(schema))}, nil
	default:
		return newTablePrinter(w, schema), nil
	}
}

// print writes all rows and returns their number.
func printRows(w io.Writer, format string, rows *client.Rows) (int64, error) {
	p, err := newPrinter(w, format, rows.Schema())
	if err != nil {
		return 0, err
	}
	for rows.Next() {
		if err := p.batch(rows.Batch()); err != nil {
			return 0, err
		}
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	return p.close()
}

func names(s *arrow.Schema) []string {
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

type tablePrinter struct {
	t    table.Writer
	w    io.Writer
	rows int64
}

func newTablePrinter(w io.Writer, s *arrow.Schema) *tablePrinter {
	t := table.NewWriter()
	t.SetStyle(table.StyleRounded)
	t.Style().Format.Header = text.FormatDefault
	header := make(table.Row, s.NumFields())
	configs := make([]table.ColumnConfig, s.NumFields())
	for i, f := range s.Fields() {
		header[i] = f.Name
		configs[i] = table.ColumnConfig{Number: i + 1}
		if isNumber(f.Type) {
			configs[i].Align = text.AlignRight
		}
	}
	t.AppendHeader(header)
	t.SetColumnConfigs(configs)
	return &tablePrinter{t: t, w: w}
}

func isNumber(t arrow.DataType) bool {
	return arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) || arrow.IsDecimal(t.ID())
}

func (p *tablePrinter) batch(b arrow.RecordBatch) error {
	for i := range int(b.NumRows()) {
		if p.rows++; p.rows > tableRowsMax {
			continue
		}
		row := make(table.Row, b.NumCols())
		for j, c := range b.Columns() {
			row[j] = valueText(c, i, nullText)
		}
		p.t.AppendRow(row)
	}
	return nil
}

func (p *tablePrinter) close() (int64, error) {
	_, err := fmt.Fprintln(p.w, p.t.Render())
	if err == nil && p.rows > tableRowsMax {
		_, err = fmt.Fprintf(p.w, "the first %d of %d rows; --format csv, json or arrow writes all\n",
			tableRowsMax, p.rows)
	}
	return p.rows, err
}

type csvPrinter struct {
	w    *csv.Writer
	rows int64
}

func (p *csvPrinter) batch(b arrow.RecordBatch) error {
	record := make([]string, b.NumCols())
	for i := range int(b.NumRows()) {
		for j, c := range b.Columns() {
			record[j] = valueText(c, i, "")
		}
		if err := p.w.Write(record); err != nil {
			return err
		}
	}
	p.rows += b.NumRows()
	return nil
}

func (p *csvPrinter) close() (int64, error) {
	p.w.Flush()
	return p.rows, p.w.Error()
}

type jsonPrinter struct {
	w    io.Writer
	rows int64
}

// batch writes one object a line, its keys in the order of the columns.
func (p *jsonPrinter) batch(b arrow.RecordBatch) error {
	for i := range int(b.NumRows()) {
		line := []byte{'{'}
		for j, c := range b.Columns() {
			if j > 0 {
				line = append(line, ',')
			}
			key, err := json.Marshal(b.ColumnName(j))
			if err != nil {
				return err
			}
			value, err := json.Marshal(c.GetOneForMarshal(i))
			if err != nil {
				return err
			}
			line = append(append(append(line, key...), ':'), value...)
		}
		if _, err := p.w.Write(append(line, '}', '\n')); err != nil {
			return err
		}
	}
	p.rows += b.NumRows()
	return nil
}

func (p *jsonPrinter) close() (int64, error) { return p.rows, nil }

type arrowPrinter struct {
	w    *ipc.Writer
	rows int64
}

func (p *arrowPrinter) batch(b arrow.RecordBatch) error {
	p.rows += b.NumRows()
	return p.w.Write(b)
}

func (p *arrowPrinter) close() (int64, error) { return p.rows, p.w.Close() }

// collect copies a small result as texts: the demo's tables.
func collect(rows *client.Rows) (header []string, body [][]string, err error) {
	header = names(rows.Schema())
	for rows.Next() {
		b := rows.Batch()
		for i := range int(b.NumRows()) {
			line := make([]string, b.NumCols())
			for j, c := range b.Columns() {
				line[j] = valueText(c, i, nullText)
			}
			body = append(body, line)
		}
	}
	return header, body, errors.Join(rows.Err(), rows.Close())
}
