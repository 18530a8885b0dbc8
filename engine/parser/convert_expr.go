package parser

import (
	"strings"

	"github.com/dolthub/vitess/go/vt/sqlparser"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

func (c *converter) exprs(list sqlparser.Exprs) ([]ast.Expr, error) {
	read := make([]ast.Expr, 0, len(list))
	for _, e := range list {
		x, err := c.expr(e)
		if err != nil {
			return nil, err
		}
		read = append(read, x)
	}
	return read, nil
}

// expr reads an expression.
func (c *converter) expr(tree sqlparser.Expr) (ast.Expr, error) {
	c.height++
	defer func() { c.height-- }()
	if c.height > limits.StatementTreeDepth {
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "an expression has more than %d levels",
			limits.StatementTreeDepth).WithHint("write IN (…) instead of a long chain of OR")
	}
	switch e := tree.(type) {
	case *sqlparser.SQLVal:
		return c.leafExpr(e)
	case *sqlparser.ColName:
		return c.column(e)
	case *sqlparser.ParenExpr:
		return c.expr(e.Expr)
	case sqlparser.ValTuple:
		members, err := c.exprs(sqlparser.Exprs(e))
		if err != nil {
			return nil, err
		}
		return &ast.Row{At: ast.At(members[0].Position()), Members: members}, nil
	case *sqlparser.AndExpr:
		return c.binary(ast.And, e.Left, e.Right)
	case *sqlparser.OrExpr:
		return c.binary(ast.Or, e.Left, e.Right)
	case *sqlparser.NotExpr:
		return c.unary(ast.Not, e.Expr)
	case *sqlparser.UnaryExpr:
		return c.prefixed(e)
	case *sqlparser.BinaryExpr:
		return c.operator(e)
	case *sqlparser.ComparisonExpr:
		return c.comparison(e)
	case *sqlparser.RangeCond:
		return c.between(e)
	case *sqlparser.IsExpr:
		return c.isTest(e)
	case *sqlparser.CaseExpr:
		return c.caseExpr(e)
	case *sqlparser.IntervalExpr:
		return c.interval(e)
	case *sqlparser.CollateExpr:
		return c.postfix(e)
	case *sqlparser.FuncExpr:
		return c.call(e)
	case *sqlparser.Subquery:
		q, err := c.query(e.Select)
		if err != nil {
			return nil, err
		}
		return &ast.Subquery{At: ast.At(q.Position()), Query: q}, nil
	case *sqlparser.ExistsExpr:
		q, err := c.query(e.Subquery.Select)
		if err != nil {
			return nil, err
		}
		return &ast.Exists{At: ast.At(q.Position()), Query: q}, nil
	}
	return nil, c.unknown(tree)
}

// leafToken returns the token of a leaf's marker.
func (c *converter) leafToken(tree sqlparser.Expr) (int, bool) {
	v, ok := tree.(*sqlparser.SQLVal)
	if !ok || v.Type != sqlparser.ValArg {
		return 0, false
	}
	i, err := c.marker(strings.TrimPrefix(string(v.Val), ":v"))
	return i, err == nil
}

// leafExpr reads a literal, a parameter, or what was parsed on its own.
func (c *converter) leafExpr(v *sqlparser.SQLVal) (ast.Expr, error) {
	i, ok := c.leafToken(v)
	if !ok {
		return nil, c.unknown(v)
	}
	switch kept := c.side[i].(type) {
	case ast.Expr:
		return kept, nil
	case quantified:
		return nil, c.unexpected(i, "a comparison before "+c.tokens[i].Upper)
	}
	return c.literal(i)
}

// column reads a column's name.
func (c *converter) column(e *sqlparser.ColName) (ast.Expr, error) {
	if !e.Qualifier.IsEmpty() {
		return nil, c.unknown(e)
	}
	i, err := c.marker(e.Name.String())
	if err != nil {
		return nil, err
	}
	parts, _ := c.chain(i)
	const most = 4
	if len(parts) > most {
		return nil, c.unexpected(i+2*most, "at most catalog.database.table.column")
	}
	return &ast.Column{At: c.at(i), Parts: parts}, nil
}

func (c *converter) unary(op ast.UnaryOp, of sqlparser.Expr) (ast.Expr, error) {
	e, err := c.expr(of)
	if err != nil {
		return nil, err
	}
	return &ast.Unary{At: ast.At(e.Position()), Op: op, Of: e}, nil
}

func (c *converter) binary(op ast.BinaryOp, l, r sqlparser.Expr) (ast.Expr, error) {
	left, err := c.expr(l)
	if err != nil {
		return nil, err
	}
	right, err := c.expr(r)
	if err != nil {
		return nil, err
	}
	return &ast.Binary{At: ast.At(left.Position()), Op: op, Left: left, Right: right}, nil
}

// prefixed reads an operator before an operand.
func (c *converter) prefixed(e *sqlparser.UnaryExpr) (ast.Expr, error) {
	switch e.Operator {
	case sqlparser.UMinusStr:
		return c.unary(ast.Negate, e.Expr)
	case sqlparser.UPlusStr:
		return c.unary(ast.Plus, e.Expr)
	case sqlparser.TildaStr:
		return c.unary(ast.BitNot, e.Expr)
	}
	return nil, c.unknown(e)
}

