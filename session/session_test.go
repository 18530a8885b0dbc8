package session_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/session"
)

func TestStatementsRun(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT NOT NULL, name VARCHAR)")
	require.EqualValues(t, 3, c.exec("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, NULL)"))
	require.Equal(t, []string{"1|a", "2|b", "3|(null)"}, c.rows("SELECT id, name FROM t ORDER BY id"))
	require.Equal(t, []string{"2"}, c.rows("SELECT count(*) FROM t WHERE id > 1"))
	require.EqualValues(t, 2, c.exec("CREATE TABLE u AS SELECT * FROM t WHERE id < 3"))
	require.Equal(t, []string{"3"}, c.rows("SELECT sum(id) FROM u"))
	require.Equal(t, []string{"1"}, c.rows("SELECT 1"))
	c.exec("DROP TABLE u")
	c.fails(sqlerr.UndefinedTable, "SELECT * FROM u")
	c.fails(sqlerr.SyntaxError, "SELEC 1")
	c.fails(sqlerr.NotNullViolation, "INSERT INTO t (name) VALUES ('x')")
	c.fails(sqlerr.DuplicateTable, "CREATE TABLE t (id INT)")
}

func TestChangesCountTheirRows(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT NOT NULL, name VARCHAR)")
	c.exec("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, NULL)")
	require.EqualValues(t, 2, c.exec("UPDATE t SET name = 'x' WHERE id >= 2"))
	require.EqualValues(t, 0, c.exec("UPDATE t SET name = 'x' WHERE id > 3"))
	require.EqualValues(t, 1, c.exec("UPDATE t SET id = ?, name = ? WHERE id = ?", 10, nil, 1))
	require.Equal(t, []string{"2|x", "3|x", "10|(null)"}, c.rows("SELECT id, name FROM t ORDER BY id"))
	require.EqualValues(t, 1, c.exec("DELETE FROM t WHERE id = ?", 2))
	require.EqualValues(t, 0, c.exec("DELETE FROM t WHERE id = ?", 2))
	require.Equal(t, []string{"2"}, c.rows("TRUNCATE t"), "run as a query, a change gives its count")
	require.Empty(t, c.rows("SELECT id FROM t"))
}

func TestPrepareTellsParametersAndResult(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT NOT NULL, name VARCHAR)")
	st, err := c.Prepare(t.Context(), nil, "SELECT name FROM t WHERE id = ?")
	require.NoError(t, err)
	require.Equal(t, 1, st.Parameters().NumFields())
	require.Equal(t, arrow.INT32, st.Parameters().Field(0).Type.ID())
	require.Equal(t, 1, st.Result().NumFields())
	require.True(t, st.Result().Field(0).Nullable)
	for _, sql := range []string{
		"INSERT INTO t VALUES (1, 'a')", "UPDATE t SET id = 1", "DELETE FROM t", "TRUNCATE t", "CREATE TABLE u (id INT)", "DROP TABLE t", "BEGIN", "SET threads = 1",
		"CREATE TABLE u AS SELECT * FROM t", "CREATE USER ann IDENTIFIED BY 'a long password'",
	} {
		st, err := c.Prepare(t.Context(), nil, sql)
		require.NoError(t, err, sql)
		require.Nil(t, st.Result(), sql)
		require.NoError(t, st.Close())
	}
	require.Equal(t, []string{"0"}, c.rows("SELECT count(*) FROM t"), "preparing runs nothing")
}

func TestParameters(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT NOT NULL, name VARCHAR, price DECIMAL(9,2))")
	c.exec("INSERT INTO t VALUES (?, ?, ?)", 1, "a", 1.25)
	c.exec("INSERT INTO t VALUES ($1, $2, $3)", int32(2), "b", nil)
	require.Equal(t, []string{"b"}, c.rows("SELECT name FROM t WHERE id = ?", 2))
	require.Equal(t, []string{"1|1.25"}, c.rows("SELECT id, price FROM t WHERE name LIKE ? ORDER BY id", "a%"))
	require.Equal(t, []string{"1"}, c.rows("SELECT id FROM t ORDER BY id LIMIT ?", 1))
	c.fails(sqlerr.UndefinedParameter, "SELECT id FROM t WHERE id = ?")
	c.fails(sqlerr.UndefinedParameter, "SELECT id FROM t WHERE id = ?", 1, 2)
	c.fails(sqlerr.NumericOutOfRange, "INSERT INTO t (id) VALUES (?)", int64(1)<<40)
	c.fails(sqlerr.InvalidText, "SELECT id FROM t WHERE id = ?", "one")

	st, err := c.Prepare(t.Context(), nil, "SELECT id FROM t WHERE id = ?")
	require.NoError(t, err)
	id := []arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int32}}
	_, err = st.Query(t.Context(), columns(t, id, []any{1, 2}))
	requireCode(t, sqlerr.InvalidParameterValue, err)
	for _, n := range []int{1, 2} { // a prepared statement runs again
		s, err := st.Query(t.Context(), columns(t, id, []any{n}))
		require.NoError(t, err)
		rows, err := drain(s)
		require.NoError(t, err)
		require.Len(t, rows, 1)
	}
}

