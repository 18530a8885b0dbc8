package sqllogictest

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dolthub/sqllogictest/go/logictest/parser"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Engine is whose answers the files hold.
const Engine = "mysql"

// Session answers records.
type Session interface {
	// Answer runs a statement and returns its rows, one value behind the other, each as a column's letter wants it:
	// I an integer, R a number of three decimals, T a text. Without letters the rows are of no interest. Errors carry
	// their SQLSTATE as sqlerr does.
	Answer(ctx context.Context, sql, letters string) (values []string, columns int, err error)
}

// Run runs a file and adds to the report. The error is of the file, not of a record.
func (r *Report) Run(ctx context.Context, file string, session Session) error {
	records, err := parser.ParseTestFile(file)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, record := range records {
		if !record.ShouldExecuteForEngine(Engine) {
			continue // a record of another engine
		}
		if record.Type() == parser.Halt {
			return nil
		}
		r.add(file, record, check(ctx, record, session))
	}
	return nil
}

// verdict is what became of a record: right where it says nothing.
type verdict struct {
	decided string // the rule by which it is another answer
	reason  string // why it is wrong, without what is the record's own
	what    string
}

func (r *Report) add(file string, record *parser.Record, v verdict) {
	switch {
	case v.decided != "":
		if r.Decided == nil {
			r.Decided = map[string]int{}
		}
		r.Decided[v.decided]++
	case v.reason != "":
		if r.Wrong == nil {
			r.Wrong = map[string][]Mismatch{}
		}
		r.Wrong[v.reason] = append(r.Wrong[v.reason], Mismatch{file, record.LineNum(), record.Query(), v.what})
	default:
		r.Right++
	}
}

func check(ctx context.Context, record *parser.Record, session Session) verdict {
	letters := ""
	if record.Type() == parser.Query {
		letters = record.Schema()
	}
	values, columns, err := session.Answer(ctx, record.Query(), letters)
	switch {
	case record.ExpectError() && err == nil:
		return verdict{reason: "an error was expected"}
	case record.ExpectError():
		return verdict{}
	case err != nil:
		return refused(err)
	case record.Type() == parser.Statement:
		return verdict{}
	case columns != len(letters):
		return verdict{reason: "number of columns", what: fmt.Sprintf("%d, expected %d", columns, len(letters))}
	case len(values) != record.NumResults():
		return verdict{
			reason: "number of rows", what: fmt.Sprintf("%d values, expected %d", len(values), record.NumResults()),
		}
	}
	return compare(record, values)
}

// compare compares values that are as many as shall be.
func compare(record *parser.Record, values []string) verdict {
	given := record.SortResults(slices.Clone(values))
	if record.IsHashResult() {
		if hash := Hash(given); hash != record.HashResult() {
			return verdict{reason: "values", what: fmt.Sprintf("%q hash to %s", given[:min(len(given), 12)], hash)}
		}
		return verdict{}
	}
	want := record.Result()
	if slices.Equal(given, want) {
		return verdict{}
	}
	if record.SortString() == string(parser.NoSort) && slices.Contains(want, "NULL") &&
		slices.Equal(rows(given, record), rows(want, record)) {
		return verdict{decided: "NULLs come last in an order"}
	}
	return verdict{reason: "values", what: fmt.Sprintf("%q, expected %q", given, want)}
}

// rows returns a record's rows in an order of their own.
func rows(values []string, record *parser.Record) []string {
	var out []string
	for row := range slices.Chunk(values, record.NumCols()) {
		out = append(out, strings.Join(row, "\n"))
	}
	slices.Sort(out)
	return out
}

// Hash returns the hash of values as the files have it: MD5 of each with a newline.
func Hash(values []string) string {
	sum := md5.Sum([]byte(strings.Join(values, "\n") + "\n"))
	return hex.EncodeToString(sum[:])
}

// own are the parts of a message that are the statement's.
var own = regexp.MustCompile(`"[^"]*"|'[^']*'|\([^)]*\)|[0-9]+`)

// refused judges an error where rows were expected.
func refused(err error) verdict {
	code := sqlerr.CodeOf(err)
	if code == sqlerr.UndefinedFunction && strings.Contains(err.Error(), "VARCHAR") {
		return verdict{decided: "a text is no number"}
	}
	return verdict{reason: string(code) + " " + own.ReplaceAllString(err.Error(), "…"), what: err.Error()}
}
