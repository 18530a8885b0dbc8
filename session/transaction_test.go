package session_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

func TestSQLTransactionIsTheSessions(t *testing.T) {
	i := start(t)
	a, b := i.admin(), i.admin()
	a.exec("CREATE TABLE t (id INT)")
	a.exec("BEGIN")
	a.exec("INSERT INTO t VALUES (1)")
	a.exec("CREATE TABLE u (id INT)")
	a.exec("INSERT INTO u SELECT id FROM t")
	require.Equal(t, []string{"1"}, a.rows("SELECT id FROM u"), "own writes are read")
	require.Empty(t, b.rows("SELECT id FROM t"))
	b.fails(sqlerr.UndefinedTable, "SELECT id FROM u")
	a.fails(sqlerr.ActiveTransaction, "BEGIN")
	a.exec("COMMIT")
	require.Equal(t, []string{"1"}, b.rows("SELECT id FROM u"))
	a.fails(sqlerr.NoActiveTransaction, "COMMIT")

	a.exec("START TRANSACTION")
	a.exec("DROP TABLE u")
	a.exec("INSERT INTO t VALUES (2)")
	a.fails(sqlerr.UndefinedTable, "SELECT id FROM u")
	a.exec("ROLLBACK")
	require.Equal(t, []string{"1"}, a.rows("SELECT id FROM u"))
	require.Equal(t, []string{"1"}, a.rows("SELECT id FROM t"))
	a.fails(sqlerr.NoActiveTransaction, "ROLLBACK")
	a.fails(sqlerr.NoActiveTransaction, "SAVEPOINT x")
}

func TestSnapshotsDoNotMove(t *testing.T) {
	i := start(t)
	a, b := i.admin(), i.admin()
	a.exec("CREATE TABLE t (id INT)")
	a.exec("BEGIN")
	require.Empty(t, a.rows("SELECT id FROM t"))
	b.exec("INSERT INTO t VALUES (1)")
	require.Empty(t, a.rows("SELECT id FROM t"))
	first := a.rows("SELECT now()")
	require.Equal(t, first, a.rows("SELECT now()"))
	a.exec("COMMIT")
	require.Equal(t, []string{"1"}, a.rows("SELECT id FROM t"))
}

func TestAFailedStatementIsUndoneAlone(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT NOT NULL)")
	c.exec("CREATE TABLE source (id INT)")
	c.exec("INSERT INTO source VALUES (1), (NULL)")
	c.exec("BEGIN")
	c.exec("INSERT INTO t VALUES (7)")
	c.fails(sqlerr.NotNullViolation, "INSERT INTO t SELECT id FROM source")
	c.fails(sqlerr.UndefinedColumn, "INSERT INTO t SELECT nothing FROM source")
	require.Equal(t, []string{"7"}, c.rows("SELECT id FROM t"))
	c.exec("COMMIT")
	require.Equal(t, []string{"7"}, c.rows("SELECT id FROM t"))
}

func TestSavepoints(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT)")
	c.exec("BEGIN")
	c.exec("INSERT INTO t VALUES (1)")
	c.exec("SAVEPOINT a")
	c.exec("INSERT INTO t VALUES (2)")
	c.exec("ROLLBACK TO SAVEPOINT A")
	c.exec("INSERT INTO t VALUES (3)")
	c.fails(sqlerr.UndefinedObject, "ROLLBACK TO nowhere")
	c.fails(sqlerr.UndefinedObject, "ROLLBACK TO statement")
	c.exec("SAVEPOINT b")
	c.fails(sqlerr.UndefinedObject, "RELEASE nowhere")
	c.fails(sqlerr.UndefinedObject, "RELEASE statement")
	c.exec("RELEASE SAVEPOINT A")
	c.fails(sqlerr.UndefinedObject, "ROLLBACK TO a")
	c.fails(sqlerr.UndefinedObject, "RELEASE b") // set after a
	c.exec("COMMIT")
	c.fails(sqlerr.NoActiveTransaction, "RELEASE a")
	require.Equal(t, []string{"1", "3"}, c.rows("SELECT id FROM t ORDER BY id"))
}

