package authz

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/micodb/micodb/internal/sqlerr"
)

// The life of a token, of a login whose token is renewed again and again, and how far clocks may differ.
const (
	TokenLifetime = 24 * time.Hour
	LoginLifetime = 30 * 24 * time.Hour
	tokenLeeway   = 30 * time.Second
)

// MinSecretBytes is the least length of the key that signs tokens: HS256 needs as many bits as its hash has.
const MinSecretBytes = 32

// claims are what a token says: the registered ones, the display name and the roles at login, when that login was,
// and the epoch of the user, a change of which revokes all tokens. The id (jti) is that of the login: a renewed token
// has the id of the one that it renews, so that to revoke the id is to revoke both.
type claims struct {
	jwt.RegisteredClaims

	Name      string           `json:"name"`
	Roles     []string         `json:"roles"`
	Epoch     int64            `json:"epoch"`
	AuthTime  *jwt.NumericDate `json:"auth_time,omitempty"`
	OneClient bool             `json:"one_client,omitempty"`
}

// Tokens issues and checks the bearer tokens (JWT, HS256) of both doors. Safe for concurrent use.
type Tokens struct {
	secret   []byte
	now      func() time.Time
	parser   *jwt.Parser
	verified *verified
}

// NewTokens returns the tokens of a secret: 22023 when it is too short. Without now it is
// time.Now that tells the time.
func NewTokens(secret []byte, now func() time.Time) (*Tokens, error) {
	if len(secret) < MinSecretBytes {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue,
			"the JWT secret has %d bytes, at least %d are needed", len(secret), MinSecretBytes).
			WithHint("make one with: openssl rand -base64 48")
	}
	if now == nil {
		now = time.Now
	}
	return &Tokens{
		secret:   append([]byte(nil), secret...),
		now:      now,
		verified: newVerified(),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(tokenLeeway), jwt.WithTimeFunc(now),
		),
	}, nil
}

// GenerateSecret returns a random secret of 256 bits as printable text.
func GenerateSecret() []byte {
	b := make([]byte, MinSecretBytes)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return []byte(base64.RawURLEncoding.EncodeToString(b))
}

// Issue signs a token for a principal; epoch is the user's. For a principal that has a token it is a renewed one of
// the same login: 28000 when that login is as old as logins get.
func (t *Tokens) Issue(p Principal, epoch int64) (token string, proof Proof, err error) {
	now := t.now().UTC().Truncate(time.Second)
	proof = p.Proof
	if proof.Method != Token {
		id := make([]byte, 16)
		_, _ = rand.Read(id) // never fails: crypto/rand ends the process instead
		proof.Method, proof.ID, proof.Since = Token, base64.RawURLEncoding.EncodeToString(id), now
	}
	proof.Expires = now.Add(TokenLifetime)
	if last := proof.Since.Add(LoginLifetime); last.Before(proof.Expires) {
		proof.Expires = last
	}
	if !proof.Expires.After(now) {
		return "", Proof{}, sqlerr.New(sqlerr.InvalidAuthorization,
			"the login is %d days old and its token is not renewed any more", int(LoginLifetime.Hours()/24)).
			WithHint("log in again")
	}
	proof.epoch = epoch
	c := claims{
		Name: p.DisplayName, Roles: append([]string{}, p.Roles...), Epoch: epoch,
		AuthTime: jwt.NewNumericDate(proof.Since), OneClient: proof.OneClient,
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: p.Username, ID: proof.ID,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(proof.Expires),
		},
	}
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(t.secret)
	if err != nil {
		return "", Proof{}, sqlerr.Wrap(err, sqlerr.InternalError, "the token could not be signed")
	}
	return token, proof, nil
}

// check returns whose a token is and what it proves: 28000 when it was not signed here, is over, or says too little.
// One that is over still says whose it was.
func (t *Tokens) check(token string) (user string, proof Proof, err error) {
	if known, ok := t.verified.find(token, t.now()); ok {
		return known.user, known.proof, nil
	}
	user, proof, err = t.parse(token)
	if err == nil {
		t.verified.add(token, saying{user: user, proof: proof})
	}
	return user, proof, err
}

func (t *Tokens) parse(token string) (user string, proof Proof, err error) {
	var c claims
	_, err = t.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.secret, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return c.Subject, Proof{}, tokenExpired()
	case err != nil || c.Subject == "" || c.IssuedAt == nil || strings.TrimSpace(c.ID) == "" || len(c.ID) > maxLoginID:
		return "", Proof{}, sqlerr.New(sqlerr.InvalidAuthorization, "the token is not valid").WithHint("log in again")
	}
	proof = Proof{
		Method: Token, ID: c.ID, OneClient: c.OneClient,
		Since: c.IssuedAt.UTC(), Expires: c.ExpiresAt.UTC(), epoch: c.Epoch,
	}
	if c.AuthTime != nil {
		proof.Since = c.AuthTime.UTC()
	}
	return c.Subject, proof, nil
}

// maxLoginID is the longest id of a login; those made here have 22 bytes.
const maxLoginID = 64

func tokenExpired() error {
	return sqlerr.New(sqlerr.InvalidAuthorization, "the token has expired").WithHint("log in again")
}
