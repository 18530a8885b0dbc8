package clients

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/toolchain"
)

func deployed(t *testing.T, path ...string) string {
	t.Helper()
	root, err := harness.Root()
	require.NoError(t, err)
	return filepath.Join(append([]string{root, "deploy"}, path...)...)
}

// dashboard is what is looked at of deploy/grafana/micodb.json.
type dashboard struct {
	UID        string `json:"uid"`
	Templating struct {
		List []struct {
			Name  string `json:"name"`
			Type  string `json:"type"`
			Query any    `json:"query"`
		} `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []struct {
			Expr string `json:"expr"`
		} `json:"list"`
	} `json:"annotations"`
	Panels []panel `json:"panels"`
}

type panel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	GridPos     struct{ X, Y, W, H int }
	Targets     []struct {
		Expr       string               `json:"expr"`
		Datasource struct{ UID string } `json:"datasource"`
		RefID      string               `json:"refId"`
	} `json:"targets"`
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	b, err := os.ReadFile(deployed(t, "grafana", "micodb.json"))
	require.NoError(t, err)
	var d dashboard
	require.NoError(t, json.Unmarshal(b, &d))
	return d
}

func TestTheDashboardIsWellFormed(t *testing.T) {
	d := readDashboard(t)
	require.Equal(t, "micodb", d.UID)
	require.Equal(t, "datasource", d.Templating.List[0].Type)
	require.Equal(t, "datasource", d.Templating.List[0].Name)
	ids, places, rows := map[int]string{}, map[[2]int]string{}, []string(nil)
	for _, p := range d.Panels {
		require.NotContains(t, ids, p.ID, "%s has the id of another panel", p.Title)
		ids[p.ID] = p.Title
		require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				require.Empty(t, places[at], "%s lies over it", p.Title)
				places[at] = p.Title
			}
		}
		if p.Type == "row" {
			rows = append(rows, p.Title)
			continue
		}
		require.NotEmpty(t, p.Description, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			require.Equal(t, "${datasource}", target.Datasource.UID, p.Title)
			require.Contains(t, target.Expr, `instance=~"$instance"`, p.Title)
		}
	}
	require.Equal(t, []string{"Overview", "Queries", "Ingest", "Storage", "Memory", "Errors", "Sessions"}, rows)
}

// expressions are those of all panels, as Grafana would send them for all servers.
func (d dashboard) expressions() map[string]string {
	filled := strings.NewReplacer("$instance", ".*", "$__rate_interval", "1m")
	all := map[string]string{}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all[p.Title+" "+target.RefID] = filled.Replace(target.Expr)
		}
	}
	for _, a := range d.Annotations.List {
		all["annotation"] = filled.Replace(a.Expr)
	}
	return all
}

func promtool(t *testing.T, args ...string) {
	t.Helper()
	toolchain.Require(t, "promtool")
	out, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// alert is what is looked at of a rule.
type alert struct{ name, expr string }

func readAlerts(t *testing.T) []alert {
	t.Helper()
	b, err := os.ReadFile(deployed(t, "prometheus", "alerts.yml"))
	require.NoError(t, err)
	file, err := yaml.Parser().Unmarshal(b)
	require.NoError(t, err)
	var alerts []alert
	for _, g := range list(t, file["groups"]) {
		for _, r := range list(t, object(t, g)["rules"]) {
			rule := object(t, r)
			name, expr := text(t, rule["alert"]), text(t, rule["expr"])
			require.Contains(t, []string{"critical", "warning"}, object(t, rule["labels"])["severity"], name)
			notes := object(t, rule["annotations"])
			require.NotEmpty(t, text(t, notes["summary"]), name)
			require.Greater(t, len(text(t, notes["runbook"])), 40, name)
			alerts = append(alerts, alert{name, expr})
		}
	}
	require.NotEmpty(t, alerts)
	return alerts
}

func list(t *testing.T, v any) []any {
	t.Helper()
	l, ok := v.([]any)
	require.True(t, ok, "%T", v)
	return l
}

func object(t *testing.T, v any) map[string]any {
	t.Helper()
	m, ok := v.(map[string]any)
	require.True(t, ok, "%T", v)
	return m
}

func text(t *testing.T, v any) string {
	t.Helper()
	s, ok := v.(string)
	require.True(t, ok, "%T", v)
	return s
}

func TestAlertRules(t *testing.T) {
	promtool(t, "check", "rules", deployed(t, "prometheus", "alerts.yml"))
	promtool(t, "test", "rules", deployed(t, "prometheus", "alerts_test.yml"))
	tests, err := os.ReadFile(deployed(t, "prometheus", "alerts_test.yml"))
	require.NoError(t, err)
	for _, a := range readAlerts(t) {
		require.Contains(t, string(tests), `alertname="`+a.name+`"`, "no test lets it fire")
	}
}

// TestTheDashboardAndTheAlertsFitTheServer has a real Prometheus scrape a server that has done a little of everything,
// and asks it what each panel and alert asks: every metric is there, and every panel shows something.
func TestTheDashboardAndTheAlertsFitTheServer(t *testing.T) {
	toolchain.Require(t, "prometheus", "promtool")
	s := harness.Start(t, "--tls", "auto", "--slow-query-threshold", "1ns")
	trust := trusting(t, s)
	db := connect(t, s, trust)
	for _, sql := range []string{"CREATE TABLE t (i INT)", "INSERT INTO t VALUES (1), (2)"} {
		_, err := db.Execute(t.Context(), sql)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
	s.Stop() // what it has in memory becomes a segment
	s.Start()
	address := startPrometheus(t, s.HTTP,
		"    scheme: https\n    tls_config: {ca_file: "+filepath.Join(s.Dir, "tls-cert.pem")+"}\n"+
			"rule_files: ["+deployed(t, "prometheus", "alerts.yml")+"]\n")
	db = connect(t, s, trust)
	work := func() {
		_, _ = db.Execute(t.Context(), "INSERT INTO t VALUES (3)")
		_, _ = db.Execute(t.Context(), "SELECT sum(i) FROM t")
		_, _ = db.Execute(t.Context(), "SELECT CAST(i || 'x' AS INT) FROM t") // fails
	}
	work()

	exported := scrape(t, s, trust)
	alerts, d := readAlerts(t), readDashboard(t)
	asked := d.expressions()
	for _, a := range alerts {
		asked["alert "+a.name] = a.expr
	}
	for of, expr := range asked {
		for _, name := range metric.FindAllString(expr, -1) {
			require.Contains(t, exported, name, of)
		}
	}
	requirePage(t, exported, alerts)
	for of, expr := range d.expressions() {
		if of != "annotation" {
			require.Eventually(t, func() bool {
				if hasSeries(t, address, expr) {
					return true
				}
				work()
				return false
			}, time.Minute, 100*time.Millisecond, "%s shows nothing: %s", of, expr)
		}
	}
	for _, a := range alerts {
		require.Eventually(t, func() bool { return evaluated(t, address, a.name) }, time.Minute, 100*time.Millisecond, a.name)
	}
}

// requirePage wants every metric of ours, and every alert, on the page about them.
func requirePage(t *testing.T, exported map[string]bool, alerts []alert) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(filepath.Dir(deployed(t)), "docs", "monitoring.md"))
	require.NoError(t, err)
	shown := regexp.MustCompile(`\b(micodb_[a-z0-9_]+|MicoDB[A-Z]\w+)`).FindAllString(string(page), -1)
	part := regexp.MustCompile(`_(bucket|sum|count)$`)
	there := map[string]bool{}
	for name := range exported {
		if strings.HasPrefix(name, "micodb_") {
			there[part.ReplaceAllString(name, "")] = true
		}
	}
	for _, a := range alerts {
		there[a.name] = true
	}
	for name := range there {
		require.Contains(t, shown, name)
	}
	for _, name := range shown {
		require.Contains(t, there, name)
	}
}

var metric = regexp.MustCompile(`\b(?:micodb|go|process)_[a-z0-9_]+`)

func trusting(t *testing.T, s *harness.Server) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(s.Dir, "tls-cert.pem"))
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(pem))
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

func connect(t *testing.T, s *harness.Server, trust *tls.Config) *client.Conn {
	t.Helper()
	db, err := client.Open(t.Context(), client.Options{
		URL: "grpc+tls://" + s.Flight, Username: "admin", Password: harness.Password, TLS: trust,
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// scrape returns the names of all samples that the server exports.
func scrape(t *testing.T, s *harness.Server, trust *tls.Config) map[string]bool {
	t.Helper()
	web := &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}
	defer web.CloseIdleConnections()
	names := map[string]bool{}
	for line := range strings.Lines(get(t, web, "https://"+s.HTTP+"/metrics")) {
		if !strings.HasPrefix(line, "#") {
			names[line[:strings.IndexAny(line, "{ ")]] = true
		}
	}
	return names
}

func get(t *testing.T, web *http.Client, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	resp, err := web.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s", body)
	return string(body)
}

// evaluated tells whether Prometheus has evaluated an alert without an error.
func evaluated(t *testing.T, address, name string) bool {
	t.Helper()
	body := get(t, http.DefaultClient, "http://"+address+"/api/v1/rules?"+url.Values{"rule_name[]": {name}}.Encode())
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	for _, g := range answer.Data.Groups {
		for _, r := range g.Rules {
			if r.Name == name {
				require.NotEqual(t, "err", r.Health, r.LastError)
				return r.Health == "ok"
			}
		}
	}
	return false
}
