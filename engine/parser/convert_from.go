package parser

import (
	"github.com/dolthub/vitess/go/vt/sqlparser"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// tables reads the comma-separated tables of FROM.
func (c *converter) tables(list sqlparser.TableExprs) ([]ast.TableRef, error) {
	var tables []ast.TableRef
	for _, t := range list {
		read, _, err := c.table(t)
		if err != nil {
			return nil, err
		}
		tables = append(tables, read)
	}
	return tables, nil
}

// table reads a table or a join, and returns its first token, too.
func (c *converter) table(tree sqlparser.TableExpr) (ast.TableRef, int, error) {
	c.height++
	defer func() { c.height-- }()
	if c.height > limits.StatementTreeDepth {
		return nil, 0, sqlerr.New(sqlerr.ProgramLimitExceeded, "FROM joins more than %d tables",
			limits.StatementTreeDepth)
	}
	switch t := tree.(type) {
	case *sqlparser.AliasedTableExpr:
		return c.aliased(t)
	case *sqlparser.JoinTableExpr:
		return c.join(t)
	case *sqlparser.ParenTableExpr:
		if len(t.Exprs) != 1 {
			return nil, 0, sqlerr.NotSupported("a list of tables in brackets").WithHint("write CROSS JOIN")
		}
		return c.table(t.Exprs[0])
	}
	return nil, 0, c.unknown(tree)
}

// aliased reads a table, a table function or a query, with its alias.
func (c *converter) aliased(t *sqlparser.AliasedTableExpr) (ast.TableRef, int, error) {
	if t.Partitions != nil || t.Hints != nil {
		return nil, 0, c.unknown(t)
	}
	var alias *ast.Alias
	as := -1
	if !t.As.IsEmpty() {
		var err error
		if as, err = c.marker(t.As.String()); err != nil {
			return nil, 0, err
		}
		if c.tokens[as].IsName() {
			alias = &ast.Alias{At: c.at(as), Name: c.name(as)}
			alias.Columns, _ = c.side[as].([]ast.Name)
		}
	}
	switch of := t.Expr.(type) {
	case sqlparser.TableName:
		return c.named(t, of, alias)
	case *sqlparser.Subquery:
		if t.AsOf != nil || of.Columns != nil {
			return nil, 0, c.unknown(t)
		}
		q, err := c.query(of.Select)
		if err != nil {
			return nil, 0, err
		}
		first := as // the query's bracket, where there is no alias
		if alias != nil {
			first--
			if c.is(first, "AS") {
				first--
			}
			first = c.tokens[first].Match
		}
		return &ast.Derived{At: ast.At(q.Position()), Query: q, Lateral: t.Lateral, Alias: alias}, first, nil
	}
	return nil, 0, c.unknown(t.Expr)
}

// named reads a table by its name, and the functions and files that were written as one.
func (c *converter) named(t *sqlparser.AliasedTableExpr, of sqlparser.TableName, alias *ast.Alias) (
	ast.TableRef, int, error,
) {
	if !of.DbQualifier.IsEmpty() || !of.SchemaQualifier.IsEmpty() || t.Lateral {
		return nil, 0, c.unknown(t)
	}
	i, err := c.marker(of.Name.String())
	if err != nil {
		return nil, 0, err
	}
	at := c.at(i)
	if c.tokens[i].Kind == lex.String {
		function, ok := c.side[i].(string)
		if !ok || t.AsOf != nil {
			return nil, 0, c.unexpected(i, "a table")
		}
		name := ast.ObjectName{At: at, Parts: []ast.Name{{At: at, Text: function}}}
		file := &ast.Literal{At: at, Kind: ast.StringLiteral, Text: c.tokens[i].Text}
		return &ast.TableFunction{At: at, Name: name, Args: []ast.Expr{file}, Alias: alias}, i, nil
	}
	parts, _ := c.chain(i)
	name := ast.ObjectName{At: at, Parts: parts}
	if call, ok := c.side[i].(tableCall); ok {
		if t.AsOf != nil {
			return nil, 0, c.unsupported(i, "AS OF of a table function")
		}
		return &ast.TableFunction{At: at, Name: name, Args: call.args, Alias: alias, Ordinality: call.ordinality}, i,
			nil
	}
	table := &ast.Table{At: at, Name: name, Alias: alias}
	if t.AsOf != nil {
		if t.AsOf.Time == nil || t.AsOf.Start != nil || t.AsOf.End != nil || t.AsOf.All {
			return nil, 0, c.unsupported(i, "a range of versions")
		}
		of, err := c.expr(t.AsOf.Time)
		if err != nil {
			return nil, 0, err
		}
		if _, version := c.side[i].(asOfVersion); version {
			table.Version = of
		} else {
			table.AsOf = of
		}
	}
	return table, i, nil
}

// join reads a join.
func (c *converter) join(t *sqlparser.JoinTableExpr) (ast.TableRef, int, error) {
	left, first, err := c.table(t.LeftExpr)
	if err != nil {
		return nil, 0, err
	}
	right, next, err := c.table(t.RightExpr)
	if err != nil {
		return nil, 0, err
	}
	j := &ast.Join{At: ast.At(left.Position()), Left: left, Right: right}
	switch t.Join {
	case sqlparser.JoinStr:
		if at := c.joinBefore(next); c.is(at, "JOIN") && c.is(at-1, "CROSS") {
			j.Kind = ast.CrossJoin
		}
	case sqlparser.LeftJoinStr:
		j.Kind = ast.LeftJoin
	case sqlparser.RightJoinStr:
		j.Kind = ast.RightJoin
	case sqlparser.FullOuterJoinStr:
		j.Kind = ast.FullJoin
	case sqlparser.NaturalJoinStr:
		j.Natural = true
	case sqlparser.NaturalLeftJoinStr:
		j.Natural, j.Kind = true, ast.LeftJoin
	case sqlparser.NaturalRightJoinStr:
		j.Natural, j.Kind = true, ast.RightJoin
	default:
		return nil, 0, sqlerr.NotSupported(t.Join).At(right.Position())
	}
	if err := c.modify(j, next); err != nil {
		return nil, 0, err
	}
	if t.Condition.On != nil {
		if j.On, err = c.expr(t.Condition.On); err != nil {
			return nil, 0, err
		}
	}
	if j.Using, err = c.columnNames(t.Condition.Using); err != nil {
		return nil, 0, err
	}
	bare := j.On == nil && j.Using == nil
	switch {
	case j.Kind == ast.CrossJoin && !bare:
		return nil, 0, sqlerr.New(sqlerr.SyntaxError, "a CROSS JOIN has no condition").At(right.Position()).
			WithHint("write JOIN … ON")
	case j.Kind != ast.CrossJoin && !j.Natural && bare:
		return nil, 0, sqlerr.New(sqlerr.SyntaxError, "the join has no condition, expected ON or USING").
			At(right.Position()).WithHint("write CROSS JOIN for all pairs")
	}
	return j, first, nil
}

// joinBefore returns the token that is JOIN before the first token of a table.
func (c *converter) joinBefore(first int) int {
	i := first - 1
	for i > 0 && (c.isSymbol(i, "(") || c.is(i, "LATERAL")) {
		i--
	}
	return i
}

// modify gives a join the words before a table's first token that the grammar does not know.
func (c *converter) modify(j *ast.Join, first int) error {
	i := c.joinBefore(first) - 1
	for c.is(i, "LEFT", "RIGHT", "INNER", "FULL", "OUTER") {
		i--
	}
	word, ok := c.side[i].(joinModifier)
	if !ok {
		return nil
	}
	if j.Natural || j.Kind == ast.RightJoin || j.Kind == ast.FullJoin {
		return c.unsupported(i, "a NATURAL, RIGHT or FULL "+string(word)+" JOIN")
	}
	switch word {
	case "ASOF":
		j.AsOf = true
	case "SEMI":
		j.Kind = ast.SemiJoin
	case "ANTI":
		j.Kind = ast.AntiJoin
	}
	return nil
}
