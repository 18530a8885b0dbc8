package sqllogic_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/sqllogic"
	"github.com/micodb/micodb/internal/sqlerr"
)

// pages are those of docs/sql.
func pages(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../docs/sql/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// TestPages runs the examples of every page of docs/sql, each page on a database of its own. With -update it writes
// the answers that were given into the page.
func TestPages(t *testing.T) {
	for _, file := range pages(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			failures, updated, err := sqllogic.RunPage(t.Context(), string(content), startProcessWithFiles(t))
			require.NoError(t, err)
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(updated), 0o600))
			}
			for _, f := range failures {
				t.Errorf("%s: %s", file, f)
			}
		})
	}
}

// TestPagesAreListed holds the index of docs/sql to the pages that are there.
func TestPagesAreListed(t *testing.T) {
	index, err := os.ReadFile("../../docs/sql/README.md")
	require.NoError(t, err)
	listed := map[string]bool{"README.md": true}
	for _, link := range regexp.MustCompile(`\]\(([a-z0-9_-]+\.md)\)`).FindAllStringSubmatch(string(index), -1) {
		listed[link[1]] = true
		require.FileExists(t, "../../docs/sql/"+link[1])
	}
	for _, file := range pages(t) {
		require.True(t, listed[filepath.Base(file)], "%s has no line in docs/sql/README.md", file)
	}
}

const samplePage = "# A page\n\n```sql\nCREATE TABLE t (a INT);\nSELECT 1 AS x, 'é' AS name\n```\n\n" +
	"```text\nx | name\n--+-----\n1 | é\n```\n\n```sh\nls\n```\n\nWords.\n\n```sql\nSELECT 1\n```\n\n" +
	"Words.\n\n```text\nno answer\n```\n\n```sql\nSELECT * FROM u\n```\n\n```text\nerror 42P01: no table u\n```\n"

// pageRunner answers the sample page.
type pageRunner struct{ empty bool }

func (p pageRunner) Exec(_ context.Context, sql, _ string) (columns []string, rows [][]string, err error) {
	switch {
	case sql == "SELECT * FROM u":
		return nil, nil, sqlerr.New(sqlerr.UndefinedTable, "no table u")
	case p.empty:
		return []string{"x", "name"}, nil, nil
	}
	return []string{"x", "name"}, [][]string{{"1", "é"}}, nil
}

func (pageRunner) Close() error { return nil }

func TestRunPage(t *testing.T) {
	run := func(content string, r pageRunner) ([]string, string) {
		failures, updated, err := sqllogic.RunPage(t.Context(), content,
			func(context.Context, sqllogic.Login) (sqllogic.Runner, error) { return r, nil })
		require.NoError(t, err)
		return failures, updated
	}
	failures, updated := run(samplePage, pageRunner{})
	require.Empty(t, failures)
	require.Equal(t, samplePage, updated)

	failures, updated = run(samplePage, pageRunner{empty: true})
	require.Equal(t, []string{"line 3: the answer is\nx | name\n--+-----"}, failures)
	require.Contains(t, updated, "x | name\n--+-----\n```")
	failures, _ = run(updated, pageRunner{empty: true})
	require.Empty(t, failures)

	failures, _ = run("```sql\nSELECT * FROM u\n```\n", pageRunner{})
	require.Equal(t, []string{"line 1: SELECT * FROM u: 42P01: no table u"}, failures)
	failures, _ = run("```sql\nSELECT * FROM u; SELECT 1\n```\n```text\nx\n```\n", pageRunner{})
	require.Len(t, failures, 1)

	_, _, err := sqllogic.RunPage(t.Context(), "```sql\nSELECT 1\n", nil)
	require.EqualError(t, err, "line 1: the block has no end")
}
