package flightsrv

import (
	"context"
	"encoding/base64"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
)

func with(ctx context.Context, authorization string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", authorization)
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestEveryCallNeedsCredentials(t *testing.T) {
	f := start(t, limits.Limits{})
	c := f.connect()
	for _, header := range []string{
		"Basic !!!", "Basic " + base64.StdEncoding.EncodeToString([]byte("no colon")), "Digest x", "Bearer", "Bearer x",
		basic("ada", "wrong"), basic("eve", "secret"),
	} {
		_, err := c.Execute(with(t.Context(), header), "write x")
		require.Error(t, err, header)
		requireStatus(t, err, codes.Unauthenticated, "28(000|P01)")
	}
	_, err := c.GetCatalogs(t.Context())
	requireStatus(t, err, codes.Unauthenticated, "28000")
	_, err = c.Client.AuthenticateBasicToken(t.Context(), "ada", "wrong")
	requireStatus(t, err, codes.Unauthenticated, "28P01")
	require.Empty(t, f.door.log())
	require.Zero(t, f.door.sessions())
}

// deafStream is a DoPut that counts what is read of it.
type deafStream struct {
	grpc.ServerStream

	context context.Context //nolint:containedctx // as grpc's streams have one
	read    int
}

func (d *deafStream) Context() context.Context { return d.context }

func (d *deafStream) RecvMsg(any) error {
	d.read++
	return nil
}

// A client whose first message finds the call ended learns of an end of file, and arrow-go's looks no further.
func TestADoPutIsRefusedAfterItsFirstMessage(t *testing.T) {
	f := start(t, limits.Limits{})
	incoming := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", basic("ada", "wrong")))
	stream := &deafStream{context: context.WithValue(incoming, connectionKey{}, &connection{all: f.server.connections})}
	err := f.server.stream(nil, stream, &grpc.StreamServerInfo{FullMethod: doPutMethod}, func(any, grpc.ServerStream) error {
		t.Error("the handler was called")
		return nil
	})
	requireStatus(t, err, codes.Unauthenticated, "28P01")
	require.Equal(t, 1, stream.read)

	c := f.connect()
	for range 50 {
		_, err := c.ExecuteUpdate(with(t.Context(), basic("ada", "wrong")), "write x")
		requireStatus(t, err, codes.Unauthenticated, "28P01")
	}
}

func TestBasicAndTokensOpenEveryCall(t *testing.T) {
	f := start(t, limits.Limits{})
	login, err := f.door.Login(t.Context(), session.Credentials{
		Method: session.Password, Username: "ada", Secret: "lovelace",
	})
	require.NoError(t, err)
	for _, header := range []string{
		basic("ada", "lovelace"), "Bearer " + login.Token, basic("", login.Token), basic("ada", login.Token),
		"basic " + base64.RawStdEncoding.EncodeToString([]byte("ada:lovelace")),
	} {
		_, err := f.connect().ExecuteUpdate(with(t.Context(), header), "write x")
		require.NoError(t, err, header)
	}
	require.Len(t, f.door.log(), 5)
}

func TestAnonymousIsTheDoorsDecision(t *testing.T) {
	f := start(t, limits.Limits{})
	f.door.anonymous = true
	_, err := f.connect().ExecuteUpdate(t.Context(), "write x")
	require.NoError(t, err)
}

func TestAHandshakeTakesATokenToo(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	stream, err := c.Client.Handshake(ctx)
	require.NoError(t, err)
	require.NoError(t, stream.CloseSend())
	header, err := stream.Header()
	require.NoError(t, err)
	sent, _ := metadata.FromOutgoingContext(ctx)
	renewed := header.Get("authorization")
	require.NotEqual(t, sent.Get("authorization"), renewed)
	_, err = c.ExecuteUpdate(ctx, "begin")
	require.NoError(t, err)
	_, err = c.ExecuteUpdate(with(t.Context(), renewed[0]), "commit")
	require.NoError(t, err, "a renewed token leads to the same session")
	_, err = c.Client.Handshake(with(t.Context(), "Bearer forged"))
	require.NoError(t, err, "the stream opens")
}

func TestASecondLoginLeavesTheFirstAlone(t *testing.T) {
	f := start(t, limits.Limits{})
	first, c := f.login("ada")
	_, err := c.ExecuteUpdate(first, "begin")
	require.NoError(t, err)
	_, err = c.ExecuteUpdate(first, "write of the first")
	require.NoError(t, err)

	second, err := c.Client.AuthenticateBasicToken(t.Context(), "ada", "lovelace")
	require.NoError(t, err)
	_, err = c.ExecuteUpdate(second, "commit")
	requireStatus(t, err, codes.FailedPrecondition, "25P01")
	_, err = c.ExecuteUpdate(second, "write of the second")
	require.NoError(t, err)
	require.Equal(t, []string{"of the second"}, f.door.log(), "the second login shares the first's transaction")

	_, err = c.ExecuteUpdate(first, "commit")
	require.NoError(t, err)
	require.Equal(t, []string{"of the second", "of the first"}, f.door.log())
	require.Equal(t, 2, f.server.Sessions())
}

func TestATokenFromAHandshakeIsOneClientOnEveryConnection(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	_, err := c.ExecuteUpdate(ctx, "begin")
	require.NoError(t, err)
	_, err = f.connect().ExecuteUpdate(ctx, "commit")
	require.NoError(t, err)
}

func TestASharedPasswordIsAClientOfEachConnection(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx := with(t.Context(), basic("ada", "lovelace"))
	first, second := f.connect(), f.connect()
	for _, c := range []*flightsql.Client{first, second} {
		_, err := c.Execute(ctx, "write x")
		require.NoError(t, err)
	}
	require.Equal(t, 2, f.server.Sessions())
}

func TestACookieIsOneClientOnEveryConnection(t *testing.T) {
	f := start(t, limits.Limits{})
	jar := flight.NewClientCookieMiddleware()
	ctx := with(t.Context(), basic("ada", "lovelace"))
	c := f.connect(jar)
	_, err := c.Execute(ctx, "rows 1") // the answer brings the cookie
	require.NoError(t, err)
	_, err = c.Execute(ctx, "begin")
	require.NoError(t, err)
	_, err = c.Execute(ctx, "write x")
	require.NoError(t, err)
	require.Equal(t, 1, f.server.Sessions(), "the cookie leads back to the session that gave it")
	_, err = f.connect(jar).ExecuteUpdate(ctx, "commit")
	require.NoError(t, err)
	require.Equal(t, []string{"x"}, f.door.log())
	bob := with(t.Context(), basic("bob", "secret"))
	_, err = f.connect(jar).ExecuteUpdate(bob, "write y")
	requireStatus(t, err, codes.FailedPrecondition, "08003")
	_, err = f.connect(jar).ExecuteUpdate(bob, "write y")
	require.NoError(t, err)
	require.Equal(t, 2, f.server.Sessions(), "another user's cookie gives no session")
}

func TestASessionEndsWithItsConnection(t *testing.T) {
	f := start(t, limits.Limits{})
	c, err := flight.NewClientWithMiddleware(f.address, nil, nil,
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	stream, err := c.ListActions(with(t.Context(), basic("ada", "lovelace")), &flight.Empty{})
	require.NoError(t, err)
	_, err = stream.Recv()
	require.NoError(t, err)
	require.Equal(t, 1, f.server.Sessions())
	require.NoError(t, c.Close())
	require.Eventually(t, func() bool { return f.server.Sessions() == 0 && f.door.sessions() == 0 },
		10*time.Second, time.Millisecond)
}

// It uses GetFlightInfo, whose call is over when its answer comes: DoPut's answer comes before the call's end, which is
// when its session begins to idle.
func TestIdleSessionsAreEvicted(t *testing.T) {
	f := start(t, limits.Limits{Sessions: 2})
	ada, c := f.login("ada")
	_, err := c.Execute(ada, "begin")
	require.NoError(t, err)
	bob, d := f.login("bob")
	_, err = d.Execute(bob, "write x")
	require.NoError(t, err)
	third, e := f.login("ada")
	_, err = e.Execute(third, "write y")
	requireStatus(t, err, codes.ResourceExhausted, "53300")

	f.clock.move(limits.Defaults().SessionIdle / 2)
	_, err = d.Execute(bob, "write x")
	require.NoError(t, err)
	f.clock.move(limits.Defaults().SessionIdle/2 + time.Second)
	_, err = e.Execute(third, "write y")
	require.NoError(t, err, "the idle session gives way")
	require.Equal(t, 2, f.door.sessions())
	_, err = c.Execute(ada, "commit")
	requireStatus(t, err, codes.FailedPrecondition, "08003")
	_, err = c.Execute(ada, "commit")
	requireStatus(t, err, codes.ResourceExhausted, "53300")
	f.clock.move(2 * limits.Defaults().SessionIdle)
	f.server.clients.sweep()
	require.Zero(t, f.door.sessions())
}

func TestATokenThatWasRevokedEndsItsSession(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	_, err := c.ExecuteUpdate(ctx, "write x")
	require.NoError(t, err)
	f.door.mu.Lock()
	clear(f.door.tokens)
	f.door.mu.Unlock()
	_, err = c.Execute(ctx, "write y")
	requireStatus(t, err, codes.Unauthenticated, "28000")
	require.Equal(t, []string{"x"}, f.door.log())
}

// The client must hear of it: its transaction is gone, and what it sends next must not be committed by itself.
func TestASessionOfNoUseIsAnErrorAndThenOpenedAnew(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	_, err := c.ExecuteUpdate(ctx, "write x")
	require.NoError(t, err)
	f.door.mu.Lock()
	clear(f.door.open)
	f.door.mu.Unlock()
	_, err = c.ExecuteUpdate(ctx, "write in a transaction that is gone")
	requireStatus(t, err, codes.FailedPrecondition, "08003")
	require.ErrorContains(t, err, "the session is closed")
	_, err = c.ExecuteUpdate(ctx, "write y")
	require.NoError(t, err)
	require.Equal(t, 1, f.door.sessions())
	require.Equal(t, []string{"x", "y"}, f.door.log())

	f.door.mu.Lock()
	clear(f.door.open)
	clear(f.door.tokens)
	f.door.mu.Unlock()
	_, err = c.ExecuteUpdate(ctx, "write z")
	requireStatus(t, err, codes.Unauthenticated, "28000")
	f.server.clients.sweep()
	require.Zero(t, f.server.Sessions())
}

func TestSessionOptions(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	set := func(options map[string]any) map[string]*flight.SetSessionOptionsResultError {
		values, err := flight.NewSessionOptionValues(options)
		require.NoError(t, err)
		result, err := c.SetSessionOptions(ctx, &flight.SetSessionOptionsRequest{SessionOptions: values})
		require.NoError(t, err)
		return result.GetErrors()
	}
	require.Empty(t, set(map[string]any{"catalog": "micodb", "schema": "shop"}))
	got, err := c.GetSessionOptions(ctx, &flight.GetSessionOptionsRequest{})
	require.NoError(t, err)
	require.Equal(t, "shop", got.GetSessionOptions()["schema"].GetStringValue())
	require.Equal(t, "micodb", got.GetSessionOptions()["catalog"].GetStringValue())

	refused := set(map[string]any{"catalog": "other", "schema": "nowhere", "color": "red"})
	require.Equal(t, flight.SetSessionOptionsResultErrorInvalidValue, refused["catalog"].GetValue())
	require.Equal(t, flight.SetSessionOptionsResultErrorInvalidValue, refused["schema"].GetValue())
	require.Equal(t, flight.SetSessionOptionsResultErrorInvalidName, refused["color"].GetValue())
	refused = set(map[string]any{"schema": int64(3)})
	require.Equal(t, flight.SetSessionOptionsResultErrorInvalidValue, refused["schema"].GetValue())

	closed, err := c.CloseSession(ctx, &flight.CloseSessionRequest{})
	require.NoError(t, err)
	require.Equal(t, flight.CloseSessionResultClosed, closed.GetStatus())
	require.Zero(t, f.door.sessions())
	_, err = c.GetSessionOptions(ctx, &flight.GetSessionOptionsRequest{})
	requireStatus(t, err, codes.Unauthenticated, "28000")
}

func TestCloseSessionLeavesSharedCredentialsAlone(t *testing.T) {
	f := start(t, limits.Limits{})
	login, err := f.door.Login(t.Context(), session.Credentials{
		Method: session.Password, Username: "ada", Secret: "lovelace", Door: metrics.JSON,
	})
	require.NoError(t, err)
	for _, header := range []string{basic("ada", "lovelace"), "Bearer " + login.Token} {
		ctx := with(t.Context(), header)
		c, other := f.connect(flight.NewClientCookieMiddleware()), f.connect(flight.NewClientCookieMiddleware())
		for _, each := range []*flightsql.Client{c, other} {
			_, err = each.Execute(ctx, "rows 1")
			require.NoError(t, err)
			_, err = each.ExecuteUpdate(ctx, "begin")
			require.NoError(t, err)
		}
		_, err = c.CloseSession(ctx, &flight.CloseSessionRequest{})
		require.NoError(t, err)
		_, err = c.ExecuteUpdate(ctx, "commit")
		requireStatus(t, err, codes.FailedPrecondition, "25P01")
		_, err = other.ExecuteUpdate(ctx, "commit")
		require.NoError(t, err)
	}
}

func TestAHeaderChoosesTheDatabase(t *testing.T) {
	f := start(t, limits.Limits{})
	for _, header := range []string{"database", "schema"} {
		ctx := metadata.AppendToOutgoingContext(with(t.Context(), basic("ada", "lovelace")), header, "shop")
		got, err := f.connect().GetSessionOptions(ctx, &flight.GetSessionOptionsRequest{})
		require.NoError(t, err)
		require.Equal(t, "shop", got.GetSessionOptions()["schema"].GetStringValue())
	}
	ctx := metadata.AppendToOutgoingContext(with(t.Context(), basic("ada", "lovelace")), "database", "nowhere")
	_, err := f.connect().Execute(ctx, "rows 1")
	requireStatus(t, err, codes.NotFound, "3D000")
}

func TestManyClientsAtOnce(t *testing.T) {
	f := start(t, limits.Limits{})
	var wait sync.WaitGroup
	for range 8 {
		ctx, c := f.login("ada")
		for range 4 {
			wait.Go(func() {
				for range 10 {
					info, err := c.Execute(ctx, "rows 100")
					if err == nil {
						_, err = fetch(ctx, c, info)
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wait.Wait()
	require.Equal(t, 8, f.server.Sessions())
}
