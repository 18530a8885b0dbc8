package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
)

// rowComparison writes a comparison of two row values as one of their members: (a, b) < (c, d) is a < c OR a = c AND
// b < d. It is nil where neither side is a row.
func rowComparison(e *ast.Binary) (ast.Expr, error) {
	left, isLeft := e.Left.(*ast.Row)
	right, isRight := e.Right.(*ast.Row)
	if !isLeft && !isRight {
		return nil, nil //nolint:nilnil // no row
	}
	if _, comparison := comparisons[e.Op]; !comparison || !isLeft || !isRight {
		return nil, unsupported("a row value here", e)
	}
	if len(left.Members) != len(right.Members) {
		return nil, fail(e, sqlerr.SyntaxError, "rows of %d and of %d values are compared", len(left.Members),
			len(right.Members))
	}
	return rowTree(e.Op, left.Members, right.Members, e.At), nil
}

func rowTree(op ast.BinaryOp, left, right []ast.Expr, at ast.At) ast.Expr {
	pair := func(op ast.BinaryOp, i int) ast.Expr {
		return &ast.Binary{At: at, Op: op, Left: left[i], Right: right[i]}
	}
	join := ast.And
	strict := op
	switch op {
	case ast.NotEqual, ast.IsDistinct:
		join = ast.Or
	case ast.LessEqual:
		strict = ast.Less
	case ast.GreaterEqual:
		strict = ast.Greater
	default:
	}
	last := len(left) - 1
	out := pair(op, last)
	for i := last - 1; i >= 0; i-- {
		switch op {
		case ast.Less, ast.LessEqual, ast.Greater, ast.GreaterEqual:
			rest := &ast.Binary{At: at, Op: ast.And, Left: pair(ast.Equal, i), Right: out}
			out = &ast.Binary{At: at, Op: ast.Or, Left: pair(strict, i), Right: rest}
		default:
			out = &ast.Binary{At: at, Op: join, Left: pair(op, i), Right: out}
		}
	}
	return out
}

// rowsIn writes (a, b) IN ((1, 2), …) as comparisons; nil where it is of no row.
func rowsIn(e *ast.In) (ast.Expr, error) {
	row, ok := e.Of.(*ast.Row)
	if !ok {
		return nil, nil //nolint:nilnil // no row
	}
	var out ast.Expr
	for _, x := range e.List {
		equal, err := rowComparison(&ast.Binary{At: e.At, Op: ast.Equal, Left: row, Right: x})
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = equal
		} else {
			out = &ast.Binary{At: e.At, Op: ast.Or, Left: out, Right: equal}
		}
	}
	return out, nil
}

// exprOf binds a tree that was made of another, unless that failed.
func (c *clause) exprOf(tree ast.Expr, err error) (expr.Expr, error) {
	if err != nil {
		return nil, err
	}
	return c.expr(tree)
}

// members are the values of a row, or the one value of another expression.
func members(e ast.Expr) []ast.Expr {
	if row, ok := e.(*ast.Row); ok {
		return row.Members
	}
	return []ast.Expr{e}
}
