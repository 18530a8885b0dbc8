package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
)

// TestSpilledAggregateEqualsReference forces every worker, and every partition that is aggregated, to go to disk after
// a few rows.
func TestSpilledAggregateEqualsReference(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		columns := allColumns()
		table := makeTable(r, 700, chunk, 0.2, columns...)
		for _, every := range []int{1, 40} {
			for _, keys := range [][]int{{2}, {4}, {5}, {6}, {1, 6}, {2, 4, 5, 6, 7}, {0, 1, 2}} {
				calls := everyCall(columns)
				q := newTestQuery(t, workers)
				q.Debug.SpillRows = every
				got := collect(t, q, NewAggregate(table.scan(), keys, calls))
				requireSameRows(t, referenceAggregate(table.rows, keys, calls), got)
				require.Positive(t, q.Spill.Written())
				q = newTestQuery(t, workers)
				q.Debug.SpillRows = every
				requireSameRows(t, referenceAggregate(table.rows, keys, nil),
					collect(t, q, NewAggregate(table.scan(), keys, nil)))
			}
		}
	})
}

// manyGroups has keys of every kind that are all different but for those of one in eight rows, which are the same.
func manyGroups(r *rand.Rand, rows, textBytes int) (table *testTable, keys []int, calls []AggregateCall) {
	big, text := vector.Of(vector.Int64), vector.Of(vector.Text)
	n := int64(0)
	number := testColumn{name: "n", of: big, draw: func(r *rand.Rand) vector.Scalar {
		if n++; r.IntN(8) == 0 {
			return vector.IntOf(big, 0)
		}
		return vector.IntOf(big, n)
	}}
	name := testColumn{name: "t", of: text, draw: func(r *rand.Rand) vector.Scalar {
		if r.IntN(4) == 0 {
			return vector.TextOf("short")
		}
		return vector.TextOf(fmt.Sprintf("%0*d", textBytes, r.IntN(rows)))
	}}
	table = makeTable(r, rows, vector.ChunkRows, 0.02, number, name, smallDecimal("d"))
	calls = []AggregateCall{
		{Kind: CountRows, Of: big},
		{Kind: Sum, Arg: 2, Of: vector.DecimalType(38, 2)},
		{Kind: Minimum, Arg: 1, Of: text},
		{Kind: Maximum, Arg: 1, Of: text},
	}
	return table, []int{0}, calls
}

// TestAggregateOverMemory has states of several times the memory.
func TestAggregateOverMemory(t *testing.T) {
	t.Parallel()
	table, keys, calls := manyGroups(rand.New(rand.NewPCG(3, 4)), 120_000, 60)
	for _, keys := range [][]int{keys, {1}, {0, 1}} {
		want := referenceAggregate(table.rows, keys, calls)
		for _, c := range []struct{ workers, mebibytes int }{{1, 5}, {1, 8}, {3, 14}} {
			t.Run(fmt.Sprintf("keys=%v/workers=%d/limit=%dMiB", keys, c.workers, c.mebibytes), func(t *testing.T) {
				q := limitedQuery(t, c.workers, int64(c.mebibytes)<<20)
				requireSameRows(t, want, collect(t, q, NewAggregate(table.scan(), keys, calls)))
				require.Positive(t, q.Spill.Written())
			})
		}
	}
}

// TestAggregateWithoutScratchSpace is over memory and can't spill.
func TestAggregateWithoutScratchSpace(t *testing.T) {
	t.Parallel()
	table, keys, calls := manyGroups(rand.New(rand.NewPCG(3, 4)), 120_000, 60)
	q := limitedQuery(t, 2, 8<<20)
	q.Spill = nil
	_, err := tryCollect(q, NewAggregate(table.scan(), keys, calls))
	require.Equal(t, sqlerr.OutOfMemory, sqlerr.CodeOf(err))
}

