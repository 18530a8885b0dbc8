package session_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/session"
)

func TestRolesInSQL(t *testing.T) {
	fs := vfs.NewMemory()
	i := startOn(t, fs)
	admin, ann, bob := i.admin(), i.user("ann"), i.user("bob")
	for _, sql := range []string{
		"CREATE TABLE t (id INT)", "CREATE TABLE u (id INT)", "CREATE DATABASE lab", "CREATE TABLE lab.v (id INT)",
		"CREATE ROLE Loader", "CREATE ROLE IF NOT EXISTS loader",
		"GRANT INSERT ON t TO loader", "GRANT SELECT ON lab.* TO loader", "GRANT CREATE DATABASE ON *.* TO loader",
		"GRANT loader TO ann, bob",
	} {
		admin.exec(sql)
	}
	ann.exec("INSERT INTO t VALUES (1)")
	for _, sql := range []string{
		"SELECT id FROM t", "DELETE FROM t", "UPDATE t SET id = 1", "TRUNCATE t", "INSERT INTO u VALUES (1)",
		"INSERT INTO lab.v VALUES (1)", "CREATE ROLE mine", "DROP ROLE loader", "GRANT admin TO ann", "REVOKE loader FROM bob",
		"GRANT SELECT ON *.* TO ann", "SHOW GRANTS FOR bob", "SHOW GRANTS FOR readonly", "DROP DATABASE lab",
	} {
		ann.fails(sqlerr.InsufficientPrivilege, sql)
	}
	require.Empty(t, ann.rows("SELECT id FROM lab.v"))
	ann.exec("CREATE DATABASE made")
	want := []string{
		"CreateDatabase|(null)|(null)|loader", "Read|lab|(null)|loader", "ReadSchema|lab|(null)|loader",
		"Insert|main|t|loader",
	}
	for n, w := range want {
		require.Equal(t, "ann|"+w, ann.rows("SHOW GRANTS")[n])
		require.Equal(t, "(null)|"+w, ann.rows("SHOW GRANTS FOR loader")[n])
		require.Equal(t, "bob|"+w, admin.rows("SHOW GRANTS FOR bob")[n])
	}
	require.Equal(t, []string{"admin", "poweruser", "readonly", "loader"}, ann.rows("SHOW ROLES"))
	require.Contains(t, admin.rows("SELECT * FROM system.roles"), "loader|Insert|main|t")

	admin.exec("REVOKE loader FROM bob")
	bob.fails(sqlerr.InsufficientPrivilege, "SELECT id FROM lab.v") // at once, in a session that was open
	require.Equal(t, []string{"admin", "poweruser", "readonly"}, bob.rows("SHOW ROLES"))

	i.stop()
	i = startOn(t, fs)
	admin, ann = i.admin(), i.as("ann")
	ann.exec("INSERT INTO t VALUES (2)")
	admin.exec("REVOKE INSERT ON t FROM loader")
	ann.fails(sqlerr.InsufficientPrivilege, "INSERT INTO t VALUES (3)")
	admin.exec("DROP ROLE loader")
	ann.fails(sqlerr.InsufficientPrivilege, "SELECT id FROM lab.v")
	admin.exec("DROP ROLE IF EXISTS loader")
	admin.fails(sqlerr.UndefinedObject, "DROP ROLE loader")
	admin.exec("CREATE ROLE loader")
	require.Empty(t, admin.rows("SHOW GRANTS FOR loader"))
	require.Empty(t, admin.rows("SHOW GRANTS FOR ann"))
	require.Equal(t, []string{"1", "2"}, admin.rows("SELECT id FROM t ORDER BY id"))
}

func TestWhatCanNotBeGranted(t *testing.T) {
	i := start(t)
	admin := i.admin()
	admin.exec("CREATE TABLE t (id INT)")
	admin.exec("CREATE ROLE r")
	i.user("ann")
	for sql, code := range map[string]sqlerr.Code{
		"GRANT SELECT (id) ON t TO r":                   sqlerr.FeatureNotSupported,
		"GRANT SELECT ON t TO r WITH GRANT OPTION":      sqlerr.FeatureNotSupported,
		"GRANT FLY ON *.* TO r":                         sqlerr.FeatureNotSupported,
		"GRANT MANAGE USERS ON *.* TO r":                sqlerr.FeatureNotSupported,
		"GRANT CREATE DATABASE ON main.* TO r":          sqlerr.InvalidParameterValue,
		"GRANT VIEW SYSTEM ON t TO r":                   sqlerr.InvalidParameterValue,
		"GRANT DROP DATABASE ON t TO r":                 sqlerr.InvalidParameterValue,
		"GRANT SELECT ON t TO readonly":                 sqlerr.InsufficientPrivilege,
		"GRANT SELECT ON t TO nobody":                   sqlerr.UndefinedObject,
		"GRANT readonly TO r":                           sqlerr.UndefinedObject,
		"GRANT king TO ann":                             sqlerr.UndefinedObject,
		"CREATE ROLE ann":                               sqlerr.DuplicateObject,
		"CREATE ROLE r":                                 sqlerr.DuplicateObject,
		"CREATE USER r IDENTIFIED BY 'a long password'": sqlerr.DuplicateObject,
		"DROP ROLE admin":                               sqlerr.InsufficientPrivilege,
		"DROP ROLE ann":                                 sqlerr.UndefinedObject,
		"DROP USER r":                                   sqlerr.UndefinedObject,
		"REVOKE SELECT ON t FROM r":                     sqlerr.UndefinedObject,
		"REVOKE ALL ON t FROM r":                        sqlerr.UndefinedObject,
		"SET ROLE r":                                    sqlerr.FeatureNotSupported,
	} {
		admin.fails(code, sql)
	}
	require.Empty(t, admin.rows("SHOW GRANTS FOR r"))
	admin.exec("GRANT ALL ON t TO r")
	admin.exec("REVOKE DELETE ON t FROM r")
	require.Len(t, admin.rows("SHOW GRANTS FOR r"), 7)
	admin.exec("REVOKE ALL PRIVILEGES ON t FROM r")
	require.Empty(t, admin.rows("SHOW GRANTS FOR r"))
}

