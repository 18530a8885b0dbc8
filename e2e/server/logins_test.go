package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/micodb/micodb/e2e/harness"
)

// works tells whether a token opens the JSON port.
func works(t *testing.T, s *harness.Server, token string) bool {
	t.Helper()
	a := ask(t, dialJSON(t, s), `{"command":"sql","db_name":"main","query":"SELECT 1","auth_method":"jwt","token":"`+token+`"}`)
	return a[0].Status == "ok"
}

func TestALoginIsRenewedAndEndsWithItsLogout(t *testing.T) {
	s := harness.Start(t)
	first := ask(t, dialJSON(t, s), loginLine)[0].Token
	renewed := ask(t, dialJSON(t, s), `{"command":"login","db_name":"main","auth_method":"jwt","token":"`+first+`"}`)[0].Token
	other := ask(t, dialJSON(t, s), loginLine)[0].Token
	require.True(t, works(t, s, renewed))

	c, err := flightsql.NewClient(s.Flight, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer c.Close()
	bearer := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+first)
	_, err = c.Execute(bearer, "SELECT 1")
	require.NoError(t, err)
	own, err := c.Client.AuthenticateBasicToken(t.Context(), "admin", harness.Password)
	require.NoError(t, err)
	_, err = c.Execute(own, "SELECT 1")
	require.NoError(t, err)

	out := ask(t, dialJSON(t, s), `{"command":"logout","db_name":"main","auth_method":"jwt","token":"`+renewed+`"}`,
		`{"command":"logout","db_name":"main","auth_method":"jwt","token":"`+renewed+`"}`)
	require.Equal(t, "ok", out[0].Status)
	require.Equal(t, "28000", out[1].Code)
	_, err = c.CloseSession(own, &flight.CloseSessionRequest{})
	require.NoError(t, err)
	for range 2 {
		require.False(t, works(t, s, first))
		require.False(t, works(t, s, renewed))
		require.True(t, works(t, s, other))
		_, err = c.Execute(bearer, "SELECT 1")
		require.ErrorContains(t, err, "28000")
		_, err = c.Execute(own, "SELECT 1")
		require.ErrorContains(t, err, "28000")
		s.Kill()
		s.Start()
		c, err = flightsql.NewClient(s.Flight, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
		require.NoError(t, err)
		defer c.Close()
	}
}

// Whoever tries tickets is as noteworthy as who tries passwords.
func TestAForgedTicketIsInTheAuditLog(t *testing.T) {
	s := harness.Start(t)
	c, err := flightsql.NewClient(s.Flight, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer c.Close()
	ctx, err := c.Client.AuthenticateBasicToken(t.Context(), "admin", harness.Password)
	require.NoError(t, err)
	info, err := c.Execute(ctx, "SELECT 1")
	require.NoError(t, err)
	require.NotContains(t, s.Log(), "ticket refused")
	ticket := info.GetEndpoint()[0].GetTicket()
	ticket.Ticket[len(ticket.GetTicket())-1]++
	_, err = c.DoGet(ctx, ticket)
	require.ErrorContains(t, err, "28000")
	require.Eventually(t, func() bool {
		return strings.Contains(s.Log(), `"ticket refused" audit=true user=admin address=127.0.0.1:`)
	}, patience, 20*time.Millisecond)
}
