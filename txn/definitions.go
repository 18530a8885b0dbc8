package txn

import (
	"cmp"
	"maps"
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/storage/manifest"
)

// definitions are the databases and tables of a state. They are immutable.
type definitions struct {
	databases map[catalog.DatabaseID]catalog.Database
	tables    map[catalog.TableID]*catalog.Table
	byName    map[string]catalog.DatabaseID // folded
	tableIDs  map[tableKey]catalog.TableID
}

type tableKey struct {
	database catalog.DatabaseID
	name     string // folded
}

func newDefinitions() *definitions {
	return &definitions{
		databases: map[catalog.DatabaseID]catalog.Database{},
		tables:    map[catalog.TableID]*catalog.Table{},
		byName:    map[string]catalog.DatabaseID{},
		tableIDs:  map[tableKey]catalog.TableID{},
	}
}

// database finds a database: 3D000.
func (d *definitions) database(name string) (catalog.Database, error) {
	id, ok := d.byName[catalog.FoldName(name)]
	if !ok {
		return catalog.Database{}, sqlerr.New(sqlerr.InvalidCatalogName, "database %q does not exist", name)
	}
	return d.databases[id], nil
}

// table finds a table: 3D000, 42P01.
func (d *definitions) table(name catalog.TableName) (*catalog.Table, error) {
	database, err := d.database(name.Database)
	if err != nil {
		return nil, err
	}
	id, ok := d.tableIDs[tableKey{database.ID, catalog.FoldName(name.Table)}]
	if !ok {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "table %s does not exist", name)
	}
	return d.tables[id], nil
}

// list returns the databases in the order of their names.
func (d *definitions) list() []catalog.Database {
	return slices.SortedFunc(maps.Values(d.databases), func(a, b catalog.Database) int {
		return cmp.Compare(a.Name, b.Name)
	})
}

// tablesOf returns a database's tables in the order of their names.
func (d *definitions) tablesOf(id catalog.DatabaseID) []*catalog.Table {
	var tables []*catalog.Table
	for key, table := range d.tableIDs {
		if key.database == id {
			tables = append(tables, d.tables[table])
		}
	}
	slices.SortFunc(tables, func(a, b *catalog.Table) int { return cmp.Compare(a.Name.Table, b.Name.Table) })
	return tables
}

// apply returns the definitions after changes, which get the version: that of a commit, a provisional one, or 0 where
// they have theirs. What does not fit is a conflict with
// another transaction: 40001.
func (d *definitions) apply(changes []manifest.Change, version catalog.Version) (*definitions, error) {
	if len(changes) == 0 {
		return d, nil
	}
	next := &definitions{
		databases: maps.Clone(d.databases), tables: maps.Clone(d.tables),
		byName: maps.Clone(d.byName), tableIDs: maps.Clone(d.tableIDs),
	}
	for _, change := range changes {
		var err error
		switch c := change.(type) {
		case *manifest.CreateDatabase:
			err = next.createDatabase(catalog.Database{ID: c.ID, Name: c.Name})
		case *manifest.DropDatabase:
			err = next.dropDatabase(c.ID)
		case *manifest.CreateTable:
			t := c.Table
			if version.Committed() {
				t.Version = version
			}
			err = next.createTable(&t)
		case *manifest.AlterTable:
			err = next.alterTable(c.Table, version)
		case *manifest.DropTable:
			err = next.dropTable(c.ID)
		default:
			err = sqlerr.New(sqlerr.DataCorrupted, "a definition in the log has an unexpected form (%T)", change)
		}
		if err != nil {
			return nil, err
		}
	}
	return next, nil
}

func conflict(format string, args ...any) error {
	return sqlerr.New(sqlerr.SerializationFailure, format, args...).WithHint("run the transaction again")
}

func (d *definitions) createDatabase(b catalog.Database) error {
	name := catalog.FoldName(b.Name)
	if _, taken := d.byName[name]; taken {
		return conflict("another transaction has made database %q", b.Name)
	}
	d.databases[b.ID], d.byName[name] = b, b.ID
	return nil
}

func (d *definitions) dropDatabase(id catalog.DatabaseID) error {
	b, ok := d.databases[id]
	if !ok {
		return conflict("another transaction has dropped the database")
	}
	if len(d.tablesOf(id)) > 0 {
		return conflict("another transaction has made a table in database %q", b.Name)
	}
	delete(d.databases, id)
	delete(d.byName, catalog.FoldName(b.Name))
	return nil
}

func (d *definitions) createTable(t *catalog.Table) error {
	key := tableKey{t.Database, catalog.FoldName(t.Name.Table)}
	if _, ok := d.databases[t.Database]; !ok {
		return conflict("another transaction has dropped database %q", t.Name.Database)
	}
	if _, taken := d.tableIDs[key]; taken {
		return conflict("another transaction has made table %s", t.Name)
	}
	d.tables[t.ID], d.tableIDs[key] = t, t.ID
	return nil
}

// alterTable gives a table a definition that was made of the one that it has, which the caller has seen to.
func (d *definitions) alterTable(t catalog.Table, version catalog.Version) error {
	old, ok := d.tables[t.ID]
	if !ok {
		return conflict("another transaction has dropped table %s", t.Name)
	}
	t.Version, t.Created = version, old.Since()
	t.Columns = slices.Clone(t.Columns)
	for i := range t.Columns {
		c := &t.Columns[i]
		c.Former = slices.Clone(c.Former)
		for k := range c.Former {
			if at := &c.Former[k].Before; *at == 0 || !at.Committed() && version.Committed() {
				*at = version
			}
		}
	}
	was := tableKey{old.Database, catalog.FoldName(old.Name.Table)}
	is := tableKey{t.Database, catalog.FoldName(t.Name.Table)}
	if _, taken := d.tableIDs[is]; taken && is != was {
		return conflict("another transaction has made table %s", t.Name)
	}
	delete(d.tableIDs, was)
	d.tables[t.ID], d.tableIDs[is] = &t, t.ID
	return nil
}

func (d *definitions) dropTable(id catalog.TableID) error {
	t, ok := d.tables[id]
	if !ok {
		return conflict("another transaction has dropped the table")
	}
	delete(d.tables, id)
	delete(d.tableIDs, tableKey{t.Database, catalog.FoldName(t.Name.Table)})
	return nil
}
