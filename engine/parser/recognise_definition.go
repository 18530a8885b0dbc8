package parser

import (
	"strings"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
)

// definition reads CREATE and DROP of tables and databases, or returns nil.
func (c *cursor) definition() (ast.Statement, error) {
	at := c.here()
	switch {
	case c.accept("CREATE DATABASE"), c.accept("CREATE SCHEMA"):
		s := &ast.CreateDatabase{At: at, IfNotExists: c.ifNotExists()}
		var err error
		s.Name, err = c.object("the name of a database")
		return s, err
	case c.accept("DROP DATABASE"), c.accept("DROP SCHEMA"):
		s := &ast.DropDatabase{At: at, IfExists: c.ifExists()}
		var err error
		if s.Name, err = c.object("the name of a database"); err != nil {
			return nil, err
		}
		if s.Cascade = c.accept("CASCADE"); !s.Cascade {
			c.accept("RESTRICT")
		}
		return s, nil
	case c.accept("ALTER TABLE"):
		return c.alterTable(at)
	case c.accept("COMMENT ON"):
		return c.comment(at)
	case c.accept("DROP TABLE"):
		return c.dropTable(at)
	case c.accept("DROP VIEW"):
		return c.dropView(at)
	}
	first := c.i
	if !c.accept("CREATE") {
		return nil, nil //nolint:nilnil // another kind of statement
	}
	s := &ast.CreateTable{At: at, OrReplace: c.accept("OR REPLACE")}
	if c.accept("VIEW") {
		return c.createView(&ast.CreateView{At: at, OrReplace: s.OrReplace})
	}
	if c.next("TEMPORARY VIEW") || c.next("TEMP VIEW") || c.next("RECURSIVE VIEW") {
		return nil, c.unsupported(c.i, "CREATE "+c.tokens[c.i].Upper+" VIEW")
	}
	s.Temporary = c.accept("TEMPORARY") || c.accept("TEMP")
	if !c.accept("TABLE") {
		c.i = first
		return nil, nil //nolint:nilnil // another kind of statement
	}
	return s, c.createTable(s)
}

// dropTable reads what follows DROP TABLE.
func (c *cursor) dropTable(at ast.At) (ast.Statement, error) {
	s := &ast.DropTable{At: at, IfExists: c.ifExists()}
	var err error
	s.Names, err = c.dropped("TABLE")
	return s, err
}

// dropped reads the names of the tables or views that a DROP is about, and what follows them.
func (c *cursor) dropped(what string) ([]ast.ObjectName, error) {
	var names []ast.ObjectName
	for {
		name, err := c.object("a " + strings.ToLower(what))
		if err != nil {
			return nil, err
		}
		names = append(names, name)
		if !c.accept(",") {
			break
		}
	}
	if c.next("CASCADE") {
		return nil, c.unsupported(c.i, "DROP "+what+" … CASCADE")
	}
	c.accept("RESTRICT") // views that read what is dropped stay, and say what they lack when they are used
	return names, nil
}

// createTable reads what follows CREATE TABLE.
func (c *cursor) createTable(s *ast.CreateTable) (err error) {
	s.IfNotExists = c.ifNotExists()
	if s.Name, err = c.object("the name of a table"); err != nil {
		return err
	}
	if c.next("LIKE") || c.next("CLONE") {
		return c.unsupported(c.i, "CREATE TABLE … "+c.tokens[c.i].Upper)
	}
	if c.next("(") && !c.isQuery(c.i+1, c.tokens[c.i].Match) {
		if err = c.elements(s); err != nil {
			return err
		}
	}
	if c.next("PARTITION BY") || c.next("ENGINE") || c.next("ORDER BY") || c.next("CLUSTER BY") || c.next("USING") {
		return c.unsupported(c.i, "CREATE TABLE … "+c.tokens[c.i].Upper)
	}
	if c.accept("WITH") {
		if s.Options, err = c.options(); err != nil {
			return err
		}
	}
	if c.accept("AS") || c.i < c.end && c.isQuery(c.i, c.end) {
		return c.createAs(s)
	}
	if len(s.Columns) == 0 {
		return c.wanted(`"(" and columns, or AS and a query`)
	}
	for _, column := range s.Columns {
		if column.Type == nil {
			return c.unexpected(c.index(column.At)+1, "the type of the column "+column.Name.String())
		}
	}
	return nil
}

