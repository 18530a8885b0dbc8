package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
)

// A query reads files of the server as tables: one, several, those that fit a pattern, in each format.
func TestFilesAreTables(t *testing.T) {
	files := t.TempDir()
	for name, text := range map[string]string{
		"one.csv":          "a,b,c\n1,x,1.5\n2,y,\n",
		"two.csv":          "a,b,c\n3,z,2.5\n",
		"wide.csv":         "a,d\n9,q\n",
		"bars.tbl":         "1|-|x\n2|b|y\n",
		"some.ndjson":      `{"a": 1, "b": "x"}` + "\n" + `{"a": 2}` + "\n",
		"damaged.parquet":  "PAR1 and no more PAR1",
		"sub/empty.csv":    "a,b\n",
		"notatable.random": "x",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(files, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(files, name), []byte(text), 0o600))
	}
	s := harness.Start(t, "--allow-files", files)
	query := func(sql string) (int, string) {
		env := []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + harness.Password}
		code, out := runToEnd(t, env, "sql", "--url", "grpc://"+s.Flight, "--format", "csv", "-e", sql)
		return code, strings.TrimSpace(out)
	}
	for _, made := range []string{
		`CREATE TABLE t AS SELECT range AS k, range % 7 AS m, CAST(range AS VARCHAR) AS s FROM range(300000)`,
		`COPY t TO 'many.parquet'`, `COPY t TO 'many.csv'`, `COPY t TO 'many.ndjson'`,
		`CREATE TABLE n AS SELECT k, CASE WHEN m > 0 THEN [m, NULL, k] END AS l, {'s': s, 'm': [[m]]} AS o FROM t WHERE k < 9999`,
		`COPY n TO 'nested.parquet'`,
		`CREATE VIEW v AS SELECT a, b FROM 'one.csv'`,
	} {
		code, out := query(made)
		require.Zero(t, code, "%s: %s", made, out)
	}
	for _, c := range []struct{ sql, want string }{
		{`SELECT * FROM 'one.csv' ORDER BY a`, "a,b,c\n1,x,1.5\n2,y,"},
		{`SELECT one.c, a + 1 AS next FROM 'one.csv' WHERE b = 'x'`, "c,next\n1.5,2"},
		{
			`SELECT x.a, filename FROM read_csv('*o*.csv', filename = true) AS x ORDER BY 1`,
			"a,filename\n1,one.csv\n2,one.csv\n3,two.csv",
		},
		{`SELECT count(*), sum(a) FROM read_csv(['one.csv', 'two.csv'])`, "count(*),sum(a)\n3,6"},
		{
			`SELECT * FROM read_csv('*.csv', union_by_name = true) WHERE a IN (2, 9) ORDER BY a`,
			"k,m,s,a,b,c,d\n,,,2,y,,\n,,,9,,,q",
		},
		{
			`SELECT * FROM read_csv('bars.tbl', delim = '|', header = false, nullstr = '-') t(i, j, k) ORDER BY i`,
			"i,j,k\n1,,x\n2,b,y",
		},
		{`SELECT * FROM 'some.ndjson' ORDER BY a`, "a,b\n1,x\n2,"},
		{`SELECT count(*) FROM 'sub/empty.csv'`, "count(*)\n0"},
		{`SELECT b FROM v ORDER BY 1`, "b\nx\ny"},
		{`SELECT t.s, f.b FROM t JOIN 'one.csv' f ON t.k = f.a ORDER BY 1`, "s,b\n1,x\n2,y"},
		{`SELECT count(*) FROM read_parquet('many.parquet')`, "count(*)\n300000"},
		{`SELECT count(*) FROM (SELECT * FROM t EXCEPT SELECT * FROM 'many.parquet') x`, "count(*)\n0"},
		{`SELECT count(*) FROM (SELECT * FROM t EXCEPT SELECT k, m, CAST(s AS VARCHAR) FROM 'many.csv') x`, "count(*)\n0"},
		{`SELECT count(*) FROM (SELECT * FROM t EXCEPT SELECT k, m, s FROM 'many.ndjson') x`, "count(*)\n0"},
		{`SELECT m, count(*), min(s) FROM read_parquet('many.parquet', filename = true)
			WHERE filename = 'many.parquet' AND k < 100 GROUP BY m ORDER BY m LIMIT 2`, "m,count(*),min(s)\n0,15,0\n1,15,1"},
		{`SELECT count(k) FROM (SELECT k FROM 'many.csv' LIMIT 1) x`, "count(k)\n1"},
		{`SELECT count(*) FROM (SELECT * FROM n EXCEPT SELECT * FROM 'nested.parquet') x`, "count(*)\n0"},
		{`SELECT sum(l[1]), max(o.s), min(o.m[1][1]) FROM 'nested.parquet'`, "sum(l[1]),max(o.s),min(o.m[1][1])\n29991,9998,0"},
	} {
		code, out := query(c.sql)
		require.Zero(t, code, "%s: %s", c.sql, out)
		require.Equal(t, c.want, out, c.sql)
	}
	for _, c := range []struct{ sql, code, says string }{
		{`SELECT * FROM 'nix.csv'`, "58P01", "nix.csv does not exist"},
		{`SELECT * FROM 'no*.csv'`, "58P01", "no file is named like"},
		{`SELECT * FROM '/etc/passwd.csv'`, "42501", "--allow-files"},
		{`SELECT * FROM read_csv('../x.csv')`, "42501", "--allow-files"},
		{`SELECT * FROM 'damaged.parquet'`, "22P04", "damaged.parquet"},
		{`SELECT * FROM read_csv(['one.csv', 'wide.csv'])`, "42703", "wide.csv"},
		{`SELECT q FROM 'one.csv'`, "42703", "q"},
		{`SELECT * FROM read_csv('one.csv', quark = 1)`, "0A000", "quark"},
		{`SELECT * FROM read_csv('one.csv', header = 1)`, "22023", "HEADER"},
		{`SELECT * FROM read_csv('one.csv', filename = 1)`, "22023", "filename"},
		{`SELECT * FROM read_parquet('many.parquet', delim = ',')`, "22023", "DELIMITER"},
		{`SELECT * FROM read_csv(1)`, "42601", "in quotes"},
		{`SELECT * FROM read_csv('one.csv', 'two.csv')`, "42601", "list"},
		{`SELECT * FROM read_xml('one.csv')`, "42883", "read_xml"},
		{`DELETE FROM 'one.csv'`, "42601", ""},
	} {
		code, out := query(c.sql)
		require.NotZero(t, code, "%s: %s", c.sql, out)
		require.Contains(t, out, c.code, c.sql)
		require.Contains(t, out, c.says, c.sql)
	}
}

