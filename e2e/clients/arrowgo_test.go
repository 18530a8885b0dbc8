package clients

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	_ "github.com/apache/arrow-go/v18/arrow/flight/flightsql/driver"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/micodb/micodb/e2e/harness"
)

// arrowGo is arrow-go's own Flight SQL client, logged in.
type arrowGo struct {
	*flightsql.Client

	t   *testing.T
	ctx context.Context //nolint:containedctx // it carries the login
}

func connectArrowGo(t *testing.T, s *harness.Server, middleware ...flight.ClientMiddleware) arrowGo {
	t.Helper()
	c, err := flightsql.NewClient(s.Flight, nil, middleware, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	ctx, err := c.Client.AuthenticateBasicToken(t.Context(), "admin", harness.Password)
	require.NoError(t, err)
	return arrowGo{Client: c, t: t, ctx: ctx}
}

// rows reads all of an info's rows as texts.
func (a arrowGo) rows(info *flight.FlightInfo, err error) []string {
	a.t.Helper()
	require.NoError(a.t, err)
	var all []string
	for _, endpoint := range info.GetEndpoint() {
		reader, err := a.DoGet(a.ctx, endpoint.GetTicket())
		require.NoError(a.t, err)
		for reader.Next() {
			b := reader.RecordBatch()
			for i := range int(b.NumRows()) {
				var row []string
				for _, c := range b.Columns() {
					row = append(row, c.ValueStr(i))
				}
				all = append(all, strings.Join(row, ","))
			}
		}
		require.NoError(a.t, reader.Err())
		reader.Release()
	}
	return all
}

func (a arrowGo) update(query string) int64 {
	a.t.Helper()
	n, err := a.ExecuteUpdate(a.ctx, query)
	require.NoError(a.t, err)
	return n
}

func numbers(t *testing.T, values ...int64) arrow.RecordBatch {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator,
		arrow.NewSchema([]arrow.Field{{Name: "i", Type: arrow.PrimitiveTypes.Int64, Nullable: true}}, nil))
	defer b.Release()
	b.Field(0).(*array.Int64Builder).AppendValues(values, nil)
	record := b.NewRecordBatch()
	t.Cleanup(record.Release)
	return record
}

// arrow-go's client, with and without a cookie jar: statements, parameters, transactions, ingest, metadata.
func TestArrowGo(t *testing.T) {
	for name, middleware := range map[string][]flight.ClientMiddleware{
		"with cookies": {flight.NewClientCookieMiddleware()}, "by token": nil,
	} {
		t.Run(name, func(t *testing.T) {
			c := connectArrowGo(t, harness.Start(t), middleware...)
			require.Zero(t, c.update("CREATE TABLE t (i BIGINT)"))
			require.Equal(t, int64(2), c.update("INSERT INTO t VALUES (1), (2)"))
			require.Equal(t, []string{"1", "2"}, c.rows(c.Execute(c.ctx, "SELECT i FROM t ORDER BY i")))

			p, err := c.Prepare(c.ctx, "SELECT i FROM t WHERE i > ?")
			require.NoError(t, err)
			require.Equal(t, 1, p.ParameterSchema().NumFields())
			p.SetParameters(numbers(t, 1))
			require.Equal(t, []string{"2"}, c.rows(p.Execute(c.ctx)))
			require.NoError(t, p.Close(c.ctx))
			p, err = c.Prepare(c.ctx, "INSERT INTO t VALUES (?)")
			require.NoError(t, err)
			p.SetParameters(numbers(t, 3, 4, 5))
			n, err := p.ExecuteUpdate(c.ctx)
			require.NoError(t, err)
			require.Equal(t, int64(3), n)
			require.NoError(t, p.Close(c.ctx))

			tx, err := c.BeginTransaction(c.ctx)
			require.NoError(t, err)
			_, err = tx.ExecuteUpdate(c.ctx, "DELETE FROM t WHERE i < 3")
			require.NoError(t, err)
			point, err := tx.BeginSavepoint(c.ctx, "p")
			require.NoError(t, err)
			_, err = tx.ExecuteUpdate(c.ctx, "DELETE FROM t")
			require.NoError(t, err)
			require.NoError(t, tx.RollbackSavepoint(c.ctx, point))
			require.Equal(t, []string{"3"}, c.rows(tx.Execute(c.ctx, "SELECT count(*) FROM t")))
			require.Equal(t, []string{"5"}, c.rows(c.Execute(c.ctx, "SELECT count(*) FROM t")))
			require.NoError(t, tx.Commit(c.ctx))

			schema := numbers(t).Schema()
			reader, err := array.NewRecordReader(schema, []arrow.RecordBatch{numbers(t, 6, 7), numbers(t, 8)})
			require.NoError(t, err)
			defer reader.Release()
			n, err = c.ExecuteIngest(c.ctx, reader, &flightsql.ExecuteIngestOpts{
				Table: "made", TableDefinitionOptions: &flightsql.TableDefinitionOptions{
					IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionCreate,
					IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionFail,
				},
			})
			require.NoError(t, err)
			require.Equal(t, int64(3), n)
			require.Equal(t, []string{"21"}, c.rows(c.Execute(c.ctx, "SELECT sum(i) FROM made")))

			database := "main"
			require.Equal(t, []string{"micodb,main,made,TABLE", "micodb,main,t,TABLE"},
				c.rows(c.GetTables(c.ctx, &flightsql.GetTablesOpts{DbSchemaFilterPattern: &database})))
			require.Equal(t, []string{"micodb"}, c.rows(c.GetCatalogs(c.ctx)))
			_, err = c.Execute(c.ctx, "SELECT * FROM nowhere")
			require.ErrorContains(t, err, "42P01")
		})
	}
}

// arrow-go's driver for database/sql.
func TestArrowGoDatabaseSQL(t *testing.T) {
	s := harness.Start(t)
	db, err := sql.Open("flightsql", "flightsql://admin:"+harness.Password+"@"+s.Flight)
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.PingContext(t.Context()))
	_, err = db.ExecContext(t.Context(), "CREATE TABLE t (i BIGINT, s VARCHAR)")
	require.NoError(t, err)
	result, err := db.ExecContext(t.Context(), "INSERT INTO t VALUES (?, ?), (?, ?)", int64(1), "one", int64(2), "two")
	require.NoError(t, err)
	n, err := result.RowsAffected()
	require.NoError(t, err)
	require.Equal(t, int64(2), n)

	insert, err := db.PrepareContext(t.Context(), "INSERT INTO t VALUES (?, ?)")
	require.NoError(t, err)
	_, err = insert.ExecContext(t.Context(), int64(3), "three")
	require.NoError(t, err)
	require.NoError(t, insert.Close())

	rows, err := db.QueryContext(t.Context(), "SELECT i, s FROM t WHERE i >= ? ORDER BY i", int64(2))
	require.NoError(t, err)
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var i int64
		var text string
		require.NoError(t, rows.Scan(&i, &text))
		texts = append(texts, text)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, []string{"two", "three"}, texts)

	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "DELETE FROM t")
	require.NoError(t, err)
	require.NoError(t, tx.Rollback())
	var count int64
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM t").Scan(&count))
	require.Equal(t, int64(3), count)
	_, err = db.ExecContext(t.Context(), "INSERT INTO nowhere VALUES (1)")
	require.ErrorContains(t, err, "42P01")
}
