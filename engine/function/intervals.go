package function

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// intervals are the operators of intervals with each other, with numbers and with times of day.
func intervals() []Entry {
	interval, double, day := vector.Of(vector.Interval), vector.Of(vector.Float64), vector.Of(vector.Time)
	binary := func(name, signature string, d doc, result vector.Type, kernel func() expr.Kernel,
		args ...vector.Type,
	) Entry {
		return Entry{
			Name: name, Family: "date", Signature: signature, Help: d.help, Example: d.example, Gives: d.gives,
			Resolve: Choose(name, Fixed(result, expr.NullIfAny, kernel, args...)),
		}
	}
	return []Entry{
		binary(AddIntervals, "interval + interval → INTERVAL", shown("Adds months, days and time, each for itself.",
			"INTERVAL '1 month' + INTERVAL '2 days'", "1 month 2 days"), interval, addIntervals(1), interval, interval),
		binary(SubtractIntervals, "interval - interval → INTERVAL",
			shown("Subtracts months, days and time, each for itself.", "INTERVAL '1 month' - INTERVAL '2 days'",
				"1 month -2 days"), interval, addIntervals(-1), interval, interval),
		binary(MultiplyInterval, "interval * number → INTERVAL",
			shown("Multiplies months, days and time; a part of a month is days of 30, a part of a day time.",
				"INTERVAL '1 day' * 1.5", "1 day 12:00:00"), interval, scaleInterval(false), interval, double),
		binary(DivideInterval, "interval / number → INTERVAL", shown("Divides months, days and time; NULL by 0.",
			"INTERVAL '1 day' / 2", "12:00:00"), interval, scaleInterval(true), interval, double),
		binary(IntervalLength, "interval_length(interval) → VARBINARY",
			shown("What orders intervals: their length with days of 24 hours and months of 30 days.",
				"interval_length(INTERVAL '1 month') = interval_length(INTERVAL '30 days')", "true"),
			vector.Of(vector.Binary), intervalLength, interval),
		binary("justify_interval", "justify_interval(interval) → INTERVAL",
			shown("Writes 30 days as a month and 24 hours as a day; intervals that are equal become the same.",
				"justify_interval(INTERVAL '45 days 26 hours')", "1 month 16 days 02:00:00"),
			interval, justify, interval),
		{
			Name: AddTime, Family: "date", Signature: "time + interval → TIME",
			Help:    "Moves a time of day, around midnight; whole days don't count.",
			Example: "TIME '23:00:00' + INTERVAL '2 hours'", Gives: "01:00:00", Resolve: resolveTime(AddTime, 1),
		},
		{
			Name: SubtractTime, Family: "date", Signature: "time - interval → TIME",
			Help:    "Moves a time of day back, around midnight; whole days don't count.",
			Example: "TIME '01:00:00' - INTERVAL '2 hours'", Gives: "23:00:00", Resolve: resolveTime(SubtractTime, -1),
		},
		binary(SubtractTimes, "time - time → INTERVAL", shown("The time between two times of a day.",
			"TIME '10:30:00' - TIME '09:00:00'", "01:30:00"), interval, subtractTimes, day, day),
	}
}

func intervalTooLong() error {
	return sqlerr.New(sqlerr.InvalidDatetime, "the result does not fit INTERVAL")
}

func addIntervals(sign int64) func() expr.Kernel {
	return func() expr.Kernel {
		var b vector.Buffer
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			out := b.Intervals(n)
			fits := true
			each(sel, n, func(i int) {
				x, y := args[0].Interval(i), args[1].Interval(i)
				months, days := int64(x.Months)+sign*int64(y.Months), int64(x.Days)+sign*int64(y.Days)
				nanos, ok := timesPlus(sign, y.Nanos, x.Nanos)
				fits = fits && ok && months == int64(int32(months)) && days == int64(int32(days))
				out[i] = vector.Months{Months: int32(months), Days: int32(days), Nanos: nanos}
			})
			if !fits {
				return nil, intervalTooLong()
			}
			return b.IntervalVector(out, nil), nil
		}
	}
}

func scaleInterval(divide bool) func() expr.Kernel {
	return func() expr.Kernel {
		var b vector.Buffer
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			out, valid, fits := b.Intervals(n), []uint64(nil), true
			each(sel, n, func(i int) {
				by := args[1].Float(i)
				if divide && by == 0 {
					if valid == nil {
						valid = b.AllValid(n)
					}
					valid[i>>6] &^= 1 << (i & 63)
					return
				}
				var ok bool
				out[i], ok = expr.ScaleInterval(args[0].Interval(i), by, divide)
				fits = fits && ok
			})
			if !fits {
				return nil, intervalTooLong()
			}
			return b.IntervalVector(out, valid), nil
		}
	}
}

