package optimize_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// interpreter runs plans row by row over a few rows, the slow and plain way.
type interpreter struct {
	t      *testing.T
	tables map[string][]row
}

type row []vector.Scalar

func (r row) String() string {
	parts := make([]string, len(r))
	for i, s := range r {
		parts[i] = expr.FormatScalar(s, true)
	}
	return strings.Join(parts, " ")
}

// value computes an expression for one row.
func (in *interpreter) value(e expr.Expr, r row) vector.Scalar {
	evaluate, err := expr.Compile(expr.Replace(e, func(c expr.Column) expr.Expr { return expr.Literal{Value: r[c.Index]} }))
	require.NoError(in.t, err)
	v, err := evaluate(&vector.Chunk{Len: 1}, nil)
	require.NoError(in.t, err)
	return v.ScalarAt(0)
}

func (in *interpreter) values(es []expr.Expr, r row) row {
	out := make(row, len(es))
	for i, e := range es {
		out[i] = in.value(e, r)
		out[i].Type = e.Type()
	}
	return out
}

func (in *interpreter) holds(e expr.Expr, r row) bool {
	if e == nil {
		return true
	}
	s := in.value(e, r)
	return !s.Null && s.Int != 0
}

func (in *interpreter) run(n plan.Node) []row {
	var out []row
	switch n := n.(type) {
	case *plan.Scan:
		for _, r := range in.tables[n.Table.Name.Table] {
			var own row
			for _, c := range n.Columns {
				own = append(own, r[c])
			}
			if in.holds(expr.Conjunction(n.Where), own) {
				out = append(out, own)
			}
		}
	case *plan.Values:
		for _, r := range n.Rows {
			out = append(out, in.values(r, nil))
		}
	case *plan.Filter:
		for _, r := range in.run(n.Input) {
			if in.holds(n.Predicate, r) {
				out = append(out, r)
			}
		}
	case *plan.Project:
		for _, r := range in.run(n.Input) {
			out = append(out, in.values(n.Exprs, r))
		}
	case *plan.Join:
		return in.join(n)
	case *plan.Aggregate:
		return in.aggregate(n)
	case *plan.Sort:
		return in.sort(n)
	case *plan.Limit:
		rows := in.run(n.Input)
		from := min(int(n.Offset), len(rows))
		to := len(rows)
		if n.Count >= 0 {
			to = min(from+int(n.Count), to)
		}
		return rows[from:to]
	case *plan.Union:
		for _, i := range n.All {
			out = append(out, in.run(i)...)
		}
	default:
		require.Fail(in.t, "no way to run", "%T", n)
	}
	return out
}

func (in *interpreter) join(n *plan.Join) []row {
	right := in.run(n.Right)
	var out []row
	for _, l := range in.run(n.Left) {
		matched := false
		for _, r := range right {
			both := append(slices.Clone(l), r...)
			match := in.holds(n.Residual, both)
			for _, k := range n.Keys {
				equal := expr.Compare{Op: expr.Equal, Left: k.Left, Right: expr.Shift(k.Right, len(l))}
				match = match && in.holds(equal, both)
			}
			if match && n.Kind != plan.SemiJoin && n.Kind != plan.AntiJoin {
				out = append(out, both)
			}
			matched = matched || match
		}
		switch {
		case n.Kind == plan.LeftJoin && !matched:
			both := slices.Clone(l)
			for _, f := range n.Right.Schema().Fields {
				both = append(both, vector.NullOf(f.Type))
			}
			out = append(out, both)
		case n.Kind == plan.SemiJoin && matched, n.Kind == plan.AntiJoin && !matched:
			out = append(out, l)
		}
	}
	return out
}

func (in *interpreter) aggregate(n *plan.Aggregate) []row {
	members := map[string][]row{}
	keys := map[string]row{}
	if len(n.Groups) == 0 {
		members[""], keys[""] = nil, nil
	}
	for _, r := range in.run(n.Input) {
		key := in.values(n.Groups, r)
		members[key.String()] = append(members[key.String()], r)
		keys[key.String()] = key
	}
	var out []row
	for name, key := range keys {
		r := slices.Clone(key)
		for _, a := range n.Aggregates {
			r = append(r, in.total(a, members[name]))
		}
		out = append(out, r)
	}
	return out
}

// total computes an aggregate of integers, or the least or greatest of anything.
func (in *interpreter) total(a expr.Aggregate, rows []row) vector.Scalar {
	if a.Kind == expr.CountRows {
		return vector.IntOf(a.Of, int64(len(rows)))
	}
	count, best := int64(0), vector.NullOf(a.Of)
	for _, r := range rows {
		v := in.value(a.Arg, r)
		if v.Null {
			continue
		}
		count++
		switch {
		case best.Null:
			best = v
		case a.Kind == expr.Sum:
			best.Int += v.Int
		default:
			less := in.holds(expr.Compare{Op: expr.Less, Left: expr.Literal{Value: v}, Right: expr.Literal{Value: best}}, nil)
			if less == (a.Kind == expr.Min) {
				best = v
			}
		}
	}
	if a.Kind == expr.Count {
		return vector.IntOf(a.Of, count)
	}
	best.Type = a.Of
	return best
}

func (in *interpreter) sort(n *plan.Sort) []row {
	rows := in.run(n.Input)
	slices.SortStableFunc(rows, func(a, b row) int {
		for _, k := range n.Keys {
			x, y := in.value(k.Of, a), in.value(k.Of, b)
			first := map[bool]int{true: -1, false: 1}
			switch {
			case x.Null && y.Null:
			case x.Null || y.Null:
				return first[x.Null == k.NullsFirst]
			case in.holds(expr.Compare{Op: expr.NotEqual, Left: expr.Literal{Value: x}, Right: expr.Literal{Value: y}}, nil):
				less := in.holds(expr.Compare{Op: expr.Less, Left: expr.Literal{Value: x}, Right: expr.Literal{Value: y}}, nil)
				return first[less != k.Descending]
			}
		}
		return 0
	})
	return rows
}

// bag is the rows of a result in one order.
func bag(rows []row) string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.String()
	}
	slices.Sort(out)
	return fmt.Sprintf("%d rows\n%s", len(rows), strings.Join(out, "\n"))
}
