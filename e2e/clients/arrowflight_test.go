package clients

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/micodb/micodb/e2e/harness"
)

// The JSON door answers a query with a ticket, and the Flight door gives its rows.
func TestAJSONQueryIsReadThroughFlight(t *testing.T) {
	s := harness.Start(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.JSON)
	require.NoError(t, err)
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	ask := func(request string) json.RawMessage {
		_, err := fmt.Fprintln(conn, request)
		require.NoError(t, err)
		require.True(t, lines.Scan())
		var answer struct {
			Status string
			Data   json.RawMessage
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &answer))
		require.Equal(t, "ok", answer.Status, "%s", answer.Data)
		return answer.Data
	}
	ask(`{"command":"login","db_name":"main","auth_method":"password","username":"admin","password":"` + harness.Password + `"}`)
	ask(`{"command":"create_database","db_name":"elsewhere"}`)
	ask(`{"command":"create_table","db_name":"elsewhere","table_name":"t","schema":[{"name":"i","type":"int32"}]}`)
	ask(`{"command":"append","db_name":"elsewhere","table_name":"t","rows":[{"i":1},{"i":2}]}`)
	var at struct{ Endpoint, Ticket string }
	require.NoError(t, json.Unmarshal(
		ask(`{"command":"sql","db_name":"elsewhere","format":"arrowflight","query":"SELECT SUM(i) AS s FROM t"}`), &at))
	ticket, err := base64.StdEncoding.DecodeString(at.Ticket)
	require.NoError(t, err)

	c, err := flightsql.NewClient(strings.TrimPrefix(at.Endpoint, "grpc://"), nil, nil,
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer c.Close()
	ctx, err := c.Client.AuthenticateBasicToken(t.Context(), "admin", harness.Password)
	require.NoError(t, err)
	rows, err := c.DoGet(ctx, &flight.Ticket{Ticket: ticket})
	require.NoError(t, err)
	defer rows.Release()
	require.True(t, rows.Next())
	require.Equal(t, int64(3), rows.RecordBatch().Column(0).(*array.Int64).Value(0))
	require.False(t, rows.Next())
	require.NoError(t, rows.Err())
}
