package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// pushFilters moves every conjunct of every filter as far down as it keeps its meaning: through projections,
// groupings, unions and joins, into the scans. A left join whose NULL rows a filter refuses becomes an inner one.
func pushFilters(n plan.Node) (plan.Node, error) { return pushInto(n, nil), nil }

// pushInto returns what filtering n by the conjuncts gives.
func pushInto(n plan.Node, conjuncts []expr.Expr) plan.Node {
	switch n := n.(type) {
	case *plan.Filter:
		return pushInto(n.Input, append(expr.Conjuncts(n.Predicate), conjuncts...))
	case *plan.Scan:
		return pushIntoScan(n, conjuncts)
	case *plan.Project:
		c := *n
		below, above := besideVolatile(conjuncts, n.Exprs)
		c.Input = pushInto(n.Input, replaceAll(below, n.Exprs))
		return filterBy(&c, above)
	case *plan.Sort:
		c := *n
		c.Input = pushInto(n.Input, conjuncts)
		return &c
	case *plan.Union:
		c := *n
		c.All = make([]plan.Node, len(n.All))
		for i, in := range n.All {
			c.All[i] = pushInto(in, conjuncts)
		}
		return &c
	case *plan.Aggregate:
		return pushIntoAggregate(n, conjuncts)
	case *plan.Series:
		return pushIntoSeries(n, conjuncts)
	case *plan.AsOfJoin:
		return pushIntoAsOf(n, conjuncts)
	case *plan.Window:
		return pushIntoWindow(n, conjuncts)
	case *plan.Join:
		return pushIntoJoin(n, conjuncts)
	case *plan.Values, *plan.Recursive, *plan.Limit, *plan.Expand, *plan.Insert, *plan.Delete, *plan.Update,
		*plan.Define, *plan.Explain:
		in := n.Inputs()
		for i := range in {
			in[i] = pushInto(in[i], nil)
		}
		return filterBy(n.WithInputs(in), conjuncts)
	default:
		return filterBy(n, conjuncts)
	}
}

// besideVolatile parts conjuncts that read what a projection computes anew at each call, which must not be computed
// twice, from the others.
func besideVolatile(conjuncts, computed []expr.Expr) (others, reading []expr.Expr) {
	if !slices.ContainsFunc(computed, expr.IsVolatile) {
		return conjuncts, nil
	}
	for _, e := range conjuncts {
		if slices.ContainsFunc(expr.Columns(e), func(i int) bool { return expr.IsVolatile(computed[i]) }) {
			reading = append(reading, e)
		} else {
			others = append(others, e)
		}
	}
	return others, reading
}

// filterBy puts conjuncts above a node.
func filterBy(n plan.Node, conjuncts []expr.Expr) plan.Node {
	if len(conjuncts) == 0 {
		return n
	}
	return &plan.Filter{Input: n, Predicate: expr.Conjunction(conjuncts)}
}

// replaceAll puts a projection's expressions in the place of its columns.
func replaceAll(conjuncts, with []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(conjuncts))
	for i, c := range conjuncts {
		out[i] = expr.Replace(c, func(col expr.Column) expr.Expr { return with[col.Index] })
	}
	return out
}

// pushIntoScan gives the scan each conjunct that reads a column of it, once.
func pushIntoScan(n *plan.Scan, conjuncts []expr.Expr) plan.Node {
	c := *n
	c.Where = append([]expr.Expr(nil), n.Where...)
	var above []expr.Expr
	for _, e := range conjuncts {
		switch {
		case len(expr.Columns(e)) == 0:
			above = append(above, e)
		case !contains(c.Where, e):
			c.Where = append(c.Where, e)
		}
	}
	return filterBy(&c, above)
}

// pushIntoAggregate lets the conjuncts over groups through; without groups there is a row even of no input.
func pushIntoAggregate(n *plan.Aggregate, conjuncts []expr.Expr) plan.Node {
	var below, above []expr.Expr
	for _, e := range conjuncts {
		if len(n.Groups) > 0 && reads(e, 0, len(n.Groups)) {
			below = append(below, e)
		} else {
			above = append(above, e)
		}
	}
	c := *n
	c.Input = pushInto(n.Input, replaceAll(below, n.Groups))
	return filterBy(&c, above)
}

// pushIntoSeries lets the conjuncts through that say nothing of the series' values.
func pushIntoSeries(n *plan.Series, conjuncts []expr.Expr) plan.Node {
	var below, above []expr.Expr
	for _, e := range conjuncts {
		if reads(e, 0, len(n.Input.Schema().Fields)) {
			below = append(below, e)
		} else {
			above = append(above, e)
		}
	}
	return filterBy(n.WithInputs([]plan.Node{pushInto(n.Input, below)}), above)
}

