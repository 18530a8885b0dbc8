package plan

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
)

// MapExprs returns a copy of a node, but not of its inputs, with f, which keeps types, applied to each of its
// expressions.
func MapExprs(n Node, f func(expr.Expr) expr.Expr) Node {
	switch n := n.(type) {
	case *Scan:
		c := *n
		c.Where = mapAll(n.Where, f)
		return &c
	case *Values:
		c := *n
		c.Rows = make([][]expr.Expr, len(n.Rows))
		for i, row := range n.Rows {
			c.Rows[i] = mapAll(row, f)
		}
		return &c
	case *Filter:
		return &Filter{Input: n.Input, Predicate: f(n.Predicate)}
	case *Project:
		return &Project{Input: n.Input, Exprs: mapAll(n.Exprs, f), Out: n.Out}
	case *Join:
		return mapJoin(n, f)
	case *Aggregate:
		c := *n
		c.Groups = mapAll(n.Groups, f)
		c.Aggregates = make([]expr.Aggregate, len(n.Aggregates))
		for i, a := range n.Aggregates {
			c.Aggregates[i] = a.MapInputs(f)
		}
		return &c
	case *Sort:
		return &Sort{Input: n.Input, Keys: mapKeys(n.Keys, f)}
	case *Window:
		return n.MapExprs(f)
	case *Limit:
		return mapLimit(n, f)
	case *Series:
		return mapSeries(n, f)
	case *AsOfJoin:
		return mapAsOf(n, f)
	case *Union, *Expand, *Insert, *Delete, *Update, *Define, *Shared, *Explain, *Recursive, *Working:
		return n
	default:
		return n
	}
}

func mapJoin(n *Join, f func(expr.Expr) expr.Expr) Node {
	c := *n
	c.Keys = make([]JoinKey, len(n.Keys))
	for i, k := range n.Keys {
		c.Keys[i] = JoinKey{Left: f(k.Left), Right: f(k.Right)}
	}
	if n.Residual != nil {
		c.Residual = f(n.Residual)
	}
	if n.Mark != nil {
		c.Mark = f(n.Mark)
	}
	c.Variables = slices.Clone(n.Variables)
	for i, v := range n.Variables {
		c.Variables[i].Of = f(v.Of)
	}
	return NewJoin(c)
}

func mapLimit(n *Limit, f func(expr.Expr) expr.Expr) Node {
	c := *n
	if n.CountFrom != nil {
		c.CountFrom = f(n.CountFrom)
	}
	if n.OffsetFrom != nil {
		c.OffsetFrom = f(n.OffsetFrom)
	}
	return &c
}

func mapAll(es []expr.Expr, f func(expr.Expr) expr.Expr) []expr.Expr {
	if es == nil {
		return nil
	}
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = f(e)
	}
	return out
}

// Exprs returns a node's expressions, without those of its inputs.
func Exprs(n Node) []expr.Expr {
	var out []expr.Expr
	MapExprs(n, func(e expr.Expr) expr.Expr {
		out = append(out, e)
		return e
	})
	return out
}