func TestTransactionsByName(t *testing.T) {
	i := start(t)
	a := i.admin()
	a.exec("CREATE TABLE t (id INT)")
	tx, err := a.Begin(t.Context(), session.TransactionOptions{})
	require.NoError(t, err)
	require.NotZero(t, tx.ID())
	require.LessOrEqual(t, tx.ID(), uint64(1)<<53)
	_, err = a.try(tx, "INSERT INTO t VALUES (1)")
	require.NoError(t, err)
	require.Empty(t, a.rows("SELECT id FROM t"), "the session's own statements are not in it")

	again, err := i.admin().Resume(t.Context(), tx.ID()) // from another connection
	require.NoError(t, err)
	b := i.admin()
	rows, err := b.query(again, "SELECT id FROM t")
	require.NoError(t, err)
	require.Equal(t, []string{"1"}, rows)

	ann := i.user("ann", "admin") // but not for another principal
	_, err = ann.Resume(t.Context(), tx.ID())
	requireCode(t, sqlerr.NoActiveTransaction, err)
	_, err = ann.try(tx, "INSERT INTO t VALUES (2)")
	requireCode(t, sqlerr.NoActiveTransaction, err)
	_, err = ann.Resume(t.Context(), 12345)
	requireCode(t, sqlerr.NoActiveTransaction, err)

	_, err = again.Commit(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"1"}, a.rows("SELECT id FROM t"))
	_, err = tx.Commit(t.Context())
	requireCode(t, sqlerr.NoActiveTransaction, err)
	require.NoError(t, tx.Rollback(t.Context()))
	_, err = a.try(tx, "INSERT INTO t VALUES (3)")
	requireCode(t, sqlerr.NoActiveTransaction, err)
	_, err = a.Resume(t.Context(), tx.ID())
	requireCode(t, sqlerr.NoActiveTransaction, err)

	tx, err = a.Begin(t.Context(), session.TransactionOptions{})
	require.NoError(t, err)
	_, err = a.try(tx, "BEGIN")
	requireCode(t, sqlerr.ActiveTransaction, err)
	_, err = a.try(tx, "INSERT INTO t VALUES (4)")
	require.NoError(t, err)
	_, err = a.try(tx, "COMMIT") // as text too
	require.NoError(t, err)
	require.Equal(t, []string{"2"}, a.rows("SELECT count(*) FROM t"))
}

func TestConflictsAreReported(t *testing.T) {
	i := start(t)
	a, b := i.admin(), i.admin()
	a.exec("BEGIN")
	b.exec("BEGIN")
	a.exec("CREATE TABLE t (id INT)")
	b.exec("CREATE TABLE t (id INT)")
	a.exec("COMMIT")
	err := b.fails(sqlerr.SerializationFailure, "COMMIT")
	require.Error(t, err)
	require.Empty(t, b.rows("SELECT id FROM t"), "the session is out of the transaction")
	b.fails(sqlerr.NoActiveTransaction, "ROLLBACK")
}

func TestAutocommitRetriesConflicts(t *testing.T) {
	conflicts := 0
	i := start(t, withFault(func(r session.Request) error {
		if r.Writer != nil && conflicts > 0 {
			conflicts--
			return sqlerr.New(sqlerr.SerializationFailure, "again")
		}
		return nil
	}))
	c := i.admin()
	c.exec("CREATE TABLE t (id INT)")
	conflicts = 4
	c.exec("INSERT INTO t VALUES (1)")
	conflicts = 5
	c.fails(sqlerr.SerializationFailure, "INSERT INTO t VALUES (2)")
	require.Zero(t, conflicts)
	c.exec("BEGIN")
	conflicts = 1
	c.fails(sqlerr.SerializationFailure, "INSERT INTO t VALUES (3)") // a client's transaction is not run again
	c.exec("ROLLBACK")
	require.Equal(t, []string{"1"}, c.rows("SELECT id FROM t"))
}

