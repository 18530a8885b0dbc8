package session_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
)

// enter logs in with a password, as at a door.
func (i *instance) enter(user, password string, door metrics.Door) session.Login {
	i.t.Helper()
	login, err := i.server.Login(i.t.Context(), session.Credentials{
		Method: session.Password, Username: user, Secret: password, Address: "192.0.2.1:99", Door: door,
	})
	require.NoError(i.t, err)
	return login
}

// by opens a session by a token.
func (i *instance) by(token string) client {
	i.t.Helper()
	s, err := i.server.Open(i.t.Context(), session.Credentials{Method: session.Token, Secret: token})
	require.NoError(i.t, err)
	return client{s, i.t}
}

func (i *instance) refuses(token string) {
	i.t.Helper()
	_, err := i.server.Open(i.t.Context(), session.Credentials{Method: session.Token, Secret: token})
	requireCode(i.t, sqlerr.InvalidAuthorization, err)
}

func TestLogoutEndsTheTokenAndAllItsSessions(t *testing.T) {
	i := start(t)
	admin := i.admin()
	admin.exec("CREATE TABLE t (x INT)")
	login, other := i.enter("admin", adminPassword, metrics.JSON), i.enter("admin", adminPassword, metrics.Flight)
	require.False(t, login.Principal.Proof.OneClient)
	require.True(t, other.Principal.Proof.OneClient)
	renewed, err := i.server.Login(t.Context(), session.Credentials{Method: session.Token, Secret: login.Token})
	require.NoError(t, err)
	first, second, third := i.by(login.Token), i.by(renewed.Token), i.by(other.Token)

	second.exec("BEGIN")
	second.exec("INSERT INTO t VALUES (1)")
	st, err := second.Prepare(t.Context(), nil, "SELECT x FROM t")
	require.NoError(t, err)
	rows, err := st.Query(t.Context(), nil)
	require.NoError(t, err)
	require.NoError(t, first.Logout(t.Context()))
	_, err = rows.Next(t.Context())
	requireCode(t, sqlerr.InvalidAuthorization, err)
	require.NoError(t, rows.Close())
	require.Empty(t, admin.rows("SELECT * FROM system.transactions"), "what was open is rolled back")
	for _, c := range []client{first, second} {
		c.fails(sqlerr.InvalidAuthorization, "SELECT 1")
		_, err = c.Catalog(t.Context(), nil)
		requireCode(t, sqlerr.InvalidAuthorization, err)
		_, err = c.Begin(t.Context(), session.TransactionOptions{})
		requireCode(t, sqlerr.InvalidAuthorization, err)
		requireCode(t, sqlerr.InvalidAuthorization, c.Logout(t.Context()))
	}
	require.Equal(t, []string{"1"}, third.rows("SELECT 1"))
	i.refuses(login.Token)
	i.refuses(renewed.Token)

	i.stop()
	i = startOn(t, i.fs)
	i.refuses(login.Token)
	i.refuses(renewed.Token)
	require.Equal(t, []string{"1"}, i.by(other.Token).rows("SELECT 1"))
	require.Contains(t, i.admin().rows("SELECT login_id FROM system.revoked_logins"), login.Principal.Proof.ID)
}

func TestAConnectionLogsIn(t *testing.T) {
	i := start(t)
	connect := func(c session.Credentials) (client, session.Login) {
		t.Helper()
		s, login, err := i.server.Connect(t.Context(), c)
		require.NoError(t, err)
		return client{s, t}, login
	}
	c, login := connect(session.Credentials{Method: session.Password, Username: "admin", Secret: adminPassword})
	again, renewed := connect(session.Credentials{Method: session.Token, Secret: login.Token})
	require.Equal(t, login.Principal.Proof.ID, renewed.Principal.Proof.ID)
	require.Equal(t, renewed.Expires, again.Principal().Proof.Expires)
	require.NoError(t, c.Logout(t.Context()), "the token of the login is revoked")
	i.refuses(login.Token)
	i.refuses(renewed.Token)
	again.fails(sqlerr.InvalidAuthorization, "SELECT 1")

	key, err := i.users.CreateKey(t.Context(), "admin", "loader", login.Expires)
	require.NoError(t, err)
	byKey := session.Credentials{Method: session.APIKey, Secret: key}
	c, login = connect(byKey)
	require.Empty(t, login.Token)
	require.NoError(t, c.Logout(t.Context()))
	c, _ = connect(byKey)
	admin := i.admin()
	admin.exec("DROP API KEY loader")
	c.fails(sqlerr.InvalidAuthorization, "SELECT 1")
	_, _, err = i.server.Connect(t.Context(), byKey)
	requireCode(t, sqlerr.InvalidAuthorization, err)
}
