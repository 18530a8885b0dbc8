package function

import (
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// dateArithmetic are the operators between dates, timestamps, intervals and days, and date_trunc.
func dateArithmetic() []Entry {
	date, big := vector.Of(vector.Date), vector.Of(vector.Int64)
	days := func(name, sign string, op vector.Operation) Entry {
		o := Fixed(date, expr.NullIfAny, func() expr.Kernel { return addDays(op) }, date, big)
		o.Bounds = func(args []vector.Bounds) vector.Bounds {
			lo, hi := date.Limits()
			if r, ok := args[0].Combine(op, args[1]); ok {
				return vector.Bounds{Lo: max(r.Lo, lo), Hi: min(r.Hi, hi)}
			}
			return vector.Bounds{Lo: lo, Hi: hi}
		}
		return Entry{
			Name: name, Family: "date", Signature: "date " + sign + " days → DATE",
			Help: "Moves a date by days.", Example: "DATE '2024-02-28' " + sign + " 1",
			Gives: map[string]string{"+": "2024-02-29", "-": "2024-02-27"}[sign], Resolve: Choose(name, o),
		}
	}
	return []Entry{
		{
			Name: AddInterval, Family: "date", Signature: "date or timestamp + interval → TIMESTAMP",
			Help:    "Adds months, a day that a month does not have becoming its last, then days, then time.",
			Example: "TIMESTAMP '2024-01-31 12:00:00' + INTERVAL '1 month'", Gives: "2024-02-29 12:00:00",
			Resolve: resolveInterval(AddInterval, 1),
		},
		{
			Name: SubtractInterval, Family: "date", Signature: "date or timestamp - interval → TIMESTAMP",
			Help: "Subtracts months, then days, then time.", Example: "DATE '2024-03-31' - INTERVAL '1 month'",
			Gives:   "2024-02-29",
			Resolve: resolveInterval(SubtractInterval, -1),
		},
		days(AddDays, "+", vector.Add),
		days(SubtractDays, "-", vector.Subtract),
		{
			Name: SubtractDates, Family: "date", Signature: "date - date → BIGINT", Help: "The days between two dates.",
			Example: "DATE '2024-03-01' - DATE '2024-02-01'", Gives: "29",
			Resolve: Choose(SubtractDates, Fixed(big, expr.NullIfAny, subtractDates, date, date)),
		},
		{
			Name: SubtractTimestamps, Family: "date", Signature: "timestamp - timestamp → INTERVAL",
			Help:    "The time between two timestamps, in days and a time.",
			Example: "TIMESTAMP '2024-03-01 12:00:00' - TIMESTAMP '2024-02-01 00:00:00'",
			Gives:   "29 days 12:00:00",
			Resolve: Variadic(SubtractTimestamps, 2, subtractTimestamps),
		},
		{
			Name: "date_trunc", Aliases: []string{"datetrunc"}, Family: "date",
			Signature: "date_trunc(unit, date or timestamp) → as given",
			Help:      "Cuts off what is finer than the unit: millennium to microsecond.",
			Example:   "date_trunc('month', TIMESTAMP '2024-02-29 12:30:00')", Gives: "2024-02-01 00:00:00",
			Resolve: resolveTrunc,
		},
		{
			Name: "last_day", Family: "date", Signature: "last_day(date) → DATE", Help: "The last day of the month.",
			Example: "last_day(DATE '2024-02-01')", Gives: "2024-02-29",
			Resolve: Choose("last_day", Fixed(date, expr.NullIfAny, lastDays, date)),
		},
	}
}

func outOfTime(t vector.Type) error {
	return sqlerr.New(sqlerr.InvalidDatetime, "the result does not fit %s", t)
}

// addDays moves dates.
func addDays(op vector.Operation) expr.Kernel {
	var b vector.Buffer
	rows := make([]uint16, vector.ChunkRows)
	date := vector.Of(vector.Date)
	return func(args []*vector.Vector, _ int, sel []uint16) (*vector.Vector, error) {
		v, ok := b.Arithmetic(op, args[0], args[1], sel)
		lo, hi := date.Limits()
		if !ok || (v.Lo < lo || v.Hi > hi) &&
			len(vector.SelectRange(v, vector.Range{Lo: lo, Hi: hi, Negate: true}, sel, rows)) > 0 {
			return nil, outOfTime(date)
		}
		return b.Retyped(v, date), nil
	}
}

func subtractDates() expr.Kernel {
	var b vector.Buffer
	return func(args []*vector.Vector, _ int, sel []uint16) (*vector.Vector, error) {
		v, ok := b.Arithmetic(vector.Subtract, args[0], args[1], sel)
		if !ok {
			return nil, outOfTime(vector.Of(vector.Int64))
		}
		return b.Retyped(v, vector.Of(vector.Int64)), nil
	}
}

func subtractTimestamps(of vector.Type, count int) (expr.Overload, bool) {
	if of.Kind == vector.Unknown {
		of = vector.Type{Kind: vector.Timestamp, Precision: 6}
	}
	if of.Kind != vector.Timestamp || count != 2 {
		return expr.Overload{}, false
	}
	day := unitsPerDay(of)
	nanos := 1_000_000_000 / expr.UnitsPerSecond(of)
	return Fixed(vector.Of(vector.Interval), expr.NullIfAny, func() expr.Kernel {
		var difference, b vector.Buffer
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			v, ok := difference.Arithmetic(vector.Subtract, args[0], args[1], sel)
			if !ok {
				return nil, outOfTime(vector.Of(vector.Interval))
			}
			out := b.Intervals(n)
			var failed error
			each(sel, n, func(i int) {
				days := v.Int(i) / day
				if days != int64(int32(days)) {
					failed = outOfTime(vector.Of(vector.Interval))
				}
				out[i] = vector.Months{Days: int32(days), Nanos: v.Int(i) % day * nanos}
			})
			return b.IntervalVector(out, nil), failed
		}
	}, of, of), true
}

