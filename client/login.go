package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"
)

const bearer = "Bearer "

// identity is as whom a connection calls.
type identity struct {
	secret string    // token or API key, empty without a login
	cookie string    // by which the server knows the session
	lent   bool      // a token that another client got: it is not the connection's to log out
	ends   time.Time // of the token; zero: not known
	renew  time.Time // when to renew it; zero: never
}

// sign adds the login and the session to a call.
func (i identity) sign(ctx context.Context) context.Context {
	if i.cookie != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "cookie", i.cookie)
	}
	if i.secret == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", bearer+i.secret)
}

// identityOf reads the times of a token, without looking at its signature: the server does.
func identityOf(secret string) identity {
	i := identity{secret: secret}
	parts := strings.Split(secret, ".")
	if len(parts) != 3 {
		return i
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Issued    int64 `json:"iat"`
		Expires   int64 `json:"exp"`
		OneClient bool  `json:"one_client"`
	}
	if err != nil || json.Unmarshal(raw, &claims) != nil || claims.Expires <= claims.Issued {
		return i
	}
	i.ends = time.Unix(claims.Expires, 0)
	i.renew = time.Unix(claims.Issued+(claims.Expires-claims.Issued)/2, 0)
	i.lent = claims.OneClient
	return i
}

// Login logs in as somebody else: 28P01 or 28000 when the server does not let them in, and then nothing changes. The
// session begins anew.
func (c *Conn) Login(ctx context.Context, as Credentials) error {
	before := c.who(ctx)
	err := c.login(ctx, as)
	if err == nil {
		err = c.Ping(ctx)
	}
	after := before
	if err == nil {
		after = c.who(ctx)
		c.strayed.Store(false)
		if !before.lent && before.secret != "" {
			c.become(before)
			_ = c.farewell(ctx, c.endSession) // it would stay until it idles out
		}
	}
	c.become(after)
	return err
}

// login begins a session, whose cookie the server gives.
func (c *Conn) login(ctx context.Context, as Credentials) error {
	var i identity
	authorization := ""
	switch {
	case as.Token != "":
		i = identityOf(as.Token)
	case as.APIKey != "":
		i = identity{secret: as.APIKey}
	case as.Username != "":
		authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(as.Username+":"+as.Password))
	}
	if i.secret != "" {
		authorization = bearer + i.secret
	}
	answer, err := c.handshake(ctx, authorization)
	if err != nil {
		return err
	}
	if as.Token == "" && as.APIKey == "" {
		i = identityOf(answer.secret)
		i.lent = false
	}
	i.cookie = answer.cookie
	c.become(i)
	return nil
}

// handshake trades a password, or a token in its place, for a token and the cookie of a session.
func (c *Conn) handshake(ctx context.Context, authorization string) (identity, error) {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	if authorization != "" {
		inner = metadata.AppendToOutgoingContext(inner, "authorization", authorization)
	}
	stream, err := c.sql.Client.Handshake(inner)
	if err != nil {
		return identity{}, failed(ctx, err)
	}
	if err := stream.CloseSend(); err != nil {
		return identity{}, failed(ctx, err)
	}
	header, err := stream.Header()
	if err == nil {
		_, err = stream.Recv() // no message comes, but an end or an error
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return identity{}, failed(ctx, err)
	}
	answer := identity{}
	if values := header.Get("authorization"); len(values) > 0 { // a server without logins gives none
		answer = identityOf(strings.TrimPrefix(values[len(values)-1], bearer))
	}
	if values := header.Get("set-cookie"); len(values) > 0 {
		answer.cookie, _, _ = strings.Cut(values[len(values)-1], ";")
	}
	return answer, nil
}

func (c *Conn) become(i identity) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.identity = i
	c.broken.Store(false)
}

// who returns the login for a call, whose token it renews once half of its life is over. The session stays the same.
// While one call does so the others use the old token, and a renewal that fails is tried again later: what matters is
// said by the call itself.
func (c *Conn) who(ctx context.Context) identity {
	c.mu.Lock()
	old := c.identity
	due := !old.renew.IsZero() && time.Now().After(old.renew)
	if due {
		c.identity.renew = time.Now().Add(renewalPause)
	}
	c.mu.Unlock()
	if !due {
		return old
	}
	renewed, err := c.handshake(metadata.AppendToOutgoingContext(ctx, "cookie", old.cookie), bearer+old.secret)
	if err != nil || renewed.secret == "" {
		return old
	}
	renewed.lent, renewed.cookie = old.lent, old.cookie
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.identity.secret == old.secret {
		c.identity = renewed
	}
	return c.identity
}