func TestManyRowsOfParametersAreOneTransaction(t *testing.T) {
	c := start(t, withLimits(limits.Limits{ParameterRows: 20_000})).admin()
	c.exec("CREATE TABLE t (id INT NOT NULL, twice INT)")
	st, err := c.Prepare(t.Context(), nil, "INSERT INTO t VALUES (?, ? * 2)")
	require.NoError(t, err)
	fields := []arrow.Field{
		{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "b", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	}
	var ids []any
	for i := range 10_000 {
		ids = append(ids, i)
	}
	n, err := st.Exec(t.Context(), columns(t, fields, ids, ids))
	require.NoError(t, err)
	require.EqualValues(t, 10_000, n)
	require.Equal(t, []string{"10000|49995000|99990000"}, c.rows("SELECT count(*), sum(id), sum(twice) FROM t"))

	ids[9_999] = nil // the last row fails, and none is kept
	_, err = st.Exec(t.Context(), columns(t, fields, ids, ids))
	requireCode(t, sqlerr.NotNullViolation, err)
	require.Equal(t, []string{"10000"}, c.rows("SELECT count(*) FROM t"))

	n, err = st.Exec(t.Context(), columns(t, fields, nil, nil))
	require.NoError(t, err)
	require.Zero(t, n)
	many := append(append(ids, ids...), 1)
	_, err = st.Exec(t.Context(), columns(t, fields, many, many))
	requireCode(t, sqlerr.ProgramLimitExceeded, err)
}

func TestPreparedStatementsFollowDefinitions(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT)")
	read, err := c.Prepare(t.Context(), nil, "SELECT id FROM t")
	require.NoError(t, err)
	write, err := c.Prepare(t.Context(), nil, "INSERT INTO t (id) VALUES (7)")
	require.NoError(t, err)
	tables, err := c.Prepare(t.Context(), nil, "SHOW TABLES")
	require.NoError(t, err)
	c.exec("DROP TABLE t")
	_, err = read.Query(t.Context(), nil)
	requireCode(t, sqlerr.UndefinedTable, err)
	_, err = write.Exec(t.Context(), nil)
	requireCode(t, sqlerr.UndefinedTable, err)

	c.exec("CREATE TABLE t (name VARCHAR, id INT)")
	_, err = write.Exec(t.Context(), nil)
	require.NoError(t, err)
	s, err := read.Query(t.Context(), nil)
	require.NoError(t, err)
	rows, err := drain(s)
	require.NoError(t, err)
	require.Equal(t, []string{"7"}, rows)

	c.exec("DROP TABLE t")
	c.exec("CREATE TABLE t (id VARCHAR)")
	_, err = read.Query(t.Context(), nil)
	requireCode(t, sqlerr.FeatureNotSupported, err)
	c.exec("CREATE TABLE u (id INT)")
	s, err = tables.Query(t.Context(), nil)
	require.NoError(t, err)
	rows, err = drain(s)
	require.NoError(t, err)
	require.Len(t, rows, 2, "SHOW TABLES is not what it was when it was prepared")
}

func TestQueryOfAChangeGivesItsCount(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT)")
	require.Equal(t, []string{"2"}, c.rows("INSERT INTO t VALUES (1), (2)"))
	require.Equal(t, []string{"2"}, c.rows("SELECT count(*) FROM t"))
	require.Equal(t, []string{"0"}, c.rows("BEGIN"))
}

func TestUseAndShow(t *testing.T) {
	c := start(t).admin()
	require.Equal(t, []string{"SNAPSHOT"}, c.rows("SHOW transaction_isolation"))
	c.exec("CREATE DATABASE lab")
	c.exec("USE lab")
	require.Equal(t, "lab", c.Database())
	c.exec("CREATE TABLE t (id INT)")
	c.exec("USE main")
	c.fails(sqlerr.UndefinedTable, "SELECT * FROM t")
	require.Empty(t, c.rows("SELECT * FROM lab.t"))
	c.fails(sqlerr.InvalidCatalogName, "USE nowhere")
	require.Equal(t, "main", c.Database())
}

func TestSettings(t *testing.T) {
	c := start(t).admin()
	c.exec("SET threads = 1")
	require.Equal(t, []string{"1"}, c.rows("SHOW threads"))
	c.exec("SET statement_timeout TO '5000'")
	c.exec("SET application_name = 'a test'")
	require.Equal(t, []string{"a test"}, c.rows("SHOW application_name"))
	c.exec("SET threads TO DEFAULT")
	require.Equal(t, []string{"0"}, c.rows("SHOW threads"))
	c.exec("RESET ALL")
	require.Equal(t, []string{"0"}, c.rows("SHOW statement_timeout"))
	c.exec("SET time_zone = 'UTC'")
	c.exec("SET autocommit = 1")
	c.fails(sqlerr.FeatureNotSupported, "SET time_zone = 'Europe/Berlin'")
	c.fails(sqlerr.FeatureNotSupported, "SET transaction_isolation = 'SERIALIZABLE'")
	c.fails(sqlerr.InvalidParameterValue, "SET threads = 'many'")
	c.fails(sqlerr.InvalidParameterValue, "SET database = 'x'")
	c.fails(sqlerr.UndefinedObject, "SET thread = 1")
}

