package server_test

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
)

// restart kills the server with SIGKILL, and returns another one on its directory and Flight address.
func restart(t *testing.T, s *harness.Server, args ...string) *harness.Server {
	t.Helper()
	s.Kill()
	_, port, err := net.SplitHostPort(s.Flight)
	require.NoError(t, err)
	next := harness.New(t, s.Dir, append(args, "--flight-port", port)...)
	next.Start()
	return next
}

// column returns the numbers that a query gives.
func column(t *testing.T, c *client.Conn, sql string) (values []int32) {
	t.Helper()
	rows, err := c.Stream(t.Context(), sql)
	require.NoError(t, err)
	for rows.NextRow() {
		var v int32
		require.NoError(t, rows.Scan(&v))
		values = append(values, v)
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	return values
}

// patience is how long a client may take to find a server that has started anew.
const patience = time.Minute

// answered runs a statement until a server answers, and returns the SQLSTATE of its refusal.
func answered(t *testing.T, c *client.Conn, sql string) string {
	t.Helper()
	var refused *client.Error
	require.Eventually(t, func() bool {
		_, err := c.Execute(t.Context(), sql)
		return errors.As(err, &refused) && refused.SQLState != ""
	}, patience, 20*time.Millisecond)
	return refused.SQLState
}

// What follows a BEGIN that the server has lost must not be committed by itself: the client will roll it back.
func TestATransactionLostInARestartIsTold(t *testing.T) {
	s := harness.Start(t)
	_, err := s.Connect(t.Context()).Execute(t.Context(), "CREATE TABLE t (x INT)")
	require.NoError(t, err)
	conns := map[string]*client.Conn{"password": s.Connect(t.Context())}
	keys, err := s.Connect(t.Context()).Stream(t.Context(), "CREATE API KEY k")
	require.NoError(t, err)
	require.True(t, keys.NextRow())
	key, ok := keys.Value(2).(string)
	require.True(t, ok)
	require.NoError(t, keys.Close())
	conns["API key"], err = client.Open(t.Context(), client.Options{URL: "grpc://" + s.Flight, APIKey: key})
	require.NoError(t, err)
	defer conns["API key"].Close()
	for _, c := range conns {
		for _, sql := range []string{"BEGIN", "INSERT INTO t VALUES (1)"} {
			_, err := c.Execute(t.Context(), sql)
			require.NoError(t, err)
		}
	}
	s = restart(t, s)
	for name, c := range conns {
		require.Equal(t, "08003", answered(t, c, "INSERT INTO t VALUES (2)"), name)
		_, err = c.Execute(t.Context(), "INSERT INTO t VALUES (3)")
		require.NoError(t, err, name)
		_, err = c.Execute(t.Context(), "ROLLBACK")
		require.ErrorContains(t, err, "25P01", name)
	}
	require.Equal(t, []int32{3, 3}, column(t, s.Connect(t.Context()), "SELECT x FROM t"))
}

func TestASessionThatIdledOutIsTold(t *testing.T) {
	s := harness.Start(t, "--session-idle-timeout", "100ms")
	c := s.Connect(t.Context())
	_, err := c.Execute(t.Context(), "BEGIN")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		answers := ask(t, dialJSON(t, s), loginLine, `{"command":"sql","db_name":"main","query":`+
			`"SELECT count(*) AS n FROM system.sessions WHERE door = 'flight'"}`)
		return string(answers[1].Data) == `[{"n":0}]`
	}, patience, 20*time.Millisecond)
	_, err = c.Execute(t.Context(), "SELECT 1")
	require.ErrorContains(t, err, "08003")
	_, err = c.Execute(t.Context(), "SELECT 1")
	require.NoError(t, err)
}

// A transaction that was begun by the action of Flight, not by SQL, goes with its session.
func TestAKilledSessionEndsItsFlightTransaction(t *testing.T) {
	s := harness.Start(t)
	admin := s.Connect(t.Context())
	_, err := admin.Execute(t.Context(), "CREATE TABLE t (x INT)")
	require.NoError(t, err)
	c := s.Connect(t.Context())
	tx, err := c.Begin(t.Context(), client.TxOptions{})
	require.NoError(t, err)
	_, err = tx.Execute(t.Context(), "INSERT INTO t VALUES (1)")
	require.NoError(t, err)
	rows, err := admin.Stream(t.Context(), "SELECT max(session_id) FROM system.sessions")
	require.NoError(t, err)
	require.True(t, rows.NextRow())
	id := rows.Value(0)
	require.NoError(t, rows.Close())
	require.Len(t, column(t, admin, "SELECT CAST(1 AS INT) FROM system.transactions"), 1)
	_, err = admin.Execute(t.Context(), fmt.Sprint("KILL SESSION ", id))
	require.NoError(t, err)
	require.Empty(t, column(t, admin, "SELECT CAST(1 AS INT) FROM system.transactions"))
	require.Error(t, tx.Commit(t.Context()))
	require.Empty(t, column(t, admin, "SELECT x FROM t"))
}

// Nothing but a connection tells this client from others, and gRPC makes new ones without a word.
func TestBeginNeedsAName(t *testing.T) {
	s := harness.Start(t, "--insecure-no-auth")
	c, err := flightsql.NewClient(s.Flight, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer c.Close()
	_, err = c.ExecuteUpdate(t.Context(), "BEGIN")
	require.ErrorContains(t, err, "0A000")
	require.ErrorContains(t, err, "BeginTransaction")
	tx, err := c.BeginTransaction(t.Context())
	require.NoError(t, err)
	require.NoError(t, tx.Rollback(t.Context()))
	named, err := client.Open(t.Context(), client.Options{URL: "grpc://" + s.Flight})
	require.NoError(t, err)
	defer named.Close()
	_, err = named.Execute(t.Context(), "BEGIN")
	require.NoError(t, err)
	_, err = named.Execute(t.Context(), "ROLLBACK")
	require.NoError(t, err)
}
