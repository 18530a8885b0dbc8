package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// The limits of a client. Those that Options name are defaults.
const (
	messageBytesMax   = 256 << 20 // of one message: the server's batches are far smaller, one row may be larger
	connectionsMax    = 10        // of a Client's pool
	idleUncheckedMax  = 10 * time.Second
	farewellMax       = 5 * time.Second // for what is told to a server that may be gone
	keepAliveTime     = time.Minute     // a silent connection with a call is pinged
	keepAliveTimeout  = 20 * time.Second
	tokenRemaining    = time.Minute // a connection whose token expires sooner is replaced
	renewalPause      = time.Minute // after one that failed
	retriesMax        = 10
	retryWaitFirst    = 5 * time.Millisecond
	retryWaitMax      = time.Second
	appendedRowsBatch = 8192
)

// DefaultPort is Flight SQL's port of a server that was told none.
const DefaultPort = "8815"

// Options say which server to talk to, and as whom.
type Options struct {
	// URL is grpc://host:port, or grpc+tls://host:port for TLS. It may hold more:
	// grpc://user:password@host:port/database, and ?token=… or ?api_key=… in place of the user. What stands in
	// another field wins.
	URL string
	// Username and Password log in. Without them, and without Token and APIKey, nobody does.
	Username, Password string
	// Token is a bearer token from an earlier login, in place of a password. It is renewed, and not logged out.
	Token string
	// APIKey is a key that CREATE API KEY has shown, in place of a password.
	APIKey string
	// Database is where names without a database are looked up; empty: main.
	Database string
	// TLS is used for grpc+tls; nil is the system's trust.
	TLS *tls.Config
	// ConnectionsMax is how many connections a Client opens at most; 0: 10.
	ConnectionsMax int
	// IdleUncheckedMax is how long a connection of a Client may idle and still be used without asking first
	// whether it works; 0: 10 seconds.
	IdleUncheckedMax time.Duration
}

// Credentials are one way to log in: a user with a password, a bearer token, or an API key.
type Credentials struct {
	Username, Password string
	Token              string
	APIKey             string
}

// ErrAddress is what NewClient and Open return for a URL that names no server, before they try to connect.
var ErrAddress = errors.New("no address of a server")

// target is what Options say in the end.
type target struct {
	url      string // without secrets, for messages
	address  string
	secure   credentials.TransportCredentials
	login    Credentials
	database string
}

// Check reads the options and connects nowhere: ErrAddress when they name no server.
func (o Options) Check() error {
	_, err := o.target()
	return err
}

func (o Options) target() (target, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" {
		return target{}, fmt.Errorf("%w: %q: write grpc://host:port, or grpc+tls://host:port",
			ErrAddress, withoutSecrets(o.URL))
	}
	t := target{url: u.Scheme + "://" + u.Host, address: u.Host, database: o.Database}
	switch u.Scheme {
	case "grpc", "grpc+tcp":
		t.secure = insecure.NewCredentials()
	case "grpc+tls":
		config := o.TLS
		if config == nil {
			config = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		t.secure = credentials.NewTLS(config)
	default:
		return target{}, fmt.Errorf("%w: %q starts with neither grpc:// nor grpc+tls://", ErrAddress, t.url)
	}
	if u.Port() == "" {
		t.address = net.JoinHostPort(u.Hostname(), DefaultPort)
	}
	if t.database == "" {
		t.database = strings.Trim(u.Path, "/")
	}
	t.login = Credentials{Username: o.Username, Password: o.Password, Token: o.Token, APIKey: o.APIKey}
	inURL, err := loginOf(u)
	if err != nil {
		return target{}, err
	}
	if t.login == (Credentials{}) {
		t.login = inURL
	}
	return t, nil
}

// loginOf reads the credentials that stand in a URL.
func loginOf(u *url.URL) (Credentials, error) {
	var c Credentials
	if u.User != nil {
		c.Username = u.User.Username()
		c.Password, _ = u.User.Password()
	}
	for name, values := range u.Query() {
		switch name {
		case "token":
			c.Token = values[0]
		case "api_key":
			c.APIKey = values[0]
		default:
			return c, fmt.Errorf("%w: the URL has the parameter %q; known are token and api_key", ErrAddress, name)
		}
	}
	return c, nil
}

// withoutSecrets cuts what may be a password out of a text that is no URL.
func withoutSecrets(s string) string {
	if i := strings.LastIndex(s, "@"); i >= 0 {
		s = "…" + s[i:]
	}
	s, _, _ = strings.Cut(s, "?")
	return s
}
