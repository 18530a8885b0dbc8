package flightsrv

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
)

var _ Door = (*session.Server)(nil)

// fakeDoor knows a few users and keeps what its sessions do where tests can look.
type fakeDoor struct {
	kept atomic.Int64 // streams of changes that are not closed

	mu        sync.Mutex // guards all below
	anonymous bool
	passwords map[string]string
	tokens    map[string]session.Principal
	logins    int
	open      map[*fakeSession]struct{}
	next      uint64
	running   map[uint64]*fakeTransaction
	committed []string
	ingested  []ingestCall
	started   chan struct{} // one for each statement that begins to block
	ended     chan struct{} // one for each that stops
}

type ingestCall struct {
	into catalog.TableName
	opts session.IngestOptions
	tx   uint64
	rows int64
}

func newFakeDoor() *fakeDoor {
	return &fakeDoor{
		passwords: map[string]string{"ada": "lovelace", "bob": "secret"}, tokens: map[string]session.Principal{},
		open: map[*fakeSession]struct{}{}, running: map[uint64]*fakeTransaction{},
		started: make(chan struct{}, 100), ended: make(chan struct{}, 100),
	}
}

func (d *fakeDoor) Authenticate(_ context.Context, c session.Credentials) (session.Principal, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch c.Method {
	case session.Anonymous:
		if d.anonymous {
			return session.Principal{Username: "anonymous"}, nil
		}
	case session.Password:
		if want, ok := d.passwords[c.Username]; ok && want == c.Secret {
			return session.Principal{Username: c.Username}, nil
		}
		return session.Principal{}, sqlerr.New(sqlerr.InvalidPassword, "user name or password is wrong")
	case session.Token:
		if login, ok := d.tokens[c.Secret]; ok {
			return login, nil
		}
	default:
	}
	return session.Principal{}, sqlerr.New(sqlerr.InvalidAuthorization, "log in first")
}

func (d *fakeDoor) Open(ctx context.Context, c session.Credentials) (session.Session, error) {
	p, err := d.Authenticate(ctx, c)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &fakeSession{door: d, principal: p, database: catalog.DefaultDatabase, nameless: c.Nameless}
	if c.Database != "" {
		if err := s.Use(ctx, c.Database); err != nil {
			return nil, err
		}
	}
	d.open[s] = struct{}{}
	return s, nil
}

func (d *fakeDoor) Fork(ctx context.Context, s session.Session, database string) (session.Session, error) {
	user := s.Principal().Username
	return d.Open(ctx, session.Credentials{
		Method: session.Password, Username: user, Secret: d.passwords[user], Database: database,
	})
}

func (d *fakeDoor) Login(ctx context.Context, c session.Credentials) (session.Login, error) {
	p, err := d.Authenticate(ctx, c)
	if err != nil {
		return session.Login{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logins++
	token := fmt.Sprintf("eyJhbGciOiJub25lIn0.%s.%d", p.Username, d.logins)
	if c.Method == session.Password {
		p.Proof = session.Proof{
			Method: session.Token, ID: strconv.Itoa(d.logins), OneClient: c.Door == metrics.Flight,
		}
	}
	d.tokens[token] = p
	return session.Login{Principal: p, Token: token}, nil
}

// revoke makes all tokens of a login worthless.
func (d *fakeDoor) revoke(login string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.tokens, func(_ string, p session.Principal) bool { return p.Proof.ID == login })
}

func mac(user string, payload []byte) []byte {
	m := hmac.New(sha256.New, []byte("key of "+user))
	m.Write(payload)
	return m.Sum(nil)
}

func (*fakeDoor) SignTicket(user string, payload []byte) []byte {
	return append(mac(user, payload), payload...)
}

func (*fakeDoor) OpenTicket(_ context.Context, user, _ string, ticket []byte) ([]byte, error) {
	if len(ticket) < sha256.Size || !hmac.Equal(ticket[:sha256.Size], mac(user, ticket[sha256.Size:])) {
		return nil, sqlerr.New(sqlerr.InvalidAuthorization, "the ticket is not valid")
	}
	return ticket[sha256.Size:], nil
}

func (d *fakeDoor) sessions() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.open)
}

func (d *fakeDoor) log() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.committed)
}

