package expr

import (
	"math"
	"math/big"
	"strings"

	"github.com/micodb/micodb/internal/vector"
)

// ParseDecimal reads a number with or without a point and an exponent as the unscaled value of a DECIMAL (or BIGINT
// UNSIGNED), rounding half away from zero: 22P02 for another form, 22003 when it has too many digits.
func ParseDecimal(text string, to vector.Type) (vector.Int128, error) {
	digits, exponent, ok := splitNumber(text)
	if !ok {
		return vector.Int128{}, badText(text, to)
	}
	v, _ := new(big.Int).SetString(digits, 10)
	v, ok = scaleBig(v, exponent+int(to.Scale))
	if ok {
		if out, fits := decimalOf(v, to); fits {
			return out, nil
		}
	}
	return vector.Int128{}, outOfRange(text, to)
}

// splitNumber returns the digits of a number, signed and without the point, and its exponent.
func splitNumber(text string) (digits string, exponent int, ok bool) {
	sign := ""
	switch {
	case strings.HasPrefix(text, "-"):
		sign, text = "-", text[1:]
	case strings.HasPrefix(text, "+"):
		text = text[1:]
	}
	mantissa, power, hasPower := cutAny(text, "eE")
	if hasPower {
		if exponent, ok = smallInteger(power); !ok {
			return "", 0, false
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits = whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", 0, false
	}
	return sign + digits, exponent - len(fraction), true
}

func cutAny(s, chars string) (before, after string, found bool) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// smallInteger reads an exponent of at most four digits.
func smallInteger(text string) (int, bool) {
	n, neg := 0, false
	if text != "" && (text[0] == '-' || text[0] == '+') {
		neg, text = text[0] == '-', text[1:]
	}
	if text == "" || len(text) > 4 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	if neg {
		n = -n
	}
	return n, true
}

// scaleBig multiplies by a power of ten, rounding half away from zero; false when the result is hopelessly large.
func scaleBig(v *big.Int, power int) (*big.Int, bool) {
	switch {
	case power == 0 || v.Sign() == 0:
		return v, true
	case power > 0:
		if power > 2*vector.MaxDecimalDigits {
			return v, false
		}
		return new(big.Int).Mul(v, tenTo(power)), true
	}
	if -power > len(v.Text(10))+1 {
		return new(big.Int), true
	}
	unit := tenTo(-power)
	q, r := new(big.Int).QuoRem(v, unit, new(big.Int))
	if r.Abs(r).Lsh(r, 1).Cmp(unit) >= 0 {
		q.Add(q, big.NewInt(int64(v.Sign())))
	}
	return q, true
}

func tenTo(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// decimalOf returns an unscaled value as a type's, and whether it has that few digits.
func decimalOf(v *big.Int, to vector.Type) (vector.Int128, bool) {
	if to.Kind == vector.UInt64 {
		if !v.IsUint64() {
			return vector.Int128{}, false
		}
		return vector.Int128{Lo: v.Uint64()}, true
	}
	if v.CmpAbs(tenTo(int(to.Precision))) >= 0 {
		return vector.Int128{}, false
	}
	low := new(big.Int).And(v, new(big.Int).SetUint64(math.MaxUint64))
	return vector.Int128{Lo: low.Uint64(), Hi: new(big.Int).Rsh(v, 64).Int64()}, true
}

// bigOf is the opposite of decimalOf.
func bigOf(v vector.Int128) *big.Int {
	b := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
	return b.Or(b, new(big.Int).SetUint64(v.Lo))
}
