package parser

import (
	"github.com/micodb/micodb/engine/parser/ast"
)

// data reads INSERT, UPDATE, DELETE, TRUNCATE and COPY, and queries that begin with WITH. It returns nil where none
// of them begins.
func (c *cursor) data() (ast.Statement, error) {
	at, first := c.here(), c.i
	verb := first
	if c.next("WITH") {
		verb = c.find(first, c.end, "INSERT", "UPDATE", "DELETE", "SELECT", "VALUES")
		if verb == c.end || c.is(verb, "SELECT", "VALUES") {
			return c.query(c.end)
		}
	}
	c.i = verb
	var s ast.Statement
	var with **ast.With
	var err error
	switch {
	case c.accept("INSERT"):
		insert := &ast.Insert{At: at}
		s, with, err = insert, &insert.With, c.insert(insert)
	case c.accept("UPDATE"):
		update := &ast.Update{At: at}
		s, with, err = update, &update.With, c.update(update)
	case c.accept("DELETE"):
		deletion := &ast.Delete{At: at}
		s, with, err = deletion, &deletion.With, c.delete(deletion)
	case c.accept("TRUNCATE"):
		c.accept("TABLE")
		table, err := c.object("a table")
		return &ast.Truncate{At: at, Table: table}, err
	case verb == first && c.accept("COPY"):
		return c.copying(at)
	default:
		return nil, nil //nolint:nilnil // another kind of statement
	}
	if err == nil && verb > first {
		*with, err = c.commonTables(first, verb)
	}
	return s, err
}

// commonTables reads the WITH in [lo, hi) before INSERT, UPDATE or DELETE.
func (c *cursor) commonTables(lo, hi int) (*ast.With, error) {
	r, err := c.within()
	if err != nil {
		return nil, err
	}
	defer func() { c.depth-- }()
	next, err := r.with(lo, hi)
	if err != nil {
		return nil, err
	}
	if next != hi {
		return nil, r.unexpected(next, "SELECT, INSERT, UPDATE or DELETE")
	}
	r.emit(hi, "SELECT NULL")
	tree, err := r.parse(hi)
	if err != nil {
		return nil, err
	}
	return (&converter{parsing: c.parsing}).head(tree)
}

// insert reads what follows INSERT.
func (c *cursor) insert(s *ast.Insert) (err error) {
	if c.next("OR") || c.next("IGNORE") {
		what := "INSERT " + c.tokens[c.i].Upper
		if c.next("OR") {
			what += " " + c.tokens[c.i+1].Upper
		}
		return c.unsupported(c.i, what).WithHint("use ON CONFLICT")
	}
	if err = c.expect("INTO"); err != nil {
		return err
	}
	if s.Table, err = c.object("a table"); err != nil {
		return err
	}
	if c.next("(") && !c.isQuery(c.i+1, c.tokens[c.i].Match) {
		if s.Columns, err = c.list(); err != nil {
			return err
		}
	}
	if c.next("OVERRIDING") || c.next("BY") || c.next("AS") {
		return c.unsupported(c.i, "INSERT … "+c.tokens[c.i].Upper)
	}
	end := c.conflict()
	switch {
	case c.accept("DEFAULT VALUES"):
	case c.next("SELECT") || c.next("VALUES") || c.next("WITH") || c.next("("):
		if s.Source, err = c.query(end); err != nil {
			return err
		}
	default:
		return c.wanted("VALUES, SELECT or the names of columns in brackets")
	}
	if c.next("ON") {
		if s.Conflict, err = c.onConflict(); err != nil {
			return err
		}
	}
	s.Returning, err = c.returning()
	return err
}

// conflict returns where ON CONFLICT, ON DUPLICATE KEY or RETURNING begins, or the end.
func (c *cursor) conflict() int {
	for i := c.i; i < c.end; i = c.skip(i) {
		if c.isKeyword(i, "ON") && c.is(i+1, "CONFLICT", "DUPLICATE") || c.isReturning(i) {
			return i
		}
	}
	return c.end
}

// isReturning reports whether RETURNING at i is the clause, and no name.
func (c *cursor) isReturning(i int) bool {
	return c.isKeyword(i, "RETURNING") && i+1 < c.end && i > c.i && !c.isSymbol(i-1, ",") && !c.isSymbol(i+1, ",") &&
		!c.is(i-1, "SELECT", "WHERE", "AND", "OR", "BY", "SET")
}

// onConflict reads ON CONFLICT … DO … and ON DUPLICATE KEY UPDATE ….
func (c *cursor) onConflict() (*ast.OnConflict, error) {
	s := &ast.OnConflict{At: c.here()}
	c.i++
	var err error
	if c.accept("DUPLICATE") {
		if err = c.expect("KEY UPDATE"); err != nil {
			return nil, err
		}
		s.Set, err = c.assignments(c.conflict())
		return s, err
	}
	if err = c.expect("CONFLICT"); err != nil {
		return nil, err
	}
	if c.next("(") {
		if s.Columns, err = c.list(); err != nil {
			return nil, err
		}
	}
	if c.next("ON CONSTRAINT") || c.next("WHERE") {
		return nil, c.unsupported(c.i, "ON CONFLICT "+c.tokens[c.i].Upper)
	}
	if err = c.expect("DO"); err != nil {
		return nil, err
	}
	if c.accept("NOTHING") {
		return s, nil
	}
	if err = c.expect("UPDATE SET"); err != nil {
		return nil, err
	}
	end := c.conflict()
	where := c.find(c.i, end, "WHERE")
	if s.Set, err = c.assignments(where); err != nil {
		return nil, err
	}
	if c.accept("WHERE") {
		s.Where, err = c.expr(end)
	}
	return s, err
}

