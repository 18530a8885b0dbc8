package session_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/tablefile"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/session"
)

// withFiles lets COPY use a file system.
func withFiles(fsys vfs.FS) option {
	return func(c *session.Config) { c.Files = tablefile.NewDirectory(fsys, "/files") }
}

func put(t *testing.T, fsys vfs.FS, name, text string) {
	t.Helper()
	require.NoError(t, vfs.WriteFile(fsys, name, []byte(text)))
}

func TestCopyFillsATable(t *testing.T) {
	files := vfs.NewMemory()
	c := start(t, withFiles(files)).admin()
	c.exec("CREATE TABLE t (id INT NOT NULL, name TEXT, price DECIMAL(6,2))")
	put(t, files, "header.csv", "price,ID\n1.5,1\n,2\n")
	put(t, files, "plain.csv", "3;x;9.99\n4;;\n")
	put(t, files, "list.csv", "five,5\n")
	put(t, files, "null.csv", "6,\\N,-\n7,-,8\n")
	put(t, files, "lines.ndjson", "{\"name\":\"\",\"id\":8}\n\n{\"id\":9,\"price\":10}\n")
	for _, step := range []struct {
		sql  string
		rows int64
	}{
		{"COPY t FROM 'header.csv'", 2},
		{"COPY main.t FROM '/files/plain.csv' (FORMAT csv, DELIMITER ';', HEADER false)", 2},
		{"COPY t (name, id) FROM 'list.csv' WITH (header off)", 1},
		{"COPY t FROM 'null.csv' (NULL '-', HEADER false)", 2},
		{"COPY t FROM 'lines.ndjson'", 2},
	} {
		require.Equal(t, step.rows, c.exec(step.sql), step.sql)
	}
	require.Equal(t, []string{
		"1|(null)|1.5", "2|(null)|(null)", "3|x|9.99", "4|(null)|(null)", "5|five|(null)", `6|\N|(null)`, "7|(null)|8",
		"8||(null)", "9|(null)|10",
	}, c.rows("SELECT * FROM t ORDER BY id"))
}

func TestCopyChangesAllOrNothing(t *testing.T) {
	files := vfs.NewMemory()
	i := start(t, withFiles(files))
	c := i.admin()
	c.exec("CREATE TABLE t (id INT NOT NULL, name TEXT)")
	put(t, files, "a.csv", "id,name\n1,x\n2,y\n")
	put(t, files, "b.csv", "id,name\n3,x\nfour,y\n5,z\n,w\n6\n")
	for sql, says := range map[string]string{
		"COPY t FROM 'b.csv'":                  `b.csv: line 3, column 1 (id): "four" is no integer`,
		"COPY t FROM '?.csv'":                  `b.csv: line 3, column 1 (id): "four" is no integer`,
		"COPY t FROM '?.csv' (MAX_ERRORS 1)":   "b.csv: line 5, column 1 (id): the value is missing",
		"COPY t FROM 'b.csv' (FORMAT parquet)": "b.csv: the file",
		"COPY t FROM 'b.csv' (FORMAT ndjson)":  "b.csv: line 1: the line is no JSON object",
	} {
		_, err := c.try(nil, sql)
		require.ErrorContains(t, err, says, sql)
		require.Equal(t, []string{"0"}, c.rows("SELECT count(*) FROM t"), sql)
	}
	// In a transaction a COPY that fails is undone alone.
	c.exec("BEGIN")
	c.exec("COPY t FROM 'a.csv'")
	c.fails(sqlerr.InvalidText, "COPY t FROM 'b.csv'")
	require.Equal(t, []string{"2"}, c.rows("SELECT count(*) FROM t"))
	require.Equal(t, []string{"0"}, i.admin().rows("SELECT count(*) FROM t"), "it is not committed")
	c.exec("ROLLBACK")
	require.Equal(t, []string{"0"}, c.rows("SELECT count(*) FROM t"))
	// What is left out is told, and what is not is there.
	require.Equal(t, []string{
		"a.csv|2|0|(null)",
		`b.csv|2|3|line 3, column 1 (id): "four" is no integer of 32 bits` + "\n" +
			"line 5, column 1 (id): the value is missing and the column is NOT NULL\n" +
			"line 6: the record has 1 fields, the first has 2",
	}, c.rows("COPY t FROM '?.csv' (MAX_ERRORS 3)"))
	require.Equal(t, []string{"1|x", "2|y", "3|x", "5|z"}, c.rows("SELECT * FROM t ORDER BY id"))
	require.EqualValues(t, 2, c.exec("COPY t FROM 'b.csv' (MAX_ERRORS 100)"), "the count without the report")
	c.exec("BEGIN READ ONLY")
	c.fails(sqlerr.ReadOnlyTransaction, "COPY t FROM 'a.csv'")
	c.exec("ROLLBACK")
}

