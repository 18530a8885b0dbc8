package session

import (
	"context"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/metrics"
)

// Session is what one client of one principal holds. Calls may come from several goroutines; statements of one
// transaction run one after another.
type Session interface {
	Identity
	Transactor

	// Prepare parses, binds, authorizes and optimizes one statement. tx nil is the session's own transaction
	// (SQL BEGIN), or autocommit when it has none.
	Prepare(ctx context.Context, tx Transaction, sql string) (Statement, error)

	// Ingest appends batches to a table, which opts may let it create or replace; it returns the rows added.
	// All or nothing: an error leaves the table as it was. The caller closes rows.
	Ingest(ctx context.Context, tx Transaction, into catalog.TableName, rows batch.Stream,
		opts IngestOptions) (int64, error)

	// Catalog returns a snapshot filtered by privilege, for metadata; the caller closes it.
	Catalog(ctx context.Context, tx Transaction) (catalog.Snapshot, error)

	// Close rolls back the session's own transaction and ends its statements.
	Close() error
}

// Identity is for whom a session acts, and where.
type Identity interface {
	Principal() Principal

	// Database returns where unqualified names are looked up, and where Ingest puts a table without a database.
	Database() string

	// Use changes it, as SQL's USE does: 3D000 when there is no such database.
	Use(ctx context.Context, database string) error

	// Valid returns nil as long as the session may be used, else why it may not: it was closed or ended (57P01), or
	// what opened it has expired or was revoked (28000).
	Valid() error

	// Logout closes the session, revokes the token that its login gave or that opened it, and ends all sessions of
	// that login. An API key, and a password that came without a login, go on being good.
	Logout(ctx context.Context) error

	// SetNamed lets a session of Credentials.Nameless run SQL BEGIN: its client has shown a name.
	SetNamed()
}

// Transactor starts transactions and finds them again. JSON's tx_id, Flight's transaction id and SQL's BEGIN are
// names of these.
type Transactor interface {
	Begin(ctx context.Context, opts TransactionOptions) (Transaction, error)

	// Resume finds an open transaction of the same principal by its id, from any connection: 25P01 when there
	// is none, 25P03 when it idled too long.
	Resume(ctx context.Context, id uint64) (Transaction, error)
}

// Statement is one prepared statement.
type Statement interface {
	// Parameters returns one field for each parameter, in order, with the type that was inferred.
	Parameters() *arrow.Schema

	// Result returns the schema of the rows, or nil for a statement that returns none.
	Result() *arrow.Schema

	// Once tells whether the statement returns rows and changes something, so that Query changes it again each time.
	Once() bool

	// Query runs a statement that returns rows. params is nil, or gives one row of parameters; the statement
	// does not close it. The stream fails with an error, never ends short. What the statement changes is changed
	// when Query returns; it takes any number of rows of parameters, as Exec does.
	Query(ctx context.Context, params batch.Stream) (batch.Stream, error)

	// Exec runs a statement that returns no rows (or runs one that does, and drops them), once for each row of
	// params in one transaction, and returns the number of rows changed.
	Exec(ctx context.Context, params batch.Stream) (rowsAffected int64, err error)

	Close() error
}

// Transaction is an open transaction.
type Transaction interface {
	ID() uint64 // never 0
	Savepoint(ctx context.Context, name string) error
	RollbackTo(ctx context.Context, name string) error     // the savepoint stays, later ones are forgotten
	Release(ctx context.Context, name string) error        // forgets the savepoint and later ones, keeps the changes
	Commit(ctx context.Context) (catalog.Timestamp, error) // 40001 on conflict: run it again
	Rollback(ctx context.Context) error                    // no-op once ended, so that it can be deferred
}

// TransactionOptions choose how a transaction behaves.
type TransactionOptions struct {
	ReadOnly bool
	Async    bool // acknowledge a commit before it is synced
}

// IngestMode is what to do about a table that exists, or does not.
type IngestMode uint8

// The modes.
const (
	IngestAppend         IngestMode = iota // the table must exist
	IngestCreate                           // the table must not exist
	IngestCreateOrAppend                   // made when it does not exist
	IngestReplace                          // dropped when it exists, then made
)

// IngestOptions choose how Ingest behaves.
type IngestOptions struct {
	Mode IngestMode
	// ByName matches the batches' columns to the table's by name, a missing one being NULL; otherwise they
	// match by position when the names are not those of the table.
	ByName bool
}

// Credentials are what a client gives to open a session. The zero value is anonymous, which only
// --insecure-no-auth accepts.
type Credentials struct {
	Method   Method
	Username string
	Secret   string // password, token or key
	Address  string // the peer's, for delays and the audit log
	Door     metrics.Door
	Database string // where unqualified names are looked up; empty: main

	// Nameless is a client that could not be told that its session is lost, because nothing but its connection tells
	// it from others. SQL BEGIN is refused with 0A000: what follows would be committed by itself after a loss.
	Nameless bool
}

// Method is a way to authenticate.
type Method = authz.Method

// The methods.
const (
	Anonymous = authz.Anonymous
	Password  = authz.Password
	Token     = authz.Token // a JWT that a login returned
	APIKey    = authz.APIKey
)

// Principal is who a session acts for.
type Principal = authz.Principal

// Proof is by what a principal was authenticated.
type Proof = authz.Proof

// Login is the answer to a login: a bearer token for both doors, or none for an API key.
type Login struct {
	Principal Principal
	Token     string
	Expires   time.Time
}

// Executor runs plans: engine/physical's on one machine, the cluster's when there are workers.
type Executor interface {
	// Run starts a plan. Plans that change something give one row with the count. The stream's Close ends
	// all its work; the executor releases nothing that the request carries.
	Run(ctx context.Context, r Request) (batch.Stream, error)
}

// Request is a plan with all that its run needs. Parameters are replaced by literals already.
type Request struct {
	Plan     plan.Node
	Snapshot catalog.Snapshot
	Writer   catalog.Writer // nil for plans that only read
	Settings Settings
	Budget   *budget.Query
}

// Settings are what a session's SET and the server's flags decide for a query.
type Settings struct {
	Now       catalog.Timestamp // fixed for a transaction
	Threads   int               // 0: all of the scheduler's
	BatchRows int               // rows of an output batch; 0: the default
	SpillRows int               // for tests: breakers spill after as many rows of a worker; 0: when memory ends
	ChunkRows int               // for tests: rows of a chunk inside the engine; 0: the default
	Unpruned  bool              // for tests: no row group is left out
	Params    []vector.Scalar
}
