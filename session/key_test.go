package session_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

// key makes an API key and returns it.
func (c client) key(sql string) string {
	c.t.Helper()
	row := strings.Split(c.rows(sql)[0], "|")
	require.Len(c.t, row, 4)
	return row[2]
}

func (i *instance) withKey(key string) (client, error) {
	s, err := i.server.Open(i.t.Context(), session.Credentials{Method: session.APIKey, Secret: key})
	return client{s, i.t}, err
}

func TestAPIKeysInSQL(t *testing.T) {
	i := start(t)
	admin := i.admin()
	ann := i.user("ann", "readonly")
	key := ann.key("CREATE API KEY mine EXPIRES IN '90 days'")
	other := admin.key("CREATE API KEY loader FOR ann EXPIRES AT '2200-01-02 03:04:05Z'")
	require.NotEqual(t, key, other)
	c, err := i.withKey(key)
	require.NoError(t, err)
	require.Equal(t, []string{"ann"}, c.rows("SHOW user"))
	c.fails(sqlerr.InsufficientPrivilege, "CREATE TABLE t (x INT)")
	require.Len(t, c.rows("SHOW API KEYS"), 2)

	listed := admin.rows("SHOW API KEYS")
	require.Len(t, listed, 2)
	require.Contains(t, listed[0], "loader|ann|")
	require.Contains(t, listed[0], "2200-01-02")
	require.NotContains(t, strings.Join(listed, " "), other)
	require.Empty(t, admin.rows("SHOW API KEYS FOR admin"))
	admin.fails(sqlerr.FeatureNotSupported, "CREATE API KEY lost") // as an update, which would drop the key
	require.Empty(t, admin.rows("SHOW API KEYS FOR admin"))

	login, err := i.server.Login(t.Context(), session.Credentials{Method: session.APIKey, Secret: key})
	require.NoError(t, err)
	require.Equal(t, "ann", login.Principal.Username)
	require.Empty(t, login.Token, "a token would outlive the key")

	ann.exec("DROP API KEY mine")
	c.fails(sqlerr.InvalidAuthorization, "SHOW user") // the session that the key opened ends with it
	_, err = i.withKey(key)
	requireCode(t, sqlerr.InvalidAuthorization, err)
	ann.fails(sqlerr.UndefinedObject, "DROP API KEY mine")
	ann.exec("DROP API KEY IF EXISTS mine")
	admin.exec("DROP USER ann")
	_, err = i.withKey(other)
	requireCode(t, sqlerr.InvalidAuthorization, err)
}

func TestAPIKeysOfOthersNeedManageUsers(t *testing.T) {
	i := start(t)
	i.admin().key("CREATE API KEY a")
	ann := i.user("ann", "poweruser")
	for _, sql := range []string{
		"CREATE API KEY x FOR admin", "DROP API KEY a FOR admin", "SHOW API KEYS FOR admin", "SHOW API KEYS FOR nobody",
	} {
		ann.fails(sqlerr.InsufficientPrivilege, sql)
	}
	require.Empty(t, ann.rows("SHOW API KEYS"))
	require.NotContains(t, strings.Join(i.admin().rows("SHOW TABLES FROM system"), " "), "api_keys")
	i.admin().fails(sqlerr.InsufficientPrivilege, "SELECT * FROM system.api_keys")
}

func TestAPIKeysAreNoPartOfTransactions(t *testing.T) {
	i := start(t)
	c := i.admin()
	c.exec("BEGIN")
	_, err := c.query(nil, "CREATE API KEY a")
	requireCode(t, sqlerr.ActiveTransaction, err)
	c.fails(sqlerr.ActiveTransaction, "DROP API KEY a")
	c.exec("ROLLBACK")
	for sql, code := range map[string]sqlerr.Code{
		"CREATE API KEY a EXPIRES AT '1999-01-01'": sqlerr.InvalidParameterValue,
		"CREATE API KEY a EXPIRES IN '-1 day'":     sqlerr.InvalidParameterValue,
		"CREATE API KEY a EXPIRES AT 'soon'":       sqlerr.InvalidDatetime,
		"CREATE API KEY a FOR nobody":              sqlerr.UndefinedObject,
		"SHOW API KEYS LIKE 'a%'":                  sqlerr.FeatureNotSupported,
	} {
		_, err := c.query(nil, sql)
		requireCode(t, code, err, sql)
	}
}
