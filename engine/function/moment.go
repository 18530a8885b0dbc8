package function

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

const (
	nanosPerSecond = 1_000_000_000
	nanosPerDay    = 86400 * nanosPerSecond
)

// moment is a value of DATE or TIMESTAMP: days since 1970-01-01 and nanoseconds since midnight.
type moment struct{ days, nanos int64 }

func momentOf(x int64, t vector.Type) moment {
	if t.Kind == vector.Date {
		return moment{days: x}
	}
	unit := expr.UnitsPerSecond(t)
	days := floorDiv(x, 86400*unit)
	return moment{days, (x - days*86400*unit) * (nanosPerSecond / unit)}
}

// in returns the moment as a value of a type, what is finer cut off: 22007 when it does not fit.
func (m moment) in(t vector.Type) (int64, error) {
	if t.Kind == vector.Date {
		if lo, hi := t.Limits(); m.days < lo || m.days > hi {
			return 0, outOfTime(t)
		}
		return m.days, nil
	}
	unit := expr.UnitsPerSecond(t)
	x, ok := timesPlus(m.days, 86400*unit, m.nanos/(nanosPerSecond/unit))
	if !ok {
		return 0, outOfTime(t)
	}
	return x, nil
}

// plus moves by an interval: months, then days, then time.
func (m moment) plus(by vector.Months) moment {
	if by.Months != 0 {
		m.days = civilOf(m.days).addMonths(int64(by.Months)).days()
	}
	m.days += int64(by.Days) + floorDiv(by.Nanos, nanosPerDay)
	m.nanos += modulo(by.Nanos, nanosPerDay)
	if m.nanos >= nanosPerDay {
		m.days, m.nanos = m.days+1, m.nanos-nanosPerDay
	}
	return m
}

// moment returns an argument that is a DATE or TIMESTAMP.
func (r *row) moment(k int, t vector.Type) moment { return momentOf(r.int(k), t) }

// timestampType is TIMESTAMP(6), which functions give: it holds the years from -290308 to 294247.
func timestampType() vector.Type { return vector.Type{Kind: vector.Timestamp, Precision: 6} }

func zonedType() vector.Type { return vector.Type{Kind: vector.Timestamp, Precision: 6, Zone: true} }

func dateType() vector.Type     { return vector.Of(vector.Date) }
func intervalType() vector.Type { return vector.Of(vector.Interval) }

// perTime makes the overloads of a function for every type of dates and timestamps; what is not known is TIMESTAMP(6).
func perTime(overload func(t vector.Type) expr.Overload) []expr.Overload {
	out := []expr.Overload{overload(timestampType()), overload(dateType())}
	for _, zone := range []bool{false, true} {
		for _, precision := range []uint8{9, 6, 3, 0} {
			if t := (vector.Type{Kind: vector.Timestamp, Precision: precision, Zone: zone}); !t.Equal(timestampType()) {
				out = append(out, overload(t))
			}
		}
	}
	return out
}

// toTime is an overload that makes a DATE, TIME or TIMESTAMP.
func toTime(result vector.Type, f intRow, args ...vector.Type) expr.Overload {
	return Fixed(result, expr.NullIfAny, ints(result, f), args...)
}

func (r *row) interval(k int) vector.Months { return r.args[k].Interval(r.at) }

// toInterval is an overload that makes an INTERVAL.
func toInterval(f func(r *row) (vector.Months, error), args ...vector.Type) expr.Overload {
	return Fixed(intervalType(), expr.NullIfAny, func() expr.Kernel {
		var b vector.Buffer
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			out := b.Intervals(n)
			r := row{args: args}
			if sel == nil {
				sel = vector.All(n)
			}
			for _, i := range sel {
				r.at = int(i)
				var err error
				if out[i], err = f(&r); err != nil {
					return nil, err
				}
			}
			return b.IntervalVector(out, nil), nil
		}
	}, args...)
}

func noUnit(name, unit string) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "%s has no unit '%s'", name, unit)
}
