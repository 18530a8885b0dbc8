package authz

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/micodb/micodb/internal/sqlerr"
)

// An API key is keyMark and 256 random bits in base64.
const (
	keyMark     = "micodb_"
	keyBytes    = 32
	keyTextSize = len(keyMark) + 43
)

// MaxKeysPerUser is how many API keys a user may have.
const MaxKeysPerUser = 100

// keyUseInterval is how often the last use of a key is written down: a commit for each use would cost more than most
// of what keys are used for.
const keyUseInterval = 10 * time.Minute

// keyPrefix is a piece of a key's hash, to find it by. How long the search takes tells something about the hash of
// what was tried, and so nothing about any key.
type keyPrefix [8]byte

// LooksLikeKey knows an API key by its form, so that it may stand where a password or a token does.
func LooksLikeKey(s string) bool {
	return len(s) == keyTextSize && strings.HasPrefix(s, keyMark)
}

// CreateKey makes an API key with which its holder is the user, until it is dropped or expires (zero: never). The
// key is in no other place than the answer. 42710 when the user has a key of that name, 42704 when there is no such
// user, 22023 when it would have expired already.
func (d *Directory) CreateKey(ctx context.Context, user, name string, expires time.Time) (secret string, err error) {
	name = fold(name)
	if err := checkName("an API key", name); err != nil {
		return "", err
	}
	created := d.now().UTC()
	if !expires.IsZero() && !expires.After(created) {
		return "", sqlerr.New(sqlerr.InvalidParameterValue, "the API key would have expired at %s",
			expires.UTC().Format(time.RFC3339))
	}
	raw := make([]byte, keyBytes)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	secret = keyMark + base64.RawURLEncoding.EncodeToString(raw)
	err = d.change(ctx, func(s *snapshot) (Change, error) {
		u, err := s.user(user)
		if err != nil {
			return Change{}, err
		}
		if _, exists := s.key(u.Name, name); exists {
			return Change{}, sqlerr.New(sqlerr.DuplicateObject, "user %q has an API key %q already", u.Name, name)
		}
		if len(s.keys[u.Name]) >= MaxKeysPerUser {
			return Change{}, sqlerr.New(sqlerr.LimitExceeded, "user %q has %d API keys, the most that are allowed",
				u.Name, MaxKeysPerUser).WithHint("drop some first")
		}
		return Change{PutKeys: []Key{{
			Name: name, User: u.Name, Hash: sha256.Sum256([]byte(secret)), Created: created, Expires: expires,
		}}}, nil
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// DropKey ends an API key: 42704 when the user has none of that name.
func (d *Directory) DropKey(ctx context.Context, user, name string) error {
	return d.change(ctx, func(s *snapshot) (Change, error) {
		u, err := s.user(user)
		if err != nil {
			return Change{}, err
		}
		k, ok := s.key(u.Name, fold(name))
		if !ok {
			return Change{}, sqlerr.New(sqlerr.UndefinedObject, "user %q has no API key %q", u.Name, fold(name))
		}
		return Change{DropKeys: []Key{k}}, nil
	})
}

// Keys returns the API keys of a user, or of everybody when user is empty, in order: 42704 when there is no such
// user.
func (d *Directory) Keys(user string) ([]Key, error) {
	s := d.state.Load()
	var keys []Key
	if user == "" {
		for _, of := range s.keys {
			keys = append(keys, of...)
		}
	} else {
		u, err := s.user(user)
		if err != nil {
			return nil, err
		}
		keys = slices.Clone(s.keys[u.Name])
	}
	slices.SortFunc(keys, func(a, b Key) int {
		if by := strings.Compare(a.User, b.User); by != 0 {
			return by
		}
		return strings.Compare(a.Name, b.Name)
	})
	return keys, nil
}

// key checks an API key. With a user name it must be that user's. A good one never waits: nobody guesses it, and
// who tries must not slow its holder down.
func (d *Directory) key(ctx context.Context, a Attempt) (Principal, error) {
	s := d.state.Load()
	k, ok := s.keyOf(sha256.Sum256([]byte(a.Secret)))
	if !ok || a.Username != "" && fold(a.Username) != k.User {
		if err := d.throttle.Wait(ctx, nobody, a.Address); err != nil {
			return Principal{}, err
		}
		d.throttle.Failed(nobody, a.Address)
		return Principal{}, sqlerr.New(sqlerr.InvalidAuthorization, "the API key is not valid")
	}
	if err := k.valid(d.now()); err != nil {
		return Principal{Username: k.User}, err
	}
	d.used(ctx, k)
	p := s.principal(s.users[k.User])
	p.key = k.Hash
	p.Proof = Proof{Method: APIKey, ID: k.Name, Since: k.Created, Expires: k.Expires}
	return p, nil
}

// valid fails for a key that has expired.
func (k Key) valid(now time.Time) error {
	if k.Expires.IsZero() || now.Before(k.Expires) {
		return nil
	}
	return sqlerr.New(sqlerr.InvalidAuthorization, "the API key has expired").
		WithHint("make another one with CREATE API KEY")
}

// used writes down when a key was last used. That this fails keeps nobody out.
func (d *Directory) used(ctx context.Context, k Key) {
	if d.now().Sub(k.LastUsed) < keyUseInterval {
		return
	}
	err := d.change(ctx, func(s *snapshot) (Change, error) {
		current, ok := s.key(k.User, k.Name)
		if !ok || current.Hash != k.Hash {
			return Change{}, nil // dropped meanwhile
		}
		current.LastUsed = d.now().UTC()
		return Change{PutKeys: []Key{current}}, nil
	})
	if err != nil {
		d.log.LogAttrs(ctx, slog.LevelWarn, "the last use of an API key was not written down",
			slog.String("user", k.User), slog.String("key", k.Name), slog.String("error", err.Error()))
	}
}
