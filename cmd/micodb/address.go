package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
)

// secureScheme begins the Flight SQL address of a server with TLS.
const secureScheme = "grpc+tls://"

// lookUpFlight asks a server's JSON port for its Flight SQL address. The host stays the one that was asked: a server
// that listens on all addresses does not know by which it is reached.
func lookUpFlight(ctx context.Context, address string) (string, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", usage(fmt.Errorf("--address %s is not host:port", address))
	}
	c, err := dialJSON(ctx, address)
	if err != nil {
		return "", fmt.Errorf("--address: %w", err)
	}
	defer c.close() //nolint:errcheck // it was only asked
	if until, ok := ctx.Deadline(); ok {
		if err := c.conn.SetDeadline(until); err != nil {
			return "", err
		}
	}
	data, err := c.ask(map[string]string{"command": "endpoint"})
	if err != nil {
		return "", fmt.Errorf("--address %s does not tell its Flight SQL address "+
			"(with --json-tls it can't: use --url): %w", address, err)
	}
	var told struct {
		Endpoint string `json:"endpoint"`
	}
	if err := json.Unmarshal(data, &told); err != nil {
		return "", err
	}
	u, err := url.Parse(told.Endpoint)
	if err != nil {
		return "", err
	}
	u.Host = net.JoinHostPort(host, u.Port())
	return u.String(), nil
}