func TestReadOnlyTransactionsRefuseChanges(t *testing.T) {
	i := start(t)
	c := i.admin()
	c.exec("CREATE TABLE t (id INT)")
	c.exec("BEGIN READ ONLY")
	c.fails(sqlerr.ReadOnlyTransaction, "INSERT INTO t VALUES (1)")
	c.fails(sqlerr.ReadOnlyTransaction, "CREATE TABLE u (id INT)")
	require.Empty(t, c.rows("SELECT id FROM t"))
	c.exec("COMMIT")
	c.exec("SET default_transaction_read_only = on")
	c.exec("BEGIN")
	c.fails(sqlerr.ReadOnlyTransaction, "INSERT INTO t VALUES (1)")
	c.exec("ROLLBACK")
	c.fails(sqlerr.ReadOnlyTransaction, "INSERT INTO t VALUES (1)")
	require.Empty(t, c.rows("SELECT id FROM t"))
	c.exec("BEGIN READ WRITE")
	c.exec("INSERT INTO t VALUES (1)")
	c.exec("COMMIT")
	c.fails(sqlerr.FeatureNotSupported, "BEGIN ISOLATION LEVEL SERIALIZABLE")
	c.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
	c.fails(sqlerr.FeatureNotSupported, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
}

func TestATransactionCanRefuseWritesLater(t *testing.T) {
	i := start(t)
	c := i.admin()
	c.exec("CREATE TABLE t (id INT)")
	c.fails(sqlerr.NoActiveTransaction, "SET TRANSACTION READ ONLY")
	c.exec("BEGIN")
	c.exec("SET TRANSACTION READ WRITE")
	c.exec("INSERT INTO t VALUES (1)")
	c.exec("SET TRANSACTION READ ONLY")
	c.fails(sqlerr.ReadOnlyTransaction, "INSERT INTO t VALUES (2)")
	c.fails(sqlerr.ReadOnlyTransaction, "SET TRANSACTION READ WRITE")
	c.exec("COMMIT")
	require.Equal(t, []string{"1"}, c.rows("SELECT id FROM t"))

	c.exec("SET SESSION TRANSACTION READ ONLY")
	tx, err := c.Begin(t.Context(), session.TransactionOptions{})
	require.NoError(t, err)
	st, err := c.Prepare(t.Context(), tx, "INSERT INTO t VALUES (3)")
	require.NoError(t, err)
	_, err = st.Exec(t.Context(), nil)
	require.Equal(t, sqlerr.ReadOnlyTransaction, sqlerr.CodeOf(err), "a transaction begun by name heeds the session too")
	require.NoError(t, tx.Rollback(t.Context()))
}

func TestOpenResultsEndWithTheirTransaction(t *testing.T) {
	c := start(t, withLimits(limits.Limits{StatementWait: 20 * time.Millisecond})).admin()
	c.exec("CREATE TABLE t (id INT)")
	c.exec("INSERT INTO t VALUES (1), (2)")
	c.exec("BEGIN")
	st, err := c.Prepare(t.Context(), nil, "SELECT id FROM t")
	require.NoError(t, err)
	open, err := st.Query(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"2"}, c.rows("SELECT count(*) FROM t"), "reads run side by side")
	c.fails(sqlerr.ObjectInUse, "INSERT INTO t VALUES (3)") // a change would pull rows from under the reader
	c.exec("COMMIT")
	_, err = drain(open)
	requireCode(t, sqlerr.NoActiveTransaction, err)

	c.exec("BEGIN")
	open, err = st.Query(t.Context(), nil)
	require.NoError(t, err)
	require.NoError(t, open.Close())
	c.exec("INSERT INTO t VALUES (3)")
	c.exec("ROLLBACK")
}

func TestIdleTransactionsAreRolledBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := start(t, withLimits(limits.Limits{TransactionIdle: time.Minute}))
		defer i.stop()
		c := i.admin()
		c.exec("CREATE TABLE t (id INT)")
		tx, err := c.Begin(t.Context(), session.TransactionOptions{})
		require.NoError(t, err)
		_, err = c.try(tx, "INSERT INTO t VALUES (1)")
		require.NoError(t, err)
		c.exec("BEGIN")
		wait(50 * time.Second)
		_, err = c.try(tx, "INSERT INTO t VALUES (2)") // each statement begins the time anew
		require.NoError(t, err)
		c.rows("SELECT id FROM t")
		wait(50 * time.Second)
		_, err = c.Resume(t.Context(), tx.ID())
		require.NoError(t, err)
		wait(30 * time.Second)

		_, err = i.admin().Resume(t.Context(), tx.ID())
		requireCode(t, sqlerr.IdleTransaction, err)
		_, err = c.try(tx, "INSERT INTO t VALUES (3)")
		requireCode(t, sqlerr.IdleTransaction, err)
		_, err = tx.Commit(t.Context())
		requireCode(t, sqlerr.IdleTransaction, err)
		require.NoError(t, tx.Rollback(t.Context()))
		c.fails(sqlerr.IdleTransaction, "SELECT 1")
		c.fails(sqlerr.IdleTransaction, "COMMIT") // never a success; and it ends the matter
		require.Empty(t, c.rows("SELECT id FROM t"))
	})
}

// wait lets the bubble's time pass.
func wait(d time.Duration) { <-time.After(d) }

func TestTransactionsAreLimited(t *testing.T) {
	c := start(t, withLimits(limits.Limits{Transactions: 1})).admin()
	tx, err := c.Begin(t.Context(), session.TransactionOptions{})
	require.NoError(t, err)
	c.fails(sqlerr.LimitExceeded, "BEGIN")
	require.NoError(t, tx.Rollback(t.Context()))
	c.exec("BEGIN")
}

func TestConcurrentStatementsOfOneTransaction(t *testing.T) {
	i := start(t)
	c := i.admin()
	c.exec("CREATE TABLE t (id INT)")
	tx, err := c.Begin(t.Context(), session.TransactionOptions{})
	require.NoError(t, err)
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for n := range errs {
		wg.Go(func() {
			if n%4 == 0 {
				_, errs[n] = c.query(tx, "SELECT count(*) FROM t")
				return
			}
			_, errs[n] = c.try(tx, "INSERT INTO t VALUES (?)", n)
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	_, err = tx.Commit(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"12"}, c.rows("SELECT count(*) FROM t"))
}

func TestCancel(t *testing.T) {
	i := start(t)
	c, ann := i.admin(), i.user("ann", "poweruser")
	c.exec("CREATE TABLE t (id INT)")
	st, err := ann.Prepare(t.Context(), nil, "SELECT id FROM t")
	require.NoError(t, err)
	s, err := st.Query(t.Context(), nil)
	require.NoError(t, err)
	running := i.server.Queries()
	require.Len(t, running, 1)
	require.Equal(t, "ann", running[0].User)
	bob := i.user("bob", "poweruser")
	requireCode(t, sqlerr.UndefinedObject, i.server.Cancel(t.Context(), bob.Principal(), running[0].ID))
	requireCode(t, sqlerr.UndefinedObject, i.server.Cancel(t.Context(), ann.Principal(), 999))
	require.NoError(t, i.server.Cancel(t.Context(), c.Principal(), running[0].ID))
	_, err = drain(s)
	requireCode(t, sqlerr.QueryCanceled, err)
	require.Empty(t, i.server.Queries())
}

func TestCloseWaitsThenCancels(t *testing.T) {
	i := start(t)
	c := i.admin()
	c.exec("CREATE TABLE t (id INT)")
	c.exec("BEGIN")
	c.exec("INSERT INTO t VALUES (1)")
	other := i.admin()
	st, err := other.Prepare(t.Context(), nil, "SELECT id FROM t")
	require.NoError(t, err)
	s, err := st.Query(t.Context(), nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, i.server.Close(ctx))
	_, err = drain(s)
	requireCode(t, sqlerr.ShuttingDown, err)
	_, err = i.server.Open(t.Context(), session.Credentials{
		Method: session.Password, Username: "admin", Secret: adminPassword,
	})
	requireCode(t, sqlerr.ShuttingDown, err)
	require.NoError(t, i.server.Close(ctx))
}
