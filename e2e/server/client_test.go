package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
)

func TestAClientIsClosedTwiceAndAfterItsServer(t *testing.T) {
	s := harness.Start(t)
	open := func() *client.Conn {
		c, err := client.Open(t.Context(), client.Options{URL: "grpc://" + s.Flight, Username: "admin", Password: harness.Password})
		require.NoError(t, err)
		return c
	}
	twice, after := open(), open()
	require.NoError(t, twice.Close())
	require.NoError(t, twice.Close())
	_, err := after.Execute(t.Context(), "BEGIN")
	require.NoError(t, err)
	s.Kill()
	require.NoError(t, after.Close())
}
