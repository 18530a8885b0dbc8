package server_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
)

// edgeColumns are all types that a table can have, and edgeRows values at their edges.
const edgeColumns = `id INT NOT NULL, bo BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT, i64 BIGINT,
	u8 TINYINT UNSIGNED, u16 SMALLINT UNSIGNED, u32 INT UNSIGNED, u64 BIGINT UNSIGNED, f4 REAL, f8 DOUBLE,
	d9 DECIMAL(9,2), d18 DECIMAL(18,18), d38 DECIMAL(38,10), te VARCHAR, bi BLOB, uu UUID, js JSON, da DATE,
	t0 TIME(0), t3 TIME(3), t6 TIME(6), t9 TIME(9),
	ts0 TIMESTAMP(0), ts3 TIMESTAMP(3), ts6 TIMESTAMP(6), ts9 TIMESTAMP(9), tz TIMESTAMP(6) WITH TIME ZONE`

func edgeRows() []string {
	const nulls = ", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
	f := func(text string) string { return "CAST('" + text + "' AS DOUBLE)" }
	return []string{
		"1" + nulls + ", NULL" + nulls + nulls,
		`2, true, -128, -32768, -2147483648, CAST('-9223372036854775808' AS BIGINT), 0, 0, 0, 0, ` +
			`CAST(` + f("-3.4028234663852886e38") + ` AS REAL), -1.7976931348623157e308, ` +
			`-9999999.99, -0.999999999999999999, CAST('-9999999999999999999999999999.9999999999' AS DECIMAL(38,10)), ` +
			`'', X'', '00000000-0000-0000-0000-000000000000', '{}', DATE '0001-01-01', ` +
			`'00:00:00', '00:00:00', '00:00:00', '00:00:00', ` +
			`'0001-01-01 00:00:00', '0001-01-01 00:00:00', '0001-01-01 00:00:00', ` +
			`'1677-09-21 00:12:44.000000001', '0001-01-01 00:00:00+00'`,
		`3, false, 127, 32767, 2147483647, 9223372036854775807, 255, 65535, 4294967295, ` +
			`CAST('18446744073709551615' AS BIGINT UNSIGNED), CAST(` + f("3.4028234663852886e38") + ` AS REAL), ` +
			`1.7976931348623157e308, 9999999.99, 0.999999999999999999, ` +
			`CAST('9999999999999999999999999999.9999999999' AS DECIMAL(38,10)), ` +
			`'a "quoted", text` + "\n" + `of` + "\r\n" + `lines; with | and ` + "\t" + ` 𝄞 é ß 漢', ` +
			`X'00ff220a', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '{"a": [1, "x,\"y<", null]}', DATE '9999-12-31', ` +
			`'23:59:59', '23:59:59.999', '23:59:59.999999', '23:59:59.999999999', ` +
			`'9999-12-31 23:59:59', '9999-12-31 23:59:59.999', ` +
			`'9999-12-31 23:59:59.999999', '2262-04-11 23:47:15.999999999', ` +
			`'9999-12-31 23:59:59.999999+00'`,
		`4, NULL, 0, 0, 0, 0, 1, 1, 1, 1, CAST(` + f("nan") + ` AS REAL), ` + f("nan") + `, 0, 0, 0, ` +
			`'NULL', X'4e554c4c', NULL, '[]', DATE '1969-12-31', NULL, NULL, NULL, NULL, ` +
			`'1969-12-31 23:59:59', '1969-12-31 23:59:59.999', ` +
			`'1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999999', NULL`,
		`5, NULL, 1, 1, 1, 1, 1, 1, 1, 1, CAST(` + f("inf") + ` AS REAL), ` + f("inf") + `, 0.01, 0, 0, ` +
			`' blanks ', NULL, NULL, '"s"'` + nulls + ", NULL",
		`6, NULL, 1, 1, 1, 1, 1, 1, 1, 1, CAST(` + f("-inf") + ` AS REAL), ` + f("-inf") + `, -0.01, 0, 0, ` +
			`'\N', NULL, NULL, '1e5'` + nulls + ", NULL",
		`7, NULL, 1, 1, 1, 1, 1, 1, 1, 1, CAST(-0.0e0 AS REAL), -0.0e0, 1, 0, 0, ` +
			`'` + "\uFEFF" + `x', NULL, NULL, 'true'` + nulls + ", NULL",
		`8, NULL, 1, 1, 1, 1, 1, 1, 1, 1, CAST(1e-45 AS REAL), 5e-324, 1, 0, 0, ` +
			`'` + strings.Repeat("long ", 2000) + `', NULL, NULL, '0'` + nulls + ", NULL",
	}
}

