package function

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func textType() vector.Type   { return vector.Of(vector.Text) }
func bigType() vector.Type    { return vector.Of(vector.Int64) }
func truthType() vector.Type  { return vector.Of(vector.Boolean) }
func binaryType() vector.Type { return vector.Of(vector.Binary) }
func doubleType() vector.Type { return vector.Of(vector.Float64) }

// toText is an overload that makes a text; NULL when an argument is.
func toText(f textRow, args ...vector.Type) expr.Overload {
	return Fixed(textType(), expr.NullIfAny, texts(f), args...)
}

// nullText is toText where the function may give NULL of its own.
func nullText(f textRow, args ...vector.Type) expr.Overload {
	return Fixed(textType(), expr.NullResult, texts(f), args...)
}

// toBig is an overload that makes a BIGINT.
func toBig(f intRow, args ...vector.Type) expr.Overload {
	return Fixed(bigType(), expr.NullIfAny, ints(bigType(), f), args...)
}

// toTruth is an overload that makes a BOOLEAN.
func toTruth(f func(r *row) bool, args ...vector.Type) expr.Overload {
	return Fixed(truthType(), expr.NullIfAny, ints(truthType(), func(r *row) (int64, error) {
		return truthOf(f(r)), nil
	}), args...)
}

// toDouble is an overload that makes a DOUBLE.
func toDouble(f floatRow, args ...vector.Type) expr.Overload {
	return Fixed(doubleType(), expr.NullIfAny, doubles(f), args...)
}

// textParts cut and search texts. Positions and lengths count characters, from 1.
func textParts() []Entry {
	text, big := textType(), bigType()
	entry := inFamily("text")
	cut := "(text [, characters]) → VARCHAR"
	return []Entry{
		entry("substring substr mid", "(text, start [, length]) → VARCHAR",
			shown("The part of a text from a character on; a negative start counts from the end.",
				"substring('hello', 2, 3)",
				"ell"), toText(substring, text, big), toText(substring, text, big, big)),
		entry("left", "(text, n) → VARCHAR", shown("The first n characters; all but the last -n for a negative n.",
			"left('hello', 2)", "he"), toText(left, text, big)),
		entry("right", "(text, n) → VARCHAR", shown("The last n characters; all but the first -n for a negative n.",
			"right('hello', 2)", "lo"), toText(right, text, big)),
		entry("trim btrim", cut, shown("Without blanks, or the characters, at both ends.", "trim('xax', 'x')", "a"),
			toText(trimmer(true, true), text), toText(trimmer(true, true), text, text)),
		entry("ltrim", cut, shown("Without blanks, or the characters, at the beginning.", "ltrim('  a')", "a"),
			toText(trimmer(true, false), text), toText(trimmer(true, false), text, text)),
		entry("rtrim", cut, shown("Without blanks, or the characters, at the end.", "rtrim('a..', '.')", "a"),
			toText(trimmer(false, true), text), toText(trimmer(false, true), text, text)),
		entry("strpos instr", "(text, part) → BIGINT",
			shown("Where the part first stands, from 1; 0 for nowhere.", "strpos('hello', 'l')", "3"),
			toBig(position, text, text)),
		entry("position locate charindex", "(part, text [, start]) → BIGINT",
			shown("Where the part first stands at or after start, from 1; 0 for nowhere. Also position(part IN text).",
				"position('l', 'hello')", "3"), toBig(positionIn, text, text), toBig(positionIn, text, text, big)),
		entry("starts_with prefix startswith", "(text, part) → BOOLEAN",
			shown("Whether the text begins so.", "starts_with('hello', 'he')", "true"),
			toTruth(func(r *row) bool { return bytes.HasPrefix(r.text(0), r.text(1)) }, text, text)),
		entry("ends_with suffix endswith", "(text, part) → BOOLEAN",
			shown("Whether the text ends so.", "ends_with('hello', 'lo')", "true"),
			toTruth(func(r *row) bool { return bytes.HasSuffix(r.text(0), r.text(1)) }, text, text)),
		entry("contains", "(text, part) → BOOLEAN", shown("Whether the part is in the text.",
			"contains('hello', 'll')", "true"),
			toTruth(func(r *row) bool { return bytes.Contains(r.text(0), r.text(1)) }, text, text)),
		entry("split_part", "(text, separator, n) → VARCHAR",
			shown("The part n, from 1, between separators; a negative n counts from the end; empty for none.",
				"split_part('a-b-c', '-', 2)", "b"), toText(splitPart, text, text, big)),
		entry("substring_index", "(text, separator, n) → VARCHAR",
			shown("What stands before the separator n; after it, counted from the end, for a negative n.",
				"substring_index('a.b.c', '.', 2)", "a.b"), toText(substringIndex, text, text, big)),
	}
}

