package jsonproto_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/jsonproto"
	"github.com/micodb/micodb/metrics"
)

// start serves a door and returns its address.
func start(t *testing.T, d *door, most limits.Limits) string {
	t.Helper()
	return startCounted(t, d, most, metrics.New(prometheus.NewRegistry(), "test").Connections)
}

func startCounted(t *testing.T, d *door, most limits.Limits, counts metrics.Connections) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := jsonproto.NewServer(jsonproto.Config{
		Door: d, Limits: most, Log: slog.New(slog.DiscardHandler), Metrics: counts,
	})
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background(), l) }()
	t.Cleanup(func() {
		require.NoError(t, l.Close())
		s.Close(context.Background())
		require.NoError(t, <-served)
	})
	return l.Addr().String()
}

type peer struct {
	net.Conn

	t    *testing.T
	read *bufio.Reader
}

func dial(t *testing.T, address string) *peer {
	t.Helper()
	c, err := net.DialTimeout("tcp", address, 10*time.Second)
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	t.Cleanup(func() { _ = c.Close() })
	return &peer{Conn: c, t: t, read: bufio.NewReader(c)}
}

func (p *peer) send(lines string) {
	p.t.Helper()
	_, err := io.WriteString(p.Conn, lines)
	require.NoError(p.t, err)
}

func (p *peer) line() string {
	p.t.Helper()
	s, err := p.read.ReadString('\n')
	require.NoError(p.t, err)
	return strings.TrimSuffix(s, "\n")
}

const (
	login   = `{"command":"login","db_name":"main","auth_method":"password","username":"ada","password":"right"}` + "\n"
	nothing = `"auth_token":null,"token_expires_at":null`
)

func loggedIn(t *testing.T, d *door, l limits.Limits) *peer {
	t.Helper()
	p := dial(t, start(t, d, l))
	p.send(login)
	require.JSONEq(t, `{"status":"ok","data":{"username":"ada","display_name":"Ada","roles":["admin"]},`+
		`"auth_token":"a.b.c","token_expires_at":"0001-01-01T00:00:00Z"}`, p.line())
	return p
}

