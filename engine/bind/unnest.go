package bind

import (
	"fmt"
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// unnest is the name of the function that gives a row for each element of a list: in FROM, and in SELECT.
const unnest = "unnest"

// unnestTable makes the rows of unnest(list, …) in FROM: the n-th element of each list beside each other, NULL where a
// list has none, and WITH ORDINALITY n.
func (b *binder) unnestTable(f *ast.TableFunction, args []expr.Expr) (plan.Node, error) {
	if len(args) == 0 {
		return nil, fail(f, sqlerr.UndefinedFunction, "unnest takes a list")
	}
	for i, a := range args {
		if k := a.Type().Kind; k != vector.List {
			return nil, fail(f.Args[i], sqlerr.UndefinedFunction, "unnest takes a list, not %s", a.Type())
		}
		var err error
		if args[i], err = b.known(a, f.Args[i]); err != nil {
			return nil, err
		}
	}
	series := elements(&plan.Values{Out: &plan.Schema{}, Rows: [][]expr.Expr{{}}}, args)
	p := &plan.Project{Input: series, Out: &plan.Schema{}}
	add := func(name string, e expr.Expr) {
		p.Exprs = append(p.Exprs, e)
		p.Out.Fields = append(p.Out.Fields, plan.Field{Name: name, Type: e.Type(), Nullable: e.Nullable()})
	}
	index := series.Schema().Column(0)
	for i, a := range args {
		name := unnest
		if i > 0 {
			name = fmt.Sprintf("%s_%d", unnest, i+1)
		}
		add(name, function.ElementOf(a, index))
	}
	if f.Ordinality {
		add("ordinality", index)
	}
	return p, nil
}

// elements gives each row once for each index of the longest of its lists.
func elements(n plan.Node, lists []expr.Expr) *plan.Series {
	big := vector.Of(vector.Int64)
	number := func(x int64) expr.Expr { return expr.Literal{Value: vector.IntOf(big, x)} }
	longest := number(0)
	for i, l := range lists {
		length := function.LengthOf(l)
		if i == 0 && len(lists) == 1 {
			longest = length // NULL has no elements
			break
		}
		longer := expr.Compare{Op: expr.Greater, Left: length, Right: longest}
		longest = expr.Case{Whens: []expr.When{{If: longer, Then: length}}, Else: longest}
	}
	return &plan.Series{
		Input: n, From: number(1), To: longest, Step: number(1), Inclusive: true,
		Field: plan.Field{Name: "ordinality", Type: big},
	}
}

// unnestCall binds unnest(list) in SELECT. What it gives is put in its place by unnested.
func (c *clause) unnestCall(args []expr.Expr, place ast.Node) (expr.Expr, error) {
	switch {
	case len(args) != 1 || args[0].Type().Kind != vector.List:
		return nil, fail(place, sqlerr.UndefinedFunction, "unnest takes a list")
	case c.name != "SELECT" && c.name != "ORDER BY":
		return nil, unsupported("unnest in "+c.name, place)
	}
	list, err := c.known(args[0], place)
	return function.Unnest(list), err
}

// unnested repeats the rows that the outputs are computed of for each element of the lists that they unnest.
func (s *selection) unnested(n plan.Node) plan.Node {
	for {
		var lists []expr.Expr
		collect := func(e expr.Expr) expr.Expr {
			l, ok := innermost(e)
			same := func(o expr.Expr) bool { return expr.SameExpr(o, l) }
			if ok && !slices.ContainsFunc(lists, same) {
				lists = append(lists, l)
			}
			return e
		}
		s.mapOutputs(collect)
		if len(lists) == 0 {
			return n
		}
		series := elements(n, lists)
		index := series.Schema().Column(len(n.Schema().Fields))
		s.mapOutputs(func(e expr.Expr) expr.Expr {
			if l, ok := innermost(e); ok {
				return function.ElementOf(l, index)
			}
			return e
		})
		n = series
	}
}

// mapOutputs rewrites the outputs and the keys of ORDER BY.
func (s *selection) mapOutputs(f func(expr.Expr) expr.Expr) {
	for i := range s.items {
		s.items[i].expr = expr.Rewrite(s.items[i].expr, f)
	}
	for i := range s.keys {
		if s.keys[i].Of != nil {
			s.keys[i].Of = expr.Rewrite(s.keys[i].Of, f)
		}
	}
}

// innermost returns the list of an unnest whose list unnests nothing itself.
func innermost(e expr.Expr) (expr.Expr, bool) {
	call, ok := e.(expr.Call)
	if !ok || call.Name != unnest {
		return nil, false
	}
	inner := false
	expr.Walk(call.Args[0], func(e expr.Expr) bool {
		c, ok := e.(expr.Call)
		inner = inner || ok && c.Name == unnest
		return !inner
	})
	return call.Args[0], !inner
}
