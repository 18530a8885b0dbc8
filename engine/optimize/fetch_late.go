package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

const (
	lateShare    = 8   // so many times as many rows as a top-N gives must be spared of what is fetched late
	lateScan     = 4   // for each of them, the table may have so many rows
	lateDistinct = 0.1 // texts that are fetched late have as many values a row at least: others are codes
)

// fetchLate lets the rows of a top-N carry the key of a table instead of other columns of it that are only handed on,
// and reads these columns for the few rows that are left. Groupings on the way group by the key without them: it
// decides them. What is a key is proven for the snapshot (catalog.Statistics.Keys).
func fetchLate(n plan.Node) (plan.Node, error) {
	est, changed := newEstimator(), false
	made, err := plan.Transform(n, func(n plan.Node) (plan.Node, error) {
		l, ok := n.(*plan.Limit)
		if !ok || l.Count < 0 || l.CountFrom != nil || l.OffsetFrom != nil {
			return n, nil
		}
		s, ok := l.Input.(*plan.Sort)
		if !ok {
			return n, nil
		}
		f := lateFetcher{estimator: est, limit: l, sort: s}
		late := f.find()
		changed = changed || len(late) > 0
		return f.fetch(late), nil
	})
	if err != nil || !changed {
		return n, err
	}
	return exactly(made, everything(made)), nil
}

// lateFetcher fetches columns of one top-N late.
type lateFetcher struct {
	*estimator

	limit *plan.Limit
	sort  *plan.Sort
}

// lateColumns are columns of a top-N that come from one place of a scan in the plan, whose key is one, too.
type lateColumns struct {
	scan    *plan.Scan
	path    string
	key     int                       // a column of the top-N
	from    int                       // the same in the scan
	columns []int                     // of the top-N
	of      []int                     // the same in the scan
	rows    float64                   // of a node that carries them
	padded  bool                      // an outer join may have NULLs in their place
	drop    map[*plan.Aggregate][]int // groups that the key decides
}

// find returns what to fetch late.
func (f *lateFetcher) find() []*lateColumns {
	var all []*lateColumns
	width := len(f.sort.Schema().Fields)
	traces := make([]trace, width)
	for i := range traces {
		t := &traces[i]
		t.follow(f.sort, i)
		if t.scan == nil || slices.ContainsFunc(all, func(l *lateColumns) bool { return l.path == string(t.path) }) {
			continue
		}
		if t.scan.Table.Statistics.IsKey(t.scan.Table.Columns[t.scan.Columns[t.column]].ID) {
			l := &lateColumns{scan: t.scan, path: string(t.path), key: i, from: t.column, padded: t.padded}
			all = append(all, l)
		}
	}
	for _, l := range all {
		for i := range traces {
			if t := &traces[i]; t.scan != nil && string(t.path) == l.path && i != l.key && !t.read {
				l.add(f.estimator, i, t)
			}
		}
	}
	return slices.DeleteFunc(all, func(l *lateColumns) bool { return !f.gains(l) })
}

func (l *lateColumns) add(est *estimator, column int, t *trace) {
	l.columns, l.of = append(l.columns, column), append(l.of, t.column)
	for i, a := range t.aggregates {
		if l.drop == nil {
			l.drop = map[*plan.Aggregate][]int{}
		}
		l.drop[a] = append(l.drop[a], t.groups[i])
		l.rows = est.estimateRows(a.Input)
	}
}

// gains tells whether it costs less to look up a column's rows in a scan of the whole table than to carry it.
func (f *lateFetcher) gains(l *lateColumns) bool {
	rows := max(l.rows, f.estimateRows(f.sort.Input))
	if float64(f.limit.Count+f.limit.Offset)*lateShare > rows || tableRows(l.scan.Table) > lateScan*rows {
		return false
	}
	return slices.ContainsFunc(l.of, func(i int) bool {
		if l.scan.Schema().Fields[i].Type.Physical() != vector.Bytes {
			return false
		}
		s := statisticsOf(l.scan, i)
		return !s.known || s.Distinct == 0 || float64(s.Distinct) >= lateDistinct*s.rows
	})
}

// fetch returns the top-N with columns that are fetched late.
func (f *lateFetcher) fetch(late []*lateColumns) plan.Node {
	if len(late) == 0 {
		return f.limit
	}
	top, out := plan.Node(f.limit), f.limit.Schema()
	drop := map[*plan.Aggregate][]int{}
	for _, l := range late {
		for a, groups := range l.drop {
			drop[a] = append(drop[a], groups...)
		}
	}
	for _, l := range late {
		top = dropGroups(top, l.path, drop)
	}
	s := top.Schema()
	width := len(s.Fields)
	now := make([]expr.Expr, width)
	for i := range now {
		now[i] = s.Column(i)
	}
	for _, l := range late {
		top = l.join(top, now)
	}
	keys := make([]expr.SortKey, len(f.sort.Keys))
	for i, k := range f.sort.Keys {
		k.Of = expr.Replace(k.Of, func(c expr.Column) expr.Expr { return now[c.Index] })
		keys[i] = k
	}
	return &plan.Project{Input: &plan.Sort{Input: top, Keys: keys}, Exprs: now, Out: out}
}

