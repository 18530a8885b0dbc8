package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
)

// runToEnd runs the binary until it ends by itself, and returns its exit code and what it wrote.
func runToEnd(t *testing.T, env []string, args ...string) (code int, output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, harness.Binary(t), args...)
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), string(out)
	}
	require.NoError(t, err, "%s", out)
	return 0, string(out)
}

// freeAddress returns an address on loopback that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func newGet(t *testing.T, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return http.DefaultClient.Do(req)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := newGet(t, url)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

// The original's README starts the server with these lines; a script that has them must work, or be told why not.
func TestCommandLinesOfTheOriginal(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int    // 0: it serves
		says string // what a refusal says
	}{
		{[]string{"--data-dir", "DIR"}, 0, ""},
		{[]string{"--port", "8080"}, 0, ""},
		{[]string{"--log-level", "debug"}, 0, ""},
		{[]string{"-d", "DIR", "-p", "8081"}, 0, ""},
		{[]string{"--node-type", "standalone", "--node-id", "n1", "--node-config", "node.json"}, 0, "--node-config node.json is not used"},
		{[]string{"--jwt-secret", "your-secret-key"}, 2, "--jwt-secret has 15 bytes, and needs at least 32: make one with: openssl rand -hex 32"},
		{[]string{"--cluster", "--node-type", "coordinator", "--node-config", "/path/to/node_config.json"}, 2, "has no cluster"},
		{[]string{"--cluster", "--node-type", "worker", "--node-config", "/path/to/worker_config.json"}, 2, "has no cluster"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			if c.code != 0 {
				code, out := runToEnd(t, nil, c.args...)
				require.Equal(t, c.code, code, out)
				require.Contains(t, out, c.says)
				return
			}
			require.Contains(t, servesAndStops(t, c.args), c.says)
		})
	}
}

// servesAndStops starts the binary without a subcommand, on free ports where the line names none, until it is ready,
// ends it with Ctrl-C, and returns what it wrote.
func servesAndStops(t *testing.T, args []string) string {
	t.Helper()
	dir := t.TempDir()
	full := []string{"--flight-port", "0", "--http-port", "0"}
	dataDir := filepath.Join(dir, "data")
	for _, a := range args {
		if a == "DIR" {
			dataDir = filepath.Join(dir, "elsewhere")
			a = dataDir
		}
		full = append(full, a)
	}
	if !slices.Contains(args, "--port") && !slices.Contains(args, "-p") {
		full = append(full, "--port", "0")
	}
	c := exec.CommandContext(t.Context(), harness.Binary(t), full...)
	var out bytes.Buffer
	c.Dir, c.Stdout, c.Stderr = dir, &out, &out
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() })
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(dataDir, "endpoints.json"))
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	code, _ := runToEnd(t, nil, "healthcheck", "--data-dir", dataDir)
	require.Zero(t, code)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.NoError(t, c.Wait(), "%s", out.String())
	require.Contains(t, out.String(), "user admin has the password")
	code, _ = runToEnd(t, nil, "healthcheck", "--data-dir", dataDir)
	require.Equal(t, 1, code, "nobody serves any more")
	return out.String()
}

func TestWrongCommandLinesExitWith2(t *testing.T) {
	config := filepath.Join(t.TempDir(), "micodb.yaml")
	require.NoError(t, os.WriteFile(config, []byte("flight-prot: 1\n"), 0o600))
	for line, says := range map[string]string{
		"serve --no-such-flag":      "unknown flag: --no-such-flag",
		"fly":                       `"fly" is no subcommand of micodb`,
		"serve --log-level loud":    "--log-level loud is not one of",
		"serve --log-format xml":    "--log-format xml is neither text nor json",
		"serve --durability maybe":  "--durability maybe is neither sync nor async",
		"serve --memory-limit lots": "is no size",
		"serve --tls never":         "--tls never is not known",
		"serve --tls-cert x":        "--tls-cert and --tls-key go together",
		"serve --bind-addr 0.0.0.0": "would send passwords and data in the clear",
		"serve --bind-addr 0.0.0.0 --tls auto --insecure-no-auth": "--insecure-no-auth works on a loopback address alone",
		"serve --node-type king":                                  "--node-type king is not one of",
		"serve --config " + config:                                `there is no setting "flight-prot"`,
		"serve --config /no/such/file":                            "can't be read",
		"serve --port 65536":                                      "--port 65536 is no port",
		"serve --flight-port -1":                                  "--flight-port -1 is no port",
		"serve --threads -1":                                      "--threads -1 is negative",
		"serve --drain-timeout -1s":                               "--drain-timeout -1s is negative",
		"serve --memory-limit 1MiB":                               "needs at least 64 MiB",
		"sql --url nowhere -e x":                                  "no address of a server",
		"sql --tls-cert x -e x":                                   "--tls-cert and --tls-key go together",
		"sql --tls-ca /no/such -e x":                              "--tls-ca can't be read",
		"user add":                                                "takes one name",
		"user grant":                                              "takes a name",
		"user grant ada":                                          "name --privilege and --on, or roles",
		"user revoke ada --on a.b":                                "--privilege and --on go together",
		"user grant ada --privilege SELECT;DROP --on a.b":         "is none",
		"role grant r --privilege SELECT --on t":                  "--on t is neither a table",
		"user list --data-dir x":                                  "--data-dir goes with --offline",
		"user list --offline --user ada":                          "--user and --offline exclude each other",
		"user passwd admin --offline --url grpc://x":              "--url and --offline exclude each other",
		"user key add k --offline":                                "--for says whose key it is",
		"user key drop k --offline":                               "--for says whose key it is",
		"role grant r s":                                          "takes one name",
		"sql --format xml -e x":                                   `"xml" is not one of table, csv, json`,
		"sql --url http://x -e x":                                 "starts with neither grpc:// nor grpc+tls://",
	} {
		code, out := runToEnd(t, nil, strings.Fields(line)...)
		require.Contains(t, out, says, line)
		require.Equal(t, 2, code, line)
	}
}