// index returns the token at a position.
func (c *cursor) index(at ast.At) int {
	i := 0
	for i < c.end && c.at(i) != at {
		i++
	}
	return i
}

// createAs reads the query of CREATE TABLE … AS.
func (c *cursor) createAs(s *ast.CreateTable) (err error) {
	end := c.end
	switch {
	case c.is(end-1, "DATA") && c.is(end-2, "NO") && c.is(end-3, "WITH"):
		s.WithNoData, end = true, end-3
	case c.is(end-1, "DATA") && c.is(end-2, "WITH"):
		end -= 2
	}
	for _, column := range s.Columns {
		if column.Type != nil {
			return c.fail(c.index(column.At), "the columns of CREATE TABLE … AS have names only, no types")
		}
	}
	if !c.isQuery(c.i, end) {
		return c.wanted("a query")
	}
	if s.Query, err = c.query(end); err != nil {
		return err
	}
	c.i = c.end
	return nil
}

// elements reads the columns and constraints in brackets.
func (c *cursor) elements(s *ast.CreateTable) error {
	m := c.tokens[c.i].Match
	c.i++
	for {
		constraint, err := c.constraint()
		if err != nil {
			return err
		}
		if constraint != nil {
			s.Constraints = append(s.Constraints, *constraint)
		} else {
			column, err := c.column()
			if err != nil {
				return err
			}
			s.Columns = append(s.Columns, column)
		}
		if c.i == m {
			c.i++
			return nil
		}
		if !c.accept(",") {
			return c.wanted(`"," or ")"`)
		}
	}
}

// column reads one column: name, type and what follows them.
func (c *cursor) column() (ast.ColumnDef, error) {
	d := ast.ColumnDef{At: c.here()}
	var err error
	if d.Name, err = c.named("the name of a column"); err != nil {
		return d, err
	}
	if c.next(",") || c.next(")") {
		return d, nil // of CREATE TABLE … AS
	}
	t, next, err := c.typeName(c.i)
	if err != nil {
		return d, err
	}
	d.Type, c.i = &t, next
	for !c.next(",") && !c.next(")") {
		if err := c.columnPart(&d); err != nil {
			return d, err
		}
	}
	return d, nil
}

// columnPart reads one of the parts that follow a column's type.
func (c *cursor) columnPart(d *ast.ColumnDef) (err error) {
	if c.accept("CONSTRAINT") {
		if _, err = c.named("the name of a constraint"); err != nil {
			return err
		}
	}
	switch {
	case c.accept("NOT NULL"):
		d.NotNull = true
	case c.accept("NULL"):
		d.NotNull = false
	case c.accept("PRIMARY KEY"):
		d.PrimaryKey, d.NotNull = true, true
	case c.accept("UNIQUE"):
		d.Unique = true
	case c.accept("DEFAULT"):
		d.Default, err = c.expr(c.partEnd())
	case c.accept("CHECK"):
		d.Check, err = c.bracketed()
	case c.accept("REFERENCES"):
		var table ast.ObjectName
		if table, err = c.object("a table"); err != nil {
			return err
		}
		d.References = &table
		if c.next("(") {
			d.Referenced, err = c.list()
		}
	case c.accept("COLLATE"):
		var name ast.Name
		name, err = c.named("a collation")
		d.Collation = name.Text
	case c.next("GENERATED"), c.next("AS"), c.next("AUTO_INCREMENT"), c.next("COMMENT"), c.next("IDENTITY"),
		c.next("ENCODING"), c.next("COMPRESSION"), c.next("ON"), c.next("CHARACTER"):
		return c.unsupported(c.i, "the column property "+c.tokens[c.i].Upper)
	default:
		return c.wanted(`NOT NULL, DEFAULT, PRIMARY KEY, UNIQUE, CHECK, REFERENCES, "," or ")"`)
	}
	return err
}

