package textfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Reader reads a file batch by batch. It has one owner.
type Reader struct {
	records  records
	schema   *arrow.Schema
	builder  *array.RecordBuilder
	decoders []decoder
	max      int
	rejects  []RecordError // the first of them
	rejected int
	bytes    int // of the batch
	rows     int
	err      error
}

// NewReader finds out what a file holds: 42703 for a column that the table lacks, 22P02 for a file without a record.
func NewReader(in io.Reader, o Options) (*Reader, error) {
	b := bufio.NewReaderSize(in, SampleBytes)
	sample, err := b.Peek(SampleBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err == nil { // the last record of the sample is not whole
		if end := bytes.LastIndexByte(sample, '\n'); end >= 0 {
			sample = sample[:end+1]
		}
	}
	r := &Reader{max: o.MaxErrors}
	l, err := newLines(b)
	if err != nil {
		return nil, err
	}
	if o.Format == NDJSON {
		err = r.openJSON(l, sample, o)
	} else {
		err = r.openCSV(l, sample, o)
	}
	if err != nil {
		return nil, err
	}
	if o.Memory == nil {
		o.Memory = memory.DefaultAllocator
	}
	r.builder = array.NewRecordBuilder(o.Memory, r.schema)
	r.decoders = make([]decoder, r.schema.NumFields())
	for i, f := range r.schema.Fields() {
		if r.decoders[i], err = decoderOf(f, r.builder.Field(i)); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Reader) openCSV(l *lines, sample []byte, o Options) error {
	if o.Delimiter == 0 {
		o.Delimiter = sniffDelimiter(sample, o)
	}
	if strings.IndexByte("\"\r\n", o.Delimiter) >= 0 || o.Delimiter >= 0x80 {
		return sqlerr.New(sqlerr.InvalidParameterValue, "%q can't be a delimiter", o.Delimiter)
	}
	f, header, err := sniffCSV(sample, o)
	if err != nil {
		return err
	}
	if len(f.names) == 0 {
		return noColumns()
	}
	c := &csvRecords{lines: l, delimiter: o.Delimiter, null: o.Null}
	r.records = c
	if !header {
		c.width = len(f.names) // an empty line is a record where there is one column
	} else {
		if _, err := c.next(); err != nil {
			return err
		}
	}
	r.schema = f.schema()
	if o.Table != nil {
		r.schema, err = matched(o.Table, f.names, header)
	}
	return err
}

func (r *Reader) openJSON(l *lines, sample []byte, o Options) error {
	r.schema = o.Table
	if r.schema == nil {
		f, err := sniffJSON(sample)
		if err != nil {
			return err
		}
		if len(f.names) == 0 {
			return noColumns()
		}
		r.schema = f.schema()
	}
	j := &jsonRecords{lines: l, columns: map[string]int{}}
	for i, f := range r.schema.Fields() {
		j.columns[strings.ToLower(f.Name)] = i
		j.names = append(j.names, f.Name)
		j.raw = append(j.raw, extensionOf(f) == jsonExtension)
	}
	r.records = j
	return nil
}

// matched gives the file's columns the table's types.
func matched(table *arrow.Schema, names []string, header bool) (*arrow.Schema, error) {
	if !header {
		if len(names) != table.NumFields() {
			return nil, sqlerr.New(sqlerr.DatatypeMismatch, "the file has %d columns and no header, the table has %d",
				len(names), table.NumFields()).WithHint("add a header with the names of the columns that it has")
		}
		return table, nil
	}
	byName := map[string]arrow.Field{}
	for _, f := range table.Fields() {
		byName[strings.ToLower(f.Name)] = f
	}
	fields := make([]arrow.Field, len(names))
	for i, name := range names {
		f, ok := byName[strings.ToLower(name)]
		if !ok {
			return nil, sqlerr.New(sqlerr.UndefinedColumn, "the table has no column %q, which the file's header names",
				name).WithHint("if the first line is a row, say so: HEADER false in COPY, --no-header in micodb import")
		}
		fields[i] = f
	}
	return arrow.NewSchema(fields, nil), nil
}

// Schema returns the columns.
func (r *Reader) Schema() *arrow.Schema { return r.schema }

// Rejects returns the records that were left out so far, RejectsKept of them at most.
func (r *Reader) Rejects() []RecordError { return r.rejects }

// Rejected returns how many records were left out so far.
func (r *Reader) Rejected() int { return r.rejected }

// Next returns the next batch, which belongs to the caller; io.EOF at the end, and after an error the same error. One
// more wrong record than Options.MaxErrors is an error.
func (r *Reader) Next() (arrow.RecordBatch, error) {
	if r.err != nil {
		return nil, r.err
	}
	for r.rows < BatchRows && r.bytes < BatchBytes && r.err == nil {
		cells, err := r.records.next()
		padded := false
		if err == nil {
			padded, err = r.add(cells)
		}
		if errors.Is(err, io.EOF) {
			r.err = io.EOF
			break
		}
		if err := r.refuse(err); err != nil {
			return nil, err
		}
		if !padded {
			continue
		}
		if b := r.cut(); b != nil {
			return b, nil
		}
	}
	if r.rows == 0 {
		return nil, r.err
	}
	return r.finish(), nil
}

// refuse collects a record that is wrong, and fails when that was one too many, or the error is another one.
func (r *Reader) refuse(err error) error {
	if err == nil {
		return nil
	}
	var wrong *RecordError
	if !errors.As(err, &wrong) || r.rejected >= r.max {
		r.err = err
		return err
	}
	if r.rejected++; r.rejected <= RejectsKept {
		r.rejects = append(r.rejects, *wrong)
	}
	return nil
}

// add appends a record. Columns can't take a value back: a record that is wrong is in the builder, with NULLs from the
// wrong value on, when padded is set.
func (r *Reader) add(cells []cell) (padded bool, err error) {
	for i, c := range cells {
		to := r.builder.Field(i)
		if err != nil {
			to.AppendNull()
			continue
		}
		var wrong error
		switch f := r.schema.Field(i); {
		case c.kind != absent:
			r.bytes += len(c.text)
			wrong = r.decoders[i](c)
		case f.Nullable:
			to.AppendNull()
		default:
			wrong = errNull
		}
		if wrong != nil {
			to.AppendNull()
			err = &RecordError{
				Line: r.records.line(), Column: i + 1, Name: r.schema.Field(i).Name, Message: wrong.Error(),
			}
		}
	}
	if err == nil {
		r.rows++
	}
	return err != nil, err
}

// cut ends the batch before the padded record at its end; nil when nothing stands before it.
func (r *Reader) cut() arrow.RecordBatch {
	n := r.rows
	whole := r.finish()
	defer whole.Release()
	if n == 0 {
		return nil
	}
	return whole.NewSlice(0, int64(n))
}

func (r *Reader) finish() arrow.RecordBatch {
	r.rows, r.bytes = 0, 0
	return r.builder.NewRecordBatch()
}

// Close frees the unfinished batch.
func (r *Reader) Close() { r.builder.Release() }
