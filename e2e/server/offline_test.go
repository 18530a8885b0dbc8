package server_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/storage/frame"
)

// logsIn tells whether a password is the user's.
func logsIn(t *testing.T, s *harness.Server, user, password string) bool {
	t.Helper()
	login := fmt.Sprintf(`{"command":"login","db_name":"main","username":%q,"password":%q}`, user, password)
	a := ask(t, dialJSON(t, s), login)[0]
	if a.Status != "ok" {
		require.Equal(t, "28P01", a.Code)
	}
	return a.Status == "ok"
}

// offlineOn returns what runs a subcommand on the data directory of a server, and checks how it ends.
func offlineOn(t *testing.T, dir string, env ...string) func(want int, args ...string) string {
	t.Helper()
	return func(want int, args ...string) string {
		t.Helper()
		code, out := runToEnd(t, env, append(args, "--offline", "--data-dir", dir)...)
		require.Equal(t, want, code, out)
		return out
	}
}

// The server was killed, so that what it acknowledged is in its log: the page's snippet recovers it, gives admin another
// password, and leaves a directory that a server starts with.
func TestTheLostPasswordIsReset(t *testing.T) {
	s := harness.Start(t)
	_, err := s.Connect(t.Context()).Execute(t.Context(), "CREATE TABLE kept AS SELECT 7 AS x")
	require.NoError(t, err)
	token := ask(t, dialJSON(t, s), loginLine)[0].Token
	require.True(t, works(t, s, token))
	s.Kill()

	const next = "not the lost one"
	ran := 0
	for _, sn := range snippets(t, filepath.Join(root(t), "docs", "logins.md")) {
		if sn.excused != "" {
			continue
		}
		c := exec.CommandContext(t.Context(), "bash", "-ceu", strings.ReplaceAll(sn.text, "bin/micodb", harness.Binary(t)))
		c.Env = append(os.Environ(), "DATA="+s.Dir, "MICODB_NEW_PASSWORD="+next)
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s\n%s", sn.text, out)
		require.Contains(t, string(out), "the password of admin is changed")
		require.Regexp(t, `offline=true audit=true user=offline:\S+ .*action="ALTER USER" object="admin, new password"`, string(out))
		require.NotContains(t, string(out), next)
		ran++
	}
	require.Equal(t, 1, ran)
	require.NoFileExists(t, filepath.Join(s.Dir, "endpoints.json"), "it named the server that was killed")

	s.Start()
	require.False(t, logsIn(t, s, "admin", harness.Password))
	require.True(t, logsIn(t, s, "admin", next))
	require.False(t, works(t, s, token), "a new password ends the tokens of the old one")
	code, out := runToEnd(t, []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + next},
		"sql", "--format", "csv", "-e", "SELECT x FROM kept", "--url", "grpc://"+s.Flight)
	require.Zero(t, code, out)
	require.Equal(t, "x\n7\n", out)
}

func TestUsersAndRolesAreManagedOffline(t *testing.T) {
	const password = "a password for ada"
	s := harness.Start(t)
	_, err := s.Connect(t.Context()).Execute(t.Context(), "CREATE TABLE t AS SELECT 7 AS i")
	require.NoError(t, err)
	s.Stop()
	// Variables that name a login at a server are not in the way, and the directory may come from one, too.
	run := offlineOn(t, s.Dir, "MICODB_NEW_PASSWORD="+password, "MICODB_USER=nobody", "MICODB_URL=grpc://127.0.0.1:1")
	require.Contains(t, run(0, "user", "add", "ada", "--role", "readonly"), `action="CREATE USER" object="ada, role readonly"`)
	run(0, "user", "add", "bob")
	run(0, "role", "add", "loaders")
	run(0, "role", "grant", "loaders", "--privilege", "insert", "--on", "main.t")
	run(0, "user", "grant", "ada", "loaders")
	run(0, "user", "revoke", "ada", "readonly")
	run(0, "user", "grant", "ada", "--privilege", "select", "--on", "main.*")
	out := run(0, "user", "key", "add", "loader", "--for", "ada", "--expires", "90 days")
	key := regexp.MustCompile(`micodb_[\w-]{43}`).FindString(out)
	require.NotEmpty(t, key, out)
	require.Equal(t, 1, strings.Count(out, key), "the key is in no log")
	run(0, "user", "key", "add", "dropped", "--for", "ada")
	run(0, "user", "key", "drop", "dropped", "--for", "ada")
	out = run(0, "user", "key", "list")
	require.Contains(t, out, "loader")
	require.NotContains(t, out, "dropped")
	require.Contains(t, run(0, "user", "logout", "bob"), "user bob is logged out")
	run(0, "user", "drop", "bob")
	code, list := runToEnd(t, []string{"MICODB_DATA_DIR=" + s.Dir}, "user", "list", "--offline")
	require.Zero(t, code, list)
	require.Regexp(t, `ada +│ ada +│ loaders`, list)
	require.NotContains(t, list, "bob")
	require.Contains(t, run(0, "role", "list"), "loaders")
	require.Regexp(t, `ada +│ Insert +│ main +│ t +│ loaders`, run(0, "user", "grants", "ada"))

	require.Contains(t, run(1, "user", "add", "ADA"), `user "ada" exists already`)
	require.Contains(t, run(1, "user", "passwd", "eve"), `there is no user "eve"`)
	require.Contains(t, run(1, "user", "drop", "admin"), "nobody with the role admin would be left")
	require.Contains(t, run(1, "role", "grant", "loaders", "--privilege", "insert", "--on", "main.nowhere"), "nowhere")

	s.Start()
	require.True(t, logsIn(t, s, "admin", harness.Password), "only what was asked for is changed")
	require.True(t, logsIn(t, s, "ada", password))
	require.False(t, logsIn(t, s, "bob", password))
	as := func(want int, secret, sql string) string {
		code, out := runToEnd(t, []string{"MICODB_USER=ada", "MICODB_PASSWORD=" + secret},
			"sql", "--format", "csv", "-e", sql, "--url", "grpc://"+s.Flight)
		require.Equal(t, want, code, out)
		return out
	}
	as(0, password, "INSERT INTO t VALUES (8)")
	require.Equal(t, "i\n7\n8\n", as(0, key, "SELECT i FROM t ORDER BY i"))
	require.Contains(t, as(1, key, "DELETE FROM t WHERE i = 7"), "42501")
}

