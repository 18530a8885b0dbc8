package hostile_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/micodb/micodb/e2e/harness"
)

// The server's memory, and the most that it may take: a fifth more.
const (
	memoryLimit = "256MiB"
	peakBytes   = 256 << 20 * 6 / 5
)

// door is a way to hand a stream of batches to the server.
type door struct {
	name    string
	command func(t *testing.T, p *peer) proto.Message // nil: DoExchange
}

func doors() []door {
	return []door{
		{"ingest", func(*testing.T, *peer) proto.Message {
			return &pb.CommandStatementIngest{
				Table: "taken", TableDefinitionOptions: &pb.CommandStatementIngest_TableDefinitionOptions{
					IfNotExist: pb.CommandStatementIngest_TableDefinitionOptions_TABLE_NOT_EXIST_OPTION_CREATE,
					IfExists:   pb.CommandStatementIngest_TableDefinitionOptions_TABLE_EXISTS_OPTION_REPLACE,
				},
			}
		}},
		{"binding", func(t *testing.T, p *peer) proto.Message {
			t.Helper()
			return &pb.CommandPreparedStatementQuery{PreparedStatementHandle: p.prepare(t, "SELECT ? AS one")}
		}},
		{"update", func(t *testing.T, p *peer) proto.Message {
			t.Helper()
			return &pb.CommandPreparedStatementUpdate{
				PreparedStatementHandle: p.prepare(t, "INSERT INTO sink VALUES (?)"),
			}
		}},
		{"exchange", nil},
	}
}

// peer is a client that is logged in.
type peer struct {
	ctx    context.Context //nolint:containedctx // it carries the login
	client *flightsql.Client
	calls  []grpc.CallOption

	mu       sync.Mutex // guards prepared
	prepared map[string][]byte
}

func connect(t *testing.T, s *harness.Server) *peer {
	t.Helper()
	c, err := flightsql.NewClient(s.Flight, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	ctx, err := c.Client.AuthenticateBasicToken(context.WithoutCancel(t.Context()), "admin", harness.Password)
	require.NoError(t, err)
	return &peer{ctx: ctx, client: c, prepared: map[string][]byte{}}
}

// prepare returns the handle of a statement that stays prepared.
func (p *peer) prepare(t *testing.T, sql string) []byte {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.prepared[sql] == nil {
		st, err := p.client.Prepare(p.ctx, sql)
		require.NoError(t, err)
		p.prepared[sql] = st.Handle()
	}
	return p.prepared[sql]
}

// exchanges is what DoPut and DoExchange have in common.
type exchanges interface {
	Send(d *flight.FlightData) error
	CloseSend() error
}

// send hands a stream to a door, and returns how the call ended.
func (p *peer) send(t *testing.T, d door, sent messages) error {
	t.Helper()
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	var stream exchanges
	var receive func() error
	if d.command == nil {
		s, err := p.client.Client.DoExchange(ctx, p.calls...)
		require.NoError(t, err)
		stream, receive = s, func() error { _, err := s.Recv(); return err }
	} else {
		s, err := p.client.Client.DoPut(ctx, p.calls...)
		require.NoError(t, err)
		stream, receive = s, func() error { _, err := s.Recv(); return err }
	}
	for i, m := range sent {
		if m = proto.Clone(m).(*flight.FlightData); i == 0 && d.command != nil {
			command, err := anypb.New(d.command(t, p))
			require.NoError(t, err)
			raw, err := proto.Marshal(command)
			require.NoError(t, err)
			m.FlightDescriptor = &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: raw}
		}
		if stream.Send(m) != nil {
			break // the answer says why
		}
	}
	_ = stream.CloseSend() // so does it here
	for {
		if err := receive(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// sqlstate begins the message of every error of ours.
var sqlstate = regexp.MustCompile(`^[0-9A-Z]{5}: `)

// refused tells whether an error says what the client did wrong.
func refused(err error) bool {
	s := status.Convert(err)
	switch s.Code() {
	case codes.Unimplemented:
		return true
	case codes.InvalidArgument, codes.ResourceExhausted, codes.OutOfRange, codes.FailedPrecondition:
		return sqlstate.MatchString(s.Message())
	default:
		return false
	}
}

// honest works until stop is closed, and says how often it did.
func honest(p *peer, stop chan struct{}) (rounds int, err error) {
	for i := 1; ; i++ {
		if _, err := p.client.ExecuteUpdate(p.ctx, fmt.Sprintf("INSERT INTO kept VALUES (%d)", i)); err != nil {
			return i, err
		}
		n, err := p.number("SELECT COUNT(*) FROM kept")
		if err != nil || n != int64(i) {
			return i, errors.Join(err, fmt.Errorf("%d rows of %d", n, i))
		}
		select {
		case <-stop:
			return i, nil
		default:
		}
	}
}

// number runs a query of one number.
func (p *peer) number(sql string) (n int64, err error) {
	info, err := p.client.Execute(p.ctx, sql)
	if err != nil {
		return 0, err
	}
	rows, err := p.client.DoGet(p.ctx, info.GetEndpoint()[0].GetTicket())
	if err != nil {
		return 0, err
	}
	defer rows.Release()
	for rows.Next() {
		n = rows.RecordBatch().Column(0).(*array.Int64).Value(0)
	}
	return n, rows.Err()
}

// rounds of flipped bytes, for each door.
func rounds() uint64 {
	if os.Getenv("MICODB_TEST_LONG") != "" {
		return 20_000
	}
	return 50
}

func TestHostileStreamsAreRefused(t *testing.T) {
	s := harness.Start(t, "--memory-limit", memoryLimit, "--log-level", "warn")
	p := connect(t, s)
	for _, sql := range []string{"CREATE TABLE kept (i INT)", "CREATE TABLE sink (s VARCHAR)"} {
		_, err := p.client.ExecuteUpdate(p.ctx, sql)
		require.NoError(t, err)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	good := connect(t, s)
	var worked int
	var failed error
	go func() {
		defer close(done)
		worked, failed = honest(good, stop)
	}()
	all := attacks(t)
	for _, d := range doors() {
		for _, a := range all {
			about := d.name + ": " + a.name
			err := p.send(t, d, a.sent)
			taken := err == nil && (a.harmless && d.command != nil || a.unread && d.name == "binding")
			require.NotEqual(t, codes.Unavailable, status.Code(err), "%s: %v\n%s", about, err, s.Log())
			if !taken && !refused(err) {
				t.Errorf("%s: %v", about, err)
			}
			require.Less(t, s.PeakBytes(), int64(peakBytes), about)
		}
		for seed := range rounds() {
			a := flipped(t, seed)
			if err := p.send(t, d, a.sent); err != nil && !refused(err) {
				t.Errorf("%s: %s: %v", d.name, a.name, err)
			}
		}
	}
	close(stop)
	<-done
	require.NoError(t, failed, "a client that sends nothing odd")
	require.Positive(t, worked)
	require.Less(t, s.PeakBytes(), int64(peakBytes))
	t.Logf("an honest client ran %d rounds meanwhile; the server had at most %d MiB", worked, s.PeakBytes()>>20)
	require.NotContains(t, s.Log(), "panicked")
	require.NotContains(t, s.Log(), "goroutine ", "a stack")
	s.Stop()
}