// pushIntoAsOf lets the conjuncts over left columns through: to the right side they go where they say of a key what it
// has to equal. Others would change which right row is the nearest.
func pushIntoAsOf(n *plan.AsOfJoin, conjuncts []expr.Expr) plan.Node {
	var left, right, above []expr.Expr
	for _, e := range conjuncts {
		if !reads(e, 0, len(n.Left.Schema().Fields)) {
			above = append(above, e)
			continue
		}
		left = append(left, e)
		for _, k := range n.Keys {
			if c, ok := k.Left.(expr.Column); ok && reads(e, c.Index, c.Index+1) {
				right = append(right, expr.Replace(e, func(expr.Column) expr.Expr { return k.Right }))
			}
		}
	}
	return filterBy(n.WithInputs([]plan.Node{pushInto(n.Left, left), pushInto(n.Right, right)}), above)
}

// pushIntoWindow lets the conjuncts through that read nothing but columns by which every call partitions: they leave
// whole partitions out.
func pushIntoWindow(n *plan.Window, conjuncts []expr.Expr) plan.Node {
	partitions := map[int]bool{}
	for _, k := range n.Keys[:n.Partitions()] {
		if c, ok := k.Of.(expr.Column); ok {
			partitions[c.Index] = true
		}
	}
	var below, above []expr.Expr
	for _, e := range conjuncts {
		columns := expr.Columns(e)
		if len(columns) > 0 && !slices.ContainsFunc(columns, func(c int) bool { return !partitions[c] }) {
			below = append(below, e)
		} else {
			above = append(above, e)
		}
	}
	c := *n
	c.Input = pushInto(n.Input, below)
	return filterBy(&c, above)
}

// reads tells whether e reads columns from lo and below hi only, and at least one.
func reads(e expr.Expr, lo, hi int) bool { return expr.Reads(e, lo, hi) }

// pushIntoJoin sorts the conjuncts above a join, and its own residual's, by the side they read.
func pushIntoJoin(n *plan.Join, conjuncts []expr.Expr) plan.Node {
	split := len(n.Left.Schema().Fields)
	total := split + len(n.Right.Schema().Fields)
	c := *n
	refuses := func(e expr.Expr) bool { return refusesNull(e, split, total) }
	if n.Kind == plan.LeftJoin && slices.ContainsFunc(conjuncts, refuses) {
		c.Kind = plan.InnerJoin
	}
	var left, right, both, above []expr.Expr
	for _, e := range conjuncts {
		switch {
		case c.Kind == plan.FullJoin:
			above = append(above, e)
		case reads(e, 0, split):
			left = append(left, e)
		case c.Kind != plan.InnerJoin:
			above = append(above, e) // over a left join's NULLs
		case reads(e, split, total):
			right = append(right, e)
		case len(expr.Columns(e)) == 0:
			above = append(above, e)
		default:
			both = append(both, e)
		}
	}
	for _, e := range expr.Conjuncts(n.Residual) {
		switch {
		case c.Kind == plan.FullJoin: // which gives the rows of both sides that it refuses
			both = append(both, e)
		// Rows that the residual refuses stay in a left or an anti join: only what they are matched with shrinks.
		case reads(e, 0, split) && (c.Kind == plan.InnerJoin || c.Kind == plan.SemiJoin):
			left = append(left, e)
		case reads(e, split, total):
			right = append(right, e)
		default:
			both = append(both, e)
		}
	}
	for i, e := range right {
		right[i] = expr.Shift(e, -split)
	}
	c.Left, c.Right = pushInto(n.Left, left), pushInto(n.Right, right)
	c.Residual = expr.Conjunction(both)
	return filterBy(plan.NewJoin(c), above)
}

// refusesNull tells whether a condition is not TRUE where all columns from lo and below hi are NULL: a comparison, LIKE
// or IN that computes with one of them, or IS NOT NULL of it.
func refusesNull(e expr.Expr, lo, hi int) bool {
	switch e := e.(type) {
	case expr.Compare:
		return e.Op != expr.NotDistinct && (strict(e.Left, lo, hi) || strict(e.Right, lo, hi))
	case expr.Like:
		return strict(e.Of, lo, hi)
	case expr.In:
		return strict(e.Of, lo, hi)
	case expr.Not:
		switch of := e.Of.(type) {
		case expr.IsNull:
			return strict(of.Of, lo, hi)
		case expr.Like:
			return strict(of.Of, lo, hi)
		case expr.In:
			return strict(of.Of, lo, hi)
		}
	case expr.And:
		for _, c := range e.Of {
			if refusesNull(c, lo, hi) {
				return true
			}
		}
	case expr.Or:
		for _, d := range e.Of {
			if !refusesNull(d, lo, hi) {
				return false
			}
		}
		return true
	}
	return false
}

// strict tells whether a value is NULL where all columns from lo and below hi are.
func strict(e expr.Expr, lo, hi int) bool {
	switch e := e.(type) {
	case expr.Column:
		return e.Index >= lo && e.Index < hi
	case expr.Arithmetic:
		return strict(e.Left, lo, hi) || strict(e.Right, lo, hi)
	case expr.Cast:
		return strict(e.Of, lo, hi)
	case expr.Literal:
		return e.Value.Null
	case expr.Case:
		return strict(e.Else, lo, hi) && !slices.ContainsFunc(e.Whens, func(w expr.When) bool {
			return !refusesNull(w.If, lo, hi) && !strict(w.Then, lo, hi)
		})
	default:
		return false
	}
}
