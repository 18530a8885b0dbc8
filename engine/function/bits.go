package function

import (
	"math/bits"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
)

// bitFunctions compute with the bits of BIGINTs, two's complements, and write numbers in other bases.
func bitFunctions() []Entry {
	big, text := bigType(), textType()
	entry := inFamily("number")
	binary := func(names, signature, help, example, gives string, f func(a, b int64) (int64, error)) Entry {
		return entry(names, signature+" → BIGINT", shown(help, example, gives),
			toBig(func(r *row) (int64, error) { return f(r.int(0), r.int(1)) }, big, big))
	}
	operator := func(name, help, example, gives string, f func(a, b int64) (int64, error)) Entry {
		e := binary(name, "", help, example, gives, f)
		e.Signature = "number " + name + " number → BIGINT"
		return e
	}
	not := entry(BitNot, "", shown("All bits turned.", "~5", "-6"),
		toBig(func(r *row) (int64, error) { return ^r.int(0), nil }, big))
	not.Signature = "~number → BIGINT"
	return []Entry{
		operator(BitAnd, "The bits that both have.", "6 & 3", "2",
			func(a, b int64) (int64, error) { return a & b, nil }),
		operator(BitOr, "The bits that one of them has.", "6 | 3", "7",
			func(a, b int64) (int64, error) { return a | b, nil }),
		operator(ShiftLeft, "The bits moved to the left; 22003 where some are lost.", "1 << 4", "16", shiftLeft),
		operator(ShiftRight, "The bits moved to the right; the sign fills.", "16 >> 2", "4", shiftRight),
		not,
		binary("xor", "(number, number)", "The bits that one of them has, and not both.", "xor(6, 3)", "5",
			func(a, b int64) (int64, error) { return a ^ b, nil }),
		entry("bit_count", "(number) → BIGINT", shown("How many of a BIGINT's 64 bits are set.", "bit_count(255)", "8"),
			toBig(func(r *row) (int64, error) { return int64(bits.OnesCount64(uint64(r.int(0)))), nil }, big)),
		entry("bin to_binary", "(number) → VARCHAR", shown("In binary digits.", "bin(5)", "101"),
			toText(digitsOf(2), big)),
		entry("oct", "(number) → VARCHAR", shown("In octal digits.", "oct(64)", "100"), toText(digitsOf(8), big)),
		entry("to_base", "(number, base [, length]) → VARCHAR",
			shown("The digits in a base of 2 to 36, with zeros before them to a length.", "to_base(255, 16, 4)",
				"00FF"),
			toText(toBase, big, big), toText(toBase, big, big, big)),
		entry("conv", "(digits, from, to) → VARCHAR",
			shown("Digits of one base in another, of 2 to 36; the number has 64 bits.", "conv('ff', 16, 2)",
				"11111111"),
			nullText(conv, text, big, big), nullText(func(dst []byte, r *row) ([]byte, error) {
				return convert(dst, strconv.FormatInt(r.int(0), 10), r)
			}, big, big, big)),
	}
}

func badShift(by int64) error {
	return sqlerr.New(sqlerr.NumericOutOfRange, "bits can't be moved by %d", by)
}

func shiftLeft(a, by int64) (int64, error) {
	if by < 0 {
		return 0, badShift(by)
	}
	if out := a << by; out>>by == a && (by < 64 || a == 0) {
		return out, nil
	}
	return 0, sqlerr.New(sqlerr.NumericOutOfRange, "%d << %d does not fit BIGINT", a, by)
}

func shiftRight(a, by int64) (int64, error) {
	if by < 0 {
		return 0, badShift(by)
	}
	return a >> by, nil
}

// digitsOf writes the two's complement of a negative number.
func digitsOf(base int) textRow {
	return func(dst []byte, r *row) ([]byte, error) {
		return append(dst, strings.ToUpper(strconv.FormatUint(uint64(r.int(0)), base))...), nil
	}
}

const maxBase = 36

