package function

import (
	"math"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// numberFunctions compute with numbers. What is asked of a float outside a function's domain is 22003.
func numberFunctions() []Entry {
	double := vector.Of(vector.Float64)
	entry := func(name, signature, help, example string, resolve func([]vector.Type) (expr.Overload, error)) Entry {
		return Entry{
			Name: name, Family: "number", Signature: name + signature, Help: help, Example: example,
			Resolve: resolve,
		}
	}
	float := func(name, help, example string, f func(float64) float64) Entry {
		return entry(name, "(number) → DOUBLE", help, example,
			Choose(name, Fixed(double, expr.NullIfAny, floats(name, f), double)))
	}
	power := Fixed(double, expr.NullIfAny, powers, double, double)
	return []Entry{
		entry("abs", "(number) → as given", "Without its sign.", "abs(-3)", resolveAbs),
		entry("sign", "(number) → BIGINT", "-1, 0 or 1.", "sign(-2.5)", resolveSign),
		entry("ceil", "(number) → as given", "The least whole number that is not less.", "ceil(1.2)",
			resolveRound("ceil", upward, math.Ceil)),
		entry("ceiling", "(number) → as given", "The least whole number that is not less.", "ceiling(1.2)",
			resolveRound("ceiling", upward, math.Ceil)),
		entry("floor", "(number) → as given", "The greatest whole number that is not greater.", "floor(1.8)",
			resolveRound("floor", downward, math.Floor)),
		entry("trunc", "(number) → as given", "Without its fraction.", "trunc(-1.8)",
			resolveRound("trunc", towardZero, math.Trunc)),
		entry("round", "(number [, digits]) → as given",
			"Rounded half away from zero, to digits after the point, or before it where they are negative.",
			"round(2.345, 2)", resolveRound("round", halfAway, math.Round)),
		float("sqrt", "The square root.", "sqrt(2)", math.Sqrt),
		float("cbrt", "The cube root.", "cbrt(27)", math.Cbrt),
		float("exp", "e to the power.", "exp(1)", math.Exp),
		float("ln", "The natural logarithm.", "ln(10)", logarithm(math.Log)),
		float("log10", "The logarithm to base 10.", "log10(100)", logarithm(math.Log10)),
		float("log2", "The logarithm to base 2.", "log2(8)", logarithm(math.Log2)),
		float("log", "The logarithm to base 10.", "log(100)", logarithm(math.Log10)),
		float("sin", "The sine.", "sin(1)", math.Sin),
		float("cos", "The cosine.", "cos(1)", math.Cos),
		float("tan", "The tangent.", "tan(1)", math.Tan),
		float("asin", "The arc sine.", "asin(1)", math.Asin),
		float("acos", "The arc cosine.", "acos(1)", math.Acos),
		float("atan", "The arc tangent.", "atan(1)", math.Atan),
		float("degrees", "Radians as degrees.", "degrees(pi())", func(x float64) float64 { return x * 180 / math.Pi }),
		float("radians", "Degrees as radians.", "radians(180)", func(x float64) float64 { return x * math.Pi / 180 }),
		entry("pi", "() → DOUBLE", "The ratio of a circle's circumference to its diameter.", "pi()",
			Choose("pi", Fixed(double, expr.NullNever, pi))),
		entry("power", "(number, number) → DOUBLE", "A number to a power.", "power(2, 10)", Choose("power", power)),
		entry("pow", "(number, number) → DOUBLE", "A number to a power.", "pow(2, 10)", Choose("pow", power)),
		entry("mod", "(number, number) → as %", "The remainder; NULL for a divisor of 0.", "mod(7, 3)", resolveMod),
	}
}

// logarithm makes the logarithm of 0 a failure too.
func logarithm(f func(float64) float64) func(float64) float64 {
	return func(x float64) float64 {
		if x == 0 {
			return math.NaN()
		}
		return f(x)
	}
}

func outOfDomain(name string, x float64) error {
	return sqlerr.New(sqlerr.NumericOutOfRange, "%s has no value for %v", name, x)
}

func floats(name string, f func(float64) float64) func() expr.Kernel {
	return func() expr.Kernel {
		var b vector.Buffer
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			out := b.Floats(n)
			var failed error
			each(sel, n, func(i int) {
				x := args[0].Float(i)
				if out[i] = f(x); math.IsNaN(out[i]) && !math.IsNaN(x) {
					failed = outOfDomain(name, x)
				}
			})
			return b.FloatVector(vector.Of(vector.Float64), out, nil), failed
		}
	}
}

func powers() expr.Kernel {
	var b vector.Buffer
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		out := b.Floats(n)
		var failed error
		each(sel, n, func(i int) {
			x, y := args[0].Float(i), args[1].Float(i)
			if out[i] = math.Pow(x, y); math.IsNaN(out[i]) && !math.IsNaN(x) && !math.IsNaN(y) {
				failed = outOfDomain("power", x)
			}
		})
		return b.FloatVector(vector.Of(vector.Float64), out, nil), failed
	}
}

func pi() expr.Kernel {
	var b vector.Buffer
	return func(_ []*vector.Vector, n int, _ []uint16) (*vector.Vector, error) {
		return b.Fill(vector.FloatOf(math.Pi), n), nil
	}
}

