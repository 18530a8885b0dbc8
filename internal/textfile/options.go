package textfile

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/sqlerr"
)

// The limits of what is held at a time.
const (
	SampleBytes    = 1 << 20
	RecordBytesMax = 16 << 20
	ColumnsMax     = 4096
	BatchRows      = 1 << 14
	BatchBytes     = 8 << 20
	RejectsKept    = 100
)

// Format is a text format.
type Format uint8

// The text formats.
const (
	CSV Format = iota
	NDJSON
)

// Header says whether the first record of a CSV file holds the columns' names.
type Header uint8

// The ways to know the header.
const (
	SniffHeader Header = iota // it does when it looks like names
	WithHeader
	WithoutHeader
)

// Options say how to read.
type Options struct {
	Format Format
	// Table is the schema that values are read as; nil finds types from a sample. Fields are matched by name without
	// regard to case; of CSV without a header by position. A field that the file lacks is not in the reader's schema.
	Table     *arrow.Schema
	Delimiter byte // of CSV; 0 finds it: comma, semicolon, tab or bar
	Header    Header
	Null      string // what stands for NULL in CSV when it is not quoted; empty: an empty field
	MaxErrors int    // so many records may be wrong, and are left out
	Memory    memory.Allocator
}

// RecordError is a record that was left out.
type RecordError struct {
	Line    int    // where it begins, from 1
	Column  int    // which value, from 1; 0 when the record as a whole is wrong
	Name    string // of the column, or empty
	Message string
}

// Error says where and what.
func (r *RecordError) Error() string {
	if r.Column == 0 {
		return fmt.Sprintf("line %d: %s", r.Line, r.Message)
	}
	return fmt.Sprintf("line %d, column %d (%s): %s", r.Line, r.Column, r.Name, r.Message)
}

// As makes it 22P02 where somebody looks for the SQLSTATE.
func (r *RecordError) As(target any) bool {
	e, ok := target.(**sqlerr.Error)
	if ok {
		*e = sqlerr.New(sqlerr.InvalidText, "%s", r.Error())
	}
	return ok
}

// cell is one value of a record.
type cell struct {
	text []byte // valid until the next record
	kind cellKind
}

type cellKind uint8

const (
	absent cellKind = iota // NULL
	plain                  // an unquoted field, a JSON number or boolean
	quoted                 // a quoted field, a JSON string without its quotes
	nested                 // a JSON object or array, as it is written
)

// records hands out a file's records.
type records interface {
	// next returns the cells in the order of the columns; io.EOF at the end, a *RecordError for a record that is
	// wrong and after which reading can go on.
	next() ([]cell, error)

	// line is where the last record began.
	line() int
}
