package flightsrv

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/metrics"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex // guards now
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is a server on a socket, and what is behind it.
type fixture struct {
	t       *testing.T
	door    *fakeDoor
	server  *Server
	clock   *clock
	address string
}

func start(t *testing.T, l limits.Limits) *fixture {
	t.Helper()
	return startWith(t, Config{Limits: l})
}

// startWith fills in what a test leaves open.
func startWith(t *testing.T, config Config) *fixture {
	t.Helper()
	f := &fixture{t: t, door: newFakeDoor(), clock: &clock{now: time.Unix(1_700_000_000, 0)}}
	var err error
	config.Version, config.Budget = "v0.0.0-test", budget.NewServer(1<<30)
	config.Metrics, config.Log = metrics.New(prometheus.NewRegistry(), "test"), slog.New(slog.DiscardHandler)
	config.Functions, config.Keywords = Functions{Numeric: []string{"ROUND", "ABS"}}, []string{"SELECT"}
	f.server, err = newServer(f.door, config, f.clock.read)
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f.address = listener.Addr().String()
	served := make(chan error, 1)
	go func() { served <- f.server.Serve(listener) }()
	f.server.SetServing(true)
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		f.server.Shutdown(ended)
		require.NoError(t, <-served)
		require.Zero(t, f.door.sessions(), "sessions outlive the server")
	})
	return f
}

// connect makes a client without credentials on a connection of its own.
func (f *fixture) connect(middleware ...flight.ClientMiddleware) *flightsql.Client {
	f.t.Helper()
	c, err := flightsql.NewClient(f.address, nil, middleware, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(f.t, err)
	f.t.Cleanup(func() { require.NoError(f.t, c.Close()) })
	return c
}

// login connects and returns a context that carries the user's bearer token.
func (f *fixture) login(user string) (context.Context, *flightsql.Client) {
	f.t.Helper()
	c := f.connect()
	ctx, err := c.Client.AuthenticateBasicToken(f.t.Context(), user, f.door.passwords[user])
	require.NoError(f.t, err)
	return ctx, c
}

// read fetches all rows of an info, and checks that their schema is the one that it announced.
func (f *fixture) read(ctx context.Context, c *flightsql.Client, info *flight.FlightInfo) []arrow.RecordBatch {
	f.t.Helper()
	records, err := fetch(ctx, c, info)
	require.NoError(f.t, err)
	for _, r := range records {
		require.True(f.t, r.Schema().Equal(f.schema(info.GetSchema())), "announced and sent schemas differ")
		f.t.Cleanup(r.Release)
	}
	return records
}

func (f *fixture) schema(b []byte) *arrow.Schema {
	f.t.Helper()
	schema, err := flight.DeserializeSchema(b, memory.DefaultAllocator)
	require.NoError(f.t, err)
	return schema
}

func fetch(ctx context.Context, c *flightsql.Client, info *flight.FlightInfo) (records []arrow.RecordBatch, err error) {
	for _, endpoint := range info.GetEndpoint() {
		reader, err := c.DoGet(ctx, endpoint.GetTicket())
		if err != nil {
			return records, err
		}
		defer reader.Release()
		for reader.Next() {
			record := reader.RecordBatch()
			record.Retain()
			records = append(records, record)
		}
		if err := reader.Err(); err != nil && !errors.Is(err, io.EOF) {
			return records, err
		}
	}
	return records, nil
}

func countRows(records []arrow.RecordBatch) (n int64) {
	for _, r := range records {
		n += r.NumRows()
	}
	return n
}

// requireStatus checks the code of an error, and the SQLSTATE that its message begins with.
func requireStatus(t *testing.T, err error, code codes.Code, sqlstate string) {
	t.Helper()
	require.Error(t, err)
	s, ok := status.FromError(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, code, s.Code(), "%v", err)
	require.Regexp(t, "^"+sqlstate+": ", s.Message())
}

func TestHealthAndReflectionNeedNoLogin(t *testing.T) {
	f := start(t, limits.Limits{})
	conn, err := grpc.NewClient(f.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	for _, name := range []string{"", serviceName} {
		answer, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: name})
		require.NoError(t, err)
		require.Equal(t, healthpb.HealthCheckResponse_SERVING, answer.GetStatus())
	}
	stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	require.NoError(t, err)
	require.NoError(t, stream.Send(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{},
	}))
	answer, err := stream.Recv()
	require.NoError(t, err)
	names := []string{}
	for _, s := range answer.GetListServicesResponse().GetService() {
		names = append(names, s.GetName())
	}
	require.Contains(t, names, serviceName)
	require.Zero(t, f.door.sessions())
}

func TestShutdownWaitsForCallsAndThenCancelsThem(t *testing.T) {
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
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	f.server.Shutdown(ended)
	require.Error(t, <-failed)
	<-f.door.ended
	require.Zero(t, f.door.sessions())
}

func TestConnectionsAreCapped(t *testing.T) {
	f := start(t, limits.Limits{FlightConnections: 1})
	ctx, c := f.login("ada")
	_, err := f.connect().Execute(ctx, "rows 1")
	require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
	_, err = c.Execute(ctx, "rows 1")
	require.NoError(t, err)
}

func TestTLS(t *testing.T) {
	certificate := selfSigned(t)
	f := startWith(t, Config{TLS: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}})
	pool := x509.NewCertPool()
	pool.AddCert(certificate.Leaf)
	c, err := flightsql.NewClient(f.address, nil, nil,
		grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(pool, "localhost")))
	require.NoError(t, err)
	defer c.Close()
	ctx, err := c.Client.AuthenticateBasicToken(t.Context(), "ada", "lovelace")
	require.NoError(t, err)
	info, err := c.Execute(ctx, "rows 3")
	require.NoError(t, err)
	require.Equal(t, int64(3), countRows(f.read(ctx, c, info)))
	_, err = f.connect().Execute(ctx, "rows 1")
	require.Equal(t, codes.Unavailable, status.Code(err), "plain text to a port with TLS")
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func TestListActionsNamesEveryAction(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	stream, err := c.Client.ListActions(ctx, &flight.Empty{})
	require.NoError(t, err)
	n := 0
	for {
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		n++
	}
	require.Equal(t, len(actions()), n)
}
