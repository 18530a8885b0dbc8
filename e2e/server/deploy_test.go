package server_test

import (
	"crypto/tls"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
)

// serveFlags are the flags of `micodb serve`, as its help lists them.
func serveFlags(t *testing.T) map[string]bool {
	t.Helper()
	help, err := exec.CommandContext(t.Context(), harness.Binary(t), "serve", "--help").Output()
	require.NoError(t, err)
	flags := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[a-z-]+)`).FindAllStringSubmatch(string(help), -1) {
		flags[m[1]] = true
	}
	require.Greater(t, len(flags), 20)
	return flags
}

// requireFlags takes the command line after the binary, and returns the flags' values.
func requireFlags(t *testing.T, arguments []string) map[string]string {
	t.Helper()
	require.Equal(t, "serve", arguments[0])
	known, values := serveFlags(t), map[string]string{}
	for i := 1; i < len(arguments); i++ {
		name, value, joined := strings.Cut(arguments[i], "=")
		require.True(t, known[name], "micodb serve has no flag %s", name)
		if !joined {
			i++
			value = arguments[i]
		}
		values[name] = value
	}
	return values
}

// The flags, with files in place of those that the deployment names, start a server.
func startWith(t *testing.T, flags map[string]string) *harness.Server {
	t.Helper()
	password := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(password, []byte(harness.Password+"\n"), 0o600))
	var args []string
	for name, value := range flags {
		switch name {
		case "--data-dir", "--bind-addr", "--flight-port", "--http-port", "--port": // the harness gives its own
			continue
		case "--admin-password-file":
			value = password
		}
		args = append(args, name, value)
	}
	return harness.Start(t, args...)
}

func TestTheServiceUnitFitsTheBinary(t *testing.T) {
	unit := filepath.Join(root(t), "deploy", "systemd", "micodb.service")
	b, err := os.ReadFile(unit)
	require.NoError(t, err)
	settings := map[string]string{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "[") {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		require.True(t, ok, line)
		settings[key] = value
	}
	command := strings.Fields(settings["ExecStart"])
	require.Equal(t, "/usr/local/bin/micodb", command[0])
	flags := requireFlags(t, command[1:])
	require.Equal(t, "/var/lib/"+settings["StateDirectory"], flags["--data-dir"])
	require.Equal(t, "strict", settings["ProtectSystem"])
	require.Equal(t, "yes", settings["NoNewPrivileges"])
	s := startWith(t, flags)
	s.Stop()

	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Log("systemd-analyze is not here: the unit was only parsed")
		return
	}
	// The unit names a binary and users that this machine may not have.
	text := strings.ReplaceAll(string(b), "/usr/local/bin/micodb", harness.Binary(t))
	copied := filepath.Join(t.TempDir(), "micodb.service")
	require.NoError(t, os.WriteFile(copied, []byte(text), 0o600))
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", copied).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		require.NotContains(t, line, "micodb.service", "%s", out)
	}
	require.NoError(t, err, "%s", out)
}

// at walks into what YAML gave: maps by name, lists by number.
func at(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			require.True(t, ok, "%v of %T", path, v)
			require.Contains(t, m, s)
			v = m[s]
		case int:
			l, ok := v.([]any)
			require.True(t, ok, "%v of %T", path, v)
			v = l[s]
		}
	}
	return v
}

func TestTheStatefulSetFitsTheBinary(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root(t), "deploy", "kubernetes", "micodb.yaml"))
	require.NoError(t, err)
	byKind := map[string]map[string]any{}
	for document := range strings.SplitSeq(string(b), "\n---\n") {
		m, err := yaml.Parser().Unmarshal([]byte(document))
		require.NoError(t, err)
		kind, ok := m["kind"].(string)
		require.True(t, ok)
		byKind[kind] = m
	}
	service, set := byKind["Service"], byKind["StatefulSet"]
	require.Equal(t, at(t, service, "metadata", "name"), at(t, set, "spec", "serviceName"))
	require.Equal(t, at(t, service, "spec", "selector"), at(t, set, "spec", "template", "metadata", "labels"))
	require.Equal(t, at(t, set, "spec", "selector", "matchLabels"), at(t, set, "spec", "template", "metadata", "labels"))

	pod := at(t, set, "spec", "template", "spec")
	container := at(t, pod, "containers", 0)
	require.Equal(t, true, at(t, pod, "securityContext", "runAsNonRoot"))
	require.Equal(t, true, at(t, container, "securityContext", "readOnlyRootFilesystem"))
	require.Equal(t, "micodb-admin", at(t, pod, "volumes", 0, "secret", "secretName"))

	var arguments []string
	list, ok := at(t, container, "args").([]any)
	require.True(t, ok)
	for _, a := range list {
		text, ok := a.(string)
		require.True(t, ok)
		arguments = append(arguments, text)
	}
	flags := requireFlags(t, arguments)
	ports := map[any]any{}
	declared, ok := at(t, container, "ports").([]any)
	require.True(t, ok)
	for _, p := range declared {
		ports[at(t, p, "name")] = at(t, p, "containerPort")
	}
	require.Equal(t, map[any]any{"flight": 8815, "http": 8816}, ports)
	require.Equal(t, "8815", flags["--flight-port"])
	require.Equal(t, "8816", flags["--http-port"])
	offered, ok := at(t, service, "spec", "ports").([]any)
	require.True(t, ok)
	for _, p := range offered {
		require.Equal(t, ports[at(t, p, "targetPort")], at(t, p, "port"))
	}
	mounts := at(t, container, "volumeMounts")
	require.True(t, strings.HasPrefix(flags["--data-dir"], at(t, mounts, 0, "mountPath").(string)+"/"))
	require.Equal(t, at(t, mounts, 1, "mountPath").(string)+"/password", flags["--admin-password-file"])

	s := startWith(t, flags)
	web := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // as the kubelet does
	}}
	defer web.CloseIdleConnections()
	for _, probe := range []string{"livenessProbe", "readinessProbe"} {
		get := at(t, container, probe, "httpGet")
		require.Equal(t, "http", at(t, get, "port"))
		scheme, path := at(t, get, "scheme").(string), at(t, get, "path").(string)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.ToLower(scheme)+"://"+s.HTTP+path, nil)
		require.NoError(t, err)
		answer, err := web.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode, probe)
	}
}
