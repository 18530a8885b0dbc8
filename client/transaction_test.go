package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
)

func TestTransactions(t *testing.T) {
	db := newClient(t)
	execute(t, db, "CREATE TABLE tx (i INT)")
	defer db.Execute(t.Context(), "DROP TABLE tx")
	begin := func(o client.TxOptions) *client.Tx {
		tx, err := db.Begin(t.Context(), o)
		require.NoError(t, err)
		return tx
	}
	tx := begin(client.TxOptions{})
	require.Equal(t, int64(2), execute(t, tx, "INSERT INTO tx VALUES (?), (?)", 1, 2))
	require.Equal(t, int64(3), value(t, tx, "SELECT sum(i) FROM tx WHERE i < ?", 10))
	require.Nil(t, value(t, db, "SELECT sum(i) FROM tx"), "nobody else sees it")
	n, err := tx.AppendRows(t.Context(), client.Table{Name: "tx"}, [][]any{{4}})
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	require.NoError(t, tx.Commit(t.Context()))
	require.Equal(t, int64(7), value(t, db, "SELECT sum(i) FROM tx"))
	require.ErrorIs(t, tx.Commit(t.Context()), client.ErrClosed)
	require.NoError(t, tx.Rollback(t.Context()), "can be deferred")

	tx = begin(client.TxOptions{})
	execute(t, tx, "INSERT INTO tx VALUES (100)")
	point, err := tx.Savepoint(t.Context(), "point")
	require.NoError(t, err)
	execute(t, tx, "DELETE FROM tx")
	require.NoError(t, point.Rollback(t.Context()))
	require.Equal(t, int64(107), value(t, tx, "SELECT sum(i) FROM tx"))
	require.NoError(t, point.Release(t.Context()))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, tx.Rollback(gone), "also when its context has ended")
	require.Equal(t, int64(7), value(t, db, "SELECT sum(i) FROM tx"))

	tx = begin(client.TxOptions{ReadOnly: true})
	_, err = tx.Execute(t.Context(), "INSERT INTO tx VALUES (1)")
	require.Equal(t, "25006", state(err))
	require.Equal(t, int64(7), value(t, tx, "SELECT sum(i) FROM tx"))
	require.NoError(t, tx.Commit(t.Context()))
}

func TestRetryRunsAConflictAgain(t *testing.T) {
	db := newClient(t)
	execute(t, db, "CREATE TABLE retried (i INT)")
	defer db.Execute(t.Context(), "DROP TABLE retried")
	execute(t, db, "INSERT INTO retried VALUES (1)")
	runs := 0
	add := func(tx *client.Tx, collisions int) error {
		runs++
		rows, err := tx.Stream(t.Context(), "SELECT i FROM retried")
		if err != nil {
			return err
		}
		if err := errors.Join(rows.Close(), rows.Err()); err != nil {
			return err
		}
		if runs <= collisions {
			execute(t, db, "UPDATE retried SET i = i + 10")
		}
		_, err = tx.Execute(t.Context(), "UPDATE retried SET i = i + 1")
		return err
	}
	require.NoError(t, db.Retry(t.Context(), client.TxOptions{}, func(tx *client.Tx) error { return add(tx, 2) }))
	require.Equal(t, 3, runs)
	require.Equal(t, int64(22), value(t, db, "SELECT i FROM retried"))

	runs = 0
	err := db.Retry(t.Context(), client.TxOptions{}, func(tx *client.Tx) error { return add(tx, 1000) })
	require.True(t, client.IsRetryable(err), "%v", err)
	require.ErrorContains(t, err, "after 10 attempts")
	require.Equal(t, 10, runs)

	runs = 0
	mine := errors.New("mine")
	require.ErrorIs(t, db.Retry(t.Context(), client.TxOptions{}, func(tx *client.Tx) error {
		return errors.Join(add(tx, 0), mine)
	}), mine)
	require.Equal(t, 1, runs)
	require.Equal(t, int64(122), value(t, db, "SELECT i FROM retried"), "what failed is undone")

	waiting, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, db.Retry(waiting, client.TxOptions{}, func(tx *client.Tx) error {
		err := add(tx, 1000)
		cancel()
		return err
	}), context.Canceled)
}

// A panic leaves no transaction open.
func TestAPanicRollsBack(t *testing.T) {
	db := newClient(t, limited(1))
	require.PanicsWithValue(t, "mine", func() {
		_ = db.Retry(t.Context(), client.TxOptions{}, func(*client.Tx) error { panic("mine") })
	})
	require.Equal(t, int64(1), value(t, db, "SELECT 1"), "its connection is free")
}

// The answer to a commit is lost: the transaction is committed, the client can't know, and Retry does not do it twice.
func TestACommitWithoutAnAnswerIsNotRepeated(t *testing.T) {
	db := newClient(t)
	execute(t, db, "CREATE TABLE lost (i INT)")
	defer db.Execute(t.Context(), "DROP TABLE lost")
	p := newProxy(t, server.Flight)
	behind := newClient(t, func(o *client.Options) { o.URL = p.url() })
	runs := 0
	giveUp, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- behind.Retry(giveUp, client.TxOptions{}, func(tx *client.Tx) error {
			runs++
			_, err := tx.Execute(giveUp, "INSERT INTO lost VALUES (1)")
			p.silence()
			return err
		})
	}()
	require.Eventually(t, func() bool { return value(t, db, "SELECT count(*) FROM lost") == int64(1) },
		time.Minute, time.Millisecond)
	p.cut()
	require.ErrorIs(t, <-done, client.ErrOutcomeUnknown)
	require.Equal(t, 1, runs)
	require.Equal(t, int64(1), value(t, db, "SELECT count(*) FROM lost"))
}

func TestACancelledContextStopsTheStatement(t *testing.T) {
	db := newClient(t)
	execute(t, db, "CREATE TABLE ten AS SELECT * FROM (VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) AS v(n)")
	defer db.Execute(t.Context(), "DROP TABLE ten")
	const long = "SELECT count(*) FROM ten a, ten b, ten c, ten d, ten e, ten f, ten g, ten h, ten i, ten j, ten k, ten l"
	running := func() int64 {
		n, _ := value(t, db, "SELECT count(*) FROM system.queries WHERE sql LIKE 'SELECT count(*) FROM ten a%'").(int64)
		return n
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := db.Execute(ctx, long)
		done <- err
	}()
	require.Eventually(t, func() bool { return running() == 1 }, time.Minute, time.Millisecond)
	cancel()
	require.Equal(t, "57014", state(<-done))
	require.Eventually(t, func() bool { return running() == 0 }, time.Minute, time.Millisecond)
}

// A session holds 1,000 tickets and prepared statements at most: none may be left by rows that are given up.
func TestRowsThatAreGivenUpLeaveNothing(t *testing.T) {
	db := newClient(t, limited(1))
	for range 501 {
		rows, err := db.Stream(t.Context(), "SELECT 1")
		require.NoError(t, err)
		require.NoError(t, rows.Close())
		rows, err = db.Stream(t.Context(), "SELECT ?", 1)
		require.NoError(t, err)
		require.NoError(t, rows.Close())
		require.NoError(t, rows.Close())
	}
}
