package bind

import (
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/vector"
)

// interval calls one of the functions of intervals; of constants it is computed at once.
func (c *clause) interval(name string, args []expr.Expr, places []ast.Node) (expr.Expr, error) {
	at := make([]ast.Node, len(args))
	for i := range at {
		at[i] = places[0]
	}
	out, err := c.callFunction(name, args, at, places[0])
	if err != nil {
		return nil, err
	}
	return constant(out, args...), nil
}

// spanArithmetic finds the function that stands for an operator of intervals and times of day.
func (c *clause) spanArithmetic(op expr.ArithmeticOp, left, right expr.Expr, place ast.Node) (expr.Expr, error) {
	isNumber := func(e expr.Expr) bool { return e.Type().IsNumeric() || e.Type().Kind == vector.Unknown }
	if l := left.Type().Kind; op == expr.Add && l == vector.Interval && right.Type().Kind == vector.Time ||
		op == expr.Multiply && isNumber(left) {
		left, right = right, left
	}
	l, r := left.Type().Kind, right.Type().Kind
	if textLiteral(right) || r == vector.Unknown && op <= expr.Subtract { // of the kind that the other is
		r = l
		if l == vector.Time && op == expr.Add {
			r = vector.Interval
		}
	}
	var name string
	switch {
	case l == vector.Interval && r == vector.Interval && op == expr.Add:
		name = function.AddIntervals
	case l == vector.Interval && r == vector.Interval && op == expr.Subtract:
		name = function.SubtractIntervals
	case l == vector.Interval && isNumber(right) && op == expr.Multiply:
		name = function.MultiplyInterval
	case l == vector.Interval && isNumber(right) && op == expr.Divide:
		name = function.DivideInterval
	case l == vector.Time && r == vector.Interval && op == expr.Add:
		name = function.AddTime
	case l == vector.Time && r == vector.Interval && op == expr.Subtract:
		name = function.SubtractTime
	case l == vector.Time && r == vector.Time && op == expr.Subtract:
		name = function.SubtractTimes
	default:
		return nil, noOperator(arithmeticName(op), left, right, place)
	}
	return c.interval(name, []expr.Expr{left, right}, []ast.Node{place})
}

// orderable makes expressions what they are compared by; of constants it is computed at once.
func orderable(es []expr.Expr) {
	for i, e := range es {
		if e.Type().HasInterval() {
			es[i] = constant(function.Orderable(e), e)
		}
	}
}

// negated is - of an interval.
func (c *clause) negated(e expr.Expr, place ast.Node) (expr.Expr, error) {
	minus := expr.Literal{Value: vector.FloatOf(-1)}
	return c.interval(function.MultiplyInterval, []expr.Expr{e, minus}, []ast.Node{place})
}

// intervalOf is INTERVAL of an expression and a unit: so many times one of it.
func (c *clause) intervalOf(i *ast.Interval) (expr.Expr, error) {
	if _, ok := constantText(i.Of); ok {
		return interval(i)
	}
	of, err := c.expr(i.Of)
	if err != nil {
		return nil, err
	}
	if i.Unit == "" || isText(of.Type()) {
		return nil, unsupported("an INTERVAL of a text that is no constant", i)
	}
	one, err := expr.IntervalOf("1", strings.ToLower(i.Unit))
	if err != nil {
		return nil, at(err, i)
	}
	unit := expr.Literal{Value: vector.Scalar{Type: vector.Of(vector.Interval), Interval: one}}
	return c.interval(function.MultiplyInterval, []expr.Expr{unit, of}, []ast.Node{i})
}
