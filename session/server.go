package session

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/tablefile"
	"github.com/micodb/micodb/metrics"
)

// Config is what a Server is made of. All members but Users, Files and Limits are needed.
type Config struct {
	Transactions  Transactions
	Storage       Storage
	Executor      Executor
	Functions     *function.Registry
	Users         *authz.Directory     // what CREATE USER and its like change; nil without logins
	Files         *tablefile.Directory // what COPY reads and writes; nil: nothing
	Authenticator authz.Authenticator
	Authorizer    authz.Authorizer
	Budget        *budget.Server
	Metrics       *metrics.Set
	Log           *slog.Logger
	SlowQuery     time.Duration // a statement that takes as long goes into the log; 0: none does
	Limits        limits.Limits
}

// Server is what the doors are given. Safe for concurrent use.
type Server struct {
	config    Config
	limits    limits.Limits
	log       *slog.Logger
	audit     *slog.Logger
	ticketKey *ticketKey

	transactions *transactionTable
	queries      *queryTable
	providers    *catalog.Providers
	plans        *planCache

	lastSession atomic.Uint64 // the id of the last one

	mu       sync.Mutex // guards sessions and closed
	sessions map[*userSession]struct{}
	closed   bool
}

// NewServer starts a server; Close ends it.
func NewServer(c Config) *Server {
	s := &Server{
		config: c, limits: limits.Complete(c.Limits),
		log: c.Log, audit: c.Log.With(slog.Bool("audit", true)),
		ticketKey: newTicketKey(),
		queries:   newQueryTable(c.Metrics.Queries.Running),
		plans:     newPlanCache(limits.PlanCacheBytes, c.Metrics.Queries),
		sessions:  map[*userSession]struct{}{},
	}
	s.transactions = newTransactionTable(s.limits, c.Log)
	s.providers = catalog.NewProviders(slices.Concat(
		catalog.InformationSchemaProviders(), s.systemProviders(), s.storageProviders())...)
	return s
}

// Authenticate returns who the credentials belong to, or 28P01 or 28000. It may wait, to slow down guessing.
// Every attempt with a password and every failure is in the audit log; what a token or an API key opens is noted by who
// opens it, since Flight's clients bring them with every call.
func (s *Server) Authenticate(ctx context.Context, c Credentials) (Principal, error) {
	address := c.Address
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host // failures count for the peer, whatever port it comes from
	}
	p, err := s.config.Authenticator.Authenticate(ctx, authz.Attempt{
		Method: c.Method, Username: c.Username, Secret: c.Secret, Address: address,
	})
	outcome := "ok"
	if err != nil {
		outcome = "denied"
		user := or(p.Username, c.Username)
		s.audit.LogAttrs(ctx, slog.LevelWarn, "login refused",
			slog.String("user", user[:min(len(user), authz.MaxNameBytes)]), slog.String("address", c.Address),
			slog.String("method", c.Method.String()), slog.String("code", string(sqlerr.CodeOf(err))))
		p = Principal{}
	} else if c.Method == Password {
		s.loggedIn(ctx, p, c)
	}
	if err != nil || c.Method == Password {
		s.config.Metrics.Queries.Logins.WithLabelValues(outcome).Inc()
	}
	return p, err
}

// loggedIn puts a login into the audit log, with the id of the login that a token comes from, or the name of a key.
func (s *Server) loggedIn(ctx context.Context, p Principal, c Credentials) {
	attrs := []slog.Attr{
		slog.String("user", p.Username), slog.String("address", c.Address), slog.String("method", c.Method.String()),
	}
	if p.Proof.ID != "" {
		attrs = append(attrs, slog.String("by", p.Proof.ID))
	}
	s.audit.LogAttrs(ctx, slog.LevelInfo, "login", attrs...)
}

// enter is Authenticate for somebody who comes in: by whatever method, it is in the audit log.
func (s *Server) enter(ctx context.Context, c Credentials) (Principal, error) {
	p, err := s.Authenticate(ctx, c)
	if err == nil && c.Method != Password {
		s.loggedIn(ctx, p, c)
	}
	return p, err
}

// Login checks credentials and returns a token that both doors take in their place: of a new login for a password, a
// renewed one of the same login for a token, none for an API key, which they go on with. A token that Flight gives is
// for one client.
func (s *Server) Login(ctx context.Context, c Credentials) (Login, error) {
	p, err := s.enter(ctx, c)
	if err != nil {
		return Login{}, err
	}
	if c.Method == Password {
		p.Proof.OneClient = c.Door == metrics.Flight
	}
	return s.issue(p)
}

