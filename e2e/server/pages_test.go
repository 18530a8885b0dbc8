package server_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
)

// page runs the snippets of a page of docs in their order: shell in one directory, JSON on one connection a block.
type page struct {
	t      *testing.T
	server *harness.Server
	dir    string
}

func (p *page) run(sn snippet) {
	p.t.Helper()
	switch {
	case sn.excused != "":
	case sn.language == "json":
		requests := strings.Split(strings.TrimSpace(sn.text), "\n")
		for i, a := range ask(p.t, dialJSON(p.t, p.server), requests...) {
			require.Equal(p.t, "ok", a.Status, "%s: %s", requests[i], a.Data)
		}
	case sn.language == "sh":
		p.shell(sn.text)
	default:
		require.Fail(p.t, "a snippet that nobody runs", sn.language)
	}
}

func (p *page) shell(text string) {
	p.t.Helper()
	text = strings.ReplaceAll(text, "bin/micodb", harness.Binary(p.t))
	for _, command := range []string{" user passwd", " import"} {
		text = strings.ReplaceAll(text, command, command+" --url grpc://"+p.server.Flight)
	}
	c := exec.CommandContext(p.t.Context(), "bash", "-ceu", text)
	c.Dir = p.dir
	c.Env = append(os.Environ(), "MICODB_USER=admin", "MICODB_PASSWORD="+harness.Password, "DATA="+p.server.Dir)
	out, err := c.CombinedOutput()
	require.NoError(p.t, err, "%s\n%s", text, out)
}

// The backup that the page makes of a stopped server, and restores, has the server's rows.
func TestTheOperationsPageRuns(t *testing.T) {
	p := &page{t: t, server: harness.Start(t), dir: t.TempDir()}
	_, err := p.server.Connect(t.Context()).Execute(t.Context(), "CREATE TABLE kept AS SELECT 7 AS x")
	require.NoError(t, err)
	for _, sn := range snippets(t, filepath.Join(root(t), "docs", "operations.md")) {
		if strings.HasPrefix(sn.text, "tar -c") {
			p.server.Stop()
		}
		p.run(sn)
	}
	restored := harness.New(t, filepath.Join(p.dir, "restored"))
	restored.Start()
	n, err := restored.Connect(t.Context()).Execute(t.Context(), "DELETE FROM kept WHERE x = 7")
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}

func TestTheMigrationPageRuns(t *testing.T) {
	p := &page{t: t, server: harness.Start(t), dir: t.TempDir()}
	changed := false
	for _, sn := range snippets(t, filepath.Join(root(t), "docs", "migration.md")) {
		if changed { // the page's first snippet gives admin another password
			sn.text = strings.ReplaceAll(sn.text, "bin/micodb", "MICODB_PASSWORD=another-good-one bin/micodb")
		}
		p.run(sn)
		changed = changed || strings.Contains(sn.text, "user passwd")
	}
	secret, err := os.ReadFile(filepath.Join(p.dir, "jwt-secret"))
	require.NoError(t, err)
	s := harness.Start(t, "--jwt-secret-file", filepath.Join(p.dir, "jwt-secret"))
	s.Stop()
	require.Greater(t, len(secret), 32)
}
