package authz

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestVerifiedTokensAreRemembered(t *testing.T) {
	now := time.Unix(1e9, 0)
	tokens, err := NewTokens(GenerateSecret(), func() time.Time { return now })
	require.NoError(t, err)
	token, proof, err := tokens.Issue(Principal{Username: "ann"}, 7)
	require.NoError(t, err)
	_, ok := tokens.verified.find(token, now)
	require.False(t, ok)
	for range 2 {
		user, got, err := tokens.check(token)
		require.NoError(t, err)
		require.Equal(t, "ann", user)
		require.Equal(t, proof.ID, got.ID)
		require.Equal(t, int64(7), got.epoch)
	}
	_, ok = tokens.verified.find(token, now)
	require.True(t, ok)

	forged := token[:len(token)-2] + "AA"
	_, _, err = tokens.check(forged)
	require.Error(t, err)
	_, ok = tokens.verified.find(forged, now)
	require.False(t, ok, "only what was signed here is remembered")

	now = proof.Expires.Add(tokenLeeway + time.Second)
	user, _, err := tokens.check(token)
	require.ErrorContains(t, err, "expired")
	require.Equal(t, "ann", user)
}

func TestVerifiedTokensHaveALimit(t *testing.T) {
	v := newVerified()
	for i := range maxVerified + 100 {
		v.add(strconv.Itoa(i), saying{user: "ann"})
	}
	require.Len(t, v.by, maxVerified)
}
