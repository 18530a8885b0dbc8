package exec

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
)

func TestSharedRowsAreReadByAll(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		for _, rows := range []int{0, 1, 700} {
			table := makeTable(r, rows, chunk, 0.1, append(allColumns(), intervalColumn("i"))...)
			for _, spillRows := range []int{0, 1, 30} {
				q := spillingQuery(t, workers, spillRows)
				shared := &Shared{Input: table.scan(), Number: 1}
				for range 3 {
					requireSameRows(t, table.rows, collect(t, q, shared))
				}
				require.Equal(t, spillRows > 0 && rows > 0, q.Spill.Written() > 0)
			}
		}
	})
}

// Rows that outgrow the memory are read back by each reader, also such with large texts.
func TestSharedRowsInLittleMemory(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	many := makeTable(r, 300_000, 4096, 0.05, bigColumn("b"), textColumn("t", 5000), wideColumn("w"))
	large := makeTable(r, 300, 100, 0.05, frameColumn("f", 0, 9), longColumn("l"))
	for _, table := range []*testTable{many, large} {
		for _, workers := range []int{1, 4} {
			q := littleQuery(t, workers, int64(workers+1)*3<<20, 0)
			shared := &Shared{Input: table.scan(), Number: 1}
			for range 2 {
				requireSameRows(t, table.rows, collect(t, q, shared))
			}
			require.Positive(t, q.Spill.Written())
		}
	}
}

// Others ask for the memory of rows that are kept while some of them are read.
func TestOthersReclaimSharedRows(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(5, 9)), 60_000, 4096, 0.1, bigColumn("b"), textColumn("t", 500))
	q := newTestQuery(t, 2)
	shared := &Shared{Input: table.scan(), Number: 1}
	stream, err := shared.Start(t.Context(), q)
	require.NoError(t, err)
	var rows []row
	require.NoError(t, inTurn(t, q, func(ctx context.Context) error {
		src, err := stream.Open(0)
		require.NoError(t, err)
		for i := 0; ; i++ {
			c, err := src.Next(ctx)
			require.NoError(t, err)
			if c == nil {
				break
			}
			if i == 1 { // in the middle of the first block, which stays
				held := q.Budget.Used()
				freed, err := q.keeper.get(shared).Reclaim(1 << 40)
				require.NoError(t, err)
				require.Greater(t, freed, int64(512<<10))
				require.Equal(t, held-freed, q.Budget.Used())
			}
			rows = append(rows, rowsOf(c)...)
		}
		return src.Close()
	}))
	requireSameRows(t, table.rows, rows)
	requireSameRows(t, table.rows, collect(t, q, shared))
}

// A loop join's build side is several times as large as the memory.
func TestLoopJoinInLittleMemory(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 9))
	of := vector.Of(vector.Int64)
	last := int64(0)
	numbers := testColumn{name: "n", of: of, draw: func(*rand.Rand) vector.Scalar {
		last++
		return vector.IntOf(of, last)
	}}
	probe := makeTable(r, 10, 3, 0, numbers)
	build := makeTable(r, 300_000, 4096, 0, numbers, textColumn("t", 5000), wideColumn("w"))
	for _, kind := range []JoinKind{InnerJoin, LeftJoin, FullJoin, AntiJoin} {
		for _, workers := range []int{1, 3} {
			q := limitedQuery(t, workers, int64(workers+2)<<20)
			residual := expr.Compare{
				Op: expr.Equal, Left: expr.Column{Name: "n", Of: of}, Right: expr.Column{Index: 1, Name: "n", Of: of},
			}
			got, err := summarize(q, &LoopJoin{Kind: kind, Probe: probe.scan(), Build: build.scan(), Residual: residual})
			require.NoError(t, err)
			want := map[JoinKind]int64{LeftJoin: 10, FullJoin: 300_010, AntiJoin: 10}[kind] // the numbers are others
			require.Equal(t, want, got.rows)
			require.Positive(t, q.Spill.Written())
		}
	}
}

// What changes return comes in the order in which a worker kept it, also when memory ends.
func TestReturnedRowsInLittleMemory(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(7, 8)), 200_000, 4096, 0.05, bigColumn("b"), textColumn("t", 5000))
	for _, spillRows := range []int{0, 5000} {
		q := littleQuery(t, 1, 4<<20, spillRows)
		kept := q.returning(table.scan().Schema())
		require.NoError(t, q.run(t.Context(), table.scan(), func(worker int) (Consumer, error) {
			return consumerOf(func(ctx context.Context, c *vector.Chunk) error { return kept.keep(ctx, worker, c) }), nil
		}))
		require.Positive(t, q.Spill.Written())
		got := collect(t, q, startedOperator{table.scan(), kept.result(0)})
		require.True(t, slices.Equal(linesOf(table.rows), linesOf(got)))
		require.Less(t, q.Budget.Used(), int64(1<<20), "rows that were read are given back")
	}
}

// Calls to the scratch file fail while rows are written and while they are read: the query ends with the code of that,
// whichever worker waits for the block, and holds nothing after it.
func TestSharedRowsMeetFaults(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(6, 2)), 300, 30, 0.1, bigColumn("b"), textColumn("t", 50))
	attempt := func(fault vfs.Fault, at int) (*vfs.Faults, error) {
		faults := vfs.NewFaults(vfs.NewMemory())
		faults.CountReads = true
		scratch, err := spill.Open(faults, "/scratch", 1<<30)
		require.NoError(t, err)
		memory := budget.NewServer(1 << 30).Query(0)
		q := NewQuery(NewScheduler(3), memory)
		q.Spill, q.Debug.SpillRows = scratch.Files(), 25
		if at >= 0 {
			faults.Inject(faults.Count()+at, fault)
		}
		shared := &Shared{Input: table.scan(), Number: 1}
		_, err = tryCollect(q, NewUnion([]Operator{shared, shared}))
		require.NoError(t, q.Close())
		require.Zero(t, memory.Used())
		require.Zero(t, scratch.Used())
		require.Equal(t, 3, q.Scheduler.free)
		return faults, err
	}
	faults, err := attempt(0, -1)
	require.NoError(t, err)
	calm := faults.Count()
	require.Greater(t, calm, 40)
	for at := range calm * 9 / 10 {
		for fault, code := range map[vfs.Fault]sqlerr.Code{
			vfs.InputError: sqlerr.IOError, vfs.NoSpace: sqlerr.DiskFull,
		} {
			faults, err := attempt(fault, at)
			require.True(t, faults.Happened())
			require.Equal(t, code, sqlerr.CodeOf(err), "call %d: %v", at, err)
		}
	}
}
