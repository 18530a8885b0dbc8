package session

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// The columns of what runs now. The views of system show everything to whoever has ViewSystem; SHOW shows the others
// what is their own.
func queryColumns() []catalog.Column {
	text, number := vector.Of(vector.Text), vector.Of(vector.Int64)
	return []catalog.Column{
		notNull("query_id", number), notNull("session_id", number), notNull("user_name", text),
		notNull("door", text), notNull("address", text), notNull("kind", text), notNull("sql", text),
		notNull("started", instantType()), notNull("running_ms", number), notNull("rows", number),
		notNull("memory_bytes", number),
		{Name: "transaction_id", Type: number},
	}
}

func transactionColumns() []catalog.Column {
	text, number := vector.Of(vector.Text), vector.Of(vector.Int64)
	return []catalog.Column{
		notNull("transaction_id", number), notNull("user_name", text),
		notNull("read_only", vector.Of(vector.Boolean)), notNull("started", instantType()),
		notNull("state", text),
		{Name: "idle_since", Type: instantType()},
	}
}

func sessionColumns() []catalog.Column {
	text, number := vector.Of(vector.Text), vector.Of(vector.Int64)
	return []catalog.Column{
		notNull("session_id", number), notNull("user_name", text), notNull("door", text), notNull("address", text),
		notNull("login", text),
		{Name: "login_id", Type: text},
		notNull("database_name", text), notNull("started", instantType()), notNull("last_used", instantType()),
		notNull("state", text),
		{Name: "query_id", Type: number},
		{Name: "sql", Type: text},
		{Name: "transaction_id", Type: number},
		{Name: "expires", Type: instantType()},
	}
}

func tokenColumns() []catalog.Column {
	text := vector.Of(vector.Text)
	return []catalog.Column{
		notNull("token_id", text), notNull("user_name", text), notNull("logged_in", instantType()),
		notNull("expires", instantType()),
		{Name: "last_used", Type: instantType()},
		{Name: "address", Type: text},
	}
}

// shownTextBytes is how much of a statement's text the views show.
const shownTextBytes = 4 << 10

