package sqllogic_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/sqllogic"
	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/internal/sqlerr"
)

// answers is a Runner that knows its answers.
type answers map[string][][]string

func (a answers) Exec(_ context.Context, sql, _ string) ([]string, [][]string, error) {
	rows, ok := a[sql]
	if !ok {
		return nil, nil, sqlerr.New(sqlerr.UndefinedTable, "no table t, the nearest is u")
	}
	return nil, rows, nil
}

func (answers) Close() error { return nil }

const sample = `# a comment
statement ok
CREATE TABLE t (a INT)

query IT rowsort
SELECT a, b
FROM t
----
1	x
2	NULL

connection other
query R
SELECT c
----
0.3

query II valuesort
SELECT d
----
1
2

statement error 42P01 nearest
SELECT * FROM u
`

func TestRun(t *testing.T) {
	given := answers{
		"CREATE TABLE t (a INT)": nil,
		"SELECT a, b\nFROM t":    {{"2", "NULL"}, {"1", "x"}},
		"SELECT c":               {{"0.30000000000000004"}},
		"SELECT d":               {{"2", "1"}},
	}
	sessions := 0
	open := func(context.Context, sqllogic.Login) (sqllogic.Runner, error) {
		sessions++
		return given, nil
	}
	report, err := sqllogic.Run(t.Context(), sample, open)
	require.NoError(t, err)
	require.Empty(t, report.Failures)
	require.Equal(t, 5, report.Records)
	require.Equal(t, 2, sessions)
	require.Equal(t, sample, report.Updated)

	given["SELECT c"] = [][]string{{"0.3", "0.3"}}
	report, err = sqllogic.Run(t.Context(), sample, open)
	require.NoError(t, err)
	require.Len(t, report.Failures, 1)
	require.Equal(t, "2 columns, expected 1", report.Failures[0].Reason)

	given["SELECT c"] = [][]string{{"4"}, {"5"}}
	given["SELECT * FROM u"] = nil
	delete(given, "CREATE TABLE t (a INT)")
	report, err = sqllogic.Run(t.Context(), sample, open)
	require.NoError(t, err)
	require.Len(t, report.Failures, 3)
	require.Contains(t, report.Updated, "SELECT c\n----\n4\n5\n\nquery II valuesort")
}

func TestParseRefuses(t *testing.T) {
	for _, content := range []string{
		"query X\nSELECT 1", "query I anysort\nSELECT 1", "statement maybe\nSELECT 1", "statement error 42\nSELECT 1",
		"query I\n\n", "SELECT 1", "connection a b\nstatement ok\nSELECT 1",
	} {
		_, err := sqllogic.Parse(content)
		require.Error(t, err, content)
	}
}

// TestCorpus holds the corpus to its size and to the parser: it refuses nothing that shall succeed, and nothing
// with another error than the one expected.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/*.slt")
	require.NoError(t, err)
	records := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		list, err := sqllogic.Parse(string(content))
		require.NoError(t, err, file)
		records += len(list)
		for _, r := range list {
			_, err := parser.Parse(r.SQL)
			if err != nil {
				require.Equal(t, r.Error, string(sqlerr.CodeOf(err)), "%s:%d: %s: %v", file, r.Line, r.SQL, err)
				require.ErrorContains(t, err, r.Message, "%s:%d", file, r.Line)
			} else if strings.HasSuffix(file, "/error.slt") {
				require.NotEqual(t, sqlerr.SyntaxError, sqlerr.Code(r.Error), "%s:%d: %s", file, r.Line, r.SQL)
			}
		}
	}
	const least = 1000
	require.GreaterOrEqual(t, records, least)
}
