package exec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
)

// barely returns a query of just so much memory that an operator can make what it hands out without spilling.
func barely(t *testing.T, workers int, op Operator) *Query {
	t.Helper()
	plenty := newTestQuery(t, workers)
	_, err := op.Start(t.Context(), plenty)
	require.NoError(t, err)
	return limitedQuery(t, workers, plenty.Budget.Peak()*8/7+heldBytes)
}

// needy are operators that need memory of their own, with what they give.
func needy(t *testing.T) map[string]func() (Operator, []row) {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	table, keys, calls := manyGroups(r, 60_000, 60)
	numbers := makeTable(r, 200_000, vector.ChunkRows, 0, bigColumn("b"), wideText("t", 60_000))
	groups := referenceAggregate(table.rows, keys, calls)
	return map[string]func() (Operator, []row){
		"aggregation": func() (Operator, []row) { return NewAggregate(table.scan(), keys, calls), groups },
		"sort": func() (Operator, []row) {
			return &Sort{Input: numbers.scan(), Keys: []SortKey{{Column: 1}}}, numbers.rows
		},
		"join": func() (Operator, []row) {
			return &HashJoin{
				Kind: SemiJoin, Probe: numbers.scan(), Build: numbers.scan(), ProbeKeys: []int{1}, BuildKeys: []int{1},
			}, numbers.rows
		},
	}
}

// What a sort holds goes to a file when others need the memory, before it is read and in the middle.
func TestASortThatFillsMemoryStarvesNobody(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(3, 4)), 150_000, 4000, 0.1, frameColumn("g", 0, 50_000), wideText("t", 100_000))
	sorted := &Sort{Input: table.scan(), Keys: []SortKey{{Column: 0}}}
	want := slices.Clone(table.rows)
	slices.SortStableFunc(want, referenceOrder(sorted.Keys))
	for name, other := range needy(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, before := range []int{0, 1, 3} {
				sorted := &Sort{Input: table.scan(), Keys: sorted.Keys}
				q := barely(t, 1, sorted)
				sorted.Input = table.scan()
				stream, err := sorted.Start(t.Context(), q)
				require.NoError(t, err)
				require.Zero(t, q.Spill.Written())
				require.NoError(t, q.begin(t.Context(), 0))
				src, err := stream.Open(0)
				require.NoError(t, err)
				var got []row
				for i := 0; ; i++ {
					if i == before {
						q.end(0)
						op, rows := other()
						some, err := tryCollect(q, op)
						require.NoError(t, err)
						require.Len(t, some, len(rows))
						require.Positive(t, q.Spill.Written())
						require.NoError(t, q.begin(t.Context(), 0))
					}
					c, err := src.Next(t.Context())
					require.NoError(t, err)
					if c == nil {
						break
					}
					got = append(got, rowsOf(c)...)
				}
				q.end(0)
				require.NoError(t, src.Close())
				require.True(t, slices.Equal(linesOf(want), linesOf(got)))
			}
		})
	}
}

// A join's table goes to partitions when the probe side needs the memory that it takes, before it is probed.
func TestAJoinThatFillsMemoryStarvesNobody(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	build := makeTable(r, 150_000, 4000, 0.1, wideText("t", 100_000), wideColumn("w"))
	for name, other := range needy(t) {
		for _, kind := range []JoinKind{InnerJoin, FullJoin, AntiJoin} {
			t.Run(fmt.Sprint(name, kind), func(t *testing.T) {
				t.Parallel()
				var spilled atomic.Int64
				for _, workers := range []int{1, 2} {
					join := func() *HashJoin {
						probe, _ := other()
						key := slices.IndexFunc(probe.Schema(), func(c Column) bool { return c.Type.Kind == vector.Text })
						return &HashJoin{Kind: kind, Probe: probe, Build: build.scan(), ProbeKeys: []int{key}, BuildKeys: []int{0}}
					}
					want, err := summarize(newTestQuery(t, workers), join())
					require.NoError(t, err)
					alone := join()
					alone.Probe = makeTable(r, 0, 1, 0.1, wideText("t", 1)).scan()
					alone.ProbeKeys = []int{0}
					q := barely(t, workers, alone)
					got, err := summarize(q, join())
					require.NoError(t, err)
					require.Equal(t, want, got)
					spilled.Add(q.Spill.Written())
				}
				require.Positive(t, spilled.Load())
			})
		}
	}
}

// What is above a join, and above a sort, has memory while these are read.
func TestWhatReadsFullMemoryIsNotStarved(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 5))
	table := makeTable(r, 150_000, 4000, 0, wideText("t", 150_000), bigColumn("b"))
	below := map[string]func() Operator{
		"join": func() Operator {
			return &HashJoin{Probe: table.scan(), Build: table.scan(), ProbeKeys: []int{0}, BuildKeys: []int{0}}
		},
		"sort": func() Operator { return &Sort{Input: table.scan(), Keys: []SortKey{{Column: 1}}} },
	}
	for name, input := range below {
		for _, workers := range []int{1, 2} {
			t.Run(fmt.Sprint(name, workers), func(t *testing.T) {
				t.Parallel()
				groups := func() Operator {
					return NewAggregate(input(), []int{0}, []AggregateCall{{Kind: Minimum, Arg: 1, Name: "m", Of: vector.Of(vector.Int64)}})
				}
				want, err := summarize(newTestQuery(t, workers), groups())
				require.NoError(t, err)
				q := barely(t, workers, input())
				got, err := summarize(q, groups())
				require.NoError(t, err)
				require.Equal(t, want, got)
				require.Positive(t, q.Spill.Written())
			})
		}
	}
}
