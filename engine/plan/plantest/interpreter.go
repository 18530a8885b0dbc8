package plantest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// Interpreter runs plans row by row over a few rows, the slow and plain way. It knows the aggregates of integers, and
// the least and the greatest of anything.
type Interpreter struct {
	T      testing.TB
	Tables map[string][]Row // by the table's name

	rounds map[int][]Row         // of recursive queries, by their number: the rows of the last round
	outer  map[int]vector.Scalar // the values of variables that dependent joins bind
}

// Row is one row of a table or a result.
type Row []vector.Scalar

// String shows the values as SQL literals, a blank between them.
func (r Row) String() string {
	parts := make([]string, len(r))
	for i, s := range r {
		parts[i] = expr.FormatScalar(s, true)
	}
	return strings.Join(parts, " ")
}

// value computes an expression for one row.
func (in *Interpreter) value(e expr.Expr, r Row) vector.Scalar {
	constant := expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		switch e := e.(type) {
		case expr.Column:
			return expr.Literal{Value: r[e.Index]}
		case expr.Outer:
			return expr.Literal{Value: in.outer[e.Variable]}
		default:
			return e
		}
	})
	evaluate, err := expr.Compile(constant)
	require.NoError(in.T, err)
	v, err := evaluate(&vector.Chunk{Len: 1}, nil)
	require.NoError(in.T, err)
	return v.ScalarAt(0)
}

func (in *Interpreter) values(es []expr.Expr, r Row) Row {
	out := make(Row, len(es))
	for i, e := range es {
		out[i] = in.value(e, r)
		out[i].Type = e.Type()
	}
	return out
}

func (in *Interpreter) holds(e expr.Expr, r Row) bool {
	if e == nil {
		return true
	}
	s := in.value(e, r)
	return !s.Null && s.Int != 0
}

func (in *Interpreter) compare(op expr.CompareOp, a, b vector.Scalar) bool {
	return in.holds(expr.Compare{Op: op, Left: expr.Literal{Value: a}, Right: expr.Literal{Value: b}}, nil)
}

