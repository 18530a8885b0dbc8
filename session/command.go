package session

import (
	"context"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
)

// command is a statement that the session runs itself: transactions, settings, users.
type command struct {
	permission authz.Permission                               // empty: everybody may
	run        func(ctx context.Context, st *statement) error // nil when there is an answer
	answer     *answer
}

func (c *command) authorize(u *userSession) error {
	if c.permission == "" {
		return nil
	}
	return u.authorize(c.permission, authz.Object{})
}

// execCommand runs a command that gives no rows, or drops them.
func (st *statement) execCommand(ctx context.Context) error {
	a := st.command.answer
	if a == nil {
		return st.runCommand(ctx, func(ctx context.Context) error { return st.command.run(ctx, st) })
	}
	if a.once {
		return sqlerr.New(sqlerr.FeatureNotSupported, "the statement returns a row that is shown only once").
			WithHint("run it as a query")
	}
	rows, err := st.answerRows(ctx)
	if err != nil {
		return err
	}
	return rows.Close()
}

// runCommand runs a command; its permission is asked for again.
func (st *statement) runCommand(ctx context.Context, run func(context.Context) error) (err error) {
	u := st.session
	q := u.running(st.kind, st.sql)
	defer func() {
		outcome := "ok"
		if err != nil {
			outcome = string(sqlerr.CodeOf(err))
		}
		u.server.finished(ctx, q, outcome)
	}()
	defer u.recovered(ctx, &err)
	if err := u.Valid(); err != nil {
		return err
	}
	if err := st.command.authorize(u); err != nil {
		return u.noted(ctx, err)
	}
	return u.noted(ctx, run(ctx))
}

// The kinds of statements, as metrics name them.
const (
	kindSelect      = "select"
	kindInsert      = "insert"
	kindDelete      = "delete"
	kindUpdate      = "update"
	kindDDL         = "ddl"
	kindExplain     = "explain"
	kindShow        = "show"
	kindTransaction = "transaction"
	kindSetting     = "setting"
	kindUser        = "user"
	kindIngest      = "ingest"
	kindCopy        = "copy"
	kindOther       = "other"
)

func kindOf(tree ast.Statement) string {
	switch tree.(type) {
	case ast.Query:
		return kindSelect
	case *ast.Insert:
		return kindInsert
	case *ast.Delete, *ast.Truncate:
		return kindDelete
	case *ast.Update:
		return kindUpdate
	case *ast.CreateTable, *ast.DropTable, *ast.AlterTable, *ast.Comment, *ast.CreateView, *ast.DropView,
		*ast.CreateDatabase, *ast.DropDatabase:
		return kindDDL
	case *ast.CopyFrom, *ast.CopyTo:
		return kindCopy
	case *ast.Explain:
		return kindExplain
	case *ast.Show, *ast.Describe:
		return kindShow
	case *ast.Begin, *ast.Commit, *ast.Rollback, *ast.Savepoint, *ast.RollbackTo, *ast.Release, *ast.SetTransaction:
		return kindTransaction
	case *ast.Use, *ast.Set, *ast.Reset, *ast.Prepare, *ast.Deallocate:
		return kindSetting
	case *ast.CreateUser, *ast.AlterUser, *ast.DropUser, *ast.Grant, *ast.Revoke,
		*ast.CreateAPIKey, *ast.DropAPIKey, *ast.KillToken, *ast.KillTokens:
		return kindUser
	default:
		return kindOther
	}
}

// commandOf returns what the session runs itself, or nil.
func (u *userSession) commandOf(tree ast.Statement) *command {
	switch s := tree.(type) {
	case *ast.Begin:
		return &command{run: func(ctx context.Context, st *statement) error { return u.sqlBegin(ctx, st, s) }}
	case *ast.Commit:
		return &command{run: u.sqlCommit}
	case *ast.Rollback:
		return &command{run: u.sqlRollback}
	case *ast.Savepoint:
		return inTransaction(func(ctx context.Context, x *transaction) error {
			return x.Savepoint(ctx, s.Name.Text)
		})
	case *ast.RollbackTo:
		return inTransaction(func(ctx context.Context, x *transaction) error {
			return x.RollbackTo(ctx, s.Name.Text)
		})
	case *ast.Release:
		return inTransaction(func(ctx context.Context, x *transaction) error {
			return x.Release(ctx, s.Name.Text)
		})
	case *ast.SetTransaction:
		return &command{run: func(_ context.Context, st *statement) error { return u.sqlSetTransaction(st, s) }}
	case *ast.Use:
		return &command{run: func(ctx context.Context, _ *statement) error { return u.sqlUse(ctx, s) }}
	case *ast.Set:
		return &command{run: func(context.Context, *statement) error { return u.sqlSet(s) }}
	case *ast.Reset:
		return &command{run: func(context.Context, *statement) error { return u.sqlReset(s) }}
	case *ast.Prepare:
		//nolint:contextcheck // parsing never waits
		return &command{run: func(context.Context, *statement) error { return u.sqlPrepare(s) }}
	case *ast.Deallocate:
		return &command{run: func(context.Context, *statement) error { return u.sqlDeallocate(s) }}
	case *ast.Show:
		return u.showCommandOf(s)
	case *ast.Analyze:
		return u.analyzeCommand(s)
	default:
		if c := u.killCommandOf(tree); c != nil {
			return c
		}
		return u.userCommandOf(tree)
	}
}

