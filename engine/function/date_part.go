package function

import (
	"slices"
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// part is a field of a date or of a time: one of them is set.
type part struct {
	name   string
	help   string
	ofDay  func(days int64) int64  // of days since 1970-01-01
	ofTime func(nanos int64) int64 // of nanoseconds since midnight
	lo, hi int64                   // of ofDay's results where they don't grow with the day; of ofTime's
	grows  bool                    // whether ofDay never falls with the day
}

func parts() []part { return append(dayFields(), timeFields()...) }

func dayFields() []part {
	return []part{
		{name: "year", help: "The year.", ofDay: func(d int64) int64 { return civilOf(d).year }, grows: true},
		{
			name: "decade", help: "The year without its last digit.",
			ofDay: func(d int64) int64 { return floorDiv(civilOf(d).year, 10) }, grows: true,
		},
		{
			name: "century", help: "The century, which begins with a year 1.",
			ofDay: func(d int64) int64 { return floorDiv(civilOf(d).year-1, 100) + 1 }, grows: true,
		},
		{
			name: "millennium", help: "The millennium, which begins with a year 1.",
			ofDay: func(d int64) int64 { return floorDiv(civilOf(d).year-1, 1000) + 1 }, grows: true,
		},
		{
			name: "era", help: "1 since the year 1, and else 0.",
			ofDay: func(d int64) int64 { return truthOf(civilOf(d).year > 0) }, grows: true,
		},
		{
			name: "yearweek", help: "The year of the ISO week, times 100, and the week.",
			ofDay: func(d int64) int64 { y, w := isoWeek(d); return y*100 + w }, grows: true,
		},
		{
			name: "isoyear", help: "The year of the ISO week.",
			ofDay: func(d int64) int64 { y, _ := isoWeek(d); return y }, grows: true,
		},
		{
			name: "quarter", help: "The quarter, 1 to 4.",
			ofDay: func(d int64) int64 { return (civilOf(d).month + 2) / 3 }, lo: 1, hi: 4,
		},
		{
			name: "month", help: "The month, 1 to 12.",
			ofDay: func(d int64) int64 { return civilOf(d).month }, lo: 1, hi: 12,
		},
		{
			name: "week", help: "The ISO week, 1 to 53.",
			ofDay: func(d int64) int64 { _, w := isoWeek(d); return w }, lo: 1, hi: 53,
		},
		{
			name: "day", help: "The day of the month, 1 to 31.",
			ofDay: func(d int64) int64 { return civilOf(d).day }, lo: 1, hi: 31,
		},
		{
			name: "dow", help: "The day of the week, 0 (Sunday) to 6.",
			ofDay: func(d int64) int64 { return isoWeekday(d) % 7 }, lo: 0, hi: 6,
		},
		{name: "isodow", help: "The day of the week, 1 (Monday) to 7.", ofDay: isoWeekday, lo: 1, hi: 7},
		{name: "doy", help: "The day of the year, 1 to 366.", ofDay: func(d int64) int64 {
			return d - civil{civilOf(d).year, 1, 1}.days() + 1
		}, lo: 1, hi: 366},
	}
}

func timeFields() []part {
	const second = 1_000_000_000
	return []part{
		{
			name: "hour", help: "The hour, 0 to 23.",
			ofTime: func(n int64) int64 { return n / (3600 * second) }, lo: 0, hi: 23,
		},
		{
			name: "minute", help: "The minute, 0 to 59.",
			ofTime: func(n int64) int64 { return n / (60 * second) % 60 }, lo: 0, hi: 59,
		},
		{
			name: "second", help: "The second, 0 to 59, without its fraction.",
			ofTime: func(n int64) int64 { return n / second % 60 }, lo: 0, hi: 59,
		},
		{
			name: "millisecond", help: "The seconds with their fraction, in milliseconds.",
			ofTime: func(n int64) int64 { return n % (60 * second) / 1_000_000 }, lo: 0, hi: 59_999,
		},
		{
			name: "microsecond", help: "The seconds with their fraction, in microseconds.",
			ofTime: func(n int64) int64 { return n % (60 * second) / 1000 }, lo: 0, hi: 59_999_999,
		},
		{
			name: "nanosecond", help: "The seconds with their fraction, in nanoseconds.",
			ofTime: func(n int64) int64 { return n % (60 * second) }, lo: 0, hi: 60*second - 1,
		},
	}
}

// aliases are other names of parts.
func aliases() map[string]string {
	return map[string]string{
		"dayofmonth": "day", "dayofweek": "dow", "dayofyear": "doy", "weekofyear": "week", "weekday": "dow",
		"years": "year", "months": "month", "days": "day", "hours": "hour", "minutes": "minute", "seconds": "second",
		"milliseconds": "millisecond", "microseconds": "microsecond", "nanoseconds": "nanosecond",
		"decades": "decade", "centuries": "century", "millenniums": "millennium",
	}
}

func findPart(name string) (part, bool) {
	name = strings.ToLower(name)
	if to, ok := aliases()[name]; ok {
		name = to
	}
	for _, p := range parts() {
		if p.name == name {
			return p, true
		}
	}
	return part{}, false
}

// dateParts are the fields that EXTRACT takes, each a function of its name, and date_part.
func dateParts() []Entry {
	var out []Entry
	for _, p := range parts() {
		e := Entry{
			Name: p.name, Family: "date", Signature: p.name + "(date or timestamp) → BIGINT", Help: p.help,
			Example: p.name + "(TIMESTAMP '2024-02-29 12:30:15.25')", Gives: examplesOfParts[p.name],
			Resolve: p.resolve(p.name),
		}
		for alias, name := range aliases() {
			if name == p.name && (strings.HasSuffix(alias, "month") || strings.Contains(alias,
				"of") || alias == "weekday") {
				e.Aliases = append(e.Aliases, alias)
			}
		}
		slices.Sort(e.Aliases)
		out = append(out, e)
	}
	return append(out, Entry{
		Name: "epoch", Family: "date", Signature: "epoch(date or timestamp) → DOUBLE",
		Help: "The seconds since 1970-01-01 00:00:00 UTC.", Example: "epoch(TIMESTAMP '2024-02-29 12:30:00')",
		Gives: "1709209800",
		Resolve: func(args []vector.Type) (expr.Overload, error) {
			t, ok := timeArgument(args)
			if !ok || t.Kind == vector.Time {
				return expr.Overload{}, NoOverload("epoch", args)
			}
			return Fixed(vector.Of(vector.Float64), expr.NullIfAny, func() expr.Kernel { return epoch(t) }, t), nil
		},
	}, Entry{
		Name: "date_part", Aliases: []string{"datepart"}, Family: "date",
		Signature: "date_part(field, date, timestamp or interval) → BIGINT",
		Help:      "The field of a date or timestamp that EXTRACT gives.",
		Example:   "date_part('year', DATE '2024-02-29')",
		Gives:     "2024",
		Resolve:   resolveDatePart,
	})
}

// timeArgument returns the type of the only argument; one that is not known is read as a timestamp.
func timeArgument(args []vector.Type) (vector.Type, bool) {
	if len(args) != 1 {
		return vector.Type{}, false
	}
	switch args[0].Kind {
	case vector.Date, vector.Timestamp, vector.Time:
		return args[0], true
	case vector.Unknown:
		return vector.Type{Kind: vector.Timestamp, Precision: 6}, true
	default:
		return args[0], false
	}
}

func (p part) resolve(name string) func(args []vector.Type) (expr.Overload, error) {
	return func(args []vector.Type) (expr.Overload, error) {
		t, ok := timeArgument(args)
		if !ok || p.ofDay != nil && t.Kind == vector.Time {
			return expr.Overload{}, NoOverload(name, args)
		}
		o := Fixed(vector.Of(vector.Int64), expr.NullIfAny, func() expr.Kernel {
			k := p.kernel(t)
			return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
				return k(args[0], n, sel), nil
			}
		}, t)
		o.Bounds = func(args []vector.Bounds) vector.Bounds { return p.bounds(t, args[0]) }
		return o, nil
	}
}

