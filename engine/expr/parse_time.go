package expr

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func badTime(text, what, form string) error {
	return sqlerr.New(sqlerr.InvalidDatetime, "%s is no %s", quoteShort(text), what).WithHint("write it as %s", form)
}

// parseDate reads YYYY-MM-DD as days since 1970-01-01.
func parseDate(text string) (int64, error) {
	days, ok := daysOf(text)
	if !ok {
		return 0, badTime(text, "date", "'YYYY-MM-DD'")
	}
	return days, nil
}

func daysOf(text string) (int64, bool) {
	sign := int64(1)
	if strings.HasPrefix(text, "-") {
		sign, text = -1, text[1:]
	}
	parts := strings.Split(text, "-")
	if len(parts) != 3 || len(parts[0]) < 4 || len(parts[0]) > 6 {
		return 0, false
	}
	year, ok1 := digits(parts[0])
	month, ok2 := digits(parts[1])
	day, ok3 := digits(parts[2])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || len(parts[1]) > 2 || len(parts[2]) > 2 {
		return 0, false
	}
	t := time.Date(int(sign*year), time.Month(month), int(day), 0, 0, 0, 0, time.UTC)
	if int64(t.Day()) != day {
		return 0, false // 30 February
	}
	return floorDiv(t.Unix(), 86400), true
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// digits reads an unsigned number of at most 18 digits.
func digits(s string) (int64, bool) {
	if s == "" || len(s) > 18 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	v, err := strconv.ParseInt(s, 10, 64)
	return v, err == nil
}

// parseTime reads HH:MM[:SS[.fraction]].
func parseTime(text string, to vector.Type) (int64, error) {
	nanos, ok := nanosOfDay(text)
	if !ok {
		return 0, badTime(text, "time", "'HH:MM:SS'")
	}
	return nanos / (1e9 / UnitsPerSecond(to)), nil
}

func nanosOfDay(text string) (int64, bool) {
	clock, fraction, hasFraction := strings.Cut(text, ".")
	parts := strings.Split(clock, ":")
	if len(parts) < 2 || len(parts) > 3 || hasFraction && len(parts) != 3 {
		return 0, false
	}
	limits := [3]int64{23, 59, 59}
	seconds := int64(0)
	for i := range limits {
		n := int64(0)
		if i < len(parts) {
			var ok bool
			if n, ok = digits(parts[i]); !ok || n > limits[i] || len(parts[i]) > 2 {
				return 0, false
			}
		}
		seconds = seconds*60 + n
	}
	nanos, ok := fractionNanos(fraction)
	return seconds*1e9 + nanos, ok || !hasFraction
}

// fractionNanos reads the digits after the point; those after the ninth are left out.
func fractionNanos(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	if len(s) > 9 {
		s = s[:9]
	}
	n, ok := digits(s)
	for range 9 - len(s) {
		n *= 10
	}
	return n, ok
}

// parseTimestamp reads a date, then after a blank or T a time, then Z or an offset like +02:00, which is taken off:
// the value is UTC. Without an offset it is read as UTC too.
func parseTimestamp(text string, to vector.Type) (int64, error) {
	const form = "'YYYY-MM-DD HH:MM:SS'"
	date, clock := text, ""
	if i := strings.IndexAny(text, " T"); i > 0 {
		date, clock = text[:i], strings.TrimSpace(text[i+1:])
	}
	days, ok := daysOf(date)
	if !ok {
		return 0, badTime(text, "timestamp", form)
	}
	nanos, offset := int64(0), int64(0)
	if clock != "" {
		if clock, offset, ok = cutZone(clock); !ok {
			return 0, badTime(text, "timestamp", form)
		}
		if nanos, ok = nanosOfDay(clock); !ok {
			return 0, badTime(text, "timestamp", form)
		}
	}
	unit := UnitsPerSecond(to)
	seconds := days*86400 - offset + nanos/1e9
	if seconds > math.MaxInt64/unit-1 || seconds < math.MinInt64/unit {
		return 0, sqlerr.New(sqlerr.InvalidDatetime, "%s does not fit %s", quoteShort(text), to)
	}
	return seconds*unit + nanos%1e9/(1e9/unit), nil
}

// cutZone takes Z, UTC or ±HH[[:]MM] off the end and returns it in seconds east.
func cutZone(clock string) (rest string, offset int64, ok bool) {
	for _, z := range []string{"Z", "z", " UTC", "UTC"} {
		if r, found := strings.CutSuffix(clock, z); found {
			return strings.TrimSpace(r), 0, true
		}
	}
	i := strings.LastIndexAny(clock, "+-")
	if i < 0 {
		return clock, 0, true
	}
	zone := strings.Replace(clock[i+1:], ":", "", 1)
	n, ok := digits(zone)
	switch {
	case !ok:
	case len(zone) <= 2:
		offset = n * 3600
	case len(zone) == 4 && n%100 < 60:
		offset = n/100*3600 + n%100*60
	default:
		ok = false
	}
	if clock[i] == '-' {
		offset = -offset
	}
	return strings.TrimSpace(clock[:i]), offset, ok && offset >= -18*3600 && offset <= 18*3600
}
