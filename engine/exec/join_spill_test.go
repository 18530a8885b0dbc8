package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
)

// summary is what is compared of results that are too large to be sorted.
type summary struct {
	rows int64
	sum  uint64 // of hashes of the rows
}

func summarize(q *Query, op Operator) (summary, error) {
	var rows atomic.Int64
	var sum atomic.Uint64
	err := q.run(context.Background(), op, func(int) (Consumer, error) {
		return consumerOf(func(_ context.Context, c *vector.Chunk) error {
			rows.Add(int64(c.Count()))
			s := uint64(0)
			x := make(row, len(c.Columns))
			for _, i := range chosen(c) {
				for k, v := range c.Columns {
					x[k] = v.ScalarAt(int(i))
				}
				s += vector.Hash(vector.HashBytes([]byte(lineOf(x))))
			}
			sum.Add(s)
			return nil
		}), nil
	})
	return summary{rows.Load(), sum.Load()}, err
}

// wideText has texts that all differ, of 20 to 60 bytes.
func wideText(name string, distinct int) testColumn {
	c := textColumn(name, 1)
	c.draw = func(r *rand.Rand) vector.Scalar {
		i := r.IntN(distinct)
		return vector.TextOf(fmt.Sprintf("%020d%*d", i, i%40, i))
	}
	return c
}

func sparseColumn(name string, distinct int64) testColumn {
	of := vector.Of(vector.Int64)
	return testColumn{name: name, of: of, draw: func(r *rand.Rand) vector.Scalar {
		return vector.IntOf(of, r.Int64N(distinct)<<40+7)
	}}
}

// A build side several times as large as the memory gives what it gives in memory.
func TestJoinsOutgrowTheirMemory(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	columns := func(distinct int) []testColumn {
		return []testColumn{sparseColumn("k", int64(distinct)), wideText("t", distinct), wideColumn("w"), floatColumn("x")}
	}
	build, probe := makeTable(r, 150_000, 4000, 0.01, columns(100_000)...), makeTable(r, 30_000, 1000, 0.01, columns(100_000)...)
	for _, keys := range [][]int{{0}, {1}, {0, 1}} {
		for _, kind := range tableKinds() {
			t.Run(fmt.Sprint(kind, keys), func(t *testing.T) {
				t.Parallel()
				join := func(filter *catalog.RuntimeFilter) *HashJoin {
					j := &HashJoin{Kind: kind, Probe: probe.scan(), Build: build.scan(), ProbeKeys: keys, BuildKeys: keys}
					if filter != nil {
						j.Filters, j.Probe = []*catalog.RuntimeFilter{filter}, probe.scan(filter)
					}
					return j
				}
				want, err := summarize(newTestQuery(t, 1), join(nil))
				require.NoError(t, err)
				require.NotZero(t, want.rows)
				got, err := summarize(newTestQuery(t, 3), join(nil))
				require.NoError(t, err)
				require.Equal(t, want, got, "in memory")
				for _, workers := range []int{1, 3} {
					q := limitedQuery(t, workers, 7<<20)
					got, err := summarize(q, join(nil))
					require.NoError(t, err)
					require.Equal(t, want, got)
					require.NotZero(t, q.Spill.Written())
				}
				if len(keys) > 1 || keys[0] != 0 || kind != InnerJoin && kind != SemiJoin {
					return
				}
				filter := &catalog.RuntimeFilter{Column: 1}
				j := join(filter)
				got, err = summarize(limitedQuery(t, 2, 7<<20), j)
				require.NoError(t, err)
				require.Equal(t, want, got)
				require.Less(t, j.Probe.(*Scan).From.Counts().Rows, int64(29_000), "the filter keeps rows away")
			})
		}
	}
}

// Rows with one key can't be partitioned: they are joined by pieces of the build side.
func TestJoinsOfOneKeyOutgrowTheirMemory(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 5))
	one := sparseColumn("k", 1)
	build := makeTable(r, 150_000, 4000, 0.01, one, wideText("t", 1000), frameColumn("g", 0, 1000))
	probe := makeTable(r, 20, 5, 0.2, one, wideText("t", 1000), frameColumn("g", 0, 1000))
	for _, kind := range tableKinds() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			run := func(q *Query, residual bool) (rows int64) {
				j := &HashJoin{Kind: kind, Probe: probe.scan(), Build: build.scan(), ProbeKeys: []int{0}, BuildKeys: []int{0}}
				if residual {
					j.Residual = lessOf(probe.scan().Schema(), build.scan().Schema())
				}
				var n atomic.Int64
				err := q.run(context.Background(), j, func(int) (Consumer, error) {
					return consumerOf(func(_ context.Context, c *vector.Chunk) error {
						n.Add(int64(c.Count()))
						return nil
					}), nil
				})
				require.NoError(t, err)
				return n.Load()
			}
			for _, residual := range []bool{false, true} {
				want := run(newTestQuery(t, 1), residual)
				for _, workers := range []int{1, 3} {
					q := limitedQuery(t, workers, 8<<20)
					require.Equal(t, want, run(q, residual))
					require.Equal(t, residual || kind.pairs() || kind.notes(), q.Spill.Written() > 0, "keys alone fit")
				}
			}
		})
	}
}