// intervalLength keeps the part of packed intervals that orders them.
func intervalLength() expr.Kernel {
	var b vector.Buffer
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		offsets, data := b.Texts(n)
		next := 0
		for i := range n {
			offsets[i] = int32(len(data))
			if sel == nil || next < len(sel) && int(sel[next]) == i {
				next++
				data = append(data, vector.IntervalLength(args[0].Bytes(i))...)
			}
		}
		offsets[n] = int32(len(data))
		return b.TextVector(vector.Of(vector.Binary), offsets, data, nil), nil
	}
}

func justify() expr.Kernel {
	var b vector.Buffer
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		out := b.Intervals(n)
		each(sel, n, func(i int) { out[i] = args[0].Interval(i).Justified() })
		return b.IntervalVector(out, nil), nil
	}
}

func resolveTime(name string, sign int64) func(args []vector.Type) (expr.Overload, error) {
	return func(args []vector.Type) (expr.Overload, error) {
		if len(args) != 2 || args[0].Kind != vector.Time ||
			args[1].Kind != vector.Interval && args[1].Kind != vector.Unknown {
			return expr.Overload{}, NoOverload(name, args)
		}
		t := args[0]
		return Fixed(t, expr.NullIfAny, func() expr.Kernel {
			var b vector.Buffer
			day := unitsPerDay(t)
			nanos := 1_000_000_000 / expr.UnitsPerSecond(t)
			return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
				out := b.Ints(n)
				each(sel, n, func(i int) {
					by := sign * (args[1].Interval(i).Nanos % (day * nanos))
					x := args[0].Int(i) + floorDiv(by, nanos)
					out[i] = x - floorDiv(x, day)*day
				})
				return b.IntVector(t, out, nil, 0, day-1), nil
			}
		}, t, vector.Of(vector.Interval)), nil
	}
}

func subtractTimes() expr.Kernel {
	var b vector.Buffer
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		out := b.Intervals(n)
		each(sel, n, func(i int) { out[i] = vector.Months{Nanos: args[0].Int(i) - args[1].Int(i)} })
		return b.IntervalVector(out, nil), nil
	}
}

// Distinguishable returns what tells values of e apart: equal intervals may be written apart, and so may lists and
// structs of them. Other values are themselves.
func Distinguishable(e expr.Expr) expr.Expr {
	t := e.Type()
	if !t.HasInterval() {
		return e
	}
	kernel := justify
	if t.IsNested() {
		kernel = func() expr.Kernel { return justifyMembers(t) }
	}
	return expr.Call{Name: "justify_interval", Args: []expr.Expr{e}, Bound: Fixed(t, expr.NullIfAny, kernel, t)}
}

// Orderable returns what values of e are compared and ordered by: of an interval how long it is.
func Orderable(e expr.Expr) expr.Expr {
	if e.Type().Kind != vector.Interval {
		return Distinguishable(e)
	}
	return expr.Call{Name: IntervalLength, Args: []expr.Expr{e}, Bound: Fixed(vector.Of(vector.Binary), expr.NullIfAny,
		intervalLength, e.Type())}
}

// IntervalNanos returns how long an interval is as a number, DECIMAL(38, 0): in nanoseconds, with days of 24 hours and
// months of 30 days.
func IntervalNanos(e expr.Expr) expr.Expr {
	t := vector.DecimalType(vector.MaxDecimalDigits, 0)
	return expr.Call{Name: "interval_nanoseconds", Args: []expr.Expr{e}, Bound: Fixed(t, expr.NullIfAny,
		func() expr.Kernel {
			var b vector.Buffer
			return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
				out := b.Wides(n)
				each(sel, n, func(i int) { out[i] = args[0].Interval(i).Length() })
				return b.WideVector(t, out, nil), nil
			}
		}, e.Type())}
}

// justifyMembers justifies the intervals in lists and structs.
func justifyMembers(t vector.Type) expr.Kernel {
	var b vector.Buffer
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		return packedRows(&b, t, n, sel, func(dst []byte, i int) ([]byte, error) {
			dst, ok := vector.AppendJustified(dst, t, args[0].Bytes(i))
			if !ok {
				return dst, expr.DamagedNested(t)
			}
			return dst, nil
		})
	}
}
