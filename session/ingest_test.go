package session_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

func (c client) ingest(table string, mode session.IngestMode, fields []arrow.Field, values ...[]any) (int64, error) {
	c.t.Helper()
	return c.Ingest(context.Background(), nil, catalog.TableName{Table: table}, columns(c.t, fields, values...),
		session.IngestOptions{Mode: mode})
}

func field(name string, of arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: of, Nullable: true}
}

func TestIngestModes(t *testing.T) {
	c := start(t).admin()
	ids := []arrow.Field{field("id", arrow.PrimitiveTypes.Int64)}
	_, err := c.ingest("t", session.IngestAppend, ids, []any{1})
	requireCode(t, sqlerr.UndefinedTable, err)
	n, err := c.ingest("t", session.IngestCreate, ids, []any{1, 2})
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	_, err = c.ingest("t", session.IngestCreate, ids, []any{3})
	requireCode(t, sqlerr.DuplicateTable, err)
	_, err = c.ingest("t", session.IngestAppend, ids, []any{3, nil})
	require.NoError(t, err)
	_, err = c.ingest("t", session.IngestCreateOrAppend, ids, []any{4})
	require.NoError(t, err)
	require.Equal(t, []string{"5|10"}, c.rows("SELECT count(*), sum(id) FROM t"))
	_, err = c.ingest("t", session.IngestReplace, []arrow.Field{field("name", arrow.BinaryTypes.String)}, []any{"x"})
	require.NoError(t, err)
	require.Equal(t, []string{"x"}, c.rows("SELECT * FROM t"))
	_, err = c.ingest("u", session.IngestCreateOrAppend, ids, []any{1})
	require.NoError(t, err)
	_, err = c.ingest("v", session.IngestReplace, ids, []any{1})
	require.NoError(t, err)
	_, err = c.Ingest(t.Context(), nil, catalog.TableName{Database: "nowhere", Table: "t"}, columns(t, ids, []any{1}),
		session.IngestOptions{Mode: session.IngestCreate})
	requireCode(t, sqlerr.InvalidCatalogName, err)
	c.exec("CREATE DATABASE lab")
	c.exec("USE lab")
	_, err = c.ingest("t", session.IngestCreate, ids, []any{7})
	require.NoError(t, err)
	require.Equal(t, []string{"7"}, c.rows("SELECT id FROM lab.t"))
}

func TestIngestMakesColumnsOfEveryType(t *testing.T) {
	c := start(t).admin()
	fields := []arrow.Field{
		{Name: "a", Type: arrow.PrimitiveTypes.Int8},
		field("b", arrow.PrimitiveTypes.Uint64),
		field("c", arrow.PrimitiveTypes.Float32), field("d", &arrow.Decimal128Type{Precision: 20, Scale: 3}),
		field("e", arrow.BinaryTypes.LargeString), field("f", arrow.FixedWidthTypes.Date32),
		field("g", &arrow.TimestampType{Unit: arrow.Microsecond}), field("h", arrow.FixedWidthTypes.Boolean),
		field("i", arrow.FixedWidthTypes.Time64ns),
	}
	_, err := c.ingest("t", session.IngestCreate, fields, []any{-1}, []any{"18446744073709551615"}, []any{1.5},
		[]any{"12345678901234567.125"}, []any{"grün"}, []any{"2026-02-28"}, []any{"2026-02-28 01:02:03.000004"},
		[]any{true}, []any{"01:02:03.4"})
	require.NoError(t, err)
	require.Equal(t, []string{
		"-1|18446744073709551615|1.5|12345678901234567.125|grün|2026-02-28|2026-02-28 01:02:03.000004|true|01:02:03.4",
	}, c.rows("SELECT CAST(a AS VARCHAR), CAST(b AS VARCHAR), CAST(c AS VARCHAR), CAST(d AS VARCHAR), e, "+
		"CAST(f AS VARCHAR), CAST(g AS VARCHAR), CAST(h AS VARCHAR), CAST(i AS VARCHAR) FROM t"))
	require.Equal(t, []string{"a|NO"}, c.rows("SELECT column_name, is_nullable FROM information_schema.columns "+
		"WHERE table_schema = 'main' AND is_nullable = 'NO'"))
	_, err = c.ingest("bad", session.IngestCreate, []arrow.Field{field("n", arrow.Null)}, []any{nil})
	requireCode(t, sqlerr.IndeterminateType, err)
	_, err = c.ingest("bad", session.IngestCreate,
		[]arrow.Field{field("n", arrow.PrimitiveTypes.Int8), field("N", arrow.PrimitiveTypes.Int8)}, []any{1}, []any{1})
	requireCode(t, sqlerr.DuplicateColumn, err)
	_, err = c.ingest("bad", session.IngestCreate, nil)
	requireCode(t, sqlerr.InvalidParameterValue, err)
}

