package flightsrv

import (
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/sqlerr"
)

// service is the Flight service: arrow-go's routing of Flight SQL commands to the handlers, but for what that
// does not do.
type service struct {
	flight.FlightServer

	server   *Server
	handlers *handlers
}

func newService(s *Server, h *handlers) *service {
	return &service{FlightServer: flightsql.NewFlightServerWithAllocator(h, allocator()), server: s, handlers: h}
}

// DoGet sends the rows of statements; arrow-go answers the metadata commands. Its own way for rows hands each batch
// from goroutine to goroutine.
func (f *service) DoGet(ticket *flight.Ticket, stream flight.FlightService_DoGetServer) error {
	var command anypb.Any
	if err := proto.Unmarshal(ticket.GetTicket(), &command); err != nil {
		return f.FlightServer.DoGet(ticket, stream) // which says what is wrong with it
	}
	var query pb.TicketStatementQuery
	var prepared pb.CommandPreparedStatementQuery
	switch {
	case command.MessageIs(&query):
		if err := command.UnmarshalTo(&query); err != nil {
			return f.FlightServer.DoGet(ticket, stream)
		}
		held, err := f.handlers.heldTicket(stream.Context(), query.GetStatementHandle())
		if err != nil {
			return err
		}
		return f.handlers.sendRows(held, stream)
	case command.MessageIs(&prepared):
		if err := command.UnmarshalTo(&prepared); err != nil {
			return f.FlightServer.DoGet(ticket, stream)
		}
		return f.handlers.sendPrepared(&prepared, stream)
	default:
		return f.FlightServer.DoGet(ticket, stream)
	}
}

// DoPut decodes what one client sends within a budget of its own.
func (f *service) DoPut(stream flight.FlightService_DoPutServer) error {
	query := f.server.config.Budget.Query(f.server.limits.IngestBytes)
	defer query.Close()
	bounded := flightsql.NewFlightServerWithAllocator(f.handlers, query.Allocator(allocator()))
	return bounded.DoPut(&putStream{FlightService_DoPutServer: stream, budget: query})
}

// putStream checks what arrow-go takes for granted, and counts the message that is being worked on against the
// call's budget: what is not compressed is decoded in place.
type putStream struct {
	flight.FlightService_DoPutServer

	budget *budget.Query
	held   int64 // bytes of the last message
	begun  bool
}

// Recv returns the next message; the first one has a command.
func (p *putStream) Recv() (*flight.FlightData, error) {
	data, err := p.FlightService_DoPutServer.Recv()
	if err != nil {
		return nil, err
	}
	if !p.begun && len(data.GetFlightDescriptor().GetCmd()) == 0 {
		return nil, sqlerr.New(sqlerr.ProtocolViolation, "a DoPut must begin with a command in its descriptor")
	}
	p.begun = true
	if err := checkMessage(data.GetDataHeader(), data.GetDataBody()); err != nil {
		return nil, err
	}
	p.budget.Release(p.held)
	p.held = 0
	if err := p.budget.Reserve(int64(len(data.GetDataBody()))); err != nil {
		return nil, err
	}
	p.held = int64(len(data.GetDataBody()))
	return data, nil
}

// ListActions names every action that is answered; arrow-go's own list leaves out the session's.
func (*service) ListActions(_ *flight.Empty, stream flight.FlightService_ListActionsServer) error {
	for _, action := range actions() {
		if err := stream.Send(action); err != nil {
			return err
		}
	}
	return nil
}

func actions() []*flight.ActionType {
	return []*flight.ActionType{
		{Type: flightsql.CreatePreparedStatementActionType, Description: "prepares a statement"},
		{Type: flightsql.ClosePreparedStatementActionType, Description: "closes a prepared statement"},
		{Type: flightsql.BeginTransactionActionType, Description: "begins a transaction"},
		{Type: flightsql.EndTransactionActionType, Description: "commits or rolls back a transaction"},
		{Type: flightsql.BeginSavepointActionType, Description: "sets a savepoint in a transaction"},
		{Type: flightsql.EndSavepointActionType, Description: "releases or rolls back to a savepoint"},
		{Type: flightsql.CancelQueryActionType, Description: "cancels a query; older than CancelFlightInfo"},
		{Type: flight.CancelFlightInfoActionType, Description: "cancels a query"},
		{Type: flight.RenewFlightEndpointActionType, Description: "gives a ticket its whole life again"},
		{Type: flight.SetSessionOptionsActionType, Description: "sets the session options catalog and schema"},
		{Type: flight.GetSessionOptionsActionType, Description: "returns the session options catalog and schema"},
		{Type: flight.CloseSessionActionType, Description: "closes the session and rolls back what is open in it"},
	}
}
