package server_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
)

// parquetFile writes a file with the columns id and name.
func parquetFile(t *testing.T, name string) {
	t.Helper()
	s := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	b, _, err := array.RecordFromJSON(memory.DefaultAllocator, s,
		strings.NewReader(`[{"id":1,"name":"ada"},{"id":2,"name":""},{"id":3,"name":null}]`))
	require.NoError(t, err)
	defer b.Release()
	f, err := os.Create(name)
	require.NoError(t, err)
	w, err := pqarrow.NewFileWriter(s, f, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	require.NoError(t, err)
	require.NoError(t, w.Write(b))
	require.NoError(t, w.Close())
}

func TestFilesAreImported(t *testing.T) {
	s := harness.Start(t)
	env := []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + harness.Password}
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	put := func(name, text string) { require.NoError(t, os.WriteFile(path(name), []byte(text), 0o600)) }
	load := func(args ...string) (int, string) {
		return runToEnd(t, env, append([]string{"import", "--url", "grpc://" + s.Flight}, args...)...)
	}
	rows := func(table string) string {
		code, out := runToEnd(t, env, "sql", "--url", "grpc://"+s.Flight, "--format", "ndjson", "-e",
			"SELECT * FROM "+table+" ORDER BY id")
		require.Zero(t, code, out)
		return out
	}
	const want = `{"id":1,"name":"ada"}` + "\n" + `{"id":2,"name":""}` + "\n" + `{"id":3,"name":null}` + "\n"
	parquetFile(t, path("good.parquet"))
	put("good.csv", "id,name\n1,ada\n2,\"\"\n3,\n")
	put("good.ndjson", `{"id":1,"name":"ada"}`+"\n"+`{"id":2,"name":""}`+"\n"+`{"id":3}`+"\n")
	whole, err := os.ReadFile(path("good.parquet"))
	require.NoError(t, err)
	for i := range 40 { // in pages, sizes and the footer
		whole[4+i] ^= 0x5A
	}
	put("bad.parquet", string(whole))
	put("short.parquet", string(whole[:len(whole)-9]))
	put("bad.csv", "id,name\n4,x\nfive,y\n")
	put("bad.ndjson", `{"id":4}`+"\n"+`{"id":`+"\n")
	for _, format := range []string{"parquet", "csv", "ndjson"} {
		table := "main.t_" + format
		code, out := load("--table", table, "--create", path("good."+format))
		require.Zero(t, code, out)
		require.Contains(t, out, "3 rows of 1 files are in "+table)
		require.Equal(t, lines(want), lines(rows(table)))

		code, out = load("--table", table, path("good."+format), path("bad."+format))
		require.Equal(t, 1, code, out)
		require.Contains(t, out, "nothing was imported: "+path("bad."+format))
		require.Equal(t, lines(want), lines(rows(table)), "a damaged file changes nothing")

		code, out = load("--table", table, "--create", path("good."+format))
		require.Equal(t, 1, code, out)
		require.Contains(t, out, "42P07")
	}
	code, out := load("--table", "t_csv", path("short.parquet"))
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "nothing was imported")
	code, out = load("--table", "t_csv", path("bad.csv"))
	require.Equal(t, 1, code, out)
	require.Contains(t, out, `bad.csv: line 3, column 1 (id): "five" is no integer of 64 bits`)
	code, out = load("--table", "t_csv", "--max-errors", "2", path("bad.csv"), path("bad.ndjson"))
	require.Zero(t, code, out)
	require.Contains(t, out, "2 lines were left out")
	require.Contains(t, out, fmt.Sprintf("%s: line 2: the JSON is broken at byte", path("bad.ndjson")))
	require.ElementsMatch(t, append(lines(want), `{"id":4,"name":"x"}`, `{"id":4,"name":null}`), lines(rows("t_csv")))
	for line, says := range map[string]string{
		"import x.csv":                                "--table is missing",
		"import --table t":                            "name the files to import",
		"import --table t x.xml":                      "says no format",
		"import --table t --format xml x.csv":         "the formats are parquet, csv and ndjson",
		"import --table t --delimiter ,, x.csv":       "can't be a delimiter",
		"import --table t --header --no-header x.csv": "exclude each other",
		"import --table a.b.c x.csv":                  "is not TABLE or DATABASE.TABLE",
		"import --table t --max-errors -1 x":          "is negative",
	} {
		code, out := runToEnd(t, nil, strings.Fields(line)...)
		require.Equal(t, 2, code, line)
		require.Contains(t, out, says)
	}
}

func lines(s string) []string { return strings.Split(strings.TrimSpace(s), "\n") }