func (s *Server) queryRows(of string, emit emitter) error {
	now := time.Now()
	for _, q := range s.queries.list() {
		if of != "" && q.User != of {
			continue
		}
		err := emit(bigint(int64(q.ID)), bigint(int64(q.Session)), vector.TextOf(q.User), vector.TextOf(string(q.Door)),
			vector.TextOf(q.Address), vector.TextOf(q.Kind), vector.TextOf(clip(q.SQL, shownTextBytes)),
			instant(q.Started.UnixNano()), bigint(now.Sub(q.Started).Milliseconds()), bigint(q.Rows),
			bigint(q.MemoryBytes), idOrNull(q.Transaction))
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) transactionRows(emit emitter) error {
	for _, x := range s.transactions.list() {
		state, idle := x.state()
		err := emit(bigint(int64(x.id)), vector.TextOf(x.owner.Username), vector.BoolOf(x.onlyReads()),
			instant(int64(x.now)), vector.TextOf(state), instantOf(idle))
		if err != nil {
			return err
		}
	}
	return nil
}

// state tells whether a statement of the transaction runs, and since when not.
func (x *transaction) state() (state string, idleSince time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.users > 0 || x.ending {
		return "active", time.Time{}
	}
	return "idle", x.idleSince
}

func (s *Server) sessionRows(of string, emit emitter) error {
	running := map[uint64]RunningQuery{} // the oldest of each session
	for _, q := range slices.Backward(s.queries.list()) {
		running[q.Session] = q
	}
	s.mu.Lock()
	open := slices.SortedFunc(maps.Keys(s.sessions), func(a, b *userSession) int { return cmp.Compare(a.id, b.id) })
	s.mu.Unlock()
	for _, u := range open {
		if of != "" && u.principal.Username != of {
			continue
		}
		q, active := running[u.id]
		if err := emit(u.row(q, active)...); err != nil {
			return err
		}
	}
	return nil
}

// row is the session in system.sessions, with the query that it runs.
func (u *userSession) row(q RunningQuery, active bool) []vector.Scalar {
	u.mu.Lock()
	defer u.mu.Unlock()
	state, sql := "idle", vector.NullOf(vector.Of(vector.Text))
	var transaction uint64
	if u.own != nil {
		state, transaction = "idle in transaction", u.own.id
	}
	if active {
		state, sql = "active", vector.TextOf(clip(q.SQL, shownTextBytes))
		transaction = or(q.Transaction, transaction)
	}
	expires, login := u.proof.Expires, u.proof.ID
	if u.proof.Method == Password {
		expires = time.Time{} // that of its token does not end the session
	}
	return []vector.Scalar{
		bigint(int64(u.id)), vector.TextOf(u.principal.Username), vector.TextOf(string(u.door)),
		vector.TextOf(u.address), vector.TextOf(u.proof.Method.String()), textOrNull(login),
		vector.TextOf(u.database), instant(u.started.UnixNano()), instant(u.used.UnixNano()),
		vector.TextOf(state), idOrNull(q.ID), sql, idOrNull(transaction), instantOf(expires),
	}
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func (s *Server) tokenRows(of string, emit emitter) error {
	if s.config.Users == nil {
		return nil
	}
	for _, l := range s.config.Users.Logins(of) {
		err := emit(vector.TextOf(l.ID), vector.TextOf(l.User), instantOf(l.Since), instantOf(l.Expires),
			instantOf(l.LastUsed), textOrNull(l.Address))
		if err != nil {
			return err
		}
	}
	return nil
}

func idOrNull(id uint64) vector.Scalar {
	if id == 0 {
		return vector.NullOf(vector.Of(vector.Int64))
	}
	return bigint(int64(id))
}

// showRunning is SHOW QUERIES, SHOW SESSIONS or SHOW TOKENS: one's own, or everybody's for ViewSystem.
func (u *userSession) showRunning(columns []catalog.Column, rows func(of string, emit emitter) error) *command {
	return &command{answer: &answer{columns: columns, rows: func(_ context.Context, _ *statement, emit emitter) error {
		of := u.principal.Username
		if u.authorize(authz.ViewSystem, authz.Object{}) == nil {
			of = ""
		}
		return rows(of, emit)
	}}}
}

// killCommandOf returns what ends a query, a session or tokens, or nil. Everybody may end what is his own.
func (u *userSession) killCommandOf(tree ast.Statement) *command {
	switch s := tree.(type) {
	case *ast.KillQuery:
		return &command{run: func(ctx context.Context, _ *statement) error {
			return u.kill(ctx, "KILL QUERY", s.ID, func(id uint64) error {
				return u.server.Cancel(ctx, u.principal, id)
			})
		}}
	case *ast.KillSession:
		return &command{run: func(ctx context.Context, _ *statement) error {
			return u.kill(ctx, "KILL SESSION", s.ID, func(id uint64) error { return u.killSession(ctx, id) })
		}}
	case *ast.KillToken, *ast.KillTokens:
		if u.server.config.Users == nil {
			return unsupportedCommand("ending tokens on a server without logins")
		}
	}
	switch s := tree.(type) {
	case *ast.KillToken:
		return &command{run: func(ctx context.Context, st *statement) error { return u.killToken(ctx, st, s) }}
	case *ast.KillTokens:
		return u.userCommand("", "KILL TOKENS", u.named(s.User), func(ctx context.Context) error {
			return u.server.config.Users.RevokeLogins(ctx, u.named(s.User))
		}).needs(u.managing(s.User))
	default:
		return nil
	}
}

func (u *userSession) kill(ctx context.Context, action string, number *ast.Literal, end func(id uint64) error) error {
	id, err := strconv.ParseUint(number.Text, 10, 64)
	if err != nil {
		return sqlerr.New(sqlerr.InvalidParameterValue, "%s is no number of what %s ends", number.Text, action).
			At(number.Position())
	}
	if err := end(id); err != nil {
		return sqlerr.From(err).At(number.Position())
	}
	u.audited(ctx, action, number.Text)
	return nil
}

// mayEnd tells whether the principal may end what is somebody's.
func (u *userSession) mayEnd(owner string) bool {
	return owner == u.principal.Username || u.authorize(authz.ManageSystem, authz.Object{}) == nil
}

// killSession ends a session: its statements, the transactions that it began, and the token that belongs to it alone.
// Whoever logs in with other credentials may come again.
func (u *userSession) killSession(ctx context.Context, id uint64) error {
	found := false
	revoke := ""
	cause := sqlerr.New(sqlerr.InvalidAuthorization, "the session was ended by user %q", u.principal.Username).
		WithHint("connect again; what was not committed is rolled back")
	u.server.end(ctx, func(x *userSession) error {
		if x.id != id || !u.mayEnd(x.principal.Username) {
			return nil
		}
		found = true
		if proof := x.Principal().Proof; proof.OneClient {
			revoke = proof.ID
		}
		return cause
	})
	if !found {
		return sqlerr.New(sqlerr.UndefinedObject, "no session %d is open", id)
	}
	var failed error
	if revoke != "" && u.server.config.Users != nil {
		failed = u.server.config.Users.RevokeLogin(ctx, revoke)
	}
	return errors.Join(failed, u.server.transactions.abandon(ctx, id, cause.Message))
}

// killToken revokes a token with all that were renewed from it, and ends its sessions.
func (u *userSession) killToken(ctx context.Context, st *statement, s *ast.KillToken) error {
	users := u.server.config.Users
	if err := outside(st, "KILL TOKEN"); err != nil {
		return err
	}
	for _, l := range users.Logins("") {
		if l.ID != s.ID.Text || !u.mayEnd(l.User) {
			continue
		}
		if err := users.RevokeLogin(ctx, l.ID); err != nil {
			return err
		}
		u.audited(ctx, "KILL TOKEN", l.ID+" of "+l.User)
		u.server.endInvalid(ctx)
		return nil
	}
	return sqlerr.New(sqlerr.UndefinedObject, "no token %q is known", s.ID.Text).
		WithHint("SHOW TOKENS lists them; KILL TOKENS FOR user ends all of a user").At(s.ID.Position())
}

// showRunningOf returns a SHOW of what runs, or nil.
func (u *userSession) showRunningOf(kind ast.ShowKind) *command {
	switch kind {
	case ast.ShowQueries:
		return u.showRunning(queryColumns(), u.server.queryRows)
	case ast.ShowSessions:
		return u.showRunning(sessionColumns(), u.server.sessionRows)
	case ast.ShowTokens:
		return u.showRunning(tokenColumns(), u.server.tokenRows)
	default:
		return nil
	}
}
