package sqldriver_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/client/sqldriver"
	"github.com/micodb/micodb/e2e/harness"
)

var server *harness.Server

func TestMain(m *testing.M) {
	os.Exit(harness.Shared(func(s *harness.Server) int {
		server = s
		return m.Run()
	}))
}

func address() string { return "grpc://admin:" + harness.Password + "@" + server.Flight }

func Example() {
	db, err := sql.Open("micodb", address()) // grpc://user:password@127.0.0.1:8815/database
	if err != nil {
		panic(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT name, price FROM (VALUES ('pen', 1.50), ('ink', 7.25)) AS v(name, price) WHERE price > ?", 2)
	if err != nil {
		panic(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, price string
		if err := rows.Scan(&name, &price); err != nil {
			panic(err)
		}
		fmt.Println(name, price)
	}
	fmt.Println(rows.Err())
	// Output:
	// ink 7.25
	// <nil>
}

func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open(sqldriver.Name, address())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func execute(t *testing.T, db interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}, query string, args ...any,
) int64 {
	t.Helper()
	result, err := db.ExecContext(t.Context(), query, args...)
	require.NoError(t, err)
	n, err := result.RowsAffected()
	require.NoError(t, err)
	_, err = result.LastInsertId()
	require.Error(t, err)
	return n
}

// number runs a query that gives one number.
func number(t *testing.T, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, query string, args ...any,
) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), query, args...).Scan(&n))
	return n
}

func state(err error) string {
	if e, ok := errors.AsType[*client.Error](err); ok {
		return e.SQLState
	}
	return fmt.Sprint("no SQLSTATE: ", err)
}

func TestTypesAndTheirDescription(t *testing.T) {
	require.Equal(t, "arrow.uuid", extensions.NewUUIDType().ExtensionName(), "this program has Arrow's extension types")
	db := open(t)
	noon := time.Date(2024, 2, 29, 12, 30, 0, 0, time.FixedZone("", 3600))
	for i, c := range []struct {
		sql, name string
		scan      reflect.Type
		in        any
		into      any // pointer to what is wanted
	}{
		{"BOOLEAN NOT NULL", "BOOLEAN", reflect.TypeFor[bool](), true, new(true)},
		{"TINYINT", "TINYINT", reflect.TypeFor[sql.NullInt64](), -1, new(int8(-1))},
		{"SMALLINT", "SMALLINT", reflect.TypeFor[sql.NullInt64](), -1, new("-1")},
		{"INT NOT NULL", "INT", reflect.TypeFor[int64](), 7, new(7)},
		{"BIGINT", "BIGINT", reflect.TypeFor[sql.NullInt64](), nil, new(sql.NullInt64{})},
		{"BIGINT UNSIGNED", "BIGINT UNSIGNED", reflect.TypeFor[sql.Null[uint64]](), uint64(math.MaxUint64), new(uint64(math.MaxUint64))},
		{"INT UNSIGNED", "INT UNSIGNED", reflect.TypeFor[sql.Null[uint64]](), 5, new(sql.Null[uint64]{V: 5, Valid: true})},
		{"FLOAT", "FLOAT", reflect.TypeFor[sql.NullFloat64](), 0.5, new(float32(0.5))},
		{"DOUBLE NOT NULL", "DOUBLE", reflect.TypeFor[float64](), 0.1, new(0.1)},
		{"DECIMAL(20,4)", "DECIMAL", reflect.TypeFor[sql.NullString](), "1234567890123456.7891", new("1234567890123456.7891")},
		{"DECIMAL(20,4)", "DECIMAL", reflect.TypeFor[sql.NullString](), 1.5, new(1.5)},
		{"VARCHAR", "VARCHAR", reflect.TypeFor[sql.NullString](), "é", new(sql.NullString{String: "é", Valid: true})},
		{"VARBINARY", "VARBINARY", reflect.TypeFor[[]byte](), []byte{0, 255}, &[]byte{0, 255}},
		{"VARBINARY", "VARBINARY", reflect.TypeFor[[]byte](), nil, new([]byte(nil))},
		{"DATE", "DATE", reflect.TypeFor[sql.NullTime](), noon, new(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC))},
		{"TIMESTAMP(6)", "TIMESTAMP", reflect.TypeFor[sql.NullTime](), noon, new(noon.UTC())},
		{"TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE", reflect.TypeFor[sql.NullTime](), noon, new(noon.UTC())},
		{"TIME(0)", "TIME", reflect.TypeFor[sql.NullString](), "01:02:03", new("01:02:03")},
		{"UUID", "UUID", reflect.TypeFor[sql.NullString](), "6f1e1a52-30fa-4f9c-8b8e-5c4f9a4f9b10", new("6f1e1a52-30fa-4f9c-8b8e-5c4f9a4f9b10")},
		{"JSON", "JSON", reflect.TypeFor[sql.NullString](), json.RawMessage(`{"a":1}`), new(`{"a":1}`)},
	} {
		t.Run(c.sql, func(t *testing.T) {
			table := fmt.Sprintf("types_%d", i)
			execute(t, db, "CREATE TABLE "+table+" (v "+c.sql+")")
			require.Equal(t, int64(1), execute(t, db, "INSERT INTO "+table+" VALUES (?)", c.in))
			rows, err := db.QueryContext(t.Context(), "SELECT v FROM "+table)
			require.NoError(t, err)
			defer rows.Close()
			columns, err := rows.ColumnTypes()
			require.NoError(t, err)
			require.Equal(t, "v", columns[0].Name())
			require.Equal(t, c.name, columns[0].DatabaseTypeName())
			require.Equal(t, c.scan, columns[0].ScanType())
			require.True(t, rows.Next(), "%v", rows.Err())
			got := reflect.New(reflect.TypeOf(c.into).Elem())
			require.NoError(t, rows.Scan(got.Interface()))
			require.Equal(t, c.into, got.Interface())
			byType := reflect.New(columns[0].ScanType()).Interface()
			require.NoError(t, rows.Scan(byType), "the type that the driver names takes the value")
		})
	}
	rows, err := db.QueryContext(t.Context(), "SELECT CAST(1 AS DECIMAL(12,3)) AS d, 'x' AS s, 1 AS i")
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	require.NoError(t, err)
	precision, scale, ok := columns[0].DecimalSize()
	require.Equal(t, []any{int64(12), int64(3), true}, []any{precision, scale, ok})
	length, ok := columns[1].Length()
	require.Equal(t, []any{int64(math.MaxInt64), true}, []any{length, ok})
	_, ok = columns[2].Length()
	require.False(t, ok)
	nullable, ok := columns[2].Nullable()
	require.Equal(t, []bool{false, true}, []bool{nullable, ok})
}

