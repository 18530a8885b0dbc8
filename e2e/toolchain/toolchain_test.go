package toolchain_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/toolchain"
)

func TestPythonHasItsPackages(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), toolchain.Python(t), "-c",
		"import adbc_driver_flightsql, pyarrow, duckdb, pandas, polars; print('here')").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "here\n", string(out))
}

func TestTheJDBCDriverIsThere(t *testing.T) {
	for _, version := range []string{toolchain.JDBC18, toolchain.JDBC19} {
		t.Run(version, func(t *testing.T) {
			info, err := os.Stat(toolchain.JDBC(t, version))
			require.NoError(t, err)
			require.Greater(t, info.Size(), int64(1<<20))
		})
	}
}
