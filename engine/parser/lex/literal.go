package lex

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/micodb/micodb/internal/sqlerr"
)

// text reads a string whose opening quote stands at l.at; the token begins at start.
func (l *lexer) text(start int, escapes bool) error {
	var b strings.Builder
	for l.at++; l.at < len(l.SQL); {
		c := l.SQL[l.at]
		switch {
		case c == '\'' && l.peek(1) == '\'':
			b.WriteByte(c)
			l.at += 2
		case c == '\'':
			l.at++
			if s := b.String(); utf8.ValidString(s) {
				l.add(String, start, s)
				return nil
			}
			return l.fail(start, "the escapes of the string are not valid UTF-8")
		case c == '\\' && escapes:
			if err := l.escape(&b); err != nil {
				return err
			}
		default:
			b.WriteByte(c)
			l.at++
		}
	}
	return l.fail(start, "the string that begins here has no end: expected '")
}

// escape reads one escape of an E'…' string.
func (l *lexer) escape(b *strings.Builder) error {
	const letters, values = "bfnrt", "\b\f\n\r\t"
	c := l.peek(1)
	if i := strings.IndexByte(letters, c); c != 0 && i >= 0 {
		b.WriteByte(values[i])
		l.at += 2
		return nil
	}
	base, skip := 16, 2
	var digits int
	switch {
	case c == 'x':
		digits = 2
	case c == 'u':
		digits = 4
	case c == 'U':
		digits = 8
	case '0' <= c && c <= '7':
		digits, base, skip = 3, 8, 1
	case l.at+1 >= len(l.SQL):
		l.at++ // the string has no end: text says so
		return nil
	default:
		_, n := utf8.DecodeRuneInString(l.SQL[l.at+1:])
		b.WriteString(l.SQL[l.at+1 : l.at+1+n])
		l.at += 1 + n
		return nil
	}
	from := l.at + skip
	to := from
	for to < len(l.SQL) && to-from < digits && isBase(l.SQL[to], base) {
		to++
	}
	v, err := strconv.ParseUint(l.SQL[from:to], base, 32)
	wide := c == 'u' || c == 'U'
	if err != nil || wide && (to-from < digits || !utf8.ValidRune(rune(v))) || !wide && v > 255 {
		return l.fail(l.at, "the escape %q is not valid", l.SQL[l.at:to])
	}
	if wide {
		b.WriteRune(rune(v))
	} else {
		b.WriteByte(byte(v))
	}
	l.at = to
	return nil
}