func position(r *row) (int64, error) { return find(r.text(0), r.text(1)), nil }

func positionIn(r *row) (int64, error) {
	text, start := r.text(1), r.intAt(2, 1)
	if start < 1 || start-1 > int64(utf8.RuneCount(text)) {
		return 0, nil
	}
	at := find(text[offset(text, start-1):], r.text(0))
	if at == 0 {
		return 0, nil
	}
	return at + start - 1, nil
}

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
func substring(dst []byte, r *row) ([]byte, error) {
	s, start, end := r.text(0), r.int(1), int64(vector.MaxInt)
	if start < 0 {
		start = max(int64(utf8.RuneCount(s))+start+1, 1)
	}
	if r.has(2) {
		n := r.int(2)
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

func left(dst []byte, r *row) ([]byte, error) {
	s, n := r.text(0), r.int(1)
	if n < 0 {
		n = max(int64(utf8.RuneCount(s))+n, 0)
	}
	return append(dst, s[:offset(s, n)]...), nil
}

func right(dst []byte, r *row) ([]byte, error) {
	s, n := r.text(0), r.int(1)
	skip := -n
	switch {
	case n == vector.MinInt:
		skip = vector.MaxInt
	case n >= 0:
		skip = max(int64(utf8.RuneCount(s))-n, 0)
	}
	return append(dst, s[offset(s, skip):]...), nil
}

func trimmer(atStart, atEnd bool) textRow {
	return func(dst []byte, r *row) ([]byte, error) {
		s, set := r.text(0), " "
		if r.has(1) {
			set = string(r.text(1))
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

// splitPart returns one field of a text, without making the others.
func splitPart(dst []byte, r *row) ([]byte, error) {
	s, separator, n := r.text(0), r.text(1), r.int(2)
	if n == 0 {
		return dst, sqlerr.New(sqlerr.InvalidParameterValue, "split_part counts from 1, or from -1 at the end: not 0")
	}
	if len(separator) == 0 {
		if n == 1 || n == -1 {
			return append(dst, s...), nil
		}
		return dst, nil
	}
	if n < 0 {
		for ; n < -1; n++ {
			at := bytes.LastIndex(s, separator)
			if at < 0 {
				return dst, nil
			}
			s = s[:at]
		}
		return append(dst, s[lastAfter(s, separator):]...), nil
	}
	for ; n > 1; n-- {
		at := bytes.Index(s, separator)
		if at < 0 {
			return dst, nil
		}
		s = s[at+len(separator):]
	}
	part, _, _ := bytes.Cut(s, separator)
	return append(dst, part...), nil
}

// lastAfter returns where the part after the last separator begins.
func lastAfter(s, separator []byte) int {
	if at := bytes.LastIndex(s, separator); at >= 0 {
		return at + len(separator)
	}
	return 0
}

func substringIndex(dst []byte, r *row) ([]byte, error) {
	s, separator, n := r.text(0), r.text(1), r.int(2)
	if n == 0 || len(separator) == 0 {
		return dst, nil
	}
	at := 0
	if n > 0 {
		for rest := s; n > 0; n-- {
			next := bytes.Index(rest, separator)
			if next < 0 {
				return append(dst, s...), nil
			}
			at = len(s) - len(rest) + next
			rest = rest[next+len(separator):]
		}
		return append(dst, s[:at]...), nil
	}
	for rest := s; n < 0; n++ {
		next := bytes.LastIndex(rest, separator)
		if next < 0 {
			return append(dst, s...), nil
		}
		at, rest = next+len(separator), rest[:next]
	}
	return append(dst, s[at:]...), nil
}

// textLengths measure texts.
func textLengths() []Entry {
	text, binary := textType(), binaryType()
	entry := inFamily("text")
	return []Entry{
		entry("length len char_length character_length", "(text) → BIGINT",
			shown("The number of characters.", "length('äb')", "2"),
			toBig(func(r *row) (int64, error) { return int64(utf8.RuneCount(r.text(0))), nil }, text)),
		entry("octet_length strlen lengthb", "(text or binary) → BIGINT", shown("The number of bytes.",
			"octet_length('äb')", "3"), toBig(octets(1), text), toBig(octets(1), binary)),
		entry("bit_length", "(text or binary) → BIGINT",
			shown("Eight times the number of bytes.", "bit_length('äb')", "24"),
			toBig(octets(8), text), toBig(octets(8), binary)),
		entry("ascii", "(text) → BIGINT", shown("The code point of the first character; 0 of an empty text.",
			"ascii('A')", "65"), toBig(firstRune(0), text)),
		entry("unicode ord", "(text) → BIGINT", shown("The code point of the first character; -1 of an empty text.",
			"unicode('ä')", "228"), toBig(firstRune(-1), text)),
		entry("strcmp", "(text, text) → BIGINT", shown("-1, 0 or 1, as the first text is less, the same or greater.",
			"strcmp('a', 'b')", "-1"),
			toBig(func(r *row) (int64, error) { return int64(bytes.Compare(r.text(0), r.text(1))), nil }, text, text)),
		entry("find_in_set", "(text, list) → BIGINT",
			shown("Which member of a list with commas the text is, from 1; 0 for none.", "find_in_set('b', 'a,b,c')",
				"2"),
			toBig(findInSet, text, text)),
	}
}

func octets(bits int64) intRow {
	return func(r *row) (int64, error) { return bits * int64(len(r.text(0))), nil }
}

func firstRune(empty int64) intRow {
	return func(r *row) (int64, error) {
		s := r.text(0)
		if len(s) == 0 {
			return empty, nil
		}
		first, _ := utf8.DecodeRune(s)
		return int64(first), nil
	}
}

func findInSet(r *row) (int64, error) {
	want, list := r.text(0), r.text(1)
	if len(list) == 0 || bytes.IndexByte(want, ',') >= 0 {
		return 0, nil
	}
	for at := int64(1); ; at++ {
		member, rest, more := bytes.Cut(list, []byte{','})
		if bytes.Equal(member, want) {
			return at, nil
		}
		if !more {
			return 0, nil
		}
		list = rest
	}
}

// textChanges make texts of texts.
func textChanges() []Entry {
	text, big := textType(), bigType()
	entry := inFamily("text")
	return []Entry{
		entry("lower lcase", "(text) → VARCHAR", shown("In lower case.", "lower('ÄB')", "äb"), toText(lower, text)),
		entry("upper ucase", "(text) → VARCHAR", shown("In upper case.", "upper('äb')", "ÄB"), toText(upper, text)),
		entry("initcap", "(text) → VARCHAR",
			shown("With the first letter of each word in upper case, the others in lower.",
				"initcap('hello WORLD')", "Hello World"), toText(initcap, text)),
		entry("replace", "(text, from, to) → VARCHAR", shown("With every from replaced.",
			"replace('banana', 'na', 'x')", "baxx"), toText(replace, text, text, text)),
		entry("translate", "(text, from, to) → VARCHAR",
			shown("With each character of from replaced by the one at its place in to; those without one are left out.",
				"translate('banana', 'an', 'o')", "booo"), toText(translate, text, text, text)),
		entry("overlay", "(text, part, start [, length]) → VARCHAR",
			shown("With length characters from start on replaced, as many as the part has unless told. Also "+
				"overlay(text PLACING part FROM start FOR length).", "overlay('hello', 'J', 1, 1)", "Jello"),
			toText(overlay, text, text, big), toText(overlay, text, text, big, big)),
		entry("insert", "(text, start, length, part) → VARCHAR",
			shown("With length characters from start on replaced; as it is where start lies outside.",
				"insert('hello', 1, 1, 'J')", "Jello"), toText(insert, text, big, big, text)),
		entry("reverse", "(text) → VARCHAR", shown("With its characters in reverse.", "reverse('äb')", "bä"),
			toText(reverse, text)),
		entry("repeat replicate", "(text, n) → VARCHAR", shown("The text n times.", "repeat('ab', 3)", "ababab"),
			toText(repeat, text, big)),
		entry("space", "(n) → VARCHAR", shown("n blanks.", "'a' || space(2) || 'b'", "a  b"), toText(spaces, big)),
		entry("lpad", "(text, length [, fill]) → VARCHAR", shown("Filled, or cut, to a length at the beginning.",
			"lpad('7', 3, '0')", "007"), toText(padder(true), text, big), toText(padder(true), text, big, text)),
		entry("rpad", "(text, length [, fill]) → VARCHAR", shown("Filled, or cut, to a length at the end.",
			"rpad('7', 3, '.')", "7.."), toText(padder(false), text, big), toText(padder(false), text, big, text)),
		entry("strip_accents unaccent", "(text) → VARCHAR", shown("Without accents and other marks on its letters.",
			"strip_accents('mühleisen')", "muhleisen"), toText(stripAccents, text)),
		entry("quote quote_literal", "(text) → VARCHAR", shown("As an SQL literal.", "quote('it''s')", "'it''s'"),
			toText(quoter('\''), text)),
		entry("quote_ident", "(text) → VARCHAR", shown("As an SQL name in quotes.", "quote_ident('a b')", `"a b"`),
			toText(quoter('"'), text)),
		entry("chr char", "(code) → VARCHAR", shown("The character of a code point.", "chr(228)", "ä"),
			toText(character, big)),
	}
}

func lower(dst []byte, r *row) ([]byte, error) { return append(dst, bytes.ToLower(r.text(0))...), nil }

func upper(dst []byte, r *row) ([]byte, error) { return append(dst, bytes.ToUpper(r.text(0))...), nil }

func replace(dst []byte, r *row) ([]byte, error) {
	s, from, to := r.text(0), r.text(1), r.text(2)
	if len(from) == 0 {
		return append(dst, s...), nil
	}
	for {
		before, rest, found := bytes.Cut(s, from)
		dst = append(dst, before...)
		if !found {
			return dst, nil
		}
		if dst = append(dst, to...); len(dst) > maxChunkBytes {
			return dst, checkLength(0, len(dst))
		}
		s = rest
	}
}

// translate maps ASCII by a table where from and to are ASCII, and by a map otherwise.
func translate(dst []byte, r *row) ([]byte, error) {
	from, to := []rune(string(r.text(1))), []rune(string(r.text(2)))
	var other map[rune]rune
	var table [utf8.RuneSelf]rune
	for i := range table {
		table[i] = rune(i)
	}
	for i, c := range slices.Backward(from) { // the first of two counts
		with := rune(-1)
		if i < len(to) {
			with = to[i]
		}
		if c < utf8.RuneSelf {
			table[c] = with
			continue
		}
		if other == nil {
			other = map[rune]rune{}
		}
		other[c] = with
	}
	for s := r.text(0); len(s) > 0; {
		c, size := utf8.DecodeRune(s)
		with, ok := other[c]
		if c < utf8.RuneSelf {
			with, ok = table[c], true
		}
		switch {
		case !ok:
			dst = append(dst, s[:size]...)
		case with >= 0:
			dst = utf8.AppendRune(dst, with)
		}
		s = s[size:]
	}
	return dst, nil
}

func overlay(dst []byte, r *row) ([]byte, error) {
	s, part, start := r.text(0), r.text(1), r.int(2)
	if start < 1 {
		return dst, sqlerr.New(sqlerr.InvalidParameterValue, "overlay counts from 1: not %d", start)
	}
	from := offset(s, start-1)
	end := from + offset(s[from:], r.intAt(3, int64(utf8.RuneCount(part))))
	if n := r.intAt(3, 0); n < 0 {
		end = offset(s, max(start-1+n, 0))
	}
	return append(append(append(dst, s[:from]...), part...), s[end:]...), nil
}

func insert(dst []byte, r *row) ([]byte, error) {
	s, start, n, part := r.text(0), r.int(1), r.int(2), r.text(3)
	if start < 1 || start > int64(utf8.RuneCount(s)) {
		return append(dst, s...), nil
	}
	from := offset(s, start-1)
	end := len(s)
	if n >= 0 {
		end = from + offset(s[from:], n)
	}
	return append(append(append(dst, s[:from]...), part...), s[end:]...), nil
}

func reverse(dst []byte, r *row) ([]byte, error) {
	for s := r.text(0); len(s) > 0; {
		_, size := utf8.DecodeLastRune(s)
		dst = append(dst, s[len(s)-size:]...)
		s = s[:len(s)-size]
	}
	return dst, nil
}

func repeat(dst []byte, r *row) ([]byte, error) { return repeated(dst, r.text(0), r.int(1)) }

func spaces(dst []byte, r *row) ([]byte, error) { return repeated(dst, []byte{' '}, r.int(0)) }

func repeated(dst, s []byte, n int64) ([]byte, error) {
	n = max(n, 0)
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

func padder(atStart bool) textRow {
	return func(dst []byte, r *row) ([]byte, error) {
		s, n, fill := r.text(0), max(r.int(1), 0), r.textAt(2, " ")
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

// quoter doubles the quote inside.
func quoter(quote byte) textRow {
	return func(dst []byte, r *row) ([]byte, error) {
		dst = append(dst, quote)
		for _, c := range r.text(0) {
			if c == quote {
				dst = append(dst, quote)
			}
			dst = append(dst, c)
		}
		return append(dst, quote), nil
	}
}

func character(dst []byte, r *row) ([]byte, error) {
	code := r.int(0)
	if code < 0 || code > utf8.MaxRune || !utf8.ValidRune(rune(code)) {
		return dst, sqlerr.New(sqlerr.InvalidParameterValue, "%d is no character's code point", code)
	}
	return utf8.AppendRune(dst, rune(code)), nil
}
