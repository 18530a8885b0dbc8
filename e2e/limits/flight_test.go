package limits_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/micodb/micodb/e2e/harness"
)

// flightEdges are those of Flight SQL's messages and calls.
func flightEdges() map[string]edge {
	return map[string]edge{
		"max-message-size":   {value: "4KiB", test: messageEdge},
		"flight-answer-size": {value: "4KiB", test: answerEdge},
		"max-ingest-memory": {value: "1MiB", test: func(t *testing.T, s *server) string {
			t.Helper()
			return ingestEdge(t, s, 1<<20/8)
		}},
		"max-batch-rows": {value: "100", test: func(t *testing.T, s *server) string {
			t.Helper()
			return ingestEdge(t, s, 100)
		}},
		"max-calls":       {value: "2", test: callsEdge},
		"max-header-size": {value: "4KiB", test: headerEdge},
		"ticket-life":     {value: "1s", test: ticketEdge},
	}
}

// raw is arrow-go's client, logged in, for what a client of ours does not do.
type raw struct {
	*flightsql.Client

	t   *testing.T
	ctx context.Context //nolint:containedctx // it carries the login
}

func openRaw(t *testing.T, s *server) raw {
	t.Helper()
	c, err := flightsql.NewClient(s.Flight, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	ctx, err := c.Client.AuthenticateBasicToken(t.Context(), "admin", harness.Password)
	require.NoError(t, err)
	return raw{Client: c, t: t, ctx: ctx}
}

// works asks for one number.
func (c raw) works() {
	c.t.Helper()
	_, err := c.GetExecuteSchema(c.ctx, "SELECT 1")
	require.NoError(c.t, err)
}

// stateOf returns the SQLSTATE of a status, and nothing for one without.
func stateOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	text, _, found := strings.Cut(status.Convert(err).Message(), ":")
	require.True(t, found && len(text) == len("53400"), "%v", err)
	return text
}

// numbers makes a batch of n zeros.
func numbers(t *testing.T, n int) arrow.RecordBatch {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator,
		arrow.NewSchema([]arrow.Field{{Name: "i", Type: arrow.PrimitiveTypes.Int64}}, nil))
	defer b.Release()
	b.Field(0).(*array.Int64Builder).AppendValues(make([]int64, n), nil)
	record := b.NewRecordBatch()
	t.Cleanup(record.Release)
	return record
}

// command packs a Flight SQL command.
func command(t *testing.T, c proto.Message) []byte {
	t.Helper()
	packed, err := anypb.New(c)
	require.NoError(t, err)
	bytes, err := proto.Marshal(packed)
	require.NoError(t, err)
	return bytes
}

// messages keeps what an Arrow writer sends.
type messages struct{ sent []*flight.FlightData }

func (m *messages) Send(d *flight.FlightData) error {
	m.sent = append(m.sent, proto.Clone(d).(*flight.FlightData))
	return nil
}

// ingest makes the messages that add n numbers to the table t.
func ingest(t *testing.T, n int) []*flight.FlightData {
	t.Helper()
	m := &messages{}
	record := numbers(t, n)
	w := flight.NewRecordWriter(m, ipc.WithSchema(record.Schema()))
	w.SetFlightDescriptor(&flight.FlightDescriptor{
		Type: flight.DescriptorCMD,
		Cmd: command(t, &pb.CommandStatementIngest{
			Table: "t",
			TableDefinitionOptions: &pb.CommandStatementIngest_TableDefinitionOptions{
				IfNotExist: pb.CommandStatementIngest_TableDefinitionOptions_TABLE_NOT_EXIST_OPTION_CREATE,
				IfExists:   pb.CommandStatementIngest_TableDefinitionOptions_TABLE_EXISTS_OPTION_APPEND,
			},
		}),
	})
	require.NoError(t, w.Write(record))
	require.NoError(t, w.Close())
	return m.sent
}

