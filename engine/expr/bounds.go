package expr

import "github.com/micodb/micodb/internal/vector"

// Bounds returns what is proven of an expression's values from what column says of the input's columns. With ok
// every vector that the expression's evaluator gives lies as Integer, its non-NULL values within the bounds; so keys
// pack by them. Without ok nothing is proven, and the vectors may be of any family.
func Bounds(e Expr, column func(index int) (b vector.Bounds, ok bool)) (vector.Bounds, bool) {
	t := e.Type()
	switch e := e.(type) {
	case Column:
		return column(e.Index)
	case Literal:
		return literalBounds(e.Value)
	case Arithmetic:
		if b, ok := arithmeticBounds(e, column); ok {
			return b, true
		}
	case Case:
		if b, ok := caseBounds(e, column); ok {
			return b, true
		}
	case Cast:
		if b, ok := castBounds(e, column); ok {
			return b, true
		}
	case Call:
		if b, ok := callBounds(e, column); ok {
			return b, true
		}
	case Parameter, Outer, Compare, And, Or, Not, IsNull, In, Like:
	}
	lo, hi := t.Limits()
	return vector.Bounds{Lo: lo, Hi: hi}, t.Physical() == vector.Integer
}

func literalBounds(s vector.Scalar) (vector.Bounds, bool) {
	switch {
	case s.Null:
		none := vector.Bounds{Lo: vector.MaxInt, Hi: vector.MinInt}
		return none, isWide(s.Type) || s.Type.Physical() == vector.Integer
	case isWide(s.Type):
		x, ok := s.Wide.Int64()
		return vector.Bounds{Lo: x, Hi: x}, ok
	default:
		return vector.Bounds{Lo: s.Int, Hi: s.Int}, s.Type.Physical() == vector.Integer
	}
}

func arithmeticBounds(e Arithmetic, column func(int) (vector.Bounds, bool)) (vector.Bounds, bool) {
	if e.Of.Physical() == vector.Float {
		return vector.Bounds{}, false
	}
	x, ok := Bounds(e.Left, column)
	if !ok {
		return x, false
	}
	y, ok := Bounds(e.Right, column)
	switch {
	case !ok:
		return y, false
	case e.Op <= Multiply:
		if e.Op == Multiply && int(e.Of.Scale) != int(e.Left.Type().Scale)+int(e.Right.Type().Scale) {
			return x, false
		}
		return x.Combine(vector.Operation(e.Op), y)
	case x.Lo == vector.MinInt:
		return x, false
	case x.Lo > x.Hi:
		return x, true
	default: // the magnitude never grows
		most := max(-x.Lo, x.Hi, 0)
		return vector.Bounds{Lo: -most, Hi: most}, true
	}
}

func caseBounds(e Case, column func(int) (vector.Bounds, bool)) (vector.Bounds, bool) {
	b, ok := Bounds(e.Else, column)
	for _, w := range e.Whens {
		if !ok {
			return b, false
		}
		var then vector.Bounds
		then, ok = Bounds(w.Then, column)
		b = b.Union(then)
	}
	return b, ok
}

func castBounds(e Cast, column func(int) (vector.Bounds, bool)) (vector.Bounds, bool) {
	from, to := e.Of.Type(), e.To
	x, ok := Bounds(e.Of, column)
	if !ok || from.Kind == vector.Unknown {
		return x, false
	}
	exact := func(t vector.Type) bool { return t.IsInteger() || t.Kind == vector.Decimal || t.Kind == vector.Boolean }
	var factor int64
	switch {
	case exact(from) && to.Kind != vector.Boolean && exact(to) && to.Scale >= from.Scale:
		f, fits := vector.PowerOfTen(int(to.Scale - from.Scale)).Int64()
		if !fits {
			return x, false
		}
		factor = f
	case from.Kind == vector.Date && to.Kind == vector.Timestamp:
		factor = 86400 * UnitsPerSecond(to)
	case from.Kind == to.Kind && to.Precision >= from.Precision &&
		(to.Kind == vector.Timestamp || to.Kind == vector.Time):
		factor = UnitsPerSecond(to) / UnitsPerSecond(from)
	case from.Kind == vector.Timestamp && to.Kind == vector.Date && x.Lo <= x.Hi:
		day := 86400 * UnitsPerSecond(from)
		return vector.Bounds{Lo: floorDiv(x.Lo, day), Hi: floorDiv(x.Hi, day)}, true
	default:
		return x, false
	}
	b, ok := x.Combine(vector.Multiply, vector.Bounds{Lo: factor, Hi: factor})
	if to.Kind == vector.UInt64 && b.Lo < 0 {
		return b, false
	}
	if lo, hi := to.Limits(); ok && to.Physical() == vector.Integer {
		b.Lo, b.Hi = max(b.Lo, lo), min(b.Hi, hi) // others fail, or become NULL
	}
	return b, ok
}

func callBounds(e Call, column func(int) (vector.Bounds, bool)) (vector.Bounds, bool) {
	if e.Bound.Bounds == nil {
		return vector.Bounds{}, false
	}
	args := make([]vector.Bounds, len(e.Args))
	for i, a := range e.Args {
		var ok bool
		if args[i], ok = Bounds(a, column); !ok {
			return vector.Bounds{}, false
		}
	}
	return e.Bound.Bounds(args), true
}
