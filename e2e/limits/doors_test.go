package limits_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
)

// door is a session that came by one of the doors.
type door interface {
	// run runs one statement and returns its SQLSTATE, empty when it worked.
	run(sql string) string

	// value returns the first value of a query, as text.
	value(sql string) string

	close()
}

// eachDoor runs f with a session of each door, which must answer alike.
func eachDoor(t *testing.T, s *server, f func(d door) string) string {
	t.Helper()
	var codes []string
	for _, d := range []door{openFlight(t, s), openJSON(t, s)} {
		codes = append(codes, f(d))
		require.Empty(t, d.run("SELECT 1"), "the session goes on")
		d.close()
	}
	require.Equal(t, codes[0], codes[1], "both doors tell the same")
	return codes[0]
}

// state returns an error's SQLSTATE.
func state(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*client.Error](err)
	require.True(t, ok, "%v", err)
	require.NotEmpty(t, e.SQLState, "%v", err)
	return e.SQLState
}

// flightDoor is a session of Flight SQL.
type flightDoor struct {
	*client.Conn

	t *testing.T
}

func openFlight(t *testing.T, s *server) flightDoor {
	t.Helper()
	return flightDoor{Conn: s.Connect(t.Context()), t: t}
}

func (d flightDoor) run(sql string) string {
	d.t.Helper()
	_, err := d.Execute(d.t.Context(), sql)
	return state(d.t, err)
}

func (d flightDoor) value(sql string) string {
	d.t.Helper()
	rows, err := d.Stream(d.t.Context(), sql)
	require.NoError(d.t, err)
	defer rows.Close()
	require.True(d.t, rows.NextRow(), "%v", rows.Err())
	return fmt.Sprint(rows.Value(0))
}

func (d flightDoor) close() { require.NoError(d.t, d.Close()) }

// peer is a connection of the JSON port.
type peer struct {
	net.Conn

	t     *testing.T
	lines *bufio.Reader
}

// answer is one of the JSON port.
type answer struct {
	Status string          `json:"status"`
	Data   json.RawMessage `json:"data"`
	Code   string          `json:"code"`
}

const loginLine = `{"command":"login","db_name":"main","username":"admin","password":"` + harness.Password + `"}`

// dial opens a connection on which nobody has logged in.
func dial(t *testing.T, address string) peer {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	return peer{Conn: c, t: t, lines: bufio.NewReader(c)}
}

func openJSON(t *testing.T, s *server) peer {
	t.Helper()
	p := dial(t, s.JSON)
	require.Empty(t, p.ask(loginLine).Code)
	return p
}

// write sends bytes as they are.
func (p peer) write(text string) {
	p.t.Helper()
	_, err := io.WriteString(p, text)
	require.NoError(p.t, err)
}

// line returns the next line.
func (p peer) line() string {
	p.t.Helper()
	text, err := p.lines.ReadString('\n')
	require.NoError(p.t, err)
	return strings.TrimSuffix(text, "\n")
}

// answer reads one.
func (p peer) answer() (a answer) {
	p.t.Helper()
	text := p.line()
	require.NoError(p.t, json.Unmarshal([]byte(text), &a), text)
	require.Equal(p.t, a.Status == "ok", a.Code == "", text)
	return a
}

func (p peer) ask(request string) answer {
	p.t.Helper()
	p.write(request + "\n")
	return p.answer()
}

// request writes a command as a line.
func (p peer) request(members map[string]any) string {
	p.t.Helper()
	text, err := json.Marshal(members)
	require.NoError(p.t, err)
	return string(text)
}

func (p peer) sql(query string) answer {
	p.t.Helper()
	return p.ask(p.request(map[string]any{"command": "sql", "db_name": "main", "query": query}))
}

func (p peer) run(sql string) string {
	p.t.Helper()
	return p.sql(sql).Code
}

func (p peer) value(sql string) string {
	p.t.Helper()
	a := p.sql(sql)
	require.Empty(p.t, a.Code, string(a.Data))
	var rows []map[string]any
	require.NoError(p.t, json.Unmarshal(a.Data, &rows))
	require.Len(p.t, rows, 1)
	require.Len(p.t, rows[0], 1)
	for _, v := range rows[0] {
		return fmt.Sprint(v)
	}
	return ""
}

func (p peer) close() { require.NoError(p.t, p.Close()) }

// ended waits until the server closes the connection, and returns what it sent before.
func (p peer) ended() string {
	p.t.Helper()
	rest, err := io.ReadAll(p.lines)
	if !errors.Is(err, syscall.ECONNRESET) { // it may have left something unread
		require.NoError(p.t, err)
	}
	return string(rest)
}

// refused waits until the server closes the connection and returns the SQLSTATE that it told before.
func (p peer) refused() string {
	p.t.Helper()
	text := p.ended()
	if text == "" {
		return ""
	}
	var a answer
	require.NoError(p.t, json.Unmarshal([]byte(text), &a), text)
	return a.Code
}

// eventually waits for what is sure to come.
func eventually(t *testing.T, f func() bool) {
	t.Helper()
	require.Eventually(t, f, patience, pause)
}

// serves tells whether a new client is let in by each door, and a query answered. What others held may still be on its
// way out.
func serves(t *testing.T, s *server) bool {
	t.Helper()
	c, err := client.Open(t.Context(), client.Options{
		URL: "grpc://" + s.Flight, Username: "admin", Password: harness.Password,
	})
	if err != nil {
		return false
	}
	defer c.Close()
	_, err = c.Execute(t.Context(), "SELECT 1")
	return err == nil && welcome(t, s)
}

// welcome tells whether a new connection of the JSON port is let in.
func welcome(t *testing.T, s *server) bool {
	t.Helper()
	p := dial(t, s.JSON)
	defer p.close()
	p.write(loginLine + "\n")
	var a answer
	text, err := p.lines.ReadBytes('\n')
	return err == nil && json.Unmarshal(text, &a) == nil && a.Code == ""
}
