package session

import (
	"context"
	"maps"
	"slices"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
)

// droppedObject is a table or database that a transaction dropped, or a table to which it gave another name.
type droppedObject struct {
	object authz.Object
	id     uint64
}

// noting is the writer of a transaction; it notes which objects are dropped, for the grants on them, and all that is
// defined, for the audit log.
type noting struct {
	catalog.Writer

	snapshot catalog.Snapshot
	dropped  *[]droppedObject
	defined  *[]catalog.Definition
}

// Define changes definitions.
func (n noting) Define(ctx context.Context, d catalog.Definition) error {
	if err := n.define(ctx, d); err != nil {
		return err
	}
	*n.defined = append(*n.defined, d)
	return nil
}

func (n noting) define(ctx context.Context, d catalog.Definition) error {
	var on authz.Object
	switch d := d.(type) {
	case catalog.DropTable:
		on = authz.Object{Database: catalog.FoldName(d.Name.Database), Table: catalog.FoldName(d.Name.Table)}
	case catalog.AlterTable:
		if !slices.ContainsFunc(d.Actions, renames) {
			return n.Writer.Define(ctx, d)
		}
		on = authz.Object{Database: catalog.FoldName(d.Name.Database), Table: catalog.FoldName(d.Name.Table)}
	case catalog.DropDatabase:
		on = authz.Object{Database: catalog.FoldName(d.Name)}
	default:
		return n.Writer.Define(ctx, d)
	}
	id, err := identify(ctx, n.snapshot, on)
	if err != nil {
		return err
	}
	if err := n.Writer.Define(ctx, d); err != nil {
		return err
	}
	if id != 0 {
		*n.dropped = append(*n.dropped, droppedObject{on, id})
	}
	return nil
}

// identify returns the id of the object that has a name now, 0 for none.
func identify(ctx context.Context, s catalog.Snapshot, on authz.Object) (uint64, error) {
	if on.Table != "" {
		t, err := s.Table(ctx, catalog.TableName{Database: on.Database, Table: on.Table})
		switch code := sqlerr.CodeOf(err); {
		case code == sqlerr.UndefinedTable || code == sqlerr.InvalidCatalogName:
			return 0, nil
		case err != nil:
			return 0, err
		}
		return uint64(t.ID), nil
	}
	all, err := s.Databases(ctx)
	i := slices.IndexFunc(all, func(d catalog.Database) bool { return catalog.FoldName(d.Name) == on.Database })
	if err != nil || i < 0 {
		return 0, err
	}
	return uint64(all[i].ID), nil
}

func renames(a catalog.TableAction) bool {
	_, ok := a.(catalog.RenameTable)
	return ok
}

// commit commits a transaction, and with it takes back the grants on what it dropped; those on a table that has another
// name now go with it. What a savepoint brought back is still there, and keeps them.
func (s *Server) commit(ctx context.Context, h Handle, dropped []droppedObject) (at catalog.Timestamp, err error) {
	gone := map[authz.Object]uint64{}
	for _, d := range dropped {
		if _, noted := gone[d.object]; noted {
			continue // the grants were given on the one that had the name first
		}
		id, err := identify(ctx, h, d.object)
		if err != nil {
			return 0, err
		}
		if id != d.id {
			gone[d.object] = d.id
		}
	}
	if len(gone) == 0 || s.config.Users == nil {
		return h.Commit(ctx)
	}
	moved, err := movedTables(ctx, h, gone)
	if err != nil {
		return 0, err
	}
	err = s.config.Users.Follow(ctx, slices.Collect(maps.Keys(gone)), moved, func() (err error) {
		at, err = h.Commit(ctx)
		return err
	})
	return at, err
}

// movedTables returns the names that tables have now which are not there any more under the names that they had.
func movedTables(
	ctx context.Context, s catalog.Snapshot, gone map[authz.Object]uint64,
) (map[authz.Object]authz.Object, error) {
	now := map[uint64]authz.Object{}
	err := catalog.EachTable(ctx, s, func(t *catalog.Table) error {
		now[uint64(t.ID)] = authz.Object{
			Database: catalog.FoldName(t.Name.Database), Table: catalog.FoldName(t.Name.Table),
		}
		return nil
	})
	moved := map[authz.Object]authz.Object{}
	for was, id := range gone {
		if is, there := now[id]; there && was.Table != "" {
			moved[was] = is
		}
	}
	return moved, err
}

// exists fails for the object of a GRANT that is not there: 3D000, 42P01.
func (u *userSession) exists(ctx context.Context, on authz.Object) error {
	if on.Database == "" {
		return nil
	}
	look, err := u.look(ctx, nil)
	if err != nil {
		return err
	}
	defer look.Close() //nolint:errcheck // it never fails
	if on.Table == "" {
		_, err = look.Tables(ctx, on.Database)
		return err
	}
	_, err = look.Table(ctx, catalog.TableName{Database: on.Database, Table: on.Table})
	return err
}
