package physical

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// builder makes the operators of one plan, and owns the scans that it opens.
type builder struct {
	snapshot catalog.Snapshot
	debug    exec.Debug
	memory   memory.Allocator // for what is read from outside
	scans    []catalog.Scan
	uses     map[plan.Node]int // how often a node is in the plan
	filters  map[*plan.Scan][]*catalog.RuntimeFilter
	first    map[*plan.Sort]int64 // of how many rows of a sort are wanted
	shared   map[*plan.Shared]*exec.Shared
	rounds   *rounds // nil: outside of a recursive query's step

	rows      map[plan.Node]float64 // estimates to be shown; nil for none
	estimates exec.Estimates        // the same, of the operators
}

// root builds a whole plan.
func (b *builder) root(ctx context.Context, n plan.Node) (exec.Operator, error) {
	b.uses = map[plan.Node]int{}
	b.filters = map[*plan.Scan][]*catalog.RuntimeFilter{}
	b.first = map[*plan.Sort]int64{}
	b.shared = map[*plan.Shared]*exec.Shared{}
	b.estimates = exec.Estimates{}
	b.count(n)
	return b.build(ctx, n)
}

func (b *builder) count(n plan.Node) {
	b.uses[n]++
	if _, shared := n.(*plan.Shared); shared && b.uses[n] > 1 {
		return // it runs once
	}
	for _, in := range n.Inputs() {
		b.count(in)
	}
	if r, ok := n.(*plan.Recursive); ok { // which runs more than once, and asks for other rows each time
		b.count(r.Step)
	}
}

// close closes the scans.
func (b *builder) close() error {
	var err error
	for _, s := range b.scans {
		err = errors.Join(err, s.Close())
	}
	b.scans = nil
	return err
}

func (b *builder) build(ctx context.Context, n plan.Node) (exec.Operator, error) {
	if b.isFixed(n) {
		return b.fixed(ctx, n)
	}
	op, err := b.operator(ctx, n)
	if rows, ok := b.rows[n]; ok && err == nil {
		b.estimate(op, rows)
	}
	return op, err
}

// estimate notes how many rows an operator may give, and those below it that only compute columns for it.
func (b *builder) estimate(op exec.Operator, rows float64) {
	if _, known := b.estimates[op]; known {
		return
	}
	b.estimates[op] = rows
	if p, ok := op.(*exec.Project); ok {
		b.estimate(p.Inputs()[0], rows)
	}
}

func (b *builder) operator(ctx context.Context, n plan.Node) (exec.Operator, error) {
	switch n := n.(type) {
	case *plan.Scan:
		return b.scan(ctx, n, nil)
	case *plan.Values:
		types := make([]vector.Type, len(n.Out.Fields))
		for i, f := range n.Out.Fields {
			types[i] = f.Type
		}
		return exec.NewValues(n.Rows, names(n.Out), types)
	case *plan.Filter:
		return b.filter(ctx, n)
	case *plan.Project:
		in, err := b.build(ctx, n.Input)
		if err != nil {
			return nil, err
		}
		return exec.NewProject(in, n.Exprs, names(n.Out)), nil
	case *plan.Join:
		return b.join(ctx, n)
	case *plan.Aggregate:
		return b.aggregate(ctx, n)
	case *plan.Sort:
		return b.sort(ctx, n)
	case *plan.Window:
		return b.window(ctx, n)
	case *plan.Limit:
		return b.limit(ctx, n)
	case *plan.Union:
		return b.union(ctx, n)
	case *plan.Expand:
		return b.expand(ctx, n)
	case *plan.Series:
		return b.series(ctx, n)
	case *plan.AsOfJoin:
		return b.asOfJoin(ctx, n)
	case *plan.Recursive:
		return b.recursive(ctx, n)
	case *plan.Working:
		return b.rounds.working, nil
	case *plan.Shared:
		return b.share(ctx, n)
	default:
		return b.change(ctx, n)
	}
}

// change builds statements that are no queries.
func (b *builder) change(ctx context.Context, n plan.Node) (exec.Operator, error) {
	switch n := n.(type) {
	case *plan.Insert:
		in, err := b.build(ctx, n.Input)
		return &exec.Insert{Change: changeOf(in, n.Table, n.Rows)}, err
	case *plan.Delete:
		in, err := b.build(ctx, n.Input)
		return &exec.Delete{Change: changeOf(in, n.Table, n.Rows)}, err
	case *plan.Update:
		in, err := b.build(ctx, n.Input)
		return &exec.Update{Change: changeOf(in, n.Table, n.Rows)}, err
	case *plan.Define:
		d := &exec.Define{Change: n.Change, Also: n.Also, Title: n.String()}
		if n.As == nil {
			return d, nil
		}
		var err error
		d.As, err = b.build(ctx, n.As)
		return d, err
	case *plan.Explain:
		return b.explain(ctx, n)
	default:
		return nil, sqlerr.New(sqlerr.InternalError, "there is no operator for %T", n)
	}
}

func changeOf(in exec.Operator, t *catalog.Table, rows bool) exec.Change {
	return exec.Change{Input: in, Name: t.Name, Table: t.ID, Rows: rows}
}

func names(s *plan.Schema) []string {
	out := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		out[i] = f.Name
	}
	return out
}

