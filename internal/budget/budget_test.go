package budget_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/sqlerr"
)

func requireFull(t *testing.T, err error) {
	t.Helper()
	require.Equal(t, sqlerr.OutOfMemory, sqlerr.CodeOf(err))
}

func TestWhatCanSpillLeavesAnEighth(t *testing.T) {
	t.Parallel()
	server := budget.NewServer(800)
	q := server.Query(400)
	p := q.Spillable()
	require.Equal(t, int64(350), p.Available())
	require.NoError(t, p.Reserve(350))
	requireFull(t, p.Reserve(1))
	require.Zero(t, p.Available())
	require.Equal(t, int64(50), q.Available())
	require.NoError(t, q.Reserve(50), "what can't spill takes the rest")
	requireFull(t, q.Reserve(1))
	require.NoError(t, server.Query(0).Spillable().Reserve(300), "of the server's, too")
	requireFull(t, server.Query(0).Spillable().Reserve(1))
	require.NoError(t, server.Query(0).Reserve(100))
	p.Release(350)
	q.Release(50)
	q.Close()
	require.Equal(t, int64(400), server.Used())
}

func TestHold(t *testing.T) {
	t.Parallel()
	server := budget.NewServer(1000)
	q := server.Query(0)
	p := q.Part()
	require.NoError(t, p.Reserve(300))
	require.NoError(t, p.Hold(400))
	require.NoError(t, server.Query(0).Reserve(300), "others have the rest")
	for range 5 { // the same 300 again and again, and never more than 400 beside
		require.NoError(t, p.Reserve(400))
		p.Release(300)
		p.Release(400)
		require.NoError(t, p.Reserve(300))
	}
	requireFull(t, p.Reserve(401))
	require.NoError(t, p.Reserve(100))
	require.Equal(t, int64(400), p.Used())
	require.Equal(t, int64(700), q.Used())
	p.Settle()
	require.Equal(t, int64(400), q.Used())
	p.Release(400)
	require.Zero(t, q.Used())
	requireFull(t, p.Hold(1001))
	p.Settle()
	require.Zero(t, q.Used())
}

func TestListen(t *testing.T) {
	t.Parallel()
	server := budget.NewServer(1000)
	one, two := server.Query(0), server.Query(0)
	require.NoError(t, one.Reserve(600))
	require.True(t, one.Alone())
	require.False(t, two.Spillable().Alone())
	require.False(t, one.Wanted())
	freed, end := two.Listen(true)
	require.True(t, one.Part().Wanted())
	select {
	case <-freed:
		require.Fail(t, "nothing was released")
	default:
	}
	one.Release(1)
	<-freed
	again, endAgain := two.Listen(false)
	one.Close()
	<-again
	end()
	endAgain()
	require.False(t, two.Wanted())
}

func TestGrant(t *testing.T) {
	t.Parallel()
	server := budget.NewServer(1000)
	q := server.Query(0)
	g, err := q.Grant(400)
	require.NoError(t, err)
	require.NoError(t, server.Query(0).Reserve(600), "others have the rest")
	p := g.Spillable()
	require.Equal(t, int64(300), p.Available())
	require.NoError(t, p.Reserve(300))
	requireFull(t, p.Reserve(1))
	require.NoError(t, g.Reserve(100), "a part is for what can't spill")
	requireFull(t, g.Reserve(1))
	p.Release(300)
	require.Equal(t, int64(400), q.Used(), "what is released stays granted")
	require.NoError(t, p.Reserve(200))
	g.Settle()
	require.Equal(t, int64(300), q.Used())
	p.Release(200)
	g.Release(100)
	require.Zero(t, q.Used())
	_, err = q.Grant(401)
	requireFull(t, err)
}
