package parser

import (
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
	"github.com/micodb/micodb/internal/limits"
)

// createView reads what follows CREATE VIEW.
func (c *cursor) createView(s *ast.CreateView) (_ ast.Statement, err error) {
	s.IfNotExists = c.ifNotExists()
	if s.Name, err = c.object("the name of a view"); err != nil {
		return nil, err
	}
	if c.next("(") {
		if s.Columns, err = c.list(); err != nil {
			return nil, err
		}
	}
	if c.next("WITH (") {
		return nil, c.unsupported(c.i, "CREATE VIEW … WITH (options)")
	}
	if err = c.expect("AS"); err != nil {
		return nil, err
	}
	if c.is(c.end-2, "CHECK") && c.is(c.end-1, "OPTION") {
		return nil, c.unsupported(c.end-2, "WITH CHECK OPTION")
	}
	if !c.isQuery(c.i, c.end) {
		return nil, c.wanted("a query")
	}
	first := c.i
	if s.Query, err = c.query(c.end); err != nil {
		return nil, err
	}
	s.Text = c.parsing.text.SQL[c.tokens[first].Start:c.tokens[c.end-1].Stop]
	return s, nil
}

// dropView reads what follows DROP VIEW.
func (c *cursor) dropView(at ast.At) (ast.Statement, error) {
	s := &ast.DropView{At: at, IfExists: c.ifExists()}
	var err error
	s.Names, err = c.dropped("VIEW")
	return s, err
}

// ParseView parses the query of a view: 54000 beyond the limits. Every part of the tree stands where the statement that
// uses the view names it, since the query's own text is not what the user wrote.
func ParseView(sql string, l limits.Statement, place ast.At) (ast.Query, error) {
	text, err := lex.Tokenize(sql, l)
	if err != nil {
		return nil, err
	}
	for i := range text.Tokens {
		text.Tokens[i].At = place.Position()
	}
	p := &parsing{text: text, depthMax: l.Depth, tokens: text.Tokens, side: map[int]any{}}
	c := &cursor{parsing: p, end: len(p.tokens) - 1}
	q, err := c.query(c.end)
	if err != nil {
		return nil, err
	}
	return q, nil
}
