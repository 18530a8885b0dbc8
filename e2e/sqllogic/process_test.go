package sqllogic_test

import (
	"context"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/inprocess"
	"github.com/micodb/micodb/e2e/sqllogic"
	"github.com/micodb/micodb/internal/tablefile"
	"github.com/micodb/micodb/internal/vfs"
)

// administrator is who opens a connection that names nobody.
func administrator(l sqllogic.Login) sqllogic.Login {
	if l.User == "" {
		return sqllogic.Login{User: inprocess.Administrator, Password: harness.Password}
	}
	return l
}

// startProcess builds a database in memory, without its doors.
func startProcess(t *testing.T) sqllogic.Open {
	t.Helper()
	return openProcess(inprocess.Start(t, inprocess.Options{}))
}

// startProcessWithFiles builds one that may use files, which lie in memory.
func startProcessWithFiles(t *testing.T) sqllogic.Open {
	t.Helper()
	return openProcess(inprocess.Start(t, inprocess.Options{Files: tablefile.NewDirectory(vfs.NewMemory())}))
}

// openProcess opens sessions of a database without its doors.
func openProcess(d *inprocess.Database) sqllogic.Open {
	return func(ctx context.Context, l sqllogic.Login) (sqllogic.Runner, error) {
		l = administrator(l)
		s, err := d.Open(ctx, l.User, l.Password)
		return processRunner{s}, err
	}
}

// processRunner is a session without a door.
type processRunner struct{ inprocess.Session }

func (p processRunner) Exec(ctx context.Context, sql, _ string) (columns []string, rows [][]string, err error) {
	schema, err := p.Each(ctx, sql, func(b arrow.RecordBatch) { rows = sqllogic.Rows(rows, b) })
	if schema == nil || err != nil {
		return nil, nil, err
	}
	return sqllogic.Columns(schema), rows, nil
}
