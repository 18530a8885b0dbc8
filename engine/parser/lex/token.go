package lex

import (
	"slices"
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Kind is a kind of token.
type Kind uint8

// The kinds of token.
const (
	End       Kind = iota // one, after the last token
	Word                  // an unquoted identifier or a keyword
	Quoted                // "…" or `…`
	Integer               // digits
	Decimal               // digits with a point
	Float                 // digits with an exponent
	String                // '…', E'…', $$…$$
	Hex                   // X'…'
	Parameter             // ?, $1, :1, :name
	Symbol                // an operator, a bracket, a comma, a semicolon
)

// Token is one token of a text.
type Token struct {
	Kind  Kind
	Text  string // a string's value, a quoted name, a number's digits, else as it was written
	Upper string // of a Word in upper case; otherwise empty
	Start int    // byte offsets in the text
	Stop  int
	At    sqlerr.Position

	Match   int // of a bracket, CASE or END: the index of its partner; otherwise -1
	Ordinal int // of a Parameter, from 1
}

// Is reports whether the token is one of the keywords, given in upper case.
func (t *Token) Is(words ...string) bool {
	if t.Kind != Word {
		return false
	}
	return slices.Contains(words, t.Upper)
}

// IsSymbol reports whether the token is the operator or bracket.
func (t *Token) IsSymbol(s string) bool { return t.Kind == Symbol && t.Text == s }

// IsName reports whether the token can be read as an identifier.
func (t *Token) IsName() bool { return t.Kind == Word || t.Kind == Quoted }

// Show returns the token as error messages show it.
func (t *Token) Show(text string) string {
	const longest = 40
	switch t.Kind {
	case End:
		return "the end of the statement"
	case String, Hex:
		if t.Stop-t.Start > longest {
			return "a string"
		}
	default:
	}
	s := text[t.Start:t.Stop]
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	if t.Kind == String || t.Kind == Hex {
		return s
	}
	return `"` + s + `"`
}
