package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"
)

// Login logs in as somebody else: 28P01 or 28000 when the server does not let them in, and then nothing changes. The
// session begins anew.
func (c *Conn) Login(ctx context.Context, as Credentials) error {
	c.mu.Lock()
	bearer, ends := c.bearer, c.ends
	c.mu.Unlock()
	// The session belongs to the old login, and would stay until it idles out.
	_ = c.farewell(ctx, c.endSession)
	err := c.login(ctx, as)
	if err == nil {
		err = c.Ping(ctx)
	}
	if err != nil {
		c.become(bearer, ends)
	}
	return err
}

func (c *Conn) login(ctx context.Context, as Credentials) error {
	switch {
	case as.Token != "":
		c.become("Bearer "+as.Token, expiry(as.Token))
	case as.APIKey != "":
		c.become("Bearer "+as.APIKey, time.Time{})
	case as.Username != "":
		return c.handshake(ctx, as)
	default:
		c.become("", time.Time{})
	}
	return nil
}

// handshake trades a password for a token.
func (c *Conn) handshake(ctx context.Context, as Credentials) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	logged, err := c.sql.Client.AuthenticateBasicToken(inner, as.Username, as.Password)
	if err != nil {
		return failed(ctx, err)
	}
	md, _ := metadata.FromOutgoingContext(logged)
	if values := md.Get("authorization"); len(values) > 0 {
		bearer := values[len(values)-1]
		c.become(bearer, expiry(strings.TrimPrefix(bearer, "Bearer ")))
	}
	return nil
}

func (c *Conn) become(bearer string, ends time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bearer, c.ends = bearer, ends
	c.broken.Store(false)
}

// expiry reads when a JWT ends, without looking at its signature: the server does. Zero when that can't be told.
func expiry(token string) time.Time {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}
	}
	var claims struct {
		Expires int64 `json:"exp"`
	}
	if json.Unmarshal(raw, &claims) != nil || claims.Expires == 0 {
		return time.Time{}
	}
	return time.Unix(claims.Expires, 0)
}
