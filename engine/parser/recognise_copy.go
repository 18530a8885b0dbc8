package parser

import (
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
)

// copying reads what follows COPY.
func (c *cursor) copying(at ast.At) (ast.Statement, error) {
	if c.next("(") {
		end := c.tokens[c.i].Match
		if !c.isQuery(c.i+1, end) {
			return nil, c.unexpected(c.i+1, "SELECT")
		}
		c.i++
		query, err := c.query(end)
		if err != nil {
			return nil, err
		}
		c.i++
		if err := c.expect("TO"); err != nil {
			return nil, err
		}
		return c.copyTo(at, query)
	}
	table, err := c.object("a table, or a query in brackets")
	if err != nil {
		return nil, err
	}
	var columns []ast.Name
	if c.next("(") {
		if columns, err = c.list(); err != nil {
			return nil, err
		}
	}
	switch {
	case c.accept("FROM"):
		s := &ast.CopyFrom{At: at, Table: table, Columns: columns}
		s.File, s.Options, err = c.copyFile("STDIN")
		if err == nil && c.next("WHERE") {
			err = c.unsupported(c.i, "COPY … WHERE")
		}
		return s, err
	case c.accept("TO"):
		return c.copyTo(at, selectOf(table, columns))
	default:
		return nil, c.wanted("FROM or TO")
	}
}

// selectOf is the query of a table's columns.
func selectOf(table ast.ObjectName, columns []ast.Name) *ast.Select {
	s := &ast.Select{At: table.At, From: []ast.TableRef{&ast.Table{At: table.At, Name: table}}}
	for _, name := range columns {
		s.Items = append(s.Items, ast.SelectItem{
			At: name.At, Of: &ast.Column{At: name.At, Parts: []ast.Name{name}}, Text: name.Text,
		})
	}
	if len(columns) == 0 {
		s.Items = []ast.SelectItem{{At: table.At, Of: &ast.Star{At: table.At}}}
	}
	return s
}

func (c *cursor) copyTo(at ast.At, query ast.Query) (ast.Statement, error) {
	s := &ast.CopyTo{At: at, Query: query}
	var err error
	s.File, s.Options, err = c.copyFile("STDOUT")
	return s, err
}

// copyFile reads a file's name and the options in brackets.
func (c *cursor) copyFile(client string) (*ast.Literal, []ast.Option, error) {
	switch {
	case c.next(client):
		return nil, nil, c.unsupported(c.i, "COPY with "+client).WithHint("micodb import and micodb export copy " +
			"between files of the client and tables")
	case c.next("PROGRAM"):
		return nil, nil, c.unsupported(c.i, "COPY with PROGRAM")
	}
	file, err := c.text("the name of a file in quotes")
	if err != nil {
		return nil, nil, err
	}
	with := c.accept("WITH")
	if !with && !c.next("(") {
		return file, nil, nil
	}
	options, err := c.copyOptions()
	return file, options, err
}

// copyOptions reads (name, name value, name = value, …). A word is a value like a string.
func (c *cursor) copyOptions() ([]ast.Option, error) {
	if err := c.expect("("); err != nil {
		return nil, err
	}
	var list []ast.Option
	for _, end := range c.split(c.i, c.tokens[c.i-1].Match) {
		o := ast.Option{At: c.here(), Name: c.name(c.i)}
		if !c.accept("NULL") { // which is no name elsewhere
			var err error
			if o.Name, err = c.named("the name of an option"); err != nil {
				return nil, err
			}
		}
		c.accept("=")
		if c.i < end {
			var err error
			if o.Value, err = c.copyValue(end); err != nil {
				return nil, err
			}
		}
		list = append(list, o)
		c.i = end + 1
	}
	return list, nil
}

// copyValue reads the one token that an option's value is.
func (c *cursor) copyValue(end int) (ast.Expr, error) {
	t := &c.tokens[c.i]
	v := &ast.Literal{At: c.here(), Text: t.Text}
	switch {
	case t.Kind == lex.String:
		v.Kind = ast.StringLiteral
	case t.Kind == lex.Integer:
		v.Kind = ast.IntegerLiteral
	case t.Is("TRUE", "ON"):
		v.Kind, v.Text = ast.BooleanLiteral, "true"
	case t.Is("FALSE", "OFF"):
		v.Kind, v.Text = ast.BooleanLiteral, "false"
	case t.Kind == lex.Word && !c.isReserved(c.i):
		v.Kind = ast.StringLiteral
	default:
		return nil, c.unexpected(c.i, "a string, a number, true or false")
	}
	if c.i++; c.i < end {
		return nil, c.unexpected(c.i, `"," or ")"`)
	}
	return v, nil
}
