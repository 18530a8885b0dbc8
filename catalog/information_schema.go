package catalog

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// InformationSchemaProviders returns the views of the SQL standard's information schema.
func InformationSchemaProviders() []Provider {
	text, yes := vector.Of(vector.Text), true
	column := func(name string, t vector.Type, notNull bool) Column {
		return Column{Name: name, Type: t, NotNull: notNull}
	}
	return []Provider{
		view{"schemata", []Column{
			column("catalog_name", text, yes), column("schema_name", text, yes), column("schema_owner", text, false),
		}, schemata},
		view{"tables", []Column{
			column("table_catalog", text, yes), column("table_schema", text, yes), column("table_name", text, yes),
			column("table_type", text, yes), column("table_comment", text, false),
		}, tables},
		view{"columns", []Column{
			column("table_catalog", text, yes), column("table_schema", text, yes), column("table_name", text, yes),
			column("column_name", text, yes), column("ordinal_position", vector.Of(vector.Int32), yes),
			column("column_default", text, false), column("is_nullable", text, yes),
			column("data_type", text, yes), column("character_maximum_length", vector.Of(vector.Int32), false),
			column("numeric_precision", vector.Of(vector.Int32), false),
			column("numeric_scale", vector.Of(vector.Int32), false),
			column("datetime_precision", vector.Of(vector.Int32), false), column("column_comment", text, false),
		}, columns},
		view{"views", []Column{
			column("table_catalog", text, yes), column("table_schema", text, yes), column("table_name", text, yes),
			column("view_definition", text, yes), column("definition_schema", text, yes),
			column("check_option", text, yes), column("is_updatable", text, yes),
		}, views},
	}
}

type emitter = func(row ...vector.Scalar) error

// view is a provider of the information schema.
type view struct {
	name    string
	columns []Column
	rows    func(ctx context.Context, s Snapshot, emit emitter) error
}

// Name is within information_schema.
func (v view) Name() TableName { return TableName{InformationSchema, v.name} }

// Columns returns the view's columns.
func (v view) Columns() []Column { return v.columns }

// Rows makes the view's rows.
func (v view) Rows(ctx context.Context, s Snapshot, emit func(row ...vector.Scalar) error) error {
	return v.rows(ctx, s, emit)
}

func schemata(ctx context.Context, s Snapshot, emit emitter) error {
	all, err := s.Databases(ctx)
	if err != nil {
		return err
	}
	for _, d := range all {
		err := emit(vector.TextOf(Name), vector.TextOf(d.Name), vector.NullOf(vector.Of(vector.Text)))
		if err != nil {
			return err
		}
	}
	return nil
}

func tables(ctx context.Context, s Snapshot, emit emitter) error {
	return EachTable(ctx, s, func(t *Table) error {
		return emit(vector.TextOf(Name), vector.TextOf(t.Name.Database), vector.TextOf(t.Name.Table),
			vector.TextOf(t.Kind.String()), comment(t.Comment))
	})
}

// comment is NULL where nothing was said.
func comment(s string) vector.Scalar {
	if s == "" {
		return vector.NullOf(vector.Of(vector.Text))
	}
	return vector.TextOf(s)
}

func columns(ctx context.Context, s Snapshot, emit emitter) error {
	return EachTable(ctx, s, func(t *Table) error {
		for i, c := range t.Columns {
			nullable := "YES"
			if c.NotNull {
				nullable = "NO"
			}
			digits, scale, fraction := precisions(c.Type)
			err := emit(vector.TextOf(Name), vector.TextOf(t.Name.Database), vector.TextOf(t.Name.Table),
				vector.TextOf(c.Name), vector.IntOf(vector.Of(vector.Int32), int64(i+1)),
				vector.NullOf(vector.Of(vector.Text)), vector.TextOf(nullable), vector.TextOf(c.TypeName()),
				length(&c), digits, scale, fraction, comment(c.Comment))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// views has a row for each view that somebody made; definition_schema is where the unqualified names of its query are.
func views(ctx context.Context, s Snapshot, emit emitter) error {
	return EachTable(ctx, s, func(t *Table) error {
		if t.Kind != View {
			return nil
		}
		return emit(vector.TextOf(Name), vector.TextOf(t.Name.Database), vector.TextOf(t.Name.Table),
			vector.TextOf(t.Query.Text), vector.TextOf(t.Query.Database), vector.TextOf("NONE"), vector.TextOf("NO"))
	})
}

// length returns the most characters or bytes of a column, else NULL.
func length(c *Column) vector.Scalar {
	if c.Length == 0 {
		return vector.NullOf(vector.Of(vector.Int32))
	}
	return vector.IntOf(vector.Of(vector.Int32), int64(c.Length))
}

// precisions returns the digits and scale of a decimal, and the fractional digits of a time, else NULLs.
func precisions(t vector.Type) (digits, scale, fraction vector.Scalar) {
	number := vector.Of(vector.Int32)
	digits, scale, fraction = vector.NullOf(number), vector.NullOf(number), vector.NullOf(number)
	switch t.Kind {
	case vector.Decimal:
		return vector.IntOf(number, int64(t.Precision)), vector.IntOf(number, int64(t.Scale)), fraction
	case vector.Time, vector.Timestamp:
		return digits, scale, vector.IntOf(number, int64(t.Precision))
	default:
		return digits, scale, fraction
	}
}

// EachTable calls f with every table that a snapshot shows, by database and name.
func EachTable(ctx context.Context, s Snapshot, f func(*Table) error) error {
	databases, err := s.Databases(ctx)
	if err != nil {
		return err
	}
	for _, d := range databases {
		names, err := s.Tables(ctx, d.Name)
		if err != nil {
			return err
		}
		for _, n := range names {
			t, err := s.Table(ctx, n)
			if err != nil {
				return err
			}
			if err := f(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// String returns the name that information_schema.tables and Flight SQL's table types have for the kind.
func (k TableKind) String() string {
	switch k {
	case SystemTable:
		return "SYSTEM TABLE"
	case SystemView:
		return "SYSTEM VIEW"
	case BaseTable:
		return "BASE TABLE"
	case View:
		return "VIEW"
	case External:
		return "EXTERNAL TABLE"
	default:
		return "UNKNOWN"
	}
}
