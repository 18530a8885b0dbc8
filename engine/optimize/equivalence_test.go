package optimize_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/optimize"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/engine/plan/plantest"
)

// TestRulesKeepTheRows runs random queries over a few rows full of NULLs before and after every rule.
func TestRulesKeepTheRows(t *testing.T) {
	queries := 200
	if testing.Short() {
		queries = 100
	}
	for seed := range queries {
		g := plantest.NewGenerator(uint64(seed))
		sql := g.Query()
		in := &plantest.Interpreter{T: t, Tables: map[string][]plantest.Row{"a": g.Rows(7), "b": g.Rows(6)}}
		rows := func() *catalog.Statistics { return &catalog.Statistics{Rows: 1 << g.IntN(20)} }
		statistics := []*catalog.Statistics{rows(), rows()}
		n := bound(t, sql, statistics...)
		want := plantest.Bag(in.Run(n))
		for _, r := range optimize.Rules() {
			before := plan.Format(n)
			next, err := r.Rewrite(n)
			require.NoError(t, err, sql)
			require.Equal(t, want, plantest.Bag(in.Run(next)), "seed %d, rule %s of\n%s\nmade of\n%s\nthis:\n%s",
				seed, r.Name(), sql, before, plan.Format(next))
			n = next
		}
		_, err := optimize.Optimize(bound(t, sql, statistics...))
		require.NoError(t, err, sql)
	}
}

// TestSharedUsesKeepTheRows runs queries whose parts differ in the columns that they read before and after the rules.
func TestSharedUsesKeepTheRows(t *testing.T) {
	known := catalog.ColumnStatistics{Distinct: 1000}
	statistics := &catalog.Statistics{Rows: 1000, Columns: map[catalog.ColumnID]catalog.ColumnStatistics{
		1: known, 2: known,
	}}
	for _, sql := range []string{
		`select a.x, b.z from a join b on a.x = b.x union all select b.z, a.y from a join b on a.x = b.x`,
		`select a.x, b.z from a left join b on a.x = b.x union all select b.x, a.y from a left join b on a.x = b.x`,
		`select y from a where x in (select x from b where z > 1) union all
			select x from a where x in (select x from b where z > 1)`,
		`select y, count(*) from a group by y union all select sum(x), max(y) from a group by y`,
		`select p.y, q.z from (select a.y, a.x from a full join b on a.x = b.z and a.y < b.x) p,
			(select a.x, b.z from a full join b on a.x = b.z and a.y < b.x) q where p.x = q.x`,
		`select a.x, exists (select 1 from b where b.x = a.x) or a.x > 3 from a union all
			select a.y, exists (select 1 from b where b.x = a.x) or a.y > 3 from a`,
	} {
		for seed := range 20 {
			g := plantest.NewGenerator(uint64(seed))
			in := &plantest.Interpreter{T: t, Tables: map[string][]plantest.Row{"a": g.Rows(7), "b": g.Rows(6)}}
			n := bound(t, sql, statistics, statistics)
			made, err := optimize.Optimize(n)
			require.NoError(t, err, sql)
			require.Contains(t, plan.Format(made), "Shared 1", sql)
			require.Equal(t, plantest.Bag(in.Run(n)), plantest.Bag(in.Run(made)), "seed %d of\n%s\nmade\n%s", seed, sql,
				plan.Format(made))
		}
	}
}