func TestFlagGoesBeforeVariableBeforeFile(t *testing.T) {
	config := filepath.Join(t.TempDir(), "micodb.yaml")
	require.NoError(t, os.WriteFile(config, []byte("log-level: wrong-in-file\nlog-format: wrong-in-file\n"), 0o600))
	_, out := runToEnd(t, nil, "serve", "--config", config)
	require.Contains(t, out, "--log-level wrong-in-file")
	_, out = runToEnd(t, []string{"MICODB_LOG_LEVEL=wrong-in-variable"}, "serve", "--config", config)
	require.Contains(t, out, "--log-level wrong-in-variable")
	_, out = runToEnd(t, []string{"MICODB_LOG_LEVEL=wrong-in-variable", "MICODB_CONFIG=" + config}, "serve", "--log-level", "info")
	require.Contains(t, out, "--log-format wrong-in-file")
	_, out = runToEnd(t, []string{"MICODB_THREADS=many"}, "serve")
	require.Contains(t, out, "MICODB_THREADS")
}

func TestVersion(t *testing.T) {
	code, out := runToEnd(t, nil, "version")
	require.Zero(t, code)
	require.Regexp(t, `(?s)^micodb \S+\ncommit \S+\ngo\S+ \S+/\S+\n$`, out)
}

func TestHealthAndMetrics(t *testing.T) {
	s := harness.Start(t)
	code, body := get(t, "http://"+s.HTTP+"/healthz")
	require.Equal(t, http.StatusOK, code, body)
	code, body = get(t, "http://"+s.HTTP+"/readyz")
	require.Equal(t, http.StatusOK, code, body)
	db := s.Connect(t.Context())
	_, err := db.Execute(t.Context(), "CREATE TABLE secret_name (secret_column INT)")
	require.NoError(t, err)
	code, body = get(t, "http://"+s.HTTP+"/metrics")
	require.Equal(t, http.StatusOK, code)
	for _, series := range []string{
		"micodb_queries_total{", "micodb_query_duration_seconds_bucket{", "micodb_wal_sync_duration_seconds_count",
		"micodb_wal_group_commits_count", "micodb_memtable_bytes", "micodb_segment_bytes", "micodb_sessions",
		"micodb_transactions_open", "go_goroutines", "process_resident_memory_bytes",
	} {
		require.Contains(t, body, series)
	}
	require.NotContains(t, body, "secret_")
	s.Stop()
}

func TestAPortInUseIsToldWithItsFlag(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	code, out := runToEnd(t, nil, "serve", "--flight-port", port, "--port", "0", "--http-port", "0")
	require.Equal(t, 1, code)
	require.Contains(t, out, "--flight-port can't listen")
}

func TestASecondProcessOnADirectoryIsRefused(t *testing.T) {
	s := harness.Start(t)
	code, out := runToEnd(t, nil, "serve", "--data-dir", s.Dir, "--port", "0", "--flight-port", "0", "--http-port", "0")
	require.Equal(t, 1, code)
	require.Contains(t, out, "another process")
	_, err := s.Connect(t.Context()).Execute(t.Context(), "CREATE TABLE still_serves (i INT)")
	require.NoError(t, err)
}

