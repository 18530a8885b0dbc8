package manifest

import "github.com/micodb/micodb/internal/vector"

// kindNames are the names of types in the format.
var kindNames = map[vector.Kind]string{
	vector.Boolean: "boolean", vector.Int8: "int8", vector.Int16: "int16", vector.Int32: "int32",
	vector.Int64: "int64", vector.UInt8: "uint8", vector.UInt16: "uint16", vector.UInt32: "uint32",
	vector.UInt64: "uint64", vector.Decimal: "decimal", vector.Float32: "float32", vector.Float64: "float64",
	vector.Text: "text", vector.Binary: "binary", vector.Date: "date", vector.Time: "time",
	vector.Timestamp: "timestamp", vector.Interval: "interval", vector.UUID: "uuid", vector.JSON: "json",
	vector.List: "list", vector.Struct: "struct",
}
