package flightsrv

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
)

// CreatePreparedStatement prepares a statement of the calling client. A statement without rows says so twice: by
// is_update, and by a dataset schema without bytes, which is what older clients look at.
func (h *handlers) CreatePreparedStatement(ctx context.Context, request flightsql.ActionCreatePreparedStatementRequest,
) (result flightsql.ActionCreatePreparedStatementResult, err error) {
	c, st, err := h.prepare(ctx, request.GetQuery(), request.GetTransactionId())
	if err != nil {
		return result, err
	}
	update := st.Result() == nil
	result.DatasetSchema, result.ParameterSchema, result.IsUpdate = st.Result(), st.Parameters(), &update
	held, err := h.handles.add(c, kindPrepared, st, nil)
	if err != nil {
		return result, err
	}
	result.Handle = h.sign(c, kindPrepared, held.id[:])
	return result, nil
}

// ClosePreparedStatement closes a prepared statement. Tickets made of it stay valid. In a session that stands in for
// one that was lost, what is not found was closed with that.
func (h *handlers) ClosePreparedStatement(ctx context.Context, request flightsql.ActionClosePreparedStatementRequest,
) error {
	held, err := h.held(ctx, kindPrepared, request.GetPreparedStatementHandle())
	if err != nil {
		if c, _ := clientOf(ctx); c != nil && c.again {
			return nil
		}
		return err
	}
	_, err = h.handles.remove(held)
	return err
}

// GetFlightInfoPreparedStatement returns a ticket for the rows with the parameters that are bound now. A statement
// without rows runs at once.
func (h *handlers) GetFlightInfoPreparedStatement(ctx context.Context, query flightsql.PreparedStatementQuery,
	descriptor *flight.FlightDescriptor,
) (*flight.FlightInfo, error) {
	held, err := h.held(ctx, kindPrepared, query.GetPreparedStatementHandle())
	if err != nil {
		return nil, err
	}
	ctx, finish, err := held.begin(ctx, h.now())
	if err != nil {
		return nil, err
	}
	defer finish()
	st, err := h.statementOf(ctx, held)
	if err != nil {
		return nil, err
	}
	return h.flightInfo(ctx, held.owner, execution{statement: st, params: held.bound()}, descriptor)
}

// GetSchemaPreparedStatement returns the schema of the rows.
func (h *handlers) GetSchemaPreparedStatement(ctx context.Context, query flightsql.PreparedStatementQuery,
	_ *flight.FlightDescriptor,
) (*flight.SchemaResult, error) {
	held, err := h.held(ctx, kindPrepared, query.GetPreparedStatementHandle())
	if err != nil {
		return nil, err
	}
	return &flight.SchemaResult{Schema: held.statement.schema().stream}, nil
}

// sendPrepared runs the query with the parameters that are bound now, for clients that make a ticket of the command.
func (h *handlers) sendPrepared(query flightsql.PreparedStatementQuery, stream flight.FlightService_DoGetServer) error {
	held, err := h.held(stream.Context(), kindPrepared, query.GetPreparedStatementHandle())
	if err != nil {
		return err
	}
	if held.statement.Result() == nil {
		return sqlerr.New(sqlerr.ProtocolViolation, "the statement returns no rows").
			WithHint("execute it as an update")
	}
	if held.statement.Once() {
		return sqlerr.New(sqlerr.ProtocolViolation, "a statement that changes something has no ticket yet").
			WithHint("ask for its flight info, which runs it, and read the ticket that comes with it")
	}
	return h.sendRows(held, stream)
}

// PollFlightInfoPreparedStatement answers like GetFlightInfoPreparedStatement, and is complete.
func (h *handlers) PollFlightInfoPreparedStatement(ctx context.Context, query flightsql.PreparedStatementQuery,
	descriptor *flight.FlightDescriptor,
) (*flight.PollInfo, error) {
	info, err := h.GetFlightInfoPreparedStatement(ctx, query, descriptor)
	return complete(info), err
}

// DoPutPreparedStatementQuery binds parameters, until others are bound.
func (h *handlers) DoPutPreparedStatementQuery(ctx context.Context, query flightsql.PreparedStatementQuery,
	reader flight.MessageReader, _ flight.MetadataWriter,
) ([]byte, error) {
	held, err := h.held(ctx, kindPrepared, query.GetPreparedStatementHandle())
	if err != nil {
		return nil, err
	}
	in, err := newIncoming(reader, h.limits)
	if err != nil {
		return nil, err
	}
	params, err := h.collect(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := held.bind(params); err != nil {
		return nil, err
	}
	return query.GetPreparedStatementHandle(), nil
}

// DoPutPreparedStatementUpdate runs a statement once for each row that comes with the call; without parameters in
// the call, those that were bound before count.
func (h *handlers) DoPutPreparedStatementUpdate(ctx context.Context, update flightsql.PreparedStatementUpdate,
	reader flight.MessageReader,
) (int64, error) {
	held, err := h.held(ctx, kindPrepared, update.GetPreparedStatementHandle())
	if err != nil {
		return 0, err
	}
	in, err := newIncoming(reader, h.limits)
	if err != nil {
		return 0, err
	}
	var rows batch.Stream
	if in != nil && in.schema.NumFields() > 0 {
		rows = in
	} else {
		bound := held.bound()
		defer bound.release()
		rows = bound.stream()
	}
	run, finish, err := held.begin(ctx, h.now())
	if err != nil {
		return 0, err
	}
	defer finish()
	st, err := h.statementOf(run, held)
	if err != nil {
		return 0, err
	}
	changed, err := st.Exec(run, rows)
	if closing := st.release(); err == nil {
		err = closing
	}
	if err != nil {
		return 0, ended(run, err)
	}
	return changed, nil
}