func TestCopyThatIsCancelledChangesNothing(t *testing.T) {
	files := vfs.NewMemory()
	c := start(t, withFiles(files)).admin()
	c.exec("CREATE TABLE t (id INT)")
	put(t, files, "long.csv", strings.Repeat("1\n", 100_000))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, sql := range []string{"COPY t FROM 'long.csv'", "COPY (SELECT 1 AS a) TO 'out.csv'"} {
		st, err := c.Prepare(t.Context(), nil, sql)
		require.NoError(t, err)
		_, err = st.Exec(ctx, nil)
		requireCode(t, sqlerr.QueryCanceled, err)
		require.NoError(t, st.Close())
	}
	require.Equal(t, []string{"0"}, c.rows("SELECT count(*) FROM t"))
	require.Equal(t, map[string]int64{"long.csv": 200_000}, files.Files())
}

func TestCopyWritesFiles(t *testing.T) {
	files := vfs.NewMemory()
	c := start(t, withFiles(files)).admin()
	c.exec("CREATE TABLE t (id INT NOT NULL, name TEXT)")
	c.exec("INSERT INTO t VALUES (1, 'a,\"b\"'), (2, ''), (3, NULL), (4, 'é')")
	for name, want := range map[string]string{
		"COPY t TO 'a.csv'": "id,name\n1,\"a,\"\"b\"\"\"\n2,\"\"\n3,\n4,é\n",
		"COPY t (name) TO 'b.csv' (HEADER false, NULL 'é')":           "\"a,\"\"b\"\"\"\n\"\"\né\n\"é\"\n",
		"COPY (SELECT id + 1 AS n FROM t) TO 'c.csv' (DELIMITER '|')": "n\n2\n3\n4\n5\n",
		"COPY t TO 'd.ndjson'": `{"id":1,"name":"a,\"b\""}` + "\n" + `{"id":2,"name":""}` + "\n" +
			`{"id":3,"name":null}` + "\n" + `{"id":4,"name":"é"}` + "\n",
	} {
		require.EqualValues(t, 4, c.exec(name), name)
		_, file, _ := strings.Cut(name, "TO '")
		file, _, _ = strings.Cut(file, "'")
		data, err := vfs.ReadFile(files, file)
		require.NoError(t, err)
		require.Equal(t, want, string(data), name)
	}
	c.fails(sqlerr.DuplicateFile, "COPY t TO 'a.csv'")
	require.EqualValues(t, 1, c.exec("COPY (SELECT id FROM t WHERE id = $1) TO 'a.csv' (OVERWRITE)", 3))
	data, err := vfs.ReadFile(files, "a.csv")
	require.NoError(t, err)
	require.Equal(t, "id\n3\n", string(data))
	// A query that fails leaves what was there.
	before := len(files.Files())
	c.fails(sqlerr.NumericOutOfRange, "COPY (SELECT CAST(id AS BIGINT) * 9223372036854775807 AS x FROM t) TO 'a.csv' (OVERWRITE)")
	c.fails(sqlerr.NumericOutOfRange, "COPY (SELECT CAST(id AS BIGINT) * 9223372036854775807 AS x FROM t) TO 'e.csv'")
	after, err := vfs.ReadFile(files, "a.csv")
	require.NoError(t, err)
	require.Equal(t, data, after)
	require.Len(t, files.Files(), before)
}