func TestTranscripts(t *testing.T) {
	ok := func(data string) string { return `{"status":"ok","data":` + data + `,` + nothing + `}` }
	failed := func(message, code string) string {
		return `{"status":"error","data":"` + message + `",` + nothing + `,"code":"` + code + `"}`
	}
	for name, c := range map[string]struct{ send, want, heard string }{
		"create database": {
			`{"command":"create_database","db_name":"my\"db"}`, ok("null"), `CREATE DATABASE "my""db"`,
		},
		"create table": {
			`{"command":"create_table","db_name":"d","table_name":"t","tx_id":null,"schema":[` +
				`{"name":"a","type":"Int32","nullable":false},{"name":"b","type":"UTF8","nullable":true},` +
				`{"name":"c","type":"decimal(10, 2)"},{"name":"d","type":"TimestampNanosecond","nullable":true}]}`,
			ok("null"),
			`CREATE TABLE "d"."t" ("a" INTEGER NOT NULL, "b" VARCHAR, "c" DECIMAL(10,2), "d" TIMESTAMP(9))`,
		},
		"create table of unknown type": {
			`{"command":"create_table","db_name":"d","table_name":"t","schema":[{"name":"a","type":"money"}]}`,
			failed(`unknown column type \"money\": types are int8 to int64, uint8 to uint64, float32, float64, utf8, `+
				`boolean, binary, decimal(p,s), date32, timestampnanosecond, timestamptz`, "42704"), "",
		},
		"drop table": {`{"command":"drop_table","db_name":"d","table_name":"t"}`, ok("null"), `DROP TABLE "d"."t"`},
		"read": {
			`{"command":"read","db_name":"d","table_name":"people"}`,
			ok(`[{"id":1,"name":"Zoë \"Z\" <&>\n","seen":1700000000000001000},{"id":2,"name":null,"seen":0}]`),
			`SELECT * FROM "d"."people"`,
		},
		"sql that changes rows": {
			`{"command":"sql","db_name":"d","query":"INSERT INTO t SELECT 1"}`, ok(`[{"count":3}]`), `INSERT INTO t SELECT 1`,
		},
		"sql that does not parse": {
			`{"command":"sql","db_name":"d","query":"hello"}`, failed("this is no SQL (line 1, column 1)", "42601"), "hello",
		},
		"an error in a result": {
			`{"command":"sql","db_name":"d","query":"SELECT broken"}`, failed("no more memory", "53200"), "SELECT broken",
		},
		"append": {
			`{"command":"append","db_name":"d","table_name":"people","rows":[{"id":1,"name":"Ann","score":1.5,` +
				`"active":true,"born":"1970-01-03","seen":1700000000000000001,"balance":12.5,"photo":"AQI="},` +
				`{"ID":2e0,"born":-1,"seen":"1970-01-01T00:00:01.5Z","balance":1200e-2,"score":"NaN"}]}`,
			ok("null"),
			`ingest d.people autocommit [{"active":true,"balance":"12.5","born":"1970-01-03","id":1,"name":"Ann",` +
				`"photo":"AQI=","score":1.5,"seen":"2023-11-14T22:13:20.000000001"}` + "\n" +
				`,{"active":null,"balance":"12","born":"1969-12-31","id":2,"name":null,"photo":null,` +
				`"score":"NaN","seen":"1970-01-01T00:00:01.5"}` + "\n]",
		},
		"begin":         {`{"command":"begin_transaction","db_name":"d"}`, ok(`{"tx_id":7}`), ""},
		"commit":        {`{"command":"commit_transaction","db_name":"d","tx_id":7}`, ok("null"), "commit"},
		"rollback":      {`{"command":"rollback_transaction","db_name":"d","tx_id":7}`, ok("null"), "rollback"},
		"no such tx":    {`{"command":"append","db_name":"d","table_name":"people","rows":[],"tx_id":8}`, failed("no transaction 8 is open", "25P01"), ""},
		"which tx":      {`{"command":"commit_transaction","db_name":"d"}`, failed("Invalid request format: missing field `tx_id`", "08P01"), ""},
		"unknown":       {`{"command":"fly","db_name":"d"}`, failed("Unknown command: fly", "08P01"), ""},
		"no db_name":    {`{"command":"sql","query":"SELECT 1"}`, failed("Invalid request format: missing field `db_name`", "08P01"), ""},
		"bad format":    {`{"command":"sql","db_name":"d","query":"SELECT 1","format":"xml"}`, failed(`unknown format \"xml\": it is one of json, ndjson, arrowflight`, "22023"), ""},
		"bad method":    {`{"command":"sql","db_name":"d","query":"SELECT 1","auth_method":"sso"}`, failed(`unknown auth_method \"sso\": it is one of password, jwt, apikey`, "28000"), ""},
		"api key":       {`{"command":"sql","db_name":"d","query":"INSERT INTO t SELECT 1","auth_method":"apikey","api_key":"key"}`, ok(`[{"count":3}]`), ""},
		"wrong key":     {`{"command":"sql","db_name":"d","query":"SELECT 1","auth_method":"apikey","api_key":"k"}`, failed("log in first", "28000"), ""},
		"no flight":     {`{"command":"sql","db_name":"d","query":"SELECT 1","format":"arrowflight"}`, failed("format arrowflight without a Flight port is not supported", "0A000"), ""},
		"not an object": {`[1]`, failed("Invalid request format: the line is a JSON array, and must be an object", "08P01"), ""},
		"broken json":   {`{"command":"sql"`, failed("Invalid request format: unexpected end of JSON input, at byte 16 of the line", "08P01"), ""},
		"deep":          {strings.Repeat("[", 65), failed("Invalid request format: nested deeper than 64", "54000"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := &door{}
			p := loggedIn(t, d, limits.Limits{})
			p.send("\n  \r\n" + c.send + "\n")
			require.Equal(t, c.want, p.line())
			if c.heard != "" {
				require.Contains(t, d.heard(), c.heard)
			}
			p.send(`{"command":"read","db_name":"d","table_name":"people","extra":[1]}` + "\n")
			require.True(t, strings.HasPrefix(p.line(), `{"status":"ok","data":[{"id":1,`), "the connection goes on")
		})
	}
}