// Files are for those who may use them, through a view too, and a statement that is kept sees what they hold now.
func TestFilesAreReadWithRights(t *testing.T) {
	files := t.TempDir()
	file := filepath.Join(files, "f.csv")
	require.NoError(t, os.WriteFile(file, []byte("a\n1\n"), 0o600))
	s := harness.Start(t, "--allow-files", files)
	db := s.Connect(t.Context())
	for _, sql := range []string{
		`CREATE USER reader IDENTIFIED BY 'long enough for a reader'`, `CREATE VIEW v AS SELECT * FROM 'f.csv'`,
		`GRANT SELECT ON v TO reader`,
	} {
		_, err := db.Execute(t.Context(), sql)
		require.NoError(t, err, sql)
	}
	sum := func(user, password, sql string) (int, string) {
		env := []string{"MICODB_USER=" + user, "MICODB_PASSWORD=" + password}
		code, out := runToEnd(t, env, "sql", "--url", "grpc://"+s.Flight, "--format", "csv", "-e", sql)
		return code, strings.TrimSpace(out)
	}
	for _, sql := range []string{`SELECT sum(a) FROM v`, `SELECT sum(a) FROM 'f.csv'`} {
		code, out := sum("reader", "long enough for a reader", sql)
		require.NotZero(t, code, out)
		require.Contains(t, out, "42501", sql)
		code, out = sum("admin", harness.Password, sql)
		require.Zero(t, code, out)
		require.Equal(t, "sum(a)\n1", out)
	}
	code, out := sum("admin", harness.Password, `SELECT sum(a) FROM v`)
	require.Zero(t, code, out)
	require.NoError(t, os.WriteFile(file, []byte("a\n41\n1\n"), 0o600))
	code, out = sum("admin", harness.Password, `SELECT sum(a) FROM v`)
	require.Zero(t, code, out)
	require.Equal(t, "sum(a)\n42", out)
}

// Without --allow-files no file is read.
func TestNoFilesAreTablesUnlessAllowed(t *testing.T) {
	s := harness.Start(t)
	_, err := s.Connect(t.Context()).Execute(t.Context(), `SELECT * FROM '/etc/hosts.csv'`)
	require.ErrorContains(t, err, "--allow-files")
}
