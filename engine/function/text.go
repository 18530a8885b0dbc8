package function

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// maxTextBytes bounds one text that repeat and pad make, maxChunkBytes all texts that a function makes of one chunk:
// 16 KiB a row of a full chunk. Kernels have no budget to reserve from, so what each may hold is small.
const (
	maxTextBytes  = 16 << 20
	maxChunkBytes = 64 << 20
)

func checkLength(chunk int) error {
	if chunk > maxChunkBytes {
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "a function makes more than %d bytes of text", maxChunkBytes)
	}
	return nil
}

// textFunctions make texts of texts. Positions and lengths count characters, from 1.
func textFunctions() []Entry {
	text, big, truth := vector.Of(vector.Text), vector.Of(vector.Int64), vector.Of(vector.Boolean)
	produce := func(f textFunction, args ...vector.Type) expr.Overload {
		return Fixed(text, expr.NullIfAny, texts(f), args...)
	}
	count := func(f intFunction, args ...vector.Type) expr.Overload {
		return Fixed(big, expr.NullIfAny, ints(big, f), args...)
	}
	test := func(f intFunction) expr.Overload { return Fixed(truth, expr.NullIfAny, ints(truth, f), text, text) }
	entry := func(name, signature, help, example string, overloads ...expr.Overload) Entry {
		return Entry{
			Name: name, Family: "text", Signature: name + signature, Help: help, Example: example,
			Resolve: Choose(name, overloads...),
		}
	}
	cut := "(text [, characters]) → VARCHAR"
	return []Entry{
		entry("lower", "(text) → VARCHAR", "In lower case.", "lower('ÄB')", produce(lower, text)),
		entry("lcase", "(text) → VARCHAR", "In lower case.", "lcase('ÄB')", produce(lower, text)),
		entry("upper", "(text) → VARCHAR", "In upper case.", "upper('äb')", produce(upper, text)),
		entry("ucase", "(text) → VARCHAR", "In upper case.", "ucase('äb')", produce(upper, text)),
		entry("length", "(text) → BIGINT", "The number of characters.", "length('äb')", count(characters, text)),
		entry("char_length", "(text) → BIGINT", "The number of characters.", "char_length('äb')",
			count(characters, text)),
		entry("character_length", "(text) → BIGINT", "The number of characters.", "character_length('äb')",
			count(characters, text)),
		entry("octet_length", "(text) → BIGINT", "The number of bytes.", "octet_length('äb')",
			count(octets, text), count(octets, vector.Of(vector.Binary))),
		entry("substring", "(text, start [, length]) → VARCHAR", "A part of a text.", "substring('hello', 2, 3)",
			produce(substring, text, big), produce(substring, text, big, big)),
		entry("substr", "(text, start [, length]) → VARCHAR", "A part of a text.", "substr('hello', 2, 3)",
			produce(substring, text, big), produce(substring, text, big, big)),
		entry("left", "(text, n) → VARCHAR", "The first n characters; all but the last -n for a negative n.",
			"left('hello', 2)", produce(left, text, big)),
		entry("right", "(text, n) → VARCHAR", "The last n characters; all but the first -n for a negative n.",
			"right('hello', 2)", produce(right, text, big)),
		entry("trim", cut, "Without blanks, or the characters, at both ends.", "trim('  a ')",
			produce(trimmer(true, true), text), produce(trimmer(true, true), text, text)),
		entry("btrim", cut, "Without blanks, or the characters, at both ends.", "btrim('xax', 'x')",
			produce(trimmer(true, true), text), produce(trimmer(true, true), text, text)),
		entry("ltrim", cut, "Without blanks, or the characters, at the beginning.", "ltrim('  a ')",
			produce(trimmer(true, false), text), produce(trimmer(true, false), text, text)),
		entry("rtrim", cut, "Without blanks, or the characters, at the end.", "rtrim('  a ')",
			produce(trimmer(false, true), text), produce(trimmer(false, true), text, text)),
		entry("replace", "(text, from, to) → VARCHAR", "With every from replaced.", "replace('banana', 'na', 'x')",
			produce(replace, text, text, text)),
		entry("reverse", "(text) → VARCHAR", "With its characters in reverse.", "reverse('äb')",
			produce(reverse, text)),
		entry("repeat", "(text, n) → VARCHAR", "The text n times.", "repeat('ab', 3)", produce(repeat, text, big)),
		entry("lpad", "(text, length [, fill]) → VARCHAR", "Filled, or cut, to a length at the beginning.",
			"lpad('7', 3, '0')", produce(padder(true), text, big), produce(padder(true), text, big, text)),
		entry("rpad", "(text, length [, fill]) → VARCHAR", "Filled, or cut, to a length at the end.",
			"rpad('7', 3, '.')", produce(padder(false), text, big), produce(padder(false), text, big, text)),
		entry("strpos", "(text, part) → BIGINT", "Where the part first stands, from 1; 0 for nowhere.",
			"strpos('hello', 'l')", count(position, text, text)),
		entry("instr", "(text, part) → BIGINT", "Where the part first stands, from 1; 0 for nowhere.",
			"instr('hello', 'l')", count(position, text, text)),
		entry("position", "(part, text) → BIGINT", "Where the part first stands, from 1; 0 for nowhere.",
			"position('l', 'hello')", count(positionIn, text, text)),
		entry("locate", "(part, text) → BIGINT", "Where the part first stands, from 1; 0 for nowhere.",
			"locate('l', 'hello')", count(positionIn, text, text)),
		entry("ascii", "(text) → BIGINT", "The code point of the first character.", "ascii('ä')",
			count(firstRune, text)),
		entry("starts_with", "(text, part) → BOOLEAN", "Whether the text begins so.", "starts_with('hello', 'he')",
			test(func(s []byte, a *argument) int64 { return truthOf(bytes.HasPrefix(s, a.texts[0])) })),
		entry("ends_with", "(text, part) → BOOLEAN", "Whether the text ends so.", "ends_with('hello', 'lo')",
			test(func(s []byte, a *argument) int64 { return truthOf(bytes.HasSuffix(s, a.texts[0])) })),
		entry("contains", "(text, part) → BOOLEAN", "Whether the part is in the text.", "contains('hello', 'll')",
			test(func(s []byte, a *argument) int64 { return truthOf(bytes.Contains(s, a.texts[0])) })),
	}
}