func (s *Server) issue(p Principal) (Login, error) {
	if p.Proof.Method == APIKey {
		return Login{Principal: p}, nil // a token would outlive the key
	}
	token, proof, err := s.config.Authenticator.Issue(p)
	if err != nil {
		return Login{}, err
	}
	p.Proof = proof
	return Login{Principal: p, Token: token, Expires: proof.Expires}, nil
}

// Connect logs in and opens a session at once, for a door whose connections log in. After a password the session goes
// on when the token of the login expires, but not when that is revoked.
func (s *Server) Connect(ctx context.Context, c Credentials) (Session, Login, error) {
	p, err := s.enter(ctx, c)
	if err != nil {
		return nil, Login{}, err
	}
	login, err := s.issue(p)
	if err != nil {
		return nil, Login{}, err
	}
	if p.Proof.Method == Token {
		p = login.Principal // for as long as the renewed one
	}
	p.Proof.ID = login.Principal.Proof.ID
	u, err := s.admit(ctx, newUserSession(s, p, c), c.Database)
	return u, login, err
}

// Open checks credentials and opens a session: 53300 when there are too many, 57P01 when the server ends.
func (s *Server) Open(ctx context.Context, c Credentials) (Session, error) {
	p, err := s.enter(ctx, c)
	if err != nil {
		return nil, err
	}
	return s.admit(ctx, newUserSession(s, p, c), c.Database)
}

// Fork opens another session for the principal of an open one, with a database of its own: a query that came by one
// door is read by the other.
func (s *Server) Fork(ctx context.Context, from Session, database string) (Session, error) {
	if err := from.Valid(); err != nil {
		return nil, err
	}
	c := Credentials{Door: metrics.Flight}
	if u, ok := from.(*userSession); ok {
		c.Address = u.address
	}
	return s.admit(ctx, newUserSession(s, from.Principal(), c), database)
}

// admit counts a new session in.
func (s *Server) admit(ctx context.Context, u *userSession, database string) (Session, error) {
	if database != "" {
		if err := u.Use(ctx, database); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, shuttingDown()
	}
	if len(s.sessions) >= s.limits.Sessions {
		return nil, sqlerr.New(sqlerr.TooManyConnections, "%d sessions are open, the most that are allowed",
			s.limits.Sessions).WithHint("close some first")
	}
	s.sessions[u] = struct{}{}
	s.config.Metrics.Queries.Sessions.Inc()
	return u, nil
}

func (s *Server) forget(u *userSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.sessions[u]; ok {
		delete(s.sessions, u)
		s.config.Metrics.Queries.Sessions.Dec()
	}
}

// endInvalid closes the sessions whose principals' proofs hold no more.
func (s *Server) endInvalid(ctx context.Context) {
	s.end(ctx, func(u *userSession) error { return s.config.Authorizer.Valid(u.Principal()) })
}

// end closes the sessions for which why returns an error, which is what they answer from then on.
func (s *Server) end(ctx context.Context, why func(*userSession) error) {
	s.mu.Lock()
	open := slices.Collect(maps.Keys(s.sessions))
	s.mu.Unlock()
	for _, u := range open {
		if cause := why(u); cause != nil {
			if err := u.close(context.WithoutCancel(ctx), cause); err != nil {
				s.rollbackFailed(ctx, err)
			}
		}
	}
}

// Queries lists what runs, for system.queries.
func (s *Server) Queries() []RunningQuery { return s.queries.list() }

// Cancel ends a running query: 42704 when there is none of that id, or it is somebody else's and the principal
// lacks ManageSystem.
func (s *Server) Cancel(_ context.Context, p Principal, id uint64) error {
	may := func(owner string) bool {
		return owner == p.Username || s.config.Authorizer.Authorize(p, authz.ManageSystem, authz.Object{}) == nil
	}
	return s.queries.cancel(id, may)
}

// Close lets no new work in, waits for what runs until ctx ends, cancels what is left, rolls open transactions
// back and closes all sessions. It is idempotent.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	open := slices.Collect(maps.Keys(s.sessions))
	s.mu.Unlock()
	s.queries.drain(ctx)
	ctx = context.WithoutCancel(ctx)
	s.transactions.close(ctx)
	var failed error
	for _, u := range open {
		failed = errors.Join(failed, u.close(ctx, shuttingDown()))
	}
	<-s.queries.idle // everything was cancelled
	return failed
}

// rollbackFailed reports what no client can be told of.
func (s *Server) rollbackFailed(ctx context.Context, err error) {
	s.log.LogAttrs(ctx, slog.LevelError, "rollback failed", slog.String("error", err.Error()))
}

func shuttingDown() error {
	return sqlerr.New(sqlerr.ShuttingDown, "the server is shutting down").WithHint("connect again later")
}
