package jsonproto

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

// The formats of a result.
const (
	formatJSON   = "json"
	formatNDJSON = "ndjson"
	formatFlight = "arrowflight"
)

// handle answers one request, and tells what it ended with. An error is the connection's, which ends.
func (c *conn) handle(ctx context.Context, r *request) (outcome sqlerr.Code, err error) {
	a, streamed, err := c.run(ctx, r)
	if streamed {
		if err != nil && a.code == "" {
			return sqlerr.QueryCanceled, err // nobody is there to take the rest
		}
		return a.code, err
	}
	if err != nil {
		prefix := ""
		if r.streams() {
			prefix = streamingError
		}
		a = failure(err, prefix)
	}
	return a.code, c.write(a.line())
}

// run executes a request. A streamed one has been answered, of which the answer tells only how, and its error is the
// connection's.
func (c *conn) run(ctx context.Context, r *request) (a answer, streamed bool, err error) {
	switch {
	case r.Command == "login":
		a, err = c.login(ctx, r)
		return a, false, err
	case !slices.Contains(Commands(), r.Command):
		return a, false, sqlerr.New(sqlerr.ProtocolViolation, "Unknown command: %s", r.Command)
	}
	if r.Database == "" {
		return a, false, sqlerr.New(sqlerr.ProtocolViolation, "%smissing field `db_name`", invalidFormat)
	}
	s, done, err := c.sessionOf(ctx, r)
	if err != nil {
		return a, false, err
	}
	defer done()
	switch r.Command {
	case "logout":
		return ended0(c.logout(ctx, s))
	case "create_database":
		return ended0(execute(ctx, s, nil, "CREATE DATABASE "+name(r.Database)))
	case "begin_transaction":
		a, err = begin(ctx, s)
		return a, false, err
	}
	tx, err := transactionOf(ctx, s, r)
	if err != nil {
		return a, false, err
	}
	switch r.Command {
	case "commit_transaction":
		_, err = tx.Commit(ctx)
		return ok(nil), false, err
	case "rollback_transaction":
		return ok(nil), false, tx.Rollback(ctx)
	case "create_table":
		return ended0(createTable(ctx, s, tx, r))
	case "drop_table":
		return ended0(execute(ctx, s, tx, "DROP TABLE "+table(r)))
	case "append":
		return ended0(appendRows(ctx, s, tx, r))
	case "read":
		return c.query(ctx, s, tx, r, "SELECT * FROM "+table(r))
	default: // sql
		if err := s.Use(ctx, r.Database); err != nil {
			return a, false, err
		}
		return c.query(ctx, s, tx, r, r.Query)
	}
}

func ended0(err error) (answer, bool, error) { return ok(nil), false, err }

// Commands returns what a request may ask for, in the order of the protocol's description.
func Commands() []string {
	return []string{
		"login", "logout", "create_database", "create_table", "append", "read", "sql", "drop_table",
		"begin_transaction", "commit_transaction", "rollback_transaction",
	}
}

// login opens the session of the rest of the connection, and answers with a token.
func (c *conn) login(ctx context.Context, r *request) (answer, error) {
	credentials, _, err := r.credentials(c.address)
	if err != nil {
		return answer{}, err
	}
	if credentials.Method == session.Anonymous && r.Username != "" {
		credentials.Method, credentials.Secret = session.Password, r.Password
	}
	s, login, err := c.server.config.Door.Connect(ctx, credentials)
	if err != nil {
		return answer{}, err
	}
	if c.session != nil {
		_ = c.session.Close() // what it rolls back is logged by the session
	}
	c.session = s
	if err := c.trust(); err != nil {
		return answer{}, err
	}
	return loggedIn(login)
}

// logout ends a session, the connection's or that of credentials which the request brought, and its token with it. The
// connection may log in again.
func (c *conn) logout(ctx context.Context, s session.Session) error {
	if s == c.session {
		c.session = nil
	}
	return s.Logout(ctx)
}

