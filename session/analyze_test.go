package session_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
)

func TestAnalyze(t *testing.T) {
	i := startOn(t, vfs.NewMemory())
	admin, ann := i.admin(), i.user("ann")
	for _, sql := range []string{
		"CREATE TABLE t (id INT NOT NULL, s TEXT)", "CREATE TABLE u (x INT)", "CREATE DATABASE lab", "CREATE TABLE lab.v (x INT)",
		"INSERT INTO t VALUES (1, 'a'), (2, NULL), (3, 'a'), (4, 'b')", "DELETE FROM t WHERE id = 4",
		"CREATE ROLE loader", "GRANT INSERT ON t TO loader", "GRANT loader TO ann",
	} {
		admin.exec(sql)
	}
	require.Equal(t, []string{"main|t|id|3|0|3", "main|t|s|3|1|1"}, admin.rows("ANALYZE TABLE t"))
	require.Equal(t, []string{"lab|v|x|0|0|0"}, admin.rows("ANALYZE lab.v"))
	require.Equal(t, []string{"main|t|id|3|0|3", "main|t|s|3|1|1"},
		admin.rows("SELECT * FROM system.column_statistics WHERE table_name = 't' ORDER BY column_name"))
	require.Equal(t, []string{"lab|v|x|0|0|0", "main|t|id|3|0|3", "main|t|s|3|1|1", "main|u|x|0|0|0"},
		admin.rows("ANALYZE"))
	admin.fails(sqlerr.UndefinedTable, "ANALYZE TABLE nothing")
	admin.fails(sqlerr.FeatureNotSupported, "ANALYZE information_schema.tables")
	admin.fails(sqlerr.InsufficientPrivilege, "ANALYZE system.users")

	ann.fails(sqlerr.InsufficientPrivilege, "ANALYZE t") // one may not read it
	require.Empty(t, ann.rows("ANALYZE"))
	admin.exec("GRANT SELECT ON t TO loader")
	require.Len(t, ann.rows("ANALYZE"), 2)
	ann.fails(sqlerr.InsufficientPrivilege, "ANALYZE u")

	admin.exec("BEGIN READ ONLY")
	admin.fails(sqlerr.ReadOnlyTransaction, "ANALYZE t")
	admin.exec("ROLLBACK")
	admin.exec("BEGIN")
	admin.exec("INSERT INTO t VALUES (9, 'c')")
	require.Equal(t, "main|t|id|3|0|3", admin.rows("ANALYZE t")[0]) // of what is committed
	admin.exec("COMMIT")
}