// bounds proves the part's bounds from its argument's.
func (p part) bounds(t vector.Type, of vector.Bounds) vector.Bounds {
	switch {
	case of.Lo > of.Hi:
		return of
	case p.grows:
		day := unitsPerDay(t)
		return vector.Bounds{Lo: p.ofDay(floorDiv(of.Lo, day)), Hi: p.ofDay(floorDiv(of.Hi, day))}
	default:
		return vector.Bounds{Lo: p.lo, Hi: p.hi}
	}
}

// unitsPerDay is 1 for dates.
func unitsPerDay(t vector.Type) int64 {
	if t.Kind == vector.Date {
		return 1
	}
	return 86400 * expr.UnitsPerSecond(t)
}

type partKernel func(v *vector.Vector, n int, sel []uint16) *vector.Vector

// kernel computes the part of a DATE, TIME or TIMESTAMP vector. Parts of days come from a table over the days that
// the vector's bounds allow, where those are few.
func (p part) kernel(t vector.Type) partKernel {
	var b vector.Buffer
	var table dayTable
	result, day := vector.Of(vector.Int64), unitsPerDay(t)
	nanos := int64(1)
	if t.Kind != vector.Date {
		nanos = 1_000_000_000 / expr.UnitsPerSecond(t)
	}
	return func(v *vector.Vector, n int, sel []uint16) *vector.Vector {
		if sel == nil {
			sel = vector.All(n)
		}
		out := b.Ints(n)
		in, r := vector.IntsInPlace(v, sel, out), p.bounds(t, v.Bounds())
		switch {
		case p.ofTime != nil && t.Kind == vector.Date:
			for _, i := range sel {
				out[i] = 0
			}
			r = vector.Bounds{}
		case p.ofTime != nil:
			for _, i := range sel {
				out[i] = p.ofTime(modulo(in[i], day) * nanos)
			}
		default:
			if day != 1 {
				for _, i := range sel {
					out[i] = floorDiv(in[i], day)
				}
				in = out
			}
			days := vector.Bounds{Lo: floorDiv(v.Lo, day), Hi: floorDiv(v.Hi, day)}
			table.lookUp(p.ofDay, days, dayRows{in, out, sel})
		}
		return b.IntVector(result, out, nil, r.Lo, r.Hi)
	}
}

