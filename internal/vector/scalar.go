package vector

// Scalar is one value of a type. Which member holds it follows the type's physical family; a Decimal of any
// precision is in Wide.
type Scalar struct {
	Type     Type
	Null     bool
	Int      int64   // Integer family but Decimal
	Float    float64 // Float
	Wide     Int128  // Decimal, UInt64
	Bytes    string  // Text, Binary, JSON, UUID
	Interval Months  // Interval
}

// Months is an interval: months, days and nanoseconds count apart, as in Arrow's MonthDayNano.
type Months struct {
	Months, Days int32
	Nanos        int64
}

// NullOf returns the NULL of a type.
func NullOf(t Type) Scalar { return Scalar{Type: t, Null: true} }

// IntOf returns an integer-family scalar (not a Decimal).
func IntOf(t Type, v int64) Scalar { return Scalar{Type: t, Int: v} }

// BoolOf returns a boolean.
func BoolOf(b bool) Scalar {
	s := Scalar{Type: Of(Boolean)}
	if b {
		s.Int = 1
	}
	return s
}

// FloatOf returns a DOUBLE.
func FloatOf(v float64) Scalar { return Scalar{Type: Of(Float64), Float: v} }

// TextOf returns a VARCHAR.
func TextOf(s string) Scalar { return Scalar{Type: Of(Text), Bytes: s} }

// DecimalOf returns a decimal whose unscaled value is v.
func DecimalOf(t Type, v Int128) Scalar { return Scalar{Type: t, Wide: v} }
