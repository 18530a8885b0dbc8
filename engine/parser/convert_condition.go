package parser

import (
	"github.com/dolthub/vitess/go/vt/sqlparser"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
)

// comparison reads a comparison, IN, LIKE and their like.
func (c *converter) comparison(e *sqlparser.ComparisonExpr) (ast.Expr, error) {
	switch e.Operator {
	case sqlparser.InStr, sqlparser.NotInStr:
		return c.in(e)
	case sqlparser.LikeStr, sqlparser.NotLikeStr, sqlparser.RegexpStr, sqlparser.NotRegexpStr:
		return c.like(e)
	}
	if e.Escape != nil {
		return nil, c.unknown(e)
	}
	var op ast.BinaryOp
	right := e.Right
	switch e.Operator {
	case sqlparser.EqualStr:
		op = ast.Equal
	case sqlparser.NotEqualStr:
		op = ast.NotEqual
	case sqlparser.LessThanStr:
		op = ast.Less
	case sqlparser.LessEqualStr:
		op = ast.LessEqual
	case sqlparser.GreaterThanStr:
		op = ast.Greater
	case sqlparser.GreaterEqualStr:
		op = ast.GreaterEqual
	case sqlparser.NullSafeEqualStr:
		op = ast.IsNotDistinct
		var distinct bool
		if right, distinct = unmark(right); distinct {
			op = ast.IsDistinct
		}
	default:
		return nil, c.unknown(e)
	}
	if i, ok := c.leafToken(right); ok {
		if kept, ok := c.side[i].(quantified); ok {
			of, err := c.expr(e.Left)
			if err != nil {
				return nil, err
			}
			return &ast.Quantified{At: ast.At(of.Position()), Op: op, Of: of, All: kept.all, Query: kept.query}, nil
		}
	}
	return c.binary(op, e.Left, right)
}

// in reads [NOT] IN.
func (c *converter) in(e *sqlparser.ComparisonExpr) (ast.Expr, error) {
	of, err := c.expr(e.Left)
	if err != nil {
		return nil, err
	}
	in := &ast.In{At: ast.At(of.Position()), Of: of, Not: e.Operator == sqlparser.NotInStr}
	switch right := e.Right.(type) {
	case sqlparser.ValTuple:
		in.List, err = c.exprs(sqlparser.Exprs(right))
	case *sqlparser.Subquery:
		in.Query, err = c.query(right.Select)
	default:
		return nil, c.unknown(e.Right)
	}
	return in, err
}

// like reads [NOT] LIKE, ILIKE and REGEXP.
func (c *converter) like(e *sqlparser.ComparisonExpr) (ast.Expr, error) {
	of, err := c.expr(e.Left)
	if err != nil {
		return nil, err
	}
	like := &ast.Like{
		At: ast.At(of.Position()), Of: of,
		Not:    e.Operator == sqlparser.NotLikeStr || e.Operator == sqlparser.NotRegexpStr,
		Regexp: e.Operator == sqlparser.RegexpStr || e.Operator == sqlparser.NotRegexpStr,
	}
	pattern, fold := unmark(e.Right)
	pattern, like.Similar = unmark(pattern)
	like.Fold = fold && !like.Similar
	if like.Pattern, err = c.expr(pattern); err != nil {
		return nil, err
	}
	if e.Escape != nil {
		like.Escape, err = c.expr(e.Escape)
	}
	return like, err
}

// between reads [NOT] BETWEEN.
func (c *converter) between(e *sqlparser.RangeCond) (ast.Expr, error) {
	read, err := c.exprs(sqlparser.Exprs{e.Left, e.From, e.To})
	if err != nil {
		return nil, err
	}
	return &ast.Between{
		At: ast.At(read[0].Position()), Of: read[0], Low: read[1], High: read[2],
		Not: e.Operator == sqlparser.NotBetweenStr,
	}, nil
}

// isTest reads IS [NOT] NULL, TRUE, FALSE.
func (c *converter) isTest(e *sqlparser.IsExpr) (ast.Expr, error) {
	of, err := c.expr(e.Expr)
	if err != nil {
		return nil, err
	}
	is := &ast.Is{At: ast.At(of.Position()), Of: of}
	switch e.Operator {
	case sqlparser.IsNullStr:
	case sqlparser.IsNotNullStr:
		is.Not = true
	case sqlparser.IsTrueStr:
		is.What = ast.IsTrue
	case sqlparser.IsNotTrueStr:
		is.What, is.Not = ast.IsTrue, true
	case sqlparser.IsFalseStr:
		is.What = ast.IsFalse
	case sqlparser.IsNotFalseStr:
		is.What, is.Not = ast.IsFalse, true
	default:
		return nil, sqlerr.NotSupported(e.Operator).At(of.Position())
	}
	return is, nil
}

// caseExpr reads CASE.
func (c *converter) caseExpr(e *sqlparser.CaseExpr) (ast.Expr, error) {
	x := &ast.Case{}
	var err error
	if e.Expr != nil {
		if x.Of, err = c.expr(e.Expr); err != nil {
			return nil, err
		}
		x.At = ast.At(x.Of.Position())
	}
	for _, w := range e.Whens {
		read, err := c.exprs(sqlparser.Exprs{w.Cond, w.Val})
		if err != nil {
			return nil, err
		}
		x.Whens = append(x.Whens, ast.When{At: ast.At(read[0].Position()), If: read[0], Then: read[1]})
	}
	if x.Of == nil {
		x.At = x.Whens[0].At
	}
	if e.Else != nil {
		x.Else, err = c.expr(e.Else)
	}
	return x, err
}
