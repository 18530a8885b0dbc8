package optimize

import (
	"math"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// What fraction of rows a condition lets pass where statistics say nothing.
const (
	equalFraction = 0.1
	rangeFraction = 1.0 / 3
	likeFraction  = 0.1
	nullFraction  = 0.05
	otherFraction = 0.25
)

// selectivity is the fraction of n's rows for which all conjuncts are TRUE. Ranges of one column are taken together:
// x > 3 AND x < 5 is one interval.
func (est *estimator) selectivity(n plan.Node, conjuncts []expr.Expr) float64 {
	total := 1.0
	intervals := map[int]interval{}
	for _, e := range conjuncts {
		if column, part, ok := intervalOf(n, e); ok {
			if old, seen := intervals[column]; seen {
				part = interval{max(old.lo, part.lo), min(old.hi, part.hi)}
			}
			intervals[column] = part
			continue
		}
		total *= est.fraction(n, e)
	}
	for column, i := range intervals {
		least := 1.0 / max(statisticsOf(n, column).rows, 1)
		total *= min(max(i.hi-i.lo, least), 1)
	}
	return total
}

// interval is a part of the line from a column's least value, 0, to its greatest, 1.
type interval struct{ lo, hi float64 }

// intervalOf reads a comparison of a column with a constant as the part of the column's values that it lets pass.
func intervalOf(n plan.Node, e expr.Expr) (column int, part interval, ok bool) {
	c, isCompare := e.(expr.Compare)
	if !isCompare {
		return 0, part, false
	}
	col, isColumn := c.Left.(expr.Column)
	lit, isLiteral := c.Right.(expr.Literal)
	if !isColumn || !isLiteral {
		return 0, part, false
	}
	s := statisticsOf(n, col.Index)
	v, hasValue := number(lit.Value)
	width := span(s)
	if !hasValue || width <= 0 {
		return 0, part, false
	}
	least, _ := number(s.Min)
	at := min(max((v-least)/width, 0), 1)
	switch c.Op {
	case expr.Less, expr.LessEqual:
		return col.Index, interval{0, at}, true
	case expr.Greater, expr.GreaterEqual:
		return col.Index, interval{at, 1}, true
	case expr.Equal, expr.NotEqual, expr.NotDistinct:
	}
	return 0, part, false
}

// fraction is the selectivity of one condition.
func (est *estimator) fraction(n plan.Node, e expr.Expr) float64 {
	switch e := e.(type) {
	case expr.Literal:
		if passes, _ := truth(e); passes {
			return 1
		}
		return 0
	case expr.And:
		return est.selectivity(n, e.Of)
	case expr.Or:
		none := 1.0
		for _, d := range e.Of {
			none *= 1 - est.selectivity(n, expr.Conjuncts(d))
		}
		return 1 - none
	case expr.Not:
		return 1 - est.fraction(n, e.Of)
	case expr.Compare:
		return compareFraction(n, e)
	case expr.In:
		return min(float64(len(e.List))/valuesOf(n, e.Of), 1)
	case expr.Like:
		return likeFraction
	case expr.IsNull:
		return nullsOf(n, e.Of)
	default:
		return otherFraction
	}
}

func compareFraction(n plan.Node, e expr.Compare) float64 {
	switch e.Op {
	case expr.Equal, expr.NotDistinct:
		return 1 / max(valuesOf(n, e.Left), valuesOf(n, e.Right))
	case expr.NotEqual:
		return 1 - 1/max(valuesOf(n, e.Left), valuesOf(n, e.Right))
	case expr.Less, expr.LessEqual, expr.Greater, expr.GreaterEqual:
		return rangeFraction
	default:
		return rangeFraction
	}
}

// valuesOf is how many values an expression has, by what the table knows; constants have one.
func valuesOf(n plan.Node, e expr.Expr) float64 {
	cols := expr.Columns(e)
	if len(cols) == 0 {
		return 1
	}
	s := statisticsOfExpr(n, e)
	switch width := span(s); {
	case s.known && s.Distinct > 0:
		return float64(s.Distinct)
	case width >= 0 && width < math.MaxInt32:
		return min(width+1, max(s.rows, 1))
	default:
		return 1 / equalFraction
	}
}

func nullsOf(n plan.Node, e expr.Expr) float64 {
	if !e.Nullable() {
		return 0
	}
	if s := statisticsOfExpr(n, e); s.known && s.rows > 0 {
		return min(float64(s.Nulls)/s.rows, 1)
	}
	return nullFraction
}
