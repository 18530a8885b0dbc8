package parser

import (
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
)

// security reads statements about users, roles and privileges, or returns nil.
func (c *cursor) security() (ast.Statement, error) {
	at := c.here()
	var err error
	switch {
	case c.accept("CREATE USER"):
		s := &ast.CreateUser{At: at, IfNotExists: c.ifNotExists()}
		if s.Name, err = c.principal(); err != nil {
			return nil, err
		}
		s.Password, s.DefaultRole, err = c.credentials()
		return s, err
	case c.accept("ALTER USER"):
		s := &ast.AlterUser{At: at, IfExists: c.ifExists()}
		if s.Name, err = c.principal(); err != nil {
			return nil, err
		}
		if c.i >= c.end {
			return nil, c.wanted("IDENTIFIED BY or DEFAULT ROLE")
		}
		s.Password, s.DefaultRole, err = c.credentials()
		return s, err
	case c.accept("DROP USER"):
		s := &ast.DropUser{At: at, IfExists: c.ifExists()}
		s.Name, err = c.principal()
		return s, err
	case c.accept("CREATE ROLE"):
		s := &ast.CreateRole{At: at, IfNotExists: c.ifNotExists()}
		s.Name, err = c.principal()
		return s, err
	case c.accept("DROP ROLE"):
		s := &ast.DropRole{At: at, IfExists: c.ifExists()}
		s.Name, err = c.principal()
		return s, err
	case c.accept("CREATE API KEY"):
		return c.createAPIKey(at)
	case c.accept("DROP API KEY"):
		s := &ast.DropAPIKey{At: at, IfExists: c.ifExists()}
		if s.Name, err = c.named("the name of an API key"); err != nil {
			return nil, err
		}
		s.User, err = c.forUser()
		return s, err
	case c.accept("GRANT"):
		s := &ast.Grant{At: at}
		if s.Privilege, s.To, err = c.privilege("TO"); err != nil {
			return nil, err
		}
		s.WithOption = c.accept("WITH GRANT OPTION") || c.accept("WITH ADMIN OPTION")
		return s, nil
	case c.accept("REVOKE"):
		if c.next("GRANT OPTION FOR") || c.next("ADMIN OPTION FOR") {
			return nil, c.unsupported(c.i, "REVOKE … OPTION FOR")
		}
		s := &ast.Revoke{At: at}
		s.Privilege, s.From, err = c.privilege("FROM")
		return s, err
	}
	return nil, nil //nolint:nilnil // another kind of statement
}

// createAPIKey reads what follows CREATE API KEY: name [FOR user] [EXPIRES AT 'timestamp' | EXPIRES IN 'interval'].
func (c *cursor) createAPIKey(at ast.At) (ast.Statement, error) {
	s := &ast.CreateAPIKey{At: at}
	var err error
	if s.Name, err = c.named("the name of an API key"); err != nil {
		return nil, err
	}
	if s.User, err = c.forUser(); err != nil || !c.accept("EXPIRES") {
		return s, err
	}
	switch {
	case c.accept("AT"):
		c.accept("TIMESTAMP")
		s.ExpiresAt, err = c.text("a timestamp in single quotes")
	case c.accept("IN"):
		c.accept("INTERVAL")
		s.ExpiresIn, err = c.text("an interval in single quotes, such as '90 days'")
	default:
		err = c.wanted("AT 'timestamp' or IN 'interval'")
	}
	return s, err
}

// forUser reads [FOR user].
func (c *cursor) forUser() (*ast.Name, error) {
	if !c.accept("FOR") {
		return nil, nil //nolint:nilnil // nobody was named
	}
	name, err := c.principal()
	if err != nil {
		return nil, err
	}
	return &name, nil
}

// principal reads the name of a user or role, which may be a string, too: 'alice'.
func (c *cursor) principal() (ast.Name, error) {
	if c.i < c.end && c.tokens[c.i].Kind == lex.String && c.tokens[c.i].Text != "" {
		c.i++
		return ast.Name{At: c.at(c.i - 1), Text: c.tokens[c.i-1].Text, Quoted: true}, nil
	}
	return c.named("the name of a user or role")
}

