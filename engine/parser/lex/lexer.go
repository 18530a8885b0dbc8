package lex

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// Text is a text cut into tokens; the last token is an End.
type Text struct {
	SQL    string
	Tokens []Token
}

// Tokenize cuts a text into tokens. Errors are 42601 with a position, and 54000 over the limits.
func Tokenize(sql string, most limits.Statement) (*Text, error) {
	if int64(len(sql)) > most.Bytes {
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "the text has %d bytes, at most %d are allowed",
			len(sql), most.Bytes).WithHint("load bulk data through ingest or COPY")
	}
	const sparse, first = 5, 4096 // characters a token, and tokens to make room for at once
	l := &lexer{limits: most, Text: Text{SQL: sql, Tokens: make([]Token, 0, min(len(sql)/sparse+2, first))}}
	if !utf8.ValidString(sql) {
		at := 0
		for at < len(sql) {
			r, n := utf8.DecodeRuneInString(sql[at:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			at += n
		}
		return nil, l.fail(at, "the text is not valid UTF-8")
	}
	for {
		if err := l.skipBlank(); err != nil {
			return nil, err
		}
		if l.at >= len(sql) {
			break
		}
		if err := l.next(); err != nil {
			return nil, err
		}
		if len(l.Tokens) > limits.StatementTokens {
			return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "the text has more than %d words and signs",
				limits.StatementTokens).At(l.Tokens[limits.StatementTokens].At).
				WithHint("load bulk data through ingest or COPY")
		}
	}
	l.add(End, len(sql), "")
	if err := l.match(); err != nil {
		return nil, err
	}
	return &l.Text, nil
}

// Position returns the line and column of a byte offset.
func (t *Text) Position(offset int) sqlerr.Position {
	before := t.SQL[:min(offset, len(t.SQL))]
	line := strings.LastIndexByte(before, '\n') + 1
	return sqlerr.Position{
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[line:]) + 1,
	}
}

// lexer is the state of one Tokenize.
type lexer struct {
	Text

	limits   limits.Statement
	at       int
	style    byte           // how parameters are written: ?, $, : (numbered) or n (named)
	named    map[string]int // ordinals of named parameters
	ordinals int            // parameters seen: of ? all, of names the distinct ones
	open     []bool         // of each open bracket: whether a colon in it separates
}

func (l *lexer) fail(at int, format string, args ...any) error {
	return sqlerr.New(sqlerr.SyntaxError, format, args...).At(l.Position(at))
}

func (l *lexer) peek(n int) byte {
	if l.at+n < len(l.SQL) {
		return l.SQL[l.at+n]
	}
	return 0
}

func (l *lexer) add(kind Kind, start int, text string) {
	t := Token{Kind: kind, Text: text, Start: start, Stop: l.at, At: l.place(start), Match: -1}
	if kind == Word {
		t.Upper = strings.ToUpper(text)
	}
	l.Tokens = append(l.Tokens, t)
}

// place returns the position of a token, counting on from the token before it.
func (l *lexer) place(start int) sqlerr.Position {
	p, from := sqlerr.Position{Line: 1, Column: 1}, 0
	if n := len(l.Tokens); n > 0 {
		p, from = l.Tokens[n-1].At, l.Tokens[n-1].Start
	}
	between := l.SQL[from:start]
	if line := strings.LastIndexByte(between, '\n'); line >= 0 {
		p = sqlerr.Position{Line: p.Line + strings.Count(between, "\n"), Column: 1}
		between = between[line+1:]
	}
	p.Column += utf8.RuneCountInString(between)
	return p
}

// skipBlank skips white space and comments.
func (l *lexer) skipBlank() error {
	for l.at < len(l.SQL) {
		c := l.SQL[l.at]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			l.at++
		case c == '-' && l.peek(1) == '-':
			if l.tight() {
				return l.fail(l.at, "-- begins a comment here: write a space between the minus signs")
			}
			n := strings.IndexByte(l.SQL[l.at:], '\n')
			if n < 0 {
				n = len(l.SQL) - l.at
			}
			l.at += n
		case c == '/' && l.peek(1) == '*':
			if err := l.skipComment(); err != nil {
				return err
			}
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(l.SQL[l.at:])
			if !unicode.IsSpace(r) && r != '\ufeff' {
				return nil
			}
			l.at += n
		default:
			return nil
		}
	}
	return nil
}

// tight reports whether -- stands between two operands without any space, as in 5--3, which MySQL subtracts.
func (l *lexer) tight() bool {
	if len(l.Tokens) == 0 || l.Tokens[len(l.Tokens)-1].Stop != l.at {
		return false
	}
	t, c := l.Tokens[len(l.Tokens)-1], l.peek(2)
	return (t.Kind != Symbol || t.Text == ")") && (isDigit(c) || c == '.')
}

// skipComment skips a comment; comments nest.
func (l *lexer) skipComment() error {
	start, depth := l.at, 0
	if l.peek(2) == '!' {
		return sqlerr.NotSupported("the version comment /*! … */").At(l.Position(start))
	}
	for l.at < len(l.SQL) {
		switch {
		case l.SQL[l.at] == '/' && l.peek(1) == '*':
			depth++
			l.at += 2
		case l.SQL[l.at] == '*' && l.peek(1) == '/':
			depth--
			l.at += 2
			if depth == 0 {
				return nil
			}
		default:
			l.at++
		}
	}
	return l.fail(start, "the comment that begins here has no end: expected */")
}

// next reads one token.
func (l *lexer) next() error {
	c := l.SQL[l.at]
	switch {
	case c == '\'':
		return l.text(l.at, false)
	case c == '"' || c == '`':
		return l.quoted(c)
	case isDigit(c) || c == '.' && isDigit(l.peek(1)):
		return l.number()
	case c == '$':
		return l.dollar()
	case c == '?':
		l.at++
		return l.parameter(l.at-1, '?', "")
	case c == ':' && l.peek(1) != ':' && l.peek(1) != '=' && len(l.open) > 0 && l.open[len(l.open)-1]:
		l.at++
		l.add(Symbol, l.at-1, ":")
		return nil
	case c == ':' && l.peek(1) != ':' && l.peek(1) != '=':
		return l.colon()
	case l.peek(1) == '\'' && strings.IndexByte("eExXnNbB", c) >= 0:
		return l.prefixed(c)
	}
	if r, _ := utf8.DecodeRuneInString(l.SQL[l.at:]); isLetter(r) {
		start := l.at
		l.word()
		l.add(Word, start, l.SQL[start:l.at])
		return nil
	}
	return l.symbol()
}

// word moves over an identifier's characters.
func (l *lexer) word() {
	for l.at < len(l.SQL) {
		r, n := utf8.DecodeRuneInString(l.SQL[l.at:])
		if !isLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '$' {
			return
		}
		l.at += n
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(r rune) bool { return r == '_' || unicode.IsLetter(r) }
