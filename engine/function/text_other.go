package function

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// textOther are texts for the eye and the ear, and new ids.
func textOther() []Entry {
	text, double := textType(), doubleType()
	entry := inFamily("text")
	id := func(names, help string, of func() (uuid.UUID, error)) Entry {
		e := entry(names, "() → UUID", doc{help: help})
		e.Example = e.Name + "()"
		result := vector.Of(vector.UUID)
		o := Fixed(result, expr.NullNever, textsEach(result, func() textRow {
			return func(dst []byte, _ *row) ([]byte, error) {
				u, err := of()
				if err != nil {
					return dst, sqlerr.Wrap(err, sqlerr.InternalError, "no random numbers")
				}
				return append(dst, u[:]...), nil
			}
		}))
		o.Volatile = true
		e.Resolve = Choose(e.Name, o)
		return e
	}
	return []Entry{
		entry("soundex", "(text) → VARCHAR",
			shown("The letter and three digits that stand for an English name's sound.",
				"soundex('Robert')", "R163"), toText(soundex, text)),
		entry("bar", "(number, least, most [, width]) → VARCHAR",
			shown("A bar in width characters, 80 unless told, as long as the number is far in the range.",
				"bar(5, 0, 10, 4)", "██  "),
			toText(bar, double, double, double), toText(bar, double, double, double, double)),
		id("uuid gen_random_uuid newid uuidv4", "A new random UUID (version 4).", uuid.NewRandom),
		id("uuidv7", "A new UUID that begins with the time (version 7).", uuid.NewV7),
	}
}

// bar draws in eighths of a character.
func bar(dst []byte, r *row) ([]byte, error) {
	const usual, most, parts = 80, 1000, 8
	x, lo, hi, width := r.float(0), r.float(1), r.float(2), float64(usual)
	if r.has(3) {
		width = r.float(3)
	}
	if !(lo < hi) || !(width >= 1 && width <= most) {
		return dst, sqlerr.New(sqlerr.InvalidParameterValue,
			"a bar needs a range, not %v to %v, and a width of 1 to %d, not %v", lo, hi, most, width)
	}
	share := (min(max(x, lo), hi) - lo) / (hi - lo)
	if math.IsNaN(share) {
		share = 0
	}
	eighths := int(share * width * parts)
	drawn := eighths / parts
	dst = append(dst, strings.Repeat("█", drawn)...)
	if rest := eighths % parts; rest > 0 {
		dst = utf8.AppendRune(dst, '█'+rune(parts-rest))
		drawn++
	}
	dst = append(dst, strings.Repeat(" ", max(int(width)-drawn, 0))...)
	return dst, nil
}