func TestIngestMatchesColumns(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT NOT NULL, name VARCHAR, price DECIMAL(5,2))")
	id, name := arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String
	_, err := c.ingest("t", session.IngestAppend, []arrow.Field{field("NAME", name), field("id", id)}, []any{"a"}, []any{1})
	require.NoError(t, err)
	_, err = c.ingest("t", session.IngestAppend, []arrow.Field{
		field("x", id), field("y", name),
		field("z", arrow.PrimitiveTypes.Float64),
	}, []any{2}, []any{"b"}, []any{1.5}) // by position
	require.NoError(t, err)
	require.Equal(t, []string{"1|a|(null)", "2|b|1.5"},
		c.rows("SELECT id, name, CAST(CAST(price AS DOUBLE) AS VARCHAR) FROM t ORDER BY id"))

	_, err = c.ingest("t", session.IngestAppend, []arrow.Field{field("name", name)}, []any{"c"})
	requireCode(t, sqlerr.NotNullViolation, err)
	_, err = c.ingest("t", session.IngestAppend, []arrow.Field{field("id", id)}, []any{nil})
	requireCode(t, sqlerr.NotNullViolation, err)
	_, err = c.ingest("t", session.IngestAppend, []arrow.Field{field("x", id)}, []any{3})
	requireCode(t, sqlerr.DatatypeMismatch, err)
	_, err = c.ingest("t", session.IngestAppend, []arrow.Field{field("id", id), field("ID", id)}, []any{3}, []any{3})
	requireCode(t, sqlerr.DuplicateColumn, err)
	_, err = c.ingest("t", session.IngestAppend, []arrow.Field{field("id", name)}, []any{"4"})
	requireCode(t, sqlerr.DatatypeMismatch, err)
	_, err = c.Ingest(t.Context(), nil, catalog.TableName{Table: "t"},
		columns(t, []arrow.Field{field("id", id), field("y", name)}, []any{3}, []any{"c"}),
		session.IngestOptions{ByName: true})
	requireCode(t, sqlerr.UndefinedColumn, err)
	require.Equal(t, []string{"2"}, c.rows("SELECT count(*) FROM t"))
}

func TestIngestRefusesWhatDoesNotFit(t *testing.T) {
	c := start(t).admin()
	c.exec("CREATE TABLE t (id INT, price DECIMAL(4,1))")
	ids := []arrow.Field{field("id", arrow.PrimitiveTypes.Int64)}
	_, err := c.ingest("t", session.IngestAppend, ids, []any{1, int64(1) << 31})
	requireCode(t, sqlerr.NumericOutOfRange, err)
	require.ErrorContains(t, err, `"id"`)
	_, err = c.ingest("t", session.IngestAppend, []arrow.Field{field("price", arrow.PrimitiveTypes.Int64)}, []any{1000})
	requireCode(t, sqlerr.NumericOutOfRange, err)
	require.Equal(t, []string{"0"}, c.rows("SELECT count(*) FROM t"))

	c.exec("CREATE TABLE short (v VARCHAR(2), b VARBINARY(1))")
	_, err = c.ingest("short", session.IngestAppend, []arrow.Field{field("v", arrow.BinaryTypes.LargeString)},
		[]any{"äö", "äöü"})
	requireCode(t, sqlerr.StringTooLong, err)
	_, err = c.ingest("short", session.IngestAppend, []arrow.Field{field("b", arrow.BinaryTypes.Binary)}, []any{"AAA="})
	requireCode(t, sqlerr.StringTooLong, err)
	_, err = c.ingest("short", session.IngestCreateOrAppend, []arrow.Field{field("v", arrow.BinaryTypes.String)},
		[]any{"äö", nil})
	require.NoError(t, err)
	require.Equal(t, []string{"2"}, c.rows("SELECT count(*) FROM short"))
}

// faulty hands out a batch, then fails.
type faulty struct {
	batch.Stream

	failed error
	given  bool
}

func (f *faulty) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if f.given {
		return nil, f.failed
	}
	f.given = true
	return f.Stream.Next(ctx)
}

func TestIngestIsAllOrNothing(t *testing.T) {
	i := start(t)
	c := i.admin()
	c.exec("CREATE TABLE t (id INT)")
	ids := []arrow.Field{field("id", arrow.PrimitiveTypes.Int32)}
	broken := func() batch.Stream {
		return &faulty{Stream: columns(t, ids, []any{1, 2}), failed: errors.New("the client went away")}
	}
	into := catalog.TableName{Table: "t"}
	_, err := c.Ingest(t.Context(), nil, into, broken(), session.IngestOptions{})
	require.Error(t, err)
	_, err = c.Ingest(t.Context(), nil, into, broken(), session.IngestOptions{Mode: session.IngestReplace})
	require.Error(t, err)
	require.Empty(t, c.rows("SELECT id FROM t"))

	c.exec("BEGIN") // the session's own transaction is used, and stays usable
	_, err = c.ingest("t", session.IngestAppend, ids, []any{3})
	require.NoError(t, err)
	_, err = c.Ingest(t.Context(), nil, into, broken(), session.IngestOptions{})
	require.Error(t, err)
	require.Empty(t, i.admin().rows("SELECT id FROM t"))
	c.exec("COMMIT")
	require.Equal(t, []string{"3"}, c.rows("SELECT id FROM t"))
}

func TestIngestOfManyRows(t *testing.T) {
	c := start(t).admin()
	var ids, names []any
	for n := range 20_001 {
		ids = append(ids, n)
		if n%3 == 0 {
			names = append(names, nil)
		} else {
			names = append(names, fmt.Sprint("n", n%7))
		}
	}
	fields := []arrow.Field{field("id", arrow.PrimitiveTypes.Int32), field("name", arrow.BinaryTypes.String)}
	n, err := c.ingest("t", session.IngestCreate, fields, ids, names)
	require.NoError(t, err)
	require.EqualValues(t, 20_001, n)
	require.Equal(t, []string{"20001|13334|200010000"}, c.rows("SELECT count(*), count(name), sum(id) FROM t"))
	require.Equal(t, []string{"n1"}, c.rows("SELECT name FROM t WHERE id = 20000"))
}
