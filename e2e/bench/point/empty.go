package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
)

// emptyServer answers the calls of a prepared select with the same row each time, and does nothing else.
type emptyServer struct {
	flightsql.BaseServer

	row    arrow.RecordBatch
	schema []byte // of the row, serialized
	ticket []byte
}

// serveEmpty serves on a free port of this machine, whose address it prints, until standard input ends.
func serveEmpty(ctx context.Context) error {
	e := &emptyServer{row: pointBatch([]int64{1})}
	e.Alloc = memory.DefaultAllocator
	e.schema = flight.SerializeSchema(e.row.Schema(), e.Alloc)
	var err error
	if e.ticket, err = flightsql.CreateStatementQueryTicket([]byte("a ticket")); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	g := grpc.NewServer()
	flight.RegisterFlightServiceServer(g, flightsql.NewFlightServer(e))
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the benchmark, however that ends
		g.Stop()
	}()
	if _, err := fmt.Println(listener.Addr()); err != nil {
		return err
	}
	return g.Serve(listener)
}

// CreatePreparedStatement takes one parameter.
func (e *emptyServer) CreatePreparedStatement(context.Context, flightsql.ActionCreatePreparedStatementRequest,
) (flightsql.ActionCreatePreparedStatementResult, error) {
	return flightsql.ActionCreatePreparedStatementResult{
		Handle: []byte("a statement"), DatasetSchema: e.row.Schema(), ParameterSchema: parameterSchema(),
	}, nil
}

// ClosePreparedStatement forgets nothing.
func (*emptyServer) ClosePreparedStatement(context.Context, flightsql.ActionClosePreparedStatementRequest) error {
	return nil
}

// DoPutPreparedStatementQuery reads the parameters.
func (*emptyServer) DoPutPreparedStatementQuery(_ context.Context, query flightsql.PreparedStatementQuery,
	reader flight.MessageReader, _ flight.MetadataWriter,
) ([]byte, error) {
	for reader.Next() {
	}
	return query.GetPreparedStatementHandle(), reader.Err()
}

// GetFlightInfoPreparedStatement returns a ticket.
func (e *emptyServer) GetFlightInfoPreparedStatement(_ context.Context, _ flightsql.PreparedStatementQuery,
	descriptor *flight.FlightDescriptor,
) (*flight.FlightInfo, error) {
	return &flight.FlightInfo{
		Schema: e.schema, FlightDescriptor: descriptor, TotalRecords: -1, TotalBytes: -1,
		Endpoint: []*flight.FlightEndpoint{{Ticket: &flight.Ticket{Ticket: e.ticket}}},
	}, nil
}

// DoGetStatement returns the row.
func (e *emptyServer) DoGetStatement(context.Context, flightsql.StatementQueryTicket,
) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	out := make(chan flight.StreamChunk, 1)
	e.row.Retain()
	out <- flight.StreamChunk{Data: e.row}
	close(out)
	return e.row.Schema(), out, nil
}

// pointBatch returns the rows of the table that have the ids.
func pointBatch(ids []int64) arrow.RecordBatch {
	names, amounts, shelves := make([]string, len(ids)), make([]float64, len(ids)), make([]int32, len(ids))
	for i, id := range ids {
		names[i], amounts[i], shelves[i] = fmt.Sprintf("article %d", id), float64(id)/8, int32(id*7919%997)
	}
	id, name := array.NewInt64Builder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator)
	amount, shelf := array.NewFloat64Builder(memory.DefaultAllocator), array.NewInt32Builder(memory.DefaultAllocator)
	id.AppendValues(ids, nil)
	name.AppendValues(names, nil)
	amount.AppendValues(amounts, nil)
	shelf.AppendValues(shelves, nil)
	return array.NewRecordBatch(arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "name", Type: arrow.BinaryTypes.String},
		{Name: "amount", Type: arrow.PrimitiveTypes.Float64},
		{Name: "shelf", Type: arrow.PrimitiveTypes.Int32},
	}, nil), []arrow.Array{id.NewArray(), name.NewArray(), amount.NewArray(), shelf.NewArray()}, int64(len(ids)))
}

func parameterSchema() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{{Name: "$1", Type: arrow.PrimitiveTypes.Int64, Nullable: true}}, nil)
}
