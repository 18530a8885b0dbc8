package parser

import (
	"strings"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
)

// cursor walks over the tokens of a statement that is not a query.
type cursor struct {
	*parsing

	i   int // the next token
	end int // the End token
}

// statement reads the one statement that the tokens are.
func (c *cursor) statement() (ast.Statement, error) {
	s, err := c.recognise()
	if err != nil {
		return nil, err
	}
	if c.i < c.end {
		return nil, c.wanted("the end of the statement")
	}
	return s, nil
}

// recognise reads a statement by its first words.
func (c *cursor) recognise() (ast.Statement, error) {
	t := &c.tokens[c.i]
	if c.isSymbol(c.i, "(") || t.Is("SELECT", "VALUES") {
		return c.query(c.end)
	}
	for _, read := range []func() (ast.Statement, error){c.data, c.definition, c.control, c.security} {
		if s, err := read(); s != nil || err != nil {
			return s, err
		}
	}
	if what := c.known(); what != "" {
		return nil, c.unsupported(c.i, what)
	}
	return nil, c.wanted("a statement such as SELECT, INSERT, CREATE TABLE, SHOW or BEGIN")
}

// known names a statement that SQL has and MicoDB does not support.
func (c *cursor) known() string {
	t := &c.tokens[c.i]
	switch {
	case t.Is("CREATE", "ALTER", "DROP", "REFRESH"):
		i := c.i + 1
		for c.is(i, "OR", "REPLACE", "TEMPORARY", "TEMP", "UNIQUE", "RECURSIVE", "UNLOGGED", "GLOBAL", "LOCAL") {
			i++
		}
		if c.is(i, "MATERIALIZED") {
			return t.Upper + " MATERIALIZED VIEW"
		}
		if c.is(i, "TABLE", "VIEW", "INDEX", "SEQUENCE", "FUNCTION", "PROCEDURE", "TRIGGER", "TYPE", "POLICY", "MACRO",
			"EXTENSION", "ROLE", "DATABASE", "SCHEMA", "SECRET", "DOMAIN", "AGGREGATE", "SYSTEM") {
			return t.Upper + " " + c.tokens[i].Upper
		}
		return ""
	case t.Is("TABLE", "FROM"):
		return t.Upper + " as a statement"
	case t.Kind == lex.Word && foreign[t.Upper]:
		return t.Upper
	}
	return ""
}

// query reads the query from here to end.
func (c *cursor) query(end int) (ast.Query, error) {
	q, err := c.parseQuery(c.i, end)
	if err != nil {
		return nil, err
	}
	c.i = end
	return q, nil
}

// expr reads the expression from here to end.
func (c *cursor) expr(end int) (ast.Expr, error) {
	if c.i >= end {
		return nil, c.unexpected(end, "an expression")
	}
	e, err := c.parseExpr(c.i, end)
	c.i = end
	return e, err
}

// at is where the statement's current token stands.
func (c *cursor) here() ast.At { return c.at(c.i) }

// wanted is the error that something else was expected here.
func (c *cursor) wanted(expected string) error {
	return c.unexpected(min(c.i, c.end), expected)
}

// next reports whether the words come next.
func (c *cursor) next(phrase string) bool {
	i := c.i
	for w := range strings.FieldsSeq(phrase) {
		if i >= c.end || !c.is(i, w) && !c.isSymbol(i, w) {
			return false
		}
		i++
	}
	return true
}

// accept takes the words when they come next.
func (c *cursor) accept(phrase string) bool {
	if !c.next(phrase) {
		return false
	}
	c.i += strings.Count(phrase, " ") + 1
	return true
}

// expect takes the words, or fails.
func (c *cursor) expect(phrase string) error {
	for w := range strings.FieldsSeq(phrase) {
		if !c.accept(w) {
			if strings.ContainsAny(w, "(),=") {
				w = `"` + w + `"`
			}
			return c.wanted(w)
		}
	}
	return nil
}

// named takes a name; what it names is for the error.
func (c *cursor) named(what string) (ast.Name, error) {
	if c.i >= c.end || !c.tokens[c.i].IsName() || c.isReserved(c.i) {
		return ast.Name{}, c.wanted(what)
	}
	c.i++
	return c.name(c.i - 1), nil
}

// object takes a name with its qualifiers.
func (c *cursor) object(what string) (ast.ObjectName, error) {
	name := ast.ObjectName{At: c.here()}
	if _, err := c.named(what); err != nil {
		return name, err
	}
	first := c.i - 1
	name.Parts, c.i = c.chain(first)
	const most = 3
	if len(name.Parts) > most {
		return name, c.unexpected(first+2*most, "at most three names joined by dots")
	}
	return name, nil
}

// list takes a list of names in brackets.
func (c *cursor) list() ([]ast.Name, error) {
	if !c.next("(") {
		return nil, c.wanted(`"("`)
	}
	names, err := c.nameList(c.i)
	c.i = c.tokens[c.i].Match + 1
	return names, err
}

// text takes a string.
func (c *cursor) text(what string) (*ast.Literal, error) {
	if c.i >= c.end || c.tokens[c.i].Kind != lex.String {
		return nil, c.wanted(what)
	}
	c.i++
	return &ast.Literal{At: c.at(c.i - 1), Kind: ast.StringLiteral, Text: c.tokens[c.i-1].Text}, nil
}

// ifExists takes IF EXISTS, ifNotExists IF NOT EXISTS.
func (c *cursor) ifExists() bool    { return c.accept("IF EXISTS") }
func (c *cursor) ifNotExists() bool { return c.accept("IF NOT EXISTS") }
