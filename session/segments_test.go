package session_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
)

func TestSystemSegments(t *testing.T) {
	i := start(t)
	admin := i.admin()
	admin.exec("CREATE TABLE t (k INT)")
	admin.exec("INSERT INTO t VALUES (1), (2), (3)")
	admin.exec("INSERT INTO t VALUES (4)")
	newest := i.manager.Sequence()
	require.NoError(t, i.manager.Flush(t.Context()))
	admin.exec("DELETE FROM t WHERE k <= 2")
	const of = "SELECT tier, origin, row_count, deleted_rows, retained_rows, bytes > 0, oldest_version, newest_version, " +
		"created > TIMESTAMP WITH TIME ZONE '2026-01-01 00:00:00' FROM system.segments " +
		"WHERE database_name = 'main' AND table_name = 't'"
	require.Equal(t, []string{fmt.Sprintf("0|flush|4|2|2|true|%d|%d|true", newest-1, newest)}, admin.rows(of))
	require.Equal(t, []string{fmt.Sprintf("%d|%d", newest+1, newest)}, admin.rows("SELECT * FROM system.versions"))
	require.Equal(t, []string{fmt.Sprint(newest + 1)}, admin.rows("SELECT current_version()"))
	require.Equal(t, []string{"4"}, admin.rows("SELECT COUNT(*) FROM t AS OF VERSION (current_version() - 1)"))
	i.user("ann", "readonly").fails(sqlerr.InsufficientPrivilege, "SELECT * FROM system.segments")
	require.Equal(t, []string{fmt.Sprint(i.manager.Sequence())}, i.as("ann").rows("SELECT current_version()"))
}
