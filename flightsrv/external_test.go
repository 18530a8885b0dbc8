package flightsrv

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/micodb/micodb/internal/limits"
)

// infoOf wraps a ticket that another door handed out.
func infoOf(ticket []byte) *flight.FlightInfo {
	return &flight.FlightInfo{Endpoint: []*flight.FlightEndpoint{{Ticket: &flight.Ticket{Ticket: ticket}}}}
}

func TestATicketCarriesAQueryForItsUserAlone(t *testing.T) {
	f := start(t, limits.Limits{})
	ada, c := f.login("ada")
	bob, d := f.login("bob")
	ticket, err := f.server.QueryTicket("ada", ExternalQuery{Database: "main", SQL: "rows 7"})
	require.NoError(t, err)
	records, err := fetch(ada, c, infoOf(ticket))
	require.NoError(t, err)
	require.Equal(t, int64(7), countRows(records))
	_, err = fetch(bob, d, infoOf(ticket))
	requireStatus(t, err, codes.Unauthenticated, "28000")

	for sql, state := range map[string]string{"write one": "0A000", "take 1": "0A000", "nonsense": "42601"} {
		ticket, err := f.server.QueryTicket("ada", ExternalQuery{Database: "main", SQL: sql})
		require.NoError(t, err)
		_, err = fetch(ada, c, infoOf(ticket))
		require.ErrorContains(t, err, state)
	}
	require.Empty(t, f.door.log(), "nothing was written")

	_, err = f.server.QueryTicket("ada", ExternalQuery{SQL: strings.Repeat("x", limits.TicketQueryBytes)})
	require.ErrorContains(t, err, "a ticket carries at most")
}
