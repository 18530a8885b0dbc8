package random_test

import (
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/toolchain"
)

// perSeed is how many queries run on the tables of a seed.
const perSeed = 80

// seeds returns how many sets of tables there are: the first ones are always the same.
func seeds() int {
	if os.Getenv("MICODB_TEST_LONG") != "" {
		return 125 // 10,000 queries with each number of threads
	}
	return 3
}

// check runs a step of check.py, which fails when an answer is wrong.
func check(t *testing.T, s *harness.Server, step string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), toolchain.Python(t), "check.py", step, "grpc://"+s.Flight,
		"1", strconv.Itoa(seeds()), strconv.Itoa(perSeed))
	c.Env = append(os.Environ(), "MICODB_PASSWORD="+harness.Password)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s: %s", step, out)
}

// Generated queries give DuckDB's rows, on one thread and on two. The clean stop after the first half of the rows
// flushes them, so that each table has rows in segments and rows in memory; then all are in segments.
func TestRandomQueries(t *testing.T) {
	dir := t.TempDir()
	for _, step := range []struct{ threads, step string }{{"2", "load"}, {"2", "run"}, {"1", "again"}} {
		s := harness.New(t, dir, "--threads", step.threads)
		s.Start()
		check(t, s, step.step)
		s.Stop()
	}
}