// TestAggregateOfLongTexts has texts of up to a mebibyte, of which each row has two.
func TestAggregateOfLongTexts(t *testing.T) {
	t.Parallel()
	text := vector.Of(vector.Text)
	long := func(name string) testColumn {
		return testColumn{name: name, of: text, draw: func(r *rand.Rand) vector.Scalar {
			return vector.TextOf(strings.Repeat(string(rune('a'+r.IntN(20))), r.IntN(4)*maxText/3))
		}}
	}
	table := makeTable(rand.New(rand.NewPCG(5, 6)), 100, 10, 0.1, long("s"), long("t"), frameColumn("f", 0, 1))
	calls := []AggregateCall{
		{Kind: Minimum, Arg: 1, Of: text},
		{Kind: Maximum, Arg: 1, Of: text},
		{Kind: CountRows, Of: vector.Of(vector.Int64)},
	}
	for _, keys := range [][]int{{0}, {0, 1}, {2}} {
		q := limitedQuery(t, 1, 40<<20)
		requireSameRows(t, referenceAggregate(table.rows, keys, calls), collect(t, q, NewAggregate(table.scan(), keys, calls)))
	}
}

// TestExtremesThatRise replaces the greatest text of each group by every row: only one of them may be kept.
func TestExtremesThatRise(t *testing.T) {
	t.Parallel()
	const rows = 100_000
	n, text := 0, vector.Of(vector.Text)
	rising := testColumn{name: "t", of: text, draw: func(*rand.Rand) vector.Scalar {
		n++
		return vector.TextOf(fmt.Sprintf("%0200d", n))
	}}
	table := makeTable(rand.New(rand.NewPCG(1, 1)), rows, vector.ChunkRows, 0, rising,
		frameColumn("a", 0, 9), frameColumn("b", 0, 7000))
	calls := []AggregateCall{{Kind: Maximum, Arg: 0, Of: text}}
	for _, keys := range [][]int{{}, {1}, {2}} {
		q := limitedQuery(t, 1, 6<<20)
		requireSameRows(t, referenceAggregate(table.rows, keys, calls), collect(t, q, NewAggregate(table.scan(), keys, calls)))
	}
}

// TestAggregateMeetsFaults makes each call to the scratch file fail in turn: the query fails with the code of that,
// and holds nothing after it.
func TestAggregateMeetsFaults(t *testing.T) {
	t.Parallel()
	table, keys, calls := manyGroups(rand.New(rand.NewPCG(3, 4)), 8_000, 20)
	attempt := func(at int, fault vfs.Fault) (*vfs.Faults, error) {
		faults := vfs.NewFaults(vfs.NewMemory())
		faults.CountReads = true
		scratch, err := spill.Open(faults, "/scratch", 1<<30)
		require.NoError(t, err)
		memory := budget.NewServer(1 << 30).Query(0)
		q := NewQuery(NewScheduler(2), memory)
		q.Spill, q.Debug.SpillRows = scratch.Files(), 1000
		faults.Inject(faults.Count()+at, fault)
		_, err = tryCollect(q, NewAggregate(table.scan(), keys, calls))
		require.NoError(t, q.Close())
		require.Zero(t, memory.Used())
		require.Zero(t, scratch.Used())
		names, listErr := faults.List("/scratch")
		require.NoError(t, listErr)
		if faults.Happened() { // the file of one worker that can't be made nameless stays until the next start
			require.LessOrEqual(t, len(names), 1)
		} else {
			require.Empty(t, names)
		}
		return faults, err
	}
	faults, err := attempt(1<<30, vfs.InputError)
	require.NoError(t, err)
	calm := faults.Count()
	require.Greater(t, calm, 200)
	r := rand.New(rand.NewPCG(7, 8))
	for _, c := range []struct {
		fault vfs.Fault
		code  sqlerr.Code
	}{{vfs.InputError, sqlerr.IOError}, {vfs.NoSpace, sqlerr.DiskFull}, {vfs.ShortWrite, sqlerr.IOError}} {
		for i := range 40 {
			at := i
			if i > 10 {
				at = r.IntN(calm * 9 / 10)
			}
			faults, err := attempt(at, c.fault)
			require.True(t, faults.Happened())
			require.Contains(t, []sqlerr.Code{c.code, sqlerr.IOError}, sqlerr.CodeOf(err), "call %d: %v", at, err)
		}
	}
}

