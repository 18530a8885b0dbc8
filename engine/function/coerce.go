package function

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// Implicit tells whether a value of one type becomes one of another without a CAST: never with a loss of its
// meaning, numbers never from or to text. Integers fit every wider integer, every decimal with room for their
// digits, and floats; decimals fit floats. A TIMESTAMP becomes one WITH TIME ZONE as UTC.
func Implicit(from, to vector.Type) bool {
	switch {
	case from.Equal(to) || from.Kind == vector.Unknown:
		return true
	case from.IsNumeric() && to.IsNumeric():
		return widens(from, to)
	case from.Kind == vector.Date && to.Kind == vector.Timestamp:
		return true
	case from.Kind == to.Kind && from.Kind == vector.Timestamp:
		return (to.Zone || !from.Zone) && from.Precision <= to.Precision
	case from.Kind == to.Kind && from.Kind == vector.Time:
		return from.Precision <= to.Precision
	case from.Kind == vector.JSON && to.Kind == vector.Text:
		return true
	case from.Kind == to.Kind && from.IsNested() && len(from.Fields) == len(to.Fields):
		for i, f := range from.Fields {
			if !Implicit(f.Type, to.Fields[i].Type) || from.Kind == vector.Struct && f.Name != to.Fields[i].Name {
				return false
			}
		}
		return true
	default:
		return false
	}
}

func widens(from, to vector.Type) bool {
	switch {
	case to.Kind == vector.Float64:
		return true
	case to.Kind == vector.Float32:
		return from.IsInteger() || from.Kind == vector.Decimal
	case to.Kind == vector.Decimal:
		if from.Kind == vector.Float32 || from.Kind == vector.Float64 {
			return false
		}
		f := AsDecimal(from)
		return to.Scale >= f.Scale && to.Precision-to.Scale >= f.Precision-f.Scale
	case from.IsInteger() && to.IsInteger():
		fl, fh := integerBits(from)
		tl, th := integerBits(to)
		return tl >= fl && th >= fh
	default:
		return false
	}
}

// integerBits returns how many bits the negative and the positive values of an integer type take.
func integerBits(t vector.Type) (negative, positive int) {
	switch t.Kind {
	case vector.Int8:
		return 7, 7
	case vector.Int16:
		return 15, 15
	case vector.Int32:
		return 31, 31
	case vector.UInt8:
		return 0, 8
	case vector.UInt16:
		return 0, 16
	case vector.UInt32:
		return 0, 32
	case vector.UInt64:
		return 0, 64
	default:
		return 63, 63
	}
}

// AsDecimal returns the DECIMAL that holds every value of an integer type, and a DECIMAL itself.
func AsDecimal(t vector.Type) vector.Type {
	switch t.Kind {
	case vector.Decimal:
		return t
	case vector.Int8, vector.UInt8:
		return vector.DecimalType(3, 0)
	case vector.Int16, vector.UInt16:
		return vector.DecimalType(5, 0)
	case vector.Int32, vector.UInt32:
		return vector.DecimalType(10, 0)
	case vector.UInt64:
		return vector.DecimalType(20, 0)
	default:
		return vector.DecimalType(19, 0)
	}
}

// Common returns the type to which two become one for a comparison, a CASE, a UNION: the wider one. UInt64 with a
// signed integer is DECIMAL(20,0).
func Common(a, b vector.Type) (vector.Type, bool) {
	switch {
	case a.Equal(b) || b.Kind == vector.Unknown:
		return a, true
	case a.Kind == vector.Unknown:
		return b, true
	case a.IsNumeric() && b.IsNumeric():
		return commonNumber(a, b), true
	case a.Kind == b.Kind && (a.Kind == vector.Timestamp || a.Kind == vector.Time):
		a.Zone = a.Zone || b.Zone
		a.Precision = max(a.Precision, b.Precision)
		return a, true
	case a.Kind == b.Kind && a.IsNested() && len(a.Fields) == len(b.Fields):
		return commonNested(a, b)
	case Implicit(a, b):
		return b, true
	case Implicit(b, a):
		return a, true
	default:
		return a, false
	}
}

