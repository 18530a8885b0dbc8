package vector

import (
	"fmt"
	"strings"
)

// Kind is the family of a logical type.
type Kind uint8

// The kinds, in the order in which numbers widen.
const (
	Unknown Kind = iota // a bare NULL, or a parameter whose type is not told yet
	Boolean
	Int8
	Int16
	Int32
	Int64
	UInt8
	UInt16
	UInt32
	UInt64
	Decimal
	Float32
	Float64
	Text
	Binary
	Date
	Time
	Timestamp
	Interval
	UUID
	JSON
	List
	Struct
)

// Type is a logical SQL type. Types without Fields compare with ==; use Equal for all.
type Type struct {
	Kind      Kind
	Precision uint8   // Decimal: digits, 1 to 38; Time and Timestamp: fractional digits, 0, 3, 6 or 9
	Scale     uint8   // Decimal: digits after the point
	Zone      bool    // Timestamp WITH TIME ZONE: an instant, kept in UTC
	Fields    []Field // List: one, the element; Struct: its members
}

// Field is a member of a nested type.
type Field struct {
	Name     string
	Type     Type
	Nullable bool
}

// MaxDecimalDigits is the widest DECIMAL.
const MaxDecimalDigits = 38

// Physical is how a value lies in memory. The types of one physical family share their kernels.
type Physical uint8

// The physical families.
const (
	Integer Physical = iota // int64, or codes of a frame: booleans, integers, dates, times, decimals that fit
	Float                   // float64
	Bytes                   // texts and binaries; intervals, lists and structs, packed
	Wide                    // Int128: UInt64, and decimals whose values are not proven to fit 64 bits
)

// Physical returns the widest family that values of t need. A Decimal vector of any precision may lie as
// Integer all the same where its values are proven to fit: look at Vector.Physical.
func (t Type) Physical() Physical {
	switch t.Kind {
	case Float32, Float64:
		return Float
	case Text, Binary, JSON, UUID, Interval, List, Struct:
		return Bytes
	case UInt64:
		return Wide
	case Decimal:
		if t.Precision > 18 {
			return Wide
		}
		return Integer
	default:
		return Integer
	}
}

// Of returns the plain type of a kind: timestamps and times with nanoseconds, DECIMAL(18,3).
func Of(k Kind) Type {
	switch k {
	case Time, Timestamp:
		return Type{Kind: k, Precision: 9}
	case Decimal:
		return DecimalType(18, 3)
	default:
		return Type{Kind: k}
	}
}

// DecimalType returns DECIMAL(precision, scale).
func DecimalType(precision, scale int) Type {
	return Type{Kind: Decimal, Precision: uint8(precision), Scale: uint8(scale)}
}

// Equal tells whether two types are the same, nested members included.
func (t Type) Equal(o Type) bool {
	if t.Kind != o.Kind || t.Precision != o.Precision || t.Scale != o.Scale || t.Zone != o.Zone ||
		len(t.Fields) != len(o.Fields) {
		return false
	}
	for i, f := range t.Fields {
		if f.Name != o.Fields[i].Name || f.Nullable != o.Fields[i].Nullable || !f.Type.Equal(o.Fields[i].Type) {
			return false
		}
	}
	return true
}

// IsInteger tells whether t is one of the eight integer types.
func (t Type) IsInteger() bool { return t.Kind >= Int8 && t.Kind <= UInt64 }

// IsNumeric tells whether t is an integer, a decimal or a float.
func (t Type) IsNumeric() bool { return t.Kind >= Int8 && t.Kind <= Float64 }

// Limits returns the least and greatest int64 that a value of an Integer family type may have.
func (t Type) Limits() (lo, hi int64) {
	switch t.Kind {
	case Boolean:
		return 0, 1
	case Int8:
		return -1 << 7, 1<<7 - 1
	case Int16:
		return -1 << 15, 1<<15 - 1
	case Int32, Date:
		return -1 << 31, 1<<31 - 1
	case UInt8:
		return 0, 1<<8 - 1
	case UInt16:
		return 0, 1<<16 - 1
	case UInt32:
		return 0, 1<<32 - 1
	case Decimal:
		if t.Precision <= 18 {
			p := int64(1)
			for range t.Precision {
				p *= 10
			}
			return 1 - p, p - 1
		}
	default:
	}
	return MinInt, MaxInt
}

// MinInt and MaxInt are the bounds of an integer vector of which nothing is proven.
const (
	MinInt = -1 << 63
	MaxInt = 1<<63 - 1
)

// String returns the SQL name of the type.
func (t Type) String() string {
	switch t.Kind {
	case Unknown:
		return "NULL"
	case Boolean:
		return "BOOLEAN"
	case Int8:
		return "TINYINT"
	case Int16:
		return "SMALLINT"
	case Int32:
		return "INTEGER"
	case Int64:
		return "BIGINT"
	case UInt8:
		return "TINYINT UNSIGNED"
	case UInt16:
		return "SMALLINT UNSIGNED"
	case UInt32:
		return "INTEGER UNSIGNED"
	case UInt64:
		return "BIGINT UNSIGNED"
	case Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case Float32:
		return "FLOAT"
	case Float64:
		return "DOUBLE"
	case Text:
		return "VARCHAR"
	case Binary:
		return "VARBINARY"
	case Date:
		return "DATE"
	case Time:
		return fmt.Sprintf("TIME(%d)", t.Precision)
	case Timestamp:
		if t.Zone {
			return fmt.Sprintf("TIMESTAMP(%d) WITH TIME ZONE", t.Precision)
		}
		return fmt.Sprintf("TIMESTAMP(%d)", t.Precision)
	case Interval:
		return "INTERVAL"
	case UUID:
		return "UUID"
	case JSON:
		return "JSON"
	case List:
		return t.Fields[0].Type.String() + "[]"
	case Struct:
		parts := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = f.Name + " " + f.Type.String()
		}
		return "STRUCT(" + strings.Join(parts, ", ") + ")"
	default:
		return fmt.Sprintf("Kind(%d)", t.Kind)
	}
}
