package flightsrv

import (
	"context"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/micodb/micodb/internal/limits"
)

// lose ends all sessions, as a restart does.
func (f *fixture) lose() {
	f.server.clients.endAll(func(*client) bool { return true })
}

// byCookie returns a client that logged in by a handshake and keeps its cookie, and calls by its password.
func (f *fixture) byCookie() (context.Context, *flightsql.Client) {
	f.t.Helper()
	c := f.connect(flight.NewClientCookieMiddleware())
	_, err := c.Client.AuthenticateBasicToken(f.t.Context(), "ada", f.door.passwords["ada"])
	require.NoError(f.t, err)
	return with(f.t.Context(), basic("ada", f.door.passwords["ada"])), c
}

func TestALostSessionIsToldOnce(t *testing.T) {
	for name, login := range map[string]func(*fixture) (context.Context, *flightsql.Client){
		"token":  func(f *fixture) (context.Context, *flightsql.Client) { return f.login("ada") },
		"cookie": (*fixture).byCookie,
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, limits.Limits{})
			ctx, c := login(f)
			for _, sql := range []string{"begin", "write x"} {
				_, err := c.ExecuteUpdate(ctx, sql)
				require.NoError(t, err)
			}
			f.lose()
			_, err := c.ExecuteUpdate(ctx, "write in a transaction that is gone")
			requireStatus(t, err, codes.FailedPrecondition, "08003")
			require.ErrorContains(t, err, "begin the transaction again")
			require.Zero(t, f.server.Sessions())
			_, err = c.ExecuteUpdate(ctx, "write y")
			require.NoError(t, err)
			require.Equal(t, []string{"y"}, f.door.log())

			f.lose()
			_, err = c.Execute(ctx, "rows 1")
			requireStatus(t, err, codes.FailedPrecondition, "08003")
		})
	}
}

// Clients do not look at what these answer.
func TestFarewellsDoNotCountAsTold(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	first, err := c.Prepare(ctx, "rows 1")
	require.NoError(t, err)
	second, err := c.Prepare(ctx, "rows 1")
	require.NoError(t, err)
	info, err := first.Execute(ctx)
	require.NoError(t, err)
	f.lose()
	require.NoError(t, first.Close(ctx))
	for range 2 {
		_, err = c.CancelFlightInfo(ctx, &flight.CancelFlightInfoRequest{Info: info})
		requireStatus(t, err, codes.FailedPrecondition, "08003")
	}
	_, err = c.ExecuteUpdate(ctx, "write x")
	requireStatus(t, err, codes.FailedPrecondition, "08003")
	_, err = c.ExecuteUpdate(ctx, "write x")
	require.NoError(t, err)
	require.NoError(t, second.Close(ctx))

	_, forger := f.login("bob")
	third, err := c.Prepare(ctx, "rows 1")
	require.NoError(t, err)
	bob, err := forger.Client.AuthenticateBasicToken(t.Context(), "bob", f.door.passwords["bob"])
	require.NoError(t, err)
	requireStatus(t, third.Close(bob), codes.Unauthenticated, "28000")
}

func TestALostSessionIsClosedWithItsToken(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	_, err := c.ExecuteUpdate(ctx, "begin")
	require.NoError(t, err)
	f.lose()
	_, err = c.CloseSession(ctx, &flight.CloseSessionRequest{})
	require.NoError(t, err)
	require.Zero(t, f.server.Sessions())
	_, err = c.Execute(ctx, "rows 1")
	requireStatus(t, err, codes.Unauthenticated, "28000")
}

func TestARenewedTokenHidesNoLoss(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	_, err := c.ExecuteUpdate(ctx, "begin")
	require.NoError(t, err)
	f.lose()
	stream, err := c.Client.Handshake(ctx)
	require.NoError(t, err)
	require.NoError(t, stream.CloseSend())
	header, err := stream.Header()
	require.NoError(t, err)
	_, err = c.ExecuteUpdate(with(t.Context(), header.Get("authorization")[0]), "write x")
	requireStatus(t, err, codes.FailedPrecondition, "08003")
	require.Empty(t, f.door.log())
}

func TestANewLoginWithAnOldCookieIsExpected(t *testing.T) {
	f := start(t, limits.Limits{})
	jar := flight.NewClientCookieMiddleware()
	c := f.connect(jar)
	for range 2 {
		ctx, err := c.Client.AuthenticateBasicToken(t.Context(), "ada", f.door.passwords["ada"])
		require.NoError(t, err)
		_, err = c.ExecuteUpdate(ctx, "write x")
		require.NoError(t, err)
		_, err = f.connect().ExecuteUpdate(ctx, "write x") // the token without the cookie is another client
		require.NoError(t, err)
	}
}

func TestBeginNeedsAName(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx := with(t.Context(), basic("ada", "lovelace"))
	_, err := f.connect().ExecuteUpdate(ctx, "begin")
	requireStatus(t, err, codes.Unimplemented, "0A000")
	c := f.connect(flight.NewClientCookieMiddleware())
	_, err = c.Execute(ctx, "begin")
	requireStatus(t, err, codes.Unimplemented, "0A000")
	_, err = c.Execute(ctx, "begin") // the refusal brought the cookie
	require.NoError(t, err)
}

func TestOnlyWhoMayComeInIsTold(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx := metadata.AppendToOutgoingContext(t.Context(), "cookie", cookieName+"=made-up")
	for _, header := range []string{basic("ada", "wrong"), "Bearer forged"} {
		_, err := f.connect().Execute(with(ctx, header), "rows 1")
		requireStatus(t, err, codes.Unauthenticated, "28(000|P01)")
	}
	require.Zero(t, f.server.clients.expected.order.Len())
}

func TestASessionThatCannotBeOpenedIsExpectedStill(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	for range 2 {
		_, err := c.Execute(metadata.AppendToOutgoingContext(ctx, "database", "nowhere"), "rows 1")
		requireStatus(t, err, codes.NotFound, "3D000")
	}
	_, err := c.Execute(ctx, "rows 1")
	require.NoError(t, err)
}

func TestTheOldestNamesAreForgotten(t *testing.T) {
	e := newExpected()
	e.add(arrival{name: "first"})
	e.add(arrival{name: "second"})
	e.add(arrival{name: "first", again: true})
	for i := range limits.NamesExpected - 1 {
		e.add(arrival{name: strconv.Itoa(i)})
	}
	require.Equal(t, limits.NamesExpected, e.order.Len())
	require.Len(t, e.known, limits.NamesExpected)
	_, ok := e.take("second")
	require.False(t, ok)
	a, ok := e.take("second", "first")
	require.True(t, ok)
	require.True(t, a.again)
	_, ok = e.take("first")
	require.False(t, ok)
}
