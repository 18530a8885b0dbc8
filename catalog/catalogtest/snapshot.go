package catalogtest

import (
	"context"
	"slices"
	"strings"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Snapshot is a fixed set of definitions.
type Snapshot struct{ tables []*catalog.Table }

// Of returns a snapshot of tables; the databases are those that their names say, and main.
func Of(tables ...*catalog.Table) *Snapshot {
	s := &Snapshot{tables: slices.Clone(tables)}
	slices.SortFunc(s.tables, func(a, b *catalog.Table) int {
		return strings.Compare(a.Name.String(), b.Name.String())
	})
	return s
}

// Timestamp is 2026-01-02 03:04:05 UTC.
func (*Snapshot) Timestamp() catalog.Timestamp { return 1767323045e9 }

// Databases returns the databases that tables are in, and main.
func (s *Snapshot) Databases(context.Context) ([]catalog.Database, error) {
	names := []string{catalog.DefaultDatabase}
	for _, t := range s.tables {
		names = append(names, t.Name.Database)
	}
	slices.Sort(names)
	var out []catalog.Database
	for i, n := range slices.Compact(names) {
		out = append(out, catalog.Database{ID: catalog.DatabaseID(i + 1), Name: n})
	}
	return out, nil
}

// Table finds a table without regard to case.
func (s *Snapshot) Table(ctx context.Context, name catalog.TableName) (*catalog.Table, error) {
	tables, err := s.Tables(ctx, name.Database)
	if err != nil {
		return nil, err
	}
	for _, n := range tables {
		if strings.EqualFold(n.Table, name.Table) {
			i := slices.IndexFunc(s.tables, func(t *catalog.Table) bool { return t.Name == n })
			return s.tables[i], nil
		}
	}
	return nil, sqlerr.New(sqlerr.UndefinedTable, "table %s does not exist", name)
}

// Tables returns the names of a database's tables.
func (s *Snapshot) Tables(ctx context.Context, database string) ([]catalog.TableName, error) {
	databases, err := s.Databases(ctx)
	if err != nil {
		return nil, err
	}
	known := slices.ContainsFunc(databases, func(d catalog.Database) bool {
		return strings.EqualFold(d.Name, database)
	})
	if !known {
		return nil, sqlerr.New(sqlerr.InvalidCatalogName, "database %s does not exist", database)
	}
	var out []catalog.TableName
	for _, t := range s.tables {
		if strings.EqualFold(t.Name.Database, database) {
			out = append(out, t.Name)
		}
	}
	return out, nil
}

// Scan fails: there are no rows.
func (*Snapshot) Scan(context.Context, catalog.TableID, catalog.ScanRequest) (catalog.Scan, error) {
	return nil, sqlerr.NotSupported("reading a snapshot of definitions")
}

// Close does nothing.
func (*Snapshot) Close() error { return nil }

// Table returns a table's definition; its columns get ids, in order, from 1, unless they have one.
func Table(database, name string, columns ...catalog.Column) *catalog.Table {
	t := &catalog.Table{ID: 1, Database: 1, Name: catalog.TableName{Database: database, Table: name}}
	for i, c := range columns {
		if c.ID == 0 {
			c.ID = catalog.ColumnID(i + 1)
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

// Column returns a column's definition that allows NULL.
func Column(name string, t vector.Type) catalog.Column { return catalog.Column{Name: name, Type: t} }
