package flightsrv

import pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"

// xdbcTypes are the SQL types in the order of their XDBC numbers, then names.
var xdbcTypes = []xdbcType{
	{name: "BOOLEAN", dataType: pb.XdbcDataType_XDBC_BIT, size: 1, fix: true},
	{name: "TINYINT", dataType: pb.XdbcDataType_XDBC_TINYINT, size: 3, unsigned: -1, radix: 10, fix: true},
	{name: "TINYINT UNSIGNED", dataType: pb.XdbcDataType_XDBC_TINYINT, size: 3, unsigned: 1, radix: 10, fix: true},
	{name: "BIGINT", dataType: pb.XdbcDataType_XDBC_BIGINT, size: 19, unsigned: -1, radix: 10, fix: true},
	{name: "BIGINT UNSIGNED", dataType: pb.XdbcDataType_XDBC_BIGINT, size: 20, unsigned: 1, radix: 10, fix: true},
	{name: "VARBINARY", dataType: pb.XdbcDataType_XDBC_VARBINARY, size: maxTextBytes, quote: "'"},
	{
		name: "DECIMAL", dataType: pb.XdbcDataType_XDBC_DECIMAL, size: 38, unsigned: -1, radix: 10, maxScale: 38,
		parameters: []string{"precision", "scale"}, fix: true,
	},
	{name: "INTEGER", dataType: pb.XdbcDataType_XDBC_INTEGER, size: 10, unsigned: -1, radix: 10, fix: true},
	{name: "INTEGER UNSIGNED", dataType: pb.XdbcDataType_XDBC_INTEGER, size: 10, unsigned: 1, radix: 10, fix: true},
	{name: "SMALLINT", dataType: pb.XdbcDataType_XDBC_SMALLINT, size: 5, unsigned: -1, radix: 10, fix: true},
	{name: "SMALLINT UNSIGNED", dataType: pb.XdbcDataType_XDBC_SMALLINT, size: 5, unsigned: 1, radix: 10, fix: true},
	{name: "FLOAT", dataType: pb.XdbcDataType_XDBC_REAL, size: 24, unsigned: -1, radix: 2},
	{name: "DOUBLE", dataType: pb.XdbcDataType_XDBC_DOUBLE, size: 53, unsigned: -1, radix: 2},
	{
		name: "VARCHAR", dataType: pb.XdbcDataType_XDBC_VARCHAR, size: maxTextBytes, quote: "'", caseSensitive: true,
		parameters: []string{"length"},
	},
	{
		name: "DATE", dataType: pb.XdbcDataType_XDBC_DATE, size: 10, quote: "'",
		subcode: pb.XdbcDatetimeSubcode_XDBC_SUBCODE_DATE,
	},
	{
		name: "TIME", dataType: pb.XdbcDataType_XDBC_TIME, size: 18, quote: "'", maxScale: 9,
		parameters: []string{"precision"}, subcode: pb.XdbcDatetimeSubcode_XDBC_SUBCODE_TIME,
	},
	{
		name: "TIMESTAMP", dataType: pb.XdbcDataType_XDBC_TIMESTAMP, size: 29, quote: "'", maxScale: 9,
		parameters: []string{"precision"}, subcode: pb.XdbcDatetimeSubcode_XDBC_SUBCODE_TIMESTAMP,
	},
	{
		name: "TIMESTAMP WITH TIME ZONE", dataType: pb.XdbcDataType_XDBC_TIMESTAMP, size: 35, quote: "'", maxScale: 9,
		parameters: []string{"precision"}, subcode: pb.XdbcDatetimeSubcode_XDBC_SUBCODE_TIMESTAMP_WITH_TIMEZONE,
	},
}

// maxTextBytes is the longest text that 32-bit offsets can reach.
const maxTextBytes = 1<<31 - 1
