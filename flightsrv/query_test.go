package flightsrv

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/micodb/micodb/internal/limits"
)

func TestQueryReturnsRowsWithTheAnnouncedSchema(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	info, err := c.Execute(ctx, "rows 10")
	require.NoError(t, err)
	require.Empty(t, info.GetEndpoint()[0].GetLocation(), "rows are where the ticket was handed out")
	require.NotNil(t, info.GetEndpoint()[0].GetExpirationTime())
	records := f.read(ctx, c, info)
	require.Equal(t, int64(10), countRows(records))
	require.Equal(t, int64(9), records[0].Column(0).(*array.Int64).Value(9))
	require.Equal(t, int64(10), countRows(f.read(ctx, c, info)), "a ticket can be read again")

	schema, err := c.GetExecuteSchema(ctx, "rows 1")
	require.NoError(t, err)
	require.True(t, f.schema(schema.GetSchema()).Equal(fakeSchema()))

	poll, err := c.ExecutePoll(ctx, "rows 2", nil)
	require.NoError(t, err)
	require.Nil(t, poll.GetFlightDescriptor())
	require.InDelta(t, 1, poll.GetProgress(), 0)
	require.Equal(t, int64(2), countRows(f.read(ctx, c, poll.GetInfo())))
}

func TestExecuteRunsAStatementWithoutRowsAtOnce(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	info, err := c.Execute(ctx, "write one")
	require.NoError(t, err)
	require.Empty(t, info.GetEndpoint())
	require.Equal(t, int64(1), info.GetTotalRecords())
	require.Zero(t, f.schema(info.GetSchema()).NumFields())
	_, err = c.GetExecuteSchema(ctx, "write never")
	require.NoError(t, err)
	n, err := c.ExecuteUpdate(ctx, "write two")
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	require.Equal(t, []string{"one", "two"}, f.door.log())
}

func TestMessagesFitTheLimitUnlessOneRowDoesNot(t *testing.T) {
	f := start(t, limits.Limits{AnswerBytes: 64 << 10})
	ctx, c := f.login("ada")
	for _, query := range []string{"rows 1000 1000", "rows 3 100000", "rows 20000 1", "rows 1 0"} {
		info, err := c.Execute(ctx, query)
		require.NoError(t, err)
		stream, err := c.Client.DoGet(ctx, info.GetEndpoint()[0].GetTicket())
		require.NoError(t, err)
		messages := 0
		for {
			data, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			messages++
			if query != "rows 3 100000" {
				require.LessOrEqual(t, len(data.GetDataBody())+len(data.GetDataHeader()), 64<<10)
			}
		}
		require.Greater(t, messages, 1)
	}
}

func TestAnErrorInMidStreamIsAStatusAndHidesItsCause(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	info, err := c.Execute(ctx, "fail 5")
	require.NoError(t, err)
	records, err := fetch(ctx, c, info)
	require.Equal(t, int64(5), countRows(records))
	requireStatus(t, err, codes.ResourceExhausted, "53200")
	require.NotContains(t, err.Error(), "the cause")
}

func TestErrorsCarryTheirStateAndPosition(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	_, err := c.Execute(ctx, "nonsense")
	requireStatus(t, err, codes.InvalidArgument, "42601")
	require.Contains(t, err.Error(), "line 1, column 1")
	_, err = c.ExecuteUpdate(ctx, "panic")
	requireStatus(t, err, codes.Internal, "XX000")
	_, err = c.ExecuteSubstrait(ctx, flightsql.SubstraitPlan{Plan: []byte("x")})
	requireStatus(t, err, codes.Unimplemented, "0A000")
	_, err = c.Client.GetFlightInfo(ctx, &flight.FlightDescriptor{Cmd: []byte("garbage")})
	requireStatus(t, err, codes.InvalidArgument, "08P01")
	_, err = c.ExecuteUpdate(ctx, "write after")
	require.NoError(t, err, "the server lives on")
}

