package session_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
)

func TestUsersRolesAndGrantsAreShown(t *testing.T) {
	i := start(t)
	admin := i.admin()
	ann := i.user("ann", "readonly")
	i.user("bob")
	require.Equal(t, []string{"admin|admin|admin", "ann|ann|readonly", "bob|bob|"}, admin.rows("SHOW USERS"))
	require.Equal(t, []string{"admin", "poweruser", "readonly"}, ann.rows("SHOW ROLES"))
	ann.fails(sqlerr.InsufficientPrivilege, "SHOW USERS")

	admin.exec("CREATE TABLE t (x INT)")
	admin.exec("GRANT INSERT ON main.t TO ann")
	admin.exec("GRANT DROP ON *.* TO ann")
	admin.exec("GRANT CREATE ON DATABASE main TO ann")
	want := []string{
		"ann|Read|(null)|(null)|readonly", "ann|ReadSchema|(null)|(null)|readonly",
		"ann|ExecuteQuery|(null)|(null)|readonly", "ann|DropTable|(null)|(null)|(null)",
		"ann|CreateTable|main|(null)|(null)", "ann|Insert|main|t|(null)",
	}
	require.Equal(t, want, ann.rows("SHOW GRANTS"))
	require.Equal(t, want, admin.rows("SHOW GRANTS FOR ANN"))
	ann.fails(sqlerr.InsufficientPrivilege, "SHOW GRANTS FOR admin")
	admin.fails(sqlerr.UndefinedObject, "SHOW GRANTS FOR nobody")
	admin.fails(sqlerr.FeatureNotSupported, "SHOW USERS LIKE 'a%'")
	admin.exec("REVOKE INSERT ON main.t FROM ann")
	require.Equal(t, want[:5], ann.rows("SHOW GRANTS"))
}
