package function

import (
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// dateDifferences measure the time between two times.
func dateDifferences() []Entry {
	text, date := textType(), dateType()
	entry := inFamily("date")
	between := func(f func(unit string, a, b moment) (int64, error)) []expr.Overload {
		return perTime(func(t vector.Type) expr.Overload {
			return toBig(func(r *row) (int64, error) {
				return f(strings.TrimSuffix(strings.ToLower(string(r.text(0))), "s"), r.moment(1, t), r.moment(2, t))
			}, text, t, t)
		})
	}
	age := perTime(func(t vector.Type) expr.Overload {
		return toInterval(func(r *row) (vector.Months, error) { return ageOf(r.moment(0, t), r.moment(1, t)) }, t, t)
	})
	described := func(names, arguments, help, example, gives string) Entry { // which bind makes of others
		e := entry(names, arguments, shown(help, example, gives))
		e.Resolve = nil
		return e
	}
	return []Entry{
		entry("date_diff datediff", "(unit, from, to) or (to, from) → BIGINT",
			shown("How many borders of a unit lie between two times; without one days from the second to the first.",
				"date_diff('month', DATE '2024-01-31', DATE '2024-02-01')", "1"),
			append(between(borders), toBig(func(r *row) (int64, error) { return r.int(0) - r.int(1), nil }, date,
				date))...),
		entry("datesub timestampdiff", "(unit, from, to) → BIGINT",
			shown("How many whole units lie between two times. Also date_sub(unit, from, to).",
				"datesub('month', DATE '2024-01-31', DATE '2024-02-28')", "0"), between(wholes)...),
		described("date_add adddate", "(time, interval) or (unit, number, time) → as time + interval",
			"The time moved by an interval, or by so many units. Also dateadd and timestampadd.",
			"date_add(DATE '2024-01-31', INTERVAL '1 month')", "2024-02-29"),
		described("dateadd timestampadd", "(unit, number, time) → as time + interval",
			"The time moved by so many units.",
			"dateadd('day', 1, DATE '2024-02-28')", "2024-02-29"),
		described("date_sub subdate", "(time, interval) or (unit, from, to) → as time - interval, or BIGINT",
			"The time moved back by an interval; or the whole units between two times.",
			"date_sub(DATE '2024-03-31', INTERVAL '1 month')", "2024-02-29"),
		entry("age", "(to, from) → INTERVAL", shown("The years, months, days and time from the second to the first.",
			"age(DATE '2024-03-01', DATE '2023-12-31')", "2 months 1 day"), age...),
	}
}

// monthsOf are the months of a unit that is made of months, and nanosOf the nanoseconds of one that is made of those.
func monthsOf(unit string) int64 {
	return map[string]int64{
		"month": 1, "mon": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200, "centurie": 1200,
		"millennium": 12000,
	}[unit]
}

func nanosOf(unit string) int64 {
	return map[string]int64{
		"hour": 3600 * nanosPerSecond, "minute": 60 * nanosPerSecond, "min": 60 * nanosPerSecond,
		"second": nanosPerSecond, "sec": nanosPerSecond, "millisecond": 1e6, "m": 1e6, "microsecond": 1e3, "u": 1e3,
		"nanosecond": 1,
	}[unit]
}

// borders counts the beginnings of units after a, up to b; weeks are seven days.
func borders(unit string, a, b moment) (int64, error) {
	if n := monthsOf(unit); n > 0 {
		return monthNumber(b.days, n) - monthNumber(a.days, n), nil
	}
	switch unit {
	case "day", "dayofyear", "doy":
		return b.days - a.days, nil
	case "week":
		return (b.days - a.days) / 7, nil
	}
	n := nanosOf(unit)
	if n == 0 {
		return 0, noUnit("date_diff", unit)
	}
	x, ok := timesPlus(b.days-a.days, nanosPerDay/n, b.nanos/n-a.nanos/n)
	if !ok {
		return 0, outOfTime(bigType())
	}
	return x, nil
}

// monthNumber numbers the spans of so many months; years that end with the numbers of their span, as centuries do,
// are told apart by their first digits as in DuckDB.
func monthNumber(days, months int64) int64 {
	c := civilOf(days)
	return floorDiv(c.year*12+c.month-1, months)
}

// wholes counts the units that are over from a to b.
func wholes(unit string, a, b moment) (int64, error) {
	if a.days > b.days || a.days == b.days && a.nanos > b.nanos {
		n, err := wholes(unit, b, a)
		return -n, err
	}
	if n := monthsOf(unit); n > 0 {
		from, to := civilOf(a.days), civilOf(b.days)
		months := to.year*12 + to.month - from.year*12 - from.month
		last := to.day == lastDay(to.year, to.month) && from.day > to.day
		if !last && (to.day < from.day || to.day == from.day && b.nanos < a.nanos) || last && b.nanos < a.nanos {
			months--
		}
		return months / n, nil
	}
	days, nanos := b.days-a.days, b.nanos-a.nanos
	if nanos < 0 {
		days, nanos = days-1, nanos+nanosPerDay
	}
	switch unit {
	case "day", "dayofyear", "doy":
		return days, nil
	case "week":
		return days / 7, nil
	}
	n := nanosOf(unit)
	if n == 0 {
		return 0, noUnit("datesub", unit)
	}
	x, ok := timesPlus(days, nanosPerDay/n, nanos/n)
	if !ok {
		return 0, outOfTime(bigType())
	}
	return x, nil
}

// ageOf counts whole months first, then days, borrowed from the month of the earlier time as PostgreSQL does.
func ageOf(to, from moment) (vector.Months, error) {
	if from.days > to.days || from.days == to.days && from.nanos > to.nanos {
		m, err := ageOf(from, to)
		if err != nil {
			return m, err
		}
		m, _ = expr.NegateInterval(m)
		return m, nil
	}
	a, b := civilOf(from.days), civilOf(to.days)
	months, days, nanos := b.year*12+b.month-a.year*12-a.month, b.day-a.day, to.nanos-from.nanos
	if nanos < 0 {
		days, nanos = days-1, nanos+nanosPerDay
	}
	if days < 0 {
		months, days = months-1, days+lastDay(a.year, a.month)
	}
	if months != int64(int32(months)) {
		return vector.Months{}, outOfTime(intervalType())
	}
	return vector.Months{Months: int32(months), Days: int32(days), Nanos: nanos}, nil
}

// dateBuckets cut times into spans of an interval.
func dateBuckets() []Entry {
	entry := inFamily("date")
	interval := intervalType()
	plain := perTime(func(t vector.Type) expr.Overload {
		return toTime(t, bucketRow(t, func(r *row) (vector.Months, moment, moment) {
			return r.interval(0), r.moment(1, t), usualOrigin(r.interval(0))
		}), interval, t)
	})
	offset := perTime(func(t vector.Type) expr.Overload {
		return toTime(t, bucketRow(t, func(r *row) (vector.Months, moment, moment) {
			return r.interval(0), r.moment(1, t), usualOrigin(r.interval(0)).plus(r.interval(2))
		}), interval, t, interval)
	})
	origin := perTime(func(t vector.Type) expr.Overload {
		return toTime(t, bucketRow(t, func(r *row) (vector.Months, moment, moment) {
			return r.interval(0), r.moment(1, t), r.moment(2, t)
		}), interval, t, t)
	})
	return []Entry{
		entry("time_bucket date_bin", "(width, time [, offset or origin]) → as the time",
			shown("The beginning of the span of this width the time lies in. Spans of months begin at 2000-01-01, "+
				"others at Monday, 2000-01-03, unless told.",
				"time_bucket(INTERVAL '15 minutes', TIMESTAMP '2024-02-29 13:05:06')", "2024-02-29 13:00:00"),
			append(append(plain, origin...), offset...)...),
	}
}

func usualOrigin(width vector.Months) moment {
	first := civil{2000, 1, 1}
	if width.Months == 0 {
		first.day = 3
	}
	return moment{days: first.days()}
}

func bucketRow(t vector.Type, of func(r *row) (width vector.Months, at, origin moment)) intRow {
	return func(r *row) (int64, error) {
		width, at, origin := of(r)
		out, err := bucket(width, at, origin)
		if err != nil {
			return 0, err
		}
		return out.in(t)
	}
}

func bucket(width vector.Months, at, origin moment) (moment, error) {
	if width.Months != 0 {
		if width.Months < 0 || width.Days != 0 || width.Nanos != 0 {
			return at, badWidth("a width has months, or days and time, and is more than nothing")
		}
		from, to := civilOf(origin.days), civilOf(at.days)
		months := to.year*12 + to.month - from.year*12 - from.month
		if to.day < from.day || to.day == from.day && at.nanos < origin.nanos {
			months--
		}
		months = floorDiv(months, int64(width.Months)) * int64(width.Months)
		return moment{from.addMonths(months).days(), origin.nanos}, nil
	}
	span, ok := timesPlus(int64(width.Days), nanosPerDay, width.Nanos)
	if !ok || span <= 0 {
		return at, badWidth("a width is more than nothing, and at most some 292 years")
	}
	distance, _ := vector.Int128Of(at.days - origin.days).Mul(vector.Int128Of(nanosPerDay))
	distance, _ = distance.Add(vector.Int128Of(at.nanos - origin.nanos))
	_, past := distance.QuoRem(vector.Int128Of(span))
	rest, _ := past.Int64()
	if rest < 0 {
		rest += span
	}
	nanos := at.nanos - rest%nanosPerDay
	return moment{at.days - rest/nanosPerDay + floorDiv(nanos, nanosPerDay), modulo(nanos, nanosPerDay)}, nil
}

func badWidth(why string) error { return sqlerr.New(sqlerr.InvalidParameterValue, "%s", why) }