func truthOf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func lower(dst, s []byte, _ *argument) ([]byte, error) { return append(dst, bytes.ToLower(s)...), nil }

func upper(dst, s []byte, _ *argument) ([]byte, error) { return append(dst, bytes.ToUpper(s)...), nil }

func characters(s []byte, _ *argument) int64 { return int64(utf8.RuneCount(s)) }

func octets(s []byte, _ *argument) int64 { return int64(len(s)) }

func firstRune(s []byte, _ *argument) int64 {
	if len(s) == 0 {
		return 0
	}
	r, _ := utf8.DecodeRune(s)
	return int64(r)
}

func position(s []byte, a *argument) int64 { return find(s, a.texts[0]) }

func positionIn(part []byte, a *argument) int64 { return find(a.texts[0], part) }

func find(s, part []byte) int64 {
	before, _, found := bytes.Cut(s, part)
	if !found {
		return 0
	}
	return int64(utf8.RuneCount(before)) + 1
}

// offset returns the byte at which character n, from 0, begins, or the length.
func offset(s []byte, n int64) int {
	at := 0
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRune(s[at:])
		at += size
	}
	return at
}

// substring follows the SQL standard: what lies before the first character counts toward the length. A negative
// start counts from the end.
func substring(dst, s []byte, a *argument) ([]byte, error) {
	start, end := a.ints[0], int64(vector.MaxInt)
	if start < 0 {
		start = max(int64(utf8.RuneCount(s))+start+1, 1)
	}
	if len(a.ints) > 1 {
		n := a.ints[1]
		if n < 0 {
			return dst, sqlerr.New(sqlerr.InvalidParameterValue, "the length of a substring can't be %d", n)
		}
		if start <= vector.MaxInt-n {
			end = start + n
		}
	}
	if end <= 1 || end <= start {
		return dst, nil
	}
	from := offset(s, start-1)
	return append(dst, s[from:from+offset(s[from:], end-max(start, 1))]...), nil
}

func left(dst, s []byte, a *argument) ([]byte, error) {
	n := a.ints[0]
	if n < 0 {
		n = max(int64(utf8.RuneCount(s))+n, 0)
	}
	return append(dst, s[:offset(s, n)]...), nil
}

func right(dst, s []byte, a *argument) ([]byte, error) {
	n, total := a.ints[0], int64(utf8.RuneCount(s))
	skip := -n
	if n >= 0 {
		skip = max(total-n, 0)
	}
	return append(dst, s[offset(s, skip):]...), nil
}

func trimmer(atStart, atEnd bool) textFunction {
	return func(dst, s []byte, a *argument) ([]byte, error) {
		set := " "
		if len(a.texts) > 0 {
			set = string(a.texts[0])
		}
		if atStart {
			s = bytes.TrimLeft(s, set)
		}
		if atEnd {
			s = bytes.TrimRight(s, set)
		}
		return append(dst, s...), nil
	}
}

func replace(dst, s []byte, a *argument) ([]byte, error) {
	if len(a.texts[0]) == 0 {
		return append(dst, s...), nil
	}
	return append(dst, bytes.ReplaceAll(s, a.texts[0], a.texts[1])...), nil
}

func reverse(dst, s []byte, _ *argument) ([]byte, error) {
	for len(s) > 0 {
		_, size := utf8.DecodeLastRune(s)
		dst = append(dst, s[len(s)-size:]...)
		s = s[:len(s)-size]
	}
	return dst, nil
}

func tooLong(name string) error {
	return sqlerr.New(sqlerr.ProgramLimitExceeded, "%s makes a text of more than %d bytes", name, maxTextBytes)
}

func repeat(dst, s []byte, a *argument) ([]byte, error) {
	n := max(a.ints[0], 0)
	if len(s) == 0 {
		return dst, nil
	}
	if n > int64(maxTextBytes/len(s)) {
		return dst, tooLong("repeat")
	}
	dst = slices.Grow(dst, int(n)*len(s))
	for range n {
		dst = append(dst, s...)
	}
	return dst, nil
}

func padder(atStart bool) textFunction {
	return func(dst, s []byte, a *argument) ([]byte, error) {
		fill := []byte(" ")
		if len(a.texts) > 1 {
			fill = a.texts[1]
		}
		n := max(a.ints[0], 0)
		missing := n - int64(utf8.RuneCount(s))
		switch {
		case missing <= 0:
			return append(dst, s[:offset(s, n)]...), nil
		case missing > maxTextBytes/utf8.UTFMax:
			return dst, tooLong("pad")
		case !atStart:
			dst = append(dst, s...)
		}
		for missing > 0 && len(fill) > 0 {
			piece := fill[:offset(fill, missing)]
			dst = append(dst, piece...)
			missing -= int64(utf8.RuneCount(piece))
		}
		if atStart {
			dst = append(dst, s...)
		}
		return dst, nil
	}
}
