package toolchain

import (
	"bytes"
	_ "embed"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"
)

//go:embed requirements.txt
var requirements []byte

// cache returns a folder below .cache of the repository, which it makes.
func cache(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		require.NotEqual(t, filepath.Dir(dir), dir, "no go.mod above the working directory")
		dir = filepath.Dir(dir)
	}
	dir = filepath.Join(dir, ".cache", name)
	require.NoError(t, os.MkdirAll(dir, 0o750))
	return dir
}

// once runs prepare in dir when its mark is not there: one process at a time, for all test processes.
func once(t *testing.T, dir string, prepare func() error) {
	t.Helper()
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	require.NoError(t, err)
	defer func() { require.NoError(t, lock.Close()) }()
	require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	mark := filepath.Join(dir, "made")
	if _, err := os.Stat(mark); err == nil {
		return
	}
	require.NoError(t, prepare())
	require.NoError(t, os.WriteFile(mark, nil, 0o600))
}

// run runs a command that prepares something, and shows its output when it fails.
func run(t *testing.T, dir, program string, args ...string) error {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Logf("%s %v: %s", program, args, out)
	}
	if bytes.Contains(out, []byte("Unable to find/resolve artifact")) {
		return errors.Join(errUnpublished, err)
	}
	return err
}

// errUnpublished says that a repository does not have what is asked for.
var errUnpublished = errors.New("not in the repository")

// Python returns the interpreter of an environment with the packages of requirements.txt, which it makes on first
// use. Without Python, or its venv module, the test is skipped.
func Python(t *testing.T) string {
	t.Helper()
	Require(t, "python3")
	if exec.CommandContext(t.Context(), "python3", "-c", "import venv, ensurepip").Run() != nil {
		Missing(t, "python3 has no module venv")
	}
	dir := cache(t, "python-"+strconv.FormatUint(xxhash.Sum64(requirements), 16))
	python := filepath.Join(dir, "venv", "bin", "python")
	once(t, dir, func() error {
		if err := run(t, dir, "python3", "-m", "venv", "venv"); err != nil {
			return err
		}
		name := filepath.Join(dir, "requirements.txt")
		if err := os.WriteFile(name, requirements, 0o600); err != nil {
			return err
		}
		return run(t, dir, python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", name)
	})
	return python
}

// The JDBC drivers that the tests know.
const (
	JDBC18 = "18.3.0"
	JDBC19 = "19.0.0"
)

// JDBC returns the jar of Arrow's Flight SQL JDBC driver, which it fetches with Maven on first use. Without a JDK or
// Maven the test is skipped; and where the Maven repository has no such version, as some mirrors of Central have no
// 19.0.0.
func JDBC(t *testing.T, version string) string {
	t.Helper()
	Require(t, "javac", "java", "mvn")
	dir := cache(t, "jdbc-"+version)
	jar := filepath.Join(dir, "flight-sql-jdbc-driver-"+version+".jar")
	unpublished := false
	once(t, dir, func() error {
		err := run(t, dir, "mvn", "--batch-mode", "--quiet",
			"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy",
			"-Dartifact=org.apache.arrow:flight-sql-jdbc-driver:"+version, "-DoutputDirectory="+dir)
		unpublished = errors.Is(err, errUnpublished)
		if unpublished {
			return nil
		}
		return err
	})
	if unpublished {
		require.NoError(t, os.Remove(filepath.Join(dir, "made"))) // it may come
		skip(t, "the Maven repository has no JDBC driver "+version)
	}
	return jar
}
