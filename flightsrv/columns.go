package flightsrv

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/vector"
)

// tableSchema returns the columns of a table with the ARROW:FLIGHT:SQL metadata from which drivers make their lists
// of columns.
func tableSchema(t *catalog.Table) *arrow.Schema {
	fields := make([]arrow.Field, len(t.Columns))
	for i, c := range t.Columns {
		f := batch.FieldOf(c.Name, c.Type, !c.NotNull)
		about := columnMetadata(t, c)
		f.Metadata = arrow.NewMetadata(append(f.Metadata.Keys(), about.Keys()...),
			append(f.Metadata.Values(), about.Values()...))
		fields[i] = f
	}
	return arrow.NewSchema(fields, nil)
}

func columnMetadata(t *catalog.Table, c catalog.Column) arrow.Metadata {
	b := flightsql.NewColumnMetadataBuilder().
		CatalogName(catalog.Name).SchemaName(t.Name.Database).TableName(t.Name.Table).
		TypeName(typeName(c.Type)).
		IsAutoIncrement(false).IsCaseSensitive(c.Type.Physical() == vector.Bytes).
		IsReadOnly(t.Kind != catalog.BaseTable).IsSearchable(true)
	if digits, scale, ok := digits(c.Type); ok {
		b.Precision(digits).Scale(scale)
	} else if c.Length > 0 {
		b.Precision(int32(c.Length))
	}
	return b.Metadata()
}

// typeName is the SQL name of a type without its parameters, as XdbcTypeInfo lists it.
func typeName(t vector.Type) string {
	name, rest, found := strings.Cut(t.String(), "(")
	if found && t.Kind == vector.Timestamp && strings.HasSuffix(rest, "WITH TIME ZONE") {
		return name + " WITH TIME ZONE"
	}
	return name
}

// digits returns how many digits numbers and times have, and how many of them stand after the point.
func digits(t vector.Type) (precision, scale int32, ok bool) {
	switch t.Kind {
	case vector.Int8, vector.UInt8:
		return 3, 0, true
	case vector.Int16, vector.UInt16:
		return 5, 0, true
	case vector.Int32, vector.UInt32:
		return 10, 0, true
	case vector.Int64:
		return 19, 0, true
	case vector.UInt64:
		return 20, 0, true
	case vector.Float32:
		return 7, 0, true
	case vector.Float64:
		return 15, 0, true
	case vector.Decimal:
		return int32(t.Precision), int32(t.Scale), true
	case vector.Time, vector.Timestamp:
		return int32(t.Precision), 0, true
	default:
		return 0, 0, false
	}
}
