package flightsrv

import (
	"context"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

// optionByName is the ingest option that matches columns by their names, a missing one being NULL.
const optionByName = "by_name"

// DoPutCommandStatementIngest appends the rows that come with the call to a table: all of them, or none.
func (h *handlers) DoPutCommandStatementIngest(ctx context.Context, request flightsql.StatementIngest,
	reader flight.MessageReader,
) (int64, error) {
	c, err := clientOf(ctx)
	if err != nil {
		return 0, err
	}
	into, options, err := ingestTarget(c, request)
	if err != nil {
		return 0, err
	}
	tx, err := h.transaction(ctx, c, request.GetTransactionId())
	if err == nil && tx == nil {
		tx, err = h.unnamed(ctx, c)
	}
	if err != nil {
		return 0, err
	}
	rows, err := newIncoming(reader, h.limits)
	if err != nil {
		return 0, err
	}
	if rows == nil {
		return 0, sqlerr.New(sqlerr.ProtocolViolation, "an ingest without a schema")
	}
	added, err := c.session.Ingest(ctx, tx, into, rows, options)
	if err != nil {
		return 0, err
	}
	return added, nil
}

func ingestTarget(c *client, request flightsql.StatementIngest) (catalog.TableName, session.IngestOptions, error) {
	var options session.IngestOptions
	into := catalog.TableName{Database: request.GetSchema(), Table: request.GetTable()}
	if into.Database == "" {
		into.Database = c.session.Database()
	}
	switch {
	case into.Table == "":
		return into, options, sqlerr.New(sqlerr.ProtocolViolation, "an ingest without the name of a table")
	case request.GetTemporary():
		return into, options, sqlerr.NotSupported("ingest into a temporary table")
	case request.GetCatalog() != "" && !strings.EqualFold(request.GetCatalog(), catalog.Name):
		return into, options, sqlerr.New(sqlerr.InvalidCatalogName, "no catalog %q exists", request.GetCatalog()).
			WithHint("the only one is %q; a schema is a database", catalog.Name)
	}
	mode, err := ingestMode(request.GetTableDefinitionOptions())
	if err != nil {
		return into, options, err
	}
	options.Mode = mode
	for key, value := range request.GetOptions() {
		if key != optionByName {
			return into, options, sqlerr.New(sqlerr.InvalidParameterValue, "unknown ingest option %q", key).
				WithHint("the only one is %q, with true or false", optionByName)
		}
		switch value {
		case "true":
			options.ByName = true
		case "false":
		default:
			return into, options, sqlerr.New(sqlerr.InvalidParameterValue, "ingest option %q is %q", key, value).
				WithHint("set it to true or false")
		}
	}
	return into, options, nil
}

// ingestMode reads what to do about the table. A client that says nothing appends.
func ingestMode(options *flightsql.TableDefinitionOptions) (session.IngestMode, error) {
	if options == nil {
		return session.IngestAppend, nil
	}
	type pair struct {
		missing flightsql.TableDefinitionOptionsTableNotExistOption
		exists  flightsql.TableDefinitionOptionsTableExistsOption
	}
	const (
		create    = flightsql.TableDefinitionOptionsTableNotExistOptionCreate
		mustExist = flightsql.TableDefinitionOptionsTableNotExistOptionFail
		mustNot   = flightsql.TableDefinitionOptionsTableExistsOptionFail
		appending = flightsql.TableDefinitionOptionsTableExistsOptionAppend
		replace   = flightsql.TableDefinitionOptionsTableExistsOptionReplace
	)
	switch (pair{options.GetIfNotExist(), options.GetIfExists()}) {
	case pair{create, mustNot}:
		return session.IngestCreate, nil
	case pair{mustExist, appending}:
		return session.IngestAppend, nil
	case pair{create, appending}:
		return session.IngestCreateOrAppend, nil
	case pair{create, replace}:
		return session.IngestReplace, nil
	case pair{mustExist, replace}:
		return 0, sqlerr.NotSupported("ingest that replaces a table but does not create it")
	}
	return 0, sqlerr.New(sqlerr.InvalidParameterValue, "the ingest's table options can't be served: %s, %s",
		options.GetIfNotExist(), options.GetIfExists())
}