// assignments reads column = value, …, up to end.
func (c *cursor) assignments(end int) ([]ast.Assignment, error) {
	var list []ast.Assignment
	for _, to := range c.split(c.i, end) {
		if c.next("(") {
			return nil, c.unsupported(c.i, "an assignment to several columns")
		}
		column, err := c.object("a column")
		if err != nil {
			return nil, err
		}
		if err := c.expect("="); err != nil {
			return nil, err
		}
		value, err := c.expr(to)
		if err != nil {
			return nil, err
		}
		list = append(list, ast.Assignment{
			At: column.At, Column: ast.Column(column), Value: value,
		})
		if to < end {
			c.i++
		}
	}
	return list, nil
}

// returning reads RETURNING.
func (c *cursor) returning() ([]ast.SelectItem, error) {
	if !c.next("RETURNING") {
		return nil, nil
	}
	q, err := c.selection(c.i, c.end)
	if err != nil {
		return nil, err
	}
	return q.Items, nil
}

// selection reads the clauses that follow a keyword, in [lo, hi), as if SELECT stood in its place.
func (c *cursor) selection(lo, hi int) (*ast.Select, error) {
	r, err := c.within()
	if err != nil {
		return nil, err
	}
	defer func() { c.depth-- }()
	if err := r.selection(lo, hi); err != nil {
		return nil, err
	}
	tree, err := r.parse(hi)
	if err != nil {
		return nil, err
	}
	q, err := (&converter{parsing: c.parsing}).query(tree)
	if err != nil {
		return nil, err
	}
	c.i = hi
	s, ok := q.(*ast.Select)
	if !ok {
		return nil, c.unexpected(lo, "a plain clause")
	}
	return s, nil
}

// target reads the table that UPDATE and DELETE change, with its alias.
func (c *cursor) target() (name ast.ObjectName, alias *ast.Alias, err error) {
	if c.next("ONLY") && c.tokens[c.i+1].IsName() && !c.isReserved(c.i+1) && !c.is(c.i+1, "SET") {
		return name, nil, c.unsupported(c.i, "ONLY")
	}
	if name, err = c.object("a table"); err != nil {
		return name, nil, err
	}
	as := c.accept("AS")
	if as || c.i < c.end && c.tokens[c.i].IsName() && !c.isReserved(c.i) && !c.next("SET") && !c.next("RETURNING") {
		given, err := c.named("an alias")
		return name, &ast.Alias{At: given.At, Name: given}, err
	}
	return name, nil, nil
}

// update reads what follows UPDATE.
func (c *cursor) update(s *ast.Update) (err error) {
	if s.Table, s.Alias, err = c.target(); err != nil {
		return err
	}
	if err = c.expect("SET"); err != nil {
		return err
	}
	end := c.tail()
	if s.Set, err = c.assignments(c.find(c.i, end, "FROM", "WHERE")); err != nil {
		return err
	}
	if s.From, s.Where, err = c.sources("FROM", end); err != nil {
		return err
	}
	s.Returning, err = c.returning()
	return err
}

// delete reads what follows DELETE.
func (c *cursor) delete(s *ast.Delete) (err error) {
	if err = c.expect("FROM"); err != nil {
		return err
	}
	if s.Table, s.Alias, err = c.target(); err != nil {
		return err
	}
	if s.Using, s.Where, err = c.sources("USING", c.tail()); err != nil {
		return err
	}
	s.Returning, err = c.returning()
	return err
}

// tail returns where RETURNING begins, or the end.
func (c *cursor) tail() int {
	for i := c.i; i < c.end; i = c.skip(i) {
		if c.isReturning(i) {
			return i
		}
	}
	return c.end
}

// sources reads FROM or USING with more tables, and WHERE.
func (c *cursor) sources(word string, end int) (from []ast.TableRef, where ast.Expr, err error) {
	if c.i < end && c.accept(word) {
		to := c.find(c.i, end, "WHERE")
		if c.i >= to {
			return nil, nil, c.unexpected(to, "a table")
		}
		if from, err = c.tables(to); err != nil {
			return nil, nil, err
		}
	}
	if to := c.find(c.i, end, "ORDER", "LIMIT"); to < end {
		return nil, nil, c.unsupported(to, c.tokens[to].Upper+" in UPDATE and DELETE")
	}
	if c.i < end && c.accept("WHERE") {
		where, err = c.expr(end)
	}
	return from, where, err
}

// tables reads the tables from here to end.
func (c *cursor) tables(end int) ([]ast.TableRef, error) {
	r, err := c.within()
	if err != nil {
		return nil, err
	}
	defer func() { c.depth-- }()
	r.emit(c.i-1, "SELECT NULL FROM")
	if err := r.from(c.i, end); err != nil {
		return nil, err
	}
	tree, err := r.parse(end)
	if err != nil {
		return nil, err
	}
	c.i = end
	return (&converter{parsing: c.parsing}).sources(tree)
}
