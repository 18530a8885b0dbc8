package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/physical"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
	"github.com/micodb/micodb/txn"
)

const (
	adminPassword = "the admin's password"
	userPassword  = "a user's password"
)

// instance is a server on a file system in memory, with the real engine and transaction manager.
type instance struct {
	t       *testing.T
	fs      *vfs.Memory
	manager *txn.Manager
	users   *authz.Directory
	server  *session.Server
	budget  *budget.Server
	log     *lockedBuffer
}

// lockedBuffer is what the server logs.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// transactions are those of a transaction manager.
type transactions struct{ manager *txn.Manager }

func (m transactions) Begin(ctx context.Context, o session.TransactionOptions) (session.Handle, error) {
	return m.manager.Begin(ctx, txn.TransactionOptions(o))
}

// local is the engine on this machine; it asks fault, when that is set, before each plan.
type local struct {
	scheduler *exec.Scheduler
	fault     *func(session.Request) error
}

func (l local) Run(ctx context.Context, r session.Request) (batch.Stream, error) {
	if *l.fault != nil {
		if err := (*l.fault)(r); err != nil {
			return nil, err
		}
	}
	return physical.Run(ctx, physical.Request{
		Plan: r.Plan, Snapshot: r.Snapshot, Writer: r.Writer, Scheduler: l.scheduler, Budget: r.Budget,
		Threads: r.Settings.Threads, BatchRows: r.Settings.BatchRows,
	})
}

type option func(*session.Config)

func withLimits(l limits.Limits) option { return func(c *session.Config) { c.Limits = l } }

// withFault lets f fail plans, or panic.
func withFault(f func(session.Request) error) option {
	return func(c *session.Config) {
		l := c.Executor.(local)
		l.fault = &f
		c.Executor = l
	}
}

func start(t *testing.T, options ...option) *instance {
	t.Helper()
	return startOn(t, vfs.NewMemory(), options...)
}

