package parser

import (
	"strings"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
)

// control reads what steers a session: transactions, USE, SET, EXPLAIN and DESCRIBE, or returns nil.
func (c *cursor) control() (ast.Statement, error) {
	if s, err := c.transaction(); s != nil || err != nil {
		return s, err
	}
	at := c.here()
	switch {
	case c.accept("USE"):
		name, err := c.object("the name of a database")
		return &ast.Use{At: at, Name: name}, err
	case c.accept("SHOW"):
		return c.show(at)
	case c.accept("DESCRIBE"), c.accept("DESC"):
		return c.describe(at)
	case c.accept("EXPLAIN"):
		return c.explain(at)
	case c.accept("ANALYZE"):
		s := &ast.Analyze{At: at}
		if c.accept("TABLE") || c.i < c.end {
			name, err := c.object("a table")
			s.Table = &name
			return s, err
		}
		return s, nil
	case c.accept("KILL"):
		return c.kill(at)
	case c.accept("RESET"):
		if c.accept("ALL") {
			return &ast.Reset{At: at}, nil
		}
		name, err := c.variable()
		return &ast.Reset{At: at, Name: name}, err
	case c.accept("SET"):
		return c.set(at)
	case c.accept("PREPARE"):
		return c.prepare(at)
	case c.accept("EXECUTE"):
		return c.execute(at)
	case c.accept("DEALLOCATE"), c.accept("DROP PREPARE"):
		return c.deallocate(at)
	}
	return nil, nil //nolint:nilnil // another kind of statement
}

// kill reads what follows KILL.
func (c *cursor) kill(at ast.At) (ast.Statement, error) {
	switch {
	case c.accept("QUERY"):
		id, err := c.number("the number of a query")
		return &ast.KillQuery{At: at, ID: id}, err
	case c.accept("SESSION"):
		id, err := c.number("the number of a session")
		return &ast.KillSession{At: at, ID: id}, err
	case c.accept("TOKENS"):
		user, err := c.forUser()
		return &ast.KillTokens{At: at, User: user}, err
	case c.accept("TOKEN"):
		id, err := c.text("the id of a token in single quotes")
		return &ast.KillToken{At: at, ID: id}, err
	}
	return nil, c.wanted("QUERY, SESSION, TOKEN or TOKENS")
}

// number reads a whole number.
func (c *cursor) number(what string) (*ast.Literal, error) {
	if c.i >= c.end || c.tokens[c.i].Kind != lex.Integer {
		return nil, c.wanted(what)
	}
	c.i++
	return &ast.Literal{At: c.at(c.i - 1), Kind: ast.IntegerLiteral, Text: c.tokens[c.i-1].Text}, nil
}

// transaction reads what begins, ends and marks transactions, or returns nil.
func (c *cursor) transaction() (ast.Statement, error) {
	at := c.here()
	var err error
	switch {
	case c.next("BEGIN"), c.next("START TRANSACTION"):
		c.i++
		c.work()
		s := &ast.Begin{At: at}
		m, err := c.modes()
		s.ReadOnly, s.ReadWrite, s.Isolation = m.readOnly, m.readWrite, m.isolation
		return s, err
	case c.accept("COMMIT"), c.accept("END"):
		c.work()
		return &ast.Commit{At: at}, c.noChain()
	case c.accept("ROLLBACK"), c.accept("ABORT"):
		c.work()
		if !c.accept("TO") {
			return &ast.Rollback{At: at}, c.noChain()
		}
		c.accept("SAVEPOINT")
		s := &ast.RollbackTo{At: at}
		s.Name, err = c.named("the name of a savepoint")
		return s, err
	case c.accept("SAVEPOINT"):
		s := &ast.Savepoint{At: at}
		s.Name, err = c.named("the name of a savepoint")
		return s, err
	case c.accept("RELEASE"):
		c.accept("SAVEPOINT")
		s := &ast.Release{At: at}
		s.Name, err = c.named("the name of a savepoint")
		return s, err
	}
	return nil, nil //nolint:nilnil // another kind of statement
}

// work skips a word that says nothing.
func (c *cursor) work() {
	if !c.accept("TRANSACTION") {
		c.accept("WORK")
	}
}

// noChain refuses AND CHAIN.
func (c *cursor) noChain() error {
	if c.next("AND CHAIN") {
		return c.unsupported(c.i, "AND CHAIN")
	}
	c.accept("AND NO CHAIN")
	return nil
}

