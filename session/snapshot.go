package session

import (
	"context"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
)

// Catalog returns what the principal may see.
func (u *userSession) Catalog(ctx context.Context, tx Transaction) (catalog.Snapshot, error) {
	if err := u.Valid(); err != nil {
		return nil, err
	}
	x, err := u.within(tx)
	if err != nil {
		return nil, err
	}
	v, err := u.look(ctx, x)
	if err != nil {
		return nil, err
	}
	return watched{sight: v, session: u}, nil
}

// watched is a snapshot that a door looks at by itself: what it is denied is noted here, since no statement does.
type watched struct {
	*sight

	session *userSession
}

// Table finds a table.
func (w watched) Table(ctx context.Context, name catalog.TableName) (*catalog.Table, error) {
	t, err := w.sight.Table(ctx, name)
	return t, w.session.noted(ctx, err)
}

// sight is a snapshot as its principal sees it, and the way to give it back.
type sight struct {
	*catalog.Overlay

	now     catalog.Timestamp
	version catalog.Sequence
	leave   func()
}

// look opens a snapshot: the transaction's, or a new one for autocommit. It is closed by Close.
func (u *userSession) look(ctx context.Context, x *transaction) (*sight, error) {
	if x != nil {
		leave, err := x.enter(ctx, 1)
		if err != nil {
			return nil, err
		}
		return u.see(x.handle, x.now, leave), nil
	}
	h, err := u.server.config.Transactions.Begin(ctx, TransactionOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	return u.see(h, now(), func() { u.server.rollback(ctx, h) }), nil
}

func (u *userSession) see(base Handle, at catalog.Timestamp, leave func()) *sight {
	return &sight{
		Overlay: u.server.providers.Over(base, u.sees), now: at, version: base.Sequence(), leave: leave,
	}
}

// Close gives the snapshot back. It is idempotent.
func (s *sight) Close() error {
	s.leave()
	return nil
}

// rollback ends a transaction of the session's own that has nothing to keep.
func (s *Server) rollback(ctx context.Context, h Handle) {
	if err := h.Rollback(context.WithoutCancel(ctx)); err != nil {
		s.rollbackFailed(ctx, err)
	}
}

// sees tells whether the principal may know of a table, or of a database when there is no table. The
// information schema shows everybody what he may see; system tables are for ViewSystem, and those with hashes
// for nobody.
func (u *userSession) sees(n catalog.TableName) bool {
	switch n.Database {
	case catalog.InformationSchema:
		return true
	case catalog.SystemDatabase:
		return n != credentialsTable && n != keysTable && u.authorize(authz.ViewSystem, authz.Object{}) == nil
	case catalog.DefaultDatabase:
		if n.Table == "" {
			return true // sessions start there
		}
	}
	return u.server.config.Authorizer.Sees(u.principal, authz.Object{Database: n.Database, Table: n.Table})
}
