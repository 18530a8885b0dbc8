package expr

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// ParseScalar reads the text of a value as CAST from VARCHAR does; blanks around it don't count but for texts. 22P02
// for a text of another form, 22007 for dates and times, 22003 for a number that does not fit.
func ParseScalar(text string, to vector.Type) (vector.Scalar, error) {
	out := vector.Scalar{Type: to}
	trimmed := strings.TrimSpace(text)
	var err error
	switch to.Kind {
	case vector.Text:
		out.Bytes = text
	case vector.Binary:
		out.Bytes = text
	case vector.Boolean:
		out.Int, err = parseBoolean(trimmed)
	case vector.Int8, vector.Int16, vector.Int32, vector.Int64, vector.UInt8, vector.UInt16, vector.UInt32:
		out.Int, err = parseInteger(trimmed, to)
	case vector.UInt64, vector.Decimal:
		out.Wide, err = ParseDecimal(trimmed, to)
	case vector.Float32, vector.Float64:
		out.Float, err = parseFloat(trimmed, to)
	case vector.Date:
		out.Int, err = parseDate(trimmed)
	case vector.Time:
		out.Int, err = parseTime(trimmed, to)
	case vector.Timestamp:
		out.Int, err = parseTimestamp(trimmed, to)
	case vector.Interval:
		out.Interval, err = ParseInterval(trimmed)
	case vector.UUID:
		out.Bytes, err = parseUUID(trimmed)
	case vector.JSON:
		out.Bytes = text
		if !json.Valid([]byte(text)) {
			err = badText(text, to)
		}
	case vector.List, vector.Struct:
		return parseNested(text, to)
	default:
		err = sqlerr.NotSupported("reading a text as " + to.String())
	}
	return out, err
}

func badText(text string, to vector.Type) error {
	return sqlerr.New(sqlerr.InvalidText, "%s is no %s", quoteShort(text), to)
}

func outOfRange(text string, to vector.Type) error {
	return sqlerr.New(sqlerr.NumericOutOfRange, "%s does not fit %s", text, to)
}

// quoteShort quotes a text for a message, the middle of a long one left out.
func quoteShort(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		text = string(r[:most/2]) + "…" + string(r[len(r)-most/2:])
	}
	return "'" + text + "'"
}

func parseBoolean(text string) (int64, error) {
	switch strings.ToLower(text) {
	case "true", "t", "yes", "y", "on", "1":
		return 1, nil
	case "false", "f", "no", "n", "off", "0":
		return 0, nil
	default:
		return 0, badText(text, vector.Of(vector.Boolean))
	}
}

func parseInteger(text string, to vector.Type) (int64, error) {
	v, err := strconv.ParseInt(text, 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0, badText(text, to)
	}
	if lo, hi := to.Limits(); err != nil || v < lo || v > hi {
		return 0, outOfRange(text, to)
	}
	return v, nil
}

func parseFloat(text string, to vector.Type) (float64, error) {
	bits := 64
	if to.Kind == vector.Float32 {
		bits = 32
	}
	if strings.ContainsAny(text, "xX_") {
		return 0, badText(text, to)
	}
	v, err := strconv.ParseFloat(text, bits)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return 0, badText(text, to)
	case math.IsInf(v, 0) && err != nil:
		return 0, outOfRange(text, to)
	}
	return v, nil
}

func parseUUID(text string) (string, error) {
	u, err := uuid.Parse(text)
	if err != nil {
		return "", badText(text, vector.Of(vector.UUID))
	}
	return string(u[:]), nil
}
