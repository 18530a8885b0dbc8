package exec

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

// A join by several keys has a filter for each that is an integer; a text's place has none.
func TestFiltersOfSeveralKeys(t *testing.T) {
	t.Parallel()
	of := vector.Of(vector.Int64)
	for name, sparse := range map[string]func(*rand.Rand) int64{
		"exact":  func(r *rand.Rand) int64 { return 3 * r.Int64N(1000) },
		"hashed": func(r *rand.Rand) int64 { return r.Int64N(1000) << 40 },
		"wide":   func(r *rand.Rand) int64 { return (r.Int64N(1000) - 500) << 52 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(11, 12))
			column := testColumn{name: "k", of: of, draw: func(r *rand.Rand) vector.Scalar { return vector.IntOf(of, sparse(r)) }}
			columns := []testColumn{frameColumn("g", 10, 2000), textColumn("t", 2), column}
			build := makeTable(r, 300, 100, 0.01, columns...)
			probe := makeTable(r, 20_000, 1000, 0.01, columns...)
			keys := []int{0, 1, 2}
			want := collect(t, newTestQuery(t, 1), &HashJoin{
				Probe: probe.scan(), Build: build.scan(), ProbeKeys: keys, BuildKeys: keys,
			})
			for _, workers := range []int{1, 4} {
				filters := []*catalog.RuntimeFilter{{Column: 1}, nil, {Column: 3}}
				scan := probe.scan(filters[0], filters[2])
				j := &HashJoin{Probe: scan, Build: build.scan(), ProbeKeys: keys, BuildKeys: keys, Filters: filters}
				require.ElementsMatch(t, want, collect(t, newTestQuery(t, workers), j))
				require.NotNil(t, filters[0].Values())
				require.NotNil(t, filters[2].Values())
				require.Less(t, scan.From.Counts().Rows, int64(2000), "each filter alone lets more rows pass")
			}
		})
	}
}
