package physical_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// masked leaves out of an analyzed plan what differs from run to run and from platform to platform.
func masked(lines []string) string {
	numbers := regexp.MustCompile(`(elapsed|time|memory)=[0-9.]+(ms)?`)
	return numbers.ReplaceAllString(strings.Join(lines, "\n"), "$1=?")
}

func TestAnalyzeCountsWhatEveryOperatorDoes(t *testing.T) {
	t.Parallel()
	m := shop(t)
	lines, err := m.run(t.Context(), 2, `EXPLAIN ANALYZE
		SELECT c.name, count(*) AS n FROM customer c JOIN sale s ON c.id = s.customer WHERE s.amount > 6
		GROUP BY c.name UNION ALL SELECT 'none', 0 ORDER BY 2 DESC LIMIT 1`)
	require.NoError(t, err)
	const files = "segments=0 segments_pruned=0 row_groups=0 row_groups_pruned=0 bytes_read=0"
	require.Equal(t, strings.TrimSpace(`
analyzed plan: [elapsed=? workers=1 memory=?]
  Limit 1 [time=? estimated_rows=1 rows=1 chunks=1 memory=?]
    TopN 1 by n DESC [time=? estimated_rows=334 rows=1 chunks=1 memory=?]
      UnionAll [time=? estimated_rows=334 rows=2 chunks=2 memory=?]
        Project name, count(*) [time=? estimated_rows=333 rows=1 chunks=1 memory=?]
          HashAggregate (hash) name, count(*) [time=? estimated_rows=333 rows=1 chunks=1 memory=?]
            Project name [time=? estimated_rows=3333 rows=2 chunks=2 memory=?]
              HashJoin inner on id = customer (filters the scan) [time=? estimated_rows=3333 rows=2 chunks=2 memory=?]
                TableScan main.customer AS c [time=? estimated_rows=1000 rows=4 chunks=1 memory=? `+files+`]
                Project customer [time=? estimated_rows=333 rows=3 chunks=1 memory=?]
                  Filter amount > 6.00 [time=? estimated_rows=333 rows=3 chunks=1 memory=?]
                    TableScan main.sale AS s [time=? rows=6 chunks=1 memory=? `+files+`]
        Project 'none', 0 [time=? estimated_rows=1 rows=1 chunks=1 memory=?]
          Values (1 rows) [time=? estimated_rows=1 rows=1 chunks=1 memory=?]
`), masked(lines))
}

func TestAnalyzeMeasuresMemory(t *testing.T) {
	t.Parallel()
	m := shop(t)
	lines, err := m.run(t.Context(), 1, `EXPLAIN ANALYZE SELECT n FROM number ORDER BY x, n`)
	require.NoError(t, err)
	sorts := regexp.MustCompile(`Sort .*memory=[1-9]`)
	require.Regexp(t, sorts, strings.Join(lines, "\n"))
	require.Regexp(t, `TableScan .*memory=0\b`, strings.Join(lines, "\n"))
}