func TestInformationSchema(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE DATABASE lab")
	c.exec("CREATE TABLE lab.t (id INT NOT NULL, price DECIMAL(9,2), at TIMESTAMP(3))")
	require.Equal(t, []string{"micodb|information_schema", "micodb|lab", "micodb|main", "micodb|system"},
		c.rows("SELECT catalog_name, schema_name FROM information_schema.schemata ORDER BY schema_name"))
	require.Equal(t, []string{"t|BASE TABLE"},
		c.rows("SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'lab'"))
	require.Equal(t, []string{"id|1|NO|INTEGER|(null)", "price|2|YES|DECIMAL(9,2)|9", "at|3|YES|TIMESTAMP(3)|(null)"},
		c.rows(`SELECT column_name, ordinal_position, is_nullable, data_type, numeric_precision
			FROM information_schema.columns WHERE table_schema = 'lab' ORDER BY ordinal_position`))
	require.Contains(t, c.rows("SELECT name FROM system.settings"), "transaction_isolation")
	require.Contains(t, c.rows("SELECT role_name, permission FROM system.roles"), "readonly|Read")
	require.Equal(t, []string{"admin"}, c.rows("SELECT user_name FROM system.queries WHERE sql LIKE '%system.queries%'"))
	c.fails(sqlerr.UndefinedTable, "SELECT * FROM information_schema.nothing")
}

func TestLimits(t *testing.T) {
	i := start(t, withLimits(limits.Limits{Sessions: 2, Statements: 1, Calls: 1, Statement: limits.Statement{Bytes: 100}}))
	c := i.admin()
	other := i.admin()
	_, err := i.server.Open(t.Context(), session.Credentials{
		Method: session.Password, Username: "admin", Secret: adminPassword,
	})
	requireCode(t, sqlerr.TooManyConnections, err)
	require.NoError(t, other.Close())
	require.NoError(t, other.Close())
	i.admin()

	c.fails(sqlerr.ProgramLimitExceeded, "SELECT '"+strings.Repeat("x", 100)+"'")
	one, err := c.Prepare(t.Context(), nil, "SELECT 1")
	require.NoError(t, err)
	_, err = c.Prepare(t.Context(), nil, "SELECT 2")
	require.NoError(t, err)
	c.fails(sqlerr.LimitExceeded, "SELECT 3")
	require.NoError(t, one.Close())
	require.NoError(t, one.Close())
	require.Equal(t, []string{"3"}, c.rows("SELECT 3"))
}

func TestPanicsAreErrors(t *testing.T) {
	throw := error(nil)
	i := start(t, withFault(func(session.Request) error {
		if throw != nil {
			panic(throw)
		}
		return nil
	}))
	c := i.admin()
	c.exec("CREATE TABLE t (id INT)")
	throw = errors.New("a defect with a secret")
	err := c.fails(sqlerr.InternalError, "INSERT INTO t VALUES (1)")
	require.NotContains(t, err.Error(), "a defect")
	_, err = c.query(nil, "SELECT 1")
	requireCode(t, sqlerr.InternalError, err)
	require.Contains(t, i.log.String(), "a defect with a secret")
	require.Contains(t, i.log.String(), "session_test.go")
	throw = sqlerr.New(sqlerr.OutOfMemory, "too much")
	_, err = c.query(nil, "SELECT 1")
	requireCode(t, sqlerr.OutOfMemory, err)
	throw = nil
	require.Equal(t, []string{"0"}, c.rows("SELECT count(*) FROM t"))
}

func TestStreamsEndOnce(t *testing.T) {
	c := start(t).admin()
	st, err := c.Prepare(t.Context(), nil, "SELECT 1")
	require.NoError(t, err)
	s, err := st.Query(t.Context(), nil)
	require.NoError(t, err)
	b, err := s.Next(t.Context())
	require.NoError(t, err)
	b.Release()
	for range 3 {
		_, err = s.Next(t.Context())
		require.ErrorIs(t, err, io.EOF)
	}
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())

	s, err = st.Query(t.Context(), nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Next(ctx)
	requireCode(t, sqlerr.QueryCanceled, err)
	_, err = s.Next(t.Context())
	requireCode(t, sqlerr.QueryCanceled, err)
	require.NoError(t, s.Close())
	require.NoError(t, c.Close())
	_, err = st.Query(t.Context(), nil)
	requireCode(t, sqlerr.InvalidAuthorization, err)
}

func TestEverythingSurvivesARestart(t *testing.T) {
	fs := vfs.NewMemory()
	i := startOn(t, fs)
	c := i.admin()
	c.exec("CREATE TABLE t (id INT)")
	c.exec("INSERT INTO t VALUES (1)")
	c.exec("CREATE USER ann IDENTIFIED BY 'a long password' DEFAULT ROLE readonly")
	i.stop()
	i = startOn(t, fs)
	require.Equal(t, []string{"1"}, i.login("ann", "a long password").rows("SELECT id FROM t"))
	i.admin()
}
