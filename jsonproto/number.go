package jsonproto

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
)

// numberDigitsMax bounds the digits and the exponent of a number that is read exactly: far more than any type holds,
// and so few that "1e999999999" costs nothing.
const numberDigitsMax = 400

// number is a JSON number, exactly: unscaled * 10^-scale. Scale is positive only for a fraction.
type number struct {
	unscaled *big.Int
	scale    int
}

// rescaled returns the unscaled value for a scale that is not less than the number's.
func (n number) rescaled(scale int) *big.Int {
	ten := big.NewInt(10)
	return new(big.Int).Mul(n.unscaled, ten.Exp(ten, big.NewInt(int64(scale-n.scale)), nil))
}

func isNumber(raw json.RawMessage) bool { return raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' }

// exact reads a number of any form.
func (c *columnDecoder) exact(raw json.RawMessage, want string) (number, error) {
	if !isNumber(raw) {
		return number{}, c.mismatch(raw, want)
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(string(raw)), "e")
	shift := 0
	if exponent != "" {
		var err error
		if shift, err = strconv.Atoi(exponent); err != nil {
			shift = numberDigitsMax + 1
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	fraction = strings.TrimRight(fraction, "0")
	digits := whole + fraction
	scale := len(fraction) - shift
	unscaled, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return number{}, c.mismatch(raw, want)
	}
	if unscaled.Sign() == 0 {
		return number{unscaled: unscaled}, nil
	}
	for scale > 0 && strings.HasSuffix(digits, "0") { // 10e-1 is 1
		digits = digits[:len(digits)-1]
		scale--
		unscaled.SetString(digits, 10)
	}
	if len(digits) > numberDigitsMax || scale > numberDigitsMax || scale < -numberDigitsMax {
		return number{}, c.outOfRange(raw)
	}
	return number{unscaled: unscaled, scale: scale}, nil
}
