package expr

import (
	"math"
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
