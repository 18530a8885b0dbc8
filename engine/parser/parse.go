package parser

import (
	"strings"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// Parse parses exactly one statement, which a semicolon may end, within the default limits.
func Parse(sql string) (ast.Statement, error) { return ParseWithin(sql, limits.Defaults().Statement) }

// ParseWithin parses as Parse does: 54000 beyond the limits.
func ParseWithin(sql string, l limits.Statement) (ast.Statement, error) {
	text, err := lex.Tokenize(sql, l)
	if err != nil {
		return nil, err
	}
	p := &parsing{text: text, depthMax: l.Depth, tokens: text.Tokens, side: map[int]any{}}
	end := len(p.tokens) - 1
	for end > 0 && p.tokens[end-1].IsSymbol(";") {
		end--
	}
	if end == 0 {
		return nil, p.fail(0, "the statement is empty")
	}
	for i := range end {
		if p.tokens[i].IsSymbol(";") {
			return nil, p.fail(min(i+1, end), "expected one statement, found a second after the semicolon").
				WithHint("send statements one by one")
		}
	}
	p.tokens[end].Kind = lex.End // a semicolon ends it
	p.tokens = p.tokens[:end+1]
	return (&cursor{parsing: p, end: end}).statement()
}

// Split cuts a script into its statements, without their semicolons; empty ones are left out. Strings, quoted
// names, comments and dollar quotes may hold semicolons.
func Split(script string) ([]string, error) {
	text, err := lex.Tokenize(script, limits.Defaults().Statement)
	if err != nil {
		return nil, err
	}
	var statements []string
	first := 0
	for i := range text.Tokens {
		t := &text.Tokens[i]
		if t.Kind != lex.End && !t.IsSymbol(";") {
			continue
		}
		if i > first {
			from, to := text.Tokens[first].Start, text.Tokens[i-1].Stop
			statements = append(statements, strings.TrimSpace(script[from:to]))
		}
		first = i + 1
	}
	return statements, nil
}

// parsing is one statement on its way from tokens to tree.
type parsing struct {
	text   *lex.Text
	tokens []lex.Token // the last is an End
	side   map[int]any // what was parsed on its own, by the token that stands for it in the grammar's text
	depth  int         // of texts parsed inside others

	depthMax int
}

func (p *parsing) at(i int) ast.At { return ast.At(p.tokens[min(i, len(p.tokens)-1)].At) }

// fail is a syntax error at a token.
func (p *parsing) fail(i int, format string, args ...any) *sqlerr.Error {
	return sqlerr.New(sqlerr.SyntaxError, format, args...).At(p.tokens[i].At)
}

// unexpected says what was found and what was expected.
func (p *parsing) unexpected(i int, expected string) *sqlerr.Error {
	return p.fail(i, "found %s, expected %s", p.tokens[i].Show(p.text.SQL), expected)
}

// unsupported is 0A000 at a token.
func (p *parsing) unsupported(i int, construct string) *sqlerr.Error {
	return sqlerr.NotSupported(construct).At(p.tokens[i].At)
}

func (p *parsing) is(i int, words ...string) bool {
	return i >= 0 && i < len(p.tokens) && p.tokens[i].Is(words...)
}

func (p *parsing) isSymbol(i int, s string) bool {
	return i >= 0 && i < len(p.tokens) && p.tokens[i].IsSymbol(s)
}

// isKeyword reports whether a token is one of the keywords and not a name, as after a dot or AS.
func (p *parsing) isKeyword(i int, words ...string) bool {
	return p.is(i, words...) && !p.isForcedName(i)
}

// isForcedName reports whether a word can only be a name, whatever it says.
func (p *parsing) isForcedName(i int) bool {
	return p.isSymbol(i-1, ".") || p.is(i-1, "AS") && !p.isSymbol(i-2, ".") && !p.is(i, "OF")
}

// isReserved reports whether a token is a keyword that can't stand for a name.
func (p *parsing) isReserved(i int) bool {
	t := &p.tokens[i]
	return t.Kind == lex.Word && reserved[t.Upper] && !p.isForcedName(i)
}

// skip returns the index after the token at i, and after its partner when it opens a bracket or a CASE.
func (p *parsing) skip(i int) int {
	if m := p.tokens[i].Match; m > i {
		return m + 1
	}
	return i + 1
}

// find returns the first of the keywords in [lo, hi) outside of brackets, or hi.
func (p *parsing) find(lo, hi int, words ...string) int {
	for i := lo; i < hi; i = p.skip(i) {
		if p.isKeyword(i, words...) {
			return i
		}
	}
	return hi
}

// split returns the ends of the parts of [lo, hi) between commas outside of brackets.
func (p *parsing) split(lo, hi int) []int {
	var ends []int
	for i := lo; i < hi; i = p.skip(i) {
		if p.isSymbol(i, ",") {
			ends = append(ends, i)
		}
	}
	return append(ends, hi)
}

// name returns the name at a token.
func (p *parsing) name(i int) ast.Name {
	t := &p.tokens[i]
	return ast.Name{At: p.at(i), Text: t.Text, Quoted: t.Kind == lex.Quoted}
}

// chain returns the names that dots join, from i on, and the index after them.
func (p *parsing) chain(i int) ([]ast.Name, int) {
	names := []ast.Name{p.name(i)}
	for i++; p.isSymbol(i, ".") && p.tokens[i+1].IsName(); i += 2 {
		names = append(names, p.name(i+1))
	}
	return names, i
}

// isQuery reports whether [lo, hi) is a query, and not an expression or a join.
func (p *parsing) isQuery(lo, hi int) bool {
	if lo >= hi {
		return false
	}
	if !p.isSymbol(lo, "(") {
		return p.is(lo, "SELECT", "WITH", "VALUES")
	}
	m := p.tokens[lo].Match
	return p.isQuery(lo+1, m) && (m+1 == hi || p.isOperator(m+1) || p.is(m+1, "ORDER", "LIMIT", "OFFSET", "FETCH"))
}
