package server_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
)

const releaseVersion = "v1.2.3"

func root(t *testing.T) string {
	t.Helper()
	dir, err := harness.Root()
	require.NoError(t, err)
	return dir
}

// release makes the archive for this machine, and returns where it is.
func release(t *testing.T) string {
	t.Helper()
	dist := filepath.Join(t.TempDir(), "dist")
	c := exec.CommandContext(t.Context(), "scripts/release", releaseVersion, runtime.GOOS+"/"+runtime.GOARCH)
	c.Dir = root(t)
	c.Env = append(os.Environ(), "DIST="+dist)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return dist
}

func archiveName() string {
	return "micodb-" + releaseVersion + "-" + runtime.GOOS + "-" + runtime.GOARCH + ".tar.gz"
}

// installer is a home directory, and a web server with releases laid out as on GitHub.
type installer struct {
	t     *testing.T
	home  string
	files string
	url   string
}

func newInstaller(t *testing.T, dist string) *installer {
	t.Helper()
	i := &installer{t: t, home: t.TempDir(), files: t.TempDir()}
	for _, dir := range []string{"latest/download", "download/" + releaseVersion} {
		require.NoError(t, os.MkdirAll(filepath.Join(i.files, dir), 0o755))
		for _, file := range []string{archiveName(), "SHA256SUMS"} {
			b, err := os.ReadFile(filepath.Join(dist, file))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(i.files, dir, file), b, 0o644))
		}
	}
	s := httptest.NewServer(http.FileServer(http.Dir(i.files)))
	t.Cleanup(s.Close)
	i.url = s.URL
	return i
}

// run runs the script; env adds to, or overrides, the environment.
func (i *installer) run(env ...string) (string, error) {
	c := exec.CommandContext(i.t.Context(), "sh", filepath.Join(root(i.t), "scripts", "install.sh"))
	c.Dir = i.home
	c.Env = append([]string{"HOME=" + i.home, "PATH=" + os.Getenv("PATH"), "MICODB_BASE_URL=" + i.url}, env...)
	out, err := c.CombinedOutput()
	return string(out), err
}

func (i *installer) fails(text string, env ...string) {
	i.t.Helper()
	out, err := i.run(env...)
	require.Error(i.t, err, out)
	require.Contains(i.t, out, text)
	require.NoFileExists(i.t, filepath.Join(i.home, ".micodb", "bin", "micodb"), "nothing is installed")
}

func (i *installer) file(name string) string {
	return filepath.Join(i.files, "latest", "download", name)
}

func TestReleasesAreReproducibleAndInstall(t *testing.T) {
	dist, again := release(t), release(t)
	first, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
	require.NoError(t, err)
	second, err := os.ReadFile(filepath.Join(again, "SHA256SUMS"))
	require.NoError(t, err)
	require.Equal(t, string(first), string(second), "two runs make the same bytes")
	list, err := exec.CommandContext(t.Context(), "tar", "-tzf", filepath.Join(dist, archiveName())).Output()
	require.NoError(t, err)
	name := strings.TrimSuffix(archiveName(), ".tar.gz")
	require.Equal(t, []string{name + "/", name + "/LICENSE", name + "/README.md", name + "/micodb"},
		strings.Fields(string(list)))

	t.Run("install", func(t *testing.T) { install(t, dist) })
	t.Run("refuse", func(t *testing.T) { refuse(t, dist) })
}

func install(t *testing.T, dist string) {
	t.Helper()
	i := newInstaller(t, dist)
	binary := filepath.Join(i.home, ".micodb", "bin", "micodb")
	out, err := i.run()
	require.NoError(t, err, out)
	require.Contains(t, out, "is installed: "+binary)
	require.Contains(t, out, "Add it to your path")
	told, err := exec.CommandContext(t.Context(), binary, "version").Output()
	require.NoError(t, err)
	require.Contains(t, string(told), "micodb "+releaseVersion+"\n")

	out, err = i.run("MICODB_VERSION="+releaseVersion, "PATH="+os.Getenv("PATH")+":"+filepath.Dir(binary))
	require.NoError(t, err, out)
	require.Contains(t, out, "is installed already")
	require.NotContains(t, out, "Add it to your path")

	require.NoError(t, os.WriteFile(binary, []byte("an older one"), 0o755))
	out, err = i.run()
	require.NoError(t, err, out)
	require.Contains(t, out, "is installed: "+binary)
	left, err := os.ReadDir(filepath.Dir(binary))
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing is left beside the binary")

	elsewhere := filepath.Join(t.TempDir(), "a b", "bin")
	out, err = i.run("MICODB_INSTALL_DIR=" + elsewhere)
	require.NoError(t, err, out)
	require.FileExists(t, filepath.Join(elsewhere, "micodb"))
}

func refuse(t *testing.T, dist string) {
	t.Helper()
	i := newInstaller(t, dist)
	i.fails("can't be downloaded", "MICODB_VERSION=v9.9.9")
	for _, machine := range []struct{ system, processor, text string }{
		{"Linux", "riscv64", "there is no release for riscv64"},
		{"Plan9", "x86_64", "there is no release for Plan9"},
		{"Darwin", "arm64", "has no archive for darwin-arm64"},
	} {
		bin := t.TempDir()
		uname := "#!/bin/sh\nif [ \"$1\" = -s ]; then echo " + machine.system + "; else echo " + machine.processor + "; fi\n"
		require.NoError(t, os.WriteFile(filepath.Join(bin, "uname"), []byte(uname), 0o755))
		i.fails(machine.text, "PATH="+bin+":"+os.Getenv("PATH"))
	}

	archive, err := os.ReadFile(i.file(archiveName()))
	require.NoError(t, err)
	archive[len(archive)/2] ^= 1
	require.NoError(t, os.WriteFile(i.file(archiveName()), archive, 0o644))
	i.fails("is not what was released")
	require.NoError(t, os.Remove(i.file(archiveName())))
	i.fails("can't be downloaded")
	require.NoError(t, os.WriteFile(i.file("SHA256SUMS"), []byte("<html>not found</html>\n"), 0o644))
	i.fails("has no archive for")
	i.fails("can't be downloaded", "MICODB_BASE_URL=http://127.0.0.1:1")
}

func TestReleaseWantsAVersion(t *testing.T) {
	for _, version := range []string{"", "1.2.3", "v1.2", "v1.2.3;x", "devel"} {
		c := exec.CommandContext(t.Context(), "scripts/release", version)
		c.Dir = root(t)
		out, err := c.CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "must look like v1.2.3", version)
	}
}