// put sends messages and waits for the answer.
func (c raw) put(sent []*flight.FlightData) error {
	c.t.Helper()
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	stream, err := c.Client.Client.DoPut(ctx)
	require.NoError(c.t, err)
	for _, m := range sent {
		if err := stream.Send(m); err != nil {
			break // the answer says why
		}
	}
	require.NoError(c.t, stream.CloseSend())
	for err == nil {
		_, err = stream.Recv()
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// messageEdge fills messages up to the limit, once for a call of several and once for a call of one.
func messageEdge(t *testing.T, s *server) string {
	t.Helper()
	const most = 4 << 10
	c := openRaw(t, s)
	sized := func(n int) []*flight.FlightData {
		sent := ingest(t, 10)
		sent[1].AppMetadata = []byte{}
		for proto.Size(sent[1]) < n {
			sent[1].AppMetadata = append(sent[1].AppMetadata, make([]byte, max(1, n-proto.Size(sent[1])-8))...)
		}
		require.Equal(t, n, proto.Size(sent[1]))
		return sent
	}
	require.NoError(t, c.put(sized(most)))
	require.Equal(t, codes.ResourceExhausted, status.Code(c.put(sized(most+1))))

	info := func(n int) error {
		d := &flight.FlightDescriptor{Type: flight.DescriptorCMD}
		for text := ""; proto.Size(d) < n; text += " " {
			d.Cmd = command(t, &pb.CommandStatementQuery{Query: "SELECT 1" + text})
			if short := n - proto.Size(d) - 16; short > 0 {
				text += strings.Repeat(" ", short)
			}
		}
		require.Equal(t, n, proto.Size(d))
		_, err := c.Client.Client.GetFlightInfo(c.ctx, d)
		return err
	}
	require.NoError(t, info(most))
	require.Equal(t, codes.ResourceExhausted, status.Code(info(most+1)))
	d := openFlight(t, s)
	require.Equal(t, "10", d.value("SELECT count(*) FROM t"))
	d.close()
	c.works()
	return told
}

// ingestEdge sends a batch of n numbers, and then one more.
func ingestEdge(t *testing.T, s *server, n int) string {
	t.Helper()
	c := openRaw(t, s)
	require.NoError(t, c.put(ingest(t, n)))
	code := stateOf(t, c.put(ingest(t, n+1)))
	require.NoError(t, c.put(ingest(t, 1)))
	d := openFlight(t, s)
	require.Equal(t, n+1, atoi(t, d.value("SELECT count(*) FROM t")), "nothing of what was refused happened")
	d.close()
	return code
}

// answerEdge looks at the messages of a result: no batch is larger, but for one of a single large row.
func answerEdge(t *testing.T, s *server) string {
	t.Helper()
	const most = 4 << 10
	c := openRaw(t, s)
	read := func(query string) (sizes []int) {
		info, err := c.Execute(c.ctx, query)
		require.NoError(t, err)
		stream, err := c.Client.Client.DoGet(c.ctx, info.GetEndpoint()[0].GetTicket())
		require.NoError(t, err)
		for {
			m, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return sizes
			}
			require.NoError(t, err)
			sizes = append(sizes, proto.Size(m))
		}
	}
	sizes := read("SELECT " + names(4) + " FROM " + digitsOf(4))
	require.Greater(t, len(sizes), 10_000*4*4/most)
	for _, size := range sizes {
		require.LessOrEqual(t, size, most)
	}
	whole := read("SELECT repeat('x', 8192)")
	require.Len(t, whole, 2, "a schema and a batch")
	require.Greater(t, whole[1], 8192)
	return told
}

// callsEdge holds two calls open. The third waits, until its own time is over or one of the others ends.
func callsEdge(t *testing.T, s *server) string {
	t.Helper()
	c := openRaw(t, s)
	c.works()
	var ends []context.CancelFunc
	for range 2 {
		ctx, end := context.WithCancel(c.ctx)
		defer end()
		ends = append(ends, end)
		stream, err := c.Client.Client.DoPut(ctx)
		require.NoError(t, err)
		require.NoError(t, stream.Send(ingest(t, 1)[0]))
	}
	short, cancel := context.WithTimeout(c.ctx, 200*time.Millisecond)
	defer cancel()
	_, err := c.GetExecuteSchema(short, "SELECT 1")
	require.Equal(t, codes.DeadlineExceeded, status.Code(err))
	ends[0]()
	c.works()
	return told
}

// headerEdge finds the largest header that a call may have. The header's own name and what else a call has take some.
func headerEdge(t *testing.T, s *server) string {
	t.Helper()
	const most, others = 4 << 10, 1 << 10
	c := openRaw(t, s)
	call := func(n int) error {
		ctx := metadata.AppendToOutgoingContext(c.ctx, "more", strings.Repeat("x", n))
		_, err := c.GetExecuteSchema(ctx, "SELECT 1")
		return err
	}
	low, high := most-others, most
	require.NoError(t, call(low))
	require.Error(t, call(high))
	for low+1 < high {
		if middle := (low + high) / 2; call(middle) == nil {
			low = middle
		} else {
			high = middle
		}
	}
	require.Error(t, call(low+1))
	require.NoError(t, call(low))
	return told
}

// ticketEdge reads a ticket as often as its life lets it.
func ticketEdge(t *testing.T, s *server) string {
	t.Helper()
	c := openRaw(t, s)
	info, err := c.Execute(c.ctx, "SELECT 1")
	require.NoError(t, err)
	ends := info.GetEndpoint()[0].GetExpirationTime().AsTime()
	read := func() error {
		reader, err := c.DoGet(c.ctx, info.GetEndpoint()[0].GetTicket())
		if err != nil {
			return err
		}
		defer reader.Release()
		for reader.Next() {
			continue
		}
		return reader.Err()
	}
	require.NoError(t, read())
	eventually(t, func() bool { err = read(); return err != nil })
	require.False(t, time.Now().Before(ends), "it was promised until then")
	return stateOf(t, err)
}
