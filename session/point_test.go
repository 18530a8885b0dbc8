package session_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/session"
)

// A select of one key reads one run of one row group of a table that is ordered by it, and a range the runs that it
// lies in.
func TestPointSelectsTouchOneRowGroup(t *testing.T) {
	i := start(t)
	c := i.admin()
	const rows = 300_000 // three row groups
	ids, shelves := make([]any, rows), make([]any, rows)
	for k := range ids {
		ids[k], shelves[k] = k*3, k%997
		if k%1000 == 0 {
			shelves[k] = nil
		}
	}
	n, err := c.ingest("t", session.IngestCreate, []arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "shelf", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	}, ids, shelves)
	require.NoError(t, err)
	require.Equal(t, int64(rows), n)
	require.NoError(t, i.manager.Flush(t.Context()))

	scanned := func(condition string) string {
		t.Helper()
		for _, line := range c.rows("EXPLAIN ANALYZE SELECT shelf FROM t WHERE " + condition) {
			if strings.Contains(line, "TableScan") {
				return regexp.MustCompile(`rows=\d+|row_groups(_pruned)?=\d+`).ReplaceAllStringFunc(line,
					func(s string) string { return "<" + s + ">" })
			}
		}
		require.Fail(t, "no scan")
		return ""
	}
	require.Equal(t, []string{"100"}, c.rows("SELECT shelf FROM t WHERE id = ?", 3*(150*997+100)))
	line := scanned("id = 448650")
	require.Contains(t, line, "<rows=4096>")
	require.Contains(t, line, "<row_groups=1>")
	require.Contains(t, line, "<row_groups_pruned=2>")
	require.Empty(t, c.rows("SELECT shelf FROM t WHERE id = ?", 448651))

	line = scanned("id BETWEEN 448650 AND 448650 + 3 * 4096")
	require.Contains(t, line, "<rows=8192>")
	require.Equal(t, []string{"4097"}, c.rows("SELECT count(*) FROM t WHERE id BETWEEN ? AND ? + 12288", 448650, 448650))
	require.Contains(t, scanned("id IN (3, 60000)"), "<rows=8192>")
	require.Contains(t, scanned("shelf = 5"), "<rows=300000>", "its values are everywhere")
	require.Equal(t, []string{"300"}, c.rows("SELECT count(*) FROM t WHERE shelf IS NULL"))
	require.Equal(t, 4096, vector.ChunkRows)
}
