package sqllogic_test

import (
	"context"
	"errors"
	"testing"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/sqllogic"
	"github.com/micodb/micodb/internal/sqlerr"
)

// startFlight starts the binary, and speaks Flight SQL with it.
func startFlight(t *testing.T) sqllogic.Open {
	t.Helper()
	server := harness.Start(t)
	return func(ctx context.Context, l sqllogic.Login) (sqllogic.Runner, error) {
		l = administrator(l)
		c, err := client.Open(ctx, client.Options{
			URL: "grpc://" + server.Flight, Username: l.User, Password: l.Password,
		})
		return flightRunner{c}, err
	}
}

// flightRunner is a session behind Flight SQL.
type flightRunner struct{ *client.Conn }

func (f flightRunner) Exec(ctx context.Context, sql, _ string) (columns []string, rows [][]string, err error) {
	result, err := f.Stream(ctx, sql)
	if err != nil {
		return nil, nil, toldError(err)
	}
	for result.Next() {
		rows = sqllogic.Rows(rows, result.Batch())
	}
	if result.Schema() != nil {
		columns = sqllogic.Columns(result.Schema())
	}
	return columns, rows, toldError(errors.Join(result.Err(), result.Close()))
}

// toldError gives a server's error the code that the server told.
func toldError(err error) error {
	if told, ok := errors.AsType[*client.Error](err); ok && told.SQLState != "" {
		return sqlerr.New(sqlerr.Code(told.SQLState), "%s", told.Message)
	}
	return err
}