func isBase(c byte, base int) bool {
	if base == 8 {
		return '0' <= c && c <= '7'
	}
	return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// prefixed reads E'…', X'…', and refuses N'…' and B'…'.
func (l *lexer) prefixed(c byte) error {
	start := l.at
	l.at++
	switch c | 0x20 {
	case 'e':
		return l.text(start, true)
	case 'x':
		if err := l.text(start, false); err != nil {
			return err
		}
		t := &l.Tokens[len(l.Tokens)-1]
		t.Kind = Hex
		for i := range len(t.Text) {
			if !isBase(t.Text[i], 16) {
				return l.fail(start, "X'…' holds hexadecimal digits only")
			}
		}
		if len(t.Text)%2 != 0 {
			return l.fail(start, "X'…' needs two digits for each byte")
		}
		return nil
	}
	return sqlerr.NotSupported(strings.ToUpper(string(c)) + "'…'").At(l.Position(start))
}

// quoted reads a quoted identifier.
func (l *lexer) quoted(quote byte) error {
	start := l.at
	var b strings.Builder
	for l.at++; l.at < len(l.SQL); l.at++ {
		c := l.SQL[l.at]
		if c != quote {
			b.WriteByte(c)
			continue
		}
		if l.peek(1) != quote {
			l.at++
			if b.Len() == 0 {
				return l.fail(start, "a quoted name is empty")
			}
			l.add(Quoted, start, b.String())
			return nil
		}
		b.WriteByte(c)
		l.at++
	}
	return l.fail(start, "the quoted name that begins here has no end: expected %c", quote)
}

// number reads digits, a fraction, an exponent.
func (l *lexer) number() error {
	start, kind := l.at, Integer
	digits := func() {
		for isDigit(l.peek(0)) {
			l.at++
		}
	}
	digits()
	if l.peek(0) == '.' && l.peek(1) != '.' {
		kind = Decimal
		l.at++
		digits()
	}
	if c := l.peek(0); c == 'e' || c == 'E' {
		sign := 0
		if s := l.peek(1); s == '+' || s == '-' {
			sign = 1
		}
		if isDigit(l.peek(1 + sign)) {
			kind = Float
			l.at += 1 + sign
			digits()
		}
	}
	if r, _ := utf8.DecodeRuneInString(l.SQL[l.at:]); l.at < len(l.SQL) && isLetter(r) {
		return l.fail(l.at, "%q stands directly after a number", r)
	}
	l.add(kind, start, l.SQL[start:l.at])
	return nil
}

// dollar reads $1 and $tag$…$tag$.
func (l *lexer) dollar() error {
	start := l.at
	l.at++
	if isDigit(l.peek(0)) {
		return l.numbered(start, '$')
	}
	l.tag()
	if l.peek(0) != '$' {
		return l.fail(start, "expected a parameter such as $1, or a string in $$ … $$")
	}
	l.at++
	tag := l.SQL[start:l.at]
	n := strings.Index(l.SQL[l.at:], tag)
	if n < 0 {
		return l.fail(start, "the string that begins here has no end: expected %s", tag)
	}
	text := l.SQL[l.at : l.at+n]
	l.at += n + len(tag)
	l.add(String, start, text)
	return nil
}

// tag moves over the name of a dollar quote.
func (l *lexer) tag() {
	for l.at < len(l.SQL) {
		r, n := utf8.DecodeRuneInString(l.SQL[l.at:])
		if !isLetter(r) && !isDigit(l.SQL[l.at]) {
			return
		}
		l.at += n
	}
}

// colon reads :1 and :name.
func (l *lexer) colon() error {
	start := l.at
	l.at++
	if isDigit(l.peek(0)) {
		return l.numbered(start, ':')
	}
	from := l.at
	l.word()
	if from == l.at {
		return l.fail(start, `":" is not an operator here: expected a parameter such as :name`)
	}
	return l.parameter(start, 'n', strings.ToLower(l.SQL[from:l.at]))
}

// numbered reads the number of $1 or :1.
func (l *lexer) numbered(start int, style byte) error {
	from := l.at
	for isDigit(l.peek(0)) {
		l.at++
	}
	if r, _ := utf8.DecodeRuneInString(l.SQL[l.at:]); l.at < len(l.SQL) && isLetter(r) {
		return l.fail(l.at, "%q stands directly after a parameter", r)
	}
	return l.parameter(start, style, l.SQL[from:l.at])
}

// parameter adds a parameter of one style of writing them.
func (l *lexer) parameter(start int, style byte, name string) error {
	most := l.limits.Parameters
	if l.style == 0 {
		l.style = style
	}
	if l.style != style {
		return l.fail(start, "the statement mixes two ways to write parameters: use one of ?, $1, :1 and :name")
	}
	var ordinal int
	switch style {
	case '?':
		l.ordinals++
		ordinal = l.ordinals
	case 'n':
		if l.named == nil {
			l.named = map[string]int{}
		}
		if l.named[name] == 0 {
			l.ordinals++
			l.named[name] = l.ordinals
		}
		ordinal = l.named[name]
	default:
		n, err := strconv.Atoi(name)
		if err != nil || n > most {
			n = most + 1
		}
		if n == 0 {
			return l.fail(start, "parameters are numbered from 1")
		}
		ordinal = n
	}
	if ordinal > most {
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "a statement has at most %d parameters", most).
			At(l.Position(start))
	}
	l.add(Parameter, start, l.SQL[start:l.at])
	l.Tokens[len(l.Tokens)-1].Ordinal = ordinal
	return nil
}
