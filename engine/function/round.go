package function

import (
	"math"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// rounding returns what is added to the quotient of a division by unit, truncated toward zero.
type rounding func(remainder, unit vector.Int128) int64

func upward(remainder, _ vector.Int128) int64 {
	return truthOf(remainder.Cmp(vector.Int128{}) > 0)
}

func downward(remainder, _ vector.Int128) int64 {
	return -truthOf(remainder.Cmp(vector.Int128{}) < 0)
}

func towardZero(_, _ vector.Int128) int64 { return 0 }

func halfAway(remainder, unit vector.Int128) int64 {
	sign := int64(remainder.Cmp(vector.Int128{}))
	if sign < 0 {
		remainder = remainder.Neg()
	}
	rest, _ := unit.Sub(remainder) // at least half is away exactly when the rest to the next is not more
	return sign * truthOf(remainder.Cmp(rest) >= 0)
}

// resolveRound resolves ceil, floor, trunc and round. A DECIMAL loses its fraction and gains a digit before the point;
// with a number of digits it keeps its scale.
func resolveRound(
	name string, exactly rounding, float func(float64) float64,
) func(args []vector.Type) (expr.Overload, error) {
	return func(args []vector.Type) (expr.Overload, error) {
		if len(args) == 2 && (name == "round" || name == "trunc") {
			return resolveRoundTo(name, args, exactly, float)
		}
		t, err := number(name, args)
		switch {
		case err != nil:
			return expr.Overload{}, err
		case t.Physical() == vector.Float:
			return Fixed(t, expr.NullIfAny, floats(name, float), t), nil
		case t.Kind != vector.Decimal:
			return Fixed(t, expr.NullIfAny, exact(name, t, func(x vector.Int128) (vector.Int128, bool) {
				return x, true
			}), t), nil
		}
		result := vector.DecimalType(min(int(t.Precision-t.Scale)+1, vector.MaxDecimalDigits), 0)
		return Fixed(result, expr.NullIfAny, exact(name, result, func(x vector.Int128) (vector.Int128, bool) {
			return divided(x, int(t.Scale), exactly)
		}), t), nil
	}
}

// divided divides by a power of ten, rounding.
func divided(x vector.Int128, digits int, by rounding) (vector.Int128, bool) {
	unit := vector.PowerOfTen(digits)
	quotient, remainder := x.QuoRem(unit)
	return quotient.Add(vector.Int128Of(by(remainder, unit)))
}

// resolveRoundTo resolves round and trunc with a number of digits.
func resolveRoundTo(
	name string, args []vector.Type, exactly rounding, float func(float64) float64,
) (expr.Overload, error) {
	t, err := number(name, args[:1])
	big := vector.Of(vector.Int64)
	if err != nil || !Implicit(args[1], big) {
		return expr.Overload{}, NoOverload(name, args)
	}
	result := t
	switch {
	case t.Physical() == vector.Float:
		return Fixed(t, expr.NullIfAny, func() expr.Kernel { return roundFloats(float) }, t, big), nil
	case t.Kind == vector.Decimal:
		result = vector.DecimalType(min(int(t.Precision)+1, vector.MaxDecimalDigits), int(t.Scale))
	}
	return Fixed(result, expr.NullIfAny, func() expr.Kernel { return roundExact(t, result, exactly) }, t, big), nil
}

func roundExact(t, result vector.Type, by rounding) expr.Kernel {
	var b vector.Buffer
	fits := fitsType(result)
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		return exactRows(&b, result, rowsOf{n, sel}, func(i int) (vector.Int128, error) {
			x := args[0].Wide(i)
			drop := int64(t.Scale) - args[1].Int(i)
			switch {
			case args[1].Int(i) >= int64(t.Scale):
				return x, nil
			case args[1].Int(i) < -vector.MaxDecimalDigits || drop > vector.MaxDecimalDigits:
				return vector.Int128{}, nil
			}
			quotient, ok := divided(x, int(drop), by)
			out, whole := quotient.Mul(vector.PowerOfTen(int(drop)))
			if !ok || !whole || !fits(out) {
				return out, sqlerr.New(sqlerr.NumericOutOfRange, "the result of round does not fit %s", result)
			}
			return out, nil
		})
	}
}

// roundFloats scales up, rounds and scales down; a float so large that this changes nothing stays as it is.
func roundFloats(round func(float64) float64) expr.Kernel {
	const mostDigits = 308 // of a double
	var b vector.Buffer
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		out := b.Floats(n)
		each(sel, n, func(i int) {
			x, digits := args[0].Float(i), args[1].Int(i)
			unit := math.Pow10(int(min(max(digits, -digits, 0), mostDigits)))
			switch {
			case digits >= 0 && math.IsInf(x*unit, 0):
				out[i] = x
			case digits >= 0:
				out[i] = round(x*unit) / unit
			default:
				out[i] = round(x/unit) * unit
			}
		})
		return b.FloatVector(vector.Of(vector.Float64), out, nil), nil
	}
}