// credentials reads [IDENTIFIED BY 'password'] [DEFAULT ROLE role], in any order.
func (c *cursor) credentials() (password *ast.Literal, role *ast.Name, err error) {
	for c.i < c.end {
		switch {
		case password == nil && c.accept("IDENTIFIED BY"):
			if c.next("PASSWORD") || c.next("RANDOM") {
				return nil, nil, c.unsupported(c.i, "IDENTIFIED BY "+c.tokens[c.i].Upper)
			}
			if password, err = c.text("a password in single quotes"); err != nil {
				// What stands there may be one: it is in no message, and so in no log.
				return nil, nil, c.fail(min(c.i, c.end), "expected a password in single quotes")
			}
		case role == nil && c.accept("DEFAULT ROLE"):
			name, err := c.principal()
			if err != nil {
				return nil, nil, err
			}
			role = &name
		case c.next("IDENTIFIED WITH"):
			return nil, nil, c.unsupported(c.i, "IDENTIFIED WITH").WithHint("use IDENTIFIED BY")
		case c.next("REQUIRE"), c.next("ACCOUNT"), c.next("PASSWORD"), c.next("WITH"):
			return nil, nil, c.unsupported(c.i, c.tokens[c.i].Upper+" of a user")
		default:
			return nil, nil, c.wanted("IDENTIFIED BY, DEFAULT ROLE or the end of the statement")
		}
	}
	return password, role, nil
}

// privilege reads privileges ON object TO principals, or roles TO principals; word is TO or FROM.
func (c *cursor) privilege(word string) (p ast.Privilege, whom []ast.Name, err error) {
	first := c.i
	if c.find(first, c.end, "ON") == c.end {
		for {
			role, err := c.principal()
			if err != nil {
				return p, nil, err
			}
			p.Roles = append(p.Roles, role)
			if !c.accept(",") {
				break
			}
		}
	} else if err = c.kinds(&p); err != nil {
		return p, nil, err
	}
	if err = c.expect(word); err != nil {
		return p, nil, err
	}
	for {
		if c.accept("USER") && c.i >= c.end || c.accept("ROLE") && c.i >= c.end {
			c.i-- // a user of that name
		}
		name, err := c.principal()
		if err != nil {
			return p, nil, err
		}
		whom = append(whom, name)
		if !c.accept(",") {
			return p, whom, nil
		}
	}
}

// kinds reads SELECT (a, b), INSERT ON object.
func (c *cursor) kinds(p *ast.Privilege) error {
	for {
		kind := ast.PrivilegeKind{At: c.here()}
		for c.i < c.end && c.tokens[c.i].Kind == lex.Word && !c.next("ON") {
			if kind.Name != "" {
				kind.Name += " "
			}
			kind.Name += c.tokens[c.i].Upper
			c.i++
		}
		if kind.Name == "" {
			return c.wanted("a privilege such as SELECT, INSERT or ALL")
		}
		if kind.Name == "ALL PRIVILEGES" {
			kind.Name = "ALL"
		}
		if c.next("(") {
			columns, err := c.list()
			if err != nil {
				return err
			}
			kind.Columns = columns
		}
		p.Kinds = append(p.Kinds, kind)
		if !c.accept(",") {
			break
		}
	}
	if err := c.expect("ON"); err != nil {
		return err
	}
	return c.level(p)
}

// level reads the object of a privilege: [TABLE] t, db.*, *.*, DATABASE db, SCHEMA db.
func (c *cursor) level(p *ast.Privilege) (err error) {
	switch {
	case c.accept("* . *"):
		p.Level = ast.OnEverything
		return nil
	case c.next("*"):
		return c.unsupported(c.i, "GRANT … ON *").WithHint("name the database: db.*")
	case c.accept("DATABASE"), c.accept("SCHEMA"):
		p.Level = ast.OnDatabase
		p.Object, err = c.object("the name of a database")
		return err
	case c.next("FUNCTION"), c.next("PROCEDURE"), c.next("ALL TABLES"), c.next("SEQUENCE"):
		return c.unsupported(c.i, "a privilege on "+c.tokens[c.i].Upper)
	}
	c.accept("TABLE")
	if p.Object, err = c.object("a table, a database or *.*"); err != nil {
		return err
	}
	if c.accept(". *") {
		p.Level, p.Wildcard = ast.OnDatabase, true
	}
	return nil
}
