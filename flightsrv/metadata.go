package flightsrv

import (
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"

	"github.com/micodb/micodb/catalog"
)

// commandInfo answers for a metadata command: the command itself is the ticket. It holds filters only, and what
// it shows is decided when it is read.
func commandInfo(descriptor *flight.FlightDescriptor, schema *arrow.Schema) *flight.FlightInfo {
	return &flight.FlightInfo{
		Schema:           flight.SerializeSchema(schema, allocator()),
		FlightDescriptor: descriptor,
		Endpoint:         []*flight.FlightEndpoint{{Ticket: &flight.Ticket{Ticket: descriptor.GetCmd()}}},
		TotalRecords:     -1,
		TotalBytes:       -1,
		Ordered:          true,
	}
}

// build makes a result of one batch: fill appends the rows.
func (h *handlers) build(schema *arrow.Schema, fill func(*array.RecordBuilder) error,
) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	b := array.NewRecordBuilder(allocator(), schema)
	defer b.Release()
	if err := fill(b); err != nil {
		return nil, nil, err
	}
	record := b.NewRecordBatch()
	defer record.Release()
	var chunks []flight.StreamChunk
	err := h.slices(record, func(part arrow.RecordBatch) error {
		part.Retain() // arrow-go releases it
		chunks = append(chunks, flight.StreamChunk{Data: part})
		return nil
	})
	out := make(chan flight.StreamChunk, len(chunks)) // all are ready: nobody waits
	for _, c := range chunks {
		out <- c
	}
	close(out)
	return schema, out, err
}

// texts appends one value to each of the first columns, which are text.
func texts(b *array.RecordBuilder, values ...string) {
	for i, v := range values {
		if column, ok := b.Field(i).(*array.StringBuilder); ok {
			column.Append(v)
		}
	}
}

// GetFlightInfoCatalogs answers for the list of catalogs.
func (*handlers) GetFlightInfoCatalogs(_ context.Context, d *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return commandInfo(d, schema_ref.Catalogs), nil
}

// DoGetCatalogs sends the one catalog.
func (h *handlers) DoGetCatalogs(_ context.Context) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return h.build(schema_ref.Catalogs, func(b *array.RecordBuilder) error {
		texts(b, catalog.Name)
		return nil
	})
}

// GetFlightInfoSchemas answers for the list of schemas.
func (*handlers) GetFlightInfoSchemas(_ context.Context, _ flightsql.GetDBSchemas, d *flight.FlightDescriptor,
) (*flight.FlightInfo, error) {
	return commandInfo(d, schema_ref.DBSchemas), nil
}

// DoGetDBSchemas sends the databases that the user may see and that match.
func (h *handlers) DoGetDBSchemas(ctx context.Context, request flightsql.GetDBSchemas,
) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return h.build(schema_ref.DBSchemas, func(b *array.RecordBuilder) error {
		return h.eachDatabase(ctx, request.GetCatalog(), request.GetDBSchemaFilterPattern(),
			func(_ catalog.Snapshot, database string) error {
				texts(b, catalog.Name, database)
				return nil
			})
	})
}

