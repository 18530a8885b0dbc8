package flightsrv

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

// ExternalQuery is a query that came by another door and whose rows are fetched by this one.
type ExternalQuery struct {
	Database    string
	Transaction uint64 // 0: none
	SQL         string
}

// The body of a query's claim is the transaction (8, little endian), the length of the database's name (2), the
// name, and the text of the query.
const queryHeader = transactionSize + 2

// QueryTicket returns a Flight ticket by which the same user reads a query's rows with DoGet, on any of their
// connections, while the server lives. It is not bound to the session that asked for it: it carries the query.
func (s *Server) QueryTicket(user string, q ExternalQuery) ([]byte, error) {
	if len(q.SQL)+len(q.Database)+queryHeader > limits.TicketQueryBytes {
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "a ticket carries at most %d bytes of SQL",
			limits.TicketQueryBytes)
	}
	body := binary.LittleEndian.AppendUint64(nil, q.Transaction)
	body = binary.LittleEndian.AppendUint16(body, uint16(len(q.Database)))
	body = append(append(body, q.Database...), q.SQL...)
	signed := s.door.SignTicket(user, claim{kind: kindQuery, body: body}.encode())
	ticket, err := flightsql.CreateStatementQueryTicket(signed)
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.InternalError, "a ticket can't be encoded")
	}
	return ticket, nil
}

// query reads the body of a query's claim.
func (c claim) query() (ExternalQuery, bool) {
	if len(c.body) < queryHeader {
		return ExternalQuery{}, false
	}
	rest := c.body[queryHeader:]
	n := int(binary.LittleEndian.Uint16(c.body[transactionSize:]))
	if n > len(rest) {
		return ExternalQuery{}, false
	}
	return ExternalQuery{
		Transaction: binary.LittleEndian.Uint64(c.body), Database: string(rest[:n]), SQL: string(rest[n:]),
	}, true
}

// heldTicket finds what a ticket stands for: a statement that the client holds, or a query that it carries.
func (h *handlers) heldTicket(ctx context.Context, signed []byte) (*handle, error) {
	c, err := clientOf(ctx)
	if err != nil {
		return nil, err
	}
	payload, err := h.door.OpenTicket(ctx, c.user(), addressOf(ctx), signed)
	if err != nil {
		return nil, err
	}
	if opened, ok := decodeClaim(payload); ok && opened.kind == kindQuery {
		if q, ok := opened.query(); ok {
			return h.external(ctx, c, q)
		}
	}
	return h.held(ctx, kindTicket, signed)
}

// external prepares a carried query in a session of its own, so that neither session's database changes.
func (h *handlers) external(ctx context.Context, c *client, q ExternalQuery) (*handle, error) {
	own, err := h.door.Fork(ctx, c.session, q.Database)
	if err != nil {
		return nil, err
	}
	st, err := prepareExternal(ctx, own, q)
	if err != nil {
		return nil, errors.Join(err, own.Close())
	}
	if st.Result() == nil || st.Once() {
		err := sqlerr.NotSupported("a ticket for a statement that changes something")
		return nil, errors.Join(err, st.Close(), own.Close())
	}
	return h.handles.add(c, kindTicket, newStatement(forked{Statement: st, session: own}, q.SQL, q.Transaction), nil)
}

func prepareExternal(ctx context.Context, own session.Session, q ExternalQuery) (session.Statement, error) {
	var tx session.Transaction
	if q.Transaction != 0 {
		var err error
		if tx, err = own.Resume(ctx, q.Transaction); err != nil {
			return nil, err
		}
	}
	return own.Prepare(ctx, tx, q.SQL)
}

// forked is a statement that ends its session with itself.
type forked struct {
	session.Statement

	session session.Session
}

// Close ends both.
func (f forked) Close() error { return errors.Join(f.Statement.Close(), f.session.Close()) }
