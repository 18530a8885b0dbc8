package authz

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/micodb/micodb/internal/sqlerr"
)

// The cost of a password hash: the second of OWASP's equivalent argon2id settings.
const (
	argonMemoryKiB = 19 << 10
	argonPasses    = 2
	argonLanes     = 1
	saltBytes      = 16
	hashBytes      = 32
)

// The lengths that a password may have, in bytes.
const (
	MinPasswordBytes = 8
	MaxPasswordBytes = 1024
)

// hasher makes and checks password hashes, at most cap(slots) at a time: each takes 19 MiB while it works.
type hasher struct {
	slots   chan struct{}
	nobody  string // a hash that no password has, checked for users that do not exist
	entropy func([]byte)
}

func newHasher(parallel int) *hasher {
	h := &hasher{slots: make(chan struct{}, max(parallel, 1)), entropy: func(b []byte) { _, _ = rand.Read(b) }}
	noPassword := make([]byte, hashBytes)
	salt := make([]byte, saltBytes)
	h.entropy(noPassword)
	h.entropy(salt)
	h.nobody = format(salt, noPassword)
	return h
}

// Hash returns the self-describing PHC string of a password.
func (h *hasher) Hash(ctx context.Context, password string) (string, error) {
	switch n := len(password); {
	case n < MinPasswordBytes:
		return "", sqlerr.New(sqlerr.InvalidParameterValue, "the password has %d bytes, at least %d are needed",
			n, MinPasswordBytes)
	case n > MaxPasswordBytes:
		return "", sqlerr.New(sqlerr.InvalidParameterValue, "the password has %d bytes, at most %d are allowed",
			n, MaxPasswordBytes)
	}
	salt := make([]byte, saltBytes)
	h.entropy(salt)
	key, err := h.derive(ctx, password, salt, params{argonMemoryKiB, argonPasses, argonLanes})
	if err != nil {
		return "", err
	}
	return format(salt, key), nil
}

// Verify tells whether password has the hash; with an empty hash it takes as long and says no.
func (h *hasher) Verify(ctx context.Context, hash, password string) (bool, error) {
	exists := hash != ""
	if !exists {
		hash = h.nobody
	}
	p, salt, want, err := parse(hash)
	if err != nil {
		return false, err
	}
	if len(password) > MaxPasswordBytes {
		password = "" // no such password was ever accepted
	}
	got, err := h.derive(ctx, password, salt, p)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && exists, nil
}

func (h *hasher) derive(ctx context.Context, password string, salt []byte, p params) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, p.passes, p.memoryKiB, p.lanes, hashBytes), nil
}

// params are the costs that a hash was made with.
type params struct {
	memoryKiB, passes uint32
	lanes             uint8
}

func format(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		argonMemoryKiB, argonPasses, argonLanes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// parse takes a PHC string apart. The costs are bounded, so that a damaged table can't ask for all memory.
func parse(hash string) (params, []byte, []byte, error) { //nolint:revive // the three parts of a hash
	bad := sqlerr.New(sqlerr.DataCorrupted, "a stored password hash is damaged").
		WithHint("set the password anew with ALTER USER … IDENTIFIED BY …")
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return params{}, nil, nil, bad
	}
	var p params
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memoryKiB, &p.passes, &p.lanes); n != 3 || err != nil {
		return params{}, nil, nil, bad
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return params{}, nil, nil, bad
	}
	key, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(key) != hashBytes || len(salt) < 8 ||
		p.memoryKiB < 8 || p.memoryKiB > 1<<20 || p.passes < 1 || p.passes > 64 || p.lanes < 1 {
		return params{}, nil, nil, bad
	}
	return p, salt, key, nil
}

// GeneratePassword returns a random password of 120 bits.
func GeneratePassword() string {
	b := make([]byte, 15)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}
