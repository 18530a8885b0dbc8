package authz_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/internal/sqlerr"
)

func byToken(d *authz.Directory, token string) (authz.Principal, error) {
	return d.Authenticate(context.Background(), authz.Attempt{
		Method: authz.Token, Secret: token, Address: "192.0.2.1",
	})
}

// annAndBob opens a directory with two users.
func annAndBob(t *testing.T, store authz.Store, c *clock) *authz.Directory {
	t.Helper()
	d := openAt(t, store, c)
	for _, name := range []string{"ann", "bob"} {
		require.NoError(t, d.CreateUser(t.Context(), name, "a long password"))
	}
	return d
}

// enter logs in with a password and returns the token.
func enter(t *testing.T, d *authz.Directory, user string) string {
	t.Helper()
	p, err := login(d, user, "a long password")
	require.NoError(t, err)
	token, _, err := d.Issue(p)
	require.NoError(t, err)
	return token
}

func TestTokensExpire(t *testing.T) {
	c := &clock{time.Unix(1e9, 0)}
	d := annAndBob(t, &memoryStore{}, c)
	token := enter(t, d, "ann")
	c.at = c.at.Add(authz.TokenLifetime)
	p, err := byToken(d, token)
	require.NoError(t, err, "clocks may differ by some seconds")
	require.NoError(t, d.Valid(p))
	c.at = c.at.Add(31 * time.Second)
	_, err = byToken(d, token)
	requireCode(t, sqlerr.InvalidAuthorization, err)
	require.ErrorContains(t, err, "expired")
	requireCode(t, sqlerr.InvalidAuthorization, d.Valid(p))
	require.Empty(t, d.Logins(""))
}

func TestTokensAreRenewedForThirtyDays(t *testing.T) {
	c := &clock{time.Unix(1e9, 0)}
	d := annAndBob(t, &memoryStore{}, c)
	p, err := login(d, "ann", "a long password")
	require.NoError(t, err)
	p.Proof.OneClient = true
	token, first, err := d.Issue(p)
	require.NoError(t, err)
	renewals := 0
	for {
		c.at = c.at.Add(20 * time.Hour)
		p, err := byToken(d, token)
		if err != nil {
			break
		}
		var proof authz.Proof
		if token, proof, err = d.Issue(p); err != nil {
			requireCode(t, sqlerr.InvalidAuthorization, err)
			break
		}
		renewals++
		require.Equal(t, first.ID, proof.ID, "it is the same login")
		require.True(t, proof.OneClient)
		require.False(t, proof.Expires.After(first.Since.Add(authz.LoginLifetime)))
	}
	require.Equal(t, 35, renewals)
}

func TestARevokedLoginIsOverWithAllItsTokens(t *testing.T) {
	store, c := &memoryStore{}, &clock{time.Unix(1e9, 0)}
	d := annAndBob(t, store, c)
	old, other := enter(t, d, "ann"), enter(t, d, "ann")
	p, err := byToken(d, old)
	require.NoError(t, err)
	renewed, _, err := d.Issue(p)
	require.NoError(t, err)
	require.NoError(t, d.RevokeLogin(t.Context(), p.Proof.ID))
	check := func() {
		t.Helper()
		for _, token := range []string{old, renewed} {
			_, err := byToken(d, token)
			requireCode(t, sqlerr.InvalidAuthorization, err)
			require.ErrorContains(t, err, "revoked")
		}
		_, err := byToken(d, other)
		require.NoError(t, err)
	}
	check()
	requireCode(t, sqlerr.InvalidAuthorization, d.Valid(p))
	d = openAt(t, store, c)
	check()
}

func TestARevocationThatIsNotWrittenDownHoldsUntilARestart(t *testing.T) {
	store, c := &memoryStore{}, &clock{time.Unix(1e9, 0)}
	d := annAndBob(t, store, c)
	token := enter(t, d, "ann")
	p, err := byToken(d, token)
	require.NoError(t, err)
	store.fail = sqlerr.New(sqlerr.DiskFull, "the disk is full")
	requireCode(t, sqlerr.DiskFull, d.RevokeLogin(t.Context(), p.Proof.ID))
	_, err = byToken(d, token)
	requireCode(t, sqlerr.InvalidAuthorization, err)
}

func TestRevocationsAreForgottenOnceTheirTokensExpired(t *testing.T) {
	store, c := &memoryStore{}, &clock{time.Unix(1e9, 0)}
	d := annAndBob(t, store, c)
	revoke := func() string {
		t.Helper()
		token := enter(t, d, "ann")
		p, err := byToken(d, token)
		require.NoError(t, err)
		require.NoError(t, d.RevokeLogin(t.Context(), p.Proof.ID))
		return token
	}
	for range 3 {
		revoke()
	}
	c.at = c.at.Add(authz.TokenLifetime - time.Minute)
	late := revoke()
	require.Len(t, store.revoked, 4)
	c.at = c.at.Add(2 * time.Minute)
	d = openAt(t, store, c)
	revoke()
	require.Len(t, store.revoked, 2)
	_, err := byToken(d, late)
	requireCode(t, sqlerr.InvalidAuthorization, err)
}

