package flightsrv

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/micodb/micodb/internal/sqlerr"
)

// CancelFlightInfo stops what runs for an info's tickets and voids them. It answers CancelQuery, the older action,
// too.
func (h *handlers) CancelFlightInfo(ctx context.Context, request *flight.CancelFlightInfoRequest,
) (flight.CancelFlightInfoResult, error) {
	endpoints := request.GetInfo().GetEndpoint()
	if len(endpoints) == 0 {
		return flight.CancelFlightInfoResult{Status: flight.CancelStatusNotCancellable}, nil
	}
	for _, endpoint := range endpoints {
		held, err := h.ofTicket(ctx, endpoint.GetTicket())
		if err != nil {
			return flight.CancelFlightInfoResult{Status: flight.CancelStatusUnspecified}, err
		}
		if _, err := h.handles.remove(held); err != nil {
			return flight.CancelFlightInfoResult{Status: flight.CancelStatusUnspecified}, err
		}
	}
	return flight.CancelFlightInfoResult{Status: flight.CancelStatusCancelled}, nil
}

// ofTicket finds the handle behind a query's ticket.
func (h *handlers) ofTicket(ctx context.Context, ticket *flight.Ticket) (*handle, error) {
	if ticket == nil {
		return nil, sqlerr.New(sqlerr.ProtocolViolation, "the endpoint has no ticket")
	}
	query, err := flightsql.GetStatementQueryTicket(ticket)
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.ProtocolViolation, "the endpoint's ticket is not one of a query")
	}
	return h.held(ctx, kindTicket, query.GetStatementHandle())
}

// RenewFlightEndpoint gives a ticket its whole life again.
func (h *handlers) RenewFlightEndpoint(ctx context.Context, request *flight.RenewFlightEndpointRequest,
) (*flight.FlightEndpoint, error) {
	held, err := h.ofTicket(ctx, request.GetEndpoint().GetTicket())
	if err != nil {
		return nil, err
	}
	c, err := clientOf(ctx)
	if err != nil {
		return nil, err
	}
	return h.endpoint(c, held)
}
