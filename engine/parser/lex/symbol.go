package lex

import (
	"strings"
	"unicode/utf8"

	"github.com/micodb/micodb/internal/sqlerr"
)

// symbol reads an operator, a bracket or a separator: the longest that fits.
func (l *lexer) symbol() error {
	const (
		three = " ->> <=> !~* "
		two   = " :: || <> <= >= != -> << >> => := && // ** == !~ ~* @> <@ "
		one   = "()[]{},;+-*/%<>=.&|~^"
		alone = "()[]{},;+%."
	)
	start := l.at
	if strings.IndexByte(alone, l.SQL[start]) >= 0 { // begins nothing longer
		l.bracket(l.SQL[start])
		l.at++
		l.add(Symbol, start, l.SQL[start:l.at])
		return nil
	}
	for _, longer := range []struct {
		length int
		known  string
	}{{3, three}, {2, two}} {
		if start+longer.length > len(l.SQL) {
			continue
		}
		s := l.SQL[start : start+longer.length]
		if !strings.Contains(s, " ") && strings.Contains(longer.known, " "+s+" ") {
			l.at += longer.length
			return l.operator(start, s)
		}
	}
	c := l.SQL[start]
	if strings.IndexByte(one, c) < 0 {
		return l.foreign(start)
	}
	l.at++
	l.add(Symbol, start, l.SQL[start:l.at])
	return nil
}

// bracket notes what a colon means within a bracket: it separates the members of {'a': 1} and the ends of a slice,
// x[1:2], where nothing stands between x and the bracket. Elsewhere it begins a parameter.
func (l *lexer) bracket(c byte) {
	switch c {
	case '(', '[', '{':
		slice := false
		if n := len(l.Tokens); c == '[' && n > 0 && l.Tokens[n-1].Stop == l.at {
			t := &l.Tokens[n-1]
			slice = t.Kind != Symbol && !t.Is("ARRAY") || t.IsSymbol(")") || t.IsSymbol("]")
		}
		l.open = append(l.open, c == '{' || slice)
	case ')', ']', '}':
		l.open = l.open[:max(len(l.open)-1, 0)]
	}
}

// operator adds an operator of several characters, or refuses one of another dialect.
func (l *lexer) operator(start int, s string) error {
	hint := map[string]string{
		"&&": "use AND",
		":=": "use SET name = value",
		"=>": "arguments have no names here",
		"@>": "use a function",
		"<@": "use a function",
	}[s]
	if hint != "" {
		return sqlerr.NotSupported(`the operator "`+s+`"`).At(l.Position(start)).WithHint("%s", hint)
	}
	l.add(Symbol, start, s)
	return nil
}

// foreign refuses a character that begins no token.
func (l *lexer) foreign(start int) error {
	r, _ := utf8.DecodeRuneInString(l.SQL[start:])
	switch r {
	case '#':
		return l.fail(start, `"#" does not begin a comment, and is no operator: use --, or xor(x, y)`)
	case '!':
		return l.fail(start, `"!" is not an operator: use NOT or <>`)
	case '@':
		return sqlerr.NotSupported(`the variable sign "@"`).At(l.Position(start))
	case '\\':
		return l.fail(start, `"\" is not an operator`)
	}
	return l.fail(start, "the character %q begins nothing that SQL knows", r)
}

// match pairs brackets and CASE with END, and caps how deep they nest.
func (l *lexer) match() error {
	var open []int
	prefixes := 0
	for i := range l.Tokens {
		t := &l.Tokens[i]
		prefixes++
		if !t.Is("NOT") && (t.Kind != Symbol || !strings.Contains("-+~", t.Text)) {
			prefixes = 0
		}
		switch {
		case t.IsSymbol("(") || t.IsSymbol("[") || t.IsSymbol("{") || l.isKeyword(i, "CASE"):
			open = append(open, i)
		case t.IsSymbol(")") || t.IsSymbol("]") || t.IsSymbol("}"),
			len(open) > 0 && l.Tokens[open[len(open)-1]].Kind == Word && l.isKeyword(i, "END"):
			if err := l.pair(open, i); err != nil {
				return err
			}
			open = open[:len(open)-1]
		}
		if len(open) > l.limits.Depth || prefixes > l.limits.Depth {
			return sqlerr.New(sqlerr.ProgramLimitExceeded, "the statement nests deeper than %d levels", l.limits.Depth).
				At(t.At)
		}
	}
	if len(open) > 0 {
		t := &l.Tokens[open[len(open)-1]]
		return l.fail(t.Start, "%s is never closed: expected %s", t.Show(l.SQL), closing(t))
	}
	return nil
}

// pair closes the last of the open brackets with the token at i.
func (l *lexer) pair(open []int, i int) error {
	t := &l.Tokens[i]
	if len(open) == 0 {
		return l.fail(t.Start, "%s closes nothing", t.Show(l.SQL))
	}
	from := open[len(open)-1]
	last := &l.Tokens[from]
	if want := closing(last); want != t.Text && want != t.Upper {
		return l.fail(t.Start, "%s does not close %s of line %d, column %d: expected %s",
			t.Show(l.SQL), last.Show(l.SQL), last.At.Line, last.At.Column, want)
	}
	t.Match, last.Match = from, i
	return nil
}

// isKeyword reports whether a token is the keyword, and not a name as in t.case.
func (l *lexer) isKeyword(i int, word string) bool {
	return l.Tokens[i].Is(word) && (i == 0 || !l.Tokens[i-1].IsSymbol("."))
}

func closing(t *Token) string {
	switch t.Text {
	case "(":
		return ")"
	case "[":
		return "]"
	case "{":
		return "}"
	}
	return "END"
}
