package parser

import (
	"strconv"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
)

// typeName reads a type at i and returns the index after it.
func (p *parsing) typeName(i int) (ast.TypeName, int, error) {
	if !p.tokens[i].IsName() || p.isReserved(i) && !p.is(i-1, "AS") || p.is(i-1, "AS") && reserved[p.tokens[i].Upper] {
		return ast.TypeName{}, 0, p.unexpected(i, "a type")
	}
	t := ast.TypeName{At: p.at(i), Name: p.tokens[i].Upper}
	if t.Name == "" {
		t.Name = p.tokens[i].Text // quoted
	}
	if p.is(i, "STRUCT", "MAP", "UNION", "ENUM", "ROW") && p.isSymbol(i+1, "(") {
		return t, 0, p.unsupported(i, "the type "+t.Name)
	}
	first := i
	i++
	switch {
	case p.is(first, "DOUBLE") && p.is(i, "PRECISION"), p.is(first, "CHARACTER", "CHAR") && p.is(i, "VARYING"),
		p.is(i, "UNSIGNED"):
		t.Name += " " + p.tokens[i].Upper
		i++
	}
	if p.isSymbol(i, "(") {
		m := p.tokens[i].Match
		from := i + 1
		for _, end := range p.split(from, m) {
			n, err := strconv.Atoi(p.tokens[from].Text)
			if from+1 != end || p.tokens[from].Kind != lex.Integer || err != nil {
				return t, 0, p.unexpected(from, "a number")
			}
			t.Args = append(t.Args, n)
			from = end + 1
		}
		i = m + 1
	}
	if p.is(first, "TIME", "TIMESTAMP") && p.is(i, "WITH", "WITHOUT") && p.is(i+1, "TIME") && p.is(i+2, "ZONE") {
		t.Name += " " + p.tokens[i].Upper + " TIME ZONE"
		i += 3
	}
	if p.is(i, "UNSIGNED") {
		t.Name += " UNSIGNED"
		i++
	}
	for p.isSymbol(i, "[") {
		if p.tokens[i].Match != i+1 {
			return t, 0, p.unsupported(i, "a list type of fixed length")
		}
		element := t
		t = ast.TypeName{At: t.At, Name: "LIST", List: &element}
		i += 2
	}
	return t, i, nil
}
