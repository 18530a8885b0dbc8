package bind

import "github.com/micodb/micodb/internal/vector"

// typeNames are the names of types: SQL's, those of other databases, and Arrow's. INT8 is eight bytes, as in Postgres.
var typeNames = map[string]vector.Kind{
	"BOOLEAN": vector.Boolean, "BOOL": vector.Boolean, "LOGICAL": vector.Boolean,
	"TINYINT": vector.Int8, "INT1": vector.Int8,
	"SMALLINT": vector.Int16, "INT2": vector.Int16, "INT16": vector.Int16, "SHORT": vector.Int16,
	"INTEGER": vector.Int32, "INT": vector.Int32, "INT4": vector.Int32, "INT32": vector.Int32,
	"MEDIUMINT": vector.Int32,
	"BIGINT":    vector.Int64, "INT8": vector.Int64, "INT64": vector.Int64, "LONG": vector.Int64,
	"SIGNED":   vector.Int64,
	"UTINYINT": vector.UInt8, "UINT8": vector.UInt8,
	"USMALLINT": vector.UInt16, "UINT16": vector.UInt16,
	"UINTEGER": vector.UInt32, "UINT32": vector.UInt32,
	"UBIGINT": vector.UInt64, "UINT64": vector.UInt64,
	"DECIMAL": vector.Decimal, "NUMERIC": vector.Decimal, "DEC": vector.Decimal, "DECIMAL128": vector.Decimal,
	"FLOAT": vector.Float32, "REAL": vector.Float32, "FLOAT4": vector.Float32, "FLOAT32": vector.Float32,
	"DOUBLE": vector.Float64, "DOUBLE PRECISION": vector.Float64, "FLOAT8": vector.Float64, "FLOAT64": vector.Float64,
	"VARCHAR": vector.Text, "TEXT": vector.Text, "STRING": vector.Text, "CHAR": vector.Text, "CHARACTER": vector.Text,
	"CHARACTER VARYING": vector.Text, "UTF8": vector.Text, "BPCHAR": vector.Text, "NVARCHAR": vector.Text,
	"LARGEUTF8": vector.Text, "LONGTEXT": vector.Text, "MEDIUMTEXT": vector.Text, "TINYTEXT": vector.Text,
	"VARBINARY": vector.Binary, "BLOB": vector.Binary, "BINARY": vector.Binary, "BYTEA": vector.Binary,
	"BYTES": vector.Binary, "BINARY VARYING": vector.Binary, "LARGEBINARY": vector.Binary,
	"DATE": vector.Date, "DATE32": vector.Date,
	"TIME": vector.Time, "TIME WITHOUT TIME ZONE": vector.Time, "TIME64": vector.Time, "TIMETZ": vector.Time,
	"TIME WITH TIME ZONE": vector.Time,
	"TIMESTAMP":           vector.Timestamp, "DATETIME": vector.Timestamp, "TIMESTAMPTZ": vector.Timestamp,
	"TIMESTAMP WITH TIME ZONE": vector.Timestamp, "TIMESTAMP WITHOUT TIME ZONE": vector.Timestamp,
	"TIMESTAMP_S": vector.Timestamp, "TIMESTAMP_MS": vector.Timestamp, "TIMESTAMP_US": vector.Timestamp,
	"TIMESTAMP_NS": vector.Timestamp,
	"INTERVAL":     vector.Interval,
	"UUID":         vector.UUID,
	"JSON":         vector.JSON,
}
