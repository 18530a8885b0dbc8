package flightsrv

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

// handlers answer the Flight SQL commands that arrow-go's service routes to them.
type handlers struct {
	flightsql.BaseServer
	*Server
}

func newHandlers(s *Server) (*handlers, error) {
	h := &handlers{Server: s}
	h.Alloc = allocator()
	if err := h.registerSQLInfo(); err != nil {
		return nil, err
	}
	return h, nil
}

// prepare prepares a statement of the calling client, in the transaction that it names.
func (h *handlers) prepare(ctx context.Context, sql string, transaction []byte) (*client, *statement, error) {
	c, err := clientOf(ctx)
	if err != nil {
		return nil, nil, err
	}
	tx, err := h.transaction(ctx, c, transaction)
	if err != nil {
		return nil, nil, err
	}
	st, err := c.session.Prepare(ctx, tx, sql)
	if err != nil {
		return nil, nil, err
	}
	id := uint64(0)
	if tx != nil {
		id = tx.ID()
	}
	return c, newStatement(st, sql, id), nil
}

// GetFlightInfoStatement prepares a query and returns a ticket for its rows. A statement that changes something runs at
// once: its client may be one that executes and reads nothing, or one that reads its ticket twice.
func (h *handlers) GetFlightInfoStatement(ctx context.Context, query flightsql.StatementQuery,
	descriptor *flight.FlightDescriptor,
) (*flight.FlightInfo, error) {
	c, st, err := h.prepare(ctx, query.GetQuery(), query.GetTransactionId())
	if err != nil {
		return nil, err
	}
	return h.flightInfo(ctx, c, execution{statement: st}, descriptor)
}

// execution is a statement to run with what is bound to it.
type execution struct {
	statement *statement  // owned
	params    *parameters // owned
}

func (h *handlers) flightInfo(ctx context.Context, c *client, e execution, descriptor *flight.FlightDescriptor,
) (*flight.FlightInfo, error) {
	result := e.statement.Result()
	if result == nil {
		defer e.params.release()
		changed, err := e.statement.Exec(ctx, e.params.stream())
		if closing := e.statement.release(); err == nil {
			err = closing
		}
		if err != nil {
			return nil, err
		}
		return doneInfo(descriptor, changed), nil
	}
	if e.statement.Once() {
		return h.ranInfo(ctx, c, e, descriptor)
	}
	held, err := h.handles.add(c, kindTicket, e.statement, e.params)
	if err != nil {
		return nil, err
	}
	return h.ticketInfo(c, held, descriptor)
}

// ticketInfo answers with a ticket for a statement's rows, of which nothing is known yet.
func (h *handlers) ticketInfo(c *client, held *handle, descriptor *flight.FlightDescriptor,
) (*flight.FlightInfo, error) {
	endpoint, err := h.endpoint(c, held)
	if err != nil {
		return nil, err
	}
	return &flight.FlightInfo{
		Schema:           held.statement.schema().stream,
		FlightDescriptor: descriptor,
		Endpoint:         []*flight.FlightEndpoint{endpoint},
		TotalRecords:     -1,
		TotalBytes:       -1,
		Ordered:          true,
	}, nil
}

// endpoint signs a ticket. It names no location: its rows are where it was handed out, through whatever proxy the
// client came.
func (h *handlers) endpoint(c *client, held *handle) (*flight.FlightEndpoint, error) {
	ticket, err := flightsql.CreateStatementQueryTicket(h.sign(c, kindTicket, held.id[:]))
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.InternalError, "a ticket can't be encoded")
	}
	return &flight.FlightEndpoint{
		Ticket: &flight.Ticket{Ticket: ticket}, ExpirationTime: timestamppb.New(h.handles.renew(held)),
	}, nil
}

// doneInfo answers for a statement that has run and gives no rows: nothing is left to fetch, and TotalRecords is
// the number of rows changed, which ADBC shows as the row count.
func doneInfo(descriptor *flight.FlightDescriptor, changed int64) *flight.FlightInfo {
	return &flight.FlightInfo{
		Schema:           encodeSchema(nil).stream,
		FlightDescriptor: descriptor,
		TotalRecords:     changed,
		TotalBytes:       0,
	}
}

