package plantest

import (
	"maps"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// join compares every pair of rows. The right input is run anew for each left row, whose values its variables have.
func (in *Interpreter) join(n *plan.Join) []Row {
	var out []Row
	left := in.Run(n.Left)
	var once []Row
	if len(n.Variables) == 0 {
		once = in.Run(n.Right)
	}
	for _, l := range left {
		if len(n.Variables) == 0 {
			out = append(out, in.joinRow(n, l, once)...)
			continue
		}
		inner := *in
		inner.outer = maps.Clone(in.outer)
		if inner.outer == nil {
			inner.outer = map[int]vector.Scalar{}
		}
		for _, v := range n.Variables {
			inner.outer[v.Number] = in.value(v.Of, l)
		}
		out = append(out, in.joinRow(n, l, inner.Run(n.Right))...)
	}
	if n.Kind == plan.FullJoin {
		out = append(out, in.unmatched(n, left)...)
	}
	return out
}

// unmatched pads the right rows that no left row matches.
func (in *Interpreter) unmatched(n *plan.Join, left []Row) []Row {
	var out []Row
	for _, r := range in.Run(n.Right) {
		matched := false
		for _, l := range left {
			matched = matched || in.pair(n, append(slices.Clone(l), r...), len(l))
		}
		if !matched {
			out = append(out, append(padding(n.Left.Schema()), r...))
		}
	}
	return out
}

func padding(s *plan.Schema) Row {
	var out Row
	for _, f := range s.Fields {
		out = append(out, vector.NullOf(f.Type))
	}
	return out
}

// joinRow joins one left row.
func (in *Interpreter) joinRow(n *plan.Join, l Row, right []Row) []Row {
	var out []Row
	matches, unknown := 0, false
	for _, r := range right {
		both := append(slices.Clone(l), r...)
		if !in.pair(n, both, len(l)) {
			continue
		}
		mark := vector.BoolOf(true)
		if n.Mark != nil {
			mark = in.value(n.Mark, both)
		}
		unknown = unknown || mark.Null
		if mark.Null || mark.Int == 0 {
			continue
		}
		matches++
		if n.Kind.Pairs() {
			out = append(out, both)
		}
	}
	switch n.Kind {
	case plan.LeftJoin, plan.SingleJoin, plan.FullJoin:
		require.False(in.T, n.Kind == plan.SingleJoin && matches > 1, "two matches for a row of %s", n)
		if matches == 0 {
			out = append(out, append(slices.Clone(l), padding(n.Right.Schema())...))
		}
	case plan.SemiJoin:
		out = l.times(matches > 0)
	case plan.AntiJoin:
		out = l.times(matches == 0 && !unknown)
	case plan.MarkJoin:
		mark := vector.BoolOf(matches > 0)
		if matches == 0 && unknown {
			mark = vector.NullOf(mark.Type)
		}
		out = []Row{append(slices.Clone(l), mark)}
	case plan.InnerJoin:
	}
	return out
}

// pair tells whether keys and residual let a pair of rows through.
func (in *Interpreter) pair(n *plan.Join, both Row, split int) bool {
	for _, k := range n.Keys {
		equal := expr.Compare{Op: expr.Equal, Left: k.Left, Right: expr.Shift(k.Right, split)}
		if !in.holds(equal, both) {
			return false
		}
	}
	return in.holds(n.Residual, both)
}

// times is the row once or never.
func (r Row) times(once bool) []Row {
	if once {
		return []Row{r}
	}
	return nil
}

// asOf compares every pair of rows and keeps the nearest.
func (in *Interpreter) asOf(n *plan.AsOfJoin) []Row {
	var out []Row
	right := in.Run(n.Right)
	for _, l := range in.Run(n.Left) {
		var best, by Row
		for _, r := range right {
			matches := in.compare(n.Op, in.value(n.By.Left, l), in.value(n.By.Right, r))
			for _, k := range n.Keys {
				matches = matches && in.compare(expr.Equal, in.value(k.Left, l), in.value(k.Right, r))
			}
			x := in.value(n.By.Right, r)
			if !matches || best != nil && !in.compare(n.Op, x, by[0]) {
				continue
			}
			best, by = r, Row{x}
		}
		switch {
		case best != nil:
			out = append(out, append(slices.Clone(l), best...))
		case n.Kind == plan.LeftJoin:
			out = append(out, append(slices.Clone(l), padding(n.Right.Schema())...))
		}
	}
	return out
}
