package sqllogic_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/sqllogic"
)

var update = flag.Bool("update", false, "rewrite what queries answer with what they answer in process")

// door is a way to a database.
type door struct {
	name  string
	start func(t *testing.T) sqllogic.Open // on a new database, which ends with the test
}

// TestDoors runs every file through every door, each on a database of its own, and holds the doors to the same
// outcomes.
func TestDoors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.slt")
	require.NoError(t, err)
	doors := []door{{"process", startProcess}, {"flight", startFlight}, {"json", startJSON}}
	records := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".slt")
		t.Run(name, func(t *testing.T) {
			outcomes := map[string]sqllogic.Report{}
			for _, d := range doors {
				t.Run(d.name, func(t *testing.T) { outcomes[d.name] = runFile(t, file, d) })
			}
			records += sameOutcome(t, outcomes)
		})
	}
	t.Logf("%d records through each of %d doors", records, len(doors))
}

// sameOutcome holds the doors that ran (-run may choose) to the same outcome, and returns the number of records.
func sameOutcome(t *testing.T, outcomes map[string]sqllogic.Report) int {
	t.Helper()
	var first *sqllogic.Report
	for name, report := range outcomes {
		if first == nil {
			first = &report
		}
		require.Equal(t, first.Records, report.Records, name)
		require.Equal(t, failed(*first), failed(report), name)
	}
	return first.Records
}

// runFile runs a file through a door and reports what failed.
func runFile(t *testing.T, file string, d door) sqllogic.Report {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	report, err := sqllogic.Run(t.Context(), string(content), d.start(t))
	require.NoError(t, err)
	if *update && d.name == "process" {
		require.NoError(t, os.WriteFile(file, []byte(report.Updated), 0o600))
	}
	for _, f := range report.Failures {
		t.Errorf("%s:%d: %s\n%s", file, f.Record.Line, f.Record.SQL, f.Reason)
	}
	return report
}

// failed returns the lines of the records that failed.
func failed(r sqllogic.Report) []int {
	var lines []int
	for _, f := range r.Failures {
		lines = append(lines, f.Record.Line)
	}
	return lines
}
