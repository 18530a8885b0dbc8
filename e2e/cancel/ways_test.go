package cancel_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
)

// way is how a statement is ended.
type way struct {
	name    string
	queries bool // it is not for statements that change something
	// begin starts a statement on a connection of its own and returns what ends it. Neither waits for its answer.
	begin func(t *testing.T, s *harness.Server, sql string) (end func())
}

func ways() []way {
	return []way{
		{"call", false, beginCall},
		{"info", true, beginInfo},
		{"kill", false, beginKill},
		{"json", false, beginJSON},
		{"flight", false, beginFlight},
		{"timeout", false, beginTimeout},
	}
}

// drain runs a statement to its end, which is an error when it was cancelled in time.
func drain(ctx context.Context, db *client.Conn, sql string) {
	rows, err := db.Stream(ctx, sql)
	if err != nil {
		return
	}
	for rows.Next() {
	}
	_ = rows.Close()
}

// aside runs f until the test's end at the latest.
func aside(t *testing.T, f func()) {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(f)
	t.Cleanup(wg.Wait)
}

// beginCall ends the RPC.
func beginCall(t *testing.T, s *harness.Server, sql string) func() {
	t.Helper()
	db := s.Connect(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	aside(t, func() { drain(ctx, db, sql) })
	return cancel
}

// beginKill asks for KILL QUERY on another connection.
func beginKill(t *testing.T, s *harness.Server, sql string) func() {
	t.Helper()
	db, other := s.Connect(t.Context()), s.Connect(t.Context())
	aside(t, func() { drain(t.Context(), db, sql) })
	return func() {
		rows, err := other.Stream(t.Context(), "SELECT query_id FROM system.queries WHERE sql NOT LIKE '%system.queries%'")
		require.NoError(t, err)
		var ids []string
		for rows.Next() {
			for i := range int(rows.Batch().NumRows()) {
				ids = append(ids, rows.Batch().Column(0).ValueStr(i))
			}
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
		for _, id := range ids {
			_, _ = other.Execute(t.Context(), "KILL QUERY "+id) // it may have ended
		}
	}
}

// beginTimeout lets the server do it, at once: what ends the statement is the time that it has begun before.
func beginTimeout(t *testing.T, s *harness.Server, sql string) func() {
	t.Helper()
	db := s.Connect(t.Context())
	_, err := db.Execute(t.Context(), fmt.Sprintf("SET statement_timeout = %d", timeout.Milliseconds()))
	require.NoError(t, err)
	aside(t, func() { drain(t.Context(), db, sql) })
	return nil
}

// dialed is a Flight SQL client whose connection can be cut.
func dialed(t *testing.T, s *harness.Server) (c *flightsql.Client, ctx context.Context, cut func()) {
	t.Helper()
	var mu sync.Mutex
	var conns []net.Conn
	ended := false
	dial := func(ctx context.Context, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", address)
		mu.Lock()
		defer mu.Unlock()
		if ended && err == nil {
			_ = conn.Close()
			return nil, net.ErrClosed
		}
		conns = append(conns, conn)
		return conn, err
	}
	c, err := flightsql.NewClient("passthrough:///"+s.Flight, nil, nil,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithContextDialer(dial))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	ctx, err = c.Client.AuthenticateBasicToken(t.Context(), "admin", harness.Password)
	require.NoError(t, err)
	return c, ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		ended = true
		for _, conn := range conns {
			_ = conn.Close()
		}
	}
}

// read reads all that an info promises.
func read(ctx context.Context, c *flightsql.Client, info *flight.FlightInfo) {
	rows, err := c.DoGet(ctx, info.GetEndpoint()[0].GetTicket())
	if err != nil {
		return
	}
	defer rows.Release()
	for rows.Next() {
	}
}

// beginInfo asks for CancelFlightInfo.
func beginInfo(t *testing.T, s *harness.Server, sql string) func() {
	t.Helper()
	c, ctx, _ := dialed(t, s)
	info, err := c.Execute(ctx, sql)
	require.NoError(t, err)
	aside(t, func() { read(ctx, c, info) })
	return func() {
		_, _ = c.CancelFlightInfo(ctx, &flight.CancelFlightInfoRequest{Info: info}) // it may have ended
	}
}

// beginFlight cuts the connection of a Flight SQL client.
func beginFlight(t *testing.T, s *harness.Server, sql string) func() {
	t.Helper()
	c, ctx, cut := dialed(t, s)
	aside(t, func() {
		if info, err := c.Execute(ctx, sql); err == nil && len(info.GetEndpoint()) > 0 {
			read(ctx, c, info)
		}
	})
	return cut
}

// beginJSON breaks the connection of a client of the JSON port, by a reset: one that closes it says no more than that it
// sends no more, and is answered.
func beginJSON(t *testing.T, s *harness.Server, sql string) func() {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", s.JSON)
	require.NoError(t, err)
	ask := func(request map[string]string) {
		request["db_name"] = "main"
		line, err := json.Marshal(request)
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "%s\n", line)
		require.NoError(t, err)
	}
	ask(map[string]string{
		"command": "login", "auth_method": "password", "username": "admin", "password": harness.Password,
	})
	answers := bufio.NewReader(conn)
	line, err := answers.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, `"ok"`)
	ask(map[string]string{"command": "sql", "format": "ndjson", "query": sql})
	aside(t, func() { _, _ = io.Copy(io.Discard, answers) })
	t.Cleanup(func() { _ = conn.Close() }) // of a statement that nothing else has ended
	return func() {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
}
