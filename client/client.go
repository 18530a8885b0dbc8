package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// messageBytesMax is the largest message that the client takes: the server's batches are far smaller, one row
// may be larger.
const messageBytesMax = 256 << 20

// DefaultPort is Flight SQL's port of a server that was told none.
const DefaultPort = "8815"

// Options say which server to talk to, and as whom.
type Options struct {
	// URL is grpc://host:port, or grpc+tls://host:port for TLS.
	URL string
	// Username and Password log in; both empty connects without a login.
	Username, Password string
	// Token is a bearer token from an earlier login, in place of a password.
	Token string
	// TLS is used for grpc+tls; nil is the system's trust.
	TLS *tls.Config
}

// Client is a connection to a server.
type Client struct {
	sql    *flightsql.Client
	bearer string // value of the authorization header, empty without a login
	close  func() error
}

// ErrAddress is what Open returns for a URL that names no server, before it tries to connect.
var ErrAddress = errors.New("no address of a server")

// Open connects and logs in.
func Open(ctx context.Context, o Options) (*Client, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%w: %q: write grpc://host:port, or grpc+tls://host:port", ErrAddress, o.URL)
	}
	var secure credentials.TransportCredentials
	switch u.Scheme {
	case "grpc", "grpc+tcp":
		secure = insecure.NewCredentials()
	case "grpc+tls":
		config := o.TLS
		if config == nil {
			config = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		secure = credentials.NewTLS(config)
	default:
		return nil, fmt.Errorf("%w: %q starts with neither grpc:// nor grpc+tls://", ErrAddress, o.URL)
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), DefaultPort)
	}
	sql, err := flightsql.NewClientCtx(ctx, address, nil,
		[]flight.ClientMiddleware{flight.NewClientCookieMiddleware()},
		grpc.WithTransportCredentials(secure),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageBytesMax)))
	if err != nil {
		return nil, fmt.Errorf("%s can't be reached: %w", o.URL, err)
	}
	c := &Client{sql: sql}
	c.close = sync.OnceValue(c.leave)
	if err := c.login(ctx, o); err != nil {
		return nil, errors.Join(err, sql.Close())
	}
	return c, nil
}

func (c *Client) login(ctx context.Context, o Options) error {
	switch {
	case o.Token != "":
		c.bearer = "Bearer " + o.Token
	case o.Username != "":
		logged, err := c.sql.Client.AuthenticateBasicToken(ctx, o.Username, o.Password)
		if err != nil {
			return serverError(err)
		}
		md, _ := metadata.FromOutgoingContext(logged)
		if values := md.Get("authorization"); len(values) > 0 {
			c.bearer = values[len(values)-1]
		}
	}
	return nil
}

// with adds the login to a call.
func (c *Client) with(ctx context.Context) context.Context {
	if c.bearer == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", c.bearer)
}

// Run runs one statement. Rows are to be closed; for a statement that returns none they are empty and tell how
// many rows it changed.
func (c *Client) Run(ctx context.Context, sql string) (*Rows, error) {
	ctx, cancel := context.WithCancel(c.with(ctx))
	rows, err := c.run(ctx, sql)
	if err != nil {
		cancel()
		return nil, serverError(err)
	}
	rows.cancel = cancel
	return rows, nil
}

func (c *Client) run(ctx context.Context, sql string) (*Rows, error) {
	prepared, err := c.sql.Prepare(ctx, sql)
	if err != nil {
		return nil, err
	}
	done := func() error { return prepared.Close(context.WithoutCancel(ctx)) }
	schema := prepared.DatasetSchema()
	if schema == nil || schema.NumFields() == 0 {
		n, err := prepared.ExecuteUpdate(ctx)
		if err := errors.Join(err, done()); err != nil {
			return nil, err
		}
		return &Rows{changed: n}, nil
	}
	info, err := prepared.Execute(ctx)
	if err == nil && len(info.Endpoint) != 1 {
		err = fmt.Errorf("the server answers with %d endpoints, and one is wanted", len(info.Endpoint))
	}
	if err != nil {
		return nil, errors.Join(err, done())
	}
	reader, err := c.sql.DoGet(ctx, info.Endpoint[0].Ticket)
	if err != nil {
		return nil, errors.Join(err, done())
	}
	return &Rows{schema: schema, reader: reader, done: done, changed: -1}, nil
}

