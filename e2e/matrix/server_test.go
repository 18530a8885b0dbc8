package matrix

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/node"
)

const password = "a-password-for-everybody"

// actors are who tries: one for each system role, one with a role that has grants on main.t, a user with nothing, and
// somebody who has not logged in.
func actors() []string { return []string{"admin", "power", "reader", "clerk", "nobody", "anon"} }

const anonymous = "anon"

// foundation is what every row finds.
func foundation() []string {
	made := func(name, role string) string {
		return "CREATE USER " + name + " IDENTIFIED BY '" + password + "'" + role
	}
	return []string{
		"CREATE TABLE t (x INT)", "INSERT INTO t VALUES (1), (2), (3)",
		"CREATE TABLE secret (x INT)", "INSERT INTO secret VALUES (42)",
		"CREATE VIEW peek AS SELECT x FROM secret", "CREATE VIEW farther AS SELECT x FROM peek",
		"CREATE TABLE victim (x INT)", "CREATE DATABASE lab", "CREATE TABLE lab.v (x INT)", "CREATE DATABASE victims",
		"CREATE ROLE clerks", "GRANT SELECT, INSERT ON main.t TO clerks", "GRANT SELECT ON main.peek TO clerks",
		"CREATE ROLE victims",
		made("power", " DEFAULT ROLE poweruser"), made("reader", " DEFAULT ROLE readonly"), made("clerk", " DEFAULT ROLE clerks"),
		made("nobody", ""), made("victim", " DEFAULT ROLE readonly"), "GRANT INSERT ON secret TO victim",
		"CREATE API KEY victims FOR victim",
	}
}

// world is a server with its actors, who come by both doors.
type world struct {
	t     *testing.T
	node  *node.Node
	log   *buffer
	files string // the directory whose files COPY may use
	actor map[string]*actor
	admin *actor // beside the one of the matrix
}

type buffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// take returns what was written since it was last called.
func (b *buffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.b.Reset()
	return b.b.String()
}

func start(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, log: &buffer{}, files: t.TempDir(), actor: map[string]*actor{}}
	for _, name := range []string{"in.csv", "out.csv"} {
		require.NoError(t, os.WriteFile(filepath.Join(w.files, name), []byte("x\n9\n"), 0o600))
	}
	c := node.Defaults()
	c.DataDir, c.JSONPort, c.FlightPort, c.HTTPPort = t.TempDir(), 0, 0, 0
	c.AdminPassword, c.Out, c.LogOut, c.MemoryLimitBytes = password, io.Discard, w.log, 512<<20
	c.AllowFiles = w.files
	c.Limits.LoginTimeout = time.Hour // anon has one connection for all rows
	var err error
	w.node, err = node.Start(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.node.Close(context.WithoutCancel(t.Context()))) })
	w.admin = w.enter("admin")
	for _, sql := range foundation() {
		require.NoError(t, w.admin.overFlight(sql), sql)
	}
	for _, name := range actors() {
		w.actor[name] = w.enter(name)
	}
	return w
}

// actor is somebody with a connection to each door.
type actor struct {
	t      *testing.T
	name   string
	world  *world
	flight *flightsql.Client
	ctx    context.Context //nolint:containedctx // it holds the actor's token
	json   net.Conn
	lines  *bufio.Reader
	tx     string // the transaction that the JSON door answered last
}

func (w *world) enter(name string) *actor {
	w.t.Helper()
	at := w.node.Endpoints()
	a := &actor{t: w.t, name: name, world: w, ctx: w.t.Context()}
	var err error
	a.flight, err = flightsql.NewClient(at.Flight, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = a.flight.Close() })
	a.json, err = (&net.Dialer{}).DialContext(a.ctx, "tcp", at.JSON)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = a.json.Close() })
	a.lines = bufio.NewReader(a.json)
	if name != anonymous {
		a.ctx, err = a.flight.Client.AuthenticateBasicToken(a.ctx, name, password)
		require.NoError(w.t, err)
		require.NoError(w.t, a.overJSON(a.loginLine()))
	}
	return a
}

// loginLine logs the actor in at the JSON door.
func (a *actor) loginLine() string {
	if a.name == anonymous {
		return `{"command":"login","db_name":"main"}`
	}
	return fmt.Sprintf(`{"command":"login","db_name":"main","auth_method":"password","username":%q,"password":%q}`,
		a.name, password)
}

// overFlight runs a statement and reads its rows to the end.
func (a *actor) overFlight(sql string) error { return a.fetch(a.flight.Execute(a.ctx, sql)) }

// fetch reads all rows of an info.
func (a *actor) fetch(info *flight.FlightInfo, err error) error {
	_, err = a.read(info, err)
	return err
}

