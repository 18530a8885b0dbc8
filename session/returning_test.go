package session_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

func TestReturningGivesRowsOfOneRun(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT NOT NULL, name VARCHAR)")
	require.Equal(t, []string{"1|a", "2|b"}, c.rows("INSERT INTO t VALUES (1, 'a'), (2, 'b') RETURNING *"))
	require.Equal(t, []string{"x2"}, c.rows("UPDATE t SET name = 'x' WHERE id = ? RETURNING name || ?", 2, "2"))
	require.EqualValues(t, 2, c.exec("UPDATE t SET id = id RETURNING id, name"), "without a reader the rows are counted")
	require.Equal(t, []string{"x"}, c.rows("DELETE FROM t WHERE id = 2 RETURNING name"))

	st, err := c.Prepare(t.Context(), nil, "INSERT INTO t VALUES (?, ?) RETURNING id")
	require.NoError(t, err)
	defer st.Close()
	require.True(t, st.Once())
	require.Equal(t, 2, st.Parameters().NumFields())
	require.False(t, st.Result().Field(0).Nullable)
	fields := []arrow.Field{
		{Name: "1", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		{Name: "2", Type: arrow.BinaryTypes.String, Nullable: true},
	}
	_, err = st.Query(t.Context(), columns(t, fields, []any{7, 8, nil}, []any{"g", "h", "i"}))
	requireCode(t, sqlerr.NotNullViolation, err)
	s, err := st.Query(t.Context(), columns(t, fields, []any{7, 8, 9}, []any{"g", nil, "i"}))
	require.NoError(t, err)
	require.Equal(t, []string{"1", "7", "8", "9"}, c.rows("SELECT id FROM t ORDER BY id"), "nobody has to read the rows")
	rows, err := drain(s)
	require.NoError(t, err)
	require.Equal(t, []string{"7", "8", "9"}, rows)
}

func TestOnceIsForChangesWithRows(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT)")
	for sql, once := range map[string]bool{
		"SELECT 1": false, "INSERT INTO t VALUES (1)": false, "EXPLAIN DELETE FROM t RETURNING id": false,
		"SHOW TABLES": false, "DELETE FROM t RETURNING 1": true, "CREATE API KEY k": true, "BEGIN": false,
		"EXPLAIN ANALYZE SELECT 1": false, "EXPLAIN ANALYZE DELETE FROM t": true,
	} {
		st, err := c.Prepare(t.Context(), nil, sql)
		require.NoError(t, err, sql)
		require.Equal(t, once, st.Once(), sql)
		require.NoError(t, st.Close())
	}
}

func TestExplainAnalyzeOfAChangeMakesItOnce(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT)")
	st, err := c.Prepare(t.Context(), nil, "EXPLAIN ANALYZE INSERT INTO t VALUES (?)")
	require.NoError(t, err)
	id := []arrow.Field{{Name: "1", Type: arrow.PrimitiveTypes.Int32, Nullable: true}}
	s, err := st.Query(t.Context(), columns(t, id, []any{7}))
	require.NoError(t, err)
	require.Equal(t, []string{"7"}, c.rows("SELECT id FROM t"), "nobody has to read the lines")
	lines, err := drain(s)
	require.NoError(t, err)
	require.Len(t, lines, 3)
	require.Contains(t, lines[1], "Insert main.t [")
	n, err := st.Exec(t.Context(), columns(t, id, []any{8}))
	require.NoError(t, err)
	require.Zero(t, n, "its lines are no rows that were changed")
	require.Equal(t, []string{"7", "8"}, c.rows("SELECT id FROM t ORDER BY id"))
	require.NoError(t, st.Close())

	c.exec("SET default_transaction_read_only = on")
	_, err = c.query(nil, "EXPLAIN ANALYZE DELETE FROM t")
	requireCode(t, sqlerr.ReadOnlyTransaction, err)
}

func TestReturningInATransaction(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT)")
	c.exec("BEGIN")
	require.Equal(t, []string{"1"}, c.rows("INSERT INTO t VALUES (1) RETURNING id"))
	_, err := c.query(nil, "UPDATE t SET id = 2 RETURNING CAST('x' || id AS INT)")
	requireCode(t, sqlerr.InvalidText, err)
	require.Equal(t, []string{"1"}, c.rows("SELECT id FROM t"), "the statement is undone, the transaction goes on")

	st, err := c.Prepare(t.Context(), nil, "DELETE FROM t RETURNING id")
	require.NoError(t, err)
	s, err := st.Query(t.Context(), nil)
	require.NoError(t, err)
	c.exec("ROLLBACK")
	rows, err := drain(s)
	require.NoError(t, err, "the rows depend on the transaction no more")
	require.Equal(t, []string{"1"}, rows)
	require.Empty(t, c.rows("SELECT id FROM t"))
	require.NoError(t, st.Close())

	c.exec("SET default_transaction_read_only = on")
	_, err = c.query(nil, "INSERT INTO t VALUES (1) RETURNING id")
	requireCode(t, sqlerr.ReadOnlyTransaction, err)
}

// A conflict is met by running the statement again; its rows are those of the run that was committed.
func TestReturningIsTriedAgain(t *testing.T) {
	var runs atomic.Int32
	i := start(t, withFault(func(r session.Request) error {
		if strings.Contains(r.Plan.String(), "returning rows") && runs.Add(1) < 3 {
			return sqlerr.New(sqlerr.SerializationFailure, "as asked")
		}
		return nil
	}))
	c := i.admin()
	c.exec("CREATE TABLE t (id INT)")
	require.Equal(t, []string{"1", "2"}, c.rows("INSERT INTO t VALUES (1), (2) RETURNING *"))
	require.EqualValues(t, 3, runs.Load())
	require.Equal(t, []string{"2"}, c.rows("SELECT count(*) FROM t"))
}

func TestReturnedRowsAreLimitedAndReserved(t *testing.T) {
	i := start(t, withLimits(limits.Limits{ReturnedBytes: 64 << 10}))
	c := i.admin()
	c.exec("CREATE TABLE t (id INT, name VARCHAR)")
	c.exec("INSERT INTO t VALUES (1, ?)", strings.Repeat("x", 50<<10))

	st, err := c.Prepare(t.Context(), nil, "UPDATE t SET id = id + 1 RETURNING name")
	require.NoError(t, err)
	defer st.Close()
	before := i.budget.Used()
	s, err := st.Query(t.Context(), nil)
	require.NoError(t, err)
	require.GreaterOrEqual(t, i.budget.Used()-before, int64(50<<10))
	require.NoError(t, s.Close())
	require.LessOrEqual(t, i.budget.Used(), before)

	c.exec("INSERT INTO t VALUES (1, ?)", strings.Repeat("y", 20<<10))
	for _, begin := range []bool{false, true} {
		if begin {
			c.exec("BEGIN")
		}
		_, err = c.query(nil, "DELETE FROM t RETURNING name")
		requireCode(t, sqlerr.LimitExceeded, err)
		require.Equal(t, []string{"2"}, c.rows("SELECT count(*) FROM t"), "nothing was changed")
		require.EqualValues(t, 2, c.exec("UPDATE t SET id = id RETURNING name"), "rows that nobody wants take no room")
	}
	c.exec("COMMIT")
}