// GetSchemaStatement returns the schema of a query's rows, and runs nothing.
func (h *handlers) GetSchemaStatement(ctx context.Context, query flightsql.StatementQuery,
	_ *flight.FlightDescriptor,
) (*flight.SchemaResult, error) {
	_, st, err := h.prepare(ctx, query.GetQuery(), query.GetTransactionId())
	if err != nil {
		return nil, err
	}
	return &flight.SchemaResult{Schema: st.schema().stream}, st.release()
}

// held finds the handle that signed bytes of the calling client stand for.
func (h *handlers) held(ctx context.Context, k kind, signed []byte) (*handle, error) {
	c, err := clientOf(ctx)
	if err != nil {
		return nil, err
	}
	claim, err := h.open(ctx, c, k, signed)
	if err != nil {
		return nil, err
	}
	return h.handles.get(claim)
}

// sendRows runs a handle's query and sends its rows.
func (h *handlers) sendRows(held *handle, stream flight.FlightService_DoGetServer) error {
	call := stream.Context()
	ctx, finish, err := held.begin(call, h.now())
	if err != nil {
		return err
	}
	defer finish()
	h.clients.hold(held.owner)
	defer h.clients.release(held.owner)
	rows, err := h.query(ctx, held)
	if err != nil {
		return ended(ctx, err)
	}
	// A cancelled query gives everything back at once, though the call may hang on a client that does not read.
	stop := context.AfterFunc(ctx, func() { _ = rows.Close() }) // the cancellation is the error to tell
	defer stop()
	err = h.guard(ctx, func() error { return h.write(ctx, rows, newRecordWriter(stream, held.statement.schema())) })
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if closing := h.guard(ctx, rows.Close); err == nil {
		err = closing
	}
	if err == nil {
		h.handles.wasRead(held)
	}
	return ended(ctx, err)
}

// query runs a handle's query.
func (h *handlers) query(ctx context.Context, held *handle) (rows batch.Stream, err error) {
	err = h.guard(ctx, func() (err error) {
		bound := held.bound()
		defer bound.release() // they were read when Query returns
		rows, err = held.statement.Query(ctx, bound.stream())
		return err
	})
	if err == nil && !rows.Schema().Equal(held.statement.Result()) {
		_ = rows.Close() // the mismatch is the error to tell
		err = sqlerr.New(sqlerr.InternalError, "the rows have another schema than was announced")
	}
	return rows, err
}

// DoPutCommandStatementUpdate runs a statement and returns the number of rows changed.
func (h *handlers) DoPutCommandStatementUpdate(ctx context.Context, update flightsql.StatementUpdate,
) (int64, error) {
	_, st, err := h.prepare(ctx, update.GetQuery(), update.GetTransactionId())
	if err != nil {
		return 0, err
	}
	changed, err := st.Exec(ctx, nil)
	if closing := st.release(); err == nil {
		err = closing
	}
	return changed, err
}

// PollFlightInfoStatement prepares a query like GetFlightInfoStatement. A query works while its rows are fetched,
// so there is nothing to poll for: its info is complete.
func (h *handlers) PollFlightInfoStatement(ctx context.Context, query flightsql.StatementQuery,
	descriptor *flight.FlightDescriptor,
) (*flight.PollInfo, error) {
	info, err := h.GetFlightInfoStatement(ctx, query, descriptor)
	return complete(info), err
}

// PollFlightInfo refuses descriptors that are no command: none was handed out.
func (*handlers) PollFlightInfo(context.Context, *flight.FlightDescriptor) (*flight.PollInfo, error) {
	return nil, sqlerr.New(sqlerr.ProtocolViolation, "the descriptor is not one of a query")
}

func complete(info *flight.FlightInfo) *flight.PollInfo {
	if info == nil {
		return nil
	}
	progress := 1.0
	poll := &flight.PollInfo{Info: info, Progress: &progress}
	if len(info.GetEndpoint()) > 0 {
		poll.ExpirationTime = info.GetEndpoint()[0].GetExpirationTime()
	}
	return poll
}

// transaction finds the transaction that a client names by the id it was given; no id is none.
func (h *handlers) transaction(ctx context.Context, c *client, signed []byte) (session.Transaction, error) {
	if len(signed) == 0 {
		return nil, nil //nolint:nilnil // no transaction is the session's own, or autocommit
	}
	claim, err := h.open(ctx, c, kindTransaction, signed)
	if err != nil {
		return nil, err
	}
	return c.session.Resume(ctx, claim.transaction())
}
