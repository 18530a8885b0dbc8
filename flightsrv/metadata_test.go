package flightsrv

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/micodb/micodb/internal/limits"
)

// texts0 collects a column of texts.
func texts0(records []arrow.RecordBatch, column int) []string {
	list := []string{}
	for _, r := range records {
		c := r.Column(column).(*array.String)
		for i := range c.Len() {
			list = append(list, c.Value(i))
		}
	}
	return list
}

func TestCatalogsSchemasAndTableTypes(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	info, err := c.GetCatalogs(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"micodb"}, texts0(f.read(ctx, c, info), 0))
	info, err = c.GetTableTypes(ctx)
	require.NoError(t, err)
	require.Equal(t, tableTypes(), texts0(f.read(ctx, c, info), 0))

	own, other, none, pattern := "micodb", "other", "", "S%"
	cases := []struct {
		opts flightsql.GetDBSchemasOpts
		want []string
	}{
		{flightsql.GetDBSchemasOpts{}, []string{"information_schema", "main", "shop"}},
		{flightsql.GetDBSchemasOpts{Catalog: &own, DbSchemaFilterPattern: &pattern}, []string{"shop"}},
		{flightsql.GetDBSchemasOpts{Catalog: &other}, []string{}},
		{flightsql.GetDBSchemasOpts{Catalog: &none}, []string{}},
	}
	for i := range cases {
		info, err := c.GetDBSchemas(ctx, &cases[i].opts)
		require.NoError(t, err)
		require.Equal(t, cases[i].want, texts0(f.read(ctx, c, info), 1))
	}
}

func TestTables(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	list := func(o *flightsql.GetTablesOpts) []string {
		info, err := c.GetTables(ctx, o)
		require.NoError(t, err)
		return texts0(f.read(ctx, c, info), 2)
	}
	schema, percent, orders := "main", `%\%`, "ord_rs"
	require.Equal(t, []string{"tables", "100%", "readings", "orders", "recent"}, list(&flightsql.GetTablesOpts{}))
	require.Equal(t, []string{"100%", "readings"}, list(&flightsql.GetTablesOpts{DbSchemaFilterPattern: &schema}))
	require.Equal(t, []string{"100%"}, list(&flightsql.GetTablesOpts{TableNameFilterPattern: &percent}))
	require.Equal(t, []string{"orders"}, list(&flightsql.GetTablesOpts{TableNameFilterPattern: &orders}))
	require.Equal(t, []string{"tables", "recent"},
		list(&flightsql.GetTablesOpts{TableTypes: []string{"VIEW", "SYSTEM TABLE"}}))
	require.Empty(t, list(&flightsql.GetTablesOpts{TableTypes: []string{"SYNONYM"}}))
}

func TestTablesTellTheirColumns(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	name := "readings"
	info, err := c.GetTables(ctx, &flightsql.GetTablesOpts{TableNameFilterPattern: &name, IncludeSchema: true})
	require.NoError(t, err)
	records := f.read(ctx, c, info)
	schema := f.schema(records[0].Column(4).(*array.Binary).Value(0))
	require.Equal(t, 3, schema.NumFields())
	require.False(t, schema.Field(0).Nullable)
	price := schema.Field(1)
	require.True(t, arrow.TypeEqual(&arrow.Decimal128Type{Precision: 12, Scale: 2}, price.Type))
	require.True(t, price.Nullable)
	require.Equal(t, map[string]string{
		"ARROW:FLIGHT:SQL:CATALOG_NAME":      "micodb",
		"ARROW:FLIGHT:SQL:SCHEMA_NAME":       "main",
		"ARROW:FLIGHT:SQL:TABLE_NAME":        "readings",
		"ARROW:FLIGHT:SQL:TYPE_NAME":         "DECIMAL",
		"ARROW:FLIGHT:SQL:PRECISION":         "12",
		"ARROW:FLIGHT:SQL:SCALE":             "2",
		"ARROW:FLIGHT:SQL:IS_AUTO_INCREMENT": "0",
		"ARROW:FLIGHT:SQL:IS_CASE_SENSITIVE": "0",
		"ARROW:FLIGHT:SQL:IS_READ_ONLY":      "0",
		"ARROW:FLIGHT:SQL:IS_SEARCHABLE":     "1",
	}, price.Metadata.ToMap())
}

