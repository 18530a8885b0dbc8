package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
)

// audited returns what of the audit log has been written since the last call, without times.
func (i *instance) audited(seen *int) (lines []string) {
	log := i.log.String()
	for line := range strings.Lines(log[*seen:]) {
		if _, what, ok := strings.Cut(strings.TrimSpace(line), " msg="); ok && strings.Contains(what, "audit=true ") {
			lines = append(lines, strings.ReplaceAll(what, "audit=true ", ""))
		}
	}
	*seen = len(log)
	return lines
}

func TestTheAuditLogHasEveryLogin(t *testing.T) {
	i := start(t)
	admin := i.admin()
	i.user("ann")
	key, err := i.users.CreateKey(t.Context(), "ann", "loader", time.Time{})
	require.NoError(t, err)
	short, err := i.users.CreateKey(t.Context(), "ann", "short", time.Now().Add(time.Hour))
	require.NoError(t, err)
	login := i.enter("ann", userPassword, metrics.JSON)
	id := login.Principal.Proof.ID
	seen := 0
	i.audited(&seen)

	by := func(method session.Method, secret string) session.Credentials {
		return session.Credentials{Method: method, Secret: secret, Address: "192.0.2.7:1"}
	}
	opens := func(c session.Credentials) {
		t.Helper()
		s, err := i.server.Open(t.Context(), c)
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
	opens(by(session.Token, login.Token))
	opens(by(session.APIKey, key))
	_, err = i.server.Authenticate(t.Context(), by(session.Token, login.Token))
	require.NoError(t, err, "who opens nothing does not come in")
	_, err = i.server.Login(t.Context(), by(session.Token, login.Token))
	require.NoError(t, err)
	connected, _, err := i.server.Connect(t.Context(), by(session.APIKey, short))
	require.NoError(t, err)
	require.NoError(t, connected.Close())
	require.Equal(t, []string{
		`login user=ann address=192.0.2.7:1 method=token by=` + id,
		`login user=ann address=192.0.2.7:1 method="API key" by=loader`,
		`login user=ann address=192.0.2.7:1 method=token by=` + id,
		`login user=ann address=192.0.2.7:1 method="API key" by=short`,
	}, i.audited(&seen))

	admin.exec("DROP USER ann")
	i.audited(&seen)
	for _, c := range []session.Credentials{
		by(session.Token, login.Token), by(session.Token, "forged"), by(session.APIKey, key), by(session.Anonymous, ""),
	} {
		_, err := i.server.Open(t.Context(), c)
		requireCode(t, sqlerr.InvalidAuthorization, err)
	}
	require.Equal(t, []string{
		`"login refused" user=ann address=192.0.2.7:1 method=token code=28000`,
		`"login refused" user="" address=192.0.2.7:1 method=token code=28000`,
		`"login refused" user="" address=192.0.2.7:1 method="API key" code=28000`,
		`"login refused" user="" address=192.0.2.7:1 method=none code=28000`,
	}, i.audited(&seen))
}

func TestTheAuditLogHasEveryChangeOfDefinitionsAndUsers(t *testing.T) {
	i := start(t)
	c := i.admin()
	seen := 0
	for _, step := range []struct {
		sql, action, object string
	}{
		{"CREATE DATABASE lab", `"CREATE DATABASE"`, "lab"},
		{"CREATE TABLE lab.t (x INT)", `"CREATE TABLE"`, "lab.t"},
		{"CREATE TABLE u AS SELECT 1 AS x", `"CREATE TABLE"`, "main.u"},
		{"DROP TABLE lab.t", `"DROP TABLE"`, "lab.t"},
		{"DROP DATABASE lab", `"DROP DATABASE"`, "lab"},
		{"CREATE USER ann IDENTIFIED BY 'a long password'", `"CREATE USER"`, "ann"},
		{"CREATE USER bob IDENTIFIED BY 'a long password' DEFAULT ROLE readonly", `"CREATE USER"`, `"bob, role readonly"`},
		{
			"ALTER USER bob IDENTIFIED BY 'another password' DEFAULT ROLE admin", `"ALTER USER"`,
			`"bob, new password, role admin"`,
		},
		{"DROP API KEY IF EXISTS k FOR bob", `"DROP API KEY"`, `"k of bob"`},
		{"CREATE ROLE clerks", `"CREATE ROLE"`, "clerks"},
		{"GRANT clerks TO ann", "GRANT", `"role clerks to ann"`},
		{"GRANT INSERT ON u TO clerks", "GRANT", `"Insert on table main.u to clerks"`},
		{"REVOKE INSERT ON u FROM clerks", "REVOKE", `"Insert on table main.u from clerks"`},
		{"DROP ROLE clerks", `"DROP ROLE"`, "clerks"},
		{"KILL TOKENS FOR ann", `"KILL TOKENS"`, "ann"},
		{"DROP USER bob", `"DROP USER"`, "bob"},
	} {
		i.audited(&seen)
		c.exec(step.sql)
		require.Equal(t, []string{`changed user=admin address=192.0.2.1 action=` + step.action + ` object=` + step.object},
			i.audited(&seen), step.sql)
	}

	rows := []arrow.Field{{Name: "x", Type: arrow.PrimitiveTypes.Int32}}
	_, err := c.Ingest(t.Context(), nil, catalog.TableName{Table: "u"}, columns(t, rows, []any{1}),
		session.IngestOptions{Mode: session.IngestReplace})
	require.NoError(t, err)
	require.Equal(t, []string{
		`changed user=admin address=192.0.2.1 action="DROP TABLE" object=main.u`,
		`changed user=admin address=192.0.2.1 action="CREATE TABLE" object=main.u`,
	}, i.audited(&seen))
	_, err = c.query(nil, "CREATE API KEY k FOR ann")
	require.NoError(t, err)
	require.Equal(t, []string{`changed user=admin address=192.0.2.1 action="CREATE API KEY" object="k of ann"`},
		i.audited(&seen))
	c.fails(sqlerr.DuplicateTable, "CREATE TABLE u (x INT)")
	require.Empty(t, i.audited(&seen), "what failed changed nothing")
}

func TestNothingIsGrantedOnTheServersDatabases(t *testing.T) {
	i := start(t)
	admin, ann := i.admin(), i.user("ann")
	for _, on := range []string{
		"system.users", "system.queries", "system.*", "information_schema.tables", "information_schema.*",
	} {
		admin.fails(sqlerr.InsufficientPrivilege, "GRANT SELECT ON "+on+" TO ann")
	}
	admin.exec("GRANT VIEW SYSTEM ON *.* TO ann")
	admin.exec("GRANT SELECT ON *.* TO ann")
	ann.fails(sqlerr.InsufficientPrivilege, "SELECT * FROM system.credentials")
	ann.fails(sqlerr.InsufficientPrivilege, "SELECT * FROM system.api_keys")
}

// A table that is made under the name of a dropped one has none of its rows, in no version.
func TestAGrantDoesNotReachWhatHadTheNameBefore(t *testing.T) {
	i := start(t)
	admin, ann := i.admin(), i.user("ann")
	admin.exec("CREATE TABLE t (x INT)")
	admin.exec("INSERT INTO t VALUES (42)")
	version := admin.rows("SELECT current_version()")[0]
	require.Equal(t, []string{"42"}, admin.rows("SELECT x FROM t AS OF VERSION "+version))
	admin.exec("DROP TABLE t")
	admin.exec("CREATE TABLE t (x INT)")
	admin.exec("GRANT SELECT ON t TO ann")
	_, err := ann.query(nil, "SELECT x FROM t AS OF VERSION "+version)
	require.Error(t, err)
}

func TestAPreparedShowGrantsEndsWithTheRole(t *testing.T) {
	i := start(t)
	admin, ann := i.admin(), i.user("ann")
	admin.exec("CREATE ROLE clerks")
	admin.exec("GRANT SELECT ON *.* TO clerks")
	admin.exec("GRANT clerks TO ann")
	st, err := ann.Prepare(t.Context(), nil, "SHOW GRANTS FOR clerks")
	require.NoError(t, err)
	rows, err := st.Query(t.Context(), nil)
	require.NoError(t, err)
	require.NoError(t, rows.Close())
	admin.exec("REVOKE clerks FROM ann")
	_, err = st.Query(t.Context(), nil)
	requireCode(t, sqlerr.InsufficientPrivilege, err)
}

func TestTheAuditLogHasForgedTickets(t *testing.T) {
	i := start(t)
	ticket := i.server.SignTicket("ann", []byte("x"))
	seen := len(i.log.String())
	_, err := i.server.OpenTicket(t.Context(), "ann", "192.0.2.7:1", ticket)
	require.NoError(t, err)
	require.Empty(t, i.audited(&seen))
	ticket[len(ticket)-1]++
	_, err = i.server.OpenTicket(t.Context(), "ann", "192.0.2.7:1", ticket)
	requireCode(t, sqlerr.InvalidAuthorization, err)
	_, err = i.server.OpenTicket(t.Context(), "bob", "192.0.2.7:1", nil)
	requireCode(t, sqlerr.InvalidAuthorization, err)
	require.Equal(t, []string{
		`"ticket refused" user=ann address=192.0.2.7:1 code=28000`,
		`"ticket refused" user=bob address=192.0.2.7:1 code=28000`,
	}, i.audited(&seen))
}
