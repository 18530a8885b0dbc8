package session_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

func ingestInto(table string, mode session.IngestMode) func(client) error {
	return func(c client) error {
		_, err := c.Ingest(c.t.Context(), nil, catalog.TableName{Table: table},
			columns(c.t, []arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int32}}, []any{1}),
			session.IngestOptions{Mode: mode})
		return err
	}
}

func TestPreparedStatementsAreAuthorizedAgain(t *testing.T) {
	i := start(t)
	admin := i.admin()
	admin.exec("CREATE TABLE t (id INT)")
	ann := i.user("ann", "poweruser")
	read, err := ann.Prepare(t.Context(), nil, "SELECT id FROM t")
	require.NoError(t, err)
	write, err := ann.Prepare(t.Context(), nil, "INSERT INTO t VALUES (1)")
	require.NoError(t, err)
	admin.exec("REVOKE poweruser FROM ann")
	_, err = read.Query(t.Context(), nil)
	requireCode(t, sqlerr.InsufficientPrivilege, err)
	_, err = write.Exec(t.Context(), nil)
	requireCode(t, sqlerr.InsufficientPrivilege, err)
	require.Contains(t, i.log.String(), "msg=denied")
	require.Equal(t, []string{"0"}, admin.rows("SELECT count(*) FROM t"))
}

func TestGrantsOnObjects(t *testing.T) {
	i := start(t)
	admin := i.admin()
	admin.exec("CREATE DATABASE lab")
	admin.exec("CREATE TABLE lab.open (id INT)")
	admin.exec("CREATE TABLE lab.hidden (id INT)")
	admin.exec("CREATE TABLE t (id INT)")
	ann := i.user("ann")
	ann.fails(sqlerr.InsufficientPrivilege, "SELECT 1")
	ann.fails(sqlerr.InsufficientPrivilege, "SELECT * FROM lab.open")
	admin.exec("GRANT SELECT, INSERT ON lab.open TO ann")
	ann.exec("INSERT INTO lab.open VALUES (1)")
	require.Equal(t, []string{"1"}, ann.rows("SELECT id FROM lab.open"))
	ann.exec("BEGIN")
	ann.exec("INSERT INTO lab.open VALUES (2)")
	ann.exec("ROLLBACK")
	ann.fails(sqlerr.InsufficientPrivilege, "SELECT * FROM lab.hidden")
	ann.fails(sqlerr.InsufficientPrivilege, "SELECT nothing FROM lab.hidden") // no column is told
	ann.fails(sqlerr.InsufficientPrivilege, "DROP TABLE lab.open")
	ann.fails(sqlerr.InsufficientPrivilege, "CREATE TABLE lab.mine (id INT)")
	err := ann.fails(sqlerr.UndefinedTable, "SELECT * FROM lab.hiddem")
	require.NotContains(t, err.Error(), "hidden", "what may not be seen is not suggested")
	require.Equal(t, []string{"lab|open"}, ann.rows(`SELECT table_schema, table_name FROM information_schema.tables
		WHERE table_schema NOT IN ('information_schema')`))
	admin.exec("GRANT CREATE ON lab.* TO ann")
	ann.exec("CREATE TABLE lab.mine (id INT)")
	admin.exec("REVOKE SELECT ON lab.open FROM ann")
	ann.fails(sqlerr.InsufficientPrivilege, "SELECT id FROM lab.open")

	s, err := ann.Catalog(t.Context(), nil)
	require.NoError(t, err)
	defer s.Close()
	names, err := s.Tables(t.Context(), "main")
	require.NoError(t, err)
	require.Empty(t, names)
	_, err = s.Tables(t.Context(), "system")
	requireCode(t, sqlerr.InvalidCatalogName, err)
	_, err = s.Table(t.Context(), catalog.TableName{Database: "main", Table: "t"})
	requireCode(t, sqlerr.InsufficientPrivilege, err)
}

