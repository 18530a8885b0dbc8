package expr

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/micodb/micodb/internal/vector"
)

// String returns the column's name.
func (e Column) String() string { return e.Name }

// String returns the constant as SQL writes it.
func (e Literal) String() string { return FormatScalar(e.Value, true) }

// String returns $1 for the first parameter.
func (e Parameter) String() string { return "$" + strconv.Itoa(e.Index+1) }

// String returns the name as that of an enclosing query.
func (e Outer) String() string { return "outer(" + e.Name + ")" }

// String returns (left op right).
func (e Arithmetic) String() string {
	return fmt.Sprintf("(%s %s %s)", e.Left, [...]string{"+", "-", "*", "/", "DIV", "%"}[e.Op], e.Right)
}

// String returns left op right.
func (e Compare) String() string {
	return fmt.Sprintf("%s %s %s", e.Left, e.Op, e.Right)
}

// String returns the operator.
func (o CompareOp) String() string {
	return [...]string{"=", "<>", "<", "<=", ">", ">=", "IS NOT DISTINCT FROM"}[o]
}

// String joins the conjuncts.
func (e And) String() string { return "(" + join(e.Of, " AND ") + ")" }

// String joins the disjuncts.
func (e Or) String() string { return "(" + join(e.Of, " OR ") + ")" }

// String returns NOT of.
func (e Not) String() string { return "NOT " + e.Of.String() }

// String returns of IS NULL.
func (e IsNull) String() string { return e.Of.String() + " IS NULL" }

// String returns of IN (list).
func (e In) String() string { return e.Of.String() + " IN (" + join(e.List, ", ") + ")" }

// String returns of LIKE pattern.
func (e Like) String() string {
	op := " LIKE "
	if e.Fold {
		op = " ILIKE "
	}
	s := e.Of.String() + op + e.Pattern.String()
	if e.Escape != 0 {
		s += " ESCAPE '" + string(e.Escape) + "'"
	}
	return s
}

// String returns CASE … END.
func (e Case) String() string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, w := range e.Whens {
		fmt.Fprintf(&b, " WHEN %s THEN %s", w.If, w.Then)
	}
	fmt.Fprintf(&b, " ELSE %s END", e.Else)
	return b.String()
}

// String returns CAST(of AS type).
func (e Cast) String() string {
	name := "CAST"
	if e.Try {
		name = "TRY_CAST"
	}
	return fmt.Sprintf("%s(%s AS %s)", name, e.Of, e.To)
}

// String returns name(args).
func (e Call) String() string { return e.Name + "(" + join(e.Args, ", ") + ")" }

// String returns the key with its direction where that is not the default.
func (k SortKey) String() string {
	s := k.Of.String()
	if k.Descending {
		s += " DESC"
	}
	if k.NullsFirst {
		s += " NULLS FIRST"
	}
	return s
}

func join(es []Expr, sep string) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.String()
	}
	return strings.Join(parts, sep)
}

// formatFloat writes the fewest digits that give the value back, with an exponent only far from 1.
func formatFloat(v float64, bits int) string {
	const least, most = 1e-6, 1e21
	switch m := math.Abs(v); {
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	case m != 0 && (m < least || m >= most):
		return strconv.FormatFloat(v, 'e', -1, bits)
	}
	return strconv.FormatFloat(v, 'f', -1, bits)
}

// FormatScalar returns the text of a value: as an SQL literal when quoted, else as CAST to VARCHAR gives it.
func FormatScalar(s vector.Scalar, quoted bool) string {
	if s.Null {
		return "NULL"
	}
	quote := func(prefix, text string) string {
		if !quoted {
			return text
		}
		return prefix + "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	switch s.Type.Kind {
	case vector.Boolean:
		return strconv.FormatBool(s.Int != 0)
	case vector.Float32:
		return formatFloat(s.Float, 32)
	case vector.Float64:
		return formatFloat(s.Float, 64)
	case vector.Decimal, vector.UInt64:
		return FormatDecimal(s.Wide, int(s.Type.Scale))
	case vector.Text, vector.JSON:
		return quote("", s.Bytes)
	case vector.UUID:
		id, err := uuid.FromBytes([]byte(s.Bytes))
		if err != nil {
			return quote("x", hex.EncodeToString([]byte(s.Bytes)))
		}
		return quote("UUID ", id.String())
	case vector.Binary:
		return quote("x", hex.EncodeToString([]byte(s.Bytes)))
	case vector.Date:
		return quote("DATE ", time.Unix(s.Int*86400, 0).UTC().Format("2006-01-02"))
	case vector.Timestamp:
		return quote("TIMESTAMP ", FormatTimestamp(s.Int, s.Type))
	case vector.Time:
		return quote("TIME ", formatTime(s.Int, s.Type))
	case vector.Interval:
		return quote("INTERVAL ", formatInterval(s.Interval))
	case vector.List, vector.Struct:
		return formatNested(s, quoted)
	default:
		return strconv.FormatInt(s.Int, 10)
	}
}

// FormatDecimal returns the digits of an unscaled decimal.
func FormatDecimal(v vector.Int128, scale int) string {
	b := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
	b.Or(b, new(big.Int).SetUint64(v.Lo))
	neg := b.Sign() < 0
	digits := b.Abs(b).String()
	if scale > 0 {
		if len(digits) <= scale {
			digits = strings.Repeat("0", scale-len(digits)+1) + digits
		}
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if neg {
		return "-" + digits
	}
	return digits
}

// UnitsPerSecond returns how many units of a TIME or TIMESTAMP type make a second.
func UnitsPerSecond(t vector.Type) int64 {
	n := int64(1)
	for range t.Precision {
		n *= 10
	}
	return n
}

// FormatTimestamp returns a timestamp of the type's unit in ISO form with a space, UTC with +00.
func FormatTimestamp(v int64, t vector.Type) string {
	unit := UnitsPerSecond(t)
	sec, frac := v/unit, v%unit
	if frac < 0 {
		sec, frac = sec-1, frac+unit
	}
	s := time.Unix(sec, 0).UTC().Format("2006-01-02 15:04:05") + fraction(frac, int(t.Precision))
	if t.Zone {
		s += "+00"
	}
	return s
}

func formatTime(v int64, t vector.Type) string {
	unit := UnitsPerSecond(t)
	return time.Unix(v/unit, 0).UTC().Format("15:04:05") + fraction(v%unit, int(t.Precision))
}

// fraction drops trailing zeros.
func fraction(v int64, digits int) string {
	if v == 0 || digits == 0 {
		return ""
	}
	return "." + strings.TrimRight(fmt.Sprintf("%0*d", digits, v), "0")
}
