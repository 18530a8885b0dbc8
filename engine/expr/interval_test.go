package expr_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func TestAddToScalar(t *testing.T) {
	for _, c := range []struct {
		to                   vector.Kind
		text, interval, want string
	}{
		{vector.Date, "1998-12-01", "-90 days", "1998-09-02"},
		{vector.Date, "2000-01-31", "1 month", "2000-02-29"},
		{vector.Date, "2001-03-31", "-1 month", "2001-02-28"},
		{vector.Date, "2000-02-29", "1 year", "2001-02-28"},
		{vector.Date, "1970-01-01", "-1 month -1 day", "1969-11-30"},
		{vector.Timestamp, "2000-01-31 23:30:00.5", "1 month 01:00:00", "2000-03-01 00:30:00.5"},
		{vector.Timestamp, "1969-12-31 23:59:59", "-1 second", "1969-12-31 23:59:58"},
	} {
		s, err := expr.ParseScalar(c.text, vector.Of(c.to))
		require.NoError(t, err)
		m, err := expr.ParseInterval(c.interval)
		require.NoError(t, err)
		got, err := expr.AddToScalar(s, m)
		require.NoError(t, err)
		require.Equal(t, c.want, expr.FormatScalar(got, false), "%s + %s", c.text, c.interval)
	}
	last := vector.IntOf(vector.Of(vector.Date), math.MaxInt32)
	_, err := expr.AddToScalar(last, vector.Months{Days: 1})
	require.Equal(t, sqlerr.InvalidDatetime, sqlerr.CodeOf(err))
}
