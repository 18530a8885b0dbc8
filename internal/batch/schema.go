package batch

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// The extension types that a field's metadata names; the storage type goes over the wire as it is.
const (
	extensionKey  = "ARROW:extension:name"
	extensionData = "ARROW:extension:metadata"
	uuidExtension = "arrow.uuid"
	jsonExtension = "arrow.json"
	uuidBytes     = 16
)

// FieldOf returns the Arrow field in which values of a type leave the server.
func FieldOf(name string, t vector.Type, nullable bool) arrow.Field {
	f := arrow.Field{Name: name, Type: arrowType(t), Nullable: nullable}
	switch t.Kind {
	case vector.UUID:
		f.Metadata = arrow.NewMetadata([]string{extensionKey, extensionData}, []string{uuidExtension, ""})
	case vector.JSON:
		f.Metadata = arrow.NewMetadata([]string{extensionKey, extensionData}, []string{jsonExtension, ""})
	default:
	}
	return f
}

func arrowType(t vector.Type) arrow.DataType {
	switch t.Kind {
	case vector.Boolean:
		return arrow.FixedWidthTypes.Boolean
	case vector.Int8:
		return arrow.PrimitiveTypes.Int8
	case vector.Int16:
		return arrow.PrimitiveTypes.Int16
	case vector.Int32:
		return arrow.PrimitiveTypes.Int32
	case vector.Int64:
		return arrow.PrimitiveTypes.Int64
	case vector.UInt8:
		return arrow.PrimitiveTypes.Uint8
	case vector.UInt16:
		return arrow.PrimitiveTypes.Uint16
	case vector.UInt32:
		return arrow.PrimitiveTypes.Uint32
	case vector.UInt64:
		return arrow.PrimitiveTypes.Uint64
	case vector.Float32:
		return arrow.PrimitiveTypes.Float32
	case vector.Float64:
		return arrow.PrimitiveTypes.Float64
	case vector.Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	case vector.Text, vector.JSON:
		return arrow.BinaryTypes.String
	case vector.Binary:
		return arrow.BinaryTypes.Binary
	case vector.UUID:
		return &arrow.FixedSizeBinaryType{ByteWidth: uuidBytes}
	case vector.Date:
		return arrow.PrimitiveTypes.Date32
	case vector.Time:
		return timeType(t)
	case vector.Timestamp:
		zone := ""
		if t.Zone {
			zone = "UTC"
		}
		return &arrow.TimestampType{Unit: unitOf(t.Precision), TimeZone: zone}
	case vector.Interval:
		return arrow.FixedWidthTypes.MonthDayNanoInterval
	case vector.List:
		return arrow.ListOfField(FieldOf("item", t.Fields[0].Type, t.Fields[0].Nullable))
	case vector.Struct:
		fields := make([]arrow.Field, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = FieldOf(f.Name, f.Type, f.Nullable)
		}
		return arrow.StructOf(fields...)
	default:
		return arrow.Null
	}
}

// timeType is 32 bits wide up to milliseconds, as Arrow has it.
func timeType(t vector.Type) arrow.DataType {
	if t.Precision <= 3 {
		return &arrow.Time32Type{Unit: unitOf(t.Precision)}
	}
	return &arrow.Time64Type{Unit: unitOf(t.Precision)}
}

func unitOf(precision uint8) arrow.TimeUnit {
	switch {
	case precision == 0:
		return arrow.Second
	case precision <= 3:
		return arrow.Millisecond
	case precision <= 6:
		return arrow.Microsecond
	default:
		return arrow.Nanosecond
	}
}

func precisionOf(u arrow.TimeUnit) uint8 {
	return [...]uint8{arrow.Second: 0, arrow.Millisecond: 3, arrow.Microsecond: 6, arrow.Nanosecond: 9}[u]
}