func TestForgedForeignAndExpiredTicketsAreErrors(t *testing.T) {
	f := start(t, limits.Limits{})
	ada, c := f.login("ada")
	bob, d := f.login("bob")
	info, err := c.Execute(ada, "rows 1")
	require.NoError(t, err)
	_, err = fetch(bob, d, info)
	requireStatus(t, err, codes.Unauthenticated, "28000")

	prepared, err := c.Prepare(ada, "rows 1")
	require.NoError(t, err)
	for _, handle := range [][]byte{nil, []byte("x"), make([]byte, 100), prepared.Handle()} {
		ticket, err := flightsql.CreateStatementQueryTicket(handle)
		require.NoError(t, err)
		_, err = fetch(ada, c, &flight.FlightInfo{
			Endpoint: []*flight.FlightEndpoint{{Ticket: &flight.Ticket{Ticket: ticket}}},
		})
		requireStatus(t, err, codes.Unauthenticated, "28000")
	}
	_, err = fetch(ada, c, &flight.FlightInfo{Endpoint: []*flight.FlightEndpoint{{Ticket: &flight.Ticket{}}}})
	requireStatus(t, err, codes.InvalidArgument, "08P01")

	renewed, err := c.RenewFlightEndpoint(ada, &flight.RenewFlightEndpointRequest{Endpoint: info.GetEndpoint()[0]})
	require.NoError(t, err)
	f.clock.move(limits.Defaults().TicketLife / 2)
	f.server.handles.sweep()
	again, err := c.RenewFlightEndpoint(ada, &flight.RenewFlightEndpointRequest{Endpoint: renewed})
	require.NoError(t, err)
	require.True(t, again.GetExpirationTime().AsTime().After(renewed.GetExpirationTime().AsTime()))
	f.clock.move(limits.Defaults().TicketLife + time.Second)
	f.server.handles.sweep()
	_, err = fetch(ada, c, info)
	requireStatus(t, err, codes.NotFound, "42704")
}

func TestOldTicketsGiveWayAtTheLimit(t *testing.T) {
	f := start(t, limits.Limits{Statements: 3})
	ctx, c := f.login("ada")
	first, err := c.Execute(ctx, "rows 1")
	require.NoError(t, err)
	for range 3 {
		f.clock.move(time.Second)
		_, err = c.Execute(ctx, "rows 1")
		require.NoError(t, err)
	}
	_, err = fetch(ctx, c, first)
	requireStatus(t, err, codes.NotFound, "42704")
	for range 3 {
		_, err = c.Prepare(ctx, "rows 1")
		require.NoError(t, err)
	}
	_, err = c.Prepare(ctx, "rows 1")
	requireStatus(t, err, codes.ResourceExhausted, "53400")
}

func TestReadTicketsAreKeptForAWhile(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	for range keptRead * 3 {
		info, err := c.Execute(ctx, "rows 1")
		require.NoError(t, err)
		f.read(ctx, c, info)
	}
	f.server.handles.mu.Lock()
	defer f.server.handles.mu.Unlock()
	require.LessOrEqual(t, len(f.server.handles.byID), keptRead)
}

