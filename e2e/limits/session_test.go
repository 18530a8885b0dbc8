package limits_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
)

func startDefault(t *testing.T) *harness.Server {
	t.Helper()
	return harness.Start(t)
}

// sessionEdges are those of what sessions hold.
func sessionEdges() map[string]edge {
	return map[string]edge{
		"max-sessions":     {value: "2", test: sessionsEdge},
		"max-statements":   {value: "3", test: statementsEdge},
		"max-transactions": {value: "2", test: transactionsEdge},
		"statement-wait":   {value: "200ms", test: waitEdge},
		"transaction-idle-timeout": {value: "1s", test: func(t *testing.T, s *server) string {
			t.Helper()
			return eachDoor(t, s, func(d door) string {
				require.Empty(t, d.run("BEGIN"))
				require.Empty(t, d.run("CREATE TABLE t (i INT)"))
				require.Empty(t, d.run("ROLLBACK"))
				require.Empty(t, d.run("BEGIN"))
				require.Empty(t, d.run("CREATE TABLE t (i INT)"))
				watch := openFlight(t, s)
				eventually(t, func() bool { return watch.value("SELECT count(*) FROM system.transactions") == "0" })
				watch.close()
				code := d.run("SELECT * FROM t")
				require.Empty(t, d.run("ROLLBACK"), "%T", d)
				require.Equal(t, "42P01", d.run("SELECT * FROM t"), "it was rolled back")
				return code
			})
		}},
		"session-idle-timeout": {value: "1s", test: func(t *testing.T, s *server) string {
			t.Helper()
			d := openFlight(t, s)
			require.Empty(t, d.run("SET threads = 1"))
			require.Equal(t, "1", d.value("SHOW threads"))
			watch := openJSON(t, s)
			eventually(t, func() bool {
				return watch.value("SELECT count(*) FROM system.sessions WHERE door = 'flight'") == "0"
			})
			code := d.run("SHOW threads")
			require.Equal(t, "0", d.value("SHOW threads"), "the call after it opens a new session")
			return code
		}},
	}
}

// sessionsEdge has one session of each door, and then another of either.
func sessionsEdge(t *testing.T, s *server) string {
	t.Helper()
	first, second := openFlight(t, s), openJSON(t, s)
	require.Empty(t, first.run("SELECT 1"))
	more := dial(t, s.JSON)
	code := more.ask(loginLine).Code
	require.Equal(t, code, openFlight(t, s).run("SELECT 1"))
	require.Empty(t, first.run("SELECT 1"))
	require.Empty(t, second.run("SELECT 1"))
	second.close()
	eventually(t, func() bool { return more.ask(loginLine).Code == "" })
	more.close()
	first.close()
	eventually(t, func() bool {
		again := openFlight(t, s)
		defer again.close()
		return again.run("SELECT 1") == ""
	})
	return code
}

func statementsEdge(t *testing.T, s *server) string {
	t.Helper()
	d := openFlight(t, s)
	var held []*client.Statement
	for range 3 {
		st, err := d.Prepare(t.Context(), "SELECT 1")
		require.NoError(t, err)
		held = append(held, st)
	}
	_, err := d.Prepare(t.Context(), "SELECT 1")
	code := state(t, err)
	require.Equal(t, code, d.run("SELECT 1"), "its rows would be held, too")
	for _, st := range held {
		require.NoError(t, st.Close())
	}
	require.Empty(t, d.run("SELECT 1"))
	return code
}

func transactionsEdge(t *testing.T, s *server) string {
	t.Helper()
	first, second := openFlight(t, s), openJSON(t, s)
	require.Empty(t, first.run("BEGIN"))
	require.Empty(t, second.run("BEGIN"))
	code := eachDoor(t, s, func(d door) string { return d.run("BEGIN") })
	require.Equal(t, code, openJSON(t, s).ask(`{"command":"begin_transaction","db_name":"main"}`).Code)
	require.Empty(t, first.run("COMMIT"))
	require.Empty(t, openJSON(t, s).ask(`{"command":"begin_transaction","db_name":"main"}`).Code)
	require.Empty(t, second.run("ROLLBACK"))
	return code
}

// waitEdge changes something while a result of the same transaction is being read.
func waitEdge(t *testing.T, s *server) string {
	t.Helper()
	d := openFlight(t, s)
	require.Empty(t, d.run("CREATE TABLE t (i INT)"))
	tx, err := d.Begin(t.Context(), client.TxOptions{})
	require.NoError(t, err)
	rows, err := tx.Stream(t.Context(), "SELECT "+names(8)+" FROM "+digitsOf(8))
	require.NoError(t, err)
	require.True(t, rows.Next(), "%v", rows.Err())
	_, err = tx.Execute(t.Context(), "INSERT INTO t VALUES (1)")
	code := state(t, err)
	require.NoError(t, rows.Close())
	eventually(t, func() bool {
		_, err = tx.Execute(t.Context(), "INSERT INTO t VALUES (1)")
		return err == nil
	})
	require.NoError(t, tx.Commit(t.Context()))
	require.Equal(t, "1", d.value("SELECT count(*) FROM t"))
	return code
}
