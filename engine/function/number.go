package function

import (
	"math"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// numberFunctions compute with numbers. What is asked of a float outside a function's domain is 22003.
func numberFunctions() []Entry {
	double, big := doubleType(), bigType()
	entry := inFamily("number")
	given := func(names, help, example, gives string,
		resolve func(name string) func([]vector.Type) (expr.Overload, error),
	) Entry {
		name, _ := cutNames(names)
		e := entry(names, "(number) → as given", shown(help, example, gives))
		e.Resolve = resolve(name)
		return e
	}
	rounding := func(by rounding, float func(float64) float64) func(string) func([]vector.Type) (expr.Overload, error) {
		return func(name string) func([]vector.Type) (expr.Overload, error) { return resolveRound(name, by, float) }
	}
	round := given("round",
		"Rounded half away from zero, to digits after the point, or before it where they are negative.",
		"round(2.345, 2)", "2.350", rounding(halfAway, math.Round))
	round.Signature = "round(number [, digits]) → as given"
	trunc := given("trunc truncate", "Without its fraction, or what stands after so many digits of it.",
		"trunc(-1.8)", "-1",
		rounding(towardZero, math.Trunc))
	trunc.Signature = "trunc(number [, digits]) → as given"
	mod := given("mod", "The remainder of a division, with the sign of the number; NULL for a divisor of 0.",
		"mod(7, 3)", "1",
		func(string) func([]vector.Type) (expr.Overload, error) { return resolveMod })
	mod.Signature = "mod(number, divisor) → as number % divisor"
	divide := given("div", "The whole part of a quotient; NULL for a divisor of 0.", "div(7, 2)", "3",
		func(string) func([]vector.Type) (expr.Overload, error) { return resolveDiv })
	divide.Signature = "div(number, divisor) → as number DIV divisor"
	return []Entry{
		given("abs", "Without its sign.", "abs(-3)", "3",
			func(string) func([]vector.Type) (expr.Overload, error) { return resolveAbs }),
		given("sign", "-1, 0 or 1.", "sign(-2.5)", "-1",
			func(string) func([]vector.Type) (expr.Overload, error) { return resolveSign }),
		given("ceil ceiling", "The least whole number that is not less.", "ceil(1.2)", "2",
			rounding(upward, math.Ceil)),
		given("floor", "The greatest whole number that is not greater.", "floor(1.8)", "1",
			rounding(downward, math.Floor)),
		round, trunc, mod, divide,
		entry("round_even roundbankers", "(number, digits) → DOUBLE", shown("Rounded half to the even digit.",
			"round_even(2.5, 0)", "2"), toDouble(roundEven, double, big)),
		entry("even", "(number) → DOUBLE", shown("Rounded away from zero to an even number.", "even(2.1)", "4"),
			toDouble(func(r *row) (float64, error) { return evenOf(r.float(0)), nil }, double)),
		entry("fmod", "(number, divisor) → DOUBLE", shown("The remainder of two floats.", "fmod(5.5, 2)", "1.5"),
			toDouble(func(r *row) (float64, error) { return inDomain("fmod", math.Mod(r.float(0), r.float(1)), r) },
				double, double)),
		entry("power pow", "(number, exponent) → DOUBLE",
			shown("A number to a power. Also number ^ exponent.", "power(2, 10)", "1024"),
			toDouble(func(r *row) (float64, error) { return inDomain("power", math.Pow(r.float(0), r.float(1)), r) },
				double, double)),
		entry("log", "([base,] number) → DOUBLE", shown("The logarithm to a base, 10 unless told.", "log(2, 8)", "3"),
			Fixed(double, expr.NullIfAny, floats("log", logarithm(math.Log10)), double),
			toDouble(logTo, double, double)),
	}
}

// wholeFunctions compute with whole numbers and with ranges, and tell floats apart.
func wholeFunctions() []Entry {
	double, big := doubleType(), bigType()
	entry := inFamily("number")
	test := func(name, help, example string, f func(float64) bool) Entry {
		return entry(name, "(number) → BOOLEAN", shown(help, example, "true"),
			toTruth(func(r *row) bool { return f(r.float(0)) }, double))
	}
	return []Entry{
		entry("gcd greatest_common_divisor", "(number, number) → BIGINT",
			shown("The greatest common divisor of two whole numbers.",
				"gcd(12, 18)", "6"), toBig(func(r *row) (int64, error) { return gcd(r.int(0), r.int(1)) }, big, big)),
		entry("lcm least_common_multiple", "(number, number) → BIGINT",
			shown("The least common multiple of two whole numbers.",
				"lcm(4, 6)", "12"), toBig(lcm, big, big)),
		entry("factorial", "(number) → DECIMAL(38,0)",
			shown("The product of the whole numbers from 1 to this one, 33 at most.",
				"factorial(5)", "120"), factorial()),
		entry("width_bucket", "(number, least, most, count) → BIGINT",
			shown("In which of count parts of a range the number lies, from 1; 0 before it, count + 1 after it.",
				"width_bucket(5, 0, 10, 4)", "3"), toBig(widthBucket, double, double, double, big)),
		entry("nextafter", "(number, towards) → DOUBLE",
			shown("The next float in a direction.", "nextafter(1, 2) > 1", "true"),
			toDouble(func(r *row) (float64, error) { return math.Nextafter(r.float(0), r.float(1)), nil }, double,
				double)),
		entry("format_bytes pg_size_pretty", "(bytes) → VARCHAR",
			shown("A number of bytes for reading.", "format_bytes(16384)",
				"16.0 KiB"), toText(formatBytes, big)),
		entry("atan2", "(y, x) → DOUBLE", shown("The angle of the point (x, y).", "round(atan2(1, -1), 6)", "2.356194"),
			toDouble(func(r *row) (float64, error) { return math.Atan2(r.float(0), r.float(1)), nil }, double, double)),
		test("isnan", "Whether a float is no number.", "isnan(CAST('NaN' AS DOUBLE))", math.IsNaN),
		test("isinf", "Whether a float is infinite.", "isinf(CAST('-Infinity' AS DOUBLE))",
			func(x float64) bool { return math.IsInf(x, 0) }),
		test("isfinite", "Whether a float is a number, and not infinite.", "isfinite(1)",
			func(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }),
		test("signbit", "Whether a float has a minus before it; -0 has.", "signbit(-1)", math.Signbit),
	}
}

// floatFunctions are those of one DOUBLE.
func floatFunctions() []Entry {
	double := doubleType()
	entry := inFamily("number")
	float := func(names, help, example, gives string, f func(float64) float64) Entry {
		name, _ := cutNames(names)
		return entry(names, "(number) → DOUBLE", shown(help, example, gives),
			Fixed(double, expr.NullIfAny, floats(name, f), double))
	}
	constant := func(name, help, gives string, value float64) Entry {
		return entry(name, "() → DOUBLE", shown(help, "round("+name+"(), 6)", gives),
			Fixed(double, expr.NullNever, func() expr.Kernel {
				var b vector.Buffer
				return func(_ []*vector.Vector, n int, _ []uint16) (*vector.Vector, error) {
					return b.Fill(vector.FloatOf(value), n), nil
				}
			}))
	}
	return []Entry{
		float("sqrt", "The square root.", "sqrt(9)", "3", math.Sqrt),
		float("cbrt", "The cube root.", "cbrt(27)", "3", math.Cbrt),
		float("exp", "e to a power.", "exp(0)", "1", math.Exp),
		float("ln", "The natural logarithm.", "ln(1)", "0", logarithm(math.Log)),
		float("log10", "The logarithm to base 10.", "log10(100)", "2", logarithm(math.Log10)),
		float("log2", "The logarithm to base 2.", "log2(8)", "3", logarithm(math.Log2)),
		float("sin", "The sine.", "sin(0)", "0", math.Sin),
		float("cos", "The cosine.", "cos(0)", "1", math.Cos),
		float("tan", "The tangent.", "tan(0)", "0", math.Tan),
		float("cot", "The cotangent.", "round(cot(1), 6)", "0.642093", func(x float64) float64 {
			if x == 0 {
				return math.NaN()
			}
			return 1 / math.Tan(x)
		}),
		float("asin", "The arc sine.", "round(asin(1), 6)", "1.570796", math.Asin),
		float("acos", "The arc cosine.", "acos(1)", "0", math.Acos),
		float("atan", "The arc tangent.", "round(atan(1), 6)", "0.785398", math.Atan),
		float("sinh", "The hyperbolic sine.", "sinh(0)", "0", math.Sinh),
		float("cosh", "The hyperbolic cosine.", "cosh(0)", "1", math.Cosh),
		float("tanh", "The hyperbolic tangent.", "tanh(0)", "0", math.Tanh),
		float("asinh", "The inverse hyperbolic sine.", "asinh(0)", "0", math.Asinh),
		float("acosh", "The inverse hyperbolic cosine.", "acosh(1)", "0", math.Acosh),
		float("atanh", "The inverse hyperbolic tangent.", "atanh(0)", "0", math.Atanh),
		float("degrees", "Radians as degrees.", "degrees(pi())", "180",
			func(x float64) float64 { return x * (180 / math.Pi) }),
		float("radians", "Degrees as radians.", "round(radians(180), 6)", "3.141593",
			func(x float64) float64 { return x * (math.Pi / 180) }),
		float("gamma", "The gamma function.", "gamma(5)", "24", func(x float64) float64 {
			if x == 0 {
				return math.NaN()
			}
			return math.Gamma(x)
		}),
		float("lgamma", "The logarithm of the gamma function.", "lgamma(1)", "0", func(x float64) float64 {
			if x == 0 {
				return math.NaN()
			}
			out, _ := math.Lgamma(x)
			return out
		}),
		constant("pi", "The ratio of a circle's circumference to its diameter.", "3.141593", math.Pi),
		constant("e", "The base of the natural logarithm.", "2.718282", math.E),
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

// inDomain makes a result that is no number a failure where the arguments are numbers.
func inDomain(name string, result float64, r *row) (float64, error) {
	if math.IsNaN(result) {
		for k := range r.args {
			if math.IsNaN(r.float(k)) {
				return result, nil
			}
		}
		return result, outOfDomain(name, r.float(0))
	}
	return result, nil
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
	return resolveOperator("mod", expr.Modulo, args)
}

// resolveDiv is the operator DIV as a function.
func resolveDiv(args []vector.Type) (expr.Overload, error) {
	return resolveOperator("div", expr.IntegerDivide, args)
}

func resolveOperator(name string, op expr.ArithmeticOp, args []vector.Type) (expr.Overload, error) {
	if len(args) != 2 {
		return expr.Overload{}, NoOverload(name, args)
	}
	types, ok := ArithmeticType(op, args[0], args[1])
	if !ok {
		return expr.Overload{}, NoOverload(name, args)
	}
	return Fixed(types.Result, expr.NullResult, func() expr.Kernel {
		return kernelOf(expr.Arithmetic{
			Op: op, Left: expr.Column{Index: 0, Of: types.Left}, Right: expr.Column{Index: 1, Of: types.Right},
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
