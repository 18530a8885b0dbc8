package shell

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// tablePrinter writes rows in a box when it has seen them all.
type tablePrinter struct {
	t      table.Writer
	w      io.Writer
	layout Layout
	rows   int64
}

func newTablePrinter(w io.Writer, l Layout, s *arrow.Schema) *tablePrinter {
	t := table.NewWriter()
	t.SetStyle(table.StyleRounded)
	t.Style().Format.Header = text.FormatDefault
	header := make(table.Row, s.NumFields())
	configs := make([]table.ColumnConfig, s.NumFields())
	for i, f := range s.Fields() {
		header[i] = shown(f.Name)
		configs[i] = table.ColumnConfig{Number: i + 1}
		if isNumber(f.Type) {
			configs[i].Align = text.AlignRight
		}
	}
	t.AppendHeader(header)
	t.SetColumnConfigs(configs)
	return &tablePrinter{t: t, w: w, layout: l}
}

func isNumber(t arrow.DataType) bool {
	return arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) || arrow.IsDecimal(t.ID())
}

// beyond tells whether row n is more than the layout shows.
func (l Layout) beyond(n int64) bool { return l.RowsMax > 0 && n > int64(l.RowsMax) }

// rest says that not all rows are shown.
func (l Layout) rest(w io.Writer, rows int64) error {
	if !l.beyond(rows) {
		return nil
	}
	_, err := fmt.Fprintf(w, "the first %d of %d rows; --max-rows 0 (\\maxrows 0) or another format shows all\n",
		l.RowsMax, rows)
	return err
}

func (p *tablePrinter) batch(b arrow.RecordBatch) error {
	for i := range int(b.NumRows()) {
		if p.rows++; p.layout.beyond(p.rows) {
			continue
		}
		row := make(table.Row, b.NumCols())
		for j, c := range b.Columns() {
			row[j] = shown(valueText(c, i, p.layout.Null))
		}
		p.t.AppendRow(row)
	}
	return nil
}

func (p *tablePrinter) close() (int64, error) {
	_, err := fmt.Fprintln(p.w, p.t.Render())
	if err == nil {
		err = p.layout.rest(p.w, p.rows)
	}
	return p.rows, err
}

// expandedPrinter writes a block for each row, with a line for each column.
type expandedPrinter struct {
	w      io.Writer
	layout Layout
	rows   int64
}

func (p *expandedPrinter) batch(b arrow.RecordBatch) error {
	width := 0
	for _, f := range b.Schema().Fields() {
		width = max(width, text.StringWidthWithoutEscSequences(shown(f.Name)))
	}
	var out bytes.Buffer
	for i := range int(b.NumRows()) {
		if p.rows++; p.layout.beyond(p.rows) {
			continue
		}
		title := fmt.Sprintf("─ row %d ", p.rows)
		rule := max(width+3-text.StringWidthWithoutEscSequences(title), 3)
		fmt.Fprintf(&out, "%s%s\n", title, strings.Repeat("─", rule))
		for j, c := range b.Columns() {
			value := shown(valueText(c, i, p.layout.Null))
			value = strings.ReplaceAll(value, "\n", "\n"+strings.Repeat(" ", width)+" │ ")
			fmt.Fprintf(&out, "%s │ %s\n", text.Pad(shown(b.ColumnName(j)), width, ' '), value)
		}
	}
	_, err := p.w.Write(out.Bytes())
	return err
}

func (p *expandedPrinter) close() (int64, error) { return p.rows, p.layout.rest(p.w, p.rows) }

// markdownPrinter writes a table of a Markdown page.
type markdownPrinter struct {
	w    io.Writer
	rows int64
}

func newMarkdownPrinter(w io.Writer, s *arrow.Schema) (*markdownPrinter, error) {
	p := &markdownPrinter{w: w}
	rules := make([]string, s.NumFields())
	for i, f := range s.Fields() {
		rules[i] = "---"
		if isNumber(f.Type) {
			rules[i] = "--:"
		}
	}
	head := p.line(columnNames(s)) + p.line(rules)
	_, err := io.WriteString(w, head)
	return p, err
}

func (*markdownPrinter) line(cells []string) string {
	safe := strings.NewReplacer("|", `\|`, "\r\n", "<br>", "\n", "<br>", "<", "&lt;", "&", "&amp;")
	var b strings.Builder
	for _, c := range cells {
		b.WriteString("| " + safe.Replace(c) + " ")
	}
	return b.String() + "|\n"
}

func (p *markdownPrinter) batch(b arrow.RecordBatch) error {
	var out bytes.Buffer
	cells := make([]string, b.NumCols())
	for i := range int(b.NumRows()) {
		for j, c := range b.Columns() {
			cells[j] = valueText(c, i, "NULL")
		}
		out.WriteString(p.line(cells))
	}
	p.rows += b.NumRows()
	_, err := p.w.Write(out.Bytes())
	return err
}

func (p *markdownPrinter) close() (int64, error) { return p.rows, nil }
