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
