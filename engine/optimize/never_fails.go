package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// neverFails tells whether an expression has a value for every row: no overflow, and nothing that can't be converted.
// It may then be computed of rows that the plan as it was written leaves out before.
func neverFails(e expr.Expr) bool {
	switch x := e.(type) {
	case expr.Column, expr.Literal, expr.Compare, expr.And, expr.Or, expr.Not, expr.IsNull, expr.In, expr.Case:
	case expr.Arithmetic:
		// A result of so many digits was cut to them.
		if x.Of.Kind != vector.Decimal || x.Of.Precision >= vector.MaxDecimalDigits || x.Op > expr.Multiply {
			return false
		}
	case expr.Cast:
		if !x.Try && !widens(x.Of.Type(), x.To) {
			return false
		}
	default:
		return false
	}
	return !slices.ContainsFunc(e.Children(), func(c expr.Expr) bool { return !neverFails(c) })
}

// widens tells whether every number of a type is one of another.
func widens(from, to vector.Type) bool {
	switch {
	case from.Equal(to):
		return true
	case to.Kind == vector.Float64:
		return from.IsNumeric()
	case from.IsInteger() && to.IsInteger() && from.Kind != vector.UInt64:
		lo, hi := from.Limits()
		toLo, toHi := to.Limits()
		return toLo <= lo && hi <= toHi
	case from.Kind == vector.Decimal && to.Kind == vector.Decimal:
		return to.Scale >= from.Scale && to.Precision-to.Scale >= from.Precision-from.Scale
	case from.IsInteger() && from.Kind != vector.UInt64 && to.Kind == vector.Decimal:
		return to.Precision-to.Scale >= digitsOf(from)
	default:
		return false
	}
}

// digitsOf is how many decimal digits the integers of a type have at most.
func digitsOf(t vector.Type) uint8 {
	lo, hi := t.Limits()
	digits := uint8(1)
	for ; lo <= -10 || hi >= 10; digits++ {
		lo, hi = lo/10, hi/10
	}
	return digits
}
