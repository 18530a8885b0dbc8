package exec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// statesMerged folds every row of a table into a state of its own, and merges these two by two.
func statesMerged(t *testing.T, a *accumulator, table *testTable) []uint64 {
	t.Helper()
	words := a.stateWords()
	var all []uint64
	for _, c := range table.chunks {
		states, slots := make([]uint64, c.Len*words), make([]uint32, c.Len)
		for i := range slots {
			slots[i] = uint32(i * words)
		}
		require.NoError(t, a.update(c, vector.All(c.Len), states, slots))
		all = append(all, states...)
	}
	for n := len(all) / words; n > 1; n = (n + 1) / 2 {
		next := make([]uint64, (n+1)/2*words)
		slots := make([]uint32, n)
		for i := range slots {
			slots[i] = uint32(i / 2 * words)
		}
		require.NoError(t, a.merge(next, slots, all[:n*words]))
		all = next
	}
	return all
}

// requireAbout compares floats to nine digits.
func requireAbout(t *testing.T, want, got float64, name string) {
	t.Helper()
	if math.IsNaN(want) {
		require.True(t, math.IsNaN(got), "%s: %v", name, got)
		return
	}
	require.InDelta(t, want, got, 1e-9*max(1, math.Abs(want)), name)
}

// rawStatistic computes a statistic from its definition, in two passes.
func rawStatistic(k AggregateKind, ys, xs []float64) float64 {
	n := float64(len(ys))
	mean := func(v []float64) (m float64) {
		for _, x := range v {
			m += x / n
		}
		return m
	}
	my, mx := mean(ys), mean(xs)
	power := func(a, b float64) (sum float64) {
		for i := range ys {
			sum += math.Pow(ys[i]-my, a) * math.Pow(xs[i]-mx, b)
		}
		return sum
	}
	m2, yy, xx, xy := power(2, 0), power(2, 0), power(0, 2), power(1, 1)
	switch k {
	case expr.VarPop:
		return m2 / n
	case expr.VarSamp:
		return m2 / (n - 1)
	case expr.StddevPop:
		return math.Sqrt(m2 / n)
	case expr.StddevSamp:
		return math.Sqrt(m2 / (n - 1))
	case expr.Skewness:
		return n / ((n - 1) * (n - 2)) * power(3, 0) / math.Pow(m2/(n-1), 1.5)
	case expr.KurtosisPop:
		return power(4, 0)*n/(m2*m2) - 3
	case expr.Kurtosis:
		s2 := m2 / (n - 1)
		return n*(n+1)/((n-1)*(n-2)*(n-3))*power(4, 0)/(s2*s2) - 3*(n-1)*(n-1)/((n-2)*(n-3))
	case expr.CovarPop:
		return xy / n
	case expr.CovarSamp:
		return xy / (n - 1)
	case expr.Corr:
		return xy / math.Sqrt(xx*yy)
	case expr.RegrSlope:
		return xy / xx
	case expr.RegrIntercept:
		return my - xy/xx*mx
	case expr.RegrR2:
		return xy * xy / (xx * yy)
	case expr.RegrAvgX:
		return mx
	case expr.RegrAvgY:
		return my
	case expr.RegrSXX:
		return xx
	case expr.RegrSYY:
		return yy
	case expr.RegrSXY:
		return xy
	default:
		panic(k.String())
	}
}