// read returns all rows of an info as text.
func (a *actor) read(info *flight.FlightInfo, err error) (string, error) {
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, endpoint := range info.GetEndpoint() {
		rows, err := a.flight.DoGet(a.ctx, endpoint.GetTicket())
		if err != nil {
			return "", err
		}
		for rows.Next() {
			b := rows.RecordBatch()
			for n := range int(b.NumRows()) {
				for _, column := range b.Columns() {
					text.WriteString(column.ValueStr(n) + "\t")
				}
				text.WriteByte('\n')
			}
		}
		err = rows.Err()
		rows.Release()
		if err != nil {
			return "", err
		}
	}
	return text.String(), nil
}

// overJSON sends a request and returns the error that it is answered with.
func (a *actor) overJSON(request string) error {
	if _, err := fmt.Fprintln(a.json, request); err != nil {
		return err
	}
	line, err := a.lines.ReadBytes('\n')
	if err != nil {
		return err
	}
	var answer struct {
		Status, Code string
		Data         json.RawMessage
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return err
	}
	if answer.Status == "error" {
		return sqlerr.New(sqlerr.Code(answer.Code), "%s", answer.Data)
	}
	return a.goOn(answer.Data)
}

// goOn uses what the JSON door answered: it keeps the id of a transaction, and reads what a ticket is for.
func (a *actor) goOn(data json.RawMessage) error {
	var use struct {
		Tx     json.Number `json:"tx_id"`
		Ticket []byte      `json:"ticket"`
	}
	if bytes.HasPrefix(data, []byte("{")) { // and not rows
		if err := json.Unmarshal(data, &use); err != nil {
			return err
		}
	}
	if use.Tx != "" {
		a.tx = use.Tx.String()
	}
	if use.Ticket == nil {
		return nil
	}
	return a.fetch(&flight.FlightInfo{Endpoint: []*flight.FlightEndpoint{{Ticket: &flight.Ticket{Ticket: use.Ticket}}}}, nil)
}

func sqlLine(sql string) string {
	b, _ := json.Marshal(sql) //nolint:errchkjson // a string
	return `{"command":"sql","db_name":"main","query":` + string(b) + `}`
}

// outcome is ok or the SQLSTATE that an error tells; gRPC's code must be the one that goes with it.
func outcome(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return "ok"
	}
	if known, ok := err.(*sqlerr.Error); ok { //nolint:errorlint // of overJSON, as it is
		return string(known.Code)
	}
	s, ok := status.FromError(err)
	require.True(t, ok, "%v", err)
	code, _, found := strings.Cut(s.Message(), ": ")
	if !found || len(code) != len("42501") {
		t.Errorf("a failure without SQLSTATE: %v", err)
		return ""
	}
	if want := sqlerr.Lookup(sqlerr.Code(code)).GRPC; want != s.Code() {
		t.Errorf("SQLSTATE %s came as gRPC's %s, and not as %s", code, s.Code(), want)
	}
	return code
}

// state is all that a row could have changed; what undoing changes for good, the second part, counts only for
// denials.
func (w *world) state() (lasting, passing string) {
	w.t.Helper()
	query := func(sql string) string {
		text, err := w.admin.read(w.admin.flight.Execute(w.admin.ctx, sql))
		if told := outcome(w.t, err); told != "ok" {
			require.Equal(w.t, "42P01", told, "%s: %v", sql, err) // a row dropped the table
			text = told
		}
		return sql + "\n" + text
	}
	for _, sql := range []string{
		"SELECT x FROM t ORDER BY x", "SELECT x FROM secret ORDER BY x", "SELECT x FROM victim ORDER BY x",
		"SELECT table_schema, table_name, table_comment FROM information_schema.tables ORDER BY 1, 2",
		"SHOW DATABASES",
		"SELECT table_name, column_name, data_type, column_comment FROM information_schema.columns WHERE table_schema = 'main' " +
			"ORDER BY 1, ordinal_position",
		"SELECT table_name, view_definition FROM information_schema.views ORDER BY 1",
		"SELECT name, display_name FROM system.users ORDER BY 1", "SELECT * FROM system.memberships ORDER BY 1, 2",
		"SELECT * FROM system.grants ORDER BY 1, 2, 3, 4", "SELECT * FROM system.custom_roles ORDER BY 1",
		"SELECT user_name, read_only FROM system.transactions ORDER BY 1, 2",
		"SELECT user_name, sql FROM system.queries WHERE sql NOT LIKE '%system.queries%' ORDER BY 1, 2",
	} {
		lasting += query(sql)
	}
	keys, err := w.admin.read(w.admin.flight.Execute(w.admin.ctx, "SHOW API KEYS"))
	require.NoError(w.t, err)
	for line := range strings.SplitSeq(keys, "\n") {
		lasting += strings.Join(strings.SplitN(line, "\t", 3)[:min(2, strings.Count(line, "\t")+1)], " ") + "\n"
	}
	passing = query("SELECT name, epoch FROM system.users ORDER BY 1")
	files, err := os.ReadDir(w.files)
	require.NoError(w.t, err)
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(w.files, f.Name()))
		require.NoError(w.t, err)
		passing += f.Name() + " " + string(text)
	}
	return lasting, passing
}
