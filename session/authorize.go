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

// noted puts a refusal into the audit log. Every way into the session ends here when it fails.
func (u *userSession) noted(ctx context.Context, err error) error {
	if sqlerr.CodeOf(err) == sqlerr.InsufficientPrivilege {
		u.server.audit.LogAttrs(ctx, slog.LevelWarn, "denied", slog.String("user", u.principal.Username),
			slog.String("address", u.address), slog.String("reason", sqlerr.From(err).Message))
	}
	return err
}

// audited puts what a principal did into the audit log.
func (u *userSession) audited(ctx context.Context, action, object string) {
	u.server.audit.LogAttrs(ctx, slog.LevelInfo, "changed", slog.String("user", u.principal.Username),
		slog.String("address", u.address), slog.String("action", action), slog.String("object", object))
}

// auditDefinitions puts changes of definitions into the audit log. In a client's transaction they are there before it
// ends, as the denials are.
func (u *userSession) auditDefinitions(ctx context.Context, all []catalog.Definition) {
	for _, d := range all {
		switch d := d.(type) {
		case catalog.CreateTable:
			u.audited(ctx, "CREATE "+objectType(d.Kind), d.Name.String())
		case catalog.AlterTable:
			u.audited(ctx, "ALTER TABLE", d.Name.String())
		case catalog.DropTable:
			u.audited(ctx, "DROP "+objectType(d.Kind), d.Name.String())
		case catalog.CreateDatabase:
			u.audited(ctx, "CREATE DATABASE", d.Name)
		case catalog.DropDatabase:
			u.audited(ctx, "DROP DATABASE", d.Name)
		}
	}
}

func objectType(k catalog.TableKind) string {
	if k == catalog.View {
		return "VIEW"
	}
	return "TABLE"
}

// authorizeAll asks for ExecuteQuery, and for what each access of a statement needs.
func (u *userSession) authorizeAll(accesses []bind.Access) error {
	if err := u.authorize(authz.ExecuteQuery, authz.Object{}); err != nil {
		return err
	}
	for _, a := range accesses {
		if err := u.authorizeAccess(a); err != nil {
			return err
		}
	}
	return nil
}

// authorizeAccess says through which view a statement comes to what it may not read.
func (u *userSession) authorizeAccess(a bind.Access) error {
	err := u.mayAccess(a)
	if a.View == "" || err == nil {
		return err
	}
	e := sqlerr.From(err)
	return sqlerr.Wrap(err, e.Code, "view %s: %s", a.View, e.Message)
}

func (u *userSession) mayAccess(a bind.Access) error {
	if a.Privilege == bind.ReadFiles {
		return u.authorizeFiles()
	}
	on := authz.Object{Database: catalog.FoldName(a.Database), Table: catalog.FoldName(a.Table)}
	if err := reserved(a.Privilege, on); err != nil {
		return err
	}
	permission, err := permissionOf(a.Privilege)
	if err != nil {
		return err
	}
	if a.Privilege != bind.Read {
		return u.authorize(permission, on)
	}
	switch on.Database {
	case catalog.InformationSchema:
		return nil // it shows only what the principal may see
	case catalog.SystemDatabase:
		return u.authorize(authz.ViewSystem, authz.Object{})
	default:
		return u.authorize(permission, on)
	}
}

func permissionOf(p bind.Privilege) (authz.Permission, error) {
	switch p {
	case bind.Read:
		return authz.Read, nil
	case bind.Insert:
		return authz.Insert, nil
	case bind.Delete:
		return authz.Delete, nil
	case bind.Update:
		return authz.Update, nil
	case bind.CreateTable:
		return authz.CreateTable, nil
	case bind.DropTable:
		return authz.DropTable, nil
	case bind.AlterTable:
		return authz.ModifySchema, nil
	case bind.CreateDatabase:
		return authz.CreateDatabase, nil
	case bind.DropDatabase:
		return authz.DropDatabase, nil
	case bind.ReadFiles:
		return authz.AccessFiles, nil
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
