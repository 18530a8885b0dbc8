package flightsrv

import (
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"

	"github.com/micodb/micodb/catalog"
)

// sqlInfo answers the codes whose value no configuration changes. Clients look at the type: TRANSACTION and the
// other enumerations are int32, limits are int64, 0 being none that is known.
var sqlInfo = map[flightsql.SqlInfo]any{
	flightsql.SqlInfoFlightSqlServerName:                "MicoDB",
	flightsql.SqlInfoFlightSqlServerReadOnly:            false,
	flightsql.SqlInfoFlightSqlServerSql:                 true,
	flightsql.SqlInfoFlightSqlServerSubstrait:           false,
	flightsql.SqlInfoFlightSqlServerSubstraitMinVersion: "",
	flightsql.SqlInfoFlightSqlServerSubstraitMaxVersion: "",
	flightsql.SqlInfoFlightSqlServerTransaction: int32(
		pb.SqlSupportedTransaction_SQL_SUPPORTED_TRANSACTION_SAVEPOINT),
	flightsql.SqlInfoFlightSqlServerCancel:                      true,
	flightsql.SqlInfoFlightSqlServerBulkIngestion:               true,
	flightsql.SqlInfoFlightSqlServerIngestTransactionsSupported: true,
	flightsql.SqlInfoFlightSqlServerStatementTimeout:            int32(0),

	flightsql.SqlInfoDDLCatalog: false,
	flightsql.SqlInfoDDLSchema:  true,
	flightsql.SqlInfoDDLTable:   true,
	flightsql.SqlInfoIdentifierCase: int32(
		pb.SqlSupportedCaseSensitivity_SQL_CASE_SENSITIVITY_CASE_INSENSITIVE),
	flightsql.SqlInfoIdentifierQuoteChar: `"`,
	flightsql.SqlInfoQuotedIdentifierCase: int32(
		pb.SqlSupportedCaseSensitivity_SQL_CASE_SENSITIVITY_CASE_INSENSITIVE),
	flightsql.SqlInfoAllTablesAreASelectable:                true,
	flightsql.SqlInfoNullOrdering:                           int32(pb.SqlNullOrdering_SQL_NULLS_SORTED_AT_END),
	flightsql.SqlInfoSearchStringEscape:                     `\`,
	flightsql.SqlInfoExtraNameChars:                         "$",
	flightsql.SqlInfoSupportsColumnAliasing:                 true,
	flightsql.SqlInfoNullPlusNullIsNull:                     true,
	flightsql.SqlInfoSupportsConvert:                        conversions,
	flightsql.SqlInfoSupportsTableCorrelationNames:          true,
	flightsql.SqlInfoSupportsDifferentTableCorrelationNames: false,
	flightsql.SqlInfoSupportsExpressionsInOrderBy:           true,
	flightsql.SqlInfoSupportsOrderByUnrelated:               true,
	flightsql.SqlInfoSupportedGroupBy: bits(
		pb.SqlSupportedGroupBy_SQL_GROUP_BY_UNRELATED, pb.SqlSupportedGroupBy_SQL_GROUP_BY_BEYOND_SELECT),
	flightsql.SqlInfoSupportsLikeEscapeClause:             true,
	flightsql.SqlInfoSupportsNonNullableColumns:           true,
	flightsql.SqlInfoSupportedGrammar:                     bits(pb.SupportedSqlGrammar_SQL_MINIMUM_GRAMMAR),
	flightsql.SqlInfoANSI92SupportedLevel:                 bits(pb.SupportedAnsi92SqlGrammarLevel_ANSI92_ENTRY_SQL),
	flightsql.SqlInfoSupportsIntegrityEnhancementFacility: false,
	flightsql.SqlInfoOuterJoinsSupportLevel:               int32(pb.SqlOuterJoinsSupportLevel_SQL_LIMITED_OUTER_JOINS),
	flightsql.SqlInfoSchemaTerm:                           "database",
	flightsql.SqlInfoProcedureTerm:                        "procedure",
	flightsql.SqlInfoCatalogTerm:                          "catalog",
	flightsql.SqlInfoCatalogAtStart:                       true,
	flightsql.SqlInfoSchemasSupportedActions: bits(
		pb.SqlSupportedElementActions_SQL_ELEMENT_IN_PRIVILEGE_DEFINITIONS),
	flightsql.SqlInfoCatalogsSupportedActions:      int32(0),
	flightsql.SqlInfoSupportedPositionedCommands:   int32(0),
	flightsql.SqlInfoSelectForUpdateSupported:      false,
	flightsql.SqlInfoStoredProceduresSupported:     false,
	flightsql.SqlInfoSupportedSubqueries:           int32(0),
	flightsql.SqlInfoCorrelatedSubqueriesSupported: false,
	flightsql.SqlInfoSupportedUnions:               bits(pb.SqlSupportedUnions_SQL_UNION_ALL),

	flightsql.SqlInfoMaxBinaryLiteralLen:     int64(0),
	flightsql.SqlInfoMaxCharLiteralLen:       int64(0),
	flightsql.SqlInfoMaxColumnNameLen:        int64(0),
	flightsql.SqlInfoMaxColumnsInGroupBy:     int64(0),
	flightsql.SqlInfoMaxColumnsInIndex:       int64(0),
	flightsql.SqlInfoMaxColumnsInOrderBy:     int64(0),
	flightsql.SqlInfoMaxColumnsInSelect:      int64(0),
	flightsql.SqlInfoMaxColumnsInTable:       int64(0),
	flightsql.SqlInfoMaxCursorNameLen:        int64(0),
	flightsql.SqlInfoMaxIndexLen:             int64(0),
	flightsql.SqlInfoDBSchemaNameLen:         int64(0),
	flightsql.SqlInfoMaxProcedureNameLen:     int64(0),
	flightsql.SqlInfoMaxCatalogNameLen:       int64(len(catalog.Name)),
	flightsql.SqlInfoMaxRowSize:              int64(0),
	flightsql.SqlInfoMaxRowSizeIncludesBlobs: true,
	flightsql.SqlInfoMaxStatementLen:         int64(0),
	flightsql.SqlInfoMaxTableNameLen:         int64(0),
	flightsql.SqlInfoMaxTablesInSelect:       int64(0),
	flightsql.SqlInfoMaxUsernameLen:          int64(0),

	// Snapshot isolation is more than REPEATABLE READ asks for, and less than SERIALIZABLE.
	// The specification has it as an int32; the JDBC driver takes nothing but an int64.
	flightsql.SqlInfoDefaultTransactionIsolation: int64(
		pb.SqlTransactionIsolationLevel_SQL_TRANSACTION_REPEATABLE_READ),
	flightsql.SqlInfoTransactionsSupported: true,
	flightsql.SqlInfoSupportedTransactionsIsolationlevels: bits(
		pb.SqlTransactionIsolationLevel_SQL_TRANSACTION_REPEATABLE_READ),
	flightsql.SqlInfoDataDefinitionCausesTransactionCommit: false,
	flightsql.SqlInfoDataDefinitionsInTransactionsIgnored:  false,
	flightsql.SqlInfoSupportedResultSetTypes: bits(
		pb.SqlSupportedResultSetType_SQL_RESULT_SET_TYPE_FORWARD_ONLY),
	flightsql.SqlInfoSupportedConcurrenciesForResultSetUnspecified: int32(0),
	flightsql.SqlInfoSupportedConcurrenciesForResultSetForwardOnly: bits(
		pb.SqlSupportedResultSetConcurrency_SQL_RESULT_SET_CONCURRENCY_READ_ONLY),
	flightsql.SqlInfoSupportedConcurrenciesForResultSetScrollSensitive:   int32(0),
	flightsql.SqlInfoSupportedConcurrenciesForResultSetScrollInsensitive: int32(0),
	flightsql.SqlInfoBatchUpdatesSupported:                               true,
	flightsql.SqlInfoSavePointsSupported:                                 true,
	flightsql.SqlInfoNamedParametersSupported:                            false,
	flightsql.SqlInfoLocatorsUpdateCopy:                                  false,
	flightsql.SqlInfoStoredFunctionsUsingCallSyntaxSupported:             false,
}

// bits makes a bit mask of the members of an enumeration.
func bits[E ~int32](members ...E) int32 {
	mask := int32(0)
	for _, m := range members {
		mask |= 1 << m
	}
	return mask
}

// conversions are the casts between the types that SqlInfo knows.
var conversions = map[int32][]int32{
	convert(pb.SqlSupportsConvert_SQL_CONVERT_TINYINT):   numbers,
	convert(pb.SqlSupportsConvert_SQL_CONVERT_SMALLINT):  numbers,
	convert(pb.SqlSupportsConvert_SQL_CONVERT_INTEGER):   numbers,
	convert(pb.SqlSupportsConvert_SQL_CONVERT_BIGINT):    numbers,
	convert(pb.SqlSupportsConvert_SQL_CONVERT_DECIMAL):   numbers,
	convert(pb.SqlSupportsConvert_SQL_CONVERT_NUMERIC):   numbers,
	convert(pb.SqlSupportsConvert_SQL_CONVERT_REAL):      numbers,
	convert(pb.SqlSupportsConvert_SQL_CONVERT_FLOAT):     numbers,
	convert(pb.SqlSupportsConvert_SQL_CONVERT_VARCHAR):   append(times, numbers...),
	convert(pb.SqlSupportsConvert_SQL_CONVERT_DATE):      times,
	convert(pb.SqlSupportsConvert_SQL_CONVERT_TIMESTAMP): times,
}

var numbers = []int32{
	convert(pb.SqlSupportsConvert_SQL_CONVERT_TINYINT), convert(pb.SqlSupportsConvert_SQL_CONVERT_SMALLINT),
	convert(pb.SqlSupportsConvert_SQL_CONVERT_INTEGER), convert(pb.SqlSupportsConvert_SQL_CONVERT_BIGINT),
	convert(pb.SqlSupportsConvert_SQL_CONVERT_DECIMAL), convert(pb.SqlSupportsConvert_SQL_CONVERT_NUMERIC),
	convert(pb.SqlSupportsConvert_SQL_CONVERT_REAL), convert(pb.SqlSupportsConvert_SQL_CONVERT_FLOAT),
	convert(pb.SqlSupportsConvert_SQL_CONVERT_VARCHAR),
}

var times = []int32{
	convert(pb.SqlSupportsConvert_SQL_CONVERT_DATE), convert(pb.SqlSupportsConvert_SQL_CONVERT_TIMESTAMP),
}

func convert(t pb.SqlSupportsConvert) int32 { return int32(t) }
