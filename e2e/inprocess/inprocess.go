// Package inprocess builds a whole database in memory, without its doors, for tests that ask it more questions than a
// connection would carry.
package inprocess

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/physical"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/tablefile"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
	"github.com/micodb/micodb/txn"
)

// Administrator is the user that every database has; its password is the harness's.
const Administrator = "admin"

// Threads are more than most machines for tests have, so that queries on many are tried on all of them.
const Threads = 4

// Options says what a database is like; each zero member is a default.
type Options struct {
	Files  *tablefile.Directory // what it may read and write; nil: nothing
	Limits limits.Limits
	Spill  string       // the directory of scratch files; empty: they lie in memory
	Log    slog.Handler // nil: none
}

// scratch is where scratch files lie.
func (o Options) scratch() vfs.FS {
	if o.Spill == "" {
		return vfs.NewMemory()
	}
	return vfs.Disk{}
}

// Database is a database in memory. Safe for concurrent use.
type Database struct {
	Sessions *session.Server
	Manager  *txn.Manager
}

// Start builds a database, which ends with the test.
func Start(t *testing.T, o Options) *Database {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.DiscardHandler
	}
	set := metrics.New(prometheus.NewRegistry(), "")
	manager, err := txn.Open(t.Context(), txn.Options{
		FS: vfs.NewMemory(), Dir: "data", Metrics: set, Retention: txn.DefaultRetention,
	})
	require.NoError(t, err)
	tokens, err := authz.NewTokens(authz.GenerateSecret(), nil)
	require.NoError(t, err)
	begin := transactions{manager}
	store, err := session.OpenUserStore(t.Context(), begin)
	require.NoError(t, err)
	directory, err := authz.Open(t.Context(), authz.Options{Store: store, Tokens: tokens})
	require.NoError(t, err)
	_, err = directory.Bootstrap(t.Context(), harness.Password)
	require.NoError(t, err)
	const memoryBytes, spillBytes = 1 << 30, 1 << 30
	scratch, err := spill.Open(o.scratch(), filepath.Join(o.Spill, "spill"), spillBytes)
	require.NoError(t, err)
	d := &Database{Manager: manager, Sessions: session.NewServer(session.Config{
		Transactions: begin, Storage: manager, Executor: executor{exec.NewScheduler(Threads), scratch},
		Functions: function.NewRegistry(), Users: directory, Authenticator: directory, Authorizer: directory,
		Budget: budget.NewServer(memoryBytes), Metrics: set, Log: slog.New(o.Log), Files: o.Files, Limits: o.Limits,
	})}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		require.NoError(t, d.Sessions.Close(ctx))
		require.NoError(t, d.Manager.Close(ctx))
		require.Zero(t, scratch.Used())
		d.Sessions, d.Manager, scratch = nil, nil, nil // testing keeps what was cleaned up until all tests have ended
	})
	return d
}

// Open opens a session of a user.
func (d *Database) Open(ctx context.Context, user, password string) (Session, error) {
	s, err := d.Sessions.Open(ctx, session.Credentials{Method: session.Password, Username: user, Secret: password})
	return Session{s}, err
}

type transactions struct{ manager *txn.Manager }

func (t transactions) Begin(ctx context.Context, o session.TransactionOptions) (session.Handle, error) {
	return t.manager.Begin(ctx, txn.TransactionOptions{ReadOnly: o.ReadOnly, Async: o.Async})
}

type executor struct {
	scheduler *exec.Scheduler
	scratch   *spill.Space
}

func (e executor) Run(ctx context.Context, r session.Request) (batch.Stream, error) {
	return physical.Run(ctx, physical.Request{
		Plan: r.Plan, Snapshot: r.Snapshot, Writer: r.Writer, Scheduler: e.scheduler, Budget: r.Budget,
		Spill: e.scratch, Debug: exec.Debug{
			SpillRows: r.Settings.SpillRows, ChunkRows: r.Settings.ChunkRows, Unpruned: r.Settings.Unpruned,
		},
		Threads: r.Settings.Threads, BatchRows: r.Settings.BatchRows,
	})
}

// Session is a session without a door.
type Session struct{ session.Session }

// Each runs a statement and gives each batch of its answer to use, which does not keep it. It returns the answer's
// schema, nil of a statement without rows.
func (s Session) Each(ctx context.Context, sql string, use func(arrow.RecordBatch)) (schema *arrow.Schema, err error) {
	statement, err := s.Prepare(ctx, nil, sql)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, statement.Close()) }()
	if statement.Result() == nil {
		_, err := statement.Exec(ctx, nil)
		return nil, err
	}
	stream, err := statement.Query(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	for {
		b, err := stream.Next(ctx)
		if errors.Is(err, io.EOF) {
			return stream.Schema(), nil
		}
		if err != nil {
			return nil, err
		}
		use(b)
		b.Release()
	}
}