// resolveInterval gives a TIMESTAMP as fine as the argument's; of a DATE one with microseconds.
func resolveInterval(name string, sign int64) func(args []vector.Type) (expr.Overload, error) {
	return func(args []vector.Type) (expr.Overload, error) {
		if len(args) != 2 || args[1].Kind != vector.Interval && args[1].Kind != vector.Unknown {
			return expr.Overload{}, NoOverload(name, args)
		}
		t, ok := timeArgument(args[:1])
		if !ok || t.Kind == vector.Time {
			return expr.Overload{}, NoOverload(name, args)
		}
		result := t
		if t.Kind == vector.Date {
			result = vector.Type{Kind: vector.Timestamp, Precision: 6}
		}
		return Fixed(result, expr.NullIfAny, func() expr.Kernel { return addInterval(t, result, sign) },
			t, vector.Of(vector.Interval)), nil
	}
}

func addInterval(t, result vector.Type, sign int64) expr.Kernel {
	var b vector.Buffer
	from, day := unitsPerDay(t), unitsPerDay(result)
	nanos := 1_000_000_000 / expr.UnitsPerSecond(result)
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		out := b.Ints(n)
		r := vector.Bounds{Lo: vector.MaxInt, Hi: vector.MinInt}
		var failed error
		each(sel, n, func(i int) {
			x, m := args[0].Int(i), args[1].Interval(i)
			days := floorDiv(x, from)
			rest := (x - days*from) * (day / from) // the time of day in the result's unit; 0 of a DATE
			if t.Kind == vector.Date {
				rest = 0
			}
			if m.Months != 0 {
				days = civilOf(days).addMonths(sign * int64(m.Months)).days()
			}
			days += sign * int64(m.Days)
			rest += floorDiv(sign*m.Nanos, nanos)
			total, ok := timesPlus(days, day, rest)
			if !ok {
				failed = outOfTime(result)
			}
			out[i] = total
			r.Lo, r.Hi = min(r.Lo, total), max(r.Hi, total)
		})
		return b.IntVector(result, out, nil, r.Lo, r.Hi), failed
	}
}