// modes are the modes of a transaction.
type modes struct {
	readOnly, readWrite bool
	isolation           string
}

// modes reads the modes of a transaction.
func (c *cursor) modes() (modes, error) {
	var m modes
	for c.i < c.end {
		switch {
		case c.accept("READ ONLY"):
			m.readOnly = true
		case c.accept("READ WRITE"):
			m.readWrite = true
		case c.accept("ISOLATION LEVEL"):
			for _, level := range []string{
				"SERIALIZABLE", "REPEATABLE READ", "READ COMMITTED", "READ UNCOMMITTED", "SNAPSHOT",
			} {
				if c.accept(level) {
					m.isolation = level
				}
			}
			if m.isolation == "" {
				return m, c.wanted("SERIALIZABLE, SNAPSHOT, REPEATABLE READ, READ COMMITTED or READ UNCOMMITTED")
			}
		case c.next("DEFERRABLE"), c.next("NOT DEFERRABLE"), c.next("WITH"):
			return m, c.unsupported(c.i, "the transaction mode "+c.tokens[c.i].Upper)
		default:
			return m, c.wanted("READ ONLY, READ WRITE or ISOLATION LEVEL")
		}
		c.accept(",")
	}
	if m.readOnly && m.readWrite {
		return m, c.fail(c.i, "a transaction is either READ ONLY or READ WRITE")
	}
	return m, nil
}

// show reads what follows SHOW.
func (c *cursor) show(at ast.At) (ast.Statement, error) {
	s := &ast.Show{At: at, Full: c.accept("FULL")}
	var err error
	switch {
	case c.accept("TABLES"):
		if c.accept("FROM") || c.accept("IN") {
			s.Name, err = c.object("the name of a database")
		}
	case c.accept("DATABASES"), c.accept("SCHEMAS"):
		s.Kind = ast.ShowDatabases
	case c.next("COLUMNS") || c.next("FIELDS"):
		c.i++
		s.Kind = ast.ShowColumns
		if !c.accept("FROM") && !c.accept("IN") {
			return nil, c.wanted("FROM")
		}
		s.Name, err = c.object("a table")
	case c.accept("CREATE TABLE"):
		s.Kind = ast.ShowCreateTable
		s.Name, err = c.object("a table")
	case c.accept("CREATE VIEW"):
		s.Kind = ast.ShowCreateView
		s.Name, err = c.object("a view")
	case c.accept("FUNCTIONS"):
		s.Kind = ast.ShowFunctions
	case c.accept("USERS"):
		s.Kind = ast.ShowUsers
	case c.accept("GRANTS"):
		s.Kind = ast.ShowGrants
		s.User, err = c.forUser()
	case c.accept("ROLES"):
		s.Kind = ast.ShowRoles
	case c.accept("API KEYS"):
		s.Kind = ast.ShowAPIKeys
		s.User, err = c.forUser()
	case c.accept("QUERIES"), c.accept("PROCESSLIST"):
		s.Kind = ast.ShowQueries
	case c.accept("SESSIONS"):
		s.Kind = ast.ShowSessions
	case c.accept("TOKENS"):
		s.Kind = ast.ShowTokens
	case c.accept("ALL"), c.accept("VARIABLES"), c.accept("SETTINGS"):
		s.Kind = ast.ShowAll
	case c.next("INDEX"), c.next("INDEXES"), c.next("KEYS"), c.next("STATUS"), c.next("ENGINES"), c.next("WARNINGS"),
		c.next("ERRORS"), c.next("CREATE"), c.next("TABLE STATUS"), c.next("VIEWS"):
		return nil, c.unsupported(c.i, "SHOW "+c.tokens[c.i].Upper)
	default:
		s.Kind = ast.ShowSetting
		s.What, err = c.variable()
	}
	if err == nil && s.Full && s.Kind != ast.ShowTables && s.Kind != ast.ShowColumns && s.Kind != ast.ShowQueries {
		return nil, c.unexpected(c.i-1, "TABLES, COLUMNS or PROCESSLIST after FULL")
	}
	if err == nil && c.next("WHERE") {
		return nil, c.unsupported(c.i, "SHOW … WHERE").WithHint("query information_schema")
	}
	if err == nil && c.accept("LIKE") {
		s.Like, err = c.text("a pattern in single quotes")
	}
	return s, err
}