func TestSystemDatabasesAreTheServers(t *testing.T) {
	i := start(t)
	c := i.admin()
	for _, sql := range []string{
		"INSERT INTO system.users VALUES ('eve', 'Eve', 1)", "DROP TABLE system.users", "DROP DATABASE system",
		"CREATE TABLE system.mine (id INT)", "DROP DATABASE main", "CREATE DATABASE information_schema",
		"CREATE TABLE information_schema.mine (id INT)",
		"CREATE TABLE system.mine AS SELECT 1 AS a",
	} {
		_, err := c.try(nil, sql)
		require.Contains(t, []sqlerr.Code{sqlerr.InsufficientPrivilege, sqlerr.FeatureNotSupported},
			sqlerr.CodeOf(err), "%s: %v", sql, err)
	}
	c.fails(sqlerr.InsufficientPrivilege, "SELECT * FROM system.credentials")
	require.NotContains(t, strings.Join(c.rows("SHOW TABLES FROM system"), " "), "credentials")
	require.Equal(t, []string{"admin"}, c.rows("SELECT name FROM system.users"))
	_, err := c.Ingest(t.Context(), nil, catalog.TableName{Database: "system", Table: "users"},
		columns(t, []arrow.Field{{Name: "name", Type: arrow.BinaryTypes.String}}, []any{"eve"}),
		session.IngestOptions{})
	requireCode(t, sqlerr.InsufficientPrivilege, err)
}

func TestUsersInSQL(t *testing.T) {
	i := start(t)
	c := i.admin()
	c.exec("CREATE USER Ann IDENTIFIED BY 'a long password' DEFAULT ROLE readonly")
	ann := i.login("ann", "a long password")
	require.Equal(t, []string{"readonly"}, ann.Principal().Roles)
	c.fails(sqlerr.DuplicateObject, "CREATE USER ann IDENTIFIED BY 'a long password'")
	c.exec("CREATE USER IF NOT EXISTS ann IDENTIFIED BY 'a long password'")
	c.fails(sqlerr.FeatureNotSupported, "CREATE USER bob")
	c.fails(sqlerr.InvalidParameterValue, "CREATE USER bob IDENTIFIED BY 'short'")
	c.fails(sqlerr.UndefinedObject, "CREATE USER bob IDENTIFIED BY 'a long password' DEFAULT ROLE king")
	c.fails(sqlerr.UndefinedObject, "DROP USER nobody")
	c.exec("DROP USER IF EXISTS nobody")
	c.fails(sqlerr.InvalidParameterValue, "ALTER USER ann IDENTIFIED BY ''")
	c.fails(sqlerr.UndefinedObject, "ALTER USER ann IDENTIFIED BY 'a third password' DEFAULT ROLE king")
	old := i.login("ann", "a long password")                    // nothing of it was done
	ann.exec("ALTER USER ann IDENTIFIED BY 'another password'") // everybody may change his own
	old.fails(sqlerr.InvalidAuthorization, "SELECT 1")          // and goes on, alone
	ann.fails(sqlerr.InsufficientPrivilege, "ALTER USER ann DEFAULT ROLE admin")
	ann.fails(sqlerr.InsufficientPrivilege, "ALTER USER admin IDENTIFIED BY 'another password'")
	c.exec("BEGIN")
	c.fails(sqlerr.ActiveTransaction, "DROP USER ann")
	c.exec("ROLLBACK")
	c.exec("GRANT poweruser TO ann")
	ann.exec("CREATE TABLE t (id INT)")
	c.exec("DROP USER ann")
	ann.fails(sqlerr.InvalidAuthorization, "SELECT 1")
	c.fails(sqlerr.ObjectInUse, "DROP USER admin")
}

