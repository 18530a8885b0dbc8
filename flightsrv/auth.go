package flightsrv

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
)

const (
	authorizationHeader = "authorization"
	cookieName          = "micodb_session"
	maxCookieBytes      = 64
)

// caller is what the headers of a call say about who calls.
type caller struct {
	credentials session.Credentials
	secret      string // fingerprint of the credentials, or the login of a token
	cookie      string
	key         string
	named       bool // key is the caller's alone, on whatever connection
	connection  uint64
	adbc        bool
}

// knownByCredentials lets what the headers say tell callers apart.
func (c *caller) knownByCredentials() {
	c.secret = fingerprint(c.credentials)
	if c.cookie != "" {
		c.key = "cookie " + c.cookie + c.secret
		return
	}
	c.key = "connection " + strconv.FormatUint(c.connection, 10) + c.secret
}

// knownBy lets the login of a token, which was checked, tell callers apart: a renewed token leads to the same session.
// A token that a handshake gave to one client is that client, on whatever connection.
func (c *caller) knownBy(p session.Proof) {
	c.secret = "login " + p.ID
	switch {
	case c.cookie != "":
		c.key = "cookie " + c.cookie + c.secret
	case p.OneClient:
		c.key, c.connection, c.named = c.secret, 0, true
	default:
		c.key = "connection " + strconv.FormatUint(c.connection, 10) + c.secret
	}
}

// identify reads the headers of a call. By what the caller is known is said afterwards.
func identify(ctx context.Context) (caller, error) {
	header := func(name string) []string { return metadata.ValueFromIncomingContext(ctx, name) }
	credentials, err := readAuthorization(header(authorizationHeader))
	if err != nil {
		return caller{}, err
	}
	credentials.Address = addressOf(ctx)
	credentials.Door = metrics.Flight
	for _, name := range databaseHeaders() {
		if values := header(name); len(values) > 0 && credentials.Database == "" {
			credentials.Database = values[0]
		}
	}
	who := caller{
		credentials: credentials, cookie: readCookie(header("cookie")), adbc: isADBC(header("user-agent")),
	}
	if who.cookie != "" {
		who.named = true
		return who, nil
	}
	connection, err := connectionOf(ctx)
	if err != nil {
		return caller{}, err
	}
	who.connection = connection.number
	return who, nil
}

// addressOf returns from where a call comes, or nothing.
func addressOf(ctx context.Context) string {
	if c, err := connectionOf(ctx); err == nil {
		return c.ends.remote
	}
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		return p.Addr.String()
	}
	return ""
}

// databaseHeaders choose where a new session starts. The JDBC driver sends the parameters of its URL that it does
// not know as headers.
func databaseHeaders() []string { return []string{"database", "schema"} }

// readAuthorization accepts Basic, with a token or an API key in the password's place too, Bearer with
// either, and none at all, which only
// a server without authentication accepts later.
func readAuthorization(values []string) (session.Credentials, error) {
	if len(values) == 0 {
		return session.Credentials{Method: session.Anonymous}, nil
	}
	scheme, value, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
	value = strings.TrimLeft(value, " ")
	switch {
	case strings.EqualFold(scheme, "Bearer") && authz.LooksLikeKey(value):
		return session.Credentials{Method: session.APIKey, Secret: value}, nil
	case strings.EqualFold(scheme, "Bearer") && value != "":
		return session.Credentials{Method: session.Token, Secret: value}, nil
	case strings.EqualFold(scheme, "Basic"):
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
		user, password, found := strings.Cut(string(raw), ":")
		if err != nil || !found {
			return session.Credentials{}, sqlerr.New(sqlerr.InvalidAuthorization,
				"the authorization header is not Basic with base64 of user:password")
		}
		if authz.LooksLikeKey(password) {
			return session.Credentials{Method: session.APIKey, Username: user, Secret: password}, nil
		}
		if looksLikeToken(password) {
			return session.Credentials{Method: session.Token, Username: user, Secret: password}, nil
		}
		return session.Credentials{Method: session.Password, Username: user, Secret: password}, nil
	}
	return session.Credentials{}, sqlerr.New(sqlerr.InvalidAuthorization,
		"the authorization header is neither Basic nor Bearer")
}

// looksLikeToken knows a JWT by its form: three parts, the first being base64 of a JSON object.
func looksLikeToken(s string) bool { return strings.HasPrefix(s, "eyJ") && strings.Count(s, ".") == 2 }

func readCookie(lines []string) string {
	for _, line := range lines {
		cookies, err := http.ParseCookie(line)
		if err != nil {
			continue // other people's cookies are none of our business
		}
		for _, c := range cookies {
			if c.Name == cookieName && len(c.Value) <= maxCookieBytes {
				return c.Value
			}
		}
	}
	return ""
}

