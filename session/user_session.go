package session

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/metrics"
)

// userSession is the Session of one client.
type userSession struct {
	server    *Server
	principal Principal
	address   string
	door      metrics.Door
	id        uint64
	started   time.Time

	mu           sync.Mutex // guards what follows
	proof        Proof      // by what the principal is who he is; principal's own is that of the beginning
	database     string
	nameless     bool              // see Credentials
	used         time.Time         // when a statement last began
	settings     map[string]string // what SET changed
	settingsText string            // the same, for the keys of plans
	own          *transaction      // of SQL BEGIN; nil: autocommit
	texts        map[string]string // the texts that SQL's PREPARE gave names, by folded name
	statements   int               // prepared and not closed
	reads        map[*resultStream]struct{}
	ended        error // why the session is closed; nil: it is open
}

func newUserSession(s *Server, p Principal, c Credentials) *userSession {
	now := time.Now()
	door := c.Door
	if door == "" {
		door = metrics.Local
	}
	return &userSession{
		id: s.lastSession.Add(1), started: now, used: now,
		server: s, principal: p, proof: p.Proof, address: c.Address, door: door,
		nameless: c.Nameless,
		database: catalog.DefaultDatabase, settings: map[string]string{}, texts: map[string]string{},
		reads: map[*resultStream]struct{}{},
	}
}

// Principal returns for whom the session acts.
func (u *userSession) Principal() Principal {
	u.mu.Lock()
	defer u.mu.Unlock()
	p := u.principal
	p.Proof = u.proof
	return p
}

// Database returns where unqualified names are looked up.
func (u *userSession) Database() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.database
}

// Use changes where unqualified names are looked up.
func (u *userSession) Use(ctx context.Context, database string) error {
	s, err := u.Catalog(ctx, nil)
	if sqlerr.CodeOf(err) == sqlerr.IdleTransaction {
		s, err = u.look(ctx, nil) // the ROLLBACK that follows must find its way
	}
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
	opts.ReadOnly = opts.ReadOnly || u.readsOnly()
	x, err := u.begin(ctx, opts)
	if err != nil {
		return nil, u.noted(ctx, err)
	}
	return x, nil
}

func (u *userSession) begin(ctx context.Context, opts TransactionOptions) (*transaction, error) {
	if err := u.Valid(); err != nil {
		return nil, err
	}
	if err := u.authorize(authz.BeginTransaction, authz.Object{}); err != nil {
		if err := u.authorize(authz.ExecuteQuery, authz.Object{}); err != nil {
			return nil, err
		}
		opts.ReadOnly = true
	}
	x, err := u.server.begin(ctx, u, opts)
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	ended := u.ended
	u.mu.Unlock()
	if ended != nil { // meanwhile, and whoever killed it may not have found the transaction
		u.server.abandon(ctx, x)
		return nil, ended
	}
	return x, nil
}

// Resume finds an open transaction of the same principal.
func (u *userSession) Resume(_ context.Context, id uint64) (Transaction, error) {
	if err := u.Valid(); err != nil {
		return nil, err
	}
	x, err := u.server.transactions.find(u.principal, id)
	if err != nil {
		return nil, err
	}
	return x, nil
}

// SetNamed notes that the client has a name.
func (u *userSession) SetNamed() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.nameless = false
}

// Valid tells whether the session may be used.
func (u *userSession) Valid() error {
	u.mu.Lock()
	ended := u.ended
	u.mu.Unlock()
	if ended != nil {
		return ended
	}
	return u.server.config.Authorizer.Valid(u.Principal())
}

func sessionClosed() error { return sqlerr.New(sqlerr.InvalidAuthorization, "the session is closed") }

// track keeps a result that is being read, until forget; false when the session was closed meanwhile.
func (u *userSession) track(r *resultStream) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended != nil {
		return false
	}
	u.reads[r] = struct{}{}
	return true
}

func (u *userSession) forget(r *resultStream) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.reads, r)
}

// within returns the transaction that a statement belongs to: nil for autocommit.
func (u *userSession) within(tx Transaction) (*transaction, error) {
	if tx == nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		return u.own, nil
	}
	x, ok := tx.(*transaction)
	if !ok || x.server != u.server || !x.owner.Is(u.principal) {
		return nil, sqlerr.New(sqlerr.NoActiveTransaction, "transaction %d is not open", tx.ID())
	}
	return x, nil
}

// Close ends the session's statements and rolls back its own transaction. It is idempotent.
func (u *userSession) Close() error { return u.close(context.Background(), sessionClosed()) }

// close closes the session; cause is what it answers from then on.
func (u *userSession) close(ctx context.Context, cause error) error {
	u.mu.Lock()
	if u.ended != nil {
		u.mu.Unlock()
		return nil //nolint:nilerr // that is no error of closing
	}
	own, reads := u.own, slices.Collect(maps.Keys(u.reads))
	u.own, u.ended = nil, cause
	u.mu.Unlock()
	u.server.forget(u)
	u.server.queries.cancelOf(u.id, cause)
	for _, r := range reads {
		r.abort(cause)
	}
	if own == nil {
		return nil
	}
	return own.Rollback(ctx)
}

// Logout closes the session and revokes its login.
func (u *userSession) Logout(ctx context.Context) error {
	if err := u.Valid(); err != nil {
		return err
	}
	failed := u.close(ctx, loggedOut())
	users, proof := u.server.config.Users, u.Principal().Proof
	if users == nil || proof.Method == APIKey || proof.ID == "" {
		return failed
	}
	u.audited(ctx, "LOGOUT", proof.ID)
	failed = errors.Join(failed, users.RevokeLogin(ctx, proof.ID))
	u.server.endInvalid(ctx)
	return failed
}

func loggedOut() error {
	return sqlerr.New(sqlerr.InvalidAuthorization, "the session has logged out").WithHint("log in again")
}