func TestValuesThatDoNotFitAreErrors(t *testing.T) {
	d := &door{}
	p := loggedIn(t, d, limits.Limits{})
	for row, code := range map[string]string{
		`{"id":2147483648}`:                   "22003",
		`{"id":1.5}`:                          "42804",
		`{"id":"1"}`:                          "42804",
		`{"id":1e99}`:                         "22003",
		`{"id":1e999999999999}`:               "22003",
		`{"name":"x"}`:                        "23502",
		`{"id":null}`:                         "23502",
		`{"id":1,"name":5}`:                   "42804",
		`{"id":1,"nme":"x"}`:                  "42703",
		`{"id":1,"id":2}`:                     "42701",
		`{"id":1,"score":"much"}`:             "42804",
		`{"id":1,"score":1e999}`:              "22003",
		`{"id":1,"active":1}`:                 "42804",
		`{"id":1,"born":"tomorrow"}`:          "22007",
		`{"id":1,"born":99999999999}`:         "22003",
		`{"id":1,"seen":"noon"}`:              "22007",
		`{"id":1,"seen":9223372036854775808}`: "22003",
		`{"id":1,"balance":1.234}`:            "22003",
		`{"id":1,"balance":123456789}`:        "22003",
		`{"id":1,"photo":"?"}`:                "42804",
		`[1]`:                                 "22P02",
		`7`:                                   "22P02",
	} {
		p.send(`{"command":"append","db_name":"d","table_name":"people","rows":[{"id":1},` + row + "]}\n")
		answer := p.line()
		require.Contains(t, answer, `"code":"`+code+`"`, row)
		require.Contains(t, answer, `"data":"row 2: `, row)
	}
	require.Empty(t, d.heard(), "nothing of a refused append arrives")
}

func TestLoginIsNeeded(t *testing.T) {
	p := dial(t, start(t, &door{}, limits.Limits{LoginLineBytes: 200}))
	p.send(`{"command":"read","db_name":"d","table_name":"people"}` + "\n")
	require.Contains(t, p.line(), `"data":"authentication is required`)
	p.send(`{"command":"login","db_name":"d","auth_method":"password","username":"ada","password":"wrong"}` + "\n")
	require.Contains(t, p.line(), `"code":"28P01"`)
	p.send(`{"command":"read","db_name":"` + strings.Repeat("x", 200) + `"}` + "\n")
	require.Contains(t, p.line(), `log in first: then lines may have`)
	p.send(`{"command":"read","db_name":"d","table_name":"people","auth_method":"jwt","token":"a.b.c"}` + "\n")
	require.Contains(t, p.line(), `"status":"ok"`)
	p.send(`{"command":"read","db_name":"d","table_name":"people"}` + "\n")
	require.Contains(t, p.line(), `"code":"28000"`, "credentials in a request count for that request")
	p.send(login + `{"command":"read","db_name":"` + strings.Repeat("x", 300) + `","table_name":"people"}` + "\n")
	require.Contains(t, p.line(), `"auth_token":"a.b.c"`)
	require.Contains(t, p.line(), `"status":"ok"`, "a longer line may follow a login at once")
}

func TestLogoutEndsTheConnectionsLogin(t *testing.T) {
	d := &door{}
	p := loggedIn(t, d, limits.Limits{})
	p.send(`{"command":"logout","db_name":"d"}` + "\n")
	require.JSONEq(t, `{"status":"ok","data":null,`+nothing+`}`, p.line())
	require.Equal(t, []string{"logout"}, d.heard())
	p.send(`{"command":"begin_transaction","db_name":"d"}` + "\n" + `{"command":"logout","db_name":"d"}` + "\n")
	require.Contains(t, p.line(), `"data":"authentication is required`)
	require.Contains(t, p.line(), `"data":"authentication is required`)
	p.send(login + `{"command":"begin_transaction","db_name":"d"}` + "\n")
	require.Contains(t, p.line(), `"auth_token":"a.b.c"`)
	require.Contains(t, p.line(), `{"tx_id":7}`)
}

