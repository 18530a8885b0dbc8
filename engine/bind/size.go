package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// within refuses an expression of too many nodes. Whoever writes an operand twice asks: one inside another, a few dozen
// of them would be more than any memory holds.
func within(e expr.Expr, place ast.Node) error {
	left := limits.ExpressionNodes
	expr.Walk(e, func(expr.Expr) bool {
		left--
		return left >= 0
	})
	if left < 0 {
		return fail(place, sqlerr.ProgramLimitExceeded, "the expression is too large: at most %d operations are "+
			"allowed", limits.ExpressionNodes)
	}
	return nil
}