func TestCancelStopsTheWork(t *testing.T) {
	ways := map[string]func(ctx context.Context, c *flightsql.Client, info *flight.FlightInfo) error{
		"CancelFlightInfo": func(ctx context.Context, c *flightsql.Client, info *flight.FlightInfo) error {
			result, err := c.CancelFlightInfo(ctx, &flight.CancelFlightInfoRequest{Info: info})
			if err == nil && result.GetStatus() != flight.CancelStatusCancelled {
				return errors.New(result.GetStatus().String())
			}
			return err
		},
		"CancelQuery": func(ctx context.Context, c *flightsql.Client, info *flight.FlightInfo) error {
			result, err := c.CancelQuery(ctx, info) //nolint:staticcheck // older clients send it
			if err == nil && result != flightsql.CancelResultCancelled {
				return errors.New(result.String())
			}
			return err
		},
	}
	for name, cancel := range ways {
		t.Run(name, func(t *testing.T) {
			f := start(t, limits.Limits{})
			ctx, c := f.login("ada")
			info, err := c.Execute(ctx, "block")
			require.NoError(t, err)
			failed := make(chan error, 1)
			go func() {
				_, err := fetch(ctx, c, info)
				failed <- err
			}()
			<-f.door.started
			require.NoError(t, cancel(ctx, c, info))
			<-f.door.ended
			requireStatus(t, <-failed, codes.Canceled, "57014")
			_, err = fetch(ctx, c, info)
			requireStatus(t, err, codes.NotFound, "42704")

			bob, d := f.login("bob")
			info, err = c.Execute(ctx, "block")
			require.NoError(t, err)
			require.Error(t, cancel(bob, d, info), "a foreign query was cancelled")
		})
	}
	t.Run("the call", func(t *testing.T) {
		f := start(t, limits.Limits{})
		ctx, c := f.login("ada")
		info, err := c.Execute(ctx, "block")
		require.NoError(t, err)
		call, cancel := context.WithCancel(ctx)
		failed := make(chan error, 1)
		go func() {
			_, err := fetch(call, c, info)
			failed <- err
		}()
		<-f.door.started
		cancel()
		<-f.door.ended
		require.Error(t, <-failed)
	})
	t.Run("the connection", func(t *testing.T) {
		f := start(t, limits.Limits{})
		ctx, c := f.login("ada")
		info, err := c.Execute(ctx, "block")
		require.NoError(t, err)
		other, err := flight.NewClientWithMiddleware(f.address, nil, nil,
			grpc.WithTransportCredentials(insecure.NewCredentials()))
		require.NoError(t, err)
		stream, err := other.DoGet(ctx, info.GetEndpoint()[0].GetTicket())
		require.NoError(t, err)
		<-f.door.started
		require.NoError(t, other.Close())
		<-f.door.ended
		_, err = stream.Recv()
		require.Error(t, err)
	})
}

func TestSizesBoundWhatIPCWrites(t *testing.T) {
	mem := memory.DefaultAllocator
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "b", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
		{Name: "i", Type: arrow.PrimitiveTypes.Int32},
		{Name: "s", Type: arrow.BinaryTypes.String},
		{Name: "d", Type: &arrow.Decimal128Type{Precision: 30, Scale: 2}},
		{Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64)},
		{Name: "st", Type: arrow.StructOf(arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Int16})},
	}, nil)
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	for i := range 5000 {
		b.Field(0).(*array.BooleanBuilder).Append(i%2 == 0)
		b.Field(1).(*array.Int32Builder).Append(int32(i))
		b.Field(2).(*array.StringBuilder).Append("some text of a row")
		b.Field(3).AppendNull()
		l := b.Field(4).(*array.ListBuilder)
		l.Append(true)
		for range i % 7 {
			l.ValueBuilder().(*array.Int64Builder).Append(1)
		}
		st := b.Field(5).(*array.StructBuilder)
		st.Append(true)
		st.FieldBuilder(0).(*array.Int16Builder).Append(3)
	}
	record := b.NewRecordBatch()
	defer record.Release()
	for _, cut := range [][2]int64{{0, 5000}, {0, 1}, {17, 18}, {100, 3000}, {4999, 5000}, {7, 7}} {
		slice := record.NewSlice(cut[0], cut[1])
		counter := &countingStream{}
		w := flight.NewRecordWriter(counter, ipc.WithSchema(schema))
		require.NoError(t, w.Write(slice))
		require.NoError(t, w.Close())
		require.GreaterOrEqual(t, recordBytes(slice), int64(counter.last), "rows %v", cut)
		require.LessOrEqual(t, recordBytes(slice), int64(counter.last)*2+4096, "rows %v", cut)
		slice.Release()
	}
}

// countingStream keeps the size of the last message.
type countingStream struct{ last int }

func (c *countingStream) Send(d *flight.FlightData) error {
	c.last = len(d.GetDataBody()) + len(d.GetDataHeader())
	return nil
}
