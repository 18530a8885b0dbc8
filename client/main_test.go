package client_test

import (
	"os"
	"testing"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
)

// server serves all tests that do not need one of their own; url, user and password are for the examples.
var (
	server              *harness.Server
	url, user, password string
)

func TestMain(m *testing.M) {
	os.Exit(harness.Shared(func(s *harness.Server) int {
		server, url, user, password = s, "grpc://"+s.Flight, "admin", harness.Password
		return m.Run()
	}))
}

// newClient returns a client of the shared server.
func newClient(t *testing.T, change ...func(*client.Options)) *client.Client {
	t.Helper()
	o := client.Options{URL: url, Username: user, Password: password}
	for _, f := range change {
		f(&o)
	}
	c, err := client.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
