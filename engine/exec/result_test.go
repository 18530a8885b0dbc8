package exec

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func outputOf(op Operator, finish func() error) Output {
	fields := make([]arrow.Field, len(op.Schema()))
	for i, c := range op.Schema() {
		fields[i] = batch.FieldOf(c.Name, c.Type, c.Nullable)
	}
	return Output{Schema: arrow.NewSchema(fields, nil), BatchRows: 100, Finish: finish}
}

// resultsOf starts an operator; used tells what is reserved.
func resultsOf(ctx context.Context, op Operator, workers int, finished *int) (stream batch.Stream, used func() int64) {
	memory := budget.NewServer(1 << 30).Query(0)
	q := NewQuery(NewScheduler(workers), memory)
	return Results(ctx, q, op, outputOf(op, func() error { *finished++; return nil })), memory.Used
}

func TestResultsAreWhole(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(1, 2)), 10000, 1000, 0.1, allColumns()...)
	for _, workers := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			finished := 0
			s, used := resultsOf(t.Context(), table.scan(), workers, &finished)
			rows := int64(0)
			for {
				b, err := s.Next(t.Context())
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err)
				rows += b.NumRows()
				b.Release()
			}
			require.Equal(t, int64(10000), rows)
			_, err := s.Next(t.Context())
			require.ErrorIs(t, err, io.EOF)
			require.NoError(t, s.Close())
			require.NoError(t, s.Close())
			require.Equal(t, 1, finished)
			require.Zero(t, used())
		})
	}
}

// Closing early, in the middle of an input without end, leaves no goroutine (synctest waits for all) and no byte.
func TestResultsClosedEarly(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(1, 2)), 10000, 1000, 0.1, allColumns()...)
	names := make([]string, len(table.columns))
	endless := func() Operator { return NewScan("t", &testScan{table: table, endless: true}, names) }
	sort := &Sort{Input: table.scan(), Keys: []SortKey{{Column: 0}}}
	for _, op := range []Operator{
		endless(),
		&HashJoin{Probe: endless(), Build: table.scan(), ProbeKeys: []int{1}, BuildKeys: []int{1}},
		&HashJoin{Probe: table.scan(), Build: endless(), ProbeKeys: []int{1}, BuildKeys: []int{1}},
		&LoopJoin{Probe: endless(), Build: table.scan()},
		NewAggregate(endless(), []int{0}, nil),
		NewAggregate(endless(), []int{1, 2, 4}, nil),
		NewUnion([]Operator{sort, endless()}),
	} {
		for _, read := range []int{0, 1} {
			if _, breaks := op.(*Aggregate); breaks && read > 0 {
				continue // gives nothing
			}
			if j, ok := op.(*HashJoin); ok && j.Probe.(*Scan).From.(*testScan).endless != (read > 0) {
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				finished := 0
				s, used := resultsOf(t.Context(), op, 3, &finished)
				for range read {
					b, err := s.Next(t.Context())
					require.NoError(t, err)
					b.Release()
				}
				require.NoError(t, s.Close())
				_, err := s.Next(t.Context())
				require.Equal(t, sqlerr.QueryCanceled, sqlerr.CodeOf(err))
				require.Equal(t, 1, finished)
				require.Zero(t, used())
			})
		}
	}
}

func TestResultsCancelled(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(1, 2)), 100, 10, 0, frameColumn("g", 0, 9))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		finished := 0
		s, used := resultsOf(ctx, NewScan("t", &testScan{table: table, endless: true}, []string{"g"}), 2, &finished)
		cancel()
		var err error
		for err == nil {
			var b arrow.RecordBatch
			if b, err = s.Next(t.Context()); b != nil {
				b.Release()
			}
		}
		require.Equal(t, sqlerr.QueryCanceled, sqlerr.CodeOf(err))
		require.NoError(t, s.Close())
		require.Zero(t, used())
	})
}

// failing hands out some rows and then fails.
type failing struct {
	*Scan

	fail func() error
}

func (f failing) Start(ctx context.Context, q *Query) (Stream, error) {
	from, err := f.Scan.Start(ctx, q)
	return streamOf(func(worker int) (Source, error) {
		src, err := from.Open(worker)
		n := 0
		return sourceOf(func(ctx context.Context) (*vector.Chunk, error) {
			if n++; n > 3 {
				return nil, f.fail()
			}
			return src.Next(ctx)
		}), err
	}), err
}

func TestResultsFail(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(1, 2)), 10000, 100, 0.1, allColumns()...)
	for code, fail := range map[sqlerr.Code]func() error{
		sqlerr.DataCorrupted: func() error { return sqlerr.New(sqlerr.DataCorrupted, "damaged") },
		sqlerr.InternalError: func() error { panic("defect") },
		sqlerr.OutOfMemory:   func() error { panic(sqlerr.New(sqlerr.OutOfMemory, "full")) },
	} {
		for _, op := range []Operator{
			failing{table.scan(), fail},
			NewAggregate(failing{table.scan(), fail}, []int{0}, nil),
			&HashJoin{Probe: table.scan(), Build: failing{table.scan(), fail}, ProbeKeys: []int{1}, BuildKeys: []int{1}},
			&Limit{Input: failing{table.scan(), fail}, Count: 1_000_000},
		} {
			synctest.Test(t, func(t *testing.T) {
				finished := 0
				s, used := resultsOf(t.Context(), op, 2, &finished)
				var first error
				for first == nil {
					var b arrow.RecordBatch
					if b, first = s.Next(t.Context()); b != nil {
						b.Release()
					}
				}
				require.Equal(t, code, sqlerr.CodeOf(first))
				_, again := s.Next(t.Context())
				require.Equal(t, first, again)
				require.NoError(t, s.Close())
				require.Equal(t, 1, finished)
				require.Zero(t, used())
			})
		}
	}
}