// TestSpillingAggregateIsCancelled cancels it at every point where it looks.
func TestSpillingAggregateIsCancelled(t *testing.T) {
	t.Parallel()
	table, keys, calls := manyGroups(rand.New(rand.NewPCG(3, 4)), 8_000, 20)
	for _, at := range []int{0, 1, 5, 50, 150} {
		faults := vfs.NewFaults(vfs.NewMemory())
		faults.CountReads = true
		ctx, cancel := context.WithCancelCause(t.Context())
		stopped := sqlerr.New(sqlerr.QueryCanceled, "stopped")
		scratch, err := spill.Open(faults, "/scratch", 1<<30)
		require.NoError(t, err)
		begun := faults.Count()
		faults.Before = func(i int) {
			if i == begun+at {
				cancel(stopped)
			}
		}
		memory := budget.NewServer(1 << 30).Query(0)
		q := NewQuery(NewScheduler(2), memory)
		q.Spill, q.Debug.SpillRows = scratch.Files(), 1000
		err = q.run(ctx, NewAggregate(table.scan(), keys, calls), func(int) (Consumer, error) {
			return consumerOf(func(context.Context, *vector.Chunk) error { return nil }), nil
		})
		require.Equal(t, sqlerr.QueryCanceled, sqlerr.CodeOf(err), "call %d: %v", at, err)
		require.NoError(t, q.Close())
		require.Zero(t, memory.Used())
		require.Zero(t, scratch.Used())
	}
}

// TestASortBesideAnAggregationThatFillsMemory needs memory while all that there is holds partitions that wait.
func TestASortBesideAnAggregationThatFillsMemory(t *testing.T) {
	t.Parallel()
	table, keys, calls := manyGroups(rand.New(rand.NewPCG(3, 4)), 120_000, 60)
	plenty := newTestQuery(t, 1)
	_, err := NewAggregate(table.scan(), keys, calls).Start(t.Context(), plenty)
	require.NoError(t, err)
	q := limitedQuery(t, 1, plenty.Budget.Peak()*8/7+1<<19)
	op := NewAggregate(table.scan(), keys, calls)
	stream, err := op.Start(t.Context(), q)
	require.NoError(t, err)
	require.Zero(t, q.Spill.Written())
	numbers := makeTable(rand.New(rand.NewPCG(5, 6)), 200_000, vector.ChunkRows, 0, bigColumn("b"))
	require.Len(t, collect(t, q, &Sort{Input: numbers.scan(), Keys: []SortKey{{Column: 0}}}), 200_000)
	require.Positive(t, q.Spill.Written())
	requireSameRows(t, referenceAggregate(table.rows, keys, calls), collect(t, q, startedOperator{op, stream}))
}

// TestOthersReclaimAnAggregatesMemory asks while the input is consumed, before the partitions are aggregated, and
// meanwhile.
func TestOthersReclaimAnAggregatesMemory(t *testing.T) {
	t.Parallel()
	table, keys, calls := manyGroups(rand.New(rand.NewPCG(3, 4)), 120_000, 20)
	want := referenceAggregate(table.rows, keys, calls)
	q := newTestQuery(t, 2)
	op := NewAggregate(table.scan(), keys, calls)
	s, err := op.sink(q)
	require.NoError(t, err)
	asked := atomic.Int64{}
	stream, err := q.breaker(t.Context(), table.scan(), reclaimedSink{s, func() {
		if asked.Add(1) == 8 {
			if freed, err := s.Reclaim(1); freed != 0 || err != nil {
				t.Errorf("freed %d bytes: %v", freed, err)
			}
		}
	}})
	require.NoError(t, err)
	spilled := q.Spill.Written()
	require.Positive(t, spilled)
	held := q.Budget.Used()
	freed, err := s.Reclaim(1)
	require.NoError(t, err)
	require.Greater(t, freed, int64(1<<20))
	require.Equal(t, held-freed, q.Budget.Used())
	require.Greater(t, q.Spill.Written(), spilled)
	got, err := tryCollect(q, startedOperator{op, stream})
	require.NoError(t, err)
	requireSameRows(t, want, got)
}

// reclaimedSink calls a function before each chunk.
type reclaimedSink struct {
	Sink

	before func()
}

func (s reclaimedSink) Worker(i int) (Consumer, error) {
	w, err := s.Sink.Worker(i)
	return consumerOf(func(ctx context.Context, c *vector.Chunk) error {
		s.before()
		return w.Consume(ctx, c)
	}), err
}

// startedOperator has a stream already.
type startedOperator struct {
	Operator

	stream Stream
}

func (s startedOperator) Start(context.Context, *Query) (Stream, error) { return s.stream, nil }
