package sqllogictest_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/inprocess"
	"github.com/micodb/micodb/e2e/sqllogic"
	"github.com/micodb/micodb/e2e/sqllogictest"
)

// session is a session without a door.
type session struct{ inprocess.Session }

func (s session) Answer(ctx context.Context, sql, letters string) (values []string, columns int, err error) {
	var rows [][]string
	schema, err := s.Each(ctx, sql, func(b arrow.RecordBatch) { rows = sqllogic.Rows(rows, b) })
	if err != nil || schema == nil {
		return nil, 0, err
	}
	for _, row := range rows {
		for i, cell := range row {
			if i < len(letters) {
				cell = as(cell, letters[i])
			}
			values = append(values, cell)
		}
	}
	return values, schema.NumFields(), nil
}

// as writes a value as a column's letter wants it.
func as(cell string, letter byte) string {
	switch {
	case cell == sqllogic.Null:
		return cell
	case cell == "":
		return "(empty)"
	case letter == 'T':
		return cell
	case cell == "true":
		cell = "1"
	case cell == "false":
		cell = "0"
	}
	number, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		return cell
	}
	if letter == 'R' {
		return strconv.FormatFloat(number, 'f', 3, 64)
	}
	if _, err := strconv.ParseInt(cell, 10, 64); err == nil {
		return cell
	}
	return strconv.FormatInt(int64(number), 10)
}

// run runs a file on a database of its own.
func run(t *testing.T, r *sqllogictest.Report, file string) {
	t.Helper()
	d := inprocess.Start(t, inprocess.Options{})
	s, err := d.Open(t.Context(), inprocess.Administrator, harness.Password)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	require.NoError(t, r.Run(t.Context(), file, session{s}))
}

// Our own files: what is right counts as right, and each kind of what is not is told.
func TestOwnFiles(t *testing.T) {
	var right, wrong sqllogictest.Report
	run(t, &right, "testdata/right.test")
	require.Empty(t, right.Wrong, "%s", &right)
	require.Equal(t, map[string]int{"NULLs come last in an order": 1, "a text is no number": 1}, right.Decided)
	require.Equal(t, 13, right.Right)
	require.InDelta(t, 1.0, right.Share(), 0)

	run(t, &wrong, "testdata/wrong.test")
	counts := map[string]int{}
	for reason, records := range wrong.Wrong {
		counts[reason] = len(records)
	}
	require.Equal(t, map[string]int{
		"values": 3, "number of rows": 1, "number of columns": 1, "an error was expected": 1,
		"42P01 table main.t… does not exist …: did you mean t…?": 2,
	}, counts, "%s", &wrong)
	require.InDelta(t, 0.2, wrong.Share(), 0)
	require.Contains(t, wrong.String(), "testdata/wrong.test")
}

// The public files, in the folder SLT_DIR: at least 99 of 100 records that count are right.
func TestPublicFiles(t *testing.T) {
	const least = 0.99
	dir := os.Getenv("SLT_DIR")
	if dir == "" {
		t.Log("SLT_DIR names no folder of sqllogictest files: none are run")
		return
	}
	var report sqllogictest.Report
	files := 0
	require.NoError(t, filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(file) != ".test" {
			return err
		}
		files++
		t.Run(filepath.Base(file), func(t *testing.T) { run(t, &report, file) })
		return nil
	}))
	t.Logf("%d files: %s", files, &report)
	require.GreaterOrEqual(t, report.Share(), least)
}
