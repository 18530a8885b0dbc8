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

// The life of a token, and how far clocks may differ.
const (
	TokenLifetime = 24 * time.Hour
	tokenLeeway   = 30 * time.Second
)

// MinSecretBytes is the least length of the key that signs tokens: HS256 needs as many bits as its hash has.
const MinSecretBytes = 32

// claims are what a token says: the registered ones, the display name and the roles at login, and the epoch of
// the user's password, which revokes every token when the password changes.
type claims struct {
	jwt.RegisteredClaims

	Name  string   `json:"name"`
	Roles []string `json:"roles"`
	Epoch int64    `json:"epoch"`
}

// Tokens issues and checks the bearer tokens (JWT, HS256) of both doors. Safe for concurrent use.
type Tokens struct {
	secret []byte
	now    func() time.Time
	parser *jwt.Parser
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
		secret: append([]byte(nil), secret...),
		now:    now,
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

// Issue signs a token for a principal; epoch is the user's.
func (t *Tokens) Issue(p Principal, epoch int64) (token string, expires time.Time, err error) {
	now := t.now().UTC()
	expires = now.Add(TokenLifetime).Truncate(time.Second)
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails: crypto/rand ends the process instead
	c := claims{
		Name: p.DisplayName, Roles: append([]string{}, p.Roles...), Epoch: epoch,
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: p.Username, ID: base64.RawURLEncoding.EncodeToString(id),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
	}
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(t.secret)
	if err != nil {
		return "", time.Time{}, sqlerr.Wrap(err, sqlerr.InternalError, "the token could not be signed")
	}
	return token, expires, nil
}

// check returns what a token says: 28000 when it was not signed here, is over, or says too little.
func (t *Tokens) check(token string) (claims, error) {
	var c claims
	_, err := t.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.secret, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return claims{}, sqlerr.New(sqlerr.InvalidAuthorization, "the token has expired").WithHint("log in again")
	case err != nil || c.Subject == "" || strings.TrimSpace(c.ID) == "":
		return claims{}, sqlerr.New(sqlerr.InvalidAuthorization, "the token is not valid").WithHint("log in again")
	}
	return c, nil
}