// sqlBegin makes the session's own transaction.
func (u *userSession) sqlBegin(ctx context.Context, st *statement, s *ast.Begin) error {
	if err := isolation(s.Isolation); err != nil {
		return err
	}
	open := sqlerr.New(sqlerr.ActiveTransaction, "a transaction is open already").
		WithHint("COMMIT or ROLLBACK it first")
	u.mu.Lock()
	own, nameless := u.own, u.nameless
	u.mu.Unlock()
	switch {
	case own != nil || st.tx != nil:
		return open
	case nameless:
		return sqlerr.NotSupported("BEGIN by a client without a name").WithHint("keep the cookie that the server " +
			"sends, or log in by a handshake and use its token, or use the actions BeginTransaction and " +
			"EndTransaction: a client that nothing but its connection tells from others can't be told when its " +
			"transaction is lost")
	}
	readOnly := s.ReadOnly || !s.ReadWrite && u.readsOnly()
	x, err := u.begin(ctx, TransactionOptions{ReadOnly: readOnly})
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.own != nil || u.ended != nil { // another call was faster
		defer u.server.abandon(ctx, x)
		return open
	}
	u.own = x
	return nil
}

// abandon rolls back a transaction that nobody will use.
func (s *Server) abandon(ctx context.Context, x *transaction) {
	if err := x.Rollback(ctx); err != nil {
		s.rollbackFailed(ctx, err)
	}
}

// sqlCommit ends the session's own transaction; it is gone after a conflict too.
func (u *userSession) sqlCommit(ctx context.Context, st *statement) error {
	x, err := u.take(st)
	if err != nil {
		return err
	}
	_, err = x.Commit(ctx)
	return err
}

// sqlRollback ends the session's own transaction, one that idled too long too.
func (u *userSession) sqlRollback(ctx context.Context, st *statement) error {
	x, err := u.take(st)
	if err != nil {
		return err
	}
	return x.Rollback(ctx)
}

// take returns the transaction that COMMIT and ROLLBACK end, and takes it from the session.
func (u *userSession) take(st *statement) (*transaction, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	x := st.tx
	if x == nil {
		x = u.own
	}
	if x == nil {
		return nil, sqlerr.New(sqlerr.NoActiveTransaction, "no transaction is open").WithHint("begin one with BEGIN")
	}
	if x == u.own {
		u.own = nil
	}
	return x, nil
}

func inTransaction(f func(context.Context, *transaction) error) *command {
	return &command{run: func(ctx context.Context, st *statement) error {
		x, err := st.transaction()
		if err != nil {
			return err
		}
		if x == nil {
			return sqlerr.New(sqlerr.NoActiveTransaction, "savepoints need an open transaction").
				WithHint("begin one with BEGIN")
		}
		return f(ctx, x)
	}}
}

// sqlSetTransaction accepts what is so already, and lets a transaction only read from now on.
func (u *userSession) sqlSetTransaction(st *statement, s *ast.SetTransaction) error {
	if err := isolation(s.Isolation); err != nil {
		return err
	}
	switch {
	case s.Session && s.ReadOnly:
		return u.set(settingReadOnly, "on")
	case s.Session && s.ReadWrite:
		return u.set(settingReadOnly, "off")
	case !s.ReadOnly && !s.ReadWrite:
		return nil
	}
	x, err := st.transaction()
	if err != nil {
		return err
	}
	switch {
	case x == nil:
		return sqlerr.New(sqlerr.NoActiveTransaction, "SET TRANSACTION needs an open transaction").
			WithHint("use BEGIN READ ONLY, or SET SESSION TRANSACTION READ ONLY")
	case s.ReadOnly:
		x.refuseWrites()
		return nil
	case x.onlyReads():
		return sqlerr.New(sqlerr.ReadOnlyTransaction, "transaction %d only reads", x.id).
			WithHint("begin another one with BEGIN READ WRITE")
	}
	return nil
}

// isolation accepts the levels that SNAPSHOT is not weaker than.
func isolation(level string) error {
	switch level {
	case "", "SNAPSHOT", "REPEATABLE READ", "READ COMMITTED", "READ UNCOMMITTED":
		return nil
	}
	return sqlerr.NotSupported("the isolation level " + level).WithHint("transactions have SNAPSHOT isolation")
}

// sqlUse changes the session's database, whose name may follow the catalog's.
func (u *userSession) sqlUse(ctx context.Context, s *ast.Use) error {
	parts := s.Name.Parts
	if len(parts) > 1 && (len(parts) > 2 || catalog.FoldName(parts[0].Text) != catalog.Name) {
		return sqlerr.New(sqlerr.InvalidCatalogName, "there is no catalog but %s", catalog.Name).At(s.Position())
	}
	if err := u.Use(ctx, s.Name.Last().Text); err != nil {
		return sqlerr.From(err).At(s.Position())
	}
	return nil
}
