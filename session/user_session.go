package session

import (
	"context"
	"sync"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
)

// userSession is the Session of one client.
type userSession struct {
	server    *Server
	principal Principal
	address   string

	mu       sync.Mutex // guards what follows
	database string
	own      *transaction // of SQL BEGIN; nil: autocommit
	closed   bool
}

func newUserSession(s *Server, p Principal, address string) *userSession {
	return &userSession{server: s, principal: p, address: address, database: catalog.DefaultDatabase}
}

// Principal returns for whom the session acts.
func (u *userSession) Principal() Principal { return u.principal }

// Database returns where unqualified names are looked up.
func (u *userSession) Database() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.database
}

// Use changes where unqualified names are looked up.
func (u *userSession) Use(ctx context.Context, database string) error {
	s, err := u.Catalog(ctx, nil)
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // a read-only snapshot has nothing to lose
	if _, err := s.Tables(ctx, database); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.database = catalog.FoldName(database)
	return nil
}

// Begin starts a transaction. Who may not begin one that writes gets one that only reads: drivers begin one
// for every query.
func (u *userSession) Begin(ctx context.Context, opts TransactionOptions) (Transaction, error) {
	x, err := u.begin(ctx, opts)
	if err != nil {
		return nil, err
	}
	return x, nil
}

func (u *userSession) begin(ctx context.Context, opts TransactionOptions) (*transaction, error) {
	if err := u.alive(); err != nil {
		return nil, err
	}
	if err := u.authorize(authz.BeginTransaction, authz.Object{}); err != nil {
		if err := u.authorize(authz.ExecuteQuery, authz.Object{}); err != nil {
			return nil, err
		}
		opts.ReadOnly = true
	}
	return u.server.begin(ctx, u.principal, opts)
}

// Resume finds an open transaction of the same principal.
func (u *userSession) Resume(_ context.Context, id uint64) (Transaction, error) {
	if err := u.alive(); err != nil {
		return nil, err
	}
	x, err := u.server.transactions.find(u.principal.Username, id)
	if err != nil {
		return nil, err
	}
	return x, nil
}

func (u *userSession) alive() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return sqlerr.New(sqlerr.NoActiveTransaction, "the session is closed")
	}
	return nil
}

// authorize asks the one Authorizer, and puts refusals into the audit log.
func (u *userSession) authorize(permission authz.Permission, on authz.Object) error {
	return u.server.config.Authorizer.Authorize(u.principal, permission, on)
}

// Catalog returns what the principal may see.
func (*userSession) Catalog(context.Context, Transaction) (catalog.Snapshot, error) {
	return nil, sqlerr.NotSupported("the catalog")
}

// Prepare makes a statement of a text.
func (*userSession) Prepare(context.Context, Transaction, string) (Statement, error) {
	return nil, sqlerr.NotSupported("SQL")
}

// Ingest appends batches to a table.
func (*userSession) Ingest(
	context.Context, Transaction, catalog.TableName, batch.Stream, IngestOptions,
) (int64, error) {
	return 0, sqlerr.NotSupported("ingest")
}

// Close rolls back the session's own transaction. It is idempotent.
func (u *userSession) Close() error { return u.close(context.Background()) }

func (u *userSession) close(ctx context.Context) error {
	u.mu.Lock()
	own := u.own
	closed := u.closed
	u.own, u.closed = nil, true
	u.mu.Unlock()
	if closed {
		return nil
	}
	u.server.forget(u)
	if own == nil {
		return nil
	}
	return own.Rollback(ctx)
}
