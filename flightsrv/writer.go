package flightsrv

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// wireSchema is a schema as clients get it. A statement encodes it once, for all of its runs.
type wireSchema struct {
	stream  []byte // a stream of Arrow IPC without rows, as FlightInfo and SchemaResult have it
	message []byte // the header of the message that a result begins with
}

// encodeSchema encodes a schema; nil is one without fields.
func encodeSchema(schema *arrow.Schema) wireSchema {
	if schema == nil {
		schema = arrow.NewSchema(nil, nil)
	}
	payload := ipc.GetSchemaPayload(schema, allocator())
	defer payload.Release()
	header := payload.Meta()
	defer header.Release()
	return wireSchema{
		stream:  flight.SerializeSchema(schema, allocator()),
		message: bytes.Clone(header.Bytes()),
	}
}

// recordWriter sends the batches of one result, the schema first. The batches have that schema, and no column with a
// dictionary.
type recordWriter struct {
	to      flight.DataStreamWriter
	schema  []byte
	begun   bool
	message flight.FlightData
	body    bytes.Buffer
}

func newRecordWriter(to flight.DataStreamWriter, schema wireSchema) *recordWriter {
	return &recordWriter{to: to, schema: schema.message}
}

// begin sends the schema, unless that was sent.
func (w *recordWriter) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	w.message.DataHeader = w.schema
	return w.to.Send(&w.message)
}

// write sends a batch.
func (w *recordWriter) write(record arrow.RecordBatch) error {
	if err := w.begin(); err != nil {
		return err
	}
	payload, err := ipc.GetRecordBatchPayload(record, ipc.WithAllocator(allocator()))
	if err != nil {
		return err
	}
	defer payload.Release()
	header := payload.Meta()
	defer header.Release()
	w.body.Reset()
	if err := payload.SerializeBody(&w.body); err != nil {
		return err
	}
	w.message.DataHeader, w.message.DataBody = header.Bytes(), w.body.Bytes()
	return w.to.Send(&w.message)
}
