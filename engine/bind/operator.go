package bind

import (
	"errors"
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func (c *clause) binary(e *ast.Binary) (expr.Expr, error) {
	if e.Op == ast.And || e.Op == ast.Or {
		return c.logical(e)
	}
	if tree, err := rowComparison(e); tree != nil || err != nil {
		return c.exprOf(tree, err)
	}
	left, err := c.expr(e.Left)
	if err != nil {
		return nil, err
	}
	right, err := c.expr(e.Right)
	if err != nil {
		return nil, err
	}
	if op, ok := comparisons[e.Op]; ok {
		out, err := c.compare(op, left, right, e)
		return notIf(e.Op == ast.IsDistinct, out), err
	}
	if op, ok := arithmetics[e.Op]; ok {
		return c.arithmetic(op, left, right, e)
	}
	if name, ok := operatorFunctions[e.Op]; ok {
		return c.callFunction(name, []expr.Expr{left, right}, []ast.Node{e.Left, e.Right}, e)
	}
	return nil, unsupported("the operator "+operatorNames[e.Op], e)
}

// logical binds a chain of AND or OR without recursion into its left side, which may be long.
func (c *clause) logical(e *ast.Binary) (expr.Expr, error) {
	var parts []ast.Expr
	var left ast.Expr = e
	for {
		chain, ok := left.(*ast.Binary)
		if !ok || chain.Op != e.Op {
			break
		}
		parts = append(parts, chain.Right)
		left = chain.Left
	}
	parts = append(parts, left)
	var of []expr.Expr
	for _, part := range slices.Backward(parts) {
		p, err := c.expr(part)
		if err != nil {
			return nil, err
		}
		if p, err = c.condition(p, operatorNames[e.Op], part); err != nil {
			return nil, err
		}
		of = append(of, p)
	}
	if e.Op == ast.And {
		return expr.And{Of: of}, nil
	}
	return expr.Or{Of: of}, nil
}

func (c *clause) compare(op expr.CompareOp, left, right expr.Expr, e *ast.Binary) (expr.Expr, error) {
	return c.compareAt(op, left, right, [3]ast.Node{e, e.Left, e.Right})
}

// compareAt compares; places are those of the comparison and of its two sides.
func (c *clause) compareAt(op expr.CompareOp, left, right expr.Expr, places [3]ast.Node) (expr.Expr, error) {
	left, right = dayOf(left, right), dayOf(right, left)
	both, err := c.unify([]expr.Expr{left, right}, places[1:])
	var m *mismatch
	switch {
	case errors.As(err, &m):
		return nil, noOperator(op.String(), left, right, places[0])
	case err != nil:
		return nil, err
	}
	orderable(both)
	return expr.Compare{Op: op, Left: both[0], Right: both[1]}, nil
}

// dayOf makes a DATE of a timestamp constant at midnight that stands beside one, so that days are compared as days.
func dayOf(e, beside expr.Expr) expr.Expr {
	l, ok := e.(expr.Literal)
	if !ok || l.Value.Null || l.Value.Type.Kind != vector.Timestamp || beside.Type().Kind != vector.Date {
		return e
	}
	day, err := expr.CastScalar(l.Value, beside.Type())
	if err != nil {
		return e
	}
	back, err := expr.CastScalar(day, l.Value.Type)
	if err != nil || back.Int != l.Value.Int {
		return e
	}
	return expr.Literal{Value: day}
}

func noOperator(op string, left, right expr.Expr, place ast.Node) error {
	e := sqlerr.New(sqlerr.UndefinedFunction, "no operator %s takes %s and %s", op, left.Type(), right.Type())
	return at(e.WithHint("cast one of them"), place)
}

// arithmetic combines numbers, or dates and times with intervals and days.
func (c *clause) arithmetic(op expr.ArithmeticOp, left, right expr.Expr, place ast.Node) (expr.Expr, error) {
	if isTime(left.Type()) || isTime(right.Type()) || isSpan(left.Type()) || isSpan(right.Type()) {
		return c.timeArithmetic(op, left, right, place)
	}
	types, ok := function.ArithmeticType(op, narrow(left, right), narrow(right, left))
	if !ok {
		return nil, noOperator(arithmeticName(op), left, right, place)
	}
	var err error
	if left, err = c.coerce(left, types.Left, place); err != nil {
		return nil, err
	}
	if right, err = c.coerce(right, types.Right, place); err != nil {
		return nil, err
	}
	return constant(expr.Arithmetic{Op: op, Left: left, Right: right, Of: types.Result}, left, right), nil
}

// constant computes an operator over literals, so that what stands beside it sees a literal too: x <= 1 + 10 compares
// in x's type. What can't be computed fails when it runs.
func constant(e expr.Expr, operands ...expr.Expr) expr.Expr {
	for _, o := range operands {
		if _, ok := o.(expr.Literal); !ok {
			return e
		}
	}
	folded, err := expr.Fold(e)
	if err != nil {
		return e
	}
	return folded
}

// narrow is an operand's type for arithmetic. A whole constant beside a DECIMAL has only the digits it shows, and a
// text constant is read as the other side's type.
func narrow(e, beside expr.Expr) vector.Type {
	l, ok := e.(expr.Literal)
	t := e.Type()
	switch {
	case !ok:
	case textLiteral(e) && !isText(beside.Type()):
		return unknown()
	case t.IsInteger() && beside.Type().Kind == vector.Decimal && !l.Value.Null:
		text := expr.FormatScalar(l.Value, false)
		if text[0] == '-' {
			text = text[1:]
		}
		return vector.DecimalType(len(text), 0)
	}
	return t
}

func arithmeticName(op expr.ArithmeticOp) string {
	return [...]string{"+", "-", "*", "/", "DIV", "%"}[op]
}

func isTime(t vector.Type) bool { return t.Kind == vector.Date || t.Kind == vector.Timestamp }

// isSpan tells whether t is an INTERVAL or a time of day.
func isSpan(t vector.Type) bool { return t.Kind == vector.Interval || t.Kind == vector.Time }

// timeArithmetic finds the function that stands for an operator between dates, timestamps, intervals and days.
func (c *clause) timeArithmetic(op expr.ArithmeticOp, left, right expr.Expr, place ast.Node) (expr.Expr, error) {
	if op == expr.Add && !isTime(left.Type()) {
		left, right = right, left
	}
	if !isTime(left.Type()) && !isTime(right.Type()) {
		return c.spanArithmetic(op, left, right, place)
	}
	name := ""
	l, r := left.Type().Kind, right.Type().Kind
	if textLiteral(right) && op == expr.Subtract && isTime(left.Type()) {
		r = l
	}
	adding := op == expr.Add
	switch {
	case !isTime(left.Type()) || op != expr.Add && op != expr.Subtract:
	case r == vector.Interval && adding:
		name = function.AddInterval
	case r == vector.Interval:
		name = function.SubtractInterval
	case l == vector.Date && (right.Type().IsInteger() || r == vector.Unknown) && adding:
		name = function.AddDays
	case l == vector.Date && (right.Type().IsInteger() || r == vector.Unknown):
		name = function.SubtractDays
	case l == vector.Date && r == vector.Date && !adding:
		name = function.SubtractDates
	case isTime(right.Type()) && !adding:
		name = function.SubtractTimestamps
	}
	if name == "" {
		return nil, noOperator(arithmeticName(op), left, right, place)
	}
	i, isConstant := right.(expr.Literal)
	wholeDays := isConstant && l == vector.Date && r == vector.Interval && i.Value.Interval.Nanos == 0
	if date, ok := left.(expr.Literal); ok && wholeDays && !i.Value.Null {
		return addDays(date.Value, i.Value.Interval, adding, place)
	}
	out, err := c.callFunction(name, []expr.Expr{left, right}, []ast.Node{place, place}, place)
	if err == nil && wholeDays {
		return c.coerce(out, vector.Of(vector.Date), place)
	}
	if err != nil {
		return nil, err
	}
	return constant(out, left, right), nil
}

// addDays computes a constant.
func addDays(date vector.Scalar, by vector.Months, adding bool, place ast.Node) (expr.Expr, error) {
	if !adding {
		var ok bool
		if by, ok = expr.NegateInterval(by); !ok {
			return nil, fail(place, sqlerr.InvalidDatetime, "the interval is too long")
		}
	}
	sum, err := expr.AddToScalar(date, by)
	return expr.Literal{Value: sum}, at(err, place)
}

func (c *clause) between(e *ast.Between) (expr.Expr, error) {
	of, err := c.exprs([]ast.Expr{e.Of, e.Low, e.High})
	if err != nil {
		return nil, err
	}
	low, err := c.compareAt(expr.GreaterEqual, of[0], of[1], [3]ast.Node{e, e.Of, e.Low})
	if err != nil {
		return nil, err
	}
	high, err := c.compareAt(expr.LessEqual, of[0], of[2], [3]ast.Node{e, e.Of, e.High})
	if err != nil {
		return nil, err
	}
	out := notIf(e.Not, expr.And{Of: []expr.Expr{low, high}})
	return out, within(out, e)
}

func (c *clause) in(e *ast.In) (expr.Expr, error) {
	if e.Query != nil {
		return c.inQuery(e)
	}
	if tree, err := rowsIn(e); tree != nil || err != nil {
		out, err := c.exprOf(tree, err)
		return notIf(e.Not, out), err
	}
	all, err := c.exprs(append([]ast.Expr{e.Of}, e.List...))
	if err != nil {
		return nil, err
	}
	places := []ast.Node{e.Of}
	for _, x := range e.List {
		places = append(places, x)
	}
	out, err := c.unify(all, places)
	var m *mismatch
	switch {
	case errors.As(err, &m):
		e := sqlerr.New(sqlerr.UndefinedFunction, "IN compares %s", m).WithHint("cast one of them")
		return nil, at(e, places[0])
	case err != nil:
		return nil, err
	}
	orderable(out)
	return notIf(e.Not, expr.In{Of: out[0], List: out[1:]}), nil
}

func (c *clause) like(e *ast.Like) (expr.Expr, error) {
	if e.Regexp || e.Similar {
		return c.likePattern(e)
	}
	both, err := c.exprs([]ast.Expr{e.Of, e.Pattern})
	if err != nil {
		return nil, err
	}
	for i, place := range []ast.Node{e.Of, e.Pattern} {
		if t := both[i].Type(); !isText(t) && t.Kind != vector.Unknown && t.Kind != vector.JSON {
			return nil, noOperator("LIKE", both[0], both[1], e)
		}
		if both[i], err = c.coerce(both[i], vector.Of(vector.Text), place); err != nil {
			return nil, err
		}
	}
	out := expr.Like{Of: both[0], Pattern: both[1], Fold: e.Fold}
	if e.Escape != nil {
		if out.Escape, err = escapeOf(e.Escape); err != nil {
			return nil, err
		}
	}
	return notIf(e.Not, out), nil
}

// likePattern binds REGEXP, ~ and SIMILAR TO, which are functions.
func (c *clause) likePattern(e *ast.Like) (expr.Expr, error) {
	of := []ast.Expr{e.Of, e.Pattern}
	name := function.RegexpMatches
	switch {
	case e.Similar:
		name = function.SimilarTo
		if e.Escape != nil {
			of = append(of, e.Escape)
		}
	case e.Fold:
		of = append(of, &ast.Literal{At: e.At, Kind: ast.StringLiteral, Text: "i"})
	}
	args, err := c.exprs(of)
	if err != nil {
		return nil, err
	}
	places := make([]ast.Node, len(of))
	for i, p := range of {
		places[i] = p
	}
	out, err := c.callFunction(name, args, places, e)
	return notIf(e.Not, out), err
}

func escapeOf(e ast.Expr) (rune, error) {
	l, ok := e.(*ast.Literal)
	if !ok || l.Kind != ast.StringLiteral {
		return 0, unsupported("an ESCAPE that is no literal", e)
	}
	r := []rune(l.Text)
	switch len(r) {
	case 0:
		return 0, nil
	case 1:
		return r[0], nil
	default:
		return 0, fail(e, sqlerr.InvalidParameterValue, "ESCAPE is '%s'; it must be one character", l.Text)
	}
}
