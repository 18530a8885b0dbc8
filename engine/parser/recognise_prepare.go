package parser

import (
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
)

// prepare reads what follows PREPARE. The statement is kept as a text, whose places are its own.
func (c *cursor) prepare(at ast.At) (ast.Statement, error) {
	name, err := c.named("the name of a prepared statement")
	if err != nil {
		return nil, err
	}
	s := &ast.Prepare{At: at, Name: name}
	if c.accept("FROM") {
		text, err := c.text("the statement in single quotes")
		if err == nil {
			s.Text = text.Text
		}
		return s, err
	}
	if c.accept("(") {
		for {
			of, next, err := c.typeName(c.i)
			if err != nil {
				return nil, err
			}
			s.Types, c.i = append(s.Types, of), next
			if c.accept(")") {
				break
			}
			if err := c.expect(","); err != nil {
				return nil, err
			}
		}
	}
	if err := c.expect("AS"); err != nil {
		return nil, err
	}
	if c.i >= c.end {
		return nil, c.wanted("a statement")
	}
	s.Text = c.parsing.text.SQL[c.tokens[c.i].Start:c.tokens[c.end-1].Stop]
	c.i = c.end
	return s, nil
}

// execute reads what follows EXECUTE.
func (c *cursor) execute(at ast.At) (ast.Statement, error) {
	name, err := c.named("the name of a prepared statement")
	if err != nil {
		return nil, err
	}
	s := &ast.Execute{At: at, Name: name}
	switch {
	case c.accept("USING"):
		s.Args, err = c.parseExprs(c.i, c.end)
		c.i = c.end
	case c.i < c.end && c.isSymbol(c.i, "("):
		last := c.tokens[c.i].Match
		if last > c.i+1 {
			s.Args, err = c.parseExprs(c.i+1, last)
		}
		c.i = last + 1
	}
	return s, err
}

// deallocate reads what follows DEALLOCATE.
func (c *cursor) deallocate(at ast.At) (ast.Statement, error) {
	c.accept("PREPARE")
	if c.next("ALL") && c.tokens[c.i].Kind == lex.Word {
		c.i++
		return &ast.Deallocate{At: at}, nil
	}
	name, err := c.named("the name of a prepared statement")
	return &ast.Deallocate{At: at, Name: &name}, err
}
