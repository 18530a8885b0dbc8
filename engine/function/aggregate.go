package function

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// AggregateTypes returns the types that an aggregate's arguments, as many as it takes, are cast to, and the result's:
// false when the aggregate does not take them.
func AggregateTypes(kind expr.AggregateKind, args []vector.Type) (casts []vector.Type, result vector.Type, ok bool) {
	double := vector.Of(vector.Float64)
	switch {
	case kind == expr.ArgMin || kind == expr.ArgMax:
		return args, args[0], true
	case len(args) == 2:
		result = double
		if kind == expr.RegrCount {
			result = vector.Of(vector.Int64)
		}
		return []vector.Type{double, double}, result, isNumber(args[0]) && isNumber(args[1])
	default:
		cast, result, ok := AggregateType(kind, args[0])
		return []vector.Type{cast}, result, ok
	}
}

// AggregateType is AggregateTypes of one argument.
func AggregateType(kind expr.AggregateKind, arg vector.Type) (cast, result vector.Type, ok bool) {
	double, big := vector.Of(vector.Float64), vector.Of(vector.Int64)
	switch kind {
	case expr.CountRows, expr.Count, expr.ApproxCountDistinct:
		return arg, big, true
	case expr.Min, expr.Max, expr.AnyValue, expr.First, expr.Last:
		return arg, arg, true
	case expr.BitAnd, expr.BitOr, expr.BitXor:
		if arg.Kind == vector.Unknown {
			return big, big, true
		}
		return arg, arg, arg.IsInteger() && arg.Kind != vector.UInt64 // which has no word of its own
	case expr.Sum, expr.Avg:
		return sumType(kind, arg)
	case expr.QuantileCont:
		return quantileType(arg)
	case expr.QuantileDisc, expr.Mode:
		return arg, arg, ordered(arg)
	case expr.ArrayAgg:
		return arg, arg, true
	case expr.StringAgg:
		return vector.Of(vector.Text), vector.Of(vector.Text), ordered(arg) && arg.Kind != vector.Binary
	case expr.Histogram:
		return vector.Of(vector.Text), vector.Of(vector.JSON), ordered(arg) && arg.Kind != vector.Binary
	default:
		return double, double, isNumber(arg)
	}
}

// quantileType is AggregateType of an interpolated quantile: between dates lie timestamps.
func quantileType(arg vector.Type) (cast, result vector.Type, ok bool) {
	double := vector.Of(vector.Float64)
	switch arg.Kind {
	case vector.Unknown:
		return double, double, true
	case vector.Date:
		return vector.Of(vector.Timestamp), vector.Of(vector.Timestamp), true
	case vector.Timestamp, vector.Time:
		return arg, arg, true
	default:
		return arg, double, arg.IsNumeric()
	}
}

func ordered(t vector.Type) bool {
	return t.Kind != vector.List && t.Kind != vector.Struct && t.Kind != vector.Interval
}

// isNumber tells whether a type is one of numbers, or that of NULL.
func isNumber(t vector.Type) bool { return t.Kind == vector.Unknown || t.IsNumeric() }

func sumType(kind expr.AggregateKind, arg vector.Type) (cast, result vector.Type, ok bool) {
	double, big := vector.Of(vector.Float64), vector.Of(vector.Int64)
	if arg.Kind == vector.Unknown {
		arg = double
	}
	switch {
	case !arg.IsNumeric():
		return arg, arg, false
	case isFloat(arg):
		return double, double, true
	case kind == expr.Avg:
		return arg, double, true
	case arg.Kind == vector.Decimal:
		return arg, vector.DecimalType(vector.MaxDecimalDigits, int(arg.Scale)), true
	case arg.Kind == vector.UInt64:
		return vector.DecimalType(20, 0), vector.DecimalType(vector.MaxDecimalDigits, 0), true
	default:
		return arg, big, true
	}
}
