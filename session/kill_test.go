package session_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
)

func TestQueriesAreKilledByTheirUserOrAnAdministrator(t *testing.T) {
	i := start(t)
	ann, bob := i.user("ann", "readonly"), i.user("bob", "poweruser")
	for _, killer := range []client{ann, i.admin()} {
		st, err := ann.Prepare(t.Context(), nil, "SELECT 1")
		require.NoError(t, err)
		rows, err := st.Query(t.Context(), nil)
		require.NoError(t, err)
		sql := fmt.Sprint("KILL QUERY ", i.server.Queries()[0].ID)
		bob.fails(sqlerr.UndefinedObject, sql)
		require.Len(t, i.server.Queries(), 1)
		killer.exec(sql)
		_, err = rows.Next(t.Context())
		requireCode(t, sqlerr.QueryCanceled, err)
		require.NoError(t, rows.Close())
		require.NoError(t, st.Close())
		killer.fails(sqlerr.UndefinedObject, sql)
	}
	ann.fails(sqlerr.InvalidParameterValue, "KILL QUERY 99999999999999999999")
}
