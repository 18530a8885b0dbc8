package exec

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func referenceOrder(keys []SortKey) func(a, b row) int {
	return func(a, b row) int {
		for _, k := range keys {
			x, y := a[k.Column], b[k.Column]
			d := compareScalars(x, y)
			switch {
			case x.Null != y.Null && k.NullsFirst:
				d = -d
			case !x.Null && !y.Null && k.Descending:
				d = -d
			}
			if d != 0 {
				return d
			}
		}
		return 0
	}
}

func keysOf(rows []row, keys []SortKey) []string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		var x row
		for _, k := range keys {
			x = append(x, r[k.Column])
		}
		lines[i] = lineOf(x)
	}
	return lines
}

func TestSortEqualsReference(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		table := makeTable(r, 400, chunk, 0.1, append(allColumns(), intervalColumn("i"))...)
		for _, columns := range [][]int{{}, {0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {0, 7}, {6, 1}, {0, 6, 2}, {7, 4, 5}, {0, 2}} {
			for flags := range 4 {
				var keys []SortKey
				for _, c := range columns {
					keys = append(keys, SortKey{Column: c, Descending: flags&1 != 0, NullsFirst: flags&2 != 0})
				}
				want := slices.Clone(table.rows)
				slices.SortStableFunc(want, referenceOrder(keys))
				got := collect(t, newTestQuery(t, workers), &Sort{Input: table.scan(), Keys: keys})
				require.Equal(t, keysOf(want, keys), keysOf(got, keys))
				requireSameRows(t, want, got)
				if workers == 1 {
					require.Equal(t, linesOf(want), linesOf(got), "one worker keeps the order of equal keys")
				}
				got = collect(t, newTestQuery(t, workers), &Sort{Input: table.scan(), Keys: keys, Limit: 17})
				require.Equal(t, keysOf(want[:17], keys), keysOf(got, keys))
			}
		}
	})
}

func TestSortOfManyRows(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	table := makeTable(r, 150000, vector.ChunkRows, 0.01, frameColumn("g", 0, 50000), bigColumn("b"), textColumn("t", 5000))
	for _, columns := range [][]int{{0}, {1, 0}, {2, 0}} {
		var keys []SortKey
		for _, c := range columns {
			keys = append(keys, SortKey{Column: c})
		}
		want := slices.Clone(table.rows)
		slices.SortStableFunc(want, referenceOrder(keys))
		for _, workers := range []int{1, 4} {
			got := collect(t, newTestQuery(t, workers), &Sort{Input: table.scan(), Keys: keys})
			require.Equal(t, keysOf(want, keys), keysOf(got, keys))
			got = collect(t, newTestQuery(t, workers), &Sort{Input: table.scan(), Keys: keys, Limit: 5000})
			require.Equal(t, keysOf(want[:5000], keys), keysOf(got, keys))
		}
	}
}

// A top-N holds a few rows, however many come.
func TestTopNInBoundedMemory(t *testing.T) {
	t.Parallel()
	of := vector.Of(vector.Int64)
	n := int64(0)
	falling := testColumn{name: "k", of: of, draw: func(*rand.Rand) vector.Scalar { n--; return vector.IntOf(of, n) }}
	table := makeTable(rand.New(rand.NewPCG(3, 4)), 300000, vector.ChunkRows, 0, falling, textColumn("t", 1000))
	q := limitedQuery(t, 2, 16<<20)
	got := collect(t, q, &Sort{Input: table.scan(), Keys: []SortKey{{Column: 0}}, Limit: 100})
	require.Len(t, got, 100)
	require.Equal(t, int64(-300000), got[0][0].Int)
	require.Less(t, q.Budget.Peak(), int64(8<<20))
}

func TestSortOverBudget(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(3, 4)), 50000, vector.ChunkRows, 0, bigColumn("b"), textColumn("t", 1000))
	_, err := tryCollect(limitedQuery(t, 2, 256<<10), &Sort{Input: table.scan(), Keys: []SortKey{{Column: 0}}})
	require.Equal(t, sqlerr.OutOfMemory, sqlerr.CodeOf(err))
}

func TestLimit(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		table := makeTable(r, 300, chunk, 0, frameColumn("g", 0, 50000))
		for _, l := range []struct{ count, offset, want int64 }{
			{0, 0, 0}, {1, 0, 1}, {7, 5, 7}, {300, 0, 300}, {1000, 0, 300}, {10, 295, 5}, {10, 300, 0}, {-1, 100, 200},
		} {
			got := collect(t, newTestQuery(t, workers), &Limit{Input: table.scan(), Count: l.count, Offset: l.offset})
			require.Len(t, got, int(l.want))
		}
	})
}