// fingerprint stands for credentials in maps and keys, so that no secret does.
func fingerprint(c session.Credentials) string {
	h := sha256.New()
	h.Write([]byte{byte(c.Method)})
	h.Write([]byte(strconv.Itoa(len(c.Username)) + " " + c.Username + c.Secret))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// clientKey is where a call's context carries its client.
type clientKey struct{}

func clientOf(ctx context.Context) (*client, error) {
	if c, ok := ctx.Value(clientKey{}).(*client); ok {
		return c, nil
	}
	return nil, sqlerr.New(sqlerr.InternalError, "a call reached its handler without a session")
}

// welcome authenticates a call, and tells its connection how that went.
func (s *Server) welcome(ctx context.Context) (*client, error) {
	connection, err := connectionOf(ctx)
	if err != nil {
		return nil, err
	}
	answered := connection.ask()
	c, err := s.authenticate(ctx)
	_, known := errors.AsType[*lost](err)
	answered(err == nil || known)
	return c, err
}

// authenticate finds or opens the caller's session: a *lost when it had one and was not told yet that it has none. The
// caller releases the client.
func (s *Server) authenticate(ctx context.Context) (*client, error) {
	who, err := identify(ctx)
	if err != nil {
		return nil, err
	}
	login := session.Proof{}
	if who.credentials.Method == session.Token {
		p, err := s.door.Authenticate(ctx, who.credentials)
		if err != nil {
			return nil, err
		}
		login = p.Proof
	}
	if login.ID != "" {
		who.knownBy(login)
	} else {
		who.knownByCredentials()
	}
	who.credentials.Nameless = !who.named
	open := s.opener(who.credentials)
	c, err := s.clients.acquire(ctx, who, open)
	if errors.Is(err, errLost) {
		if who.credentials.Method != session.Token { // tokens were checked
			if _, err := s.door.Authenticate(ctx, who.credentials); err != nil {
				return nil, err
			}
		}
		return nil, &lost{who: who, open: open, told: sessionLost("is lost")}
	}
	if err != nil {
		return nil, err
	}
	if err := c.session.Valid(); err != nil { // the next call may begin anew
		s.clients.release(c)
		s.clients.end(c)
		if !who.named {
			return nil, err
		}
		return nil, &lost{who: who, open: open, told: sessionLost("is lost (" + sqlerr.From(err).Message + ")")}
	}
	if who.cookie == "" {
		if err := setCookie(ctx, c.cookie); err != nil {
			s.clients.release(c)
			return nil, err
		}
	}
	return c, nil
}

// opener opens a session.
type opener func(context.Context) (session.Session, error)

func (s *Server) opener(credentials session.Credentials) opener {
	return func(ctx context.Context) (opened session.Session, err error) {
		err = s.guard(ctx, func() (err error) {
			opened, err = s.door.Open(ctx, credentials)
			return err
		})
		return opened, err
	}
}

func setCookie(ctx context.Context, value string) error {
	return grpc.SetHeader(ctx, metadata.Pairs("set-cookie", cookieName+"="+value))
}

// Handshake logs a user in: the bearer token comes back in the authorization header and trailer, since clients
// look for it in either. A client that holds a token may hand it in too, and gets a renewed one, which leads to the
// same session; the one that it held is good until it expires.
func (f *service) Handshake(stream flight.FlightService_HandshakeServer) error {
	connection, err := connectionOf(stream.Context())
	if err != nil {
		return err
	}
	answered := connection.ask()
	err = f.handshake(stream)
	answered(err == nil)
	return err
}

func (f *service) handshake(stream flight.FlightService_HandshakeServer) error {
	ctx := stream.Context()
	who, err := identify(ctx)
	if err != nil {
		return err
	}
	token := who.credentials.Secret
	var login *session.Login
	switch who.credentials.Method {
	case session.Password, session.Token:
		issued, err := f.server.door.Login(ctx, who.credentials)
		if err != nil {
			return err
		}
		login, token = &issued, issued.Token
	case session.APIKey, session.Anonymous:
		if _, err := f.server.door.Authenticate(ctx, who.credentials); err != nil {
			return err
		}
	}
	answer := metadata.MD{}
	if token != "" {
		answer.Set(authorizationHeader, "Bearer "+token)
	}
	stream.SetTrailer(answer.Copy())
	cookie := who.cookie
	if cookie == "" {
		cookie = rand.Text()
		answer.Set("set-cookie", cookieName+"="+cookie)
	}
	f.server.clients.expect(newNames(who, cookie, login)...)
	return stream.SendHeader(answer) // and no message: clients read on until the trailer
}
