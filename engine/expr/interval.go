package expr

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// NegateInterval returns -m; false when a member has no opposite.
func NegateInterval(m vector.Months) (vector.Months, bool) {
	ok := m.Months != math.MinInt32 && m.Days != math.MinInt32 && m.Nanos != math.MinInt64
	return vector.Months{Months: -m.Months, Days: -m.Days, Nanos: -m.Nanos}, ok
}

// AddMonths adds months and then days to a number of days since 1970-01-01. A day that the month does not have becomes
// its last: 31 January and a month are 28 or 29 February.
func AddMonths(date int64, months, days int32) int64 {
	if months == 0 {
		return date + int64(days)
	}
	year, month, day := time.Unix(date*86400, 0).UTC().Date()
	first := time.Date(year, month+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return floorDiv(first.Unix(), 86400) + int64(min(day, last)-1) + int64(days)
}

// AddToScalar adds an interval to a DATE, where it must have no hours, or to a TIMESTAMP: 22007 when the result does
// not fit.
func AddToScalar(s vector.Scalar, m vector.Months) (vector.Scalar, error) {
	if s.Null {
		return s, nil
	}
	date, rest, day := s.Int, int64(0), int64(1)
	if s.Type.Kind == vector.Timestamp {
		day = 86400 * UnitsPerSecond(s.Type)
		date = floorDiv(s.Int, day)
		rest = s.Int - date*day + floorDiv(m.Nanos, 1e9/UnitsPerSecond(s.Type))
	}
	date = AddMonths(date, m.Months, m.Days)
	lo, hi := s.Type.Limits()
	if date > hi/day-1 || date < lo/day+1 {
		return s, sqlerr.New(sqlerr.InvalidDatetime, "%s plus %s does not fit %s", FormatScalar(s, false),
			formatInterval(m), s.Type)
	}
	s.Int = date*day + rest
	return s, nil
}

// ScaleInterval multiplies or divides an interval; what is no whole month goes on as days of 30 a month, what is no
// whole day as time, as in PostgreSQL. False when the result does not fit.
func ScaleInterval(m vector.Months, by float64, divide bool) (vector.Months, bool) {
	times := func(x float64) float64 {
		if divide {
			return x / by
		}
		return x * by
	}
	const day, most = 86400e9, 1 << 31
	months, part := math.Modf(times(float64(m.Months)))
	days, rest := math.Modf(times(float64(m.Days)) + math.Round(part*30*day)/day)
	nanos := math.Round(times(float64(m.Nanos)) + math.Round(rest*day))
	fits := math.Abs(months) < most && math.Abs(days) < most // false of NaN
	out := vector.Months{Months: int32(months), Days: int32(days), Nanos: int64(nanos)}
	if !divide && by == math.Trunc(by) && math.Abs(by) < 1<<62 { // whole: exact beyond a double's digits
		product, _ := vector.Int128Of(m.Nanos).Mul(vector.Int128Of(int64(by)))
		var ok bool
		out.Nanos, ok = product.Int64()
		return out, fits && ok
	}
	return out, fits && math.Abs(nanos) < 1<<63
}

// formatInterval writes years, months, days and a time: 1 year 2 months -3 days 04:05:06.7.
func formatInterval(m vector.Months) string {
	var parts []string
	add := func(n int64, unit string) {
		switch n {
		case 0:
		case 1, -1:
			parts = append(parts, fmt.Sprintf("%d %s", n, unit))
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", n, unit))
		}
	}
	add(int64(m.Months/12), "year")
	add(int64(m.Months%12), "month")
	add(int64(m.Days), "day")
	if m.Nanos != 0 || len(parts) == 0 {
		sign, n := "", uint64(m.Nanos)
		if m.Nanos < 0 {
			sign, n = "-", -n
		}
		seconds := n / 1e9
		parts = append(parts, fmt.Sprintf("%s%02d:%02d:%02d%s", sign, seconds/3600, seconds/60%60, seconds%60,
			fraction(int64(n%1e9), 9)))
	}
	return strings.Join(parts, " ")
}
