package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
)

// A pipeline is read by no more workers than it has pieces.
func TestPipelineWorkers(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 9))
	small := makeTable(r, 100, 100, 0, frameColumn("k", 0, 50))
	large := makeTable(r, 1000, 100, 0, frameColumn("k", 0, 50))
	join := func(probe, build *testTable) Operator {
		return &HashJoin{Probe: probe.scan(), Build: build.scan(), ProbeKeys: []int{0}, BuildKeys: []int{0}}
	}
	for name, c := range map[string]struct {
		op   Operator
		want int64
	}{
		"one piece":           {small.scan(), 1},
		"ten pieces":          {large.scan(), 4},
		"a small build side":  {join(large, small), 4},
		"a small probe side":  {join(small, large), 1},
		"a sort":              {&Sort{Input: large.scan(), Keys: []SortKey{{Column: 0}}}, 1},
		"an array of groups":  {NewAggregate(large.scan(), []int{0}, nil), 1},
		"a union":             {NewUnion([]Operator{small.scan(), small.scan()}), 4},
		"a limit over a scan": {&Limit{Input: small.scan(), Count: 10}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var workers, rows atomic.Int64
			err := newTestQuery(t, 4).run(t.Context(), c.op, func(int) (Consumer, error) {
				workers.Add(1)
				return consumerOf(func(_ context.Context, c *vector.Chunk) error {
					rows.Add(int64(c.Count()))
					return nil
				}), nil
			})
			require.NoError(t, err)
			require.NotZero(t, rows.Load())
			require.Equal(t, c.want, workers.Load())
		})
	}
}

// Joins whose probe side is one piece, which one of three workers reads, give what they give alone: also those that
// wait for all who probe, because the build side is on disk or its rows without a match are asked for.
func TestSmallProbeSides(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 10))
	columns := []testColumn{sparseColumn("k", 3000), wideText("t", 3000)}
	build, probe := makeTable(r, 20_000, 1000, 0.01, columns...), makeTable(r, 500, 500, 0.01, columns...)
	for _, kind := range tableKinds() {
		for i := range 4 {
			united, rows := i%2 == 1, i/2*700
			t.Run(fmt.Sprint(kind, united, rows), func(t *testing.T) {
				t.Parallel()
				one := func() Operator {
					return &HashJoin{Kind: kind, Probe: probe.scan(), Build: build.scan(), ProbeKeys: []int{0}, BuildKeys: []int{0}}
				}
				join := one
				if united { // a pipeline with more inputs, which more workers read
					join = func() Operator { return NewUnion([]Operator{one(), one()}) }
				}
				want, err := summarize(newTestQuery(t, 1), join())
				require.NoError(t, err)
				got, err := summarize(spillingQuery(t, 3, rows), join())
				require.NoError(t, err)
				require.Equal(t, want, got)
			})
		}
	}
}
