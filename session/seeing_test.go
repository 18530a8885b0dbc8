package session_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
)

func TestSessionsAreSeen(t *testing.T) {
	i := start(t)
	admin := i.admin()
	admin.exec("CREATE TABLE t (x INT)")
	i.user("ann", "readonly")
	s, login, err := i.server.Connect(t.Context(), session.Credentials{
		Method: session.Password, Username: "ann", Secret: userPassword, Address: "192.0.2.7:1", Door: metrics.JSON,
	})
	require.NoError(t, err)
	ann := client{s, t}
	see := func() []string {
		return admin.rows("SELECT user_name, door, address, login, login_id, database_name, state, sql, " +
			"transaction_id IS NULL, query_id IS NULL, expires FROM system.sessions WHERE door = 'json'")
	}
	seen := "ann|json|192.0.2.7:1|password|" + login.Principal.Proof.ID + "|main|"
	require.Equal(t, []string{seen + "idle|(null)|true|true|(null)"}, see())
	ann.exec("BEGIN")
	require.Equal(t, []string{seen + "idle in transaction|(null)|false|true|(null)"}, see())
	require.Equal(t, []string{"ann|true|idle|false"},
		admin.rows("SELECT user_name, read_only, state, idle_since IS NULL FROM system.transactions"))
	st, err := ann.Prepare(t.Context(), nil, "SELECT x FROM t")
	require.NoError(t, err)
	rows, err := st.Query(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, []string{seen + "active|SELECT x FROM t|false|false|(null)"}, see())
	require.Equal(t, []string{"ann|json|select|SELECT x FROM t|0|false"}, admin.rows("SELECT user_name, door, kind, sql, "+
		"rows, transaction_id IS NULL FROM system.queries "+
		"WHERE session_id IN (SELECT session_id FROM system.sessions WHERE door = 'json')"))
	require.Len(t, ann.rows("SHOW SESSIONS"), 2, "that of the test's helper, and its own")
	require.Len(t, admin.rows("SHOW SESSIONS"), 3)
	require.Len(t, ann.rows("SHOW TOKENS"), 2)
	require.Len(t, admin.rows("SHOW TOKENS"), 3)
	require.Len(t, ann.rows("SHOW QUERIES"), 1)
	ann.fails(sqlerr.InsufficientPrivilege, "SELECT * FROM system.sessions")
	ann.fails(sqlerr.InsufficientPrivilege, "SELECT * FROM system.tokens")
	require.NoError(t, rows.Close())
}

// id returns the number of the session by a door.
func (c client) id(door metrics.Door) string {
	c.t.Helper()
	rows := c.rows("SELECT session_id FROM system.sessions WHERE door = ?", string(door))
	require.Len(c.t, rows, 1)
	return rows[0]
}

func TestAKilledSessionEndsWithAllThatIsItsOwn(t *testing.T) {
	i := start(t)
	admin := i.admin()
	admin.exec("CREATE TABLE t (x INT)")
	bob := i.user("bob", "poweruser")
	i.user("ann", "poweruser")
	login := i.enter("ann", userPassword, metrics.Flight)
	s, err := i.server.Open(t.Context(), session.Credentials{
		Method: session.Token, Secret: login.Token, Door: metrics.Flight,
	})
	require.NoError(t, err)
	ann := client{s, t}
	ann.exec("BEGIN")
	ann.exec("INSERT INTO t VALUES (1)")
	st, err := ann.Prepare(t.Context(), nil, "SELECT x FROM t")
	require.NoError(t, err)
	rows, err := st.Query(t.Context(), nil)
	require.NoError(t, err)
	kill := "KILL SESSION " + admin.id(metrics.Flight)
	bob.fails(sqlerr.UndefinedObject, kill)
	admin.exec(kill)
	_, err = rows.Next(t.Context())
	requireCode(t, sqlerr.InvalidAuthorization, err)
	require.ErrorContains(t, err, `ended by user "admin"`)
	ann.fails(sqlerr.InvalidAuthorization, "SELECT 1")
	i.refuses(login.Token)
	require.Empty(t, admin.rows("SELECT * FROM system.transactions"))
	admin.fails(sqlerr.UndefinedObject, kill)
	admin.fails(sqlerr.InvalidParameterValue, "KILL SESSION 99999999999999999999")
	require.Empty(t, admin.rows("SELECT x FROM t"))
	i.as("ann").exec("INSERT INTO t VALUES (2)")
}

