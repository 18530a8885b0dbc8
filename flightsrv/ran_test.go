package flightsrv

import (
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/micodb/micodb/internal/limits"
)

// ticketOf wraps a prepared statement's handle as clients do that make a ticket of the command.
func ticketOf(t *testing.T, p *flightsql.PreparedStatement) *flight.Ticket {
	t.Helper()
	command, err := anypb.New(&pb.CommandPreparedStatementQuery{PreparedStatementHandle: p.Handle()})
	require.NoError(t, err)
	raw, err := proto.Marshal(command)
	require.NoError(t, err)
	return &flight.Ticket{Ticket: raw}
}

func TestAChangeThatReturnsRowsRunsOnce(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	_, err := c.GetExecuteSchema(ctx, "take 9")
	require.NoError(t, err)
	require.Empty(t, f.door.log(), "a schema changes nothing")

	info, err := c.Execute(ctx, "take 3")
	require.NoError(t, err)
	require.Equal(t, []string{"take 3"}, f.door.log(), "it has run, whether or not its rows are read")
	require.Equal(t, int64(3), info.GetTotalRecords())
	require.True(t, f.schema(info.GetSchema()).Equal(fakeSchema()))
	for range 3 {
		records := f.read(ctx, c, info)
		require.Equal(t, int64(3), countRows(records), "a ticket can be read again")
		require.Equal(t, int64(2), records[0].Column(0).(*array.Int64).Value(2))
	}
	poll, err := c.ExecutePoll(ctx, "take 1", nil)
	require.NoError(t, err)
	require.Equal(t, int64(1), countRows(f.read(ctx, c, poll.GetInfo())))
	n, err := c.ExecuteUpdate(ctx, "take 2")
	require.NoError(t, err)
	require.Equal(t, int64(2), n)
	require.Equal(t, []string{"take 3", "take 1", "take 2"}, f.door.log())

	info, err = c.Execute(ctx, "take 0")
	require.NoError(t, err)
	require.Empty(t, f.read(ctx, c, info))
}

func TestAPreparedChangeThatReturnsRowsRunsOnceForEachFlightInfo(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	p, err := c.Prepare(ctx, "take 4")
	require.NoError(t, err)
	update, known := p.IsUpdate()
	require.True(t, known)
	require.False(t, update)
	first, err := p.Execute(ctx)
	require.NoError(t, err)
	_, err = p.Execute(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"take 4", "take 4"}, f.door.log())

	stream, err := c.Client.DoGet(ctx, ticketOf(t, p))
	require.NoError(t, err)
	_, err = stream.Recv()
	requireStatus(t, err, codes.InvalidArgument, "08P01")
	require.Len(t, f.door.log(), 2, "a ticket that a client made changes nothing")

	require.NoError(t, p.Close(ctx))
	require.Equal(t, int64(4), countRows(f.read(ctx, c, first)), "the rows outlive the statement")
	require.Equal(t, int64(4), countRows(f.read(ctx, c, first)))
}

func TestTheRowsOfAChangeAreLetGoWithTheirTicket(t *testing.T) {
	f := start(t, limits.Limits{Statements: 2})
	ctx, c := f.login("ada")
	first, err := c.Execute(ctx, "take 4")
	require.NoError(t, err)
	require.Equal(t, int64(1), f.door.kept.Load())
	f.clock.move(time.Second)
	_, err = c.Execute(ctx, "take 5")
	require.NoError(t, err)
	f.clock.move(time.Second)
	_, err = c.Execute(ctx, "take 6")
	require.NoError(t, err)
	require.Equal(t, int64(2), f.door.kept.Load(), "the oldest ticket gave way")
	_, err = fetch(ctx, c, first)
	require.ErrorContains(t, err, "42704")

	for range 2 {
		_, err = c.Prepare(ctx, "rows 1")
		require.NoError(t, err)
	}
	require.Zero(t, f.door.kept.Load())
	_, err = c.Execute(ctx, "take 7")
	require.ErrorContains(t, err, "which is the limit")
	require.Equal(t, []string{"take 4", "take 5", "take 6"}, f.door.log(), "nothing is changed without a place for the rows")
}
