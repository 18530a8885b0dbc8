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

// perSeed is how many queries run on the tables of a seed, and how many checks by partitions.
const perSeed = 80

// seeds returns the first seed and how many there are: always the same, unless MICODB_RANDOM_SEED says where to begin.
func seeds(t *testing.T) (first, count int) {
	t.Helper()
	first, count = 1, 3
	if os.Getenv("MICODB_TEST_LONG") != "" {
		count = 250 // 20,000 queries with each number of threads, and as many checks by partitions
	}
	if text := os.Getenv("MICODB_RANDOM_SEED"); text != "" {
		var err error
		first, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	return first, count
}

// check runs a step of check.py, which fails when an answer is wrong.
func check(t *testing.T, s *harness.Server, step string) {
	t.Helper()
	first, count := seeds(t)
	c := exec.CommandContext(t.Context(), toolchain.Python(t), "check.py", step, "grpc://"+s.Flight,
		strconv.Itoa(first), strconv.Itoa(count), strconv.Itoa(perSeed))
	c.Env = append(os.Environ(), "MICODB_PASSWORD="+harness.Password)
	out, err := c.CombinedOutput()
	if t.Logf("%s: %s", step, out); err != nil {
		t.Errorf("%s: %v", step, err) // the other steps may find more
	}
}

// Generated queries give DuckDB's and SQLite's rows, on one thread and on two, and the parts of an answer the whole. The
// clean stop after the first half of the rows flushes them, so that each table has rows in segments and rows in memory;
// then all are in segments.
func TestRandomQueries(t *testing.T) {
	dir := t.TempDir()
	for _, step := range []struct {
		threads string
		steps   []string
	}{{"2", []string{"load"}}, {"2", []string{"differences", "run", "parts"}}, {"1", []string{"again"}}} {
		s := harness.New(t, dir, "--threads", step.threads)
		s.Start()
		for _, name := range step.steps {
			check(t, s, name)
		}
		s.Stop()
	}
}
