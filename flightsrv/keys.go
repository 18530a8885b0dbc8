package flightsrv

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
)

// Tables have no keys yet: each list is empty, with the schema that the specification wants.

// none sends an empty result.
func (h *handlers) none(schema *arrow.Schema) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return h.build(schema, func(*array.RecordBuilder) error { return nil })
}

// GetFlightInfoPrimaryKeys answers for the primary key of a table.
func (*handlers) GetFlightInfoPrimaryKeys(_ context.Context, _ flightsql.TableRef, d *flight.FlightDescriptor,
) (*flight.FlightInfo, error) {
	return commandInfo(d, schema_ref.PrimaryKeys), nil
}

// DoGetPrimaryKeys sends no key.
func (h *handlers) DoGetPrimaryKeys(_ context.Context, _ flightsql.TableRef,
) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return h.none(schema_ref.PrimaryKeys)
}

// GetFlightInfoExportedKeys answers for the foreign keys that refer to a table.
func (*handlers) GetFlightInfoExportedKeys(_ context.Context, _ flightsql.TableRef, d *flight.FlightDescriptor,
) (*flight.FlightInfo, error) {
	return commandInfo(d, schema_ref.ExportedKeys), nil
}

// DoGetExportedKeys sends no key.
func (h *handlers) DoGetExportedKeys(_ context.Context, _ flightsql.TableRef,
) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return h.none(schema_ref.ExportedKeys)
}

// GetFlightInfoImportedKeys answers for the foreign keys of a table.
func (*handlers) GetFlightInfoImportedKeys(_ context.Context, _ flightsql.TableRef, d *flight.FlightDescriptor,
) (*flight.FlightInfo, error) {
	return commandInfo(d, schema_ref.ImportedKeys), nil
}

// DoGetImportedKeys sends no key.
func (h *handlers) DoGetImportedKeys(_ context.Context, _ flightsql.TableRef,
) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return h.none(schema_ref.ImportedKeys)
}

// GetFlightInfoCrossReference answers for the foreign keys from one table to another.
func (*handlers) GetFlightInfoCrossReference(_ context.Context, _ flightsql.CrossTableRef, d *flight.FlightDescriptor,
) (*flight.FlightInfo, error) {
	return commandInfo(d, schema_ref.CrossReference), nil
}

// DoGetCrossReference sends no key.
func (h *handlers) DoGetCrossReference(_ context.Context, _ flightsql.CrossTableRef,
) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return h.none(schema_ref.CrossReference)
}