// Without scratch space there is the clear error that there was.
func TestJoinsWithoutScratchSpace(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 6))
	table := makeTable(r, 50_000, 4000, 0, sparseColumn("k", 1000), wideText("t", 1000))
	q := limitedQuery(t, 2, 2<<20)
	require.NoError(t, q.Spill.Close())
	q.Spill = nil
	j := &HashJoin{Probe: table.scan(), Build: table.scan(), ProbeKeys: []int{0}, BuildKeys: []int{0}}
	_, err := summarize(q, j)
	require.Equal(t, sqlerr.OutOfMemory, sqlerr.CodeOf(err))
}

// TestSpilledJoinsMeetFaults makes calls to the scratch files fail, or cancels the query there: it ends with the code
// of that, and holds nothing after it.
func TestSpilledJoinsMeetFaults(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 7))
	columns := []testColumn{frameColumn("k", 0, 40), wideText("t", 100), wideColumn("w")}
	probe, build := makeTable(r, 300, 30, 0.1, columns...), makeTable(r, 300, 30, 0.1, columns...)
	attempt := func(prepare func(ctx context.CancelCauseFunc, faults *vfs.Faults)) (*vfs.Faults, error) {
		ctx, cancel := context.WithCancelCause(context.Background())
		defer cancel(nil)
		faults := vfs.NewFaults(vfs.NewMemory())
		faults.CountReads = true
		scratch, err := spill.Open(faults, "/scratch", 1<<30)
		require.NoError(t, err)
		memory := budget.NewServer(1 << 30).Query(0)
		q := NewQuery(NewScheduler(2), memory)
		q.Spill, q.Debug.SpillRows = scratch.Files(), 25
		prepare(cancel, faults)
		j := &HashJoin{Kind: FullJoin, Probe: probe.scan(), Build: build.scan(), ProbeKeys: []int{0, 1}, BuildKeys: []int{0, 1}}
		err = q.run(ctx, j, func(int) (Consumer, error) { return consumerOf(drop), nil })
		require.NoError(t, q.Close())
		require.Zero(t, memory.Used())
		require.Zero(t, scratch.Used())
		require.Equal(t, 2, q.Scheduler.free)
		return faults, err
	}
	faults, err := attempt(func(context.CancelCauseFunc, *vfs.Faults) {})
	require.NoError(t, err)
	calm := faults.Count()
	require.Greater(t, calm, 100)
	for i := range 120 {
		at := i
		if i > 20 {
			at = r.IntN(calm * 9 / 10)
		}
		for _, c := range []struct {
			fault vfs.Fault
			code  sqlerr.Code
		}{{vfs.InputError, sqlerr.IOError}, {vfs.NoSpace, sqlerr.DiskFull}, {vfs.ShortWrite, sqlerr.IOError}} {
			faults, err := attempt(func(_ context.CancelCauseFunc, f *vfs.Faults) { f.Inject(f.Count()+at, c.fault) })
			require.True(t, faults.Happened())
			require.Contains(t, []sqlerr.Code{c.code, sqlerr.IOError}, sqlerr.CodeOf(err), "call %d: %v", at, err)
		}
		_, err := attempt(func(cancel context.CancelCauseFunc, f *vfs.Faults) {
			from := f.Count()
			f.Before = func(i int) {
				if i == from+at {
					cancel(sqlerr.New(sqlerr.QueryCanceled, "stopped"))
				}
			}
		})
		require.Equal(t, sqlerr.QueryCanceled, sqlerr.CodeOf(err), "call %d: %v", at, err)
	}
}

// TestSpilledJoinEndsEarly has enough after some rows, while others are in scratch files.
func TestSpilledJoinEndsEarly(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 8))
	table := makeTable(r, 2000, 50, 0.1, frameColumn("k", 0, 300), wideText("t", 100))
	for _, count := range []int64{1, 100, 3000, 12_000} {
		q := spillingQuery(t, 3, 100)
		j := &HashJoin{Kind: LeftJoin, Probe: table.scan(), Build: table.scan(), ProbeKeys: []int{0}, BuildKeys: []int{0}}
		got, err := summarize(q, &Limit{Input: j, Count: count})
		require.NoError(t, err)
		require.Equal(t, min(count, 11_000), min(got.rows, 11_000))
	}
}
