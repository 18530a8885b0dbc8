package optimize_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/optimize"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// Subqueries side by side that want the domain of the same rows take it from the table, not from each other's result.
func TestManySubqueriesSideBySide(t *testing.T) {
	const count = 30
	sql := "select x" + strings.Repeat(", (select count(*) from b where b.z < a.y)", count) + " from a"
	n, err := optimize.Optimize(bound(t, sql))
	require.NoError(t, err)
	nodes := 0
	plan.Walk(n, func(plan.Node) { nodes++ })
	require.Less(t, nodes, 15*count)
}

// A plan that grows with each of its subqueries ends in an error before it takes all memory: each join here is a part
// of the next one's left input.
func TestTooManySubqueries(t *testing.T) {
	sql := "select x from a"
	for range 12 {
		sql = "select t.x from (" + sql + ") t join b on t.x = b.x where (select count(*) from b c where c.z < t.x + b.z) > 0"
	}
	_, err := optimize.Optimize(bound(t, sql))
	require.Equal(t, sqlerr.ProgramLimitExceeded, sqlerr.CodeOf(err))
}
