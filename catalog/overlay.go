package catalog

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Sight says what a reader may know of. An object without a table is a database.
type Sight func(TableName) bool

// Overlay is a Snapshot as one reader sees it: with the tables of providers, and without what the reader may not
// know of. Lists leave that out; Table answers 42501 for it.
type Overlay struct {
	Snapshot

	providers *Providers
	sees      Sight
}

// Over returns a snapshot as a reader sees it. Closing it closes base.
func (p *Providers) Over(base Snapshot, sees Sight) *Overlay {
	return &Overlay{Snapshot: base, providers: p, sees: sees}
}

// Databases returns the databases that the reader sees, those of providers included.
func (o *Overlay) Databases(ctx context.Context) ([]Database, error) {
	all, err := o.Snapshot.Databases(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.Clone(all)
	for name, id := range o.providers.databases {
		if !slices.ContainsFunc(all, func(d Database) bool { return FoldName(d.Name) == name }) {
			all = append(all, Database{ID: id, Name: name})
		}
	}
	all = slices.DeleteFunc(all, func(d Database) bool { return !o.sees(TableName{Database: FoldName(d.Name)}) })
	slices.SortFunc(all, func(a, b Database) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Tables returns the names of a database's tables that the reader sees.
func (o *Overlay) Tables(ctx context.Context, database string) ([]TableName, error) {
	folded := FoldName(database)
	if !o.sees(TableName{Database: folded}) {
		return nil, unknownDatabase(database)
	}
	all, err := o.Snapshot.Tables(ctx, database)
	_, provides := o.providers.databases[folded]
	switch {
	case provides && sqlerr.CodeOf(err) == sqlerr.InvalidCatalogName:
	case err != nil:
		return nil, err
	}
	all = slices.Clone(all)
	if provides {
		for name := range o.providers.tables {
			if name.Database == folded {
				all = append(all, name)
			}
		}
	}
	all = slices.DeleteFunc(all, func(n TableName) bool { return !o.sees(foldTable(n)) })
	slices.SortFunc(all, func(a, b TableName) int { return strings.Compare(a.Table, b.Table) })
	return all, nil
}

// Table finds a table: 42501 for one that the reader may not know of.
func (o *Overlay) Table(ctx context.Context, name TableName) (*Table, error) {
	folded := foldTable(name)
	found := o.providers.tables[folded]
	var t *Table
	if found != nil {
		t = found.table
	} else {
		var err error
		if t, err = o.Snapshot.Table(ctx, name); err != nil {
			return nil, o.providedDatabase(err, name)
		}
	}
	if !o.sees(folded) {
		return nil, sqlerr.New(sqlerr.InsufficientPrivilege, "you may not use table %s", name)
	}
	return t, nil
}

// providedDatabase makes "unknown table" of "unknown database" when the database is one of providers.
func (o *Overlay) providedDatabase(err error, name TableName) error {
	var e *sqlerr.Error
	_, provides := o.providers.databases[FoldName(name.Database)]
	if provides && errors.As(err, &e) && e.Code == sqlerr.InvalidCatalogName {
		return sqlerr.New(sqlerr.UndefinedTable, "table %s does not exist", name)
	}
	return err
}

// Scan reads a table, or the rows of a provider as they are now.
func (o *Overlay) Scan(ctx context.Context, id TableID, req ScanRequest) (Scan, error) {
	p := o.providers.byID[id]
	if p == nil {
		return o.Snapshot.Scan(ctx, id, req)
	}
	chunks, err := p.read(ctx, o)
	if err != nil {
		return nil, err
	}
	return NewChunkScan(p.table, chunks, req)
}

func unknownDatabase(name string) error {
	return sqlerr.New(sqlerr.InvalidCatalogName, "database %s does not exist", name)
}
