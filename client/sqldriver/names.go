package sqldriver

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// extensionKey is where Arrow keeps the name of an extension type that nobody registered.
const extensionKey = "ARROW:extension:name"

// nameOf returns the name of a type in SQL.
func nameOf(f arrow.Field) string {
	extension, _ := f.Metadata.GetValue(extensionKey)
	if t, ok := f.Type.(arrow.ExtensionType); ok {
		extension = t.ExtensionName()
	}
	if name, ok := strings.CutPrefix(extension, "arrow."); ok {
		return strings.ToUpper(name) // UUID, JSON
	}
	if t, ok := f.Type.(*arrow.TimestampType); ok && t.TimeZone != "" {
		return "TIMESTAMP WITH TIME ZONE"
	}
	switch f.Type.ID() {
	case arrow.BOOL:
		return "BOOLEAN"
	case arrow.INT8:
		return "TINYINT"
	case arrow.INT16:
		return "SMALLINT"
	case arrow.INT32:
		return "INT"
	case arrow.INT64:
		return "BIGINT"
	case arrow.UINT8:
		return "TINYINT UNSIGNED"
	case arrow.UINT16:
		return "SMALLINT UNSIGNED"
	case arrow.UINT32:
		return "INT UNSIGNED"
	case arrow.UINT64:
		return "BIGINT UNSIGNED"
	case arrow.FLOAT32:
		return "FLOAT"
	case arrow.FLOAT64:
		return "DOUBLE"
	case arrow.DECIMAL128:
		return "DECIMAL"
	case arrow.STRING:
		return "VARCHAR"
	case arrow.BINARY, arrow.FIXED_SIZE_BINARY:
		return "VARBINARY"
	case arrow.DATE32:
		return "DATE"
	case arrow.TIME32, arrow.TIME64:
		return "TIME"
	case arrow.TIMESTAMP:
		return "TIMESTAMP"
	case arrow.INTERVAL_MONTH_DAY_NANO:
		return "INTERVAL"
	default:
		return strings.ToUpper(f.Type.Name()) // LIST, STRUCT, NULL
	}
}
