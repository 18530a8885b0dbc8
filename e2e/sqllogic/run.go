package sqllogic

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Runner is a session behind one of the doors.
type Runner interface {
	// Exec runs one statement and returns its columns and rows as text, NULL as "NULL". A statement that gives
	// no rows gives none. Errors carry their SQLSTATE as sqlerr does. types has the letters of the columns, for
	// a door whose answers don't tell; it is empty where no rows are expected.
	Exec(ctx context.Context, sql, types string) (columns []string, rows [][]string, err error)
	Close() error
}

// Open opens a session on the database that a file runs against.
type Open func(ctx context.Context, login Login) (Runner, error)

// Failure is a record whose answer was not the one expected.
type Failure struct {
	Record Record
	Reason string
}

// Report is the outcome of a file.
type Report struct {
	Records  int
	Failures []Failure
	Updated  string // the file with the answers that were given in the place of those expected
}

// Run runs a file. A failed record does not end it; an error that is not an answer does.
func Run(ctx context.Context, content string, open Open) (report Report, err error) {
	records, err := Parse(content)
	if err != nil {
		return Report{}, err
	}
	sessions := map[string]Runner{}
	defer func() {
		for _, s := range sessions {
			if closeErr := s.Close(); err == nil {
				err = closeErr
			}
		}
	}()
	lines := strings.Split(content, "\n")
	kept := 0
	var updated []string
	for _, record := range records {
		session := sessions[record.Connection]
		if session == nil {
			if session, err = open(ctx, record.Login); err != nil {
				return report, err
			}
			sessions[record.Connection] = session
		}
		_, rows, execErr := session.Exec(ctx, record.SQL, record.Types)
		report.Records++
		if reason := record.check(rows, execErr); reason != "" {
			report.Failures = append(report.Failures, Failure{Record: record, Reason: reason})
			if record.Query && record.Error == "" && execErr == nil {
				updated = append(append(updated, lines[kept:record.first]...), record.given(rows)...)
				kept = record.last
			}
		}
	}
	report.Updated = strings.Join(append(updated, lines[kept:]...), "\n")
	return report, nil
}

// check compares an answer with the one expected and returns what is wrong, or "".
func (r *Record) check(rows [][]string, err error) string {
	if r.Error != "" {
		switch code := sqlerr.CodeOf(err); {
		case err == nil:
			return fmt.Sprintf("succeeded, expected the error %s", r.Error)
		case string(code) != r.Error:
			return fmt.Sprintf("failed with %s (%v), expected %s", code, err, r.Error)
		case !strings.Contains(err.Error(), r.Message):
			return fmt.Sprintf("the message is %q, expected %q in it", err, r.Message)
		}
		return ""
	}
	if err != nil {
		return fmt.Sprintf("failed with %s: %v", sqlerr.CodeOf(err), err)
	}
	if !r.Query {
		return ""
	}
	for _, row := range rows {
		if len(row) != len(r.Types) {
			return fmt.Sprintf("%d columns, expected %d", len(row), len(r.Types))
		}
	}
	given := r.given(rows)
	want := slices.Clone(r.Rows)
	if r.Order != NoSort {
		slices.Sort(want)
	}
	if len(given) != len(want) {
		return fmt.Sprintf("%d rows, expected %d:\n%s", len(given), len(want), strings.Join(given, "\n"))
	}
	for i := range given {
		if !r.equal(given[i], want[i]) {
			return fmt.Sprintf("row %d is %q, expected %q", i+1, given[i], want[i])
		}
	}
	return ""
}

// given returns the rows as a file holds them, in the record's order.
func (r *Record) given(rows [][]string) []string {
	var lines []string
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = escape(cell)
		}
		if r.Order == ValueSort {
			lines = append(lines, cells...)
			continue
		}
		lines = append(lines, strings.Join(cells, "\t"))
	}
	if r.Order != NoSort {
		slices.Sort(lines)
	}
	return lines
}

// escape writes a value on one line.
func escape(cell string) string {
	if cell == "" {
		return "(empty)"
	}
	return strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\r", "\\r", "\t", "\\t").Replace(cell)
}

// equal compares two rows, column by column.
func (r *Record) equal(given, want string) bool {
	if given == want {
		return true
	}
	g, w := strings.Split(given, "\t"), strings.Split(want, "\t")
	if len(g) != len(w) || len(g) != len(r.Types) && r.Order != ValueSort {
		return false
	}
	for i := range g {
		number := r.Order == ValueSort && r.Types == strings.Repeat("R", len(r.Types)) ||
			r.Order != ValueSort && r.Types[i] == 'R'
		if g[i] != w[i] && (!number || !close12(g[i], w[i])) {
			return false
		}
	}
	return true
}

// close12 compares two numbers to 12 digits.
func close12(a, b string) bool {
	const relative = 1e-12
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil {
		return false
	}
	return x == y || math.Abs(x-y) <= relative*max(math.Abs(x), math.Abs(y))
}
