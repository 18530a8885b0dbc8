package parser

import (
	"strconv"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
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
	first := i
	i++
	switch {
	case p.is(first, "MAP", "UNION", "ENUM") && p.isSymbol(i, "("):
		return t, 0, p.unsupported(first, "the type "+t.Name)
	case p.is(first, "STRUCT", "ROW") && p.isSymbol(i, "("):
		var err error
		if t.Members, err = p.memberTypes(i); err != nil {
			return t, 0, err
		}
		t.Name = "STRUCT"
		return p.lists(t, p.tokens[i].Match+1)
	case p.is(first, "LIST") && p.isSymbol(i, "("):
		element, next, err := p.typeName(i + 1)
		if err != nil {
			return t, 0, err
		}
		if next != p.tokens[i].Match {
			return t, 0, p.unexpected(next, `")"`)
		}
		t.List = &element
		return p.lists(t, next+1)
	}
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
	return p.lists(t, i)
}

// lists reads the brackets after a type.
func (p *parsing) lists(t ast.TypeName, i int) (ast.TypeName, int, error) {
	for depth := 1; p.isSymbol(i, "["); depth++ {
		if depth > limits.SchemaDepth {
			return t, 0, sqlerr.New(sqlerr.ProgramLimitExceeded, "the list type nests deeper than %d levels",
				limits.SchemaDepth).At(p.tokens[i].At)
		}
		if p.tokens[i].Match != i+1 {
			return t, 0, p.unsupported(i, "a list type of fixed length")
		}
		element := t
		t = ast.TypeName{At: t.At, Name: "LIST", List: &element}
		i += 2
	}
	return t, i, nil
}

// memberTypes reads the names and types of a STRUCT's members in the brackets at i.
func (p *parsing) memberTypes(i int) ([]ast.MemberType, error) {
	m := p.tokens[i].Match
	var members []ast.MemberType
	from := i + 1
	for _, end := range p.split(from, m) {
		if from >= m || !p.tokens[from].IsName() {
			return nil, p.unexpected(from, "a member's name")
		}
		of, next, err := p.typeName(from + 1)
		switch {
		case err != nil:
			return nil, err
		case next != end:
			return nil, p.unexpected(next, `"," or ")"`)
		}
		members = append(members, ast.MemberType{Name: p.name(from), Type: of})
		from = end + 1
	}
	return members, nil
}
