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

// scale is TPC-H's.
func scale() string {
	if os.Getenv("MICODB_TEST_LONG") != "" {
		return "1"
	}
	return "0.1"
}

// TPC-H's tables come back from files of every format as they were: DuckDB's file, COPY FROM, COPY TO, import, export.
func TestFilesRoundTrip(t *testing.T) {
	files := t.TempDir()
	s := harness.Start(t, "--allow-files", files)
	c := exec.CommandContext(t.Context(), toolchain.Python(t), "roundtrip.py", "grpc://"+s.Flight, scale(), files,
		harness.Binary(t))
	c.Env = append(os.Environ(), "MICODB_PASSWORD="+harness.Password)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, 3*8, strings.Count(string(out), " equal"), "%s", out)
}

// The TPC-H queries that MicoDB answers give DuckDB's rows: exact for decimals and integers, 1e-9 relative for
// floating point. No two rows tie at the LIMIT of Q3 and Q10 on this data.
func TestTPCH(t *testing.T) {
	s := harness.Start(t)
	c := exec.CommandContext(t.Context(), toolchain.Python(t), "tpch.py", "grpc://"+s.Flight, scale())
	c.Env = append(os.Environ(), "MICODB_PASSWORD="+harness.Password)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, 8, strings.Count(string(out), " equal"), "%s", out)
	t.Logf("%s", out)
}
