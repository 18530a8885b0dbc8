package exec

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// directOf starts a pipeline; used tells what is reserved.
func directOf(ctx context.Context, op Operator, finish func() error) (stream batch.Stream, used func() int64) {
	memory := budget.NewServer(1 << 30).Query(0)
	return Direct(ctx, NewQuery(NewScheduler(2), memory), op, outputOf(op, finish)), memory.Used
}

// readAll counts the rows until the stream ends.
func readAll(ctx context.Context, s batch.Stream) (rows int64, err error) {
	for {
		b, err := s.Next(ctx)
		if err != nil {
			return rows, err
		}
		rows += b.NumRows()
		b.Release()
	}
}

func TestDirectIsWhole(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(1, 2)), 10000, 1000, 0.1, allColumns()...)
	finished := 0
	scan := table.scan()
	pipeline := &Limit{Input: NewFilter(scan, expr.Literal{Value: vector.BoolOf(true)}), Count: 7777}
	require.True(t, IsPipeline(pipeline))
	s, used := directOf(t.Context(), pipeline, func() error { finished++; return nil })
	rows, err := readAll(t.Context(), s)
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, int64(7777), rows)
	require.Equal(t, 1, finished)
	require.Zero(t, used())
	require.NoError(t, s.Close())
	_, err = s.Next(t.Context())
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, 1, finished)
}

func TestDirectEnds(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(1, 2)), 100, 10, 0, frameColumn("g", 0, 9))
	endless := func() Operator { return NewScan("t", &testScan{table: table, endless: true}, []string{"g"}) }
	background := context.Background()
	for name, end := range map[string]func(s batch.Stream, cancelQuery context.CancelFunc) error{
		"closed": func(s batch.Stream, _ context.CancelFunc) error {
			_ = s.Close() // Next says how it ended
			_, err := s.Next(background)
			return err
		},
		"query cancelled": func(s batch.Stream, cancelQuery context.CancelFunc) error {
			cancelQuery()
			_, err := readAll(background, s)
			return err
		},
		"reader gone": func(s batch.Stream, _ context.CancelFunc) error {
			ctx, cancel := context.WithCancel(background)
			cancel()
			_, err := readAll(ctx, s)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(background)
			defer cancel()
			finished := 0
			s, used := directOf(ctx, endless(), func() error { finished++; return nil })
			b, err := s.Next(background)
			require.NoError(t, err)
			b.Release()
			require.Equal(t, sqlerr.QueryCanceled, sqlerr.CodeOf(end(s, cancel)))
			require.NoError(t, s.Close())
			require.Equal(t, 1, finished)
			require.Zero(t, used())
		})
	}
}

// An error, a defect, and a failure to finish end the stream as errors, and the turn is given back.
func TestDirectFails(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(1, 2)), 10000, 1000, 0, frameColumn("g", 0, 9))
	failure := errors.New("broken")
	for name, from := range map[string]Operator{
		"error": broken{Operator: table.scan(), fail: func() error { return failure }},
		"panic": broken{Operator: table.scan(), fail: func() error { panic(failure) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			finished := 0
			s, used := directOf(t.Context(), from, func() error { finished++; return nil })
			_, err := readAll(t.Context(), s)
			require.NotErrorIs(t, err, io.EOF)
			require.Equal(t, sqlerr.InternalError, sqlerr.CodeOf(err))
			require.Equal(t, 1, finished)
			require.Zero(t, used())
			d, ok := s.(*direct)
			require.True(t, ok)
			require.Equal(t, 2, d.query.Scheduler.free)
		})
	}
	s, _ := directOf(t.Context(), table.scan(), func() error { return failure })
	rows, err := readAll(t.Context(), s)
	require.Equal(t, int64(10000), rows)
	require.ErrorContains(t, err, "internal error")
}

// broken fails when its second chunk is asked for.
type broken struct {
	Operator

	fail func() error
}

func (f broken) Start(ctx context.Context, q *Query) (Stream, error) {
	from, err := f.Operator.Start(ctx, q)
	return streamOf(func(worker int) (Source, error) {
		src, err := from.Open(worker)
		return &brokenSource{Source: src, fail: f.fail}, err
	}), err
}

type brokenSource struct {
	Source

	chunks int
	fail   func() error
}

func (s *brokenSource) Next(ctx context.Context) (*vector.Chunk, error) {
	if s.chunks++; s.chunks > 1 {
		return nil, s.fail()
	}
	return s.Source.Next(ctx)
}