func TestCopyIsRefused(t *testing.T) {
	files := vfs.NewMemory()
	put(t, files, "a.csv", "id\n1\n")
	i := start(t, withFiles(files))
	c := i.admin()
	c.exec("CREATE TABLE t (id INT)")
	for sql, code := range map[string]sqlerr.Code{
		"COPY none FROM 'a.csv'":                             sqlerr.UndefinedTable,
		"COPY t (x) FROM 'a.csv'":                            sqlerr.UndefinedColumn,
		"COPY t (id, id) FROM 'a.csv'":                       sqlerr.DuplicateColumn,
		"COPY t FROM 'none.csv'":                             sqlerr.UndefinedFile,
		"COPY t FROM 'none*.csv'":                            sqlerr.UndefinedFile,
		"COPY t FROM '../a.csv'":                             sqlerr.InsufficientPrivilege,
		"COPY t FROM '/etc/passwd' (FORMAT csv)":             sqlerr.InsufficientPrivilege,
		"COPY t TO '/files/../x.csv'":                        sqlerr.InsufficientPrivilege,
		"COPY t FROM 'a.xml'":                                sqlerr.InvalidParameterValue,
		"COPY t FROM 'a.csv' (FORMAT xml)":                   sqlerr.InvalidParameterValue,
		"COPY t FROM 'a.csv' (FORMAT)":                       sqlerr.InvalidParameterValue,
		"COPY t FROM 'a.csv' (DELIMITER ';;')":               sqlerr.InvalidParameterValue,
		"COPY t FROM 'a.csv' (DELIMITER '\"')":               sqlerr.InvalidParameterValue,
		"COPY t FROM 'a.csv' (NULL 'a,b')":                   sqlerr.InvalidParameterValue,
		"COPY t FROM 'a.csv' (NULL)":                         sqlerr.InvalidParameterValue,
		"COPY t FROM 'a.csv' (HEADER 'x')":                   sqlerr.InvalidParameterValue,
		"COPY t FROM 'a.csv' (MAX_ERRORS 'x')":               sqlerr.InvalidParameterValue,
		"COPY t FROM 'a.csv' (MAX_ERRORS '-1')":              sqlerr.InvalidParameterValue,
		"COPY t FROM 'a.csv' (FORMAT parquet, MAX_ERRORS 1)": sqlerr.InvalidParameterValue,
		"COPY t FROM 'a.csv' (FORMAT ndjson, HEADER)":        sqlerr.InvalidParameterValue,
		"COPY t FROM 'a.csv' (FORMAT csv, format csv)":       sqlerr.SyntaxError,
		"COPY t FROM 'a.csv' (OVERWRITE)":                    sqlerr.FeatureNotSupported,
		"COPY t TO 'x.csv' (MAX_ERRORS 1)":                   sqlerr.FeatureNotSupported,
		"COPY t FROM 'a.csv' (QUOTE 'x')":                    sqlerr.FeatureNotSupported,
		"COPY information_schema.tables FROM 'a.csv'":        sqlerr.FeatureNotSupported,
		"COPY system.users FROM 'a.csv'":                     sqlerr.InsufficientPrivilege,
		"COPY (SELECT INTERVAL '1 day' AS i) TO 'x.parquet'": sqlerr.FeatureNotSupported,
		"GRANT FILE ON main.t TO ann":                        sqlerr.InvalidParameterValue,
	} {
		c.fails(code, sql)
	}
	require.Len(t, files.Files(), 1, "nothing is left behind")

	off := start(t).admin()
	off.exec("CREATE TABLE t (id INT)")
	require.ErrorContains(t, off.fails(sqlerr.InsufficientPrivilege, "COPY t FROM 'a.csv'"), "--allow-files")
}

// Who uses files needs the privilege for them, and that for the table too.
func TestCopyNeedsThePrivilegeOfFiles(t *testing.T) {
	files := vfs.NewMemory()
	put(t, files, "a.csv", "id\n1\n")
	i := start(t, withFiles(files))
	admin := i.admin()
	admin.exec("CREATE TABLE t (id INT)")
	statements := []string{"COPY t FROM 'a.csv'", "COPY t TO 'b%d.csv'", "COPY (SELECT 1 AS a) TO 'c%d.csv'"}
	for n, role := range []string{"poweruser", "readonly"} {
		user := i.user(role+"_user", role)
		for _, sql := range statements {
			if strings.Contains(sql, "%d") {
				sql = fmt.Sprintf(sql, n)
			}
			user.fails(sqlerr.InsufficientPrivilege, sql)
		}
		st, err := admin.Prepare(t.Context(), nil, "GRANT FILE ON *.* TO "+role+"_user")
		require.NoError(t, err)
		_, err = st.Exec(t.Context(), nil)
		require.NoError(t, err)
		require.NoError(t, st.Close())
		user.exec(fmt.Sprintf("COPY t TO 'b%d.csv'", n))
		user.exec(fmt.Sprintf("COPY (SELECT 1 AS a) TO 'c%d.csv'", n))
		_, err = user.try(nil, "COPY t FROM 'a.csv'")
		require.Equal(t, role == "readonly", err != nil, "readonly must not write tables: %v", err)
		prepared, err := user.Prepare(t.Context(), nil, "COPY t TO 'd.csv'")
		require.NoError(t, err)
		admin.exec("REVOKE FILE ON *.* FROM " + role + "_user")
		_, err = prepared.Exec(t.Context(), nil)
		requireCode(t, sqlerr.InsufficientPrivilege, err, "it is asked for again")
		require.NoError(t, prepared.Close())
	}
	none := i.user("nobody")
	none.fails(sqlerr.InsufficientPrivilege, "COPY t TO 'e.csv'")
}
