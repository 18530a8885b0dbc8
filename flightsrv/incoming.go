package flightsrv

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc/status"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// incoming is the stream of the batches that a client sends with a DoPut. Each is checked before it is handed out.
type incoming struct {
	reader flight.MessageReader
	schema *arrow.Schema
	limits limits.Limits
	err    error
}

// newIncoming reads the schema. Without any, as when a client has nothing to bind, it returns nil.
func newIncoming(reader flight.MessageReader, l limits.Limits) (*incoming, error) {
	schema, err := readSchema(reader)
	switch {
	case err == nil && schema != nil:
		return &incoming{reader: reader, schema: schema, limits: l}, nil
	case errors.Is(err, io.EOF) || err == nil:
		return nil, nil //nolint:nilnil // no schema is no stream, and no error
	}
	return nil, decodeError(err)
}

// readSchema recovers as the reader itself does for batches, but not for a schema that it reads late.
func readSchema(reader flight.MessageReader) (schema *arrow.Schema, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	schema = reader.Schema()
	return schema, reader.Err()
}

// decodeError tells bytes that are not IPC from calls that ended and budgets that were passed.
func decodeError(err error) error {
	if _, ok := errors.AsType[*sqlerr.Error](err); ok {
		return err
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return sqlerr.Wrap(err, sqlerr.ProtocolViolation, "the data is not a valid Arrow IPC stream")
}

// Schema returns the client's.
func (in *incoming) Schema() *arrow.Schema { return in.schema }

// Next returns the next batch. It waits for the client, whose call ctx belongs to.
func (in *incoming) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if in.err != nil {
		return nil, in.err
	}
	record, err := in.next(ctx)
	if err != nil {
		in.err = err
		return nil, err
	}
	return record, nil
}

func (in *incoming) next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !in.reader.Next() {
		if err := in.reader.Err(); err != nil && !errors.Is(err, io.EOF) {
			return nil, decodeError(err)
		}
		return nil, io.EOF
	}
	record := in.reader.RecordBatch()
	if record.NumRows() > int64(in.limits.BatchRows) {
		return nil, sqlerr.New(sqlerr.LimitExceeded, "a record batch has %d rows, the limit is %d", record.NumRows(),
			in.limits.BatchRows).WithHint("send smaller record batches")
	}
	if err := batch.Validate(record); err != nil {
		return nil, err
	}
	record.Retain()
	return record, nil
}

// Close leaves what was not read: the call's end drops it.
func (*incoming) Close() error { return nil }
