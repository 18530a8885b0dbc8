package txn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vfs"
)

// TestASavepointSurvivesThatItsRowsLeaveMemory goes back to rows that have moved to a segment since, while as many
// others are in memory.
func TestASavepointSurvivesThatItsRowsLeaveMemory(t *testing.T) {
	o := smallWriteSets(vfs.NewMemory())
	m := open(t, o)
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", span(1, 10)...)
	require.NoError(t, tx.Savepoint(t.Context(), "s"))
	insert(t, tx, "t", span(1001, 5000)...) // to a segment, with the first ten
	insert(t, tx, "t", span(6001, 6010)...)
	require.NoError(t, tx.RollbackTo(t.Context(), "s"))
	require.ElementsMatch(t, span(1, 10), ids(t, tx, "t"))
	commit(t, tx)
	require.ElementsMatch(t, span(1, 10), seen(t, m, "t"))
}
