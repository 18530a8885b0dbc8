package limits_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// jsonEdges are those of the requests and answers of the JSON port.
func jsonEdges() map[string]edge {
	return map[string]edge{
		"max-line-size": {value: "1KiB", test: func(t *testing.T, s *server) string {
			t.Helper()
			p := openJSON(t, s)
			return lineEdge(p, 1<<10, `{"command":"sql","db_name":"main","query":"SELECT 1"}`)
		}},
		"max-login-line-size": {value: "1KiB", test: func(t *testing.T, s *server) string {
			t.Helper()
			p := dial(t, s.JSON)
			code := lineEdge(p, 1<<10, loginLine)
			require.Empty(t, p.ask(padded(loginLine, 1<<10+1)).Code, "it is the limit before a login only")
			return code
		}},
		"max-json-depth": {value: "5", test: func(t *testing.T, s *server) string {
			t.Helper()
			p := openJSON(t, s)
			nested := func(n int) string {
				n-- // the object itself
				return `{"command":"sql","db_name":"main","query":"SELECT 1","more":` + strings.Repeat("[", n) +
					strings.Repeat("]", n) + `}`
			}
			require.Empty(t, p.ask(nested(5)).Code)
			code := p.ask(nested(6)).Code
			require.Empty(t, p.ask(nested(5)).Code)
			return code
		}},
		"max-json-answer-size": {value: "1KiB", test: func(t *testing.T, s *server) string {
			t.Helper()
			p := openJSON(t, s)
			text := func(n int) string { return fmt.Sprintf(`SELECT repeat('x', %d) AS t`, n-len(`[{"t":""}]`)) }
			require.Len(t, p.sql(text(1<<10)).Data, 1<<10)
			code := p.run(text(1<<10 + 1))
			require.Empty(t, p.run(text(1<<10)))
			p.write(p.request(map[string]any{
				"command": "sql", "db_name": "main", "query": text(1<<10 + 1), "format": "ndjson",
			}) + "\n")
			require.Empty(t, p.answer().Code, "a stream has no such limit")
			require.Contains(t, p.line(), "xxx")
			require.JSONEq(t, `{"end":true}`, p.line())
			return code
		}},
		"line-timeout": {value: "1s", test: func(t *testing.T, s *server) string {
			t.Helper()
			quiet, slow := openJSON(t, s), openJSON(t, s)
			slow.write(`{"command":"sql","db_name":"main",`)
			require.Contains(t, slow.ended(), `"code":"08P01"`, "the connection is closed, and told why")
			require.Empty(t, quiet.run("SELECT 1"), "one that asked for nothing is not")
			return "08P01"
		}},
		"write-timeout": {value: "1s", test: func(t *testing.T, s *server) string {
			t.Helper()
			stream := `{"command":"sql","db_name":"main","format":"ndjson","query":"SELECT ` + names(8) + ` FROM ` +
				digitsOf(8) + `"}` + "\n"
			p := openJSON(t, s)
			p.write(stream) // some GB, of which it reads nothing
			watch := openFlight(t, s)
			running := func() string { return watch.value("SELECT count(*) FROM system.sessions WHERE door = 'json'") }
			eventually(t, func() bool { return running() == "0" })
			require.NotContains(t, p.ended(), `"end"`, "the connection is closed within the rows")
			p = openJSON(t, s)
			p.write(`{"command":"sql","db_name":"main","format":"ndjson","query":"SELECT ` + names(4) + ` FROM ` +
				digitsOf(4) + `"}` + "\n")
			require.Empty(t, p.answer().Code)
			for range 10_000 {
				p.line()
			}
			require.JSONEq(t, `{"end":true}`, p.line())
			return told
		}},
	}
}

// padded makes a request of n bytes.
func padded(request string, n int) string { return request + strings.Repeat(" ", n-len(request)) }

// lineEdge asks with a line of so many bytes, its end not counted, and then with a longer one.
func lineEdge(p peer, most int, request string) string {
	code := p.ask(padded(request, most+1)).Code
	require.Empty(p.t, p.ask(padded(request, most)).Code)
	return code
}
