package flightsrv

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Functions are the names of the SQL functions by the families that SqlInfo knows.
type Functions struct {
	Numeric, Text, DateTime, System []string
}

// registerSQLInfo gives arrow-go's GetSqlInfo an answer for every code of the specification.
func (h *handlers) registerSQLInfo() error {
	about := []struct {
		code  flightsql.SqlInfo
		value any
	}{
		{flightsql.SqlInfoFlightSqlServerVersion, h.config.Version},
		{flightsql.SqlInfoFlightSqlServerArrowVersion, arrow.PkgVersion},
		{flightsql.SqlInfoFlightSqlServerTransactionTimeout, int32(h.limits.TransactionIdle.Milliseconds())},
		{flightsql.SqlInfoMaxConnections, int64(h.limits.Sessions)},
		{flightsql.SqlInfoMaxStatements, int64(h.limits.Statements)},
		{flightsql.SqlInfoKeywords, list(h.config.Keywords)},
		{flightsql.SqlInfoNumericFunctions, list(h.config.Functions.Numeric)},
		{flightsql.SqlInfoStringFunctions, list(h.config.Functions.Text)},
		{flightsql.SqlInfoDateTimeFunctions, list(h.config.Functions.DateTime)},
		{flightsql.SqlInfoSystemFunctions, list(h.config.Functions.System)},
	}
	for _, a := range about {
		if err := h.RegisterSqlInfo(a.code, a.value); err != nil {
			return sqlerr.Wrap(err, sqlerr.InternalError, "SqlInfo %s can't be registered", a.code)
		}
	}
	for code, value := range sqlInfo {
		if err := h.RegisterSqlInfo(code, value); err != nil {
			return sqlerr.Wrap(err, sqlerr.InternalError, "SqlInfo %s can't be registered", code)
		}
	}
	return nil
}

// list returns the names in order: never nil, which arrow-go does not take.
func list(names []string) []string {
	sorted := append([]string{}, names...)
	slices.Sort(sorted)
	return sorted
}