func TestGrantsEndWithTheirObject(t *testing.T) {
	fs := vfs.NewMemory()
	i := startOn(t, fs)
	admin, ann := i.admin(), i.user("ann")
	for _, sql := range []string{
		"CREATE TABLE t (id INT)", "CREATE TABLE kept (id INT)", "CREATE DATABASE lab", "CREATE TABLE lab.v (id INT)",
		"CREATE ROLE r", "GRANT r TO ann", "GRANT SELECT ON t TO r", "GRANT SELECT ON kept TO r",
		"GRANT SELECT ON lab.* TO ann", "GRANT INSERT ON lab.v TO ann",
	} {
		admin.exec(sql)
	}
	admin.fails(sqlerr.UndefinedTable, "GRANT SELECT ON nothing TO ann")
	admin.fails(sqlerr.InvalidCatalogName, "GRANT SELECT ON nowhere.* TO ann")

	admin.exec("BEGIN")
	admin.exec("DROP TABLE t")
	admin.exec("DROP DATABASE lab CASCADE")
	admin.exec("ROLLBACK")
	require.Empty(t, ann.rows("SELECT id FROM t"))
	require.Empty(t, ann.rows("SELECT id FROM lab.v"))
	admin.exec("BEGIN")
	admin.exec("SAVEPOINT s")
	admin.exec("DROP TABLE kept")
	admin.exec("ROLLBACK TO s")
	admin.exec("DROP TABLE t")
	admin.exec("CREATE TABLE t (id INT)") // another one
	require.Empty(t, ann.rows("SELECT id FROM t"), "until the commit it is the old one")
	admin.exec("COMMIT")
	ann.fails(sqlerr.InsufficientPrivilege, "SELECT id FROM t")
	require.Empty(t, ann.rows("SELECT id FROM kept"))

	admin.exec("DROP DATABASE lab CASCADE")
	require.Len(t, admin.rows("SHOW GRANTS FOR ann"), 2) // by r, on kept
	admin.exec("CREATE DATABASE lab")
	admin.exec("CREATE TABLE lab.v (id INT)")
	ann.fails(sqlerr.InsufficientPrivilege, "SELECT id FROM lab.v")
	ann.fails(sqlerr.InsufficientPrivilege, "INSERT INTO lab.v VALUES (1)")
	admin.exec("GRANT SELECT ON lab.v TO ann")
	require.Empty(t, ann.rows("SELECT id FROM lab.v"))
	require.NoError(t, ingestInto("kept", session.IngestReplace)(admin))
	ann.fails(sqlerr.InsufficientPrivilege, "SELECT id FROM kept")
	require.Empty(t, ann.rows("SELECT id FROM lab.v"))
	i.stop()
	i = startOn(t, fs)
	require.Equal(t, []string{"ann|Read|lab|v|(null)", "ann|ReadSchema|lab|v|(null)"}, i.admin().rows("SHOW GRANTS FOR ann"))
}

// A server that ends between the commit of a DROP and the removal of the grants removes them when it starts.
func TestGrantsOfADropThatWasCutShortEndAtTheStart(t *testing.T) {
	fs := vfs.NewMemory()
	i := startOn(t, fs)
	admin := i.admin()
	i.user("ann")
	admin.exec("CREATE TABLE kept (id INT)")
	admin.exec("GRANT SELECT ON kept TO ann")
	require.NoError(t, i.users.Grant(t.Context(), authz.Grant{
		Grantee: "ann", Permission: authz.Insert, On: authz.Object{Database: "main", Table: "gone"},
	}))
	i.stop()
	i = startOn(t, fs)
	require.Equal(t, []string{"ann|Read|main|kept|(null)", "ann|ReadSchema|main|kept|(null)"},
		i.admin().rows("SHOW GRANTS FOR ann"))
	i.admin().exec("CREATE TABLE gone (id INT)")
	i.as("ann").fails(sqlerr.InsufficientPrivilege, "INSERT INTO gone VALUES (1)")
}
