package sqllogic

import (
	"fmt"
	"strings"
)

// Order says in which order the rows of a query are compared.
type Order string

// The orders.
const (
	NoSort    Order = "nosort"
	RowSort   Order = "rowsort"
	ValueSort Order = "valuesort"
)

// Login is who opens a connection; empty: the administrator.
type Login struct{ User, Password string }

// Record is one statement or query of a file with what it shall answer.
type Record struct {
	Line       int    // of its first line, from 1
	Connection string // empty: the first one
	Login      Login  // of the connection's first record
	SQL        string
	Error      string   // the SQLSTATE that it shall fail with; empty: it shall succeed
	Message    string   // what the message of the error shall hold
	Query      bool     // it gives rows
	Types      string   // of a query: a letter a column
	Order      Order    // of a query
	Rows       []string // of a query: the columns separated by tabs
	first      int      // the lines of Rows in the file, from 0: [first, last)
	last       int
}

// Parse reads the records of a file.
func Parse(content string) ([]Record, error) {
	lines := strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	var records []Record
	var connection Record
	for i := 0; i < len(lines); {
		line := lines[i]
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			i++
		case strings.HasPrefix(line, "connection "):
			if err := connection.connect(line); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			i++
		default:
			r := connection
			r.Line = i + 1
			if err := r.header(line); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			i = r.body(lines, i+1)
			if r.SQL == "" {
				return nil, fmt.Errorf("line %d: a record without SQL", r.Line)
			}
			records = append(records, r)
			connection = Record{}
		}
	}
	return records, nil
}

// connect reads the line that names the connection of the next record.
func (r *Record) connect(line string) error {
	switch words := strings.Fields(line); len(words) {
	case 4:
		r.Login = Login{User: words[2], Password: words[3]}
		fallthrough
	case 2:
		r.Connection = words[1]
		return nil
	}
	return fmt.Errorf("expected connection NAME or connection NAME USER PASSWORD, not %q", line)
}

// header reads the first line of a record.
func (r *Record) header(line string) error {
	words := strings.Fields(line)
	switch {
	case len(words) == 2 && words[0] == "statement" && words[1] == "ok":
		return nil
	case len(words) >= 3 && (words[0] == "statement" || words[0] == "query") && words[1] == "error":
		const codeLength = 5
		if r.Error = words[2]; len(r.Error) != codeLength {
			return fmt.Errorf("%q is not an SQLSTATE", r.Error)
		}
		r.Message = strings.Join(words[3:], " ")
		r.Query = words[0] == "query"
		return nil
	case len(words) >= 2 && words[0] == "query":
		r.Query, r.Types, r.Order = true, words[1], NoSort
		if strings.Trim(r.Types, "ITRDSB") != "" {
			return fmt.Errorf("the types %q are not made of I, T, R, D, S and B", r.Types)
		}
		if len(words) > 2 {
			r.Order = Order(words[2])
		}
		if len(words) > 3 || r.Order != NoSort && r.Order != RowSort && r.Order != ValueSort {
			return fmt.Errorf("expected nosort, rowsort or valuesort in %q", line)
		}
		return nil
	}
	return fmt.Errorf("%q begins no record: expected statement ok, statement error or query", line)
}

// body reads the SQL and the rows of a record from line i on, and returns the line after it.
func (r *Record) body(lines []string, i int) int {
	from := i
	for i < len(lines) && lines[i] != "" && lines[i] != "----" {
		i++
	}
	r.SQL = strings.Join(lines[from:i], "\n")
	if i < len(lines) && lines[i] == "----" {
		i++
	}
	r.first = i
	for i < len(lines) && lines[i] != "" {
		r.Rows = append(r.Rows, lines[i])
		i++
	}
	r.last = i
	return i
}