func TestASessionIsNotItsUsersNamesakes(t *testing.T) {
	i := start(t)
	admin := i.admin()
	ann := i.user("ann", "admin")
	ann.exec("CREATE TABLE t (id INT)")
	read, err := ann.Prepare(t.Context(), nil, "SELECT id FROM t")
	require.NoError(t, err)
	tx, err := ann.Begin(t.Context(), session.TransactionOptions{})
	require.NoError(t, err)
	admin.exec("DROP USER ann")
	namesake := i.user("ann", "admin")

	for _, sql := range []string{
		"SELECT id FROM t", "SHOW user", "BEGIN", "USE main", "ALTER USER ann IDENTIFIED BY 'a stolen password'",
		"CREATE API KEY k", "SHOW API KEYS", "DROP TABLE t",
	} {
		_, err := ann.query(nil, sql)
		requireCode(t, sqlerr.InvalidAuthorization, err, sql)
	}
	_, err = read.Query(t.Context(), nil)
	requireCode(t, sqlerr.InvalidAuthorization, err)
	requireCode(t, sqlerr.InvalidAuthorization, ingestInto("t", session.IngestAppend)(ann))
	_, err = ann.Catalog(t.Context(), nil)
	requireCode(t, sqlerr.InvalidAuthorization, err)
	_, err = ann.Begin(t.Context(), session.TransactionOptions{})
	requireCode(t, sqlerr.InvalidAuthorization, err)
	_, err = namesake.Resume(t.Context(), tx.ID())
	requireCode(t, sqlerr.NoActiveTransaction, err)
	_, err = namesake.try(tx, "INSERT INTO t VALUES (1)")
	requireCode(t, sqlerr.NoActiveTransaction, err)
	_, err = tx.Commit(t.Context())
	requireCode(t, sqlerr.InsufficientPrivilege, err)
	require.NoError(t, tx.Rollback(t.Context()))
	require.Empty(t, namesake.rows("SELECT id FROM t"))
	i.login("ann", userPassword)
}

func TestAuditHoldsNoSecrets(t *testing.T) {
	i := start(t)
	c := i.admin()
	c.exec("CREATE USER ann IDENTIFIED BY 'very secret words' DEFAULT ROLE readonly")
	i.login("ann", "very secret words")
	c.exec("ALTER USER ann IDENTIFIED BY 'very secret words too'")
	ann := i.login("ann", "very secret words too")
	ann.fails(sqlerr.InsufficientPrivilege, "CREATE TABLE t (id INT)")
	c.exec("CREATE TABLE t (id INT)")
	c.exec("GRANT SELECT ON t TO ann")
	_, err := i.server.Login(t.Context(), session.Credentials{
		Method: session.Password, Username: "ann", Secret: "wrong secret words", Address: "192.0.2.9",
	})
	requireCode(t, sqlerr.InvalidPassword, err)
	login, err := i.server.Login(t.Context(), session.Credentials{
		Method: session.Password, Username: "ann", Secret: "very secret words too",
	})
	require.NoError(t, err)
	c.fails(sqlerr.InvalidParameterValue, "CREATE USER bob IDENTIFIED BY 'secret'")
	c.fails(sqlerr.SyntaxError, `CREATE USER bob IDENTIFIED BY "secret"`)
	c.fails(sqlerr.SyntaxError, `CREATE USER bob IDENTIFIED BY secret`)

	log := i.log.String()
	for _, want := range []string{
		"msg=login audit=true user=ann", "msg=\"login refused\" audit=true user=ann address=192.0.2.9",
		"msg=denied audit=true user=ann", "action=\"CREATE USER\" object=\"ann, role readonly\"", "action=\"ALTER USER\" object=\"ann, new password\"",
		"action=\"CREATE TABLE\" object=main.t", "action=GRANT object=\"Read, ReadSchema on table main.t to ann\"",
	} {
		require.Contains(t, log, want)
	}
	require.NotContains(t, log, "secret")
	require.NotContains(t, log, login.Token)
	require.NotContains(t, log, adminPassword)
	require.NotContains(t, strings.Join(c.rows("SELECT sql FROM system.queries"), " "), "secret")
}