func checkBase(base int64) error {
	if base < 2 || base > maxBase {
		return sqlerr.New(sqlerr.InvalidParameterValue, "a base is from 2 to %d, not %d", maxBase, base)
	}
	return nil
}

func toBase(dst []byte, r *row) ([]byte, error) {
	x, base, length := r.int(0), r.int(1), r.intAt(2, 0)
	if err := checkBase(base); err != nil {
		return dst, err
	}
	const longest = 64
	if x < 0 || length < 0 || length > longest {
		return dst, sqlerr.New(sqlerr.InvalidParameterValue,
			"to_base takes numbers from 0, and lengths of 0 to %d: not %d, %d", longest, x, length)
	}
	digits := strings.ToUpper(strconv.FormatInt(x, int(base)))
	dst = append(dst, strings.Repeat("0", max(int(length)-len(digits), 0))...)
	return append(dst, digits...), nil
}

func conv(dst []byte, r *row) ([]byte, error) { return convert(dst, string(r.text(0)), r) }

// convert is MySQL's CONV: it reads the digits that come first, as many as there are, and gives NULL for a base that is
// none; a negative base to write in makes the number signed.
func convert(dst []byte, digits string, r *row) ([]byte, error) {
	from, to := r.int(1), r.int(2)
	signed := to < 0
	from, to = max(from, -from), max(to, -to)
	if checkBase(from) != nil || checkBase(to) != nil {
		r.null = true
		return dst, nil //nolint:nilerr // a base that is none gives NULL
	}
	digits = strings.TrimSpace(digits)
	negative := strings.HasPrefix(digits, "-")
	digits = strings.TrimLeft(digits, "+-")
	end := 0
	for end < len(digits) {
		if _, err := strconv.ParseUint(digits[end:end+1], int(from), 64); err != nil {
			break
		}
		end++
	}
	x := uint64(0)
	if end > 0 {
		x, _ = strconv.ParseUint(digits[:end], int(from), 64) // the most that there is, where it is more
	}
	if negative {
		x = -x
	}
	if signed {
		return append(dst, strings.ToUpper(strconv.FormatInt(int64(x), int(to)))...), nil
	}
	return append(dst, strings.ToUpper(strconv.FormatUint(x, int(to)))...), nil
}

// randoms differ from call to call.
func randoms() []Entry {
	double, big := doubleType(), bigType()
	volatile := func(o expr.Overload) expr.Overload {
		o.Volatile = true
		return o
	}
	free := volatile(Fixed(double, expr.NullNever, doublesEach(func() floatRow {
		return func(*row) (float64, error) { return rand.Float64(), nil } //nolint:gosec // no secret
	})))
	seeded := volatile(Fixed(double, expr.NullIfAny, doublesEach(func() floatRow {
		var source *rand.Rand
		return func(r *row) (float64, error) {
			if source == nil {
				source = rand.New(rand.NewPCG(uint64(r.int(0)), 0)) //nolint:gosec // no secret
			}
			return source.Float64(), nil
		}
	}), big))
	between := volatile(Fixed(big, expr.NullIfAny, intsEach(big, func() intRow {
		return func(r *row) (int64, error) {
			lo, hi := r.int(0), r.int(1)
			if lo > hi {
				return 0, sqlerr.New(sqlerr.InvalidParameterValue, "there is no number from %d to %d", lo, hi)
			}
			span := uint64(hi) - uint64(lo) + 1
			if span == 0 {
				return int64(rand.Uint64()), nil //nolint:gosec // no secret
			}
			return int64(uint64(lo) + rand.Uint64N(span)), nil //nolint:gosec // no secret
		}
	}), big, big))
	return []Entry{inFamily("number")("random rand", "([seed] or least, most) → DOUBLE or BIGINT",
		doc{help: "A number from 0 to below 1, or a whole one of a range. With a seed each thread of a query has " +
			"the same ones.", example: "random() < 1", gives: "true"}, free, seeded, between)}
}
