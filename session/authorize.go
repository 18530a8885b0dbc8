package session

import (
	"context"
	"log/slog"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/internal/sqlerr"
)

// authorize asks the one Authorizer.
func (u *userSession) authorize(permission authz.Permission, on authz.Object) error {
	return u.server.config.Authorizer.Authorize(u.principal, permission, on)
}

// demand is authorize for what a client asked for: a refusal goes into the audit log.
func (u *userSession) demand(ctx context.Context, permission authz.Permission, on authz.Object) error {
	err := u.authorize(permission, on)
	if err != nil {
		u.denied(ctx, string(permission), on.String())
	}
	return err
}

func (u *userSession) denied(ctx context.Context, what, object string) {
	u.server.audit.LogAttrs(ctx, slog.LevelWarn, "denied", slog.String("user", u.principal.Username),
		slog.String("address", u.address), slog.String("permission", what), slog.String("object", object))
}

// audited puts what a principal did into the audit log.
func (u *userSession) audited(ctx context.Context, action, object string) {
	u.server.audit.LogAttrs(ctx, slog.LevelInfo, "changed", slog.String("user", u.principal.Username),
		slog.String("address", u.address), slog.String("action", action), slog.String("object", object))
}

// authorizeAll demands ExecuteQuery, and what each access of a statement needs.
func (u *userSession) authorizeAll(ctx context.Context, accesses []bind.Access) error {
	if err := u.demand(ctx, authz.ExecuteQuery, authz.Object{}); err != nil {
		return err
	}
	for _, a := range accesses {
		if err := u.authorizeAccess(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (u *userSession) authorizeAccess(ctx context.Context, a bind.Access) error {
	on := authz.Object{Database: catalog.FoldName(a.Database), Table: catalog.FoldName(a.Table)}
	if err := reserved(a.Privilege, on); err != nil {
		u.denied(ctx, a.Privilege.String(), on.String())
		return err
	}
	permission, err := permissionOf(a.Privilege)
	if err != nil {
		return err
	}
	if a.Privilege != bind.Read {
		return u.demand(ctx, permission, on)
	}
	switch on.Database {
	case catalog.InformationSchema:
		return nil // it shows only what the principal may see
	case catalog.SystemDatabase:
		return u.demand(ctx, authz.ViewSystem, authz.Object{})
	default:
		return u.demand(ctx, permission, on)
	}
}

func permissionOf(p bind.Privilege) (authz.Permission, error) {
	switch p {
	case bind.Read:
		return authz.Read, nil
	case bind.Insert, bind.Delete:
		return authz.Write, nil
	case bind.CreateTable:
		return authz.CreateTable, nil
	case bind.DropTable:
		return authz.DropTable, nil
	case bind.CreateDatabase:
		return authz.CreateDatabase, nil
	case bind.DropDatabase:
		return authz.DropDatabase, nil
	}
	return "", sqlerr.New(sqlerr.InternalError, "unknown privilege %d", p)
}

// reserved refuses, whoever asks, to change the databases that every instance has.
func reserved(p bind.Privilege, on authz.Object) error {
	system := on.Database == catalog.SystemDatabase || on.Database == catalog.InformationSchema
	switch {
	case p == bind.Read:
		return nil
	case system:
		return sqlerr.New(sqlerr.InsufficientPrivilege, "database %s belongs to the server", on.Database).
			WithHint("users and roles are changed by CREATE USER, ALTER USER, DROP USER, GRANT and REVOKE")
	case p == bind.DropDatabase && on.Database == catalog.DefaultDatabase:
		return sqlerr.New(sqlerr.InsufficientPrivilege, "database %s can't be dropped: sessions start there",
			on.Database)
	}
	return nil
}
