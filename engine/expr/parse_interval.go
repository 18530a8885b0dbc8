package expr

import (
	"math/big"
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

const intervalForm = "'2 months 3 days 04:05:06'"

// ParseInterval reads numbers with units, '1 year 2 months -3 days', '1d 2h', at the end a time, '-04:05:06.7', or
// 'ago'; years and months as '1-2'; and ISO 8601, 'P1Y2M3DT4H5M6.7S'.
func ParseInterval(text string) (vector.Months, error) {
	words := intervalWords(text)
	if len(words) == 0 {
		return vector.Months{}, badTime(text, "interval", intervalForm)
	}
	if iso, ok := strings.CutPrefix(strings.ToUpper(words[0]), "P"); ok && len(words) == 1 {
		return parseDuration(text, iso)
	}
	var out vector.Months
	ago := strings.EqualFold(words[len(words)-1], "ago")
	if ago {
		words = words[:len(words)-1]
	}
	for len(words) > 0 {
		part, used, err := intervalPart(text, words)
		if err != nil {
			return out, err
		}
		if out, err = addIntervals(out, part); err != nil {
			return out, err
		}
		words = words[used:]
	}
	if ago {
		var ok bool
		if out, ok = NegateInterval(out); !ok {
			return out, tooLong(text)
		}
	}
	return out, nil
}

// intervalWords parts at blanks, and between a number and its unit.
func intervalWords(text string) []string {
	var words []string
	for w := range strings.FieldsSeq(text) {
		at := strings.IndexFunc(w, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' })
		if at > 0 {
			words = append(words, w[:at], w[at:])
		} else {
			words = append(words, w)
		}
	}
	return words
}

// intervalPart reads one part and says how many words it has.
func intervalPart(text string, words []string) (vector.Months, int, error) {
	w := words[0]
	if strings.Contains(w, ":") {
		nanos, ok := clockNanos(w)
		if !ok || len(words) > 1 {
			return vector.Months{}, 1, badTime(text, "interval", intervalForm)
		}
		return vector.Months{Nanos: nanos}, 1, nil
	}
	if at := strings.LastIndex(w, "-"); at > 0 { // years and months have one sign
		months := w[at+1:]
		if w[0] == '-' {
			months = "-" + months
		}
		years, err := IntervalOf(w[:at], "year")
		if err != nil {
			return years, 1, badTime(text, "interval", intervalForm)
		}
		rest, err := IntervalOf(months, "month")
		if err != nil || rest.Months <= -12 || rest.Months >= 12 || rest.Days != 0 {
			return rest, 1, badTime(text, "interval", intervalForm)
		}
		rest.Months += years.Months
		return rest, 1, nil
	}
	if len(words) == 1 {
		return vector.Months{}, 1, badTime(text, "interval", intervalForm)
	}
	if strings.Contains(words[1], ":") { // '1 02:03:04' of DAY TO SECOND
		days, err := IntervalOf(w, "day")
		return days, 1, err
	}
	part, err := IntervalOf(w, words[1])
	return part, 2, err
}

// clockNanos reads [-]HH:MM[:SS[.fraction]] with any number of hours.
func clockNanos(text string) (int64, bool) {
	clock, negative := strings.CutPrefix(text, "-")
	clock = strings.TrimPrefix(clock, "+")
	hours, rest, _ := strings.Cut(clock, ":")
	n, ok := digits(hours)
	nanos, whole := nanosOfDay("00:" + rest)
	const most = 2_562_046 // hours of 64 bits of nanoseconds, less one
	if !ok || !whole || n > most {
		return 0, false
	}
	nanos += n * 3600e9
	if negative {
		nanos = -nanos
	}
	return nanos, true
}

// parseDuration reads what follows P: numbers with Y, M, W, D, and after T with H, M, S.
func parseDuration(text, iso string) (vector.Months, error) {
	var out vector.Months
	units := map[byte]string{'Y': "year", 'M': "month", 'W': "week", 'D': "day"}
	for parts := 0; iso != ""; {
		if iso[0] == 'T' && units['M'] == "month" {
			units = map[byte]string{'H': "hour", 'M': "minute", 'S': "second"}
			iso = iso[1:]
			if iso == "" {
				return out, badTime(text, "interval", intervalForm)
			}
			continue
		}
		end := strings.IndexFunc(iso, func(r rune) bool { return r >= 'A' && r <= 'Z' })
		if end < 1 || units[iso[end]] == "" {
			return out, badTime(text, "interval", intervalForm)
		}
		part, err := IntervalOf(iso[:end], units[iso[end]])
		if err != nil {
			return out, err
		}
		if out, err = addIntervals(out, part); err != nil {
			return out, err
		}
		iso = iso[end+1:]
		if parts++; iso == "" {
			return out, nil
		}
	}
	return out, badTime(text, "interval", intervalForm)
}

func tooLong(text string) error {
	return sqlerr.New(sqlerr.InvalidDatetime, "the interval %s is too long", quoteShort(text))
}

func addIntervals(a, b vector.Months) (vector.Months, error) {
	months, days := int64(a.Months)+int64(b.Months), int64(a.Days)+int64(b.Days)
	nanos, ok := vector.Int128Of(a.Nanos).Add(vector.Int128Of(b.Nanos))
	n, fits := nanos.Int64()
	if !ok || !fits || months != int64(int32(months)) || days != int64(int32(days)) {
		return a, sqlerr.New(sqlerr.InvalidDatetime, "the interval is too long")
	}
	return vector.Months{Months: int32(months), Days: int32(days), Nanos: n}, nil
}

// IntervalOf returns a number of one unit (YEAR, MONTHS, days, h, …) as an interval; what is no whole month becomes
// days of 30 a month, what is no whole day time. 22007 for another unit, another form, or a number that is too large.
func IntervalOf(number, unit string) (vector.Months, error) {
	one, ok := unitOf(unit)
	if !ok {
		return one, sqlerr.New(sqlerr.InvalidDatetime, "%s is no unit of an interval", unit)
	}
	scaled, err := ParseDecimal(number, vector.DecimalType(28, 9))
	if err != nil {
		return one, sqlerr.New(sqlerr.InvalidDatetime, "%s is no number of %s", quoteShort(number), unit)
	}
	n, billion := bigOf(scaled), big.NewInt(1e9)
	months, rest := times(n, int64(one.Months)).QuoRem(times(n, int64(one.Months)), billion, new(big.Int))
	days := times(n, int64(one.Days))
	days.Add(days, rest.Mul(rest, big.NewInt(30)))
	days, rest = days.QuoRem(days, billion, new(big.Int))
	nanos := times(n, one.Nanos)
	nanos.Add(nanos, rest.Mul(rest, big.NewInt(86400e9)))
	nanos, _ = scaleBig(nanos, -9)
	out := vector.Months{Months: int32(months.Int64()), Days: int32(days.Int64()), Nanos: nanos.Int64()}
	if !nanos.IsInt64() || !months.IsInt64() || !days.IsInt64() ||
		months.Int64() != int64(out.Months) || days.Int64() != int64(out.Days) {
		return out, sqlerr.New(sqlerr.InvalidDatetime, "the interval %s %s is too long", number, unit)
	}
	return out, nil
}

func times(n *big.Int, by int64) *big.Int { return new(big.Int).Mul(n, big.NewInt(by)) }

// unitOf returns one of a unit, by its name or an abbreviation.
func unitOf(unit string) (vector.Months, bool) {
	name := strings.ToLower(unit)
	months := map[string]int32{
		"month": 1, "mon": 1, "quarter": 3, "year": 12, "yr": 12, "y": 12, "decade": 120, "century": 1200,
		"centurie": 1200, "millennium": 12000, "millennia": 12000,
	}
	days := map[string]int32{"day": 1, "d": 1, "week": 7, "w": 7}
	nanos := map[string]int64{
		"hour": 3600e9, "hr": 3600e9, "h": 3600e9, "minute": 60e9, "min": 60e9, "m": 60e9, "second": 1e9, "sec": 1e9,
		"s": 1e9, "millisecond": 1e6, "ms": 1e6, "msec": 1e6, "microsecond": 1e3, "us": 1e3, "usec": 1e3,
		"nanosecond": 1, "ns": 1,
	}
	for _, n := range []string{name, strings.TrimSuffix(name, "s")} {
		m := vector.Months{Months: months[n], Days: days[n], Nanos: nanos[n]}
		if m != (vector.Months{}) {
			return m, true
		}
	}
	return vector.Months{}, false
}