func (b *builder) filter(ctx context.Context, n *plan.Filter) (exec.Operator, error) {
	var in exec.Operator
	var err error
	if s, ok := n.Input.(*plan.Scan); ok { // the scan may leave rows out by it, too
		in, err = b.scan(ctx, s, expr.Conjuncts(n.Predicate))
	} else {
		in, err = b.build(ctx, n.Input)
	}
	if err != nil {
		return nil, err
	}
	return exec.NewFilter(in, n.Predicate), nil
}

// topRows is up to how many rows a sort with a limit keeps only those.
const topRows = 1 << 16

// limit builds a limit, and tells a sort below it how many rows are wanted.
func (b *builder) limit(ctx context.Context, n *plan.Limit) (exec.Operator, error) {
	below := n.Input
	for {
		p, ok := below.(*plan.Project)
		if !ok {
			break
		}
		below = p.Input
	}
	s, ok := below.(*plan.Sort)
	if ok && b.uses[s] == 1 && n.Count > 0 && n.Count <= topRows && n.Offset <= topRows-n.Count {
		b.first[s] = n.Count + n.Offset
	}
	in, err := b.build(ctx, n.Input)
	return &exec.Limit{Input: in, Count: n.Count, Offset: n.Offset}, err
}

// share builds a shared subplan once.
func (b *builder) share(ctx context.Context, n *plan.Shared) (exec.Operator, error) {
	if s := b.shared[n]; s != nil {
		return s, nil
	}
	in, err := b.build(ctx, n.Input)
	if err != nil {
		return nil, err
	}
	b.shared[n] = &exec.Shared{Input: in, Number: n.Number}
	if b.rounds != nil {
		b.rounds.varying = append(b.rounds.varying, b.shared[n])
	}
	return b.shared[n], nil
}

func (b *builder) union(ctx context.Context, n *plan.Union) (exec.Operator, error) {
	all := make([]exec.Operator, len(n.All))
	for i, in := range n.All {
		var err error
		if all[i], err = b.build(ctx, in); err != nil {
			return nil, err
		}
	}
	return exec.NewUnion(all), nil
}

func (b *builder) series(ctx context.Context, n *plan.Series) (exec.Operator, error) {
	in, err := b.build(ctx, n.Input)
	if err != nil {
		return nil, err
	}
	s := exec.Series{Input: in, From: n.From, To: n.To, Step: n.Step, Inclusive: n.Inclusive}
	return exec.NewSeries(s, n.Field.Name), nil
}

func (b *builder) sort(ctx context.Context, n *plan.Sort) (exec.Operator, error) {
	in, err := b.build(ctx, n.Input)
	if err != nil {
		return nil, err
	}
	width := len(in.Schema())
	exprs := make([]expr.Expr, len(n.Keys))
	for i, k := range n.Keys {
		exprs[i] = k.Of
	}
	in, at := withColumns(in, exprs)
	keys := make([]exec.SortKey, 0, len(n.Keys))
	for i, k := range n.Keys {
		if !expr.IsConstant(k.Of) {
			keys = append(keys, exec.SortKey{Column: at[i], Descending: k.Descending, NullsFirst: k.NullsFirst})
		}
	}
	return firstColumns(&exec.Sort{Input: in, Keys: keys, Limit: b.first[n]}, width), nil
}

// withColumns appends the expressions that are no columns to an operator's output, and returns where each
// expression's value is.
func withColumns(in exec.Operator, exprs []expr.Expr) (exec.Operator, []int) {
	schema := in.Schema()
	at := make([]int, len(exprs))
	all, labels := columnsOf(schema, len(schema))
	for i, e := range exprs {
		if c, ok := e.(expr.Column); ok {
			at[i] = c.Index
			continue
		}
		at[i] = len(all)
		all, labels = append(all, e), append(labels, e.String())
	}
	if len(all) == len(schema) {
		return in, at
	}
	return exec.NewProject(in, all, labels), at
}

// columnsOf returns expressions that read the first n columns of a schema, and their names.
func columnsOf(s exec.Schema, n int) ([]expr.Expr, []string) {
	all, labels := make([]expr.Expr, n), make([]string, n)
	for i, c := range s[:n] {
		all[i] = expr.Column{Index: i, Name: c.Name, Of: c.Type, IsNull: c.Nullable}
		labels[i] = c.Name
	}
	return all, labels
}

// firstColumns drops all columns but the first n.
func firstColumns(in exec.Operator, n int) exec.Operator {
	if len(in.Schema()) == n {
		return in
	}
	all, labels := columnsOf(in.Schema(), n)
	return exec.NewProject(in, all, labels)
}

func (b *builder) explain(ctx context.Context, n *plan.Explain) (exec.Operator, error) {
	column := n.Schema().Fields[0].Name
	if n.Analyze {
		b.rows = n.Rows
		in, err := b.build(ctx, n.Input)
		return &exec.Analyze{Input: in, Column: column, Estimates: b.estimates}, err
	}
	inner := &builder{snapshot: b.snapshot, debug: b.debug, memory: b.memory, rows: n.Rows}
	op, err := inner.root(ctx, n.Input)
	if err = errors.Join(err, inner.close()); err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	lines := append([]string{"logical plan:"}, indented(plan.Format(n.Input))...)
	lines = append(lines, "physical plan:")
	lines = append(lines, indented(exec.Format(op, inner.estimates))...)
	return exec.NewText(column, lines), nil
}
