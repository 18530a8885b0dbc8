package differential_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/toolchain"
)

// The 99 TPC-DS queries give DuckDB's rows.
func TestTPCDS(t *testing.T) {
	scale := "0.01"
	if os.Getenv("MICODB_TEST_LONG") != "" {
		scale = "0.1"
	}
	s := harness.Start(t)
	c := exec.CommandContext(t.Context(), toolchain.Python(t), "tpcds.py", "grpc://"+s.Flight, scale, t.TempDir())
	c.Env = append(os.Environ(), "MICODB_PASSWORD="+harness.Password)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, 99, strings.Count(string(out), " equal"), "%s", out)
	t.Logf("%s", out)
}