// What a table holds comes back as it was, by COPY and by import, in every format.
func TestEveryValueSurvivesEveryFormat(t *testing.T) {
	files := t.TempDir()
	s := harness.Start(t, "--allow-files", files)
	db := s.Connect(t.Context())
	exec := func(sql string) int64 {
		t.Helper()
		n, err := db.Execute(t.Context(), sql)
		require.NoError(t, err, sql)
		return n
	}
	env := []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + harness.Password}
	run := func(args ...string) string {
		t.Helper()
		code, out := runToEnd(t, env, append(args, "--url", "grpc://"+s.Flight)...)
		require.Zero(t, code, out)
		return out
	}
	rows := func(table string) string {
		t.Helper()
		return run("sql", "--format", "json", "-e", "SELECT * FROM "+table+" ORDER BY id")
	}
	exec("CREATE TABLE edges (" + edgeColumns + ")")
	for _, row := range edgeRows() {
		exec("INSERT INTO edges VALUES (" + row + ")")
	}
	count := int64(len(edgeRows()))
	want := lines(rows("edges"))
	for _, format := range []string{"parquet", "csv", "ndjson"} {
		table, file := "by_"+format, "edges."+format
		exec("CREATE TABLE " + table + " (" + edgeColumns + ")")
		require.Equal(t, count, exec(fmt.Sprintf("COPY edges TO '%s'", file)))
		require.Equal(t, count, exec(fmt.Sprintf("COPY %s FROM '%s'", table, file)))
		require.Equal(t, want, lines(rows(table)), format)
		exec("TRUNCATE " + table)
		run("import", "--table", table, filepath.Join(files, file))
		require.Equal(t, want, lines(rows(table)), format)
		exported := filepath.Join(t.TempDir(), file)
		require.Contains(t, run("export", "--table", "main."+table, exported), "8 rows are in "+exported)
		exec("TRUNCATE " + table)
		run("import", "--table", table, exported)
		require.Equal(t, want, lines(rows(table)), format)
		code, out := runToEnd(t, env, "export", "--table", table, exported, "--url", "grpc://"+s.Flight)
		require.Equal(t, 1, code)
		require.Contains(t, out, "the file "+file+" exists already")
		require.Contains(t, run("export", "--table", table, "--overwrite", exported), "8 rows are in "+exported)
	}
	require.Equal(t, "id;te\n2;\"\"\n1;-\n", run("export", "--query", "SELECT id, te FROM edges WHERE id < 3 ORDER BY id DESC",
		"--format", "csv", "--delimiter", ";", "--null", "-", "-"))
	require.Equal(t, "{\"id\":1}\n", run("export", "--query", "SELECT id FROM edges WHERE id = 1", "--format", "ndjson", "-"))
	left, err := os.ReadDir(files)
	require.NoError(t, err)
	require.Len(t, left, 3, "no other file is left")
	for line, says := range map[string]string{
		"export x.csv":                         "by one of --table and --query",
		"export --table t --query q x.csv":     "by one of --table and --query",
		"export --table t":                     "name one file",
		"export --table t -":                   "--format is missing",
		"export --table t x.xml":               "says no format",
		"export --table a.b.c x.csv":           "is not TABLE or DATABASE.TABLE",
		"export --table t --null ,, x.csv":     "can't stand for NULL",
		"export --table t --format xml x":      "the formats are parquet, csv and ndjson",
		"export --table t --delimiter é x.csv": "can't be a delimiter",
	} {
		code, out := runToEnd(t, nil, strings.Fields(line)...)
		require.Equal(t, 2, code, line)
		require.Contains(t, out, says)
	}
}