// TypeOf returns the type in which values of a client's field are kept: 0A000 for an Arrow type that has none.
// Views, large and dictionary-encoded texts and binaries become plain ones; Date64 becomes DATE, Null stays unknown.
func TypeOf(f arrow.Field) (vector.Type, error) {
	extension, _ := f.Metadata.GetValue(extensionKey)
	switch t := f.Type.(type) {
	case *arrow.DictionaryType:
		return TypeOf(arrow.Field{Name: f.Name, Type: t.ValueType, Metadata: f.Metadata})
	case arrow.ExtensionType:
		return TypeOf(arrow.Field{
			Name: f.Name, Type: t.StorageType(),
			Metadata: arrow.NewMetadata([]string{extensionKey}, []string{t.ExtensionName()}),
		})
	case *arrow.Decimal32Type, *arrow.Decimal64Type, *arrow.Decimal128Type, *arrow.Decimal256Type:
		return decimalOf(f)
	case *arrow.TimestampType:
		return vector.Type{Kind: vector.Timestamp, Precision: precisionOf(t.Unit), Zone: t.TimeZone != ""}, nil
	case *arrow.Time32Type:
		return vector.Type{Kind: vector.Time, Precision: precisionOf(t.Unit)}, nil
	case *arrow.Time64Type:
		return vector.Type{Kind: vector.Time, Precision: precisionOf(t.Unit)}, nil
	case *arrow.FixedSizeBinaryType:
		if extension == uuidExtension && t.ByteWidth == uuidBytes {
			return vector.Of(vector.UUID), nil
		}
		return vector.Of(vector.Binary), nil
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		if extension == jsonExtension {
			return vector.Of(vector.JSON), nil
		}
		return vector.Of(vector.Text), nil
	case *arrow.StructType, arrow.ListLikeType:
		return nestedOf(f)
	default:
		return plainOf(f)
	}
}

func decimalOf(f arrow.Field) (vector.Type, error) {
	d, ok := f.Type.(arrow.DecimalType)
	if !ok || d.GetPrecision() < 1 || d.GetPrecision() > vector.MaxDecimalDigits ||
		d.GetScale() < 0 || d.GetScale() > d.GetPrecision() {
		return vector.Type{}, unsupported(f)
	}
	return vector.DecimalType(int(d.GetPrecision()), int(d.GetScale())), nil
}

func plainOf(f arrow.Field) (vector.Type, error) {
	switch f.Type.ID() {
	case arrow.NULL:
		return vector.Type{}, nil
	case arrow.BOOL:
		return vector.Of(vector.Boolean), nil
	case arrow.INT8:
		return vector.Of(vector.Int8), nil
	case arrow.INT16:
		return vector.Of(vector.Int16), nil
	case arrow.INT32:
		return vector.Of(vector.Int32), nil
	case arrow.INT64:
		return vector.Of(vector.Int64), nil
	case arrow.UINT8:
		return vector.Of(vector.UInt8), nil
	case arrow.UINT16:
		return vector.Of(vector.UInt16), nil
	case arrow.UINT32:
		return vector.Of(vector.UInt32), nil
	case arrow.UINT64:
		return vector.Of(vector.UInt64), nil
	case arrow.FLOAT16, arrow.FLOAT32:
		return vector.Of(vector.Float32), nil
	case arrow.FLOAT64:
		return vector.Of(vector.Float64), nil
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW:
		return vector.Of(vector.Binary), nil
	case arrow.DATE32, arrow.DATE64:
		return vector.Of(vector.Date), nil
	case arrow.INTERVAL_MONTHS, arrow.INTERVAL_DAY_TIME, arrow.INTERVAL_MONTH_DAY_NANO, arrow.DURATION:
		return vector.Of(vector.Interval), nil
	default:
		return vector.Type{}, unsupported(f)
	}
}

func unsupported(f arrow.Field) error {
	return sqlerr.NotSupported(fmt.Sprintf("the Arrow type %s of column %q", f.Type, f.Name))
}