func TestStatisticsOfMergedStates(t *testing.T) {
	of := vector.Of(vector.Float64)
	column := func(name string) testColumn {
		return testColumn{name: name, of: of, draw: func(r *rand.Rand) vector.Scalar {
			return vector.FloatOf(1e6 + 10*r.NormFloat64())
		}}
	}
	table := makeTable(rand.New(rand.NewPCG(3, 4)), 1000, 77, 0.1, column("y"), column("x"))
	var own, ys, xs []float64
	for _, r := range table.rows {
		if !r[0].Null {
			own = append(own, r[0].Float)
		}
		if !r[0].Null && !r[1].Null {
			ys, xs = append(ys, r[0].Float), append(xs, r[1].Float)
		}
	}
	for k := expr.VarPop; k <= expr.RegrR2; k++ {
		if k == expr.Product || k == expr.GeoMean || k == expr.RegrCount {
			continue
		}
		t.Run(k.String(), func(t *testing.T) {
			a, err := newAccumulator(newTestQuery(t, 1), table.scan().Schema(), []AggregateCall{{Kind: k, Arg: 0, Weight: 1, Of: of}})
			require.NoError(t, err)
			merged := statesMerged(t, a, table)
			got, err := a.results(merged)
			require.NoError(t, err)
			want := rawStatistic(k, ys, xs)
			if k.Arguments() == 1 {
				want = rawStatistic(k, own, own)
			}
			requireAbout(t, want, got[0].Float(0), "merged")

			whole := make([]uint64, a.stateWords())
			for _, c := range table.chunks {
				require.NoError(t, a.update(c, vector.All(c.Len), whole, make([]uint32, c.Len)))
			}
			got, err = a.results(whole)
			require.NoError(t, err)
			requireAbout(t, want, got[0].Float(0), "one pass")
		})
	}
}

// TestAccumulatorEqualsAggregate holds merged states of every call to the operator's results.
func TestAccumulatorEqualsAggregate(t *testing.T) {
	columns := allColumns()
	table := makeTable(rand.New(rand.NewPCG(5, 6)), 300, 50, 0.2, columns...)
	calls := everyCall(columns)
	want := collect(t, newTestQuery(t, 1), NewAggregate(table.scan(), nil, calls))
	a, err := newAccumulator(newTestQuery(t, 1), table.scan().Schema(), calls)
	require.NoError(t, err)
	got, err := a.results(statesMerged(t, a, table))
	require.NoError(t, err)
	var r row
	for _, v := range got {
		r = append(r, v.ScalarAt(0))
	}
	requireSameRows(t, want, []row{r})
	empty, err := a.results(make([]uint64, a.stateWords()))
	require.NoError(t, err)
	for i, v := range empty {
		require.Equal(t, !calls[i].Kind.Counts(), v.IsNull(0), calls[i])
	}
}

func TestSketchCountsAbout(t *testing.T) {
	for _, n := range []int{0, 1, 10, 100, 1000, 10_000, 1_000_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			states := make([]uint64, 2*sketchWords)
			hashes := make([]uint64, n)
			slots := make([]uint32, n)
			for i := range hashes {
				hashes[i] = vector.Hash(uint64(i)) | 1
				slots[i] = uint32(i%2) * sketchWords
			}
			foldSketches(states, slots, words{hashes, 1})
			foldSketches(states, slots, words{hashes, 1}) // again changes nothing
			mergeSketches(states, []uint32{0}, words{states[sketchWords:], sketchWords})
			require.InDelta(t, n, sketchCount(states), 0.1*float64(n))
		})
	}
}

// TestFullChunks folds chunks of as many rows as there can be into states that keep values, whose inputs are the widest.
func TestFullChunks(t *testing.T) {
	for op := range foldOps {
		require.LessOrEqual(t, op.inWords(), mostInWords)
	}
	columns := allColumns()
	table := makeTable(rand.New(rand.NewPCG(8, 9)), 2*vector.ChunkRows, vector.ChunkRows, 0.1, columns...)
	for _, k := range []AggregateKind{expr.AnyValue, expr.First, expr.Last, expr.ArgMin, expr.ApproxCountDistinct} {
		for i, c := range columns {
			call := AggregateCall{Kind: k, Arg: i, Weight: 0, Of: c.of}
			if k == expr.ArgMin && !call.CanFold(table.scan().Schema()) {
				continue
			}
			if k == expr.ApproxCountDistinct {
				call.Of = vector.Of(vector.Int64)
			}
			for _, keys := range [][]int{nil, {0}, {6}} {
				got := collect(t, newTestQuery(t, 1), NewAggregate(table.scan(), keys, []AggregateCall{call}))
				require.NotEmpty(t, got, "%s of %s by %v", k, c.name, keys)
			}
		}
	}
}
