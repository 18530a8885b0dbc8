package parquetfile

import (
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Column is a column of a file.
type Column struct {
	Name     string
	ID       int32 // the Parquet field id
	Type     vector.Type
	Required bool // no NULL
}

// factor is what a value is multiplied by in the file: Parquet has no unit of seconds, and no times of
// milliseconds in 64 bits.
func factor(t vector.Type) int64 {
	switch {
	case t.Kind == vector.Timestamp && t.Precision == 0:
		return 1e3
	case t.Kind == vector.Time && t.Precision == 0:
		return 1e6
	case t.Kind == vector.Time && t.Precision == 3:
		return 1e3
	default:
		return 1
	}
}

func unit(t vector.Type) schema.TimeUnitType {
	switch {
	case t.Precision > 6:
		return schema.TimeUnitNanos
	case t.Precision > 3 || t.Kind == vector.Time:
		return schema.TimeUnitMicros
	default:
		return schema.TimeUnitMillis
	}
}

// node returns the schema node of a column.
func node(c Column) (schema.Node, error) {
	repetition := parquet.Repetitions.Optional
	if c.Required {
		repetition = parquet.Repetitions.Required
	}
	var logical schema.LogicalType = schema.NoLogicalType{}
	physical, length := parquet.Types.Int32, -1
	switch c.Type.Kind {
	case vector.Boolean:
		physical = parquet.Types.Boolean
	case vector.Int8, vector.Int16, vector.Int32:
		logical = schema.NewIntLogicalType(int8(8<<(c.Type.Kind-vector.Int8)), true)
	case vector.UInt8, vector.UInt16, vector.UInt32:
		logical = schema.NewIntLogicalType(int8(8<<(c.Type.Kind-vector.UInt8)), false)
	case vector.Int64, vector.UInt64:
		physical, logical = parquet.Types.Int64, schema.NewIntLogicalType(64, c.Type.Kind == vector.Int64)
	case vector.Decimal:
		logical = schema.NewDecimalLogicalType(int32(c.Type.Precision), int32(c.Type.Scale))
		switch {
		case c.Type.Precision > 18:
			physical, length = parquet.Types.FixedLenByteArray, 16
		case c.Type.Precision > 9:
			physical = parquet.Types.Int64
		}
	case vector.Float32:
		physical = parquet.Types.Float
	case vector.Float64:
		physical = parquet.Types.Double
	case vector.Text:
		physical, logical = parquet.Types.ByteArray, schema.StringLogicalType{}
	case vector.JSON:
		physical, logical = parquet.Types.ByteArray, schema.JSONLogicalType{}
	case vector.Binary, vector.Interval, vector.List, vector.Struct: // packed
		physical = parquet.Types.ByteArray
	case vector.UUID:
		physical, logical, length = parquet.Types.FixedLenByteArray, schema.UUIDLogicalType{}, 16
	case vector.Date:
		logical = schema.DateLogicalType{}
	case vector.Time:
		physical, logical = parquet.Types.Int64, schema.NewTimeLogicalType(false, unit(c.Type))
	case vector.Timestamp:
		physical, logical = parquet.Types.Int64, schema.NewTimestampLogicalType(c.Type.Zone, unit(c.Type))
	default:
		return nil, sqlerr.NotSupported("storing a column of type " + c.Type.String())
	}
	return schema.NewPrimitiveNodeLogical(c.Name, repetition, logical, physical, length, c.ID)
}
