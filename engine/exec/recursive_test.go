package exec

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// countUp is a recursion that joins 1, 2, 3 … below a bound to so many rows that stay the same.
func countUp(t *testing.T, bound, rows int64, all bool) *Recursive {
	t.Helper()
	big := vector.Of(vector.Int64)
	number := func(x int64) expr.Expr { return expr.Literal{Value: vector.IntOf(big, x)} }
	values := func(n int64) *Values {
		list := make([][]expr.Expr, n)
		for i := range list {
			list[i] = []expr.Expr{number(int64(i) + 1)}
		}
		v, err := NewValues(list, []string{"n"}, []vector.Type{big})
		require.NoError(t, err)
		return v
	}
	fixed, working := &Shared{Input: values(rows)}, NewWorking(1, []string{"n"}, []vector.Type{big})
	below := NewFilter(working, expr.Compare{Op: expr.Less, Left: columnAt(working.Schema(), 0), Right: number(bound)})
	join := &HashJoin{Kind: InnerJoin, Probe: below, Build: fixed, ProbeKeys: []int{0}, BuildKeys: []int{0}}
	next := expr.Arithmetic{Op: expr.Add, Left: columnAt(join.Schema(), 0), Right: number(1), Of: big}
	return &Recursive{
		Base: values(1), Step: NewProject(join, []expr.Expr{next}, []string{"n"}), All: all, Working: working,
		Fixed: []*Shared{fixed},
	}
}

// TestRoundsReturnTheirMemory runs more rounds than all their tables would have room for.
func TestRoundsReturnTheirMemory(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{true, false} {
		q := limitedQuery(t, 2, 8<<20)
		q.Spill = nil
		const bound = 300
		require.Len(t, collect(t, q, countUp(t, bound, 50_000, all)), bound)
	}
}

func TestRoundsSpill(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{true, false} {
		q := spillingQuery(t, 2, 1)
		const bound = 10
		require.Len(t, collect(t, q, countUp(t, bound, 100, all)), bound)
	}
}

// TestRoundsAreCancelled ends a recursion that would not end by itself.
func TestRoundsAreCancelled(t *testing.T) {
	t.Parallel()
	r := countUp(t, 1<<40, 1, true)
	step, ok := r.Step.(*Project)
	require.True(t, ok)
	r.Step = NewProject(step.Input, []expr.Expr{columnAt(step.Input.Schema(), 1)}, []string{"n"})
	q := newTestQuery(t, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := r.Start(ctx, q)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