// Another session may name such a transaction, but it is the killed one's: what it holds must go at once.
func TestAKilledSessionEndsTheTransactionsThatItBegan(t *testing.T) {
	i := start(t)
	admin := i.admin()
	admin.exec("CREATE TABLE t (x INT)")
	i.user("ann", "poweruser")
	open := func() client {
		s, err := i.server.Open(t.Context(), session.Credentials{
			Method: session.Password, Username: "ann", Secret: userPassword, Door: metrics.Flight,
		})
		require.NoError(t, err)
		return client{s, t}
	}
	ann := open()
	kill := "KILL SESSION " + admin.id(metrics.Flight)
	other := open()
	begun, err := ann.Begin(t.Context(), session.TransactionOptions{})
	require.NoError(t, err)
	_, err = other.try(begun, "INSERT INTO t VALUES (1)")
	require.NoError(t, err)
	st, err := other.Prepare(t.Context(), begun, "SELECT x FROM t")
	require.NoError(t, err)
	rows, err := st.Query(t.Context(), nil)
	require.NoError(t, err)
	kept, err := other.Begin(t.Context(), session.TransactionOptions{})
	require.NoError(t, err)

	admin.exec(kill)
	require.Equal(t, []string{strconv.FormatUint(kept.ID(), 10)},
		admin.rows("SELECT transaction_id FROM system.transactions"))
	_, err = rows.Next(t.Context())
	requireCode(t, sqlerr.NoActiveTransaction, err)
	require.ErrorContains(t, err, `ended by user "admin"`)
	_, err = other.Resume(t.Context(), begun.ID())
	requireCode(t, sqlerr.NoActiveTransaction, err)
	_, err = begun.Commit(t.Context())
	requireCode(t, sqlerr.NoActiveTransaction, err)
	_, err = kept.Commit(t.Context())
	require.NoError(t, err)
	require.Empty(t, admin.rows("SELECT x FROM t"))
}

func TestTokensAreKilled(t *testing.T) {
	i := start(t)
	admin := i.admin()
	bob := i.user("bob")
	i.user("ann")
	first, second := i.enter("ann", userPassword, metrics.JSON), i.enter("ann", userPassword, metrics.JSON)
	ann := i.by(second.Token)
	kill := "KILL TOKEN '" + first.Principal.Proof.ID + "'"
	bob.fails(sqlerr.UndefinedObject, kill)
	bob.fails(sqlerr.InsufficientPrivilege, "KILL TOKENS FOR ann")
	ann.exec(kill)
	i.refuses(first.Token)
	ann.fails(sqlerr.UndefinedObject, kill)
	admin.exec("KILL TOKENS FOR ann")
	ann.fails(sqlerr.InvalidAuthorization, "SELECT 1")
	i.refuses(second.Token)
	require.Len(t, admin.rows("SELECT * FROM system.tokens WHERE user_name = 'bob'"), 1)
	require.Empty(t, admin.rows("SELECT * FROM system.tokens WHERE user_name = 'ann'"))
	bob.exec("KILL TOKENS")
	bob.fails(sqlerr.InvalidAuthorization, "SELECT 1")
	admin.fails(sqlerr.UndefinedObject, "KILL TOKENS FOR nobody")
}

func TestSlowStatementsAreLoggedWithoutSecrets(t *testing.T) {
	i := start(t, func(c *session.Config) { c.SlowQuery = time.Nanosecond })
	c := i.admin()
	c.exec("CREATE TABLE t (x INT)")
	c.exec("INSERT INTO t VALUES (1), (2)")
	c.rows("SELECT x + 40 FROM t")
	c.rows("SELECT '" + strings.Repeat("ä", 1000) + "'")
	c.exec("CREATE USER ann IDENTIFIED BY 'very secret words'")
	c.exec("ALTER USER ann IDENTIFIED BY $$very secret words too$$ DEFAULT ROLE readonly")
	c.fails(sqlerr.InvalidText, "SELECT CAST(CAST(x AS VARCHAR) || 'x' AS INT) FROM t")
	log := i.log.String()
	require.NotContains(t, log, "secret")
	for _, want := range []string{
		"rows=2 outcome=ok", `sql="INSERT INTO t VALUES (1), (2)"`, `sql="SELECT x + 40 FROM t"`,
		`sql="CREATE USER ann IDENTIFIED BY '***'"`, `sql="ALTER USER ann IDENTIFIED BY '***' DEFAULT ROLE readonly"`,
		"outcome=22P02", "user=admin door=local address=192.0.2.1 kind=select", "ä…\"\n",
	} {
		require.Contains(t, log, want)
	}
	line, _, _ := strings.Cut(log[strings.Index(log, "SELECT 'ä"):], "\n")
	require.Less(t, len(line), 1100)
}
