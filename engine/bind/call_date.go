package bind

import (
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// withUnit makes a text of the unit of time that is the first argument of functions of other databases, where it is
// written as a name: TIMESTAMPDIFF(MONTH, a, b).
func withUnit(name string, args []ast.Expr) []ast.Expr {
	const most = 3
	switch name {
	case "timestampdiff", "datediff", "date_diff", "timestampadd", "dateadd", "date_add", "date_sub", "datesub",
		"date_trunc", "datetrunc", "date_part", "datepart":
	default:
		return args
	}
	if len(args) < 2 || len(args) > most {
		return args
	}
	unit, ok := args[0].(*ast.Column)
	if !ok || len(unit.Parts) != 1 || unit.Parts[0].Quoted || len(args) < most && !strings.HasSuffix(name, "trunc") &&
		!strings.HasSuffix(name, "part") {
		return args
	}
	if _, err := expr.IntervalOf("1", unit.Parts[0].Text); err != nil {
		return args
	}
	text := &ast.Literal{At: unit.At, Kind: ast.StringLiteral, Text: unit.Parts[0].Text}
	return append([]ast.Expr{text}, args[1:]...)
}

// dateFunction makes operators and other functions of some: not ok for others.
func (c *clause) dateFunction(
	name string, args []expr.Expr, places []ast.Node, place ast.Node,
) (out expr.Expr, ok bool, err error) {
	n := len(args)
	switch {
	case (name == "date_add" || name == "adddate") && n == 2:
		out, err = c.arithmetic(expr.Add, timeOf(args[0]), args[1], place)
	case (name == "date_sub" || name == "subdate") && n == 2:
		out, err = c.arithmetic(expr.Subtract, timeOf(args[0]), args[1], place)
	case name == "date_sub" && n == 3:
		out, err = c.callFunction("datesub", args, places, place)
	case (name == "dateadd" || name == "date_add" || name == "timestampadd") && n == 3:
		out, err = c.addUnits(args, places, place)
	case (name == "date_part" || name == "datepart") && n == 2 && textLiteral(args[0]):
		field, _ := args[0].(expr.Literal)
		part := strings.TrimSuffix(strings.ToLower(field.Value.Bytes), "s")
		if c.env.Functions.Find(part) == nil {
			return nil, false, nil
		}
		out, err = c.callFunction(part, args[1:], places[1:], place)
	case name == "age" && n == 1:
		c.holdsNow = true
		today, _ := c.environmentFunction("current_date")
		out, err = c.callFunction("age", []expr.Expr{expr.Literal{Value: today}, args[0]},
			[]ast.Node{place, places[0]}, place)
	case name == "unix_timestamp" && n == 0:
		now, _ := c.environmentFunction("now")
		out, err = c.callFunction("unix_timestamp", []expr.Expr{expr.Literal{Value: now}}, []ast.Node{place}, place)
	default:
		return nil, false, nil
	}
	return out, true, err
}

// timeOf reads a text literal as a DATE, or else as a TIMESTAMP; what is none stays a text.
func timeOf(e expr.Expr) expr.Expr {
	l, ok := e.(expr.Literal)
	if !ok || !textLiteral(e) {
		return e
	}
	for _, t := range []vector.Type{vector.Of(vector.Date), {Kind: vector.Timestamp, Precision: 6}} {
		if s, err := expr.ParseScalar(l.Value.Bytes, t); err == nil {
			return expr.Literal{Value: s}
		}
	}
	return e
}

// addUnits adds so many of a unit, a constant, to a time.
func (c *clause) addUnits(args []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr, error) {
	unit, ok := args[0].(expr.Literal)
	if !ok || !textLiteral(args[0]) {
		return nil, fail(places[0], sqlerr.InvalidParameterValue, "the unit must be a constant such as 'day'")
	}
	name := "to_" + strings.TrimSuffix(strings.ToLower(unit.Value.Bytes), "s") + "s"
	if c.env.Functions.Find(name) == nil {
		return nil, fail(places[0], sqlerr.InvalidParameterValue, "there is no unit '%s' to add", unit.Value.Bytes)
	}
	by, err := c.callFunction(name, args[1:2], places[1:2], place)
	if err != nil {
		return nil, err
	}
	return c.arithmetic(expr.Add, timeOf(args[2]), constant(by, args[1]), place)
}
