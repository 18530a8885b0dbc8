package authz_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/internal/sqlerr"
)

// clock is a time that a test sets.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func openAt(t *testing.T, store authz.Store, c *clock) *authz.Directory {
	t.Helper()
	tokens, err := authz.NewTokens([]byte(secret), c.now)
	require.NoError(t, err)
	d, err := authz.Open(t.Context(), authz.Options{Store: store, Tokens: tokens, Now: c.now})
	require.NoError(t, err)
	return d
}

func byKey(d *authz.Directory, user, key string) (authz.Principal, error) {
	return d.Authenticate(context.Background(), authz.Attempt{Method: authz.APIKey, Username: user, Secret: key})
}

func TestAKeyIsItsUser(t *testing.T) {
	store, c, ctx := &memoryStore{}, &clock{time.Unix(1e9, 0)}, t.Context()
	d := openAt(t, store, c)
	require.NoError(t, d.CreateUser(ctx, "Ann", "a long password", "readonly"))
	require.NoError(t, d.CreateUser(ctx, "bob", "a long password"))
	key, err := d.CreateKey(ctx, "ANN", "Loader", time.Time{})
	require.NoError(t, err)
	require.True(t, authz.LooksLikeKey(key))
	require.Equal(t, sha256.Sum256([]byte(key)), store.state.Keys[0].Hash)
	require.NotContains(t, fmt.Sprint(store.state), key)

	for _, user := range []string{"", "ann", "ANN"} {
		p, err := byKey(d, user, key)
		require.NoError(t, err)
		require.True(t, p.Is(principal(t, d, "ann")))
		require.NoError(t, d.Valid(p))
	}
	wrong := []byte(key)
	wrong[len(wrong)-3] ^= 1
	for user, secret := range map[string]string{"bob": key, "": string(wrong), "ann": "", "x": key + "x"} {
		_, err := byKey(d, user, secret)
		requireCode(t, sqlerr.InvalidAuthorization, err)
		require.NotContains(t, err.Error(), key)
	}
	require.NoError(t, d.AlterUser(ctx, "ann", authz.Alteration{Password: "another password"}))
	_, err = byKey(d, "", key)
	require.NoError(t, err, "keys are no part of the password")

	d = openAt(t, store, c)
	_, err = byKey(d, "", key)
	require.NoError(t, err)
	p, err := byKey(d, "", key)
	require.NoError(t, err)
	require.NoError(t, d.DropKey(ctx, "ann", "loader"))
	requireCode(t, sqlerr.InvalidAuthorization, d.Valid(p))
	_, err = byKey(d, "", key)
	requireCode(t, sqlerr.InvalidAuthorization, err)
	requireCode(t, sqlerr.UndefinedObject, d.DropKey(ctx, "ann", "loader"))
}

func TestKeysExpire(t *testing.T) {
	c, ctx := &clock{time.Unix(1e9, 0)}, t.Context()
	d := openAt(t, &memoryStore{}, c)
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password"))
	key, err := d.CreateKey(ctx, "ann", "k", c.at.Add(time.Hour))
	require.NoError(t, err)
	c.at = c.at.Add(time.Hour - time.Nanosecond)
	p, err := byKey(d, "", key)
	require.NoError(t, err)
	require.NoError(t, d.Valid(p))
	c.at = c.at.Add(time.Nanosecond)
	requireCode(t, sqlerr.InvalidAuthorization, d.Valid(p))
	_, err = byKey(d, "", key)
	requireCode(t, sqlerr.InvalidAuthorization, err)
	require.ErrorContains(t, err, "expired")
	_, err = d.CreateKey(ctx, "ann", "late", c.at)
	requireCode(t, sqlerr.InvalidParameterValue, err)
}

func TestTheLastUseOfAKeyIsWrittenNowAndThen(t *testing.T) {
	store, c, ctx := &memoryStore{}, &clock{time.Unix(1e9, 0)}, t.Context()
	d := openAt(t, store, c)
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password"))
	key, err := d.CreateKey(ctx, "ann", "k", time.Time{})
	require.NoError(t, err)
	lastUse := func() time.Time {
		_, err := byKey(d, "", key)
		require.NoError(t, err)
		keys, err := d.Keys("ann")
		require.NoError(t, err)
		return keys[0].LastUsed
	}
	first := c.at.UTC()
	require.Equal(t, first, lastUse())
	c.at = c.at.Add(9 * time.Minute)
	require.Equal(t, first, lastUse())
	c.at = c.at.Add(time.Minute)
	require.Equal(t, c.at.UTC(), lastUse())
	c.at = c.at.Add(time.Hour)
	store.fail = sqlerr.New(sqlerr.DiskFull, "full")
	require.NotEqual(t, c.at.UTC(), lastUse(), "what can't be written keeps nobody out")
}

func TestWrongKeysAreDelayedAndGoodOnesAreNot(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	require.NoError(t, d.CreateUser(t.Context(), "ann", "a long password"))
	key, err := d.CreateKey(t.Context(), "ann", "k", time.Time{})
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		took := func(user, key string) (time.Duration, error) {
			start := time.Now()
			_, err := d.Authenticate(t.Context(), authz.Attempt{
				Method: authz.APIKey, Username: user, Secret: key, Address: "192.0.2.7",
			})
			return time.Since(start), err
		}
		var delays []time.Duration
		for range 7 {
			n, err := took("", "micodb_guessed")
			requireCode(t, sqlerr.InvalidAuthorization, err)
			delays = append(delays, n)
		}
		require.Equal(t, []time.Duration{
			0, 0, 0, 0, 250 * time.Millisecond, 500 * time.Millisecond, time.Second,
		}, delays)
		n, err := took("", key)
		require.NoError(t, err)
		require.Zero(t, n)
		n, err = took("bob", key) // somebody else's is a wrong one
		requireCode(t, sqlerr.InvalidAuthorization, err)
		require.Equal(t, 2*time.Second, n)
	})
}

func TestKeysAreChecked(t *testing.T) {
	store, ctx := &memoryStore{}, t.Context()
	d, _ := open(t, store)
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password"))
	require.NoError(t, d.CreateUser(ctx, "bob", "a long password"))
	create := func(user, name string) error {
		_, err := d.CreateKey(ctx, user, name, time.Time{})
		return err
	}
	require.NoError(t, create("ann", "k"))
	require.NoError(t, create("bob", "k"))
	requireCode(t, sqlerr.DuplicateObject, create("ann", "K"))
	requireCode(t, sqlerr.UndefinedObject, create("nobody", "k"))
	requireCode(t, sqlerr.InvalidParameterValue, create("ann", ""))
	for i := 1; i < authz.MaxKeysPerUser; i++ {
		require.NoError(t, create("ann", fmt.Sprint("k", i)))
	}
	requireCode(t, sqlerr.LimitExceeded, create("ann", "more"))
	require.NoError(t, d.DropUser(ctx, "ann"))
	keys, err := d.Keys("")
	require.NoError(t, err)
	require.Len(t, keys, 1)
	require.Equal(t, "bob", keys[0].User)
	_, err = d.Keys("ann")
	requireCode(t, sqlerr.UndefinedObject, err)
	require.Len(t, store.state.Keys, 1)
}
