package jsonproto_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/session"
)

// door is a database of one table, people, which a query for it returns; it notes what it is told.
type door struct {
	session.Session // what the protocol must not call panics

	mu    sync.Mutex // guards said
	said  []string
	block chan struct{} // a query for "slow" waits for it, or for its context
}

func (d *door) note(s string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.said = append(d.said, s)
}

func (d *door) heard() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.said...)
}

func (d *door) Open(_ context.Context, c session.Credentials) (session.Session, error) {
	switch {
	case c.Method == session.Password && c.Secret == "right", c.Method == session.Token && c.Secret == "a.b.c":
		return d, nil
	case c.Method == session.Password:
		return nil, sqlerr.New(sqlerr.InvalidPassword, "user name or password is wrong")
	case c.Method == session.APIKey && c.Secret == "key":
		return d, nil
	default:
		return nil, sqlerr.New(sqlerr.InvalidAuthorization, "log in first")
	}
}

func (d *door) Connect(ctx context.Context, c session.Credentials) (session.Session, session.Login, error) {
	if _, err := d.Open(ctx, c); err != nil {
		return nil, session.Login{}, err
	}
	return d, session.Login{
		Principal: session.Principal{Username: c.Username, DisplayName: "Ada", Roles: []string{"admin"}},
		Token:     "a.b.c",
	}, nil
}

func (d *door) Logout(context.Context) error {
	d.note("logout")
	return nil
}

func (*door) Close() error                      { return nil }
func (*door) Use(context.Context, string) error { return nil }
func (*door) Valid() error                      { return nil }
func (*door) SetNamed()                         {}
func (*door) Timestamp() catalog.Timestamp      { return 1 }
func (d *door) Begin(context.Context, session.TransactionOptions) (session.Transaction, error) {
	return transaction{door: d, id: 7}, nil
}

func (d *door) Resume(_ context.Context, id uint64) (session.Transaction, error) {
	if id != 7 {
		return nil, sqlerr.New(sqlerr.NoActiveTransaction, "no transaction %d is open", id)
	}
	return transaction{door: d, id: id}, nil
}

type transaction struct {
	session.Transaction

	door *door
	id   uint64
}

func (t transaction) ID() uint64 { return t.id }

func (t transaction) Commit(context.Context) (catalog.Timestamp, error) {
	t.door.note("commit")
	return 1, nil
}

func (t transaction) Rollback(context.Context) error {
	t.door.note("rollback")
	return nil
}

func (*door) Catalog(context.Context, session.Transaction) (catalog.Snapshot, error) {
	return snapshot{}, nil
}

type snapshot struct{ catalog.Snapshot }

func (snapshot) Close() error { return nil }

func (snapshot) Table(_ context.Context, n catalog.TableName) (*catalog.Table, error) {
	if n.Table != "people" {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "there is no table %s", n)
	}
	return &catalog.Table{Name: n, Columns: []catalog.Column{
		{ID: 1, Name: "id", Type: vector.Of(vector.Int32), NotNull: true},
		{ID: 2, Name: "name", Type: vector.Of(vector.Text)},
		{ID: 3, Name: "score", Type: vector.Of(vector.Float64)},
		{ID: 4, Name: "active", Type: vector.Of(vector.Boolean)},
		{ID: 5, Name: "born", Type: vector.Of(vector.Date)},
		{ID: 6, Name: "seen", Type: vector.Of(vector.Timestamp)},
		{ID: 7, Name: "balance", Type: vector.DecimalType(10, 2)},
		{ID: 8, Name: "photo", Type: vector.Of(vector.Binary)},
	}}, nil
}

func (d *door) Ingest(ctx context.Context, tx session.Transaction, into catalog.TableName, rows batch.Stream,
	_ session.IngestOptions,
) (int64, error) {
	var n int64
	encoded := ""
	for {
		b, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		text, err := b.MarshalJSON()
		if err != nil {
			return 0, err
		}
		encoded += string(text)
		n += b.NumRows()
		b.Release()
	}
	where := "autocommit"
	if tx != nil {
		where = "transaction"
	}
	d.note("ingest " + into.String() + " " + where + " " + encoded)
	return n, nil
}

func (d *door) Prepare(_ context.Context, _ session.Transaction, sql string) (session.Statement, error) {
	d.note(sql)
	switch {
	case strings.HasPrefix(sql, "SELECT"):
		return &statement{door: d, sql: sql}, nil
	case strings.HasPrefix(sql, "CREATE"), strings.HasPrefix(sql, "DROP"), strings.HasPrefix(sql, "INSERT"):
		return &statement{door: d, sql: sql}, nil
	default:
		return nil, sqlerr.New(sqlerr.SyntaxError, "this is no SQL").At(sqlerr.Position{Line: 1, Column: 1})
	}
}

type statement struct {
	session.Statement

	door *door
	sql  string
}

func (*statement) Close() error { return nil }

func (s *statement) Once() bool { return strings.Contains(s.sql, "returning") }

func (s *statement) Result() *arrow.Schema {
	if strings.HasPrefix(s.sql, "SELECT") {
		return people
	}
	return nil
}

func (s *statement) Exec(context.Context, batch.Stream) (int64, error) {
	if strings.HasPrefix(s.sql, "INSERT") {
		return 3, nil
	}
	return 0, nil
}

var people = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: arrow.PrimitiveTypes.Int32},
	{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "seen", Type: &arrow.TimestampType{Unit: arrow.Microsecond}, Nullable: true},
}, nil)

func (s *statement) Query(context.Context, batch.Stream) (batch.Stream, error) {
	r := &result{door: s.door, batches: 1}
	switch {
	case strings.Contains(s.sql, "many"):
		r.batches = 50
	case strings.Contains(s.sql, "broken"):
		r.failAt = 2
		r.batches = 5
	case strings.Contains(s.sql, "refused"):
		r.failAt = 1
	case strings.Contains(s.sql, "slow"):
		r.slow = true
	}
	return r, nil
}

type result struct {
	door    *door
	batches int
	sent    int
	failAt  int
	slow    bool
}

func (*result) Schema() *arrow.Schema { return people }
func (*result) Close() error          { return nil }

func (r *result) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if r.slow {
		select {
		case <-r.door.block:
		case <-ctx.Done():
			r.door.note("cancelled")
			return nil, ctx.Err()
		}
	}
	if r.sent == r.batches {
		return nil, io.EOF
	}
	if r.sent++; r.sent == r.failAt {
		return nil, sqlerr.New(sqlerr.OutOfMemory, "no more memory")
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, people)
	defer b.Release()
	b.Field(0).(*array.Int32Builder).AppendValues([]int32{1, 2}, nil)
	b.Field(1).(*array.StringBuilder).AppendValues([]string{"Zoë \"Z\" <&>\n", ""}, []bool{true, false})
	b.Field(2).(*array.TimestampBuilder).AppendValues([]arrow.Timestamp{1_700_000_000_000_001, 0}, nil)
	return b.NewRecordBatch(), nil
}
