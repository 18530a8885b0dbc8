package textfile

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

const dateForm = "2006-01-02"

// parseTimestamp reads 2006-01-02, or it with a time after a blank or T, seconds and their fractions being optional,
// and an offset or Z after it; without one it is UTC.
func parseTimestamp(s string) (time.Time, error) {
	if len(s) > 10 && s[10] == 'T' {
		s = s[:10] + " " + s[11:]
	}
	s, utc := strings.CutSuffix(s, "Z")
	forms := []string{dateForm + " 15:04:05"}
	switch {
	case utc:
	case len(s) <= len(dateForm):
		forms = []string{dateForm}
	case strings.ContainsAny(s[10:], "+-"):
		forms = []string{dateForm + " 15:04:05-07:00", dateForm + " 15:04:05-0700", dateForm + " 15:04:05-07"}
	}
	forms = append(forms, dateForm+" 15:04")
	for _, form := range forms {
		if t, err := time.ParseInLocation(form, s, time.UTC); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no timestamp such as 2026-01-31 23:59:59.5", shorten(s))
}

// instant is a time in a unit, exactly.
func instant(t time.Time, unit arrow.TimeUnit) (arrow.Timestamp, error) {
	if unit == arrow.Nanosecond && (t.Before(time.Unix(0, math.MinInt64)) || t.After(time.Unix(0, math.MaxInt64))) {
		return 0, fmt.Errorf("%s is outside of what TIMESTAMP(9) holds", t.Format(dateForm))
	}
	step := unit.Multiplier()
	if t.Nanosecond()%int(step) != 0 {
		return 0, fmt.Errorf("%s has more digits after the seconds than the column keeps", t.Format(time.RFC3339Nano))
	}
	if unit == arrow.Nanosecond {
		return arrow.Timestamp(t.UnixNano()), nil
	}
	return arrow.Timestamp(t.Unix()*int64(time.Second/step) + int64(t.Nanosecond())/int64(step)), nil
}

func parseDate(s string) (arrow.Date32, error) {
	t, err := time.Parse(dateForm, s)
	if err != nil {
		return 0, fmt.Errorf("%q is no date such as 2026-01-31", shorten(s))
	}
	return arrow.Date32FromTime(t), nil
}

func parseBoolean(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "t", "1", "yes":
		return true, nil
	case "false", "f", "0", "no":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", shorten(s))
}

func parseInteger(s string, bits int) (int64, error) {
	v, err := strconv.ParseInt(s, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("%q is no integer of %d bits", shorten(s), bits)
	}
	return v, nil
}

func parseUnsigned(s string, bits int) (uint64, error) {
	v, err := strconv.ParseUint(s, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("%q is no unsigned integer of %d bits", shorten(s), bits)
	}
	return v, nil
}

func parseFloat(s string, bits int) (float64, error) {
	v, err := strconv.ParseFloat(s, bits)
	if err != nil || strings.ContainsAny(s, "_xX") {
		return 0, fmt.Errorf("%q is no number", shorten(s))
	}
	return v, nil
}

// shorten keeps a value in a message short.
func shorten(s string) string {
	const most = 64
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