func commonNumber(a, b vector.Type) vector.Type {
	switch {
	case isFloat(a) || isFloat(b):
		if a.Kind == vector.Float32 && b.Kind == vector.Float32 {
			return a
		}
		return vector.Of(vector.Float64)
	case a.Kind == vector.Decimal || b.Kind == vector.Decimal:
		return commonDecimal(AsDecimal(a), AsDecimal(b))
	}
	an, ap := integerBits(a)
	bn, bp := integerBits(b)
	return integerOf(max(an, bn), max(ap, bp))
}

// commonDecimal keeps the digits before the point of both, and of those after it as many as fit.
func commonDecimal(a, b vector.Type) vector.Type {
	scale := int(max(a.Scale, b.Scale))
	whole := int(max(a.Precision-a.Scale, b.Precision-b.Scale))
	if whole+scale > vector.MaxDecimalDigits {
		scale = vector.MaxDecimalDigits - whole
	}
	return vector.DecimalType(whole+scale, scale)
}

// integerOf returns the narrowest integer type for so many bits of negative and positive values.
func integerOf(negative, positive int) vector.Type {
	kinds := []vector.Kind{
		vector.Int8, vector.UInt8, vector.Int16, vector.UInt16,
		vector.Int32, vector.UInt32, vector.Int64, vector.UInt64,
	}
	for _, k := range kinds {
		n, p := integerBits(vector.Of(k))
		if n >= negative && p >= positive {
			return vector.Of(k)
		}
	}
	return vector.DecimalType(20, 0)
}

func isFloat(t vector.Type) bool { return t.Kind == vector.Float32 || t.Kind == vector.Float64 }

// Operands are the types that an operator's operands are cast to, and its result's.
type Operands struct{ Left, Right, Result vector.Type }

// ArithmeticType returns the types of an operator: false when it does not take them. Integers give BIGINT but for /,
// which gives DOUBLE; decimals keep their larger scale, and their scales add when they are multiplied; with a float
// all is DOUBLE.
func ArithmeticType(op expr.ArithmeticOp, l, r vector.Type) (Operands, bool) {
	double, big := vector.Of(vector.Float64), vector.Of(vector.Int64)
	if l.Kind == vector.Unknown {
		l = r
	}
	if r.Kind == vector.Unknown {
		r = l
	}
	switch {
	case l.Kind == vector.Unknown:
		return Operands{big, big, big}, true
	case !l.IsNumeric() || !r.IsNumeric():
		return Operands{}, false
	case op == expr.IntegerDivide && (isFloat(l) || isFloat(r)):
		return Operands{}, false
	case isFloat(l) || isFloat(r) || op == expr.Divide:
		return Operands{double, double, double}, true
	case l.Kind == vector.Decimal || r.Kind == vector.Decimal || l.Kind == vector.UInt64 || r.Kind == vector.UInt64:
		return decimalArithmetic(op, AsDecimal(l), AsDecimal(r)), true
	default:
		return Operands{big, big, big}, true
	}
}

func decimalArithmetic(op expr.ArithmeticOp, l, r vector.Type) Operands {
	const most = vector.MaxDecimalDigits
	c := commonDecimal(l, r)
	switch op {
	case expr.Multiply:
		scale := min(int(l.Scale)+int(r.Scale), most)
		precision := min(int(l.Precision)+int(r.Precision), most)
		return Operands{l, r, vector.DecimalType(precision, scale)}
	case expr.IntegerDivide:
		return Operands{c, c, vector.Of(vector.Int64)}
	case expr.Add, expr.Subtract:
		return Operands{c, c, vector.DecimalType(min(int(c.Precision)+1, most), int(c.Scale))}
	default:
		return Operands{c, c, c}
	}
}

// commonNested makes one type of two lists, or of two structs with the same names.
func commonNested(a, b vector.Type) (vector.Type, bool) {
	out := vector.Type{Kind: a.Kind, Fields: make([]vector.Field, len(a.Fields))}
	for i, f := range a.Fields {
		of, ok := Common(f.Type, b.Fields[i].Type)
		if !ok || a.Kind == vector.Struct && f.Name != b.Fields[i].Name {
			return a, false
		}
		out.Fields[i] = vector.Field{Name: f.Name, Type: of, Nullable: true}
	}
	return out, true
}