// sessionOf returns the session that a request runs in: one of its own for the credentials that it brings, else
// the connection's, else an anonymous one, which only a server without logins gives.
func (c *conn) sessionOf(ctx context.Context, r *request) (s session.Session, done func(), err error) {
	credentials, brought, err := r.credentials(c.address)
	if err != nil {
		return nil, nil, err
	}
	if !brought && c.session != nil {
		return c.session, func() {}, nil
	}
	s, err = c.server.config.Door.Open(ctx, credentials)
	if err != nil {
		if !brought && sqlerr.CodeOf(err) == sqlerr.InvalidAuthorization {
			return nil, nil, sqlerr.Wrap(err, sqlerr.InvalidAuthorization, "authentication is required").
				WithHint(`first send {"command":"login","auth_method":"password","username":…,"password":…}`)
		}
		return nil, nil, err
	}
	if err := c.trust(); err != nil {
		return nil, nil, err
	}
	if !brought {
		c.session = s
		return s, func() {}, nil
	}
	return s, func() { _ = s.Close() }, nil // what it rolls back is logged by the session
}

// transactionOf returns the transaction that a request names, or nil; commit and rollback must name one.
func transactionOf(ctx context.Context, s session.Session, r *request) (session.Transaction, error) {
	if r.TxID == nil {
		if r.Command == "commit_transaction" || r.Command == "rollback_transaction" {
			return nil, sqlerr.New(sqlerr.ProtocolViolation, "%smissing field `tx_id`", invalidFormat)
		}
		return nil, nil //nolint:nilnil // no transaction is what the session takes nil for
	}
	return s.Resume(ctx, *r.TxID)
}

func begin(ctx context.Context, s session.Session) (answer, error) {
	tx, err := s.Begin(ctx, session.TransactionOptions{})
	if err != nil {
		return answer{}, err
	}
	return ok(json.RawMessage(`{"tx_id":` + strconv.FormatUint(tx.ID(), 10) + `}`)), nil
}

// execute runs a statement of our own making.
func execute(ctx context.Context, s session.Session, tx session.Transaction, sql string) error {
	statement, err := s.Prepare(ctx, tx, sql)
	if err != nil {
		return err
	}
	defer statement.Close() //nolint:errcheck // it has ended
	_, err = statement.Exec(ctx, nil)
	return err
}

func createTable(ctx context.Context, s session.Session, tx session.Transaction, r *request) error {
	if len(r.Schema) == 0 {
		return sqlerr.New(sqlerr.ProtocolViolation, "%sfield `schema` must name at least one column", invalidFormat)
	}
	columns := make([]string, len(r.Schema))
	for i, column := range r.Schema {
		t, err := typeName(column.Type)
		if err != nil {
			return err
		}
		columns[i] = name(column.Name) + " " + t
		if column.Nullable != nil && !*column.Nullable {
			columns[i] += " NOT NULL"
		}
	}
	return execute(ctx, s, tx, "CREATE TABLE "+table(r)+" ("+strings.Join(columns, ", ")+")")
}

func appendRows(ctx context.Context, s session.Session, tx session.Transaction, r *request) error {
	into := catalog.TableName{Database: r.Database, Table: r.Table}
	snapshot, err := s.Catalog(ctx, tx)
	if err != nil {
		return err
	}
	t, err := snapshot.Table(ctx, into)
	if e := snapshot.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	rows, err := newRowStream(t, r.Rows)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // it holds memory only
	_, err = s.Ingest(ctx, tx, into, rows, session.IngestOptions{Mode: session.IngestAppend, ByName: true})
	return err
}

// query answers with rows in the format that the request asks for.
func (c *conn) query(ctx context.Context, s session.Session, tx session.Transaction, r *request, sql string) (
	a answer, streamed bool, err error,
) {
	switch strings.ToLower(r.Format) {
	case "", formatJSON:
		a, err = c.rows(ctx, s, tx, sql)
		return a, false, err
	case formatNDJSON:
		return c.stream(ctx, s, tx, r, sql)
	case formatFlight:
		a, err = c.ticket(ctx, s, tx, sql)
		return a, false, err
	default:
		return a, false, sqlerr.New(sqlerr.InvalidParameterValue,
			"unknown format %q: it is one of json, ndjson, arrowflight", r.Format)
	}
}

func (c *conn) ticket(ctx context.Context, s session.Session, tx session.Transaction, sql string) (answer, error) {
	if c.server.config.Ticket == nil {
		return answer{}, sqlerr.NotSupported("format arrowflight without a Flight port")
	}
	endpoint, ticket, err := c.server.config.Ticket(ctx, s, tx, sql)
	if err != nil {
		return answer{}, err
	}
	data, err := json.Marshal(map[string]string{
		"endpoint": endpoint, "ticket": base64.StdEncoding.EncodeToString(ticket),
	})
	return ok(data), err
}

// table returns the table that a request names, quoted.
func table(r *request) string { return name(r.Database) + "." + name(r.Table) }

func name(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