func TestUsersAreManagedFromTheCommandLine(t *testing.T) {
	s := harness.Start(t)
	admin := []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + harness.Password}
	url := "grpc://" + s.Flight
	code, out := runToEnd(t, append(admin, "MICODB_NEW_PASSWORD=the first password"), "user", "add", "ada", "--role", "readonly", "--url", url)
	require.Zero(t, code, out)
	ada := func(password, sql string) (int, string) {
		return runToEnd(t, []string{"MICODB_USER=ada", "MICODB_PASSWORD=" + password}, "sql", "--format", "csv", "-e", sql, "--url", url)
	}
	code, out = ada("the first password", "SELECT 1 AS one")
	require.Zero(t, code, out)
	require.Equal(t, "one\n1\n", out)
	code, out = runToEnd(t, admin, "user", "list", "--url", url)
	require.Zero(t, code, out)
	require.Regexp(t, `ada +│ ada +│ readonly`, out)
	code, out = ada("the first password", "CREATE TABLE t (i INT)")
	require.Equal(t, 1, code)
	require.Contains(t, out, "42501")
	code, out = runToEnd(t, append(admin, "MICODB_NEW_PASSWORD=the second password"), "user", "passwd", "ada", "--url", url)
	require.Zero(t, code, out)
	code, out = ada("the first password", "SELECT 1")
	require.Equal(t, 1, code)
	require.Contains(t, out, "28P01")
	code, _ = ada("the second password", "SELECT 1")
	require.Zero(t, code)
	token := ask(t, dialJSON(t, s), `{"command":"login","username":"ada","password":"the second password"}`)[0].Token
	require.True(t, works(t, s, token))
	code, out = runToEnd(t, admin, "user", "sessions", "--url", url)
	require.Zero(t, code, out)
	require.Contains(t, out, "flight")
	for _, name := range []string{"ada", "admin"} {
		code, out = runToEnd(t, admin, "user", "logout", name, "--url", url)
		require.Zero(t, code, out)
		require.Contains(t, out, "user "+name+" is logged out")
	}
	require.False(t, works(t, s, token))
	code, out = runToEnd(t, []string{"MICODB_USER=admin", "MICODB_PASSWORD=admin123"}, "sql", "-e", "SELECT 1", "--url", url)
	require.Equal(t, 1, code, out)
}

func TestRolesAreManagedFromTheCommandLine(t *testing.T) {
	s := harness.Start(t)
	url := "grpc://" + s.Flight
	run := func(who string, want int, args ...string) string {
		code, out := runToEnd(t, []string{
			"MICODB_USER=" + who, "MICODB_PASSWORD=" + harness.Password, "MICODB_NEW_PASSWORD=" + harness.Password,
		}, append(args, "--url", url)...)
		require.Equal(t, want, code, out)
		return out
	}
	run("admin", 0, "sql", "-e", "CREATE TABLE t (i INT)")
	run("admin", 0, "role", "add", "loaders")
	run("admin", 0, "role", "grant", "loaders", "--privilege", "insert,SELECT", "--on", "main.t")
	run("admin", 0, "user", "add", "ada")
	run("ada", 1, "sql", "-e", "INSERT INTO t VALUES (1)")
	run("admin", 0, "user", "grant", "ada", "loaders")
	run("ada", 0, "sql", "-e", "INSERT INTO t VALUES (1)")
	require.Regexp(t, `Insert +│ main +│ t `, run("admin", 0, "role", "grants", "loaders"))
	require.Regexp(t, `ada +│ Insert +│ main +│ t +│ loaders`, run("ada", 0, "user", "grants", "ada"))
	require.Contains(t, run("admin", 0, "role", "list"), "loaders")
	run("admin", 0, "role", "revoke", "loaders", "--privilege", "INSERT", "--on", "main.t")
	require.Contains(t, run("ada", 1, "sql", "-e", "INSERT INTO t VALUES (2)"), "42501")
	run("admin", 0, "user", "grant", "ada", "--privilege", "DELETE", "--on", "*.*")
	run("ada", 0, "sql", "-e", "DELETE FROM t WHERE i = 1")
	run("admin", 0, "user", "revoke", "ada", "loaders")
	run("admin", 0, "role", "drop", "loaders")
	run("admin", 0, "user", "drop", "ada")
	require.NotContains(t, run("admin", 0, "user", "list"), "ada")
	require.Contains(t, run("ada", 1, "user", "list"), "28P01")
}

