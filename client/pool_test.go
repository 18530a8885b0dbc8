package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
)

// value runs a query that gives one value.
func value(t *testing.T, db interface {
	Stream(ctx context.Context, sql string, args ...any) (*client.Rows, error)
}, sql string, args ...any,
) any {
	t.Helper()
	rows, err := db.Stream(t.Context(), sql, args...)
	require.NoError(t, err)
	defer rows.Close()
	require.True(t, rows.NextRow(), "%v", rows.Err())
	return rows.Value(0)
}

func execute(t *testing.T, db interface {
	Execute(ctx context.Context, sql string, args ...any) (int64, error)
}, sql string, args ...any,
) int64 {
	t.Helper()
	n, err := db.Execute(t.Context(), sql, args...)
	require.NoError(t, err)
	return n
}

// state returns the SQLSTATE of an error.
func state(err error) string {
	if e, ok := errors.AsType[*client.Error](err); ok {
		return e.SQLState
	}
	return fmt.Sprint("no SQLSTATE: ", err)
}

func limited(connections int) func(*client.Options) {
	return func(o *client.Options) { o.ConnectionsMax = connections }
}

func TestThePoolIsBounded(t *testing.T) {
	db := newClient(t, limited(2))
	first, err := db.Stream(t.Context(), "SELECT 1")
	require.NoError(t, err)
	_, err = db.Begin(t.Context(), client.TxOptions{})
	require.NoError(t, err)
	waiting, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = db.Execute(waiting, "SELECT 1")
	require.ErrorIs(t, err, context.DeadlineExceeded)

	require.True(t, first.NextRow())
	require.False(t, first.NextRow(), "rows that were read to their end give their connection back")
	require.Equal(t, int64(2), value(t, db, "SELECT 2"))
}

func TestManyGoroutinesShareFewConnections(t *testing.T) {
	db := newClient(t, limited(3))
	var all sync.WaitGroup
	failures := make(chan error, 60)
	for i := range 60 {
		all.Go(func() {
			rows, err := db.Stream(t.Context(), "SELECT ? + 1", i)
			if err != nil {
				failures <- err
				return
			}
			defer rows.Close()
			if !rows.NextRow() || rows.Value(0) != int64(i+1) {
				failures <- fmt.Errorf("%d: %w", i, rows.Err())
			}
		})
	}
	all.Wait()
	require.Empty(t, failures)
	require.Equal(t, int64(3), value(t, db, "SELECT 3"))
}

func TestNobodyFindsTheSessionOfAnother(t *testing.T) {
	db := newClient(t, limited(1))
	execute(t, db, "CREATE TABLE nobody (i INT)")
	defer db.Execute(t.Context(), "DROP TABLE nobody")
	execute(t, db, "BEGIN")
	execute(t, db, "INSERT INTO nobody VALUES (1)")
	require.Equal(t, int64(1), value(t, db, "SELECT count(*) FROM nobody"), "the transaction of BEGIN is gone")

	conn, release, err := db.Conn(t.Context())
	require.NoError(t, err)
	execute(t, conn, "BEGIN")
	execute(t, conn, "DELETE FROM nobody")
	require.Equal(t, int64(0), value(t, conn, "SELECT count(*) FROM nobody"))
	release()
	require.Equal(t, int64(1), value(t, db, "SELECT count(*) FROM nobody"))
}

// The server is killed and started again: connections to the old process are replaced.
func TestBrokenConnectionsAreReplaced(t *testing.T) {
	s := harness.Start(t)
	p := newProxy(t, s.Flight)
	db := newClient(t, func(o *client.Options) { o.URL, o.IdleUncheckedMax = p.url(), time.Nanosecond })
	execute(t, db, "CREATE TABLE t (i INT)")
	tx, err := db.Begin(t.Context(), client.TxOptions{})
	require.NoError(t, err)
	execute(t, tx, "INSERT INTO t VALUES (1)")
	rows, err := db.Stream(t.Context(), "SELECT 1")
	require.NoError(t, err)
	require.NoError(t, rows.Close())

	s.Kill()
	_, err = db.Execute(t.Context(), "INSERT INTO t VALUES (2)")
	require.Error(t, err)
	s.Start()
	p.forward(s.Flight)
	require.Equal(t, int64(1), execute(t, db, "INSERT INTO t VALUES (3)"))
	_, err = tx.Execute(t.Context(), "INSERT INTO t VALUES (4)")
	require.Error(t, err, "a transaction does not outlive its server, and is not taken for none")
	require.Error(t, tx.Commit(t.Context()))
	require.Equal(t, int64(3), value(t, db, "SELECT sum(i) FROM t"))
}