func TestTicketsAreBoundToTheirUser(t *testing.T) {
	i := start(t)
	payload := []byte("a statement's handle")
	ticket := i.server.SignTicket("ann", payload)
	got, err := i.server.OpenTicket(t.Context(), "ann", "", ticket)
	require.NoError(t, err)
	require.Equal(t, payload, got)
	empty, err := i.server.OpenTicket(t.Context(), "ann", "", i.server.SignTicket("ann", nil))
	require.NoError(t, err)
	require.Empty(t, empty)

	refuse := func(user string, ticket []byte) {
		t.Helper()
		_, err := i.server.OpenTicket(t.Context(), user, "", ticket)
		requireCode(t, sqlerr.InvalidAuthorization, err)
	}
	refuse("bob", ticket)
	refuse("", ticket)
	refuse("ann", nil)
	refuse("ann", payload)
	for n := range ticket {
		forged := bytes.Clone(ticket)
		forged[n] ^= 1
		refuse("ann", forged)
		refuse("ann", ticket[:n])
	}
	refuse("ann", append(bytes.Clone(ticket), 0))
	refuse("ann", i.server.SignTicket("ann", make([]byte, limits.TicketBytes+1)))
	refuse("an", i.server.SignTicket("ann", payload)) // the border between user and payload is signed too
	other := start(t)
	refuse("ann", other.server.SignTicket("ann", payload))
}

func FuzzOpenTicket(f *testing.F) {
	server := session.NewServer(minimal())
	f.Cleanup(func() { _ = server.Close(f.Context()) })
	f.Add("ann", server.SignTicket("ann", []byte("x")))
	f.Add("", []byte{1})
	f.Fuzz(func(t *testing.T, user string, ticket []byte) {
		payload, err := server.OpenTicket(t.Context(), user, "", ticket)
		if err != nil {
			require.Equal(t, sqlerr.InvalidAuthorization, sqlerr.CodeOf(err))
			return
		}
		require.Equal(t, ticket, server.SignTicket(user, payload), "only what was signed opens")
	})
}

func TestLoginsComeBackAsTokens(t *testing.T) {
	i := start(t)
	login, err := i.server.Login(t.Context(), session.Credentials{
		Method: session.Password, Username: "admin", Secret: adminPassword,
	})
	require.NoError(t, err)
	require.Equal(t, "admin", login.Principal.Username)
	s, err := i.server.Open(t.Context(), session.Credentials{Method: session.Token, Secret: login.Token})
	require.NoError(t, err)
	require.Equal(t, login.Principal, s.Principal())
	require.Equal(t, "main", s.Database())
	_, err = i.server.Open(t.Context(), session.Credentials{Method: session.Token, Secret: login.Token + "x"})
	requireCode(t, sqlerr.InvalidAuthorization, err)
	_, err = i.server.Open(t.Context(), session.Credentials{})
	requireCode(t, sqlerr.InvalidAuthorization, err)
	_, err = i.server.Open(t.Context(), session.Credentials{Method: session.APIKey, Secret: "k"})
	requireCode(t, sqlerr.InvalidAuthorization, err)
	_, err = i.server.Open(t.Context(), session.Credentials{
		Method: session.Token, Secret: login.Token, Database: "nowhere",
	})
	requireCode(t, sqlerr.InvalidCatalogName, err)
}

func TestWithoutLogins(t *testing.T) {
	tokens, err := authz.NewTokens([]byte(strings.Repeat("k", 32)), nil)
	require.NoError(t, err)
	i := start(t, func(c *session.Config) {
		n := authz.NewNoAuth(tokens)
		c.Authenticator, c.Authorizer, c.Users = n, n, nil
	})
	s, err := i.server.Open(t.Context(), session.Credentials{})
	require.NoError(t, err)
	c := client{s, t}
	c.exec("CREATE TABLE t (id INT)")
	c.fails(sqlerr.FeatureNotSupported, "CREATE USER ann IDENTIFIED BY 'a long password'")
	require.Equal(t, []string{"anonymous"}, c.rows("SHOW user"))
}

func TestNobodyLoadsIntoAView(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE VIEW v AS SELECT 1 AS id")
	for _, mode := range []session.IngestMode{
		session.IngestAppend, session.IngestCreateOrAppend, session.IngestReplace, session.IngestCreate,
	} {
		requireCode(t, sqlerr.FeatureNotSupported, ingestInto("v", mode)(c), mode)
	}
	require.Equal(t, []string{"1"}, c.rows("SELECT id FROM v"))
}
