package plan

import "github.com/micodb/micodb/engine/expr"

// KeyOf reads a condition as a key of a join whose left input has the columns below split, of total ones: an equality
// whose two sides read one input each.
func KeyOf(e expr.Expr, split, total int) (JoinKey, bool) {
	eq, ok := e.(expr.Compare)
	switch {
	case !ok || eq.Op != expr.Equal:
	case expr.Reads(eq.Left, 0, split) && expr.Reads(eq.Right, split, total):
		return JoinKey{Left: eq.Left, Right: expr.Shift(eq.Right, -split)}, true
	case expr.Reads(eq.Right, 0, split) && expr.Reads(eq.Left, split, total):
		return JoinKey{Left: eq.Right, Right: expr.Shift(eq.Left, -split)}, true
	}
	return JoinKey{}, false
}
