package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"
)

const bearer = "Bearer "

// identity is as whom a connection calls.
type identity struct {
	secret string    // token or API key, empty without a login
	lent   bool      // a token that another client got: it is not the connection's to log out
	ends   time.Time // of the token; zero: not known
	renew  time.Time // when to renew it; zero: never
}

// sign adds the login to a call.
func (i identity) sign(ctx context.Context) context.Context {
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

func (c *Conn) login(ctx context.Context, as Credentials) error {
	switch {
	case as.Token != "":
		c.become(identityOf(as.Token))
	case as.APIKey != "":
		c.become(identity{secret: as.APIKey})
	case as.Username != "":
		i, err := c.handshake(ctx, as.Username, as.Password)
		if err != nil {
			return err
		}
		i.lent = false
		c.become(i)
	default:
		c.become(identity{})
	}
	return nil
}

// handshake trades a password, or a token in its place, for a token.
func (c *Conn) handshake(ctx context.Context, user, password string) (identity, error) {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	logged, err := c.sql.Client.AuthenticateBasicToken(inner, user, password)
	if err != nil {
		return identity{}, failed(ctx, err)
	}
	md, _ := metadata.FromOutgoingContext(logged)
	values := md.Get("authorization")
	if len(values) == 0 {
		return identity{}, nil // a server without logins
	}
	return identityOf(strings.TrimPrefix(values[len(values)-1], bearer)), nil
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
	renewed, err := c.handshake(ctx, "", old.secret)
	if err != nil || renewed.secret == "" {
		return old
	}
	renewed.lent = old.lent
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.identity.secret == old.secret {
		c.identity = renewed
	}
	return c.identity
}