// dayTable is a function of days, kept for a range of them.
type dayTable struct {
	first  int64
	values []int64
}

// maxTableDays is some 180 years.
const maxTableDays = 1 << 16

// dayRows are what a function of days reads and writes.
type dayRows struct {
	in, out []int64
	sel     []uint16
}

// lookUp computes f for all rows, whose days lie within the bounds: from the table where the days are few.
func (t *dayTable) lookUp(f func(int64) int64, days vector.Bounds, r dayRows) {
	if days.Lo > days.Hi || uint64(days.Hi)-uint64(days.Lo) >= maxTableDays {
		for _, i := range r.sel {
			r.out[i] = f(r.in[i])
		}
		return
	}
	if days.Lo < t.first || days.Hi >= t.first+int64(len(t.values)) {
		t.first, t.values = days.Lo, make([]int64, days.Hi-days.Lo+1)
		for i := range t.values {
			t.values[i] = f(t.first + int64(i))
		}
	}
	first, values, in, out := t.first, t.values, r.in, r.out
	for _, i := range r.sel {
		out[i] = values[in[i]-first]
	}
}

func epoch(t vector.Type) expr.Kernel {
	var b vector.Buffer
	perSecond := float64(1) / 86400
	if t.Kind != vector.Date {
		perSecond = float64(expr.UnitsPerSecond(t))
	}
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		out := b.Floats(n)
		each(sel, n, func(i int) { out[i] = float64(args[0].Int(i)) / perSecond })
		return b.FloatVector(vector.Of(vector.Float64), out, nil), nil
	}
}

func each(sel []uint16, n int, f func(i int)) {
	if sel == nil {
		sel = vector.All(n)
	}
	for _, i := range sel {
		f(int(i))
	}
}

func resolveDatePart(args []vector.Type) (expr.Overload, error) {
	if len(args) != 2 {
		return expr.Overload{}, NoOverload("date_part", args)
	}
	t, ok := timeArgument(args[1:])
	if !ok || args[0].Kind != vector.Text && args[0].Kind != vector.Unknown {
		return expr.Overload{}, NoOverload("date_part", args)
	}
	return Fixed(vector.Of(vector.Int64), expr.NullIfAny, func() expr.Kernel { return datePart(t) },
		vector.Of(vector.Text), t), nil
}

// datePart chooses the part by name; a name that changes from row to row is looked up in each.
func datePart(t vector.Type) expr.Kernel {
	var b vector.Buffer
	kernels := map[string]partKernel{}
	of := func(name string) (partKernel, error) {
		if k, ok := kernels[name]; ok {
			return k, nil
		}
		p, ok := findPart(name)
		if !ok || p.ofDay != nil && t.Kind == vector.Time {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "%s has no part '%s'", t, name)
		}
		kernels[name] = p.kernel(t)
		return kernels[name], nil
	}
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		if args[0].Encoding == vector.Constant {
			k, err := of(string(args[0].Bytes(0)))
			if err != nil {
				return nil, err
			}
			return k(args[1], n, sel), nil
		}
		out := b.Ints(n)
		var failed error
		each(sel, n, func(i int) {
			k, err := of(string(args[0].Bytes(i)))
			if err != nil {
				failed = err
				return
			}
			out[i] = k(args[1], n, []uint16{uint16(i)}).Int(i)
		})
		return b.IntVector(vector.Of(vector.Int64), out, nil, vector.MinInt, vector.MaxInt), failed
	}
}