func TestStreams(t *testing.T) {
	d := &door{}
	p := loggedIn(t, d, limits.Limits{})
	p.send(`{"command":"sql","db_name":"d","query":"SELECT many","format":"ndjson","batch_size":3}` + "\n")
	require.JSONEq(t, `{"status":"ok","data":{"streaming":true},`+nothing+`}`, p.line())
	for range 50 {
		require.JSONEq(t, `{"id":1,"name":"Zoë \"Z\" <&>\n","seen":1700000000000001000}`, p.line())
		require.Equal(t, `{"id":2,"name":null,"seen":0}`, p.line())
	}
	require.Equal(t, `{"end":true}`, p.line())

	p.send(`{"command":"sql","db_name":"d","query":"SELECT refused","format":"ndjson"}` + "\n")
	require.Contains(t, p.line(), `"data":"Streaming error: no more memory"`)

	p.send(`{"command":"sql","db_name":"d","query":"SELECT broken","format":"ndjson"}` + "\n")
	require.Contains(t, p.line(), `"streaming":true`)
	p.line()
	p.line()
	require.JSONEq(t, `{"status":"error","data":"no more memory",`+nothing+`,"code":"53200"}`, p.line())

	p.send(`{"command":"sql","db_name":"d","query":"INSERT x","format":"ndjson"}` + "\n")
	require.Contains(t, p.line(), `"streaming":true`)
	require.Equal(t, `{"count":3}`, p.line())
	require.Equal(t, `{"end":true}`, p.line())
}

func TestPipelinedRequestsAreAnsweredInOrderAfterTheClientStopsSending(t *testing.T) {
	p := loggedIn(t, &door{}, limits.Limits{})
	p.send(`{"command":"fly","db_name":"d"}` + "\n" + `{"command":"begin_transaction","db_name":"d"}` + "\n" +
		`{"command":"swim","db_name":"d"}`) // the last line lacks its end
	half, ok := p.Conn.(*net.TCPConn)
	require.True(t, ok)
	require.NoError(t, half.CloseWrite())
	require.Contains(t, p.line(), "Unknown command: fly")
	require.Contains(t, p.line(), `{"tx_id":7}`)
	require.Contains(t, p.line(), "Unknown command: swim")
	_, err := p.read.ReadByte()
	require.ErrorIs(t, err, io.EOF)
}

func TestAHugeLineIsRefusedAndTheNextIsRead(t *testing.T) {
	p := loggedIn(t, &door{}, limits.Limits{LineBytes: 1000})
	p.send(`{"command":"` + strings.Repeat("x", 100_000) + `"}` + "\n" + `{"command":"begin_transaction","db_name":"d"}` + "\n")
	require.Contains(t, p.line(), `"data":"Invalid request format: the line has 100014 bytes, over the limit of 1000"`)
	require.Contains(t, p.line(), `{"tx_id":7}`)
}

func TestAnAnswerHasALimit(t *testing.T) {
	p := loggedIn(t, &door{}, limits.Limits{JSONAnswerBytes: 1000})
	p.send(`{"command":"sql","db_name":"d","query":"SELECT many"}` + "\n")
	require.Contains(t, p.line(), `"code":"53400"`)
	p.send(`{"command":"sql","db_name":"d","query":"SELECT many returning"}` + "\n")
	line := p.line()
	require.Contains(t, line, `"code":"53400"`)
	require.Contains(t, line, "the change is made, but the answer has over")
}

func TestABrokenConnectionCancelsItsQuery(t *testing.T) {
	d := &door{block: make(chan struct{})}
	p := loggedIn(t, d, limits.Limits{})
	p.send(`{"command":"sql","db_name":"d","query":"SELECT slow"}` + "\n")
	require.Eventually(t, func() bool { return strings.Contains(strings.Join(d.heard(), " "), "slow") },
		10*time.Second, time.Millisecond)
	broken, ok := p.Conn.(*net.TCPConn)
	require.True(t, ok)
	require.NoError(t, broken.SetLinger(0)) // the close is a reset
	require.NoError(t, broken.Close())
	require.Eventually(t, func() bool { return strings.Contains(strings.Join(d.heard(), " "), "cancelled") },
		10*time.Second, time.Millisecond)
}

func TestConnectionsAreLimited(t *testing.T) {
	address := start(t, &door{}, limits.Limits{JSONConnections: 1})
	first := dial(t, address)
	first.send(login)
	first.line()
	require.Contains(t, dial(t, address).line(), `"code":"53300"`)
}
