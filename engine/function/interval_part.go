package function

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// intervalParts are the parts of intervals, under the names of those of dates.
func intervalParts() []Entry {
	of := func(name, help, gives string, f func(m vector.Months) int64) Entry {
		return inFamily("date")(name, "(interval) → BIGINT",
			shown(help, name+"(INTERVAL '14 months 3 days 21:05:06')", gives),
			Fixed(bigType(), expr.NullIfAny, intsEach(bigType(), func() intRow {
				return func(r *row) (int64, error) { return f(r.interval(0)), nil }
			}), intervalType()))
	}
	epoch := of("epoch", "The seconds of an interval, with years of 365.25 days and months of 30.", "", nil)
	epoch.Signature = "epoch(interval) → DOUBLE"
	epoch.Example, epoch.Gives = "epoch(INTERVAL '1 day 2 hours')", "93600"
	epoch.Resolve = Choose("epoch", Fixed(doubleType(), expr.NullIfAny, doublesEach(func() floatRow {
		return func(r *row) (float64, error) {
			m := r.interval(0)
			const year, month = 365.25, 30
			days := float64(m.Months/12)*year + float64(m.Months%12)*month + float64(m.Days)
			return days*86400 + float64(m.Nanos)/nanosPerSecond, nil
		}
	}), intervalType()))
	return []Entry{
		of("year", "The whole years of an interval.", "1", func(m vector.Months) int64 { return int64(m.Months / 12) }),
		of("month", "The months of an interval beside its years.", "2",
			func(m vector.Months) int64 { return int64(m.Months % 12) }),
		of("day", "The days of an interval.", "3", func(m vector.Months) int64 { return int64(m.Days) }),
		of("hour", "The hours of an interval.", "21",
			func(m vector.Months) int64 { return m.Nanos / (3600 * nanosPerSecond) }),
		of("minute", "The minutes of an interval beside its hours.", "5",
			func(m vector.Months) int64 { return m.Nanos / (60 * nanosPerSecond) % 60 }),
		of("second", "The seconds of an interval beside its minutes.", "6",
			func(m vector.Months) int64 { return m.Nanos / nanosPerSecond % 60 }),
		epoch,
	}
}

// clocks tell the time of the transaction, which bind knows, and so have no Resolve.
func clocks() []Entry {
	of := func(names, result, help string) Entry {
		name, aliases := cutNames(names)
		return Entry{
			Name: name, Aliases: aliases, Family: "date", Signature: name + "() → " + result, Help: help,
			Example: name + "()",
		}
	}
	return []Entry{
		of("now current_timestamp transaction_timestamp statement_timestamp utc_timestamp getdate sysdate",
			"TIMESTAMP WITH TIME ZONE", "When the transaction began. CURRENT_TIMESTAMP needs no brackets."),
		of("localtimestamp", "TIMESTAMP", "When the transaction began, in UTC."),
		of("current_date today curdate utc_date", "DATE", "The day on which the transaction began, in UTC."),
		of("current_time localtime curtime utc_time", "TIME",
			"The time of day at which the transaction began, in UTC."),
	}
}
