package client

import (
	"context"
	"fmt"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
)

// Statement is a prepared statement of a connection, or of a transaction. Its calls take turns.
type Statement struct {
	scope    scope
	turn     chan struct{} // holds a token while nobody uses what follows
	prepared *flightsql.PreparedStatement
	close    func() error
}

// Prepare prepares a statement, which is to be closed. One that is prepared in a transaction ends with it.
func (s scope) Prepare(ctx context.Context, sql string) (*Statement, error) {
	s.conn.noteStraying(sql)
	st := &Statement{scope: s, turn: make(chan struct{}, 1)}
	err := s.conn.call(ctx, func(ctx context.Context) (err error) {
		st.prepared, err = s.statements.Prepare(ctx, sql)
		return err
	})
	if err != nil {
		return nil, err
	}
	st.turn <- struct{}{}
	st.close = sync.OnceValue(func() error {
		<-st.turn // and nobody gets it back
		return s.conn.farewell(ctx, func(ctx context.Context) error { return st.prepared.Close(ctx) })
	})
	return st, nil
}

// Parameters returns a field for each parameter, with the type that the server inferred.
func (st *Statement) Parameters() *arrow.Schema {
	if s := st.prepared.ParameterSchema(); s != nil {
		return s
	}
	return arrow.NewSchema(nil, nil)
}

// Columns returns a field for each column of the rows, or nil for a statement that returns none.
func (st *Statement) Columns() *arrow.Schema {
	if s := st.prepared.DatasetSchema(); s != nil && s.NumFields() > 0 {
		return s
	}
	return nil
}

// Stream runs the statement with the values of its parameters and returns its rows, which are to be closed.
func (st *Statement) Stream(ctx context.Context, args ...any) (*Rows, error) {
	return st.scope.stream(ctx, func(ctx context.Context) (info *flight.FlightInfo, err error) {
		err = st.bound(ctx, args, func() error {
			info, err = st.prepared.Execute(ctx)
			return err
		})
		return info, err
	})
}

// Execute runs the statement with the values of its parameters, drops its rows, and returns how many rows it changed.
func (st *Statement) Execute(ctx context.Context, args ...any) (n int64, err error) {
	if st.Columns() != nil {
		return changedBy(st.Stream(ctx, args...))
	}
	err = st.scope.conn.call(ctx, func(ctx context.Context) error {
		return st.bound(ctx, args, func() error {
			n, err = st.prepared.ExecuteUpdate(ctx)
			return err
		})
	})
	return n, err
}

// bound lets f use the statement with values bound, alone.
func (st *Statement) bound(ctx context.Context, args []any, f func() error) error {
	schema := st.Parameters()
	if len(args) != schema.NumFields() {
		return fmt.Errorf("the statement has %d parameters, and got %d values", schema.NumFields(), len(args))
	}
	values, err := bind(schema, args)
	if err != nil {
		return err
	}
	defer values.Release()
	select {
	case _, open := <-st.turn:
		if !open {
			return ErrClosed
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { st.turn <- struct{}{} }()
	st.prepared.SetParameters(values)
	defer st.prepared.SetParameters(nil)
	return f()
}

// Close forgets the statement; rows of it that are being read stay. It is idempotent.
func (st *Statement) Close() error { return st.close() }