// number returns the type in which a function of one number computes: BIGINT, a DECIMAL or DOUBLE.
func number(name string, args []vector.Type) (vector.Type, error) {
	if len(args) != 1 {
		return vector.Type{}, NoOverload(name, args)
	}
	switch t := args[0]; {
	case t.Kind == vector.Unknown || t.Kind == vector.Float32:
		return vector.Of(vector.Float64), nil
	case t.Kind == vector.UInt64:
		return AsDecimal(t), nil
	case t.IsInteger():
		return vector.Of(vector.Int64), nil
	case t.IsNumeric():
		return t, nil
	default:
		return t, NoOverload(name, args)
	}
}

func resolveAbs(args []vector.Type) (expr.Overload, error) {
	t, err := number("abs", args)
	if err != nil {
		return expr.Overload{}, err
	}
	if t.Physical() == vector.Float {
		return Fixed(t, expr.NullIfAny, floats("abs", math.Abs), t), nil
	}
	return Fixed(t, expr.NullIfAny, exact("abs", t, func(x vector.Int128) (vector.Int128, bool) {
		if x.Hi < 0 {
			x = x.Neg()
		}
		return x, x.Hi >= 0
	}), t), nil
}

func resolveSign(args []vector.Type) (expr.Overload, error) {
	t, err := number("sign", args)
	if err != nil {
		return expr.Overload{}, err
	}
	big := vector.Of(vector.Int64)
	o := Fixed(big, expr.NullIfAny, func() expr.Kernel {
		var b vector.Buffer
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			out := b.Ints(n)
			each(sel, n, func(i int) {
				if t.Physical() == vector.Float {
					out[i] = int64(vector.CompareFloats(args[0].Float(i), 0))
				} else {
					out[i] = int64(args[0].Wide(i).Cmp(vector.Int128{}))
				}
			})
			return b.IntVector(big, out, nil, -1, 1), nil
		}
	}, t)
	o.Bounds = func([]vector.Bounds) vector.Bounds { return vector.Bounds{Lo: -1, Hi: 1} }
	return o, nil
}

// exact evaluates a function of unscaled integers; false of f, or a result that does not fit, is 22003.
func exact(name string, result vector.Type, f func(vector.Int128) (vector.Int128, bool)) func() expr.Kernel {
	return func() expr.Kernel {
		var b vector.Buffer
		fits := fitsType(result)
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			return exactRows(&b, result, rowsOf{n, sel}, func(i int) (vector.Int128, error) {
				x, ok := f(args[0].Wide(i))
				if !ok || !fits(x) {
					return x, sqlerr.New(sqlerr.NumericOutOfRange, "the result of %s does not fit %s", name, result)
				}
				return x, nil
			})
		}
	}
}

type rowsOf struct {
	n   int
	sel []uint16
}

// exactRows makes an Integer or Wide vector, as the type is.
func exactRows(
	b *vector.Buffer, of vector.Type, rows rowsOf, at func(i int) (vector.Int128, error),
) (*vector.Vector, error) {
	var failed error
	value := func(i int) vector.Int128 {
		x, err := at(i)
		if err != nil {
			failed = err
		}
		return x
	}
	if of.Physical() == vector.Wide {
		out := b.Wides(rows.n)
		each(rows.sel, rows.n, func(i int) { out[i] = value(i) })
		return b.WideVector(of, out, nil), failed
	}
	out, r := b.Ints(rows.n), vector.Bounds{Lo: vector.MaxInt, Hi: vector.MinInt}
	each(rows.sel, rows.n, func(i int) {
		out[i] = int64(value(i).Lo)
		r.Lo, r.Hi = min(r.Lo, out[i]), max(r.Hi, out[i])
	})
	return b.IntVector(of, out, nil, r.Lo, r.Hi), failed
}

// fitsType tells whether a value is one of a type's.
func fitsType(t vector.Type) func(vector.Int128) bool {
	lo, hi := t.Limits()
	least, most := vector.Int128Of(lo), vector.Int128Of(hi)
	if t.Kind == vector.Decimal {
		most, _ = vector.PowerOfTen(int(t.Precision)).Sub(vector.Int128Of(1))
		least = most.Neg()
	}
	return func(x vector.Int128) bool { return x.Cmp(least) >= 0 && x.Cmp(most) <= 0 }
}

// resolveMod is the operator % as a function.
func resolveMod(args []vector.Type) (expr.Overload, error) {
	if len(args) != 2 {
		return expr.Overload{}, NoOverload("mod", args)
	}
	types, ok := ArithmeticType(expr.Modulo, args[0], args[1])
	if !ok {
		return expr.Overload{}, NoOverload("mod", args)
	}
	return Fixed(types.Result, expr.NullResult, func() expr.Kernel {
		return kernelOf(expr.Arithmetic{
			Op: expr.Modulo, Left: expr.Column{Index: 0, Of: types.Left}, Right: expr.Column{Index: 1, Of: types.Right},
			Of: types.Result,
		})
	}, types.Left, types.Right), nil
}

// kernelOf makes a kernel of an expression whose columns are the arguments.
func kernelOf(e expr.Expr) expr.Kernel {
	value, err := expr.Compile(e)
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		if err != nil {
			return nil, err
		}
		return value(&vector.Chunk{Len: n, Columns: args}, sel)
	}
}
