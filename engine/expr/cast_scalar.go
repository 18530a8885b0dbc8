package expr

import (
	"encoding/hex"
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// CanCast tells whether CAST knows a way between two types. Whether a value has a counterpart shows later.
func CanCast(from, to vector.Type) bool {
	number := func(t vector.Type) bool { return t.IsNumeric() || t.Kind == vector.Boolean }
	switch {
	case from.Equal(to) || from.Kind == vector.Unknown:
		return true
	case from.IsNested() || to.IsNested():
		return canCastNested(from, to)
	case from.Kind == vector.Text || to.Kind == vector.Text:
		return true
	case from.Kind == vector.JSON:
		return false
	case number(from) && number(to):
		return true
	case from.Kind == vector.Date:
		return to.Kind == vector.Timestamp
	case from.Kind == vector.Timestamp:
		return to.Kind == vector.Date || to.Kind == vector.Timestamp || to.Kind == vector.Time
	case from.Kind == vector.Time:
		return to.Kind == vector.Time
	case from.Kind == vector.UUID || from.Kind == vector.Binary:
		return to.Kind == vector.Binary
	default:
		return false
	}
}

// CastScalar converts one value as CAST does: 22003, 22007 or 22P02 when it has no counterpart, 42804 when there is no
// cast between the types.
func CastScalar(s vector.Scalar, to vector.Type) (vector.Scalar, error) {
	from := s.Type
	switch {
	case from.Equal(to):
		return s, nil
	case !CanCast(from, to):
		return s, sqlerr.New(sqlerr.DatatypeMismatch, "%s can't be cast to %s", from, to)
	case s.Null:
		return vector.NullOf(to), nil
	case from.Kind == vector.Text:
		return ParseScalar(s.Bytes, to)
	case to.Kind == vector.Text:
		if from.Kind == vector.Binary {
			if !utf8.ValidString(s.Bytes) {
				return s, sqlerr.New(sqlerr.InvalidText, "x'%s' is no UTF-8", shortHex(s.Bytes))
			}
			return vector.TextOf(s.Bytes), nil
		}
		return vector.TextOf(FormatScalar(s, false)), nil
	case from.IsNested():
		return castMembers(s, to)
	case from.Kind == vector.Float32 || from.Kind == vector.Float64:
		return castFloat(s, to)
	case from.IsNumeric() || from.Kind == vector.Boolean:
		return castExact(s, to)
	case to.Kind == vector.Binary:
		return vector.Scalar{Type: to, Bytes: s.Bytes}, nil
	default:
		return castTime(s, to)
	}
}

// shortHex writes the first bytes of a value for a message.
func shortHex(b string) string {
	const most = 32
	if len(b) > most {
		return hex.EncodeToString([]byte(b[:most])) + "…"
	}
	return hex.EncodeToString([]byte(b))
}

func isWide(t vector.Type) bool { return t.Kind == vector.Decimal || t.Kind == vector.UInt64 }

// castExact converts a boolean, an integer or a decimal.
func castExact(s vector.Scalar, to vector.Type) (vector.Scalar, error) {
	v := big.NewInt(s.Int)
	if isWide(s.Type) {
		v = bigOf(s.Wide)
	}
	out := vector.Scalar{Type: to}
	switch to.Kind {
	case vector.Boolean:
		out.Int = int64(v.Sign() * v.Sign())
		return out, nil
	case vector.Float32, vector.Float64:
		r := new(big.Rat).SetFrac(v, tenTo(int(s.Type.Scale)))
		if to.Kind == vector.Float32 {
			f, _ := r.Float32()
			out.Float = float64(f)
		} else {
			out.Float, _ = r.Float64()
		}
		return out, nil
	default:
		scaled, _ := scaleBig(v, int(to.Scale)-int(s.Type.Scale))
		return exactOf(scaled, to, FormatScalar(s, false))
	}
}

// exactOf makes an integer or a decimal of an unscaled value.
func exactOf(v *big.Int, to vector.Type, text string) (vector.Scalar, error) {
	out := vector.Scalar{Type: to}
	if isWide(to) {
		var ok bool
		if out.Wide, ok = decimalOf(v, to); !ok {
			return out, outOfRange(text, to)
		}
		return out, nil
	}
	lo, hi := to.Limits()
	if !v.IsInt64() || v.Int64() < lo || v.Int64() > hi {
		return out, outOfRange(text, to)
	}
	out.Int = v.Int64()
	return out, nil
}

func castFloat(s vector.Scalar, to vector.Type) (vector.Scalar, error) {
	f := s.Float
	switch to.Kind {
	case vector.Boolean:
		return vector.Scalar{Type: to, Int: vector.BoolOf(f != 0).Int}, nil
	case vector.Float64:
		return vector.Scalar{Type: to, Float: f}, nil
	case vector.Float32:
		n := float64(float32(f))
		if math.IsInf(n, 0) && !math.IsInf(f, 0) {
			return s, outOfRange(FormatScalar(s, false), to)
		}
		return vector.Scalar{Type: to, Float: n}, nil
	}
	if math.IsNaN(f) || math.IsInf(f, 0) || math.Abs(f) > 1e39 {
		return s, outOfRange(FormatScalar(s, false), to)
	}
	r := new(big.Rat).SetFloat64(f)
	r.Mul(r, new(big.Rat).SetInt(tenTo(int(to.Scale))))
	q, rest := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	if rest.Abs(rest).Lsh(rest, 1).Cmp(r.Denom()) >= 0 {
		q.Add(q, big.NewInt(int64(r.Sign())))
	}
	return exactOf(q, to, FormatScalar(s, false))
}

// castTime converts between DATE, TIME and TIMESTAMP; what is finer than the target is cut off towards the past.
func castTime(s vector.Scalar, to vector.Type) (vector.Scalar, error) {
	unit := int64(1)
	if to.Kind != vector.Date {
		unit = UnitsPerSecond(to)
	}
	if s.Type.Kind == vector.Date {
		if seconds := s.Int * 86400; seconds <= math.MaxInt64/unit && seconds >= math.MinInt64/unit {
			return vector.IntOf(to, seconds*unit), nil
		}
		return s, sqlerr.New(sqlerr.InvalidDatetime, "%s does not fit %s", FormatScalar(s, false), to)
	}
	from := UnitsPerSecond(s.Type)
	day := 86400 * from
	switch {
	case to.Kind == vector.Date:
		return vector.IntOf(to, floorDiv(s.Int, day)), nil
	case to.Kind == vector.Time && s.Type.Kind == vector.Timestamp:
		s.Int -= floorDiv(s.Int, day) * day
	}
	if unit <= from {
		return vector.IntOf(to, floorDiv(s.Int, from/unit)), nil
	}
	grow := unit / from
	if s.Int > math.MaxInt64/grow || s.Int < math.MinInt64/grow {
		return s, sqlerr.New(sqlerr.InvalidDatetime, "%s does not fit %s", FormatScalar(s, false), to)
	}
	return vector.IntOf(to, s.Int*grow), nil
}
