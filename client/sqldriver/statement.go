package sqldriver

import (
	"context"
	"database/sql/driver"

	"github.com/micodb/micodb/client"
)

// statement is a prepared statement of a connection.
type statement struct {
	conn     *conn
	query    string
	prepared *client.Statement
	tx       *client.Tx // in which it was prepared
}

// prepare prepares the statement where it is to run now. The server binds a statement to the transaction in which it
// was prepared, and a sql.Tx may run one that was prepared before it began.
func (s *statement) prepare(ctx context.Context) error {
	if s.prepared != nil && s.tx == s.conn.tx {
		return nil
	}
	prepared, err := s.conn.current().Prepare(ctx, s.query)
	if err != nil {
		return err
	}
	if s.prepared != nil {
		_ = s.prepared.Close() // its transaction has ended, or it is prepared anew later
	}
	s.prepared, s.tx = prepared, s.conn.tx
	return nil
}

// NumInput returns how many parameters the statement has.
func (s *statement) NumInput() int { return s.prepared.Parameters().NumFields() }

// ExecContext runs the statement and returns how many rows it changed.
func (s *statement) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	n, err := s.prepared.Execute(ctx, values(args)...)
	if err != nil {
		return nil, err
	}
	return driver.RowsAffected(n), nil
}

// QueryContext runs the statement and returns its rows.
func (s *statement) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	found, err := s.prepared.Stream(ctx, values(args)...)
	if err != nil {
		return nil, err
	}
	return &rows{Rows: found}, nil
}

// Exec is ExecContext for callers without a context.
func (s *statement) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), numbered(args))
}

// Query is QueryContext for callers without a context.
func (s *statement) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), numbered(args))
}

func numbered(args []driver.Value) []driver.NamedValue {
	list := make([]driver.NamedValue, len(args))
	for i, a := range args {
		list[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return list
}

// Close forgets the statement.
func (s *statement) Close() error { return s.prepared.Close() }
