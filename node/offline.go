package node

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
	"github.com/micodb/micodb/txn"
)

// Offline is a session on the data directory of a server that is stopped, for who may do everything: whoever can
// write the directory's files could change its users anyway. It holds the lock that a server holds, and recovers as
// one does; there are no listeners.
type Offline struct {
	node    *Node
	session session.Session
}

// allVersions retains every version: how long the server is told to keep them is not known here.
const allVersions = math.MaxInt64

// OpenOffline opens a data directory that a server has made: 22023 when there is none, 42501 when it belongs to
// another user, 55006 when it is open. The log, which has the audit lines, goes to logOut.
func OpenOffline(ctx context.Context, dataDir string, logOut io.Writer) (_ *Offline, err error) {
	if err := checkDataDir(dataDir, os.Geteuid()); err != nil {
		return nil, err
	}
	cfg := Defaults()
	cfg.DataDir, cfg.Retention, cfg.SlowQuery, cfg.offline = dataDir, allVersions, 0, true
	log, err := NewLogger(logOut, cfg.LogLevel, cfg.LogFormat)
	if err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, log: log.With(slog.Bool("offline", true)), failed: make(chan error, 8)}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close(context.WithoutCancel(ctx)))
		}
	}()
	registry := prometheus.NewRegistry() // which nobody reads
	set := metrics.New(registry, cfg.Version)
	if err := n.openStorage(ctx, set, registry, nil); err != nil {
		return nil, n.whoRuns(err)
	}
	if n.sessions, err = n.openOfflineSessions(ctx, set); err != nil {
		return nil, err
	}
	s, err := n.sessions.Open(ctx, session.Credentials{Method: session.Password, Username: osUser()})
	return &Offline{node: n, session: s}, err
}

// openOfflineSessions lets everybody in as administrator of the users that there are.
func (n *Node) openOfflineSessions(ctx context.Context, set *metrics.Set) (*session.Server, error) {
	tokens, err := authz.NewTokens(authz.GenerateSecret(), nil) // nobody is given one
	if err != nil {
		return nil, err
	}
	directory, err := n.openDirectory(ctx, tokens)
	if err != nil {
		return nil, err
	}
	if len(directory.Users()) == 0 {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "the data directory %s has no users yet", n.cfg.DataDir).
			WithHint("start the server with MICODB_ADMIN_PASSWORD set and without --insecure-no-auth: it makes admin")
	}
	c, open := n.sessionConfig(set), authz.NewNoAuth(tokens)
	c.Authenticator, c.Authorizer, c.Users = open, open, directory
	return session.NewServer(c), nil //nolint:contextcheck // it outlives the start's context
}

// osUser names who runs the process, as no user of the database can be called.
func osUser() string {
	id := strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(id); err == nil {
		id = u.Username
	}
	return "offline:" + id
}

// whoRuns adds to the error about a directory that is open what its server says of itself.
func (n *Node) whoRuns(err error) error {
	if sqlerr.CodeOf(err) != sqlerr.ObjectInUse {
		return err
	}
	e, unknown := ReadEndpoints(n.cfg.DataDir)
	if unknown != nil {
		return err // it is starting, or another Offline
	}
	return sqlerr.Wrap(err, sqlerr.ObjectInUse, "a server has the data directory %s open: process %d, Flight SQL at %s",
		n.cfg.DataDir, e.PID, e.Flight).WithHint("leave --offline out to reach it, or stop it first")
}

// checkDataDir refuses what no server of this user has made: files of another owner would be left behind that the
// server can't open, and a directory that is named wrongly would become an instance.
func checkDataDir(dir string, uid int) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return sqlerr.New(sqlerr.InvalidParameterValue, "the data directory %s is a file", dir)
	}
	if err == nil {
		info, err = os.Stat(filepath.Join(dir, filepath.FromSlash(txn.CurrentFile)))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return sqlerr.Wrap(err, sqlerr.InvalidParameterValue, "%s is no data directory: %v", dir, err).
			WithHint("give the directory that the server was started with")
	case errors.Is(err, fs.ErrPermission):
		return sqlerr.Wrap(err, sqlerr.InsufficientPrivilege, "the data directory %s can't be read: %v", dir, err).
			WithHint("run this as the user that the server runs as")
	case err != nil:
		return sqlerr.Wrap(err, sqlerr.IOError, "the data directory %s can't be read: %v", dir, err)
	}
	if of, known := info.Sys().(*syscall.Stat_t); known && int(of.Uid) != uid {
		return sqlerr.New(sqlerr.InsufficientPrivilege, "the data directory %s is that of the system's user %d, and "+
			"this is user %d", dir, of.Uid, uid).WithHint("run this as the user that the server runs as")
	}
	return nil
}

// Execute runs a statement, and drops its rows.
func (o *Offline) Execute(ctx context.Context, sql string) (err error) {
	st, err := o.session.Prepare(ctx, nil, sql)
	if err != nil {
		return err
	}
	_, err = st.Exec(ctx, nil)
	return errors.Join(err, st.Close())
}

// Query runs a statement that returns rows, few enough to be held in memory.
func (o *Offline) Query(ctx context.Context, sql string) (_ *OfflineRows, err error) {
	st, err := o.session.Prepare(ctx, nil, sql)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	rows, err := st.Query(ctx, nil)
	if err != nil {
		return nil, err
	}
	schema := rows.Schema()
	batches, err := batch.Collect(ctx, rows)
	return &OfflineRows{schema: schema, batches: batches}, err
}

// Close flushes, and releases the data directory. What was changed is durable before.
func (o *Offline) Close(ctx context.Context) error {
	return errors.Join(o.session.Close(), o.node.Close(ctx))
}

// OfflineRows are the rows of a Query, which lie in memory.
type OfflineRows struct {
	schema  *arrow.Schema
	batches []arrow.RecordBatch
	next    int
}

// Schema returns the columns.
func (r *OfflineRows) Schema() *arrow.Schema { return r.schema }

// Next moves to the next batch, and tells whether there is one.
func (r *OfflineRows) Next() bool {
	if r.next == len(r.batches) {
		return false
	}
	r.next++
	return true
}

// Batch returns the batch that Next moved to.
func (r *OfflineRows) Batch() arrow.RecordBatch { return r.batches[r.next-1] }

// Err is nil: all rows were there before the first was asked for.
func (*OfflineRows) Err() error { return nil }