// A limit stops workers that find no more rows in an input without end.
func TestLimitEndsItsInput(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(3, 4)), 100, 10, 0, frameColumn("g", 0, 50000))
	names := []string{"g"}
	scan := NewScan("t", &testScan{table: table, endless: true}, names)
	got := collect(t, newTestQuery(t, 3), &Limit{Input: scan, Count: 1000})
	require.Len(t, got, 1000)
}

// stopped is a scan whose first worker reads once the second waits, which goes on until it is stopped.
type stopped struct{ *Scan }

func (s stopped) Start(ctx context.Context, q *Query) (Stream, error) {
	from, err := s.Scan.Start(ctx, q)
	waits := make(chan struct{})
	return streamOf(func(worker int) (Source, error) {
		src, err := from.Open(worker)
		return sourceOf(func(ctx context.Context) (*vector.Chunk, error) {
			if worker == 1 {
				close(waits)
				<-ctx.Done()
				return nil, ctx.Err()
			}
			<-waits
			return src.Next(ctx)
		}), err
	}), err
}

// What a limit stops may say so in any way: it is no failure of the query.
func TestLimitStopsQuietly(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(3, 4)), 100, 100, 0, frameColumn("g", 0, 50000))
	got := collect(t, newTestQuery(t, 2), &Limit{Input: stopped{table.scan()}, Count: 5})
	require.Len(t, got, 5)
}

// The NULLs of an outer join come with a dictionary that has no values where the other side has none.
func TestRanksOfNoWords(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	left := makeTable(r, 10, 10, 0, frameColumn("f", 0, 9))
	right := makeTable(r, 0, 10, 0, frameColumn("f", 0, 9), wordColumn("u", 3))
	join := func() Operator {
		return &HashJoin{
			Kind: LeftJoin, Probe: left.scan(), Build: right.scan(), ProbeKeys: []int{0}, BuildKeys: []int{0},
		}
	}
	sorted := collect(t, newTestQuery(t, 1), &Sort{Input: join(), Keys: []SortKey{{Column: 2}}})
	require.Len(t, sorted, 10)
	greatest := []AggregateCall{{Kind: Maximum, Arg: 2, Of: vector.Of(vector.Text)}}
	got := collect(t, newTestQuery(t, 1), NewAggregate(join(), nil, greatest))
	require.Len(t, got, 1)
	require.True(t, got[0][0].Null)
}

func TestLimitOfSortedRows(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(3, 4)), 9000, 1000, 0, frameColumn("g", 0, 50000))
	keys := []SortKey{{Column: 0}}
	want := slices.Clone(table.rows)
	slices.SortStableFunc(want, referenceOrder(keys))
	got := collect(t, newTestQuery(t, 3), &Limit{Input: &Sort{Input: table.scan(), Keys: keys}, Count: 5000, Offset: 3000})
	require.Equal(t, linesOf(want[3000:8000]), linesOf(got))
}

func TestUnion(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		a, b := makeTable(r, 100, chunk, 0, allColumns()...), makeTable(r, 50, chunk, 0.1, allColumns()...)
		got := collect(t, newTestQuery(t, workers), NewUnion([]Operator{a.scan(), b.scan(), a.scan()}))
		want := slices.Concat(a.rows, b.rows, a.rows)
		requireSameRows(t, want, got)
		keys := []int{0, 6, 7}
		got = collect(t, newTestQuery(t, workers), NewAggregate(NewUnion([]Operator{a.scan(), b.scan()}), keys, nil))
		requireSameRows(t, referenceAggregate(slices.Concat(a.rows, b.rows), keys, nil), got)
	})
}

func TestCancelledQuery(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(3, 4)), 100, 10, 0, frameColumn("g", 0, 50000))
	scan := NewScan("t", &testScan{table: table, endless: true}, []string{"g"})
	ctx, cancel := context.WithCancel(context.Background())
	q := newTestQuery(t, 2)
	err := q.run(ctx, scan, func(int) (Consumer, error) {
		return consumerOf(func(context.Context, *vector.Chunk) error { cancel(); return nil }), nil
	})
	require.ErrorIs(t, err, context.Canceled)
}