func TestKeysAreEmptyWithTheirSchema(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	ref := flightsql.TableRef{Table: "readings"}
	primary, err := c.GetPrimaryKeys(ctx, ref)
	require.NoError(t, err)
	exported, err := c.GetExportedKeys(ctx, ref)
	require.NoError(t, err)
	imported, err := c.GetImportedKeys(ctx, ref)
	require.NoError(t, err)
	cross, err := c.GetCrossReference(ctx, ref, ref)
	require.NoError(t, err)
	for schema, info := range map[*arrow.Schema]*flight.FlightInfo{
		schema_ref.PrimaryKeys: primary, schema_ref.ExportedKeys: exported,
	} {
		require.True(t, f.schema(info.GetSchema()).Equal(schema))
	}
	for _, info := range []*flight.FlightInfo{primary, exported, imported, cross} {
		require.Zero(t, countRows(f.read(ctx, c, info)))
	}
}

func TestSqlInfoAnswersEveryCode(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	info, err := c.GetSqlInfo(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, int64(len(pb.SqlInfo_name)), countRows(f.read(ctx, c, info)))
	for code := range pb.SqlInfo_name {
		info, err := c.GetSqlInfo(ctx, []flightsql.SqlInfo{flightsql.SqlInfo(code)})
		require.NoError(t, err)
		require.Equal(t, int64(1), countRows(f.read(ctx, c, info)), pb.SqlInfo(code))
	}
	info, err = c.GetSqlInfo(ctx, []flightsql.SqlInfo{flightsql.SqlInfoFlightSqlServerTransaction})
	require.NoError(t, err)
	union := f.read(ctx, c, info)[0].Column(1).(*array.DenseUnion)
	const int32Child = 3 // where ADBC looks for it
	require.Equal(t, arrow.UnionTypeCode(int32Child), union.TypeCode(0))
	require.Equal(t, int32(flightsql.SqlTransactionSavepoint),
		union.Field(int32Child).(*array.Int32).Value(int(union.ValueOffset(0))))
	info, err = c.GetSqlInfo(ctx, []flightsql.SqlInfo{99})
	require.NoError(t, err)
	_, err = fetch(ctx, c, info)
	requireStatus(t, err, codes.NotFound, "42704")
}

func TestXdbcTypeInfo(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	info, err := c.GetXdbcTypeInfo(ctx, nil)
	require.NoError(t, err)
	records := f.read(ctx, c, info)
	require.Equal(t, int64(len(xdbcTypes)), countRows(records))
	numbers := records[0].Column(1).(*array.Int32).Int32Values()
	require.IsNonDecreasing(t, numbers)
	want := int32(pb.XdbcDataType_XDBC_TIMESTAMP)
	info, err = c.GetXdbcTypeInfo(ctx, &want)
	require.NoError(t, err)
	records = f.read(ctx, c, info)
	require.Equal(t, []string{"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}, texts0(records, 0))
	require.Equal(t, int32(pb.XdbcDataType_XDBC_DATETIME), records[0].Column(15).(*array.Int32).Value(0))
	require.True(t, records[0].Column(17).IsNull(0), "a timestamp has no radix")
}

func TestLike(t *testing.T) {
	cases := []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"%", "", true},
		{"%", "any", true},
		{"a%", "abc", true},
		{"a%", "bac", false},
		{"%c", "abcc", true},
		{"%b%", "abc", true},
		{"a_c", "abc", true},
		{"a_c", "ac", false},
		{"_", "é", true},
		{"ABC", "abc", true},
		{`a\_c`, "a_c", true},
		{`a\_c`, "abc", false},
		{`100\%`, "100%", true},
		{`100\%`, "1000", false},
		{`\\`, `\`, true},
		{`a\`, `a\`, true},
		{"%a%b%c%", "xxaxxbxxcxx", true},
		{"%a%b%c%", "xxaxxcxxb", false},
		{"a%a", "a", false},
		{"%%", "x", true},
		{`%\%%`, "50% off", true},
	}
	for _, c := range cases {
		require.Equal(t, c.want, matches(&c.pattern, c.name), "%q LIKE %q", c.name, c.pattern)
	}
	require.True(t, matches(nil, "x"))
}
