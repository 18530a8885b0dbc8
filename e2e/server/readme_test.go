package server_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/toolchain"
)

// snippet is one fenced block of a page.
type snippet struct {
	language string
	text     string
	excused  string // why it is not executed here; empty: it is
}

var (
	fence  = regexp.MustCompile("(?ms)(?:^<!-- not executed: ([^\n]*) -->\n+)?^```([a-z]*)\n(.*?)^```$")
	images = "picture"
)

func snippets(t *testing.T, page string) []snippet {
	t.Helper()
	b, err := os.ReadFile(page)
	require.NoError(t, err)
	var out []snippet
	for _, m := range fence.FindAllStringSubmatch(string(b), -1) {
		s := snippet{language: m[2], text: m[3], excused: m[1]}
		if s.language == "" {
			s.language = images
		}
		out = append(out, s)
	}
	return out
}

// Every snippet of the README runs against a server that was started as it says. The addresses are replaced, because
// the ports of the README may be taken.
func TestTheREADMEsSnippetsRun(t *testing.T) {
	root, err := harness.Root()
	require.NoError(t, err)
	all := snippets(t, filepath.Join(root, "README.md"))
	require.NotEmpty(t, all)
	files := t.TempDir()
	s := harness.Start(t, "--allow-files", files)
	host, port, _ := strings.Cut(s.JSON, ":")
	adapt := strings.NewReplacer(
		"127.0.0.1:8815", s.Flight, "127.0.0.1 3456", host+" "+port, "127.0.0.1:8816", s.HTTP,
		"change-me-please", harness.Password, "bin/micodb", harness.Binary(t),
	).Replace
	executed := map[string]int{}
	for _, sn := range all {
		if sn.excused != "" || sn.language == images {
			continue
		}
		executed[sn.language]++
		t.Run(sn.language, func(t *testing.T) {
			text := adapt(sn.text)
			switch sn.language {
			case "sh":
				runShell(t, s, text)
			case "python":
				out, err := exec.CommandContext(t.Context(), toolchain.Python(t), "-c", text).CombinedOutput()
				require.NoError(t, err, "%s", out)
				want := "[{'n': 2, 'text': 'two'}, {'n': 3, 'text': None}]\n"
				if strings.Contains(text, "pandas") {
					want = "[{'city': 'Lisbon', 'degrees': 17.25}]\n[{'warmest': 17.25}]\n"
				}
				require.Contains(t, string(out), want)
			case "go":
				file := filepath.Join(t.TempDir(), "main.go")
				require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
				c := exec.CommandContext(t.Context(), "go", "run", file)
				c.Dir = root
				out, err := c.CombinedOutput()
				require.NoError(t, err, "%s", out)
				require.Equal(t, "2\n", string(out))
			case "java":
				require.Equal(t, "2\n", runJava(t, text))
			case "sql":
				runCopy(t, s, files, text)
			case "yaml":
				scrape(t, text)
			default:
				require.Fail(t, "nobody knows how to run a snippet in "+sn.language)
			}
		})
	}
	for _, language := range []string{"sh", "python", "go", "java", "sql", "yaml"} {
		require.NotZero(t, executed[language], "the README shows %s", language)
	}
}

func runShell(t *testing.T, s *harness.Server, text string) {
	t.Helper()
	env := []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + harness.Password}
	if strings.Contains(text, "nc ") {
		toolchain.Require(t, "nc")
	}
	// The shell's default address is the README's server.
	text = strings.ReplaceAll(text, " sql -e", " sql --format csv --url grpc://"+s.Flight+" -e")
	text = strings.ReplaceAll(text, " import --table", " import --url grpc://"+s.Flight+" --table")
	c := exec.CommandContext(t.Context(), "bash", "-ceu", text)
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	if strings.Contains(text, " sql ") {
		require.Equal(t, "two\n2\n", string(out))
		return
	}
	if strings.Contains(text, " import ") {
		require.Contains(t, string(out), "2 rows of 1 files are in sales")
		return
	}
	require.Contains(t, string(out), `{"status":"ok","data":[{"orders":2,"total":99.5}],`)
}

// runCopy runs the README's COPY statements, one of which makes a file of rows that the other reads.
func runCopy(t *testing.T, s *harness.Server, files, text string) {
	t.Helper()
	require.NoError(t, os.Mkdir(filepath.Join(files, "in"), 0o700))
	rows := "id;city;price\n3;Lisbon;1.25\n4;-;2.50\n"
	require.NoError(t, os.WriteFile(filepath.Join(files, "in", "a.csv"), []byte(rows), 0o600))
	c := exec.CommandContext(t.Context(), harness.Binary(t), "sql", "--url", "grpc://"+s.Flight, "--format", "csv", "-e", text)
	c.Env = append(os.Environ(), "MICODB_USER=admin", "MICODB_PASSWORD="+harness.Password)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "a.csv,2,0")
	require.FileExists(t, filepath.Join(files, "prices.parquet"))
}

func runJava(t *testing.T, text string) string {
	t.Helper()
	jar := toolchain.JDBC(t, toolchain.JDBC18)
	dir := t.TempDir()
	file := filepath.Join(dir, "Example.java")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	c := exec.CommandContext(t.Context(), "java", "--add-opens=java.base/java.nio=ALL-UNNAMED",
		"-cp", jar, file)
	var out strings.Builder
	var log strings.Builder
	c.Stdout, c.Stderr = &out, &log
	require.NoError(t, c.Run(), "%s%s", out.String(), log.String())
	return out.String()
}

// scrape runs a Prometheus on the snippet's configuration until it has one of the server's series.
func scrape(t *testing.T, text string) {
	t.Helper()
	toolchain.Require(t, "prometheus")
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(config, []byte("global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"+text), 0o600))
	address := freeAddress(t)
	c := exec.CommandContext(t.Context(), "prometheus", "--config.file="+config, "--storage.tsdb.path="+dir,
		"--web.listen-address="+address, "--log.level=warn")
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	require.NoError(t, c.Start())
	defer func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	}()
	found := assertEventually(func() bool {
		req, err := newGet(t, "http://"+address+"/api/v1/query?query=micodb_queries_total")
		if err != nil {
			return false
		}
		defer req.Body.Close()
		body, err := io.ReadAll(req.Body)
		return err == nil && strings.Contains(string(body), `"__name__":"micodb_queries_total"`)
	}, time.Minute)
	if !found {
		b, _ := os.ReadFile(log.Name())
		require.Fail(t, "Prometheus has no series of the server", "%s", b)
	}
}