func TestTransactions(t *testing.T) {
	db := open(t)
	execute(t, db, "CREATE TABLE tx (i INT)")
	outside, err := db.PrepareContext(t.Context(), "INSERT INTO tx VALUES (?)")
	require.NoError(t, err)
	defer outside.Close()

	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	execute(t, tx, "INSERT INTO tx VALUES (?)", 1)
	_, err = tx.StmtContext(t.Context(), outside).ExecContext(t.Context(), 2)
	require.NoError(t, err)
	inside, err := tx.PrepareContext(t.Context(), "SELECT count(*) FROM tx WHERE i >= ?")
	require.NoError(t, err)
	require.Equal(t, 2, number(t, inside2{inside}, ""))
	require.Equal(t, 0, number(t, db, "SELECT count(*) FROM tx"), "nobody else sees it")
	require.NoError(t, tx.Rollback())
	require.Equal(t, 0, number(t, db, "SELECT count(*) FROM tx"), "what ran by a statement of before is undone too")
	_, err = outside.ExecContext(t.Context(), 3)
	require.NoError(t, err)
	require.Equal(t, 1, number(t, db, "SELECT count(*) FROM tx"))

	tx, err = db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelSnapshot})
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "INSERT INTO tx VALUES (9)")
	require.Equal(t, "25006", state(err))
	require.NoError(t, tx.Commit())
	for _, level := range []sql.IsolationLevel{sql.LevelSerializable, sql.LevelLinearizable, sql.LevelWriteCommitted} {
		_, err = db.BeginTx(t.Context(), &sql.TxOptions{Isolation: level})
		require.ErrorContains(t, err, level.String())
	}
	for _, level := range []sql.IsolationLevel{sql.LevelReadUncommitted, sql.LevelReadCommitted, sql.LevelRepeatableRead} {
		tx, err = db.BeginTx(t.Context(), &sql.TxOptions{Isolation: level})
		require.NoError(t, err)
		require.NoError(t, tx.Rollback())
	}

	ctx, cancel := context.WithCancel(t.Context())
	tx, err = db.BeginTx(ctx, nil)
	require.NoError(t, err)
	execute(t, tx, "DELETE FROM tx")
	cancel() // database/sql rolls back
	require.Eventually(t, func() bool { return errors.Is(tx.Commit(), sql.ErrTxDone) || errors.Is(tx.Commit(), context.Canceled) },
		time.Minute, time.Millisecond)
	require.Equal(t, 1, number(t, db, "SELECT count(*) FROM tx"))
}

// inside2 runs a prepared statement with the number 0.
type inside2 struct{ *sql.Stmt }

func (s inside2) QueryRowContext(ctx context.Context, _ string, _ ...any) *sql.Row {
	return s.Stmt.QueryRowContext(ctx, 0)
}

