package shell

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

type csvPrinter struct {
	w    *csv.Writer
	rows int64
}

func newCSVPrinter(w io.Writer, s *arrow.Schema) (*csvPrinter, error) {
	p := &csvPrinter{w: csv.NewWriter(w)}
	return p, p.w.Write(columnNames(s))
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
	p.w.Flush()
	return p.w.Error()
}

func (p *csvPrinter) close() (int64, error) {
	p.w.Flush()
	return p.rows, p.w.Error()
}

// jsonPrinter writes one object a line, its keys in the order of the columns; in an array, or one after the other.
type jsonPrinter struct {
	w     io.Writer
	array bool
	rows  int64
}

func (p *jsonPrinter) batch(b arrow.RecordBatch) error {
	keys := make([][]byte, b.NumCols())
	for j := range keys {
		var err error
		if keys[j], err = json.Marshal(b.ColumnName(j)); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	for i := range int(b.NumRows()) {
		switch {
		case p.array && p.rows == 0:
			out.WriteString("[\n")
		case p.array:
			out.WriteString(",\n")
		}
		p.rows++
		for j, c := range b.Columns() {
			value, err := json.Marshal(c.GetOneForMarshal(i))
			if err != nil {
				return err
			}
			out.WriteByte("{,"[min(j, 1)])
			out.Write(keys[j])
			out.WriteByte(':')
			out.Write(value)
		}
		out.WriteByte('}')
		if !p.array {
			out.WriteByte('\n')
		}
	}
	_, err := p.w.Write(out.Bytes())
	return err
}

func (p *jsonPrinter) close() (int64, error) {
	var err error
	switch {
	case p.array && p.rows == 0:
		_, err = io.WriteString(p.w, "[]\n")
	case p.array:
		_, err = io.WriteString(p.w, "\n]\n")
	}
	return p.rows, err
}

type arrowPrinter struct {
	w    *ipc.Writer
	rows int64
}

func newArrowPrinter(w io.Writer, s *arrow.Schema) *arrowPrinter {
	return &arrowPrinter{w: ipc.NewWriter(w, ipc.WithSchema(s))}
}

func (p *arrowPrinter) batch(b arrow.RecordBatch) error {
	p.rows += b.NumRows()
	return p.w.Write(b)
}

func (p *arrowPrinter) close() (int64, error) { return p.rows, p.w.Close() }
