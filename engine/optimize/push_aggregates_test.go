package optimize_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/optimize"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/engine/plan/plantest"
	"github.com/micodb/micodb/internal/vector"
)

// TestPushedAggregatesKeepTheRows runs random groupings over joins of few rows full of NULLs before and after the rule,
// which is told of many rows with few values. Of some of the tables x is a key.
func TestPushedAggregatesKeepTheRows(t *testing.T) {
	queries := 120
	if os.Getenv("MICODB_TEST_LONG") != "" {
		queries = 2000
	}
	pushed, single := 0, 0
	for seed := range queries {
		g := plantest.NewGenerator(uint64(seed))
		keyed := map[string]bool{"a": g.IntN(2) == 0, "b": g.IntN(2) == 0}
		in := &plantest.Interpreter{T: t, Tables: map[string][]plantest.Row{"a": g.Rows(9), "b": g.Rows(8)}}
		statistics := []*catalog.Statistics{}
		for _, name := range []string{"a", "b"} {
			s := &catalog.Statistics{Rows: int64(1) << (9 + g.IntN(12)), Columns: map[catalog.ColumnID]catalog.ColumnStatistics{}}
			for id := catalog.ColumnID(1); id <= 3; id++ {
				s.Columns[id] = catalog.ColumnStatistics{Distinct: 1 << g.IntN(5)}
			}
			if keyed[name] {
				s.Keys = []catalog.ColumnID{1}
				for i, r := range in.Tables[name] {
					r[0] = vector.IntOf(vector.Of(vector.Int64), int64(i))
				}
			}
			statistics = append(statistics, s)
		}
		sql := g.Grouping()
		n := bound(t, sql, statistics...)
		want := plantest.Bag(in.Run(n))
		for _, r := range optimize.Rules() {
			before := plan.Format(n)
			next, err := r.Rewrite(n)
			require.NoError(t, err, sql)
			require.NoError(t, plan.Check(next), sql)
			after := plan.Format(next)
			require.Equal(t, want, plantest.Bag(in.Run(next)), "seed %d, rule %s of\n%s\nmade of\n%s\nthis:\n%s",
				seed, r.Name(), sql, before, after)
			if r.Name() == "push_aggregates" && before != after {
				pushed++
				if strings.Count(before, "Aggregate") == strings.Count(after, "Aggregate") {
					single++
				}
			}
			n = next
		}
		_, err := optimize.Optimize(bound(t, sql, statistics...))
		require.NoError(t, err, sql)
	}
	require.Greater(t, pushed, queries/8, "hardly any query was changed")
	require.Greater(t, single, queries/100, "hardly any grouping above has gone")
}
