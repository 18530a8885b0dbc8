package parser

import "github.com/micodb/micodb/engine/parser/ast"

// alterTable reads what follows ALTER TABLE.
func (c *cursor) alterTable(at ast.At) (_ ast.Statement, err error) {
	s := &ast.AlterTable{At: at, IfExists: c.ifExists()}
	if c.next("ONLY") && c.i+1 < c.end && c.tokens[c.i+1].IsName() {
		return nil, c.unsupported(c.i, "ALTER TABLE ONLY")
	}
	if s.Name, err = c.object("the name of a table"); err != nil {
		return nil, err
	}
	for {
		action, err := c.alterAction()
		if err != nil {
			return nil, err
		}
		s.Actions = append(s.Actions, action)
		if !c.accept(",") {
			return s, nil
		}
	}
}

// alterAction reads one action.
func (c *cursor) alterAction() (ast.AlterAction, error) {
	a := ast.AlterAction{At: c.here()}
	var err error
	switch {
	case c.next("ADD CONSTRAINT"), c.next("ADD PRIMARY"), c.next("ADD UNIQUE"), c.next("ADD CHECK"),
		c.next("ADD FOREIGN"), c.next("ADD INDEX"), c.next("ADD KEY"), c.next("ADD PARTITION"), c.next("ADD ("),
		c.next("DROP CONSTRAINT"), c.next("DROP PRIMARY"), c.next("DROP INDEX"), c.next("DROP PARTITION"),
		c.next("RENAME CONSTRAINT"), c.next("RENAME INDEX"), c.next("RENAME KEY"):
		return a, c.unsupported(c.i, "ALTER TABLE … "+c.tokens[c.i].Upper+" "+c.tokens[c.i+1].Upper)
	case c.accept("ADD"):
		c.accept("COLUMN")
		a.IfNotExists = c.ifNotExists()
		var d ast.ColumnDef
		d, err = c.addedColumn()
		a.Add = &d
	case c.accept("DROP"):
		a.Kind = ast.DropColumn
		c.accept("COLUMN")
		a.IfExists = c.ifExists()
		if a.Column, err = c.named("the name of a column"); err != nil {
			return a, err
		}
		if c.next("CASCADE") {
			return a, c.unsupported(c.i, "DROP COLUMN … CASCADE")
		}
		c.accept("RESTRICT") // views that read the column stay, and say what they lack when they are used
	case c.accept("RENAME TO"), c.accept("RENAME AS"):
		a.Kind = ast.RenameTable
		a.To, err = c.named("a name")
	case c.accept("RENAME"):
		a.Kind = ast.RenameColumn
		c.accept("COLUMN")
		if a.Column, err = c.named("the name of a column"); err != nil {
			return a, err
		}
		if err = c.expect("TO"); err != nil {
			return a, err
		}
		a.To, err = c.named("a name")
	case c.accept("ALTER"):
		c.accept("COLUMN")
		err = c.alterColumn(&a)
	case c.next("MODIFY"), c.next("CHANGE"), c.next("SET"), c.next("OWNER"), c.next("ENABLE"), c.next("DISABLE"),
		c.next("PARTITION"), c.next("CLUSTER"), c.next("ORDER"), c.next("COMMENT"), c.next("ENGINE"),
		c.next("AUTO_INCREMENT"), c.next("CONVERT"), c.next("RESET"), c.next("VALIDATE"), c.next("TRUNCATE"):
		return a, c.unsupported(c.i, "ALTER TABLE … "+c.tokens[c.i].Upper)
	default:
		return a, c.wanted("ADD, DROP, RENAME or ALTER")
	}
	return a, err
}

// addedColumn reads the column of ADD COLUMN, to which the end of the statement is a bracket's.
func (c *cursor) addedColumn() (ast.ColumnDef, error) {
	d := ast.ColumnDef{At: c.here()}
	var err error
	if d.Name, err = c.named("the name of a column"); err != nil {
		return d, err
	}
	if c.i >= c.end {
		return d, c.wanted("the type of the column " + d.Name.String())
	}
	t, next, err := c.typeName(c.i)
	if err != nil {
		return d, err
	}
	d.Type, c.i = &t, next
	for c.i < c.end && !c.next(",") {
		if c.next("FIRST") || c.next("AFTER") {
			return d, c.unsupported(c.i, "ADD COLUMN … "+c.tokens[c.i].Upper)
		}
		if err := c.columnPart(&d); err != nil {
			return d, err
		}
	}
	return d, nil
}

// alterColumn reads what follows ALTER COLUMN.
func (c *cursor) alterColumn(a *ast.AlterAction) (err error) {
	if a.Column, err = c.named("the name of a column"); err != nil {
		return err
	}
	switch {
	case c.accept("TYPE"), c.accept("SET DATA TYPE"):
	case c.next("SET"), c.next("DROP"), c.next("ADD"), c.next("RESET"):
		what := c.tokens[c.i].Upper
		if c.i+1 < c.end {
			what += " " + c.tokens[c.i+1].Upper
		}
		return c.unsupported(c.i, "ALTER COLUMN … "+what)
	default:
		return c.wanted("TYPE")
	}
	a.Kind = ast.ChangeType
	if c.i >= c.end {
		return c.wanted("a type")
	}
	t, next, err := c.typeName(c.i)
	if err != nil {
		return err
	}
	a.Type, c.i = &t, next
	if c.next("USING") || c.next("COLLATE") {
		return c.unsupported(c.i, "ALTER COLUMN … TYPE … "+c.tokens[c.i].Upper)
	}
	return nil
}

// comment reads what follows COMMENT ON.
func (c *cursor) comment(at ast.At) (_ ast.Statement, err error) {
	s := &ast.Comment{At: at}
	switch {
	case c.accept("TABLE"):
		if s.Table, err = c.object("the name of a table"); err != nil {
			return nil, err
		}
	case c.accept("COLUMN"):
		first := c.i
		if s.Table, err = c.object("the name of a table and a column"); err != nil {
			return nil, err
		}
		parts := s.Table.Parts
		if len(parts) == 1 {
			return nil, c.fail(first, "a column is named behind its table: table.column")
		}
		s.Column, s.Table.Parts = &parts[len(parts)-1], parts[:len(parts)-1]
	case c.i < c.end && c.tokens[c.i].IsName():
		return nil, c.unsupported(c.i, "COMMENT ON "+c.tokens[c.i].Upper)
	default:
		return nil, c.wanted("TABLE or COLUMN")
	}
	if err = c.expect("IS"); err != nil {
		return nil, err
	}
	if c.accept("NULL") {
		return s, nil
	}
	s.Text, err = c.text("a string or NULL")
	return s, err
}