// unmark takes the mark off the first operand of an expression, and reports whether there was one.
func unmark(e sqlparser.Expr) (sqlparser.Expr, bool) {
	switch x := e.(type) {
	case *sqlparser.UnaryExpr:
		if strings.TrimSpace(x.Operator) == marked {
			return x.Expr, true
		}
	case *sqlparser.BinaryExpr:
		if left, ok := unmark(x.Left); ok {
			return &sqlparser.BinaryExpr{Operator: x.Operator, Left: left, Right: x.Right}, true
		}
	case *sqlparser.CollateExpr:
		if of, ok := unmark(x.Expr); ok {
			return &sqlparser.CollateExpr{Expr: of, Collation: x.Collation}, true
		}
	}
	return e, false
}

// operator reads an arithmetic operator or its like.
func (c *converter) operator(e *sqlparser.BinaryExpr) (ast.Expr, error) {
	if e.Operator == sqlparser.BitOrStr {
		if right, ok := unmark(e.Right); ok {
			return c.binary(ast.Concat, e.Left, right)
		}
	}
	for _, o := range []struct {
		text string
		op   ast.BinaryOp
	}{
		{sqlparser.PlusStr, ast.Add},
		{sqlparser.MinusStr, ast.Subtract},
		{sqlparser.MultStr, ast.Multiply},
		{sqlparser.DivStr, ast.Divide},
		{sqlparser.IntDivStr, ast.IntegerDivide},
		{sqlparser.ModStr, ast.Modulo},
		{sqlparser.BitAndStr, ast.BitAnd},
		{sqlparser.BitOrStr, ast.BitOr},
		{sqlparser.BitXorStr, ast.Power},
		{sqlparser.ShiftLeftStr, ast.ShiftLeft},
		{sqlparser.ShiftRightStr, ast.ShiftRight},
	} {
		if o.text == e.Operator {
			return c.binary(o.op, e.Left, e.Right)
		}
	}
	return nil, c.unknown(e)
}

// interval reads INTERVAL.
func (c *converter) interval(e *sqlparser.IntervalExpr) (ast.Expr, error) {
	of, err := c.expr(e.Expr)
	if err != nil {
		return nil, err
	}
	i, err := c.marker(e.Unit)
	if err != nil {
		return nil, err
	}
	if c.is(i, "INTERVAL") {
		return &ast.Interval{At: c.at(i), Of: of}, nil
	}
	unit := c.unit(i)
	if unit == "" {
		return nil, c.unexpected(i, "a unit of time such as DAY")
	}
	return &ast.Interval{At: ast.At(of.Position()), Of: of, Unit: unit}, nil
}

// postfix reads what was written as a collation: ::, [i], ->, ->> and AT TIME ZONE.
func (c *converter) postfix(e *sqlparser.CollateExpr) (ast.Expr, error) {
	of, err := c.expr(e.Expr)
	if err != nil {
		return nil, err
	}
	i, err := c.marker(e.Collation)
	if err != nil {
		return nil, err
	}
	at := ast.At(of.Position())
	switch kept := c.side[i].(type) {
	case castTo:
		return &ast.Cast{At: at, Of: of, To: kept.to}, nil
	case subscript:
		return &ast.Index{At: at, Of: of, Subscript: kept.of, Slice: kept.slice, To: kept.to}, nil
	case key:
		op := ast.JSONGet
		if c.isSymbol(i, "->>") {
			op = ast.JSONGetText
		}
		return &ast.Binary{At: at, Op: op, Left: of, Right: kept.of}, nil
	case zone:
		name := ast.ObjectName{At: c.at(i), Parts: []ast.Name{{At: c.at(i), Text: "timezone"}}}
		return &ast.Call{At: at, Name: name, Args: []ast.Expr{kept.of, of}}, nil
	}
	return nil, c.unknown(e)
}

// call reads a call, and the constructs that were written as one.
func (c *converter) call(e *sqlparser.FuncExpr) (ast.Expr, error) {
	if !e.Qualifier.IsEmpty() || e.Over != nil {
		return nil, c.unknown(e)
	}
	i, err := c.marker(e.Name.String())
	if err != nil {
		return nil, err
	}
	call := &ast.Call{At: c.at(i), Distinct: e.Distinct}
	for _, argument := range e.Exprs {
		switch a := argument.(type) {
		case *sqlparser.AliasedExpr:
			read, err := c.expr(a.Expr)
			if err != nil {
				return nil, err
			}
			call.Args = append(call.Args, read)
		case *sqlparser.StarExpr:
			star, err := c.star(a)
			if err != nil {
				return nil, err
			}
			if len(star.Qualifier) > 0 || len(e.Exprs) > 1 {
				return nil, sqlerr.NotSupported("a star among the arguments").At(star.Position())
			}
			call.Star = true
		default:
			return nil, c.unknown(argument)
		}
	}
	switch kept := c.side[i].(type) {
	case *callParts:
		call.Name.At = c.at(i)
		call.Name.Parts, _ = c.chain(i)
		if kept.rename != "" {
			call.Name.Parts = []ast.Name{{At: c.at(i), Text: kept.rename}}
		}
		call.OrderBy, call.Filter, call.IgnoreNulls, call.Over = kept.orderBy, kept.filter, kept.ignoreNulls, kept.over
		call.Within, call.Separator = kept.within, kept.separator
		return call, nil
	case castTo:
		if len(call.Args) == 1 && !call.Distinct {
			return &ast.Cast{At: c.at(i), Of: call.Args[0], To: kept.to, Try: kept.try}, nil
		}
	case extractField:
		if len(call.Args) == 1 && !call.Distinct {
			return &ast.Extract{At: c.at(i), Field: strings.ToUpper(string(kept)), Of: call.Args[0]}, nil
		}
	}
	return nil, c.unexpected(i, "an expression")
}
