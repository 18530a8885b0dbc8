package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/vector"
)

// conditional makes CASE of the functions that choose among their arguments; not ok for other functions, and where
// their number of arguments is another.
func (c *clause) conditional(
	name string, args []expr.Expr, places []ast.Node, place ast.Node,
) (out expr.Expr, ok bool, err error) {
	n := len(args)
	switch {
	case (name == "coalesce" || name == "ifnull" || name == "nvl") && n > 0:
		out, err = c.coalesce(args, places, place)
	case name == "nullif" && n == 2:
		out, err = c.nullIf(args, places, place)
	case (name == "if" || name == "iff") && n == 3:
		out, err = c.ifThen(args, places, place)
	case name == "nvl2" && n == 3:
		out, err = c.nvl2(args, places, place)
	case name == "decode" && n > 2:
		out, err = c.decode(args, places, place)
	case name == "field" && n > 1:
		out, err = c.field(args, places, place)
	case (name == "elt" || name == "choose") && n > 1:
		out, err = c.elt(args, places, place)
	case (name == "isnull" || name == "isnotnull") && n == 1:
		var of expr.Expr
		of, err = c.known(args[0], places[0])
		out = notIf(name == "isnotnull", expr.IsNull{Of: of})
	default:
		return nil, false, nil
	}
	if err == nil {
		err = within(out, place)
	}
	return out, true, err
}

// coalesce is the first value that is not NULL.
func (c *clause) coalesce(args []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr, error) {
	args, err := c.sameType(args, places, "the arguments of COALESCE", place)
	if err != nil {
		return nil, err
	}
	last := len(args) - 1
	if last == 0 {
		return args[0], nil
	}
	out := expr.Case{Else: args[last]}
	for _, a := range args[:last] {
		out.Whens = append(out.Whens, expr.When{If: expr.Not{Of: expr.IsNull{Of: a}}, Then: a})
	}
	return out, nil
}

// nullIf is NULL when its arguments are equal, and else the first.
func (c *clause) nullIf(args []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr, error) {
	first := args[0]
	if first.Type().Kind == vector.Unknown {
		both, err := c.sameType(args, places, "the arguments of NULLIF", place)
		if err != nil {
			return nil, err
		}
		first = both[0]
	}
	equal, err := c.compareAt(expr.Equal, first, args[1], [3]ast.Node{place, places[0], places[1]})
	if err != nil {
		return nil, err
	}
	null := expr.Literal{Value: vector.NullOf(first.Type())}
	return expr.Case{Whens: []expr.When{{If: equal, Then: null}}, Else: first}, nil
}

// ifThen is its second argument where the first is TRUE, and else the third.
func (c *clause) ifThen(args []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr, error) {
	condition, err := c.condition(args[0], "IF", places[0])
	if err != nil {
		return nil, err
	}
	results, err := c.sameType(args[1:], places[1:], "the results of IF", place)
	if err != nil {
		return nil, err
	}
	return expr.Case{Whens: []expr.When{{If: condition, Then: results[0]}}, Else: results[1]}, nil
}

// nvl2 is its second argument where the first is not NULL, and else the third.
func (c *clause) nvl2(args []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr, error) {
	of, err := c.known(args[0], places[0])
	if err != nil {
		return nil, err
	}
	results, err := c.sameType(args[1:], places[1:], "the results of NVL2", place)
	if err != nil {
		return nil, err
	}
	return expr.Case{Whens: []expr.When{{If: expr.IsNull{Of: of}, Then: results[1]}}, Else: results[0]}, nil
}

// decode compares its first argument with every second one; NULL is not distinct from NULL.
func (c *clause) decode(args []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr, error) {
	var results []expr.Expr
	var resultPlaces []ast.Node
	var whens []expr.When
	last := 1
	for ; last+1 < len(args); last += 2 {
		equal, err := c.compareAt(expr.NotDistinct, args[0], args[last], [3]ast.Node{place, places[0], places[last]})
		if err != nil {
			return nil, err
		}
		whens = append(whens, expr.When{If: equal})
		results, resultPlaces = append(results, args[last+1]), append(resultPlaces, places[last+1])
	}
	if last < len(args) {
		results, resultPlaces = append(results, args[last]), append(resultPlaces, places[last])
	} else {
		results, resultPlaces = append(results, nullLiteral()), append(resultPlaces, place)
	}
	return c.caseWith(whens, results, resultPlaces, place)
}

// field tells which of the others the first argument equals.
func (c *clause) field(args []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr, error) {
	number := func(n int) expr.Expr { return expr.Literal{Value: vector.IntOf(vector.Of(vector.Int64), int64(n))} }
	out := expr.Case{Else: number(0)}
	for i := 1; i < len(args); i++ {
		equal, err := c.compareAt(expr.Equal, args[0], args[i], [3]ast.Node{place, places[0], places[i]})
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, expr.When{If: equal, Then: number(i)})
	}
	return out, nil
}

// elt is the argument that the first one numbers.
func (c *clause) elt(args []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr, error) {
	var whens []expr.When
	for i := 1; i < len(args); i++ {
		number := expr.Literal{Value: vector.IntOf(vector.Of(vector.Int32), int64(i))}
		equal, err := c.compareAt(expr.Equal, args[0], number, [3]ast.Node{place, places[0], place})
		if err != nil {
			return nil, err
		}
		whens = append(whens, expr.When{If: equal})
	}
	return c.caseWith(whens, append(args[1:len(args):len(args)], nullLiteral()),
		append(places[1:len(places):len(places)], place), place)
}

// caseWith gives conditions their results, of which there is one more: that of none.
func (c *clause) caseWith(whens []expr.When, results []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr,
	error,
) {
	results, err := c.sameType(results, places, "the results", place)
	if err != nil {
		return nil, err
	}
	for i := range whens {
		whens[i].Then = results[i]
	}
	return expr.Case{Whens: whens, Else: results[len(whens)]}, nil
}
