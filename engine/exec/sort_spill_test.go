package exec

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// littleQuery returns a query of so much memory, in which breakers spill after as many rows of a worker.
func littleQuery(t *testing.T, workers int, limit int64, spillRows int) *Query {
	t.Helper()
	q := limitedQuery(t, workers, limit)
	q.Debug.SpillRows = spillRows
	return q
}

func TestSpilledSortEqualsReference(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		table := makeTable(r, 400, chunk, 0.1, append(allColumns(), intervalColumn("i"))...)
		for _, columns := range [][]int{{}, {0}, {2}, {4}, {5}, {6}, {7}, {0, 7}, {6, 1}, {0, 6, 2}, {7, 4, 5}} {
			for flags := range 4 {
				var keys []SortKey
				for _, c := range columns {
					keys = append(keys, SortKey{Column: c, Descending: flags&1 != 0, NullsFirst: flags&2 != 0})
				}
				want := slices.Clone(table.rows)
				slices.SortStableFunc(want, referenceOrder(keys))
				q := littleQuery(t, workers, 1<<30, []int{1, 30, 150}[flags%3])
				got := collect(t, q, &Sort{Input: table.scan(), Keys: keys})
				require.Positive(t, q.Spill.Written())
				require.Equal(t, keysOf(want, keys), keysOf(got, keys))
				requireSameRows(t, want, got)
				if workers == 1 {
					require.Equal(t, linesOf(want), linesOf(got), "one worker keeps the order of equal keys")
				}
			}
		}
	})
}

// A sort in little memory has many runs, and merges them in several passes.
func TestSortInLittleMemory(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	skewed := testColumn{name: "s", of: vector.Of(vector.Int64), draw: func(*rand.Rand) vector.Scalar {
		return vector.IntOf(vector.Of(vector.Int64), 7)
	}}
	table := makeTable(r, 100000, 1000, 0.01, frameColumn("g", 0, 50000), bigColumn("b"), textColumn("t", 5000),
		skewed, wideColumn("w"))
	for _, columns := range [][]int{{0}, {2, 0}, {3}, {3, 4, 2}} {
		keys := make([]SortKey, len(columns))
		for i, c := range columns {
			keys[i] = SortKey{Column: c, Descending: i == 1}
		}
		want := slices.Clone(table.rows)
		slices.SortStableFunc(want, referenceOrder(keys))
		for _, workers := range []int{1, 4} {
			t.Run(fmt.Sprintf("keys=%v/workers=%d", columns, workers), func(t *testing.T) {
				t.Parallel()
				q := littleQuery(t, workers, int64(workers+1)*2<<20, 0)
				got := collect(t, q, &Sort{Input: table.scan(), Keys: keys})
				require.Positive(t, q.Spill.Written())
				require.Equal(t, keysOf(want, keys), keysOf(got, keys))
				if workers == 1 {
					require.Equal(t, linesOf(want), linesOf(got))
				}
			})
		}
	}
}

func TestSortOfManyRunsInPasses(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	table := makeTable(r, 20000, 20, 0.1, frameColumn("g", 0, 3000), textColumn("t", 5000))
	keys := []SortKey{{Column: 1}, {Column: 0}}
	want := slices.Clone(table.rows)
	slices.SortStableFunc(want, referenceOrder(keys))
	for _, workers := range []int{1, 3} {
		q := littleQuery(t, workers, 3<<20*int64(workers), 20)
		got := collect(t, q, &Sort{Input: table.scan(), Keys: keys})
		require.Equal(t, keysOf(want, keys), keysOf(got, keys))
		if workers == 1 {
			require.Equal(t, linesOf(want), linesOf(got))
		}
	}
}