// A file that is damaged, or of another format, is refused with its name and the place, and changes nothing.
func TestDamagedFilesChangeNothing(t *testing.T) {
	files := t.TempDir()
	s := harness.Start(t, "--allow-files", files)
	db := s.Connect(t.Context())
	exec := func(sql string) {
		t.Helper()
		_, err := db.Execute(t.Context(), sql)
		require.NoError(t, err, sql)
	}
	exec("CREATE TABLE t (id BIGINT NOT NULL, name TEXT)")
	exec("INSERT INTO t VALUES (1, 'one')")
	parquetFile(t, filepath.Join(files, "good.parquet"))
	whole, err := os.ReadFile(filepath.Join(files, "good.parquet"))
	require.NoError(t, err)
	flipped := append([]byte{}, whole...)
	for i := range 40 { // in pages and their headers
		flipped[4+i] ^= 0x5A
	}
	for _, damaged := range []struct{ name, content, says string }{
		{"empty.csv", "", "empty.csv: the file has no record"},
		{"type.csv", "id,name\n2,x\nthree,y\n", `type.csv: line 3, column 1 (id): "three" is no integer`},
		{"count.csv", "id,name\n2,x\n3,y,z\n", "count.csv: line 3: the record has 3 fields, the first has 2"},
		{"short.csv", "id,name\n2,\"x\ny\n", "short.csv: line 2: a quote is never closed"},
		{"utf8.csv", "id,name\n2,\xff\n", "utf8.csv: line 2: the text is not UTF-8"},
		{"name.csv", "id,nick\n2,x\n", `name.csv: the table has no column "nick"`},
		{"null.csv", "id,name\n,x\n", "null.csv: line 2, column 1 (id): the value is missing"},
		{"gzip.csv", "\x1f\x8b\x08\x00\x00\x00\x00\x00", "gzip.csv: the file is compressed with gzip"},
		{"parquet.csv", string(whole), "parquet.csv: the file is a Parquet file"},
		{"type.ndjson", `{"id":2}` + "\n" + `{"id":"x"}`, `type.ndjson: line 2, column 1 (id): "x" is no integer`},
		{"short.ndjson", `{"id":2}` + "\n" + `{"id":`, "short.ndjson: line 2: the JSON is broken"},
		{"utf8.ndjson", `{"id":2,"name":"` + "\xff" + `"}`, "utf8.ndjson: line 1: the text is not UTF-8"},
		{"name.ndjson", `{"id":2,"nick":"x"}`, `name.ndjson: line 1: there is no column "nick"`},
		{"null.ndjson", `{"name":"x"}`, "null.ndjson: line 1, column 1 (id): the value is missing"},
		{"array.ndjson", `[{"id":2}]`, "array.ndjson: line 1: the line is no JSON object"},
		{"gzip.ndjson", "\x1f\x8b\x08\x00", "gzip.ndjson: the file is compressed with gzip"},
		{"empty.parquet", "", "empty.parquet: the file is damaged, or of another format"},
		{"short.parquet", string(whole[:len(whole)-9]), "short.parquet: the file is damaged, or of another format"},
		{"cut.parquet", string(whole[:len(whole)/2]), "cut.parquet: the file is damaged, or of another format"},
		{"flipped.parquet", string(flipped), "flipped.parquet, row group 1: the file is damaged"},
		{"text.parquet", "id,name\n2,x\n", "text.parquet: the file is damaged, or of another format"},
		{"gzip.parquet", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00", "gzip.parquet: the file is damaged"},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(files, damaged.name), []byte(damaged.content), 0o600))
		_, err := db.Execute(t.Context(), "COPY t FROM '"+damaged.name+"'")
		require.ErrorContains(t, err, damaged.says)
	}
	exec("CREATE TABLE other (id BOOLEAN, name TEXT)")
	_, err = db.Execute(t.Context(), "COPY other FROM 'good.parquet'")
	require.ErrorContains(t, err, `good.parquet: column "id" is BOOLEAN, the batches have BIGINT for it`)
	exec("CREATE TABLE strict (id BIGINT, name TEXT NOT NULL)")
	_, err = db.Execute(t.Context(), "COPY strict FROM 'good.parquet'")
	require.ErrorContains(t, err, `good.parquet: column "name" of main.strict, rows from 1: a value is NULL`)
	for table, want := range map[string]int64{"t": 1, "other": 0, "strict": 0} {
		n, err := db.Execute(t.Context(), "COPY "+table+" TO '"+table+".csv'")
		require.NoError(t, err)
		require.Equal(t, want, n, table)
	}
}

func TestFilesAreOnlyThoseAllowed(t *testing.T) {
	s := harness.Start(t)
	_, err := s.Connect(t.Context()).Execute(t.Context(), "COPY (SELECT 1 AS a) TO 'x.csv'")
	require.ErrorContains(t, err, "--allow-files DIR")
	s.Stop()
	for _, dir := range []string{s.Dir, filepath.Dir(s.Dir), filepath.Join(s.Dir, "x"), filepath.Join(s.Dir, "none")} {
		if filepath.Base(dir) == "x" {
			require.NoError(t, os.Mkdir(dir, 0o700))
		}
		code, out := runToEnd(t, nil, "serve", "--data-dir", s.Dir, "--allow-files", dir, "--port", "0", "--flight-port",
			"0", "--http-port", "0")
		require.Equal(t, 2, code, out)
		require.Contains(t, out, "--allow-files "+dir)
	}
}