// A row over the budget fails with 53200 although Arrow's allocator can only panic.
func TestResultsOverBudget(t *testing.T) {
	t.Parallel()
	of := vector.Of(vector.Text)
	long := testColumn{name: "t", of: of, draw: func(*rand.Rand) vector.Scalar { return vector.TextOf(string(make([]byte, 100000))) }}
	table := makeTable(rand.New(rand.NewPCG(1, 2)), 100, 100, 0, long)
	synctest.Test(t, func(t *testing.T) {
		memory := budget.NewServer(100 << 10).Query(0)
		q := NewQuery(NewScheduler(1), memory)
		s := Results(t.Context(), q, table.scan(), outputOf(table.scan(), func() error { return nil }))
		_, err := s.Next(t.Context())
		require.Equal(t, sqlerr.OutOfMemory, sqlerr.CodeOf(err))
		require.NoError(t, s.Close())
		require.Zero(t, memory.Used())
	})
}

// A result far larger than the budget leaves in bounded memory.
func TestLargeResultStreams(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(1, 2)), 9000, 3000, 0, frameColumn("g", 0, 9), textColumn("t", 500))
	synctest.Test(t, func(t *testing.T) {
		memory := budget.NewServer(24 << 20).Query(0)
		q := NewQuery(NewScheduler(2), memory)
		op := &LoopJoin{Probe: table.scan(), Build: table.scan()}
		out := outputOf(op, func() error { return nil })
		out.BatchRows = 8192
		s := Results(t.Context(), q, op, out)
		bytes := int64(0)
		for range 500 {
			b, err := s.Next(t.Context())
			require.NoError(t, err)
			for _, c := range b.Columns() {
				bytes += int64(c.Data().SizeInBytes())
			}
			b.Release()
		}
		require.Greater(t, bytes, int64(100<<20))
		require.NoError(t, s.Close())
		require.Zero(t, memory.Used())
	})
}

// Queries share the threads: a short one ends while a long one runs.
func TestSchedulerIsFair(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(1, 2)), 10000, 1000, 0, frameColumn("g", 0, 9))
	scheduler := NewScheduler(2)
	start := func(op Operator) batch.Stream {
		q := NewQuery(scheduler, budget.NewServer(1<<30).Query(0))
		return Results(t.Context(), q, op, outputOf(op, func() error { return nil }))
	}
	endless := NewAggregate(NewScan("t", &testScan{table: table, endless: true}, []string{"g"}), []int{0}, nil)
	long := start(endless)
	for range 20 {
		short := start(NewAggregate(table.scan(), []int{0}, nil))
		b, err := short.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, int64(10), b.NumRows())
		b.Release()
		require.NoError(t, short.Close())
	}
	require.NoError(t, long.Close())
}

func TestFilterAndProject(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		table := makeTable(r, 300, chunk, 0.2, allColumns()...)
		schema := table.scan().Schema()
		of := vector.Of(vector.Int64)
		g := columnAt(schema, 1)
		filter := NewFilter(table.scan(), expr.And{Of: []expr.Expr{
			expr.Compare{Op: expr.GreaterEqual, Left: g, Right: expr.Literal{Value: vector.IntOf(of, 300)}},
			expr.Compare{Op: expr.Greater, Left: expr.Literal{Value: vector.IntOf(of, 900)}, Right: g},
			expr.Not{Of: expr.IsNull{Of: columnAt(schema, 6)}},
		}})
		require.False(t, filter.Schema()[1].Nullable)
		require.False(t, filter.Schema()[6].Nullable)
		require.Equal(t, [2]int64{300, 900}, [2]int64{filter.Schema()[1].Lo, filter.Schema()[1].Hi})
		sum := expr.Arithmetic{Op: expr.Add, Left: g, Right: columnAt(schema, 0), Of: of}
		project := NewProject(filter, []expr.Expr{columnAt(schema, 6), sum}, []string{"t", "sum"})
		require.Equal(t, [2]int64{297, 905}, [2]int64{project.Schema()[1].Lo, project.Schema()[1].Hi})
		var want []row
		for _, x := range table.rows {
			if x[1].Null || x[1].Int < 300 || x[1].Int >= 900 || x[6].Null {
				continue
			}
			sum := vector.IntOf(of, x[1].Int+x[0].Int)
			if x[0].Null {
				sum = vector.NullOf(of)
			}
			want = append(want, row{x[6], sum})
		}
		requireSameRows(t, want, collect(t, newTestQuery(t, workers), project))
	})
}
