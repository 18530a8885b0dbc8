package sqllogic_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/sqllogic"
	"github.com/micodb/micodb/engine/function"
)

// TestFunctionExamples runs the example of every function that functions() lists, and holds it to what it shall give.
func TestFunctionExamples(t *testing.T) {
	session, err := startProcessWithFiles(t)(t.Context(), sqllogic.Login{})
	require.NoError(t, err)
	defer func() { require.NoError(t, session.Close()) }()
	for _, format := range []string{"parquet", "csv", "ndjson"} {
		_, _, err := session.Exec(t.Context(), "COPY (SELECT 1 AS x) TO 'example."+format+"'", "")
		require.NoError(t, err)
	}
	columns, rows, err := session.Exec(t.Context(), "SELECT * FROM functions()", "")
	require.NoError(t, err)
	require.Equal(t, []string{
		"name", "kind", "family", "alias_of", "signature", "description", "example", "result",
	}, columns)
	for _, row := range rows {
		name, kind, aliasOf, example, want := row[0], row[1], row[3], row[6], row[7]
		if aliasOf != "" {
			continue
		}
		sql := "SELECT CAST((" + example + ") AS VARCHAR)"
		switch kind {
		case "aggregate":
			sql += " FROM (VALUES (1, 10), (2, 20), (4, 30)) AS t (x, y)"
		case "window":
			sql += " FROM (VALUES (1, 10), (2, 20), (4, 30)) AS t (x, y) ORDER BY x LIMIT 1"
		case "table":
			sql = "SELECT count(*) > 0 FROM " + example
		}
		_, got, err := session.Exec(t.Context(), sql, "T")
		if err != nil {
			t.Errorf("%s: %s: %v", name, sql, err)
			continue
		}
		if kind == "scalar" && want == "" { // it changes from call to call
			require.Contains(t, []string{"date", "text"}, row[2], name)
			continue
		}
		if kind == "table" {
			want = "true"
		}
		if got[0][0] != want {
			t.Errorf("%s: %s gives %q, not %q", name, sql, got[0][0], want)
		}
	}
}

// TestFunctionPages holds the table of functions on each family's page of docs/sql to the registry; -update writes it.
func TestFunctionPages(t *testing.T) {
	const begin, end = "<!-- functions: from the registry, written by -update -->\n", "<!-- end of functions -->"
	families := map[string][]*function.Entry{}
	for _, e := range function.NewRegistry().Entries() {
		families[e.Family] = append(families[e.Family], e)
	}
	for family, entries := range families {
		page := "../../docs/sql/" + family + "-functions.md"
		content, err := os.ReadFile(page)
		require.NoError(t, err, "the family %s has no page", family)
		before, rest, ok := strings.Cut(string(content), begin)
		require.True(t, ok, "%s has no %s", page, begin)
		written, after, ok := strings.Cut(rest, end)
		require.True(t, ok, "%s has no %s", page, end)
		if want := functionTable(entries); *update {
			require.NoError(t, os.WriteFile(page, []byte(before+begin+want+end+after), 0o600))
		} else {
			require.Equal(t, want, written, page)
		}
	}
}

func functionTable(entries []*function.Entry) string {
	var b strings.Builder
	b.WriteString("\n| function | other names | what it gives | example | result |\n| --- | --- | --- | --- | --- |\n")
	code := func(s string) string {
		if s == "" {
			return ""
		}
		return "`" + strings.ReplaceAll(s, "|", `\|`) + "`"
	}
	for _, e := range entries {
		aliases := make([]string, len(e.Aliases))
		for i, a := range e.Aliases {
			aliases[i] = code(a)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", code(e.Signature), strings.Join(aliases, ", "),
			strings.ReplaceAll(e.Help, "|", `\|`), code(e.Example), code(e.Gives))
	}
	return b.String() + "\n"
}