// fakeSession runs a language of its own: see Prepare.
type fakeSession struct {
	door      *fakeDoor
	principal session.Principal
	mu        sync.Mutex // guards all below
	database  string
	nameless  bool
	own       *fakeTransaction
}

func (s *fakeSession) Principal() session.Principal { return s.principal }

func (s *fakeSession) Database() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.database
}

func (s *fakeSession) SetNamed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nameless = false
}

func (s *fakeSession) Use(_ context.Context, database string) error {
	if database != "main" && database != "shop" {
		return sqlerr.New(sqlerr.InvalidCatalogName, "no database %q exists", database)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.database = database
	return nil
}

func (s *fakeSession) Begin(context.Context, session.TransactionOptions) (session.Transaction, error) {
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	s.door.next++
	t := &fakeTransaction{door: s.door, id: s.door.next, user: s.principal.Username, savepoints: map[string]int{}}
	s.door.running[t.id] = t
	return t, nil
}

func (s *fakeSession) Resume(_ context.Context, id uint64) (session.Transaction, error) {
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	t := s.door.running[id]
	if t == nil || t.user != s.principal.Username {
		return nil, sqlerr.New(sqlerr.NoActiveTransaction, "no transaction %d is open", id)
	}
	return t, nil
}

func (*fakeSession) Catalog(context.Context, session.Transaction) (catalog.Snapshot, error) {
	return fakeSnapshot{}, nil
}

// Valid tells whether the session is open, and the token that opened it, if one did, is good.
func (s *fakeSession) Valid() error {
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	if _, ok := s.door.open[s]; !ok {
		return sqlerr.New(sqlerr.InvalidAuthorization, "the session is closed")
	}
	for _, p := range s.door.tokens {
		if p.Proof.ID == s.principal.Proof.ID {
			return nil
		}
	}
	if s.principal.Proof.ID == "" {
		return nil
	}
	return sqlerr.New(sqlerr.InvalidAuthorization, "the token was revoked")
}

func (s *fakeSession) Logout(context.Context) error {
	s.door.revoke(s.principal.Proof.ID)
	return s.Close()
}

func (s *fakeSession) Close() error {
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	delete(s.door.open, s)
	return nil
}

func (s *fakeSession) Ingest(ctx context.Context, tx session.Transaction, into catalog.TableName, rows batch.Stream,
	opts session.IngestOptions,
) (int64, error) {
	call := ingestCall{into: into, opts: opts}
	if tx != nil {
		call.tx = tx.ID()
	}
	for {
		record, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		call.rows += record.NumRows()
		record.Release()
	}
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	s.door.ingested = append(s.door.ingested, call)
	return call.rows, nil
}

// Prepare knows
//
//	rows N BYTES       N rows of a number and a text of so many bytes, one batch
//	fail N             N rows, then an error
//	block              no row until it is cancelled
//	echo ?             a row for the parameter
//	write TEXT         a change
//	write ?            a change for each row of parameters
//	take N             a change that returns N rows
//	begin, commit      the session's own transaction
//	panic, bad         what they say
func (s *fakeSession) Prepare(_ context.Context, tx session.Transaction, sql string) (session.Statement, error) {
	words := strings.Fields(sql)
	st := &fakeStatement{session: s, words: words}
	if tx != nil {
		st.tx = tx.(*fakeTransaction)
	}
	switch words[0] {
	case "rows", "fail", "block", "take":
		st.result = fakeSchema()
	case "echo":
		st.result = fakeSchema()
		st.params = arrow.NewSchema([]arrow.Field{{Name: "1", Type: arrow.PrimitiveTypes.Int64, Nullable: true}}, nil)
	case "write":
		if words[1] == "?" {
			st.params = arrow.NewSchema([]arrow.Field{{Name: "1", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
		}
	case "begin", "commit", "panic":
	default:
		return nil, sqlerr.New(sqlerr.SyntaxError, "unexpected %q", words[0]).At(sqlerr.Position{Line: 1, Column: 1})
	}
	return st, nil
}

func fakeSchema() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{
		{Name: "n", Type: arrow.PrimitiveTypes.Int64},
		{Name: "t", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
}

type fakeStatement struct {
	session *fakeSession
	words   []string
	tx      *fakeTransaction
	result  *arrow.Schema
	params  *arrow.Schema
}

func (s *fakeStatement) Parameters() *arrow.Schema {
	if s.params == nil {
		return arrow.NewSchema(nil, nil)
	}
	return s.params
}

func (s *fakeStatement) Result() *arrow.Schema { return s.result }
func (s *fakeStatement) Once() bool            { return s.words[0] == "take" }
func (*fakeStatement) Close() error            { return nil }

func (s *fakeStatement) Query(ctx context.Context, params batch.Stream) (batch.Stream, error) {
	var kept *atomic.Int64
	switch s.words[0] {
	case "echo":
		if params == nil {
			return nil, sqlerr.New(sqlerr.UndefinedParameter, "parameter 1 was not given")
		}
		record, err := params.Next(ctx)
		if err != nil {
			return nil, err
		}
		defer record.Release()
		return &fakeStream{first: record.Column(0).(*array.Int64).Value(0), left: 1, size: 1}, nil
	case "block":
		return &fakeStream{block: s.session.door}, nil
	case "take":
		s.write(strings.Join(s.words, " "))
		kept = &s.session.door.kept
		kept.Add(1)
	}
	n, _ := strconv.ParseInt(s.words[1], 10, 64)
	st := &fakeStream{left: n, size: 3, kept: kept}
	if s.words[0] == "fail" {
		st.err = sqlerr.Wrap(fmt.Errorf("the cause"), sqlerr.OutOfMemory, "no memory is left")
	} else if len(s.words) > 2 {
		st.size, _ = strconv.Atoi(s.words[2])
	}
	return st, nil
}

func (s *fakeStatement) Exec(ctx context.Context, params batch.Stream) (int64, error) {
	switch s.words[0] {
	case "panic":
		panic("as asked")
	case "take":
		s.write(strings.Join(s.words, " "))
		n, err := strconv.ParseInt(s.words[1], 10, 64)
		return n, err
	case "begin":
		t, err := s.session.Begin(ctx, session.TransactionOptions{})
		s.session.mu.Lock()
		defer s.session.mu.Unlock()
		if s.session.nameless {
			return 0, sqlerr.NotSupported("begin without a name")
		}
		s.session.own = t.(*fakeTransaction)
		return 0, err
	case "commit":
		s.session.mu.Lock()
		defer s.session.mu.Unlock()
		if s.session.own == nil {
			return 0, sqlerr.New(sqlerr.NoActiveTransaction, "no transaction is open")
		}
		_, err := s.session.own.Commit(ctx)
		s.session.own = nil
		return 0, err
	}
	if params == nil {
		s.write(strings.Join(s.words[1:], " "))
		return 1, nil
	}
	changed := int64(0)
	for {
		record, err := params.Next(ctx)
		if errors.Is(err, io.EOF) {
			return changed, nil
		}
		if err != nil {
			return 0, err
		}
		for i := range int(record.NumRows()) {
			s.write(record.Column(0).(*array.String).Value(i))
			changed++
		}
		record.Release()
	}
}

func (s *fakeStatement) write(text string) {
	tx := s.tx
	if tx == nil {
		s.session.mu.Lock()
		tx = s.session.own
		s.session.mu.Unlock()
	}
	s.session.door.mu.Lock()
	defer s.session.door.mu.Unlock()
	if tx != nil {
		tx.writes = append(tx.writes, text)
		return
	}
	s.session.door.committed = append(s.session.door.committed, text)
}

// fakeStream makes rows first, first+1, … of a text of size bytes.
type fakeStream struct {
	first, left int64
	size        int
	err         error
	block       *fakeDoor
	kept        *atomic.Int64 // the streams of changes that are not closed
}

func (*fakeStream) Schema() *arrow.Schema { return fakeSchema() }

func (s *fakeStream) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if s.block != nil {
		s.block.started <- struct{}{}
		<-ctx.Done()
		s.block.ended <- struct{}{}
		return nil, ctx.Err()
	}
	if s.left == 0 {
		if s.err != nil {
			return nil, s.err
		}
		return nil, io.EOF
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, fakeSchema())
	defer b.Release()
	for i := range s.left {
		b.Field(0).(*array.Int64Builder).Append(s.first + i)
		b.Field(1).(*array.StringBuilder).Append(strings.Repeat("x", s.size))
	}
	s.left = 0
	return b.NewRecordBatch(), nil
}

func (s *fakeStream) Close() error {
	if s.kept != nil {
		s.kept.Add(-1)
	}
	return nil
}

type fakeTransaction struct {
	door       *fakeDoor
	id         uint64
	user       string
	writes     []string // guarded by door.mu, like the rest
	savepoints map[string]int
}

func (t *fakeTransaction) ID() uint64 { return t.id }

func (t *fakeTransaction) Savepoint(_ context.Context, name string) error {
	t.door.mu.Lock()
	defer t.door.mu.Unlock()
	t.savepoints[name] = len(t.writes)
	return nil
}

func (t *fakeTransaction) RollbackTo(_ context.Context, name string) error {
	t.door.mu.Lock()
	defer t.door.mu.Unlock()
	n, ok := t.savepoints[name]
	if !ok {
		return sqlerr.New(sqlerr.UndefinedObject, "no savepoint %q", name)
	}
	t.writes = t.writes[:n]
	return nil
}

func (t *fakeTransaction) Release(_ context.Context, name string) error {
	t.door.mu.Lock()
	defer t.door.mu.Unlock()
	if _, ok := t.savepoints[name]; !ok {
		return sqlerr.New(sqlerr.UndefinedObject, "no savepoint %q", name)
	}
	delete(t.savepoints, name)
	return nil
}

func (t *fakeTransaction) Commit(context.Context) (catalog.Timestamp, error) {
	t.door.mu.Lock()
	defer t.door.mu.Unlock()
	t.door.committed = append(t.door.committed, t.writes...)
	delete(t.door.running, t.id)
	return 1, nil
}

func (t *fakeTransaction) Rollback(context.Context) error {
	t.door.mu.Lock()
	defer t.door.mu.Unlock()
	delete(t.door.running, t.id)
	return nil
}

// fakeSnapshot holds main.readings, main.100%, shop.orders and a view.
type fakeSnapshot struct{}

func fakeTables() map[string][]*catalog.Table {
	table := func(database, name string, kind catalog.TableKind, columns ...catalog.Column) *catalog.Table {
		return &catalog.Table{
			Name: catalog.TableName{Database: database, Table: name}, Kind: kind, Columns: columns,
		}
	}
	id := catalog.Column{Name: "id", Type: vector.Of(vector.Int64), NotNull: true}
	return map[string][]*catalog.Table{
		"main": {
			table("main", "100%", catalog.BaseTable, id),
			table("main", "readings", catalog.BaseTable, id,
				catalog.Column{Name: "price", Type: vector.DecimalType(12, 2)},
				catalog.Column{Name: "note", Type: vector.Of(vector.Text)}),
		},
		"shop": {table("shop", "orders", catalog.BaseTable, id), table("shop", "recent", catalog.View, id)},
		"information_schema": {
			table("information_schema", "tables", catalog.SystemView,
				catalog.Column{Name: "t", Type: vector.Of(vector.Text)}),
		},
	}
}

func (fakeSnapshot) Timestamp() catalog.Timestamp { return 1 }

func (fakeSnapshot) Databases(context.Context) (list []catalog.Database, err error) {
	for _, name := range slices.Sorted(maps.Keys(fakeTables())) {
		list = append(list, catalog.Database{Name: name})
	}
	return list, nil
}

func (fakeSnapshot) Table(_ context.Context, name catalog.TableName) (*catalog.Table, error) {
	for _, t := range fakeTables()[name.Database] {
		if t.Name == name {
			return t, nil
		}
	}
	return nil, sqlerr.New(sqlerr.UndefinedTable, "no table %s", name)
}

func (fakeSnapshot) Tables(_ context.Context, database string) (names []catalog.TableName, err error) {
	for _, t := range fakeTables()[database] {
		names = append(names, t.Name)
	}
	return names, nil
}

func (fakeSnapshot) Scan(context.Context, catalog.TableID, catalog.ScanRequest) (catalog.Scan, error) {
	return nil, sqlerr.NotSupported("scan")
}

func (fakeSnapshot) Close() error { return nil }