// join joins the table's columns to the rows of a top-N; now is where its columns are. They come before the others, so
// that the table is read through a filter of the keys that are left.
func (l *lateColumns) join(top plan.Node, now []expr.Expr) plan.Node {
	scan := *l.scan
	scan.Columns, scan.Where, scan.Address = []int{l.scan.Columns[l.from]}, nil, false
	for _, i := range l.of {
		scan.Columns = append(scan.Columns, l.scan.Columns[i])
	}
	table := plan.NewScan(scan)
	on := plan.JoinKey{Left: now[l.key], Right: table.Schema().Column(0)}
	if l.padded {
		width := len(top.Schema().Fields)
		j := plan.NewJoin(plan.Join{Kind: plan.LeftJoin, Left: top, Right: table, Keys: []plan.JoinKey{on}})
		for i, column := range l.columns {
			now[column] = j.Schema().Column(width + 1 + i)
		}
		return j
	}
	width := len(scan.Columns)
	on.Left, on.Right = on.Right, on.Left
	j := plan.NewJoin(plan.Join{Kind: plan.InnerJoin, Left: table, Right: top, Keys: []plan.JoinKey{on}})
	for i := range now {
		now[i] = expr.Shift(now[i], width)
	}
	for i, column := range l.columns {
		now[column] = j.Schema().Column(1 + i)
	}
	return j
}

// trace is the way of a column down to the scan that it comes from.
type trace struct {
	scan       *plan.Scan // nil: it comes from none
	column     int
	path       []byte            // which inputs of joins are taken
	aggregates []*plan.Aggregate // on the way, of which the column is a group
	groups     []int
	read       bool // something on the way reads it, or gives it twice
	padded     bool // by an outer join
}

// follow traces a column of a node.
func (t *trace) follow(n plan.Node, column int) {
	switch n := n.(type) {
	case *plan.Scan:
		if column < len(n.Columns) && n.AsOf == 0 && n.Table.Statistics != nil {
			t.scan, t.column = n, column
		}
	case *plan.Filter, *plan.Sort:
		t.read = t.read || readsAny(plan.Exprs(n), column)
		t.follow(n.Inputs()[0], column)
	case *plan.Limit:
		t.follow(n.Input, column)
	case *plan.Project:
		c, ok := n.Exprs[column].(expr.Column)
		if !ok {
			return
		}
		t.read = t.read || readsAny(n.Exprs[:column], c.Index) || readsAny(n.Exprs[column+1:], c.Index)
		t.follow(n.Input, c.Index)
	case *plan.Aggregate:
		if column >= len(n.Groups) {
			return
		}
		if c, ok := n.Groups[column].(expr.Column); ok {
			t.aggregates, t.groups = append(t.aggregates, n), append(t.groups, column)
			t.follow(n.Input, c.Index)
		}
	case *plan.Join:
		t.followJoin(n, column)
	default:
	}
}

func (t *trace) followJoin(n *plan.Join, column int) {
	split := len(n.Left.Schema().Fields)
	var residual []expr.Expr
	for _, e := range []expr.Expr{n.Residual, n.Mark} {
		if e != nil {
			residual = append(residual, e)
		}
	}
	side, at, keys := 0, column, make([]expr.Expr, len(n.Keys))
	if column >= split {
		side, at = 1, column-split
	}
	for i, k := range n.Keys {
		keys[i] = []expr.Expr{k.Left, k.Right}[side]
	}
	if side == 1 && !n.Kind.Pairs() {
		return
	}
	t.padded = t.padded || n.Kind == plan.FullJoin || side == 1 && n.Kind.Padded()
	t.read = t.read || readsAny(residual, column) || readsAny(keys, at)
	t.path = append(t.path, byte(side))
	t.follow(n.Inputs()[side], at)
}

func readsAny(es []expr.Expr, column int) bool {
	return slices.ContainsFunc(es, func(e expr.Expr) bool { return slices.Contains(expr.Columns(e), column) })
}

// dropGroups leaves groups out of aggregates on a path: nothing reads them, and there are NULLs in their place, so that
// all columns stay where they are.
func dropGroups(n plan.Node, path string, drop map[*plan.Aggregate][]int) plan.Node {
	in := slices.Clone(n.Inputs())
	if len(in) == 0 {
		return n
	}
	side := 0
	if _, ok := n.(*plan.Join); ok {
		side, path = int(path[0]), path[1:]
	}
	in[side] = dropGroups(in[side], path, drop)
	if a, ok := n.(*plan.Aggregate); ok && len(drop[a]) > 0 {
		return withoutGroups(a, in[0], drop[a])
	}
	return n.WithInputs(in)
}

func withoutGroups(a *plan.Aggregate, in plan.Node, gone []int) plan.Node {
	kept := &plan.Aggregate{Input: in, Aggregates: a.Aggregates, Out: &plan.Schema{}}
	out := &plan.Schema{Fields: slices.Clone(a.Out.Fields)}
	p := &plan.Project{Input: kept, Out: out}
	for i, f := range a.Out.Fields {
		if slices.Contains(gone, i) {
			out.Fields[i].Nullable = true
			p.Exprs = append(p.Exprs, expr.Literal{Value: vector.NullOf(f.Type)})
			continue
		}
		if i < len(a.Groups) {
			kept.Groups = append(kept.Groups, a.Groups[i])
		}
		c := a.Out.Column(i)
		c.Index = len(kept.Out.Fields)
		kept.Out.Fields = append(kept.Out.Fields, f)
		p.Exprs = append(p.Exprs, c)
	}
	return p
}