func TestAPIKeysOpenBothDoors(t *testing.T) {
	s := harness.Start(t)
	admin := []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + harness.Password}
	url := "grpc://" + s.Flight
	code, out := runToEnd(t, admin, "user", "key", "add", "loader", "--expires", "90 days", "--url", url)
	require.Zero(t, code, out)
	key := regexp.MustCompile(`micodb_[\w-]{43}`).FindString(out)
	require.NotEmpty(t, key, out)

	withKey := []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + key}
	code, out = runToEnd(t, withKey, "sql", "--format", "csv", "-e", "SHOW user", "--url", url)
	require.Zero(t, code, out)
	require.Contains(t, out, "admin")
	login := `{"command":"login","auth_method":"apikey","api_key":"` + key + `"}`
	read := `{"command":"sql","db_name":"main","query":"SELECT 1 AS one"}`
	dial := func() net.Conn {
		c, err := net.Dial("tcp", s.JSON)
		require.NoError(t, err)
		return c
	}
	answers := ask(t, dial(), login, read)
	require.Equal(t, "ok", answers[0].Status, string(answers[0].Data))
	require.Empty(t, answers[0].Token, "the key goes on being the credentials")
	require.JSONEq(t, `[{"one":1}]`, string(answers[1].Data))

	code, out = runToEnd(t, admin, "user", "key", "list", "--for", "admin", "--url", url)
	require.Zero(t, code, out)
	require.Contains(t, out, "loader")
	require.NotContains(t, out, key)
	require.NotContains(t, s.Log(), key)
	code, out = runToEnd(t, admin, "user", "key", "drop", "loader", "--url", url)
	require.Zero(t, code, out)
	code, out = runToEnd(t, withKey, "sql", "-e", "SELECT 1", "--url", url)
	require.Equal(t, 1, code)
	require.Contains(t, out, "28000")
	require.Equal(t, "28000", ask(t, dial(), login)[0].Code)
}

func TestTheShellsFormats(t *testing.T) {
	s := harness.Start(t)
	for format, want := range map[string]string{
		"table":    "╭───┬──────╮\n│ i │ t    │\n├───┼──────┤\n│ 1 │ a    │\n│ 2 │ NULL │\n╰───┴──────╯\n",
		"csv":      "i,t\n1,a\n2,\n",
		"json":     "[\n" + `{"i":1,"t":"a"}` + ",\n" + `{"i":2,"t":null}` + "\n]\n",
		"ndjson":   `{"i":1,"t":"a"}` + "\n" + `{"i":2,"t":null}` + "\n",
		"markdown": "| i | t |\n| --: | --- |\n| 1 | a |\n| 2 | NULL |\n",
	} {
		code, out := runToEnd(t, []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + harness.Password},
			"sql", "--format", format, "--url", "grpc://"+s.Flight,
			"-e", "CREATE TABLE IF NOT EXISTS f (i INT, t VARCHAR); SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS v(i, t) ORDER BY i;")
		require.Zero(t, code, out)
		require.Equal(t, want, out, format)
	}
}

func TestTheDemoRuns(t *testing.T) {
	code, out := runToEnd(t, nil, "demo", "--exit", "--rows", "20000")
	require.Zero(t, code, out)
	for _, part := range []string{"readings", "Temperature by site", "berlin", "Turnover by symbol", "Connect to this server"} {
		require.Contains(t, out, part)
	}
}

func TestSIGTERMLetsAQueryFinish(t *testing.T) {
	s := harness.Start(t)
	db := s.Connect(t.Context())
	rows, err := db.Stream(t.Context(), crossJoin(3_000_000))
	require.NoError(t, err)
	require.True(t, rows.Next())
	n := rows.Batch().NumRows()
	stopped := make(chan struct{})
	go func() { defer close(stopped); s.Stop() }()
	for rows.Next() {
		n += rows.Batch().NumRows()
	}
	require.NoError(t, rows.Err())
	require.EqualValues(t, 3_000_000, n)
	require.NoError(t, rows.Close())
	<-stopped
	require.NoError(t, s.Wait(), s.Log())
}

// crossJoin is a query whose result has so many thousand-fold rows without a table.
func crossJoin(rows int) string {
	digits := "(VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9))"
	from := make([]string, 9)
	for i := range from {
		from[i] = fmt.Sprintf("%s AS d%d(n)", digits, i)
	}
	return fmt.Sprintf("SELECT d0.n AS a, d1.n AS b, 'a text of some length that is the same' AS c FROM %s LIMIT %d",
		strings.Join(from, " CROSS JOIN "), rows)
}

func TestAStatementThatTakesTooLongNamesItsFlag(t *testing.T) {
	s := harness.Start(t)
	prepare(t, s, digits)
	code, output := runToEnd(t, []string{"MICODB_PASSWORD=" + harness.Password}, "sql", "--url", "grpc://"+s.Flight,
		"--user", "admin", "--operation-timeout", "0.2", "-e", strings.TrimSuffix(endless, "\r"))
	require.Equal(t, 1, code, output)
	require.Contains(t, output, "57014")
	require.Contains(t, output, "took longer than 200ms: raise --operation-timeout")
}
