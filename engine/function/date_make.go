package function

import (
	"math"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// dateMakers make dates, times and intervals of numbers, and numbers of them.
func dateMakers() []Entry {
	big, double, date, at := bigType(), doubleType(), dateType(), timestampType()
	entry := inFamily("date")
	return []Entry{
		entry("make_date makedate", "(year, month, day) → DATE", shown("The date of these numbers.",
			"make_date(2024, 2, 29)", "2024-02-29"),
			toTime(date, func(r *row) (int64, error) { return dayOf(r) }, big, big, big)),
		entry("make_time maketime", "(hour, minute, seconds) → TIME", shown("The time of day of these numbers.",
			"make_time(13, 5, 6.5)", "13:05:06.5"),
			toTime(vector.Of(vector.Time), func(r *row) (int64, error) { return clockOf(r, 0) }, big, big, double)),
		entry("make_timestamp", "(year, month, day, hour, minute, seconds) or (microseconds) → TIMESTAMP",
			shown("The timestamp of these numbers, or of the microseconds since 1970-01-01.",
				"make_timestamp(2024, 2, 29, 13, 5, 6.5)", "2024-02-29 13:05:06.5"),
			toTime(at, timestampOf, big, big, big, big, big, double),
			toTime(at, func(r *row) (int64, error) { return r.int(0), nil }, big)),
		makeInterval(),
		entry("dayname", "(date or timestamp) → VARCHAR", shown("The English name of the day of the week.",
			"dayname(DATE '2024-02-29')", "Thursday"), namesOf(func(m moment) string {
			return dayNames[isoWeekday(m.days)%7]
		})...),
		entry("monthname", "(date or timestamp) → VARCHAR", shown("The English name of the month.",
			"monthname(DATE '2024-02-29')", "February"), namesOf(func(m moment) string {
			return monthNames[civilOf(m.days).month-1]
		})...),
		entry("date", "(timestamp) → DATE", shown("The day of a timestamp.", "date(TIMESTAMP '2024-02-29 13:05:06')",
			"2024-02-29"), perTime(func(t vector.Type) expr.Overload {
			return toTime(date, func(r *row) (int64, error) { return r.moment(0, t).in(date) }, t)
		})...),
		entry("from_days", "(days) → DATE", shown("The date so many days after the year 0.", "from_days(739310)",
			"2024-02-29"),
			toTime(date, func(r *row) (int64, error) { return moment{days: r.int(0) - daysToEpoch}.in(date) }, big)),
		entry("julian", "(date or timestamp) → DOUBLE", shown("The Julian day, with the time of day as its fraction.",
			"julian(DATE '2024-02-29')", "2460370"), perTime(func(t vector.Type) expr.Overload {
			return toDouble(func(r *row) (float64, error) {
				const epoch = 2440588
				m := r.moment(0, t)
				return float64(m.days+epoch) + float64(m.nanos)/nanosPerDay, nil
			}, t)
		})...),
	}
}

// daysToEpoch is how many days 1970-01-01 lies after the day 0 of MySQL's TO_DAYS.
const daysToEpoch = 719528

func namesOf(name func(m moment) string) []expr.Overload {
	return perTime(func(t vector.Type) expr.Overload {
		return toText(func(dst []byte, r *row) ([]byte, error) { return append(dst, name(r.moment(0, t))...), nil }, t)
	})
}

// dayOf reads year, month and day, arguments 0 to 2.
func dayOf(r *row) (int64, error) {
	year, month, day := r.int(0), r.int(1), r.int(2)
	const mostYear = 5_900_000
	if year < -mostYear || year > mostYear || month < 1 || month > 12 || day < 1 || day > lastDay(year, month) {
		return 0, sqlerr.New(sqlerr.InvalidDatetime, "there is no day %d-%02d-%02d", year, month, day)
	}
	return moment{days: civil{year, month, day}.days()}.in(dateType())
}

// clockOf reads hour, minute and seconds from argument k on, as nanoseconds since midnight.
func clockOf(r *row, k int) (int64, error) {
	hour, minute, second := r.int(k), r.int(k+1), r.float(k+2)
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || !(second >= 0 && second < 60) {
		return 0, sqlerr.New(sqlerr.InvalidDatetime, "there is no time %02d:%02d:%v", hour, minute, second)
	}
	const micro = 1e6
	return (hour*3600+minute*60)*nanosPerSecond + int64(math.Round(second*micro))*1000, nil
}

func timestampOf(r *row) (int64, error) {
	day, err := dayOf(r)
	if err != nil {
		return 0, err
	}
	nanos, err := clockOf(r, 3)
	if err != nil {
		return 0, err
	}
	return moment{day + nanos/nanosPerDay, nanos % nanosPerDay}.in(timestampType())
}

// makeInterval is PostgreSQL's.
func makeInterval() Entry {
	const most = 7
	var overloads []expr.Overload
	for n := 1; n <= most; n++ {
		args := Repeat(bigType(), n)
		if n == most {
			args[most-1] = doubleType()
		}
		overloads = append(overloads, toInterval(func(r *row) (vector.Months, error) {
			scaled := func(k int, by int64) int64 { return min(max(r.intAt(k, 0), -1<<32), 1<<32) * by }
			months, days := scaled(0, 12)+scaled(1, 1), scaled(2, 7)+scaled(3, 1)
			nanos := (scaled(4, 3600) + scaled(5, 60)) * 1e6
			if r.has(most - 1) {
				nanos += int64(math.Round(min(max(r.float(most-1), -1e12), 1e12) * 1e6))
			}
			const mostMicros = math.MaxInt64 / 1000
			if months != int64(int32(months)) || days != int64(int32(days)) || max(nanos, -nanos) > mostMicros {
				return vector.Months{}, outOfTime(intervalType())
			}
			return vector.Months{Months: int32(months), Days: int32(days), Nanos: nanos * 1000}, nil
		}, args...))
	}
	return inFamily("date")("make_interval",
		"(years [, months [, weeks [, days [, hours [, minutes [, seconds]]]]]]) → INTERVAL",
		shown("The interval of these numbers.", "make_interval(1, 2, 0, 3)", "1 year 2 months 3 days"), overloads...)
}

// intervalMakers make intervals of so many units.
func intervalMakers() []Entry {
	entry := inFamily("date")
	of := func(unit string, gives string, each vector.Months, more ...expr.Overload) Entry {
		name := "to_" + unit
		return entry(name, "(number) → INTERVAL", shown("So many "+unit+" as an interval.", name+"(2)", gives),
			append([]expr.Overload{toInterval(func(r *row) (vector.Months, error) {
				n := r.int(0)
				months, ok1 := timesPlus(n, int64(each.Months), 0)
				days, ok2 := timesPlus(n, int64(each.Days), 0)
				nanos, ok3 := timesPlus(n, each.Nanos, 0)
				if !ok1 || !ok2 || !ok3 || months != int64(int32(months)) || days != int64(int32(days)) {
					return vector.Months{}, outOfTime(intervalType())
				}
				return vector.Months{Months: int32(months), Days: int32(days), Nanos: nanos}, nil
			}, bigType())}, more...)...)
	}
	days := of("days", "2 days", vector.Months{Days: 1},
		toBig(func(r *row) (int64, error) { return r.int(0) + daysToEpoch, nil }, dateType()))
	days.Signature = "to_days(number) → INTERVAL, or to_days(date) → BIGINT"
	days.Help = "So many days as an interval; of a date the days since the year 0."
	return []Entry{
		of("years", "2 years", vector.Months{Months: 12}), of("quarters", "6 months", vector.Months{Months: 3}),
		of("months", "2 months", vector.Months{Months: 1}), of("weeks", "14 days", vector.Months{Days: 7}), days,
		of("hours", "02:00:00", vector.Months{Nanos: 3600 * nanosPerSecond}),
		of("minutes", "00:02:00", vector.Months{Nanos: 60 * nanosPerSecond}),
		of("seconds", "00:00:02", vector.Months{Nanos: nanosPerSecond}),
		of("milliseconds", "00:00:00.002", vector.Months{Nanos: 1e6}),
		of("microseconds", "00:00:00.000002", vector.Months{Nanos: 1e3}),
	}
}

// epochs count from 1970-01-01 00:00:00 UTC.
func epochs() []Entry {
	big, double, at := bigType(), doubleType(), timestampType()
	entry := inFamily("date")
	of := func(unit string, perSecond int64, gives string) Entry {
		count := perTime(func(t vector.Type) expr.Overload {
			return toBig(func(r *row) (int64, error) {
				m := r.moment(0, t)
				x, ok := timesPlus(m.days, 86400*perSecond, m.nanos/(nanosPerSecond/perSecond))
				if !ok {
					return 0, outOfTime(big)
				}
				return x, nil
			}, t)
		})
		name := "epoch_" + unit
		back := toTime(at, func(r *row) (int64, error) { return secondsOf(r.int(0), perSecond).in(at) }, big)
		return entry(name, "(date or timestamp) → BIGINT, or ("+unit+") → TIMESTAMP",
			shown("The "+unit+" since 1970-01-01 UTC, or the timestamp so many of them after it.",
				name+"(TIMESTAMP '2024-02-29 13:05:06.789')", gives), append(count, back)...)
	}
	fromDouble := func(t vector.Type) expr.Overload {
		return toTime(t, func(r *row) (int64, error) {
			const micro, most = 1e6, 9.2e12
			if x := r.float(0); math.Abs(x) <= most { // NaN is not
				return int64(math.Round(x * micro)), nil
			}
			return 0, outOfTime(t)
		}, double)
	}
	unix := perTime(func(t vector.Type) expr.Overload {
		return toBig(func(r *row) (int64, error) {
			m := r.moment(0, t)
			return m.days*86400 + m.nanos/nanosPerSecond, nil
		}, t)
	})
	return []Entry{
		of("ms", 1000, "1709211906789"), of("us", 1_000_000, "1709211906789000"), of("ns", nanosPerSecond,
			"1709211906789000000"),
		entry("unix_timestamp", "(date or timestamp) → BIGINT", shown("The whole seconds since 1970-01-01 UTC.",
			"unix_timestamp(TIMESTAMP '2024-02-29 13:05:06')", "1709211906"), unix...),
		entry("from_unixtime", "(seconds [, format]) → TIMESTAMP or VARCHAR",
			shown("The timestamp so many seconds after 1970-01-01 UTC; with a format, as date_format has it, its text.",
				"from_unixtime(1709211906)", "2024-02-29 13:05:06"),
			fromDouble(at), formatted(mysqlFormat, func(r *row) (moment, error) {
				const most = 9.2e12
				x := r.float(0)
				if !(math.Abs(x) <= most) {
					return moment{}, outOfTime(at)
				}
				return secondsOf(int64(math.Round(x*1e6)), 1_000_000), nil
			}, double, textType())),
		{
			Name: "to_timestamp", Family: "date",
			Signature: "to_timestamp(seconds) or (text, format) → TIMESTAMP WITH TIME ZONE",
			Help:      "The instant so many seconds after 1970-01-01 UTC, or that a text tells in to_char's format.",
			Example:   "to_timestamp(1709211906)", Gives: "2024-02-29 13:05:06+00",
			Resolve: Choose("to_timestamp", fromDouble(zonedType()), parsed(toCharFormat, zonedType(), false)),
		},
	}
}

// secondsOf returns the moment so many parts of seconds after 1970-01-01.
func secondsOf(x, perSecond int64) moment {
	return momentOf(x, vector.Type{Kind: vector.Timestamp, Precision: map[int64]uint8{
		1000: 3, 1_000_000: 6, nanosPerSecond: 9,
	}[perSecond]})
}