// Exec runs one statement, drops its rows, and returns how many rows it changed.
func (c *Client) Exec(ctx context.Context, sql string) (int64, error) {
	rows, err := c.Run(ctx, sql)
	if err != nil {
		return 0, err
	}
	for rows.Next() {
	}
	return max(rows.changed, 0), errors.Join(rows.Err(), rows.Close())
}

// Append adds the reader's rows to a table of a database ("" is the session's own) and returns their number. The
// caller releases the reader.
func (c *Client) Append(ctx context.Context, database, table string, rows array.RecordReader) (int64, error) {
	return c.ingest(ctx, database, table, rows, &flightsql.TableDefinitionOptions{
		IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionFail,
		IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionAppend,
	})
}

// Create makes a table with the reader's columns, adds its rows, and returns their number: 42P07 when the table
// exists. The caller releases the reader.
func (c *Client) Create(ctx context.Context, database, table string, rows array.RecordReader) (int64, error) {
	return c.ingest(ctx, database, table, rows, &flightsql.TableDefinitionOptions{
		IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionCreate,
		IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionFail,
	})
}

func (c *Client) ingest(ctx context.Context, database, table string, rows array.RecordReader,
	options *flightsql.TableDefinitionOptions,
) (int64, error) {
	o := &flightsql.ExecuteIngestOpts{Table: table, TableDefinitionOptions: options}
	if database != "" {
		o.Schema = &database
	}
	ctx, cancel := context.WithCancel(c.with(ctx))
	defer cancel() // a reader that fails leaves the call open, and the server waiting for its next batch
	n, err := c.sql.ExecuteIngest(ctx, rows, o)
	return n, serverError(err)
}

// closeTimeout bounds the farewell: a server that is gone ends the session by itself.
const closeTimeout = 5 * time.Second

// Close ends the session, which rolls back its open transaction, and the connection. It is idempotent.
func (c *Client) Close() error { return c.close() }

func (c *Client) leave() error {
	ctx, cancel := context.WithTimeout(c.with(context.Background()), closeTimeout)
	defer cancel()
	_, _ = c.sql.CloseSession(ctx, &flight.CloseSessionRequest{}) // the server may be gone, and ends it when idle
	return c.sql.Close()
}

// Rows is the result of a statement, batch by batch.
type Rows struct {
	schema  *arrow.Schema
	reader  *flight.Reader // nil for a statement that returns no rows
	done    func() error
	cancel  context.CancelFunc
	changed int64
	err     error
}

// Schema returns the columns, or nil for a statement that returns none.
func (r *Rows) Schema() *arrow.Schema { return r.schema }

// Changed returns how many rows the statement changed, -1 for one that returns rows.
func (r *Rows) Changed() int64 { return r.changed }

// Next moves to the next batch, and tells whether there is one; after it, Err says why there is none.
func (r *Rows) Next() bool {
	if r.reader == nil || r.err != nil {
		return false
	}
	if r.reader.Next() {
		return true
	}
	r.err = serverError(r.reader.Err())
	return false
}

// Batch returns the batch that Next moved to; it is valid until the next call of Next.
func (r *Rows) Batch() arrow.RecordBatch { return r.reader.RecordBatch() }

// Err returns what ended the rows early, nil at their true end.
func (r *Rows) Err() error { return r.err }

// Close stops what still runs for the statement.
func (r *Rows) Close() error {
	if r.reader == nil {
		if r.cancel != nil {
			r.cancel()
		}
		return nil
	}
	r.cancel() // first: a statement whose rows are given up stops, and does not hold up what follows
	r.reader.Release()
	_ = r.done() // that the server is gone changes nothing
	r.reader = nil
	return nil
}
