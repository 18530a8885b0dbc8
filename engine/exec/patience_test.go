package exec

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/sqlerr"
)

// Queries are admitted while there is a grant for each; the next waits until one ends, or until it is cancelled.
func TestAdmission(t *testing.T) {
	t.Parallel()
	server := budget.NewServer(64 << 20) // four grants
	scheduler := NewScheduler(2)
	var running []*Query
	for range grantShareMost {
		q := NewQuery(scheduler, server.Query(0))
		require.NoError(t, q.admit(t.Context()))
		running = append(running, q)
	}
	require.Equal(t, int64(64<<20), server.Used())
	admitted := make(chan error)
	next := NewQuery(scheduler, server.Query(0))
	go func() { admitted <- next.admit(t.Context()) }()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(sqlerr.New(sqlerr.QueryCanceled, "stopped"))
	require.Equal(t, sqlerr.QueryCanceled, sqlerr.CodeOf(NewQuery(scheduler, server.Query(0)).admit(ctx)))
	select {
	case err := <-admitted:
		require.Fail(t, "admitted without a grant", "%v", err)
	case <-time.After(10 * time.Millisecond):
	}
	require.NoError(t, running[0].Close())
	require.NoError(t, <-admitted)
	require.NoError(t, next.Close())
	for _, q := range running[1:] {
		require.NoError(t, q.Close())
	}
	require.Zero(t, server.Used())

	small := NewQuery(scheduler, server.Query(20<<20))
	require.NoError(t, small.admit(t.Context()))
	_, err := small.words(15 << 20 / 8)
	require.NoError(t, err)
	require.NoError(t, small.Close())
	require.Zero(t, server.Used())
}

// A worker doesn't wait for memory that nobody can give back.
func TestImpatience(t *testing.T) {
	t.Parallel()
	q := limitedQuery(t, 1, 1<<20)
	other := q.Budget.Available()
	require.NoError(t, q.Budget.Reserve(other))
	failed := q.patiently(t.Context(), 0, func() error { _, err := q.words(1); return err })
	require.True(t, outOfMemory(failed), "nobody else has memory: there is nothing to wait for")
	q.Budget.Release(other)
}
