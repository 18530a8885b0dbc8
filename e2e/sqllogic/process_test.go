package sqllogic_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/sqllogic"
	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/physical"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/tablefile"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
	"github.com/micodb/micodb/txn"
)

// administrator is who opens a connection that names nobody.
func administrator(l sqllogic.Login) sqllogic.Login {
	if l.User == "" {
		return sqllogic.Login{User: "admin", Password: harness.Password}
	}
	return l
}

// startProcess builds a database in memory, without its doors.
func startProcess(t *testing.T) sqllogic.Open {
	t.Helper()
	return newProcess(t, nil).open
}

// startProcessWithFiles builds one that may use files, which lie in memory.
func startProcessWithFiles(t *testing.T) sqllogic.Open {
	t.Helper()
	return newProcess(t, tablefile.NewDirectory(vfs.NewMemory())).open
}

// process is a database in memory.
type process struct {
	server  *session.Server
	manager *txn.Manager
}

// processThreads are more than most machines for tests have, so that queries on many are tried on all of them.
const processThreads = 4

// newProcess builds a database, which ends with the test; without files it may use none.
func newProcess(t *testing.T, files *tablefile.Directory) *process {
	t.Helper()
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
	scratch, err := spill.Open(vfs.NewMemory(), "spill", spillBytes)
	require.NoError(t, err)
	run := executor{exec.NewScheduler(processThreads), scratch}
	server := session.NewServer(session.Config{
		Transactions: begin, Storage: manager, Executor: run, Functions: function.NewRegistry(),
		Users: directory, Authenticator: directory, Authorizer: directory, Budget: budget.NewServer(memoryBytes),
		Metrics: set, Log: slog.New(slog.DiscardHandler), Files: files,
	})
	p := &process{server, manager}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		require.NoError(t, p.server.Close(ctx))
		require.NoError(t, p.manager.Close(ctx))
		require.Zero(t, scratch.Used())
		p.server, p.manager, scratch = nil, nil, nil // testing keeps what was cleaned up until all tests have ended
	})
	return p
}

// open opens a session.
func (p *process) open(ctx context.Context, l sqllogic.Login) (sqllogic.Runner, error) {
	l = administrator(l)
	s, err := p.server.Open(ctx, session.Credentials{Method: session.Password, Username: l.User, Secret: l.Password})
	return processRunner{s}, err
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

// processRunner is a session without a door.
type processRunner struct{ session.Session }

func (p processRunner) Exec(ctx context.Context, sql, _ string) (columns []string, rows [][]string, err error) {
	statement, err := p.Prepare(ctx, nil, sql)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, statement.Close()) }()
	if statement.Result() == nil {
		_, err := statement.Exec(ctx, nil)
		return nil, nil, err
	}
	stream, err := statement.Query(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	for {
		b, err := stream.Next(ctx)
		if errors.Is(err, io.EOF) {
			return sqllogic.Columns(stream.Schema()), rows, nil
		}
		if err != nil {
			return nil, nil, err
		}
		rows = sqllogic.Rows(rows, b)
		b.Release()
	}
}