// Run returns the rows that a plan gives; their order counts only where a Sort says it.
func (in *Interpreter) Run(n plan.Node) []Row {
	var out []Row
	switch n := n.(type) {
	case *plan.Scan:
		for _, r := range in.Tables[n.Table.Name.Table] {
			var own Row
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
		for _, r := range in.Run(n.Input) {
			if in.holds(n.Predicate, r) {
				out = append(out, r)
			}
		}
	case *plan.Project:
		for _, r := range in.Run(n.Input) {
			out = append(out, in.values(n.Exprs, r))
		}
	case *plan.Join:
		return in.join(n)
	case *plan.Aggregate:
		return in.aggregate(n)
	case *plan.Sort:
		return in.sort(n)
	case *plan.Limit:
		rows := in.Run(n.Input)
		from := min(int(n.Offset), len(rows))
		to := len(rows)
		if n.Count >= 0 {
			to = min(from+int(n.Count), to)
		}
		return rows[from:to]
	case *plan.Expand:
		return in.expand(n)
	case *plan.Series:
		return in.series(n)
	case *plan.AsOfJoin:
		return in.asOf(n)
	case *plan.Recursive:
		return in.recursive(n)
	case *plan.Working:
		return in.rounds[n.Number]
	case *plan.Shared:
		return in.Run(n.Input)
	case *plan.Union:
		for _, i := range n.All {
			out = append(out, in.Run(i)...)
		}
	default:
		require.Fail(in.T, "no way to run", "%T", n)
	}
	return out
}

func (in *Interpreter) aggregate(n *plan.Aggregate) []Row {
	members := map[string][]Row{}
	keys := map[string]Row{}
	if len(n.Groups) == 0 {
		members[""], keys[""] = nil, nil
	}
	for _, r := range in.Run(n.Input) {
		key := in.values(n.Groups, r)
		members[key.String()] = append(members[key.String()], r)
		keys[key.String()] = key
	}
	var out []Row
	for name, key := range keys {
		r := slices.Clone(key)
		for _, a := range n.Aggregates {
			r = append(r, in.total(a, members[name]))
		}
		out = append(out, r)
	}
	return out
}

// total computes an aggregate of whole numbers, or the least or greatest of anything.
func (in *Interpreter) total(a expr.Aggregate, rows []Row) vector.Scalar {
	if a.Kind == expr.CountRows {
		return vector.IntOf(a.Of, int64(len(rows)))
	}
	if a.Kind == expr.Sum || a.Kind == expr.Avg {
		return in.sum(a, rows)
	}
	count, best := int64(0), vector.NullOf(a.Of)
	for _, r := range rows {
		v := in.value(a.Arg, r)
		if v.Null {
			continue
		}
		count++
		if best.Null || in.compare(expr.Less, v, best) == (a.Kind == expr.Min) {
			best = v
		}
	}
	if a.Kind == expr.Count {
		return vector.IntOf(a.Of, count)
	}
	best.Type = a.Of
	return best
}

// sum adds whole numbers up, and divides them by how many they are or, of an Avg of sums, say they are.
func (in *Interpreter) sum(a expr.Aggregate, rows []Row) vector.Scalar {
	big := vector.Of(vector.Int64)
	sum, count := int64(0), int64(0)
	for _, r := range rows {
		v := in.value(expr.Cast{Of: a.Arg, To: big}, r)
		if v.Null {
			continue
		}
		sum += v.Int
		if count++; len(a.More) > 0 {
			count += in.value(a.More[0], r).Int - 1
		}
	}
	switch {
	case count == 0:
		return vector.NullOf(a.Of)
	case a.Kind == expr.Avg:
		return vector.FloatOf(float64(sum) / float64(count))
	default:
		return in.value(expr.Cast{Of: expr.Literal{Value: vector.IntOf(big, sum)}, To: a.Of}, nil)
	}
}

// recursive runs the step until it gives nothing new.
func (in *Interpreter) recursive(n *plan.Recursive) []Row {
	var out []Row
	seen := map[string]bool{}
	inner := *in
	inner.rounds = maps.Clone(in.rounds)
	if inner.rounds == nil {
		inner.rounds = map[int][]Row{}
	}
	for rows := in.Run(n.Base); len(rows) > 0; rows = inner.Run(n.Step) {
		var fresh []Row
		for _, r := range rows {
			if n.All || !seen[r.String()] {
				fresh = append(fresh, r)
			}
			seen[r.String()] = true
		}
		out, inner.rounds[n.Number] = append(out, fresh...), fresh
	}
	return out
}

// series repeats rows for a series of integers with a step above zero.
func (in *Interpreter) expand(n *plan.Expand) []Row {
	var out []Row
	rows := in.Run(n.Input)
	for number, set := range n.Sets {
		all := rows
		if len(set) == 0 {
			var nulls Row
			for _, f := range n.Input.Schema().Fields {
				nulls = append(nulls, vector.NullOf(f.Type))
			}
			all = append(slices.Clone(rows), nulls)
		}
		for _, r := range all {
			r = slices.Clone(r)
			for i := range n.Groups {
				if !slices.Contains(set, i) {
					r[i] = vector.NullOf(r[i].Type)
				}
			}
			out = append(out, append(r, vector.IntOf(vector.Of(vector.Int64), int64(number+1))))
		}
	}
	return out
}

func (in *Interpreter) series(n *plan.Series) []Row {
	var out []Row
	for _, r := range in.Run(n.Input) {
		from, to, step := in.value(n.From, r), in.value(n.To, r), in.value(n.Step, r)
		if from.Null || to.Null || step.Null {
			continue
		}
		for x := from.Int; x < to.Int || n.Inclusive && x == to.Int; x += step.Int {
			out = append(out, append(slices.Clone(r), vector.IntOf(n.Field.Type, x)))
		}
	}
	return out
}

func (in *Interpreter) sort(n *plan.Sort) []Row {
	rows := in.Run(n.Input)
	slices.SortStableFunc(rows, func(a, b Row) int {
		for _, k := range n.Keys {
			x, y := in.value(k.Of, a), in.value(k.Of, b)
			first := map[bool]int{true: -1, false: 1}
			switch {
			case x.Null && y.Null:
			case x.Null || y.Null:
				return first[x.Null == k.NullsFirst]
			case in.compare(expr.NotEqual, x, y):
				return first[in.compare(expr.Less, x, y) != k.Descending]
			}
		}
		return 0
	})
	return rows
}

// Bag is the rows of a result as text, in one order.
func Bag(rows []Row) string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.String()
	}
	slices.Sort(out)
	return fmt.Sprintf("%d rows\n%s", len(rows), strings.Join(out, "\n"))
}
