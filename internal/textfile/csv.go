package textfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/micodb/micodb/internal/sqlerr"
)

// csvRecords splits CSV into fields. It is our own because the libraries lose what a table needs: encoding/csv and
// Arrow's reader over it return the same for "" and an empty field, and can't go on after a broken record.
type csvRecords struct {
	lines     *lines
	delimiter byte
	null      string // the text of a field that is NULL
	width     int    // fields of every record; 0 until the first
	began     int
	buffer    []byte // the record; cells point into it
	cells     []cell
	bounds    []bound
	ending    string // of the last line: none, \n or \r\n
}

// bound is where a cell's text lies in the buffer.
type bound struct {
	from, to int
	quoted   bool
}

func (r *csvRecords) line() int { return r.began }

func (r *csvRecords) next() ([]cell, error) {
	r.lines.held = 0
	line, err := r.lines.next()
	for err == nil && r.width != 1 && len(trimEnd(line)) == 0 {
		line, err = r.lines.next()
	}
	if err != nil {
		return nil, err
	}
	r.began = r.lines.number
	if err := r.split(line); err != nil {
		return nil, err
	}
	if len(r.bounds) > ColumnsMax {
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "line %d: a record has over %d fields", r.began, ColumnsMax)
	}
	if r.width == 0 {
		r.width = len(r.bounds)
	}
	if len(r.bounds) != r.width {
		return nil, &RecordError{
			Line: r.began, Message: fmt.Sprintf("the record has %d fields, the first has %d", len(r.bounds), r.width),
		}
	}
	if !validText(r.buffer) {
		return nil, notUTF8(r.began)
	}
	r.cells = r.cells[:0]
	for _, b := range r.bounds {
		c := cell{text: r.buffer[b.from:b.to], kind: plain}
		switch {
		case b.quoted:
			c.kind = quoted
		case string(c.text) == r.null:
			c.kind = absent
		}
		r.cells = append(r.cells, c)
	}
	return r.cells, nil
}

// split takes a record apart, and reads on where a quoted field holds the end of a line.
func (r *csvRecords) split(line []byte) error {
	r.buffer, r.bounds = r.buffer[:0], r.bounds[:0]
	rest := r.trim(line)
	for len(r.bounds) <= ColumnsMax {
		from := len(r.buffer)
		if len(rest) > 0 && rest[0] == '"' {
			after, err := r.quotedField(rest[1:])
			if err != nil {
				return err
			}
			r.bounds = append(r.bounds, bound{from, len(r.buffer), true})
			if len(after) == 0 {
				return nil
			}
			if after[0] != r.delimiter {
				return r.broken("text follows the quote that closes a field")
			}
			rest = after[1:]
			continue
		}
		field, after, more := bytes.Cut(rest, []byte{r.delimiter})
		if bytes.IndexByte(field, '"') >= 0 {
			return r.broken("a quote stands inside a field without quotes: put the field in quotes, and double it")
		}
		r.buffer = append(r.buffer, field...)
		r.bounds = append(r.bounds, bound{from, len(r.buffer), false})
		if !more {
			return nil
		}
		rest = after
	}
	return nil
}

// quotedField adds a field to the buffer from behind its first quote, and returns what follows its last.
func (r *csvRecords) quotedField(rest []byte) ([]byte, error) {
	for {
		text, after, closed := bytes.Cut(rest, []byte{'"'})
		r.buffer = append(r.buffer, text...)
		switch {
		case !closed:
			r.buffer = append(r.buffer, r.ending...)
			r.lines.held = len(r.buffer)
			line, err := r.lines.next()
			if errors.Is(err, io.EOF) {
				return nil, r.broken("a quote is never closed")
			}
			if err != nil {
				return nil, err
			}
			rest = r.trim(line)
		case len(after) > 0 && after[0] == '"':
			r.buffer = append(r.buffer, '"')
			rest = after[1:]
		default:
			return after, nil
		}
	}
}

// trim takes the end off a line and remembers it: inside quotes it is text.
func (r *csvRecords) trim(line []byte) []byte {
	text := trimEnd(line)
	r.ending = [...]string{"", "\n", "\r\n"}[len(line)-len(text)]
	return text
}

func (r *csvRecords) broken(what string) error { return &RecordError{Line: r.began, Message: what} }
