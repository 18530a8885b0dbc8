// Package toolchain finds and prepares what suites need beside Go: Python with packages, the JDBC driver. Where a
// program is missing a suite is skipped with a loud line, and fails where CI=true. It is the only place that skips a
// test.
package toolchain

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Require skips the test when one of the programs is not on the PATH.
func Require(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			Missing(t, p+" is not installed")
		}
	}
}

// Missing ends the test because of what is missing.
func Missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s: CI runs every suite, so this is a failure", what)
	}
	skip(t, what)
}

// skip ends the test in CI too: because of what nobody can install.
func skip(t *testing.T, what string) {
	t.Helper()
	fmt.Fprintf(os.Stderr, "\n*** SKIPPED %s: %s ***\n\n", t.Name(), what)
	t.Skip(what)
}