// variable reads the name of a setting: words joined by dots, or of several words as in TIME ZONE.
func (c *cursor) variable() (string, error) {
	switch {
	case c.accept("TIME ZONE"):
		return "time_zone", nil
	case c.accept("TRANSACTION ISOLATION LEVEL"):
		return "transaction_isolation", nil
	case c.i < c.end && c.isSymbol(c.i, "@"):
		return "", c.unsupported(c.i, "a user variable")
	}
	name, err := c.object("the name of a setting")
	if err != nil {
		return "", err
	}
	parts := make([]string, len(name.Parts))
	for i, p := range name.Parts {
		parts[i] = p.Text
	}
	return strings.Join(parts, "."), nil
}

// describe reads what follows DESCRIBE.
func (c *cursor) describe(at ast.At) (ast.Statement, error) {
	s := &ast.Describe{At: at}
	var err error
	if c.i < c.end && (c.isQuery(c.i, c.end) || c.next("SELECT") || c.next("WITH")) {
		s.Query, err = c.query(c.end)
		return s, err
	}
	c.accept("TABLE")
	s.Table, err = c.object("a table or a query")
	return s, err
}

// explain reads what follows EXPLAIN.
func (c *cursor) explain(at ast.At) (ast.Statement, error) {
	s := &ast.Explain{At: at, Analyze: c.accept("ANALYZE") || c.accept("ANALYSE")}
	if c.next("(") && !c.isQuery(c.i, c.end) || c.next("VERBOSE") || c.next("FORMAT") {
		return nil, c.unsupported(c.i, "an option of EXPLAIN")
	}
	if c.i >= c.end {
		return nil, c.wanted("a statement")
	}
	if !c.isQuery(c.i, c.end) &&
		!c.is(c.i, "SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE", "CREATE", "TRUNCATE") {
		return nil, c.unexpected(c.i, "a statement to explain").WithHint("DESCRIBE shows the columns of a table")
	}
	var err error
	s.Statement, err = c.recognise()
	return s, err
}

// set reads what follows SET.
func (c *cursor) set(at ast.At) (ast.Statement, error) {
	if c.accept("ROLE") {
		if c.accept("NONE") || c.accept("DEFAULT") {
			return &ast.SetRole{At: at}, nil
		}
		name, err := c.named("the name of a role")
		return &ast.SetRole{At: at, Name: &name}, err
	}
	session := c.accept("SESSION CHARACTERISTICS AS")
	if session || c.next("TRANSACTION") || c.next("SESSION TRANSACTION") {
		s := &ast.SetTransaction{At: at, Session: session || c.accept("SESSION")}
		err := c.expect("TRANSACTION")
		if err == nil && c.i >= c.end {
			err = c.wanted("READ ONLY, READ WRITE or ISOLATION LEVEL")
		}
		if err == nil {
			var m modes
			m, err = c.modes()
			s.ReadOnly, s.ReadWrite, s.Isolation = m.readOnly, m.readWrite, m.isolation
		}
		return s, err
	}
	s := &ast.Set{At: at, Global: c.accept("GLOBAL")}
	if !s.Global && !c.accept("SESSION") {
		s.Local = c.accept("LOCAL")
	}
	zone := c.next("TIME ZONE")
	var err error
	if s.Name, err = c.variable(); err != nil {
		return nil, err
	}
	if !c.accept("=") && !c.accept("TO") && !zone {
		return nil, c.wanted(`"=" or TO`)
	}
	return s, c.setValues(s)
}

// setValues reads the value of SET, or several between commas. ON is a value like a name.
func (c *cursor) setValues(s *ast.Set) error {
	var values []ast.Expr
	for _, end := range c.split(c.i, c.end) {
		var value ast.Expr
		var err error
		if c.i+1 == end && c.tokens[c.i].Kind == lex.Word && c.is(c.i, "ON", "OFF", "LOCAL", "NONE", "ALL") {
			value = &ast.Column{At: c.here(), Parts: []ast.Name{c.name(c.i)}}
			c.i = end
		} else if value, err = c.expr(end); err != nil {
			return err
		}
		if end < c.end && c.is(end+1, "GLOBAL", "SESSION", "LOCAL") || c.isSymbol(end+2, "=") {
			return c.unsupported(end, "several settings in one SET")
		}
		values = append(values, value)
		if end < c.end {
			c.i = end + 1
		}
	}
	s.Value = values[0]
	if len(values) > 1 {
		s.Values = values
	}
	return nil
}