func TestSpilledSortOfLongTexts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	long := testColumn{name: "l", of: vector.Of(vector.Text), draw: func(r *rand.Rand) vector.Scalar {
		return vector.TextOf(strings.Repeat("x", []int{0, 10, 100_000, maxText - 1}[r.IntN(4)]) + fmt.Sprint(r.IntN(10)))
	}}
	table := makeTable(r, 40, 10, 0.1, long, frameColumn("g", 0, 1000), long)
	for _, keys := range [][]SortKey{{{Column: 0}, {Column: 1}}, {{Column: 1}, {Column: 2, Descending: true}}} {
		want := slices.Clone(table.rows)
		slices.SortStableFunc(want, referenceOrder(keys))
		for _, workers := range []int{1, 3} {
			got := collect(t, littleQuery(t, workers, 1<<30, 15), &Sort{Input: table.scan(), Keys: keys})
			require.True(t, slices.Equal(keysOf(want, keys), keysOf(got, keys)))
			require.True(t, workers > 1 || slices.Equal(linesOf(want), linesOf(got)))
		}
	}
}

// A top-N does not spill, unless even its rows are more than memory holds.
func TestTopNSpillsOnlyForWantOfMemory(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(3, 4)), 100000, vector.ChunkRows, 0, frameColumn("g", 0, 50000), textColumn("t", 1000))
	keys := []SortKey{{Column: 0}, {Column: 1}}
	want := slices.Clone(table.rows)
	slices.SortStableFunc(want, referenceOrder(keys))
	for _, workers := range []int{1, 3} {
		q := littleQuery(t, workers, 16<<20, 1000)
		got := collect(t, q, &Sort{Input: table.scan(), Keys: keys, Limit: 1000})
		require.Equal(t, linesOf(want[:1000]), linesOf(got))
		require.Zero(t, q.Spill.Written())
		q = littleQuery(t, workers, int64(workers+1)*3<<20/2, 0)
		got = collect(t, q, &Sort{Input: table.scan(), Keys: keys, Limit: 60000})
		require.Equal(t, linesOf(want[:60000]), linesOf(got))
		require.Positive(t, q.Spill.Written())
	}
}

func TestSortWithoutMemoryToSpill(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(3, 4)), 50000, vector.ChunkRows, 0, bigColumn("b"), textColumn("t", 1000))
	_, err := tryCollect(littleQuery(t, 2, 512<<10, 0), &Sort{Input: table.scan(), Keys: []SortKey{{Column: 0}}})
	require.Equal(t, sqlerr.OutOfMemory, sqlerr.CodeOf(err))
}

func TestSpilledSortMeetsFaults(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(5, 6)), 200, 10, 0.1, frameColumn("g", 0, 1000), textColumn("t", 10))
	everyFault(t, func(files *spill.Files) error {
		q := newTestQuery(t, 2)
		q.Spill, q.Debug.SpillRows = files, 5
		rows, err := tryCollect(q, &Sort{Input: table.scan(), Keys: []SortKey{{Column: 0}, {Column: 1}}})
		if err == nil {
			require.Len(t, rows, 200)
		}
		return err
	})
}

// What reads a sort may stop, or be stopped, while runs are merged.
func TestSpilledSortIsLeft(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(3, 4)), 50000, 1000, 0, frameColumn("g", 0, 50000))
	sorted := func() Operator { return &Sort{Input: table.scan(), Keys: []SortKey{{Column: 0}}} }
	got := collect(t, littleQuery(t, 3, 1<<30, 2000), &Limit{Input: sorted(), Count: 5000, Offset: 10})
	require.Len(t, got, 5000)
	for _, workers := range []int{1, 3} {
		q := littleQuery(t, workers, 1<<30, 2000)
		ctx, cancel := context.WithCancelCause(context.Background())
		why := errors.New("enough")
		err := q.run(ctx, sorted(), func(int) (Consumer, error) {
			return consumerOf(func(context.Context, *vector.Chunk) error { cancel(why); return nil }), nil
		})
		require.ErrorIs(t, err, why)
	}
}

// Two sorts side by side are merged while other workers go on.
func TestUnionOfSpilledSorts(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(3, 4)), 20000, 100, 0, frameColumn("g", 0, 50000), textColumn("t", 100))
	sorted := func() Operator { return &Sort{Input: table.scan(), Keys: []SortKey{{Column: 0}}} }
	q := littleQuery(t, 3, 1<<30, 500)
	got := collect(t, q, NewUnion([]Operator{sorted(), table.scan(), sorted(), table.scan()}))
	requireSameRows(t, slices.Concat(table.rows, table.rows, table.rows, table.rows), got)
}
