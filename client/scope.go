package client

import (
	"context"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc"
)

// statements is what a connection and a transaction of it have in common.
type statements interface {
	Execute(ctx context.Context, sql string, opts ...grpc.CallOption) (*flight.FlightInfo, error)
	GetExecuteSchema(ctx context.Context, sql string, opts ...grpc.CallOption) (*flight.SchemaResult, error)
	Prepare(ctx context.Context, sql string, opts ...grpc.CallOption) (*flightsql.PreparedStatement, error)
}

// scope is where statements run: a connection, or a transaction of it.
type scope struct {
	conn        *Conn
	statements  statements
	transaction flightsql.Transaction // nil outside
}

// Stream runs one statement and returns its rows, which are to be closed. For a statement that returns none they are
// empty and tell how many rows it changed. The args are the values of
// its parameters.
func (s scope) Stream(ctx context.Context, sql string, args ...any) (*Rows, error) {
	if len(args) > 0 {
		st, err := s.Prepare(ctx, sql)
		if err != nil {
			return nil, err
		}
		defer st.Close() //nolint:errcheck // the rows do not need it, and the server forgets it with the session
		return st.Stream(ctx, args...)
	}
	s.conn.noteStraying(sql)
	return s.run(ctx, sql)
}

// run runs a statement without parameters.
func (s scope) run(ctx context.Context, sql string) (*Rows, error) {
	return s.stream(ctx, func(ctx context.Context) (*flight.FlightInfo, error) {
		return s.statements.Execute(ctx, sql)
	})
}

// stream fetches the rows of what execute starts.
func (s scope) stream(ctx context.Context, execute func(context.Context) (*flight.FlightInfo, error)) (*Rows, error) {
	running, cancel := context.WithCancel(s.conn.with(ctx))
	rows := &Rows{conn: s.conn, cancel: cancel, changed: -1}
	rows.failed = func(err error) error { return s.conn.failed(ctx, err) }
	rows.forget = func() {
		_ = s.conn.farewell(ctx, func(ctx context.Context) error {
			_, err := s.conn.sql.CancelFlightInfo(ctx, &flight.CancelFlightInfoRequest{Info: rows.info})
			return err
		})
	}
	if err := rows.open(running, execute); err != nil {
		cancel()
		return nil, rows.failed(err)
	}
	return rows, nil
}

// Execute runs one statement, drops its rows, and returns how many rows it changed.
func (s scope) Execute(ctx context.Context, sql string, args ...any) (int64, error) {
	return changedBy(s.Stream(ctx, sql, args...))
}

// changedBy reads rows to their end and returns how many their statement changed.
func changedBy(rows *Rows, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	for rows.Next() {
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	return max(rows.changed, 0), rows.Close()
}

// CreateDatabase makes a database: 42P04 when it exists.
func (s scope) CreateDatabase(ctx context.Context, name string) error {
	_, err := s.Execute(ctx, "CREATE DATABASE "+Quote(name))
	return err
}

// schemaOf returns the columns that a query gives, without running it.
func (s scope) schemaOf(ctx context.Context, sql string) (schema *arrow.Schema, err error) {
	err = s.conn.call(ctx, func(ctx context.Context) error {
		result, err := s.statements.GetExecuteSchema(ctx, sql)
		if err != nil {
			return err
		}
		schema, err = flight.DeserializeSchema(result.GetSchema(), s.conn.sql.Alloc)
		return err
	})
	return schema, err
}

// Append adds the reader's rows to a table of a database ("" is the session's own), all or none, and returns their
// number. The caller releases the reader.
func (s scope) Append(ctx context.Context, database, table string, rows array.RecordReader) (int64, error) {
	return s.ingest(ctx, database, rows, &flightsql.ExecuteIngestOpts{
		Table: table, TableDefinitionOptions: &flightsql.TableDefinitionOptions{
			IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionFail,
			IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionAppend,
		},
	})
}

// appendByName adds rows whose columns are found by their names; those that are missing become NULL.
func (s scope) appendByName(ctx context.Context, database, table string, rows array.RecordReader) (int64, error) {
	return s.ingest(ctx, database, rows, &flightsql.ExecuteIngestOpts{
		Table: table, Options: map[string]string{"by_name": "true"},
		TableDefinitionOptions: &flightsql.TableDefinitionOptions{
			IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionFail,
			IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionAppend,
		},
	})
}

// Create makes a table with the reader's columns, adds its rows, and returns their number: 42P07 when the table
// exists. The caller releases the reader.
func (s scope) Create(ctx context.Context, database, table string, rows array.RecordReader) (int64, error) {
	return s.ingest(ctx, database, rows, &flightsql.ExecuteIngestOpts{
		Table: table, TableDefinitionOptions: &flightsql.TableDefinitionOptions{
			IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionCreate,
			IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionFail,
		},
	})
}

func (s scope) ingest(ctx context.Context, database string, rows array.RecordReader,
	o *flightsql.ExecuteIngestOpts,
) (n int64, err error) {
	if database != "" {
		o.Schema = &database
	}
	o.TransactionId = s.transaction
	err = s.conn.call(ctx, func(ctx context.Context) error {
		n, err = s.conn.sql.ExecuteIngest(ctx, rows, o)
		return err
	})
	return n, err
}

// Quote writes a name as an identifier of SQL.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// noteStraying notes a statement that may change what later ones mean. It knows those that do not by their first word:
// with another one, or a comment before it, a connection is closed in vain at worst.
func (c *Conn) noteStraying(sql string) {
	word := strings.TrimLeft(sql, " \t\r\n(")
	if end := strings.IndexFunc(word, func(r rune) bool { return (r|0x20) < 'a' || (r|0x20) > 'z' }); end >= 0 {
		word = word[:end]
	}
	switch strings.ToUpper(word) {
	case "SELECT", "WITH", "VALUES", "SHOW", "DESCRIBE", "EXPLAIN", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "COPY",
		"CREATE", "DROP", "ALTER", "GRANT", "REVOKE", "KILL", "CALL":
	default:
		c.strayed.Store(true)
	}
}