// eachDatabase calls visit for the databases that match, in the order of their names.
func (*handlers) eachDatabase(ctx context.Context, inCatalog, pattern *string,
	visit func(s catalog.Snapshot, database string) error,
) (err error) {
	c, err := clientOf(ctx)
	if err != nil {
		return err
	}
	if inCatalog != nil && !strings.EqualFold(*inCatalog, catalog.Name) {
		return nil
	}
	snapshot, err := c.session.Catalog(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if closing := snapshot.Close(); err == nil {
			err = closing
		}
	}()
	databases, err := snapshot.Databases(ctx)
	if err != nil {
		return err
	}
	for _, d := range databases {
		if matches(pattern, d.Name) {
			if err := visit(snapshot, d.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// GetFlightInfoTables answers for the list of tables.
func (*handlers) GetFlightInfoTables(_ context.Context, request flightsql.GetTables, d *flight.FlightDescriptor,
) (*flight.FlightInfo, error) {
	return commandInfo(d, tablesSchema(request)), nil
}

func tablesSchema(request flightsql.GetTables) *arrow.Schema {
	if request.GetIncludeSchema() {
		return schema_ref.TablesWithIncludedSchema
	}
	return schema_ref.Tables
}

// DoGetTables sends the tables that the user may see and that match, with the schemas of their rows if asked for.
func (h *handlers) DoGetTables(ctx context.Context, request flightsql.GetTables,
) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return h.build(tablesSchema(request), func(b *array.RecordBuilder) error {
		return h.eachDatabase(ctx, request.GetCatalog(), request.GetDBSchemaFilterPattern(),
			func(s catalog.Snapshot, database string) error {
				return appendTables(ctx, b, s, database, request)
			})
	})
}

func appendTables(ctx context.Context, b *array.RecordBuilder, s catalog.Snapshot, database string,
	request flightsql.GetTables,
) error {
	names, err := s.Tables(ctx, database)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !matches(request.GetTableNameFilterPattern(), name.Table) {
			continue
		}
		table, err := s.Table(ctx, name)
		if err != nil {
			return err
		}
		kind := tableType(table.Kind)
		if types := request.GetTableTypes(); len(types) > 0 && !slices.Contains(types, kind) {
			continue
		}
		texts(b, catalog.Name, database, table.Name.Table, kind)
		if !request.GetIncludeSchema() {
			continue
		}
		if column, ok := b.Field(len(schema_ref.Tables.Fields())).(*array.BinaryBuilder); ok {
			column.Append(flight.SerializeSchema(tableSchema(table), allocator()))
		}
	}
	return nil
}

// tableTypes are the kinds of tables in the order of their names.
func tableTypes() []string { return []string{"SYSTEM TABLE", "TABLE", "VIEW"} }

func tableType(k catalog.TableKind) string {
	switch k {
	case catalog.SystemTable:
		return "SYSTEM TABLE"
	case catalog.SystemView, catalog.View:
		return "VIEW"
	case catalog.BaseTable, catalog.External:
	}
	return "TABLE"
}

// GetFlightInfoTableTypes answers for the list of table types.
func (*handlers) GetFlightInfoTableTypes(_ context.Context, d *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return commandInfo(d, schema_ref.TableTypes), nil
}

// DoGetTableTypes sends the table types.
func (h *handlers) DoGetTableTypes(_ context.Context) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return h.build(schema_ref.TableTypes, func(b *array.RecordBuilder) error {
		for _, t := range tableTypes() {
			texts(b, t)
		}
		return nil
	})
}

// matches tells whether a name fits an SQL pattern: % is any text, _ any character, and \ takes the next one as
// it is. Names are compared without case. No pattern fits all.
func matches(pattern *string, name string) bool {
	if pattern == nil {
		return true
	}
	return like([]rune(catalog.FoldName(*pattern)), []rune(catalog.FoldName(name)))
}

// like goes back to the last % when a later part does not fit, so that it takes at most len(pattern) times
// len(name) steps.
func like(pattern, name []rune) bool {
	p, n := 0, 0
	backPattern, backName := -1, 0
	for n < len(name) {
		step := 1
		literal := p < len(pattern) && pattern[p] != '%' && pattern[p] != '_'
		if literal && pattern[p] == '\\' && p+1 < len(pattern) {
			step = 2
		}
		switch {
		case p < len(pattern) && pattern[p] == '%':
			backPattern, backName = p+1, n
			p++
		case p < len(pattern) && (pattern[p] == '_' || literal && pattern[p+step-1] == name[n]):
			p += step
			n++
		case backPattern >= 0:
			backName++
			p, n = backPattern, backName
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '%' {
		p++
	}
	return p == len(pattern)
}