func TestOfflineIsRefusedWhileAServerRuns(t *testing.T) {
	s := harness.Start(t)
	run := offlineOn(t, s.Dir, "MICODB_NEW_PASSWORD=another good one")
	out := run(1, "user", "passwd", "admin")
	require.Contains(t, out, fmt.Sprintf("a server has the data directory %s open: process %d, Flight SQL at %s",
		s.Dir, s.PID, s.Flight))
	require.NoError(t, os.Remove(filepath.Join(s.Dir, "endpoints.json")))
	require.Contains(t, run(1, "user", "list"), "another process has the data directory")
	require.True(t, logsIn(t, s, "admin", harness.Password))
	s.Stop()
	run(0, "user", "list")
}

func TestOfflineOpensOnlyWhatAServerHasMade(t *testing.T) {
	files := func(dir string) (all []string) {
		require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			all = append(all, path)
			return err
		}))
		return all
	}
	base := t.TempDir()
	file := filepath.Join(base, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	before := files(base)
	for _, dir := range []string{filepath.Join(base, "missing"), base} {
		require.Contains(t, offlineOn(t, dir)(2, "user", "list"), dir+" is no data directory")
	}
	require.Contains(t, offlineOn(t, file)(2, "user", "list"), "the data directory "+file+" is a file")
	require.Equal(t, before, files(base), "nothing is made")

	noUsers := harness.Start(t, "--insecure-no-auth")
	noUsers.Stop()
	run := offlineOn(t, noUsers.Dir, "MICODB_NEW_PASSWORD=another good one")
	require.Contains(t, run(2, "user", "add", "ada"), "has no users yet")
	noUsers.Start()

	s := harness.Start(t)
	s.Stop()
	before = files(s.Dir)
	current := filepath.Join(s.Dir, "manifest", "CURRENT")
	contents, err := os.ReadFile(current)
	require.NoError(t, err)
	h, err := frame.DecodeHeader(contents, current, "MICOCUR", 1)
	require.NoError(t, err)
	h.Version++
	require.NoError(t, os.WriteFile(current, append(h.Encode(), contents[frame.HeaderBytes:]...), 0o600))
	run = offlineOn(t, s.Dir)
	require.Contains(t, run(1, "user", "list"), "has format version 2; this program reads versions up to 1")
	require.NoError(t, os.WriteFile(current, contents, 0o600))
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(current, 65534, 65534))
		require.Contains(t, run(1, "user", "list"), "is that of the system's user 65534, and this is user 0")
		require.NoError(t, os.Chown(current, 0, 0))
	} else {
		require.NoError(t, os.Chmod(s.Dir, 0))
		require.Contains(t, run(1, "user", "list"), "can't be read")
		require.NoError(t, os.Chmod(s.Dir, 0o700))
	}
	require.Equal(t, before, files(s.Dir))
	s.Start()
}

// Killed before it changes anything, when the change is in the log, and when it has said so: a server starts, and one
// password is admin's, the new one if the change was told.
func TestAKilledOfflineChangeLeavesADirectoryThatStarts(t *testing.T) {
	s := harness.Start(t)
	password := harness.Password
	for i, when := range []string{"", "msg=login", `action="ALTER USER"`, "the password of admin is changed"} {
		s.Kill()
		next := fmt.Sprintf("password number %d", i)
		killWhen(t, when, []string{"MICODB_NEW_PASSWORD=" + next}, "user", "passwd", "admin", "--offline", "-d", s.Dir)
		s.Start()
		changed := logsIn(t, s, "admin", next)
		require.NotEqual(t, changed, logsIn(t, s, "admin", password), when)
		if i > 1 {
			require.True(t, changed, when)
		}
		if changed {
			password = next
		}
	}
	s.Kill()
	offlineOn(t, s.Dir)(0, "user", "list")
}

// killWhen starts the binary and kills it when it has written a text.
func killWhen(t *testing.T, text string, env []string, args ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), harness.Binary(t), args...)
	c.Env = append(os.Environ(), env...)
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	c.Stdout, c.Stderr = write, write
	require.NoError(t, c.Start())
	require.NoError(t, write.Close())
	said := text == ""
	for lines := bufio.NewScanner(read); !said && lines.Scan(); {
		said = strings.Contains(lines.Text(), text)
	}
	_ = c.Process.Kill() // it may have ended by itself after the last of its texts
	_ = c.Wait()
	require.True(t, said, text)
}