// timesPlus returns a*b+c, and whether it fits.
func timesPlus(a, b, c int64) (int64, bool) {
	product, ok := vector.Int128Of(a).Mul(vector.Int128Of(b))
	sum, fits := product.Add(vector.Int128Of(c))
	x, narrow := sum.Int64()
	return x, ok && fits && narrow
}

func lastDays() expr.Kernel {
	var b vector.Buffer
	date := vector.Of(vector.Date)
	lo, hi := date.Limits()
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		out := b.Ints(n)
		each(sel, n, func(i int) {
			c := civilOf(args[0].Int(i))
			c.day = lastDay(c.year, c.month)
			out[i] = min(c.days(), hi)
		})
		return b.IntVector(date, out, nil, lo, hi), nil
	}
}

func resolveTrunc(args []vector.Type) (expr.Overload, error) {
	if len(args) == 2 && (args[0].Kind == vector.Text || args[0].Kind == vector.Unknown) {
		if t, ok := timeArgument(args[1:]); ok && t.Kind != vector.Time {
			o := Fixed(t, expr.NullIfAny, func() expr.Kernel { return dateTrunc(t) }, vector.Of(vector.Text), t)
			return o, nil
		}
	}
	return expr.Overload{}, NoOverload("date_trunc", args)
}

func dateTrunc(t vector.Type) expr.Kernel {
	var b vector.Buffer
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		out := b.Ints(n)
		r := vector.Bounds{Lo: vector.MaxInt, Hi: vector.MinInt}
		var failed error
		var unit string
		var cut func(int64) int64
		each(sel, n, func(i int) {
			if name := args[0].Bytes(i); cut == nil || string(name) != unit {
				unit = string(name)
				var ok bool
				if cut, ok = truncation(t, unit); !ok {
					failed = sqlerr.New(sqlerr.InvalidParameterValue, "date_trunc has no unit '%s'", unit)
					cut = func(x int64) int64 { return x }
				}
			}
			out[i] = cut(args[1].Int(i))
			r.Lo, r.Hi = min(r.Lo, out[i]), max(r.Hi, out[i])
		})
		return b.IntVector(t, out, nil, r.Lo, r.Hi), failed
	}
}

// truncation returns the function that cuts a value of t off at a unit.
func truncation(t vector.Type, unit string) (func(int64) int64, bool) {
	name := strings.TrimSuffix(strings.ToLower(unit), "s")
	day := unitsPerDay(t)
	ofDay := func(f func(days int64) int64) (func(int64) int64, bool) {
		return func(x int64) int64 { return f(floorDiv(x, day)) * day }, true
	}
	years := map[string]int64{"year": 1, "decade": 10, "century": 100, "centurie": 100, "millennium": 1000}
	if n := years[name]; n > 0 {
		first := int64(0) // decades begin with 0, centuries and millennia with 1
		if n >= 100 {
			first = 1
		}
		return ofDay(func(d int64) int64 {
			return civil{floorDiv(civilOf(d).year-first, n)*n + first, 1, 1}.days()
		})
	}
	switch name {
	case "quarter":
		return ofDay(func(d int64) int64 { c := civilOf(d); return civil{c.year, (c.month-1)/3*3 + 1, 1}.days() })
	case "month":
		return ofDay(func(d int64) int64 { c := civilOf(d); return civil{c.year, c.month, 1}.days() })
	case "week":
		return ofDay(func(d int64) int64 { return d - isoWeekday(d) + 1 })
	case "day":
		return ofDay(func(d int64) int64 { return d })
	}
	nanos := map[string]int64{
		"hour": 3600e9, "minute": 60e9, "second": 1e9, "millisecond": 1e6, "microsecond": 1e3, "nanosecond": 1,
	}[name]
	if nanos == 0 {
		return nil, false
	}
	if t.Kind == vector.Date {
		return func(x int64) int64 { return x }, true
	}
	each := max(nanos/(1_000_000_000/expr.UnitsPerSecond(t)), 1)
	return func(x int64) int64 { return floorDiv(x, each) * each }, true
}