func startOn(t *testing.T, fs *vfs.Memory, options ...option) *instance {
	t.Helper()
	ctx := context.Background()
	i := &instance{t: t, fs: fs, log: &lockedBuffer{}, budget: budget.NewServer(256 << 20)}
	log := slog.New(slog.NewTextHandler(i.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	m := metrics.New(prometheus.NewRegistry(), "test")
	var err error
	i.manager, err = txn.Open(ctx, txn.Options{FS: fs, Dir: "data", Log: log, Metrics: m})
	require.NoError(t, err)
	begin := transactions{i.manager}
	store, err := session.OpenUserStore(ctx, begin)
	require.NoError(t, err)
	tokens, err := authz.NewTokens([]byte(strings.Repeat("k", 32)), nil)
	require.NoError(t, err)
	i.users, err = authz.Open(ctx, authz.Options{Store: store, Tokens: tokens})
	require.NoError(t, err)
	_, err = i.users.Bootstrap(ctx, adminPassword)
	require.NoError(t, err)
	var none func(session.Request) error
	c := session.Config{
		Transactions: begin, Storage: i.manager, Executor: local{scheduler: exec.NewScheduler(2), fault: &none},
		Functions: function.NewRegistry(), Users: i.users, Authenticator: i.users, Authorizer: i.users,
		Budget: i.budget, Metrics: m, Log: log,
	}
	for _, o := range options {
		o(&c)
	}
	i.server = session.NewServer(c)
	t.Cleanup(i.stop)
	return i
}

func (i *instance) stop() {
	if i.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second) // a failed test leaves results open
	defer cancel()
	require.NoError(i.t, i.server.Close(ctx))
	require.NoError(i.t, i.manager.Close(context.Background()))
	require.Zero(i.t, i.budget.Used(), "memory of queries was not given back")
	i.server = nil
}

// client is a session that ends the test at the first error it does not expect.
type client struct {
	session.Session

	t *testing.T
}

func (i *instance) login(user, password string) client {
	i.t.Helper()
	s, err := i.server.Open(context.Background(), session.Credentials{
		Method: session.Password, Username: user, Secret: password, Address: "192.0.2.1",
	})
	require.NoError(i.t, err)
	return client{s, i.t}
}

// as opens a session by a token, which costs no hash of a password.
func (i *instance) as(user string) client {
	i.t.Helper()
	users := i.users.Users()
	at := slices.IndexFunc(users, func(p authz.Principal) bool { return p.Username == user })
	require.GreaterOrEqual(i.t, at, 0, user)
	token, _, err := i.users.Issue(users[at])
	require.NoError(i.t, err)
	s, err := i.server.Open(context.Background(), session.Credentials{
		Method: session.Token, Secret: token, Address: "192.0.2.1",
	})
	require.NoError(i.t, err)
	return client{s, i.t}
}

func (i *instance) admin() client { return i.as("admin") }

// user makes a user with roles and opens a session.
func (i *instance) user(name string, roles ...string) client {
	i.t.Helper()
	require.NoError(i.t, i.users.CreateUser(context.Background(), name, userPassword, roles...))
	return i.as(name)
}

func (c client) try(tx session.Transaction, sql string, params ...any) (int64, error) {
	st, err := c.Prepare(context.Background(), tx, sql)
	if err != nil {
		return 0, err
	}
	defer st.Close()
	var rows batch.Stream
	if len(params) > 0 {
		rows = paramRows(c.t, params)
	}
	return st.Exec(context.Background(), rows)
}

func (c client) exec(sql string, params ...any) int64 {
	c.t.Helper()
	n, err := c.try(nil, sql, params...)
	require.NoError(c.t, err, sql)
	return n
}

func (c client) fails(code sqlerr.Code, sql string, params ...any) error {
	c.t.Helper()
	_, err := c.try(nil, sql, params...)
	requireCode(c.t, code, err, sql)
	return err
}

func (c client) query(tx session.Transaction, sql string, params ...any) ([]string, error) {
	st, err := c.Prepare(context.Background(), tx, sql)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	var rows batch.Stream
	if len(params) > 0 {
		rows = paramRows(c.t, params)
	}
	s, err := st.Query(context.Background(), rows)
	if err != nil {
		return nil, err
	}
	if want := st.Result(); want != nil {
		require.True(c.t, want.Equal(s.Schema()))
	}
	return drain(s)
}

// rows returns the rows of a query as texts, the values joined with bars.
func (c client) rows(sql string, params ...any) []string {
	c.t.Helper()
	rows, err := c.query(nil, sql, params...)
	require.NoError(c.t, err, sql)
	return rows
}

func drain(s batch.Stream) ([]string, error) {
	defer s.Close()
	out := []string{}
	for {
		b, err := s.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for r := range int(b.NumRows()) {
			var values []string
			for _, column := range b.Columns() {
				values = append(values, column.ValueStr(r))
			}
			out = append(out, strings.Join(values, "|"))
		}
		b.Release()
	}
}

func requireCode(t *testing.T, code sqlerr.Code, err error, what ...any) {
	t.Helper()
	require.Error(t, err, what...)
	require.Equal(t, code, sqlerr.CodeOf(err), "%v: %v", err, what)
}

// paramRows is one row of parameters.
func paramRows(t *testing.T, row []any) batch.Stream {
	t.Helper()
	values := make([][]any, len(row))
	var fields []arrow.Field
	for i, v := range row {
		values[i] = []any{v}
		fields = append(fields, arrow.Field{Name: fmt.Sprint(i), Type: typeOf(v), Nullable: true})
	}
	return columns(t, fields, values...)
}

func typeOf(v any) arrow.DataType {
	switch v.(type) {
	case int, int64:
		return arrow.PrimitiveTypes.Int64
	case int32:
		return arrow.PrimitiveTypes.Int32
	case float64:
		return arrow.PrimitiveTypes.Float64
	case string:
		return arrow.BinaryTypes.String
	case bool:
		return arrow.FixedWidthTypes.Boolean
	default:
		return arrow.Null
	}
}

// columns is a stream of one batch.
func columns(t *testing.T, fields []arrow.Field, values ...[]any) batch.Stream {
	t.Helper()
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i, column := range values {
		for _, v := range column {
			if v == nil {
				b.Field(i).AppendNull()
				continue
			}
			require.NoError(t, b.Field(i).AppendValueFromString(fmt.Sprint(v)))
		}
	}
	return batch.NewSlice(schema, b.NewRecordBatch())
}

// minimal is a server that can sign tickets.
func minimal() session.Config {
	return session.Config{
		Metrics: metrics.New(prometheus.NewRegistry(), "test"), Log: slog.New(slog.DiscardHandler),
	}
}
