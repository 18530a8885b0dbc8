package server_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
)

// Scripts of the old command line name the JSON port.
func TestTheVerbsOfTheOriginal(t *testing.T) {
	s := harness.Start(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	run := func(want int, args ...string) string {
		t.Helper()
		code, out := runToEnd(t, []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + harness.Password},
			append(args, "--address", s.JSON, "--connect-timeout", "30", "--operation-timeout", "60.5")...)
		require.Equal(t, want, code, "%s: %s", args, out)
		return out
	}
	schema := file("schema.json", `[{"name":"id","type":"Int32","nullable":false},{"name":"item","type":"Utf8","nullable":true},
		{"name":"sold","type":"Boolean"},{"name":"price","type":"Float64"},{"name":"day","type":"Date32"},
		{"name":"at","type":"TimestampNanosecond"}]`)
	rows := file("rows.txt", "id,item,sold,price,day,at\n1,pen,true,1.5,2024-02-29,2024-02-29T12:00:00.000000001\n2,,false,,,\n")

	require.Equal(t, "database shop.1 is made\n", run(0, "create-db", "shop.1"))
	require.Contains(t, run(1, "create-db", "shop.1"), "42P04")
	require.Equal(t, "table shop.1.sale is made\n", run(0, "create-table", "shop.1", "sale", schema))
	require.Contains(t, run(1, "create-table", "shop.1", "sale", schema), "42P07")
	require.Contains(t, run(0, "insert", "shop.1", "sale", rows), "2 rows of 1 files are in shop.1.sale")
	require.Equal(t, "id,item,sold,price,day,at\n1,pen,true,1.5,2024-02-29,2024-02-29T12:00:00.000000001\n2,,false,,,\n",
		run(0, "query", "shop.1", "SELECT * FROM sale ORDER BY id", "--format", "csv"))
	require.Equal(t, "╭───┬─────╮\n│ n │ sum │\n├───┼─────┤\n│ 2 │ 1.5 │\n╰───┴─────╯\n",
		run(0, "query", "shop.1", "SELECT count(*) AS n, CAST(sum(price) AS VARCHAR) AS sum FROM sale"))
	script := file("script.sql", "-- two\nDELETE FROM sale WHERE id = 1;\nSELECT id FROM sale;\n")
	require.Equal(t, "id\n2\n", run(0, "query-file", "shop.1", script, "--format", "csv"))
	require.Equal(t, "n\n1\n", run(0, "sql", "shop.1", "--format", "csv", "-e", "SELECT count(*) AS n FROM sale"))

	require.Contains(t, run(1, "insert", "shop.1", "sale", file("bad.csv", "id,item\n3,ink\nfour,pad\n")),
		`line 3, column 1 (id): "four" is no integer`)
	require.Equal(t, "n\n1\n", run(0, "query", "shop.1", "SELECT count(*) AS n FROM sale", "--format", "csv"))
	require.Contains(t, run(1, "create-table", "shop.1", "u", file("money.json", `[{"name":"a","type":"money"}]`)),
		`money.json: unknown column type "money"`)
	require.Contains(t, run(1, "create-table", "shop.1", "u", file("object.json", `{"a":"int32"}`)), "a schema is an array like")
	require.Contains(t, run(1, "create-table", "shop.1", "u", file("none.json", `[]`)), "at least one column")
	require.Contains(t, run(1, "query", "nowhere", "SELECT 1"), "3D000")
	require.Contains(t, run(1, "query-file", "shop.1", file("wrong.sql", "SELECT 1;\nSELECT x;\n")), "wrong.sql:2: 42703")

	for want, args := range map[string][]string{
		"micodb create-db takes DATABASE, and got 0 arguments":                   {"create-db"},
		"micodb create-table takes DATABASE TABLE SCHEMA.json, and got 1 argume": {"create-table", "shop"},
		"micodb insert takes DATABASE TABLE FILE.csv, and got 2 arguments":       {"insert", "shop", "sale"},
		"micodb query takes DATABASE SQL, and got 3 arguments":                   {"query", "shop", "SELECT", "1"},
		"micodb query: SQL is empty":                                             {"query", "shop", " "},
		"micodb query-file takes DATABASE FILE, and got 0 arguments":             {"query-file"},
		"--max-errors -1 is negative":                                            {"insert", "d", "t", "f", "--max-errors", "-1"},
		"--url and --address exclude each other":                                 {"create-db", "d", "--url", "grpc://" + s.Flight},
	} {
		require.Contains(t, run(2, args...), want)
	}
}

func TestTheAddressOfTheJSONPort(t *testing.T) {
	s := harness.Start(t)
	code, out := runToEnd(t, nil, "sql", "--address", "localhost", "-e", "SELECT 1")
	require.Equal(t, 2, code)
	require.Contains(t, out, "--address localhost is not host:port")
	code, out = runToEnd(t, nil, "sql", "--address", freeAddress(t), "-e", "SELECT 1")
	require.Equal(t, 1, code)
	require.Contains(t, out, "connection refused")
	code, out = runToEnd(t, nil, "sql", "--address", s.JSON, "--tls-insecure", "-e", "SELECT 1")
	require.Equal(t, 1, code)
	require.Contains(t, out, "has no TLS", "the password does not go in the clear to whoever answers there")
	require.JSONEq(t, `{"endpoint":"grpc://`+s.Flight+`"}`, string(ask(t, dialJSON(t, s), `{"command":"endpoint"}`)[0].Data))

	var lc net.ListenConfig // takes connections and says nothing
	silent, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	code, out = runToEnd(t, nil, "sql", "--address", silent.Addr().String(), "--connect-timeout", "0.1", "-e", "SELECT 1")
	require.Equal(t, 1, code)
	require.Contains(t, out, "does not tell its Flight SQL address")
}

func TestOperationsEnd(t *testing.T) {
	s := harness.Start(t)
	prepare(t, s, digits)
	env := []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + harness.Password}
	query := endless[:len(endless)-len(";\r")]
	for _, args := range [][]string{
		{"query", "main", query}, {"export", "--query", query, "--format", "csv", "-"},
	} {
		code, out := runToEnd(t, env, append(args, "--address", s.JSON, "--operation-timeout", "0.3")...)
		require.Equal(t, 1, code, out)
		require.Contains(t, out, "57014")
	}
	running(t, s, "0")
}

func TestBarsAreForSomebodyWhoWatches(t *testing.T) {
	s := harness.Start(t)
	prepare(t, s, "CREATE TABLE t (id INT)")
	dir := t.TempDir()
	file := filepath.Join(dir, "rows.csv")
	require.NoError(t, os.WriteFile(file, []byte("id\n1\n2\n"), 0o600))
	env := []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + harness.Password, "TERM=xterm"}
	load := []string{"import", "--url", "grpc://" + s.Flight, "--table", "t", file}
	demo := []string{"demo", "--exit", "--rows", "20000"}
	code, out := runToEnd(t, env, load...)
	require.Zero(t, code, out)
	require.Regexp(t, `^2 rows of 1 files are in t \([^)]*\)\n$`, out)
	code, out = runToEnd(t, env, demo...)
	require.Zero(t, code, out)
	require.Regexp(t, `  readings +20000 rows`, out)
	require.NotContains(t, out, "\x1b")
	require.NotContains(t, out, "%")

	c := exec.CommandContext(t.Context(), harness.Binary(t), load...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	term := harness.NewTerminal(t, "$", c)
	term.OnScreen("rows.csv, 2 rows, ", "done!", "2 rows of 1 files are in t")
	require.NoError(t, term.Wait())
}