func TestAConflictIsToldByItsState(t *testing.T) {
	db := open(t)
	execute(t, db, "CREATE TABLE conflict AS SELECT 1 AS i")
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, 1, number(t, tx, "SELECT i FROM conflict"))
	execute(t, db, "UPDATE conflict SET i = 2")
	_, err = tx.ExecContext(t.Context(), "UPDATE conflict SET i = 3")
	err = errors.Join(err, tx.Commit())
	require.True(t, client.IsRetryable(err), "%v", err)
	require.Equal(t, 2, number(t, db, "SELECT i FROM conflict"))
}

func TestPreparedStatements(t *testing.T) {
	db := open(t)
	execute(t, db, "CREATE TABLE prepared (i BIGINT, s VARCHAR)")
	insert, err := db.PrepareContext(t.Context(), "INSERT INTO prepared VALUES ($1, $2)")
	require.NoError(t, err)
	for i := range 5 {
		result, err := insert.ExecContext(t.Context(), i, fmt.Sprint("number ", i))
		require.NoError(t, err)
		n, err := result.RowsAffected()
		require.NoError(t, err)
		require.Equal(t, int64(1), n)
	}
	_, err = insert.ExecContext(t.Context(), 1)
	require.ErrorContains(t, err, "expected 2 arguments, got 1")
	require.NoError(t, insert.Close())
	_, err = insert.ExecContext(t.Context(), 1, "x")
	require.Error(t, err)
	var s string
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT s FROM prepared WHERE i = ?", 3).Scan(&s))
	require.Equal(t, "number 3", s)
	require.ErrorIs(t, db.QueryRowContext(t.Context(), "SELECT s FROM prepared WHERE i = ?", 30).Scan(&s), sql.ErrNoRows)
	require.Equal(t, int64(2), execute(t, db, "UPDATE prepared SET s = ? WHERE i < ?", nil, 2))
	require.Equal(t, int64(5), execute(t, db, "DELETE FROM prepared"))

	_, err = db.ExecContext(t.Context(), "INSERT INTO prepared VALUES (:i, 'x')", sql.Named("i", 1))
	require.ErrorContains(t, err, `parameter "i"`)
	_, err = db.ExecContext(t.Context(), "INSERT INTO prepared VALUES (?, ?)", struct{}{}, "x")
	require.ErrorContains(t, err, "parameter $1")
	_, err = db.PrepareContext(t.Context(), "SELEC 1")
	require.Equal(t, "42601", state(err))
}

// What a statement changed of a session ends when the connection goes back to the pool.
func TestSessionsAreReset(t *testing.T) {
	db := open(t)
	db.SetMaxOpenConns(1)
	execute(t, db, "CREATE DATABASE elsewhere")
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	execute(t, conn, "USE elsewhere")
	var name string
	require.NoError(t, conn.QueryRowContext(t.Context(), "SELECT database()").Scan(&name))
	require.Equal(t, "elsewhere", name)
	require.NoError(t, conn.Close())
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT database()").Scan(&name))
	require.Equal(t, "main", name)
}

func TestCancellation(t *testing.T) {
	db := open(t)
	execute(t, db, "CREATE TABLE ten AS SELECT * FROM (VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) AS v(n)")
	running := func() int {
		return number(t, db, "SELECT count(*) FROM system.queries WHERE sql LIKE 'SELECT count(*) FROM ten a%'")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		var n int
		done <- db.QueryRowContext(ctx,
			"SELECT count(*) FROM ten a, ten b, ten c, ten d, ten e, ten f, ten g, ten h, ten i, ten j, ten k, ten l").Scan(&n)
	}()
	require.Eventually(t, func() bool { return running() == 1 }, time.Minute, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	require.Eventually(t, func() bool { return running() == 0 }, time.Minute, time.Millisecond)
}

// The server is killed and started again: broken connections leave the pool.
func TestTheServerMayGoAndComeBack(t *testing.T) {
	s := harness.Start(t)
	db, err := sql.Open(sqldriver.Name, "grpc://admin:"+harness.Password+"@"+s.Flight)
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.PingContext(t.Context()))
	s.Kill()
	require.Error(t, db.PingContext(t.Context()))
	require.Zero(t, db.Stats().OpenConnections)
}

func TestDataSourceNames(t *testing.T) {
	_, err := sql.Open(sqldriver.Name, "user:secret@tcp(localhost)/db")
	require.ErrorIs(t, err, client.ErrAddress)
	require.NotContains(t, err.Error(), "secret")
	db, err := sql.Open(sqldriver.Name, "grpc://admin:wrong@"+server.Flight)
	require.NoError(t, err)
	defer db.Close()
	require.Equal(t, "28P01", state(db.PingContext(t.Context())))
	connector, err := sqldriver.NewConnector(client.Options{URL: "grpc://" + server.Flight, Username: "admin", Password: harness.Password, Database: "system"})
	require.NoError(t, err)
	with := sql.OpenDB(connector)
	defer with.Close()
	var name string
	require.NoError(t, with.QueryRowContext(t.Context(), "SELECT database()").Scan(&name))
	require.Equal(t, "system", name)
}