func TestLogins(t *testing.T) {
	db := newClient(t)
	execute(t, db, "CREATE USER reader IDENTIFIED BY 'a long enough password'")
	defer db.Execute(t.Context(), "DROP USER reader")
	execute(t, db, "GRANT readonly TO reader")
	keys, err := db.Stream(t.Context(), "CREATE API KEY test FOR reader")
	require.NoError(t, err)
	require.True(t, keys.NextRow())
	key, ok := keys.Value(2).(string)
	require.True(t, ok)
	require.NoError(t, keys.Close())
	require.NotEmpty(t, key)

	who := newClient(t, limited(2))
	require.Equal(t, "admin", value(t, who, "SELECT current_user()"))
	err = who.Login(t.Context(), client.Credentials{Username: "reader", Password: "wrong"})
	require.Equal(t, "28P01", state(err))
	require.Equal(t, "admin", value(t, who, "SELECT current_user()"), "a login that fails changes nothing")
	require.NoError(t, who.Login(t.Context(), client.Credentials{Username: "reader", Password: "a long enough password"}))
	require.Equal(t, "reader", value(t, who, "SELECT current_user()"))
	require.NoError(t, who.Login(t.Context(), client.Credentials{Username: user, Password: password}))
	require.Equal(t, "admin", value(t, who, "SELECT current_user()"))
	require.NoError(t, who.Login(t.Context(), client.Credentials{APIKey: key}))
	require.Equal(t, "reader", value(t, who, "SELECT current_user()"))
	require.Equal(t, "28000", state(who.Login(t.Context(), client.Credentials{Token: "no.such.token"})))

	conn, err := client.Open(t.Context(), client.Options{URL: url, APIKey: key})
	require.NoError(t, err)
	defer conn.Close()
	require.Equal(t, "reader", value(t, conn, "SELECT current_user()"))
	require.NoError(t, conn.Login(t.Context(), client.Credentials{Username: user, Password: password}))
	require.Equal(t, "admin", value(t, conn, "SELECT current_user()"))
	require.Equal(t, "28P01", state(conn.Login(t.Context(), client.Credentials{Username: user, Password: "wrong"})))
	require.Equal(t, "admin", value(t, conn, "SELECT current_user()"))
}

// goroutines counts those that serve connections.
func goroutines() int {
	stacks := make([]byte, 1<<20)
	return bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte("created by google.golang.org/grpc"))
}

func TestAClosedClientSaysSo(t *testing.T) {
	before := goroutines()
	db := newClient(t)
	rows, err := db.Stream(t.Context(), "SELECT 1")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.NoError(t, db.Close())
	_, err = db.Execute(t.Context(), "SELECT 1")
	require.ErrorIs(t, err, client.ErrClosed)
	require.True(t, rows.NextRow(), "what was lent still works")
	require.NoError(t, rows.Close())
	require.Eventually(t, func() bool { return goroutines() <= before }, time.Minute, time.Millisecond)
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"grpc://127.0.0.1", ""},
		{"grpc+tls://db.example:1/shop?token=t", ""},
		{"localhost:8815", "no address of a server"},
		{"http://127.0.0.1:1", "neither grpc:// nor grpc+tls://"},
		{"grpc://user:secret@127.0.0.1:1/?sslmode=off", `parameter "sslmode"`},
		{"grpc://user:secret@%zz", "no address of a server"},
		{"", "no address of a server"},
	} {
		err := client.Options{URL: c.url}.Check()
		if c.want == "" {
			require.NoError(t, err, c.url)
			continue
		}
		require.ErrorIs(t, err, client.ErrAddress, c.url)
		require.ErrorContains(t, err, c.want, c.url)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestTheURLHoldsTheLoginAndTheDatabase(t *testing.T) {
	execute(t, newClient(t), "CREATE DATABASE in_url")
	db := newClient(t, func(o *client.Options) {
		o.URL, o.Username, o.Password = "grpc://admin:"+password+"@"+server.Flight+"/in_url", "", ""
	})
	require.Equal(t, "in_url", value(t, db, "SELECT database()"))
	require.Equal(t, "admin", value(t, db, "SELECT current_user()"))
}

// A token is renewed within its session, and belongs to who got it: a connection that was lent one does not end it.
func TestTokens(t *testing.T) {
	owner, err := client.Open(t.Context(), client.Options{URL: url, Username: user, Password: password})
	require.NoError(t, err)
	defer owner.Close()
	execute(t, owner, "CREATE TABLE tokens (i INT)")
	defer owner.Execute(t.Context(), "DROP TABLE tokens")
	execute(t, owner, "BEGIN")
	execute(t, owner, "INSERT INTO tokens VALUES (1)")
	_, kept := owner.RenewNow()
	require.Greater(t, kept, time.Hour)
	execute(t, owner, "INSERT INTO tokens VALUES (2)")
	token, kept := owner.RenewNow()
	require.Greater(t, kept, time.Hour, "the token was renewed: a renewal that fails is tried again in a minute")
	require.Equal(t, int64(2), value(t, owner, "SELECT count(*) FROM tokens"), "in the same session")

	lent := newClient(t, func(o *client.Options) { o.Username, o.Password, o.Token = "", "", token })
	require.Equal(t, int64(0), value(t, lent, "SELECT count(*) FROM tokens"), "and another connection has another")
	execute(t, lent, "BEGIN")
	require.NoError(t, lent.Close())
	require.Equal(t, int64(2), value(t, owner, "SELECT count(*) FROM tokens"))
	execute(t, owner, "COMMIT")
}
