package clients

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/toolchain"
)

// A real Prometheus scrapes the server and finds the series of every layer.
func TestPrometheus(t *testing.T) {
	toolchain.Require(t, "prometheus")
	s := harness.Start(t)
	db := s.Connect(t.Context())
	for _, sql := range []string{"CREATE TABLE t (i INT)", "INSERT INTO t VALUES (1), (2)", "SELECT * FROM t"} {
		_, err := db.Execute(t.Context(), sql)
		require.NoError(t, err)
	}
	address := startPrometheus(t, s.HTTP, "")
	for _, query := range []string{
		`micodb_queries_total{kind="select",outcome="ok"} > 0`,
		`histogram_quantile(0.5, sum by (le) (micodb_query_duration_seconds_bucket)) > 0`,
		`micodb_rows_returned_total > 0`,
		`micodb_wal_sync_duration_seconds_count > 0`,
		`micodb_wal_group_commits_count > 0`,
		`micodb_memtable_bytes > 0`,
		`micodb_segment_bytes >= 0`,
		`micodb_sessions > 0`,
		`micodb_transactions_total{outcome="commit"} > 0`,
		`micodb_commit_duration_seconds_count > 0`,
		`go_goroutines > 0`,
		`up{job="micodb"} == 1`,
	} {
		require.Eventually(t, func() bool { return hasSeries(t, address, query) }, time.Minute, 100*time.Millisecond, query)
	}
}

// startPrometheus starts a Prometheus that scrapes target, with more lines of configuration behind those of the scrape,
// and returns its address.
func startPrometheus(t *testing.T, target, more string) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 1s}
scrape_configs:
  - job_name: micodb
    static_configs: [{targets: [%q]}]
%s`, target, more), 0o600))
	c := exec.CommandContext(t.Context(), "prometheus", "--config.file="+config, "--storage.tsdb.path="+dir,
		"--web.listen-address="+address, "--log.level=warn")
	var log strings.Builder
	c.Stdout, c.Stderr = &log, &log
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		if t.Failed() {
			t.Logf("prometheus: %s", log.String())
		}
	})
	return address
}

func hasSeries(t *testing.T, address, query string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		"http://"+address+"/api/v1/query?query="+url.QueryEscape(query), nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false // it is starting
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return err == nil && strings.Contains(string(body), `"status":"success"`) && strings.Contains(string(body), `"value":[`)
}