func TestAllLoginsOfAUserAreRevokedAtOnce(t *testing.T) {
	store, c, ctx := &memoryStore{}, &clock{time.Unix(1e9, 0)}, t.Context()
	d := annAndBob(t, store, c)
	first, second, bobs := enter(t, d, "ann"), enter(t, d, "ann"), enter(t, d, "bob")
	key, err := d.CreateKey(ctx, "ann", "loader", time.Time{})
	require.NoError(t, err)
	require.NoError(t, d.RevokeLogins(ctx, "ANN"))
	requireCode(t, sqlerr.UndefinedObject, d.RevokeLogins(ctx, "nobody"))
	d = openAt(t, store, c)
	for _, token := range []string{first, second} {
		_, err := byToken(d, token)
		requireCode(t, sqlerr.InvalidAuthorization, err)
	}
	_, err = byToken(d, bobs)
	require.NoError(t, err)
	_, err = byKey(d, "ann", key)
	require.NoError(t, err, "keys are dropped one by one")
	_, err = byToken(d, enter(t, d, "ann"))
	require.NoError(t, err)
}

func TestLoginsAreListed(t *testing.T) {
	store, c := &memoryStore{}, &clock{time.Unix(1e9, 0)}
	d := annAndBob(t, store, c)
	token := enter(t, d, "bob")
	enter(t, d, "ann")
	c.at = c.at.Add(time.Hour)
	_, err := byToken(d, token)
	require.NoError(t, err)
	all := d.Logins("")
	require.Len(t, all, 2)
	require.Equal(t, "ann", all[0].User)
	require.Zero(t, all[0].LastUsed)
	require.Equal(t, "192.0.2.1", all[1].Address)
	require.Equal(t, c.at.UTC(), all[1].LastUsed)
	require.Equal(t, c.at.Add(23*time.Hour).UTC(), all[1].Expires)
	require.Equal(t, all[1:], d.Logins("BOB"))

	d = openAt(t, store, c)
	require.Empty(t, d.Logins(""), "they are known again once they are used")
	_, err = byToken(d, token)
	require.NoError(t, err)
	require.Len(t, d.Logins(""), 1)
	require.NoError(t, d.RevokeLogins(t.Context(), "bob"))
	require.Empty(t, d.Logins(""))
}

func TestWhatProvedAPrincipalMayCeaseToHold(t *testing.T) {
	c, ctx := &clock{time.Unix(1e9, 0)}, t.Context()
	d := annAndBob(t, &memoryStore{}, c)
	byPassword, err := login(d, "ann", "a long password")
	require.NoError(t, err)
	secret, err := d.CreateKey(ctx, "ann", "loader", c.at.Add(time.Hour))
	require.NoError(t, err)
	key, err := byKey(d, "", secret)
	require.NoError(t, err)
	require.NoError(t, d.Valid(byPassword))
	require.NoError(t, d.Valid(key))
	requireCode(t, sqlerr.InvalidAuthorization, d.Valid(authz.Principal{Username: "ann"}))

	require.NoError(t, d.AlterUser(ctx, "ann", authz.Alteration{Password: "another password"}))
	requireCode(t, sqlerr.InvalidAuthorization, d.Valid(byPassword))
	require.NoError(t, d.Valid(key))
	c.at = c.at.Add(time.Hour)
	requireCode(t, sqlerr.InvalidAuthorization, d.Valid(key))
	c.at = c.at.Add(-time.Minute)
	require.NoError(t, d.DropKey(ctx, "ann", "loader"))
	requireCode(t, sqlerr.InvalidAuthorization, d.Valid(key))
	_, err = d.CreateKey(ctx, "ann", "loader", time.Time{})
	require.NoError(t, err)
	requireCode(t, sqlerr.InvalidAuthorization, d.Valid(key)) // a namesake is another key
}

func TestALoginOutlivesThePasswordThatItChanges(t *testing.T) {
	store, c := &memoryStore{}, &clock{time.Unix(1e9, 0)}
	d := annAndBob(t, store, c)
	mine, other := enter(t, d, "ann"), enter(t, d, "ann")
	p, err := byToken(d, mine)
	require.NoError(t, err)
	require.NoError(t, d.AlterUser(t.Context(), "ann", authz.Alteration{Password: "another password"}))
	requireCode(t, sqlerr.InvalidAuthorization, d.Valid(p))
	p.Proof = d.Keep(p)
	require.NoError(t, d.Valid(p))
	again, err := byToken(d, mine)
	require.NoError(t, err)
	require.NoError(t, d.Valid(again))
	renewed, _, err := d.Issue(again)
	require.NoError(t, err)
	_, err = byToken(d, other)
	requireCode(t, sqlerr.InvalidAuthorization, err)
	require.Len(t, d.Logins("ann"), 1)

	restarted := openAt(t, store, c)
	_, err = byToken(restarted, mine)
	requireCode(t, sqlerr.InvalidAuthorization, err)
	_, err = byToken(restarted, renewed)
	require.NoError(t, err)
	require.NoError(t, d.AlterUser(t.Context(), "ann", authz.Alteration{Password: "a third password"}))
	_, err = byToken(d, mine)
	requireCode(t, sqlerr.InvalidAuthorization, err)
}