// partEnd returns where the expression of DEFAULT ends: before the next part, which an operator can't precede.
func (c *cursor) partEnd() int {
	for i := c.i; i < c.end; i = c.skip(i) {
		if c.isSymbol(i, ",") || c.isSymbol(i, ")") {
			return i
		}
		operator := i == c.i || c.tokens[i-1].Kind == lex.Symbol && !c.isSymbol(i-1, ")") && !c.isSymbol(i-1, "]") ||
			c.is(i-1, "IS", "NOT", "AND", "OR")
		if !operator && (c.is(i, "NOT") && c.is(i+1, "NULL") ||
			c.is(i, "NULL", "PRIMARY", "UNIQUE", "CHECK", "REFERENCES", "CONSTRAINT", "COLLATE")) {
			return i
		}
	}
	return c.end
}

// bracketed reads an expression in brackets.
func (c *cursor) bracketed() (ast.Expr, error) {
	if !c.next("(") {
		return nil, c.wanted(`"("`)
	}
	m := c.tokens[c.i].Match
	c.i++
	e, err := c.expr(m)
	c.i = m + 1
	return e, err
}

// constraint reads a constraint of the table, or returns nil where a column stands.
func (c *cursor) constraint() (*ast.Constraint, error) {
	k := &ast.Constraint{At: c.here()}
	if c.next("CONSTRAINT") && c.tokens[c.i+1].IsName() && c.is(c.i+2, "PRIMARY", "UNIQUE", "CHECK", "FOREIGN") {
		c.i++
		name, err := c.named("the name of a constraint")
		if err != nil {
			return nil, err
		}
		k.Name = &name
	}
	var err error
	switch {
	case c.accept("PRIMARY KEY"):
		k.Columns, err = c.list()
	case c.next("UNIQUE ("):
		c.i++
		k.Kind = ast.Unique
		k.Columns, err = c.list()
	case c.next("CHECK ("):
		c.i++
		k.Kind = ast.Check
		k.Check, err = c.bracketed()
	case c.accept("FOREIGN KEY"):
		k.Kind = ast.ForeignKey
		err = c.foreignKey(k)
	case c.next("INDEX (") || c.next("KEY (") || c.next("LIKE"):
		return nil, c.unsupported(c.i, c.tokens[c.i].Upper+" in CREATE TABLE")
	default:
		return nil, nil //nolint:nilnil // a column
	}
	return k, err
}

// foreignKey reads what follows FOREIGN KEY.
func (c *cursor) foreignKey(k *ast.Constraint) (err error) {
	if k.Columns, err = c.list(); err != nil {
		return err
	}
	if err = c.expect("REFERENCES"); err != nil {
		return err
	}
	table, err := c.object("a table")
	if err != nil {
		return err
	}
	k.References = &table
	if c.next("(") {
		k.Referenced, err = c.list()
	}
	return err
}

// options reads (name = value, …).
func (c *cursor) options() ([]ast.Option, error) {
	if err := c.expect("("); err != nil {
		return nil, err
	}
	m := c.tokens[c.i-1].Match
	var list []ast.Option
	for _, end := range c.split(c.i, m) {
		o := ast.Option{At: c.here()}
		var err error
		if o.Name, err = c.named("the name of an option"); err != nil {
			return nil, err
		}
		if err = c.expect("="); err != nil {
			return nil, err
		}
		if o.Value, err = c.expr(end); err != nil {
			return nil, err
		}
		list = append(list, o)
		c.i = end + 1
	}
	return list, nil
}
