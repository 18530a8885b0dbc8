package jsonproto

import (
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"
)

func TestAppendInterval(t *testing.T) {
	for want, v := range map[string]arrow.MonthDayNanoInterval{
		`"PT0S"`: {},
		`"P1Y2M3DT4H5M6.000007S"`: {
			Months: 14, Days: 3,
			Nanoseconds: int64(4*time.Hour + 5*time.Minute + 6*time.Second + 7*time.Microsecond),
		},
		`"P-1M"`:       {Months: -1},
		`"P10D"`:       {Days: 10},
		`"PT-10H-30M"`: {Nanoseconds: int64(-10*time.Hour - 30*time.Minute)},
		`"PT-0.5S"`:    {Nanoseconds: int64(-500 * time.Millisecond)},
		`"PT20S"`:      {Nanoseconds: int64(20 * time.Second)},
	} {
		require.Equal(t, want, string(appendInterval(nil, v)))
	}
}
