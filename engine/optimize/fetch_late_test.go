package optimize_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/optimize"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/engine/plan/plantest"
	"github.com/micodb/micodb/internal/vector"
)

// TestLateColumnsKeepTheRows runs top-Ns whose columns a key decides, over rows of which a's x is one and b's is none.
func TestLateColumnsKeepTheRows(t *testing.T) {
	of := func(keys ...catalog.ColumnID) *catalog.Statistics {
		return &catalog.Statistics{Rows: 1000, Columns: map[catalog.ColumnID]catalog.ColumnStatistics{}, Keys: keys}
	}
	for sql, late := range map[string]bool{
		`select x, s, y from a order by y, x limit 2`:                                                         true,
		`select x, s, y from a order by y, x limit 3 offset 2`:                                                true,
		`select a.x, a.s, b.z from b left join a on a.x = b.x order by b.z, a.x, b.s limit 4`:                 true,
		`select a.x, a.s, b.z from b full join a on a.x = b.x and b.z > 1 order by b.z, a.x, b.s limit 4`:     true,
		`select a.x, a.s, count(*) as n from a join b on a.y = b.x group by a.x, a.s order by n, a.x limit 3`: true,
		`select q.x, q.s, q.n, c.s from (select a.x, a.s, count(b.z) as n from b left join a on a.x = b.x
			group by a.x, a.s) q left join b c on c.x = q.x order by q.n, q.x, c.s limit 3`: true,
		`select l.x, l.s, r.s from a l join a r on l.y = r.x order by l.y, l.x limit 3`:                  true,
		`select a.x, a.s, count(*) from a group by a.x, a.s having max(a.s) >= a.s order by a.x limit 3`: false,
		`select x, s || 'x', s from a order by x limit 3`:                                                false,
		`select x, s, s from a order by x limit 3`:                                                       false,
		`select b.x, b.s, count(*) as n from b group by b.x, b.s order by n, b.x, min(b.z), b.s limit 3`: false,
		`select a.s, count(*) as n from a group by a.s order by n, a.s limit 3`:                          false,
	} {
		for seed := range 30 {
			g := plantest.NewGenerator(uint64(seed))
			a := g.Rows(40)
			for i := range a {
				a[i][0] = vector.IntOf(vector.Of(vector.Int64), int64(i%4*10+i/4))
			}
			in := &plantest.Interpreter{T: t, Tables: map[string][]plantest.Row{"a": a, "b": g.Rows(30)}}
			n := bound(t, sql, of(1), of())
			made, err := optimize.Optimize(n)
			require.NoError(t, err, sql)
			ordered := plan.Format(made)
			require.Equal(t, late, moreScans(made, n), "%s\n%s", sql, ordered)
			require.Equal(t, plantest.Bag(in.Run(n)), plantest.Bag(in.Run(made)), "seed %d of\n%s\nmade\n%s", seed, sql, ordered)
		}
	}
}

func moreScans(a, b plan.Node) bool {
	count := func(n plan.Node) (scans int) {
		plan.Walk(n, func(n plan.Node) {
			if _, ok := n.(*plan.Scan); ok {
				scans++
			}
		})
		return scans
	}
	return count(a) > count(b)
}
