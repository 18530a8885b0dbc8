package txn

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/storage/manifest"
	"github.com/micodb/micodb/storage/table"
)

// resolve checks a definition against what the transaction sees, and says what it changes.
func (t *Transaction) resolve(definition catalog.Definition) ([]manifest.Change, error) {
	switch d := definition.(type) {
	case catalog.CreateDatabase:
		return t.createDatabase(d)
	case catalog.DropDatabase:
		return t.dropDatabase(d)
	case catalog.CreateTable:
		return t.createTable(d)
	case catalog.DropTable:
		return t.dropTable(d)
	case catalog.AlterTable:
		return t.alterTable(d)
	default:
		return nil, sqlerr.NotSupported("this change of definitions")
	}
}

func (t *Transaction) createDatabase(d catalog.CreateDatabase) ([]manifest.Change, error) {
	if d.Name == "" {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "a database has no name")
	}
	_, taken := t.writes.definitions.byName[catalog.FoldName(d.Name)]
	switch {
	case !taken && catalog.FoldName(d.Name) != catalog.InformationSchema:
		return []manifest.Change{&manifest.CreateDatabase{ID: catalog.DatabaseID(t.manager.newID()), Name: d.Name}}, nil
	case d.IfNotExists:
		return nil, nil
	default:
		return nil, sqlerr.New(sqlerr.DuplicateDatabase, "database %q exists already", d.Name)
	}
}

func (t *Transaction) dropDatabase(d catalog.DropDatabase) ([]manifest.Change, error) {
	switch catalog.FoldName(d.Name) {
	case catalog.DefaultDatabase, catalog.SystemDatabase, catalog.InformationSchema:
		return nil, sqlerr.New(sqlerr.InsufficientPrivilege, "the server needs database %q", d.Name)
	}
	found, err := t.writes.definitions.database(d.Name)
	if err != nil {
		if d.IfExists {
			return nil, nil
		}
		return nil, err
	}
	tables := t.writes.definitions.tablesOf(found.ID)
	if len(tables) > 0 && !d.Cascade {
		return nil, sqlerr.New(sqlerr.ObjectInUse, "database %q has %d tables", d.Name, len(tables)).
			WithHint("drop them first, or say CASCADE")
	}
	var changes []manifest.Change
	for _, of := range tables {
		changes = append(changes, &manifest.DropTable{ID: of.ID})
	}
	return append(changes, &manifest.DropDatabase{ID: found.ID}), nil
}

func (t *Transaction) createTable(d catalog.CreateTable) ([]manifest.Change, error) {
	database, err := t.writes.definitions.database(d.Name.Database)
	if err != nil {
		return nil, err
	}
	var changes []manifest.Change
	key := tableKey{database.ID, catalog.FoldName(d.Name.Table)}
	if id, taken := t.writes.definitions.tableIDs[key]; taken {
		old := t.writes.definitions.tables[id]
		switch {
		case d.IfNotExists:
			return nil, nil
		case !d.Replace:
			return nil, sqlerr.New(sqlerr.DuplicateTable, "%s %s exists already", noun(old.Kind), d.Name)
		case old.Kind != d.Kind:
			return nil, wrongKind(old, d.Kind)
		}
		changes = append(changes, &manifest.DropTable{ID: id})
	}
	if d.Name.Table == "" || d.Kind == catalog.SystemView || (d.Query != nil) != (d.Kind == catalog.View) {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "%q is no name of a stored table", d.Name)
	}
	of := catalog.Table{
		ID: catalog.TableID(t.manager.newID()), Database: database.ID, Kind: d.Kind, Query: d.Query,
		Name: catalog.TableName{Database: database.Name, Table: d.Name.Table},
	}
	if of.Columns, err = columnsOf(d); err != nil {
		return nil, err
	}
	if of.Kind.HasRows() {
		version, err := table.New(t.manager.environment, &of)
		if err != nil {
			return nil, err
		}
		t.writes.tables[of.ID] = newTableWrites(version, true)
	}
	return append(changes, &manifest.CreateTable{Table: of}), nil
}

// noun is what a message calls a table of a kind.
func noun(k catalog.TableKind) string {
	if k == catalog.View {
		return "view"
	}
	return "table"
}

// wrongKind is the error of a table where a view was meant, or the other way round.
func wrongKind(of *catalog.Table, meant catalog.TableKind) error {
	return sqlerr.New(sqlerr.WrongObjectType, "%s is a %s, not a %s", of.Name, noun(of.Kind), noun(meant))
}

// columnsOf gives ids to the columns.
func columnsOf(d catalog.CreateTable) ([]catalog.Column, error) {
	if len(d.Columns) == 0 {
		return nil, sqlerr.NotSupported("a table without columns")
	}
	columns := make([]catalog.Column, len(d.Columns))
	taken := map[string]bool{}
	for i, c := range d.Columns {
		name := catalog.FoldName(c.Name)
		if name == "" {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "column %d of table %s has no name", i+1, d.Name)
		}
		if taken[name] {
			return nil, sqlerr.New(sqlerr.DuplicateColumn, "table %s has two columns with the name %q", d.Name, c.Name)
		}
		taken[name] = true
		c.ID = catalog.ColumnID(i + 1)
		columns[i] = c
	}
	return columns, nil
}

func (t *Transaction) dropTable(d catalog.DropTable) ([]manifest.Change, error) {
	found, err := t.writes.definitions.table(d.Name)
	switch {
	case err == nil && (found.Kind == catalog.View) != (d.Kind == catalog.View):
		return nil, wrongKind(found, d.Kind)
	case err == nil:
		return []manifest.Change{&manifest.DropTable{ID: found.ID}}, nil
	case d.IfExists:
		return nil, nil
	default:
		return nil, err
	}
}
