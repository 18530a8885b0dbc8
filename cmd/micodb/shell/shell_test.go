package shell

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnAnalyzedPlanIsATree(t *testing.T) {
	t.Parallel()
	require.Equal(t, strings.TrimPrefix(`
elapsed 12.500 ms on 2 workers, at most 3.0 MiB of memory
    time   share  estimated       rows  chunks   memory  spilled  operator
3.000 ms  30.0 %          1          1       1      0 B           Limit 1
5.000 ms  50.0 %  2,000,000  1,234,567       1  2.0 KiB  1.0 MiB  └─ HashJoin inner on a = b [x]
1.000 ms  10.0 %                     0       0      0 B              ├─ Filter a > 6
0.500 ms   5.0 %                     9       1      0 B              │  └─ TableScan main.t (read 2 of 5 segments, 3 of 9 row groups, 1.5 KiB from files)
0.500 ms   5.0 %                     4       1      0 B              └─ TableScan main.u`, "\n"), strings.Join(drawTree([]string{
		"analyzed plan: [elapsed=12.500ms workers=2 memory=3145728]",
		"  Limit 1 [time=3.000ms estimated_rows=1 rows=1 chunks=1 memory=0]",
		"    HashJoin inner on a = b [x] [time=5.000ms estimated_rows=2000000 rows=1234567 chunks=1 memory=2048 spilled=1048576]",
		"      Filter a > 6 [time=1.000ms rows=0 chunks=0 memory=0]",
		"        TableScan main.t [time=0.500ms rows=9 chunks=1 memory=0 segments=2 segments_pruned=3 row_groups=3 " +
			"row_groups_pruned=6 bytes_read=1536]",
		"      TableScan main.u [time=0.500ms rows=4 chunks=1 memory=0]",
	}), "\n"))
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	c := completer{database: "main", catalog: catalog{
		tables: map[string]map[string][]string{
			"main": {
				"orders": {"id", "day"}, "odd": {"o"}, "My Orders": {"Price in €", "from"}, "select": {"x"},
			},
			"shop": {"sale": {"item", "price"}}, "My Shop": {`a "b".`: {"x"}},
		},
		functions: []string{"sum"},
	}}
	for _, tc := range []struct{ before, after, word, want string }{
		{"", "", "", "ALTER BEGIN COMMIT"},
		{"sel", "", "sel", "select"},
		{"Se", "", "Se", "SeLECT SeT"},
		{"SELECT * FROM o", "", "o", "odd orders"},
		{"SELECT * FROM odd, or", "", "or", "orders"},
		{"SELECT * FROM sh", "", "sh", "shop"},
		{"SELECT * FROM shop.", "", "shop.", "shop.sale"},
		{"SELECT s.p", " FROM shop.sale AS s", "s.p", "s.price"},
		{"SELECT count(it", " FROM shop.sale", "it", "item"},
		{"SELECT * FROM orders o JOIN shop.sale s ON o.d", "", "o.d", "o.day"},
		{"SELECT 1; SELECT d", " FROM orders", "d", "day"},
		{"SELECT 'an open o", "", "", ""},
		{"SELECT 1 -- in a comment o", "", "", ""},
		{"UPDATE orders SET da", "", "da", "day"},
		{"USE s", "", "s", "shop"},
		{`\d or`, "", "or", "orders"},
		{`\d shop.s`, "", "shop.s", "shop.sale"},
		{`\form`, "", `\form`, `\format`},
		{`\format nd`, "", "nd", "ndjson"},

		// Names that need quotes.
		{"SELECT * FROM my", "", "my", `"My Orders"`},
		{`SELECT * FROM "my`, "", `"my`, `"My Orders"`},
		{"SELECT * FROM `m", "", "`m", "`My Orders`"},
		{`SELECT * FROM "sel`, "", `"sel`, `"select"`},
		{"SELECT * FROM sel", "", "sel", `"select"`},
		{`SELECT * FROM "zz`, "", `"zz`, ""},
		{`SELECT * FROM "My Orders"`, "", `"My Orders"`, ""},
		{`SELECT * FROM main."My O`, "", `main."My O`, `main."My Orders"`},
		{`SELECT * FROM "My Shop".`, "", `"My Shop".`, `"My Shop"."a ""b""."`},
		{`SELECT * FROM "my shop"."a ""b`, "", `"my shop"."a ""b`, `"my shop"."a ""b""."`},
		{`SELECT pr`, ` FROM "My Orders" WHERE true`, "pr", `"Price in €"`},
		{`SELECT "pr`, ` FROM "My Orders" WHERE true`, `"pr`, `"Price in €"`},
		{`SELECT "pr`, `" FROM "My Orders" WHERE true`, `"pr`, `"Price in €`},
		{`SELECT "`, ` FROM "My Orders"`, `"`, `"Price in €" "from" "My Orders"`},
		{`SELECT "My Orders".p`, ` FROM "My Orders"`, `"My Orders".p`, `"My Orders"."Price in €"`},
		{"SELECT m.f", ` FROM "My Orders" m`, "m.f", "m.from"},
		{"SELECT f", ` FROM "My Orders" m`, "f", `"from" false float for from`},
		{`SELECT "a name".f`, ` FROM "My Orders" AS "a name"`, `"a name".f`, `"a name".from`},
		{`SELECT a_n`, ` FROM "My Orders" AS a_name`, `a_n`, `a_name`},
		{`SELECT "it's ; o" AS x, pr`, ` FROM "My Orders"`, "pr", `"Price in €"`},
		{`SELECT 'a "text', pr`, ` FROM "My Orders"`, "pr", `"Price in €"`},
		{`SELECT '"', "`, ` FROM orders`, `"`, `"id" "day" "orders"`},
		{`SELECT /* it's " */ i`, " FROM orders", "i", "id"},
		{`\d my`, "", "my", `"My Orders"`},
		{`\d "My Shop".a`, "", `"My Shop".a`, `"My Shop"."a ""b""."`},
		{`\dt my o`, "", "my o", "my orders"},
		{`\c my`, "", "my", `"My Shop"`},
	} {
		word, found := c.complete(tc.before, tc.after)
		texts := make([]string, len(found))
		for i, f := range found {
			texts[i] = f.text
		}
		require.Equal(t, tc.word, word, tc.before)
		require.True(t, strings.HasPrefix(strings.Join(texts, " "), tc.want), "%s: %s", tc.before, texts)
		if tc.want == "" {
			require.Empty(t, texts, tc.before)
		}
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "history")
	require.NoError(t, os.WriteFile(file, []byte("\"kept;\"\nnot ours\n\"SET PASSWORD = 'x';\"\n"), 0o644))
	h, err := openHistory(file)
	require.NoError(t, err)
	for _, entry := range []string{
		"SELECT password FROM t;", "SELECT password FROM t;", "CREATE USER a IDENTIFIED BY 'b';", "", `\password eve`,
		"SELECT 1; ALTER USER a IDENTIFIED BY 'b';", "CREATE USER a IDENTIFIED BY 'open", "INSERT INTO tokens VALUES ('s');",
	} {
		require.NoError(t, h.add(entry))
	}
	again, err := openHistory(file)
	require.NoError(t, err)
	require.Equal(t, []string{"kept;", "SELECT password FROM t;", `\password eve`}, again.entries)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	for range 3 * historyMax {
		again.entries = append(again.entries, "SELECT 2;")
	}
	require.NoError(t, again.rewrite())
	short, err := openHistory(file)
	require.NoError(t, err)
	require.Len(t, short.entries, historyMax)
}

func TestTextsDoNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a\\x1b[31mb\n\tc", shown("a\x1b[31mb\n\tc"))
	require.Equal(t, "schön", shown("schön"))
}
