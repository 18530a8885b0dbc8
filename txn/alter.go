package txn

import (
	"context"
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/manifest"
)

// alterTable makes the definition that a table has after some actions.
func (t *Transaction) alterTable(d catalog.AlterTable) ([]manifest.Change, error) {
	found, err := t.writes.definitions.table(d.Name)
	switch {
	case err != nil && d.IfExists:
		return nil, nil
	case err != nil:
		return nil, err
	case found.Kind == catalog.View:
		return nil, wrongKind(found, catalog.BaseTable)
	case found.Kind != catalog.BaseTable:
		return nil, sqlerr.New(sqlerr.InsufficientPrivilege, "the server needs table %s as it is", found.Name)
	}
	a := alteration{of: *found, definitions: t.writes.definitions}
	a.of.Columns = slices.Clone(found.Columns)
	for _, action := range d.Actions {
		if err := a.apply(action); err != nil {
			return nil, err
		}
	}
	if !a.changed {
		return nil, nil
	}
	return []manifest.Change{&manifest.AlterTable{Table: a.of}}, nil
}

// alteration is a definition that is being made of another one, whose columns are its own.
type alteration struct {
	of          catalog.Table
	definitions *definitions
	changed     bool
}

func (a *alteration) apply(action catalog.TableAction) error {
	switch x := action.(type) {
	case catalog.AddColumn:
		return a.addColumn(x)
	case catalog.DropColumn:
		return a.dropColumn(x)
	case catalog.RenameColumn:
		return a.renameColumn(x)
	case catalog.RenameTable:
		return a.renameTable(x)
	case catalog.ChangeType:
		return a.changeType(x)
	case catalog.Comment:
		return a.comment(x)
	default:
		return sqlerr.NotSupported("this change of a table")
	}
}

// column returns the ordinal of a column: 42703.
func (a *alteration) column(name string) (int, error) {
	i := a.of.Find(name)
	if i < 0 {
		return 0, sqlerr.New(sqlerr.UndefinedColumn, "table %s has no column %q", a.of.Name, name)
	}
	return i, nil
}

func (a *alteration) addColumn(x catalog.AddColumn) error {
	switch taken := a.of.Find(x.Column.Name) >= 0; {
	case taken && x.IfNotExists:
		return nil
	case taken:
		return sqlerr.New(sqlerr.DuplicateColumn, "table %s has a column %q already", a.of.Name, x.Column.Name)
	case x.Column.Name == "":
		return sqlerr.New(sqlerr.InvalidParameterValue, "a new column of table %s has no name", a.of.Name)
	case x.Column.NotNull:
		return sqlerr.NotSupported("a new column that is NOT NULL, which it would be in the rows that are there")
	}
	c := x.Column
	c.ID, c.Former = a.of.NextColumn(), nil
	a.of.Columns = append(a.of.Columns, c)
	a.changed = true
	return nil
}

func (a *alteration) dropColumn(x catalog.DropColumn) error {
	i, err := a.column(x.Column)
	switch {
	case err != nil && x.IfExists:
		return nil
	case err != nil:
		return err
	case len(a.of.Columns) == 1:
		return sqlerr.NotSupported("a table without columns").WithHint("DROP TABLE drops it as a whole")
	}
	a.of.LastColumn = a.of.NextColumn() - 1
	a.of.Columns = slices.Delete(a.of.Columns, i, i+1)
	a.changed = true
	return nil
}

func (a *alteration) renameColumn(x catalog.RenameColumn) error {
	i, err := a.column(x.From)
	if err != nil {
		return err
	}
	if k := a.of.Find(x.To); k >= 0 && k != i {
		return sqlerr.New(sqlerr.DuplicateColumn, "table %s has a column %q already", a.of.Name, x.To)
	}
	a.changed = a.changed || a.of.Columns[i].Name != x.To
	a.of.Columns[i].Name = x.To
	return nil
}

func (a *alteration) renameTable(x catalog.RenameTable) error {
	key := tableKey{a.of.Database, catalog.FoldName(x.To)}
	if id, taken := a.definitions.tableIDs[key]; taken && id != a.of.ID {
		old := a.definitions.tables[id]
		return sqlerr.New(sqlerr.DuplicateTable, "%s %s exists already", noun(old.Kind), old.Name)
	}
	a.changed = a.changed || a.of.Name.Table != x.To
	a.of.Name.Table = x.To
	return nil
}

func (a *alteration) changeType(x catalog.ChangeType) error {
	i, err := a.column(x.Column)
	if err != nil {
		return err
	}
	c := &a.of.Columns[i]
	if !widens(c.Type, x.Type) || x.Length > 0 && (c.Length == 0 || c.Length > x.Length) {
		to := catalog.Column{Type: x.Type, Length: x.Length}
		return sqlerr.NotSupported("ALTER COLUMN " + c.Name + " from " + c.TypeName() + " to " + to.TypeName()).
			WithHint("only a type with room for every value takes its place at once: add a column, UPDATE it " +
				"with a CAST of the old one, and drop that")
	}
	if c.Type.Equal(x.Type) && c.Length == x.Length {
		return nil
	}
	if !c.Type.Equal(x.Type) {
		c.Former = append(slices.Clip(c.Former), catalog.FormerType{Type: c.Type})
	}
	c.Type, c.Length = x.Type, x.Length
	a.changed = true
	return nil
}

func (a *alteration) comment(x catalog.Comment) error {
	of := &a.of.Comment
	if x.Column != "" {
		i, err := a.column(x.Column)
		if err != nil {
			return err
		}
		of = &a.of.Columns[i].Comment
	}
	a.changed = a.changed || *of != x.Text
	*of = x.Text
	return nil
}

// widens tells whether every value of a type is one of another type, in the same form in memory.
func widens(from, to vector.Type) bool {
	switch {
	case from.Equal(to):
		return true
	case from.Physical() != to.Physical():
		return false
	case from.IsInteger() && to.IsInteger():
		lo, hi := from.Limits()
		least, most := to.Limits()
		return least <= lo && hi <= most
	case from.Kind == vector.Decimal && to.Kind == vector.Decimal:
		return from.Scale == to.Scale && from.Precision <= to.Precision
	default:
		return from.Kind == vector.Float32 && to.Kind == vector.Float64
	}
}

// alter puts the transaction's writes to a table under a definition that it has just made of the one before.
func (t *Transaction) alter(ctx context.Context, of *catalog.Table) error {
	w, err := t.written(ctx, of.ID)
	if err != nil {
		return err
	}
	if err := t.finishBulks(ctx); err != nil {
		return err
	}
	if len(w.segments) > 0 && retyped(w.version.Definition(), of) {
		return sqlerr.NotSupported("another type for a column after many rows written in the transaction").
			WithHint("commit them first")
	}
	version, err := w.version.Alter(of)
	if err != nil {
		return err
	}
	view := w.rows.View()
	rows := version.AlterWriteSet(&view, w.version)
	w.version, w.rows, w.altered = version, rows, true
	return nil
}

// retyped tells whether a column has another type than it had.
func retyped(before, after *catalog.Table) bool {
	return slices.ContainsFunc(after.Columns, func(c catalog.Column) bool {
		i := before.ByID(c.ID)
		return i >= 0 && !before.Columns[i].Type.Equal(c.Type)
	})
}
