package physical

import (
	"context"

	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// aggregate builds an aggregation: groups and arguments are computed below it.
func (b *builder) aggregate(ctx context.Context, n *plan.Aggregate) (exec.Operator, error) {
	if op, err := b.rollup(ctx, n); op != nil || err != nil {
		return op, err
	}
	in, err := b.build(ctx, n.Input)
	if err != nil {
		return nil, err
	}
	inputs := &columns{}
	for _, g := range n.Groups {
		inputs.append(g)
	}
	apart := branchesOf(inputs, n)
	below := exec.NewProject(in, inputs.exprs, inputs.labels(n))
	if apart.below = below; apart.apart() {
		return apart.build(), nil
	}
	calls, distinct := make([]exec.AggregateCall, len(n.Aggregates)), false
	for i, a := range n.Aggregates {
		calls[i] = exec.AggregateCall{Kind: a.Kind, Name: apart.calls[i].name, Of: a.Of}
		if a.Kind == expr.Avg && len(a.More) > 0 {
			calls[i].Kind = exec.AverageOf
		}
		for j, column := range apart.calls[i].inputs {
			if j == 0 {
				calls[i].Arg = column
			} else {
				calls[i].Weight = column
			}
		}
		distinct = distinct || isDistinct(a)
	}
	keys := columnRange(len(n.Groups))
	if !distinct {
		return exec.NewAggregate(below, keys, calls), nil
	}
	d := &distinctPlan{groups: keys, partials: partials{in: below.Schema()}}
	for i, a := range n.Aggregates {
		d.add(calls[i], isDistinct(a))
	}
	return d.build(below), nil
}

// isDistinct tells whether DISTINCT changes an aggregate.
func isDistinct(a expr.Aggregate) bool {
	if !a.Distinct {
		return false
	}
	switch a.Kind {
	case expr.CountRows, expr.Min, expr.Max, expr.BitAnd, expr.BitOr, expr.AnyValue, expr.First, expr.Last, expr.ArgMin,
		expr.ArgMax, expr.ApproxCountDistinct:
		return false
	default:
		return true
	}
}

// columns are the expressions that an aggregation reads, the groups first, each argument once.
type columns struct {
	exprs  []expr.Expr
	groups int
}

func (c *columns) append(e expr.Expr) {
	c.exprs = append(c.exprs, e)
	c.groups++
}

func (c *columns) add(e expr.Expr) int {
	for i, x := range c.exprs {
		if expr.SameExpr(x, e) {
			return i
		}
	}
	c.exprs = append(c.exprs, e)
	return len(c.exprs) - 1
}

func (c *columns) labels(n *plan.Aggregate) []string {
	out := make([]string, len(c.exprs))
	for i, e := range c.exprs {
		out[i] = e.String()
		if i < c.groups {
			out[i] = n.Out.Fields[i].Name
		}
	}
	return out
}

// distinctPlan computes aggregates over distinct values in two aggregations. Below them each row is repeated:
// once for the plain aggregates and once for each distinct argument, under a number of its own and with NULLs in
// the place of what the others need. The inner aggregation groups by the groups, that number and the distinct
// arguments; the outer one by the groups alone.
type distinctPlan struct {
	partials

	groups []int
	args   []int // the distinct arguments
	outer  []outerCall
}

// outerCall is a call of the outer aggregation over a distinct argument, or over one or two inner calls.
type outerCall struct {
	exec.AggregateCall

	distinct int // in args; -1: not distinct
	value    int // in inner
	weight   int // in inner
}

func (d *distinctPlan) add(c exec.AggregateCall, distinct bool) {
	if !distinct {
		d.outer = append(d.outer, d.split(c))
		return
	}
	d.outer = append(d.outer, outerCall{AggregateCall: c, distinct: d.argument(c.Arg)})
}

func (d *distinctPlan) argument(column int) int {
	for i, a := range d.args {
		if a == column {
			return i
		}
	}
	d.args = append(d.args, column)
	return len(d.args) - 1
}

// build stacks the operators. The repeated rows have the columns: groups, number, distinct arguments, one mark
// for counting plain rows, and the plain arguments.
func (d *distinctPlan) build(below exec.Operator) exec.Operator {
	groups, mark := len(d.groups), len(d.groups)+1+len(d.args)
	sets := make([][]int, 1+len(d.args))
	for s := range sets {
		set := append([]int(nil), d.groups...)
		set = append(set, exec.SetNumber)
		for i, a := range d.args {
			set = append(set, pick(s == i+1, a))
		}
		set = append(set, pick(s == 0, exec.SetNumber))
		for _, c := range d.inner {
			if c.Kind != exec.CountRows {
				set = append(set, pick(s == 0, c.Arg))
			}
		}
		sets[s] = set
	}
	if len(d.inner) == 0 {
		sets = sets[1:]
	}
	next := mark + 1
	for i := range d.inner {
		c := &d.inner[i]
		if c.Kind == exec.CountRows {
			c.Kind, c.Arg = exec.Count, mark
			continue
		}
		c.Arg = next
		next++
	}
	keys := make([]int, mark)
	for i := range keys {
		keys[i] = i
	}
	inner := exec.NewAggregate(exec.NewExpand(below, sets), keys, d.inner)
	calls := make([]exec.AggregateCall, len(d.outer))
	for i, o := range d.outer {
		calls[i] = o.AggregateCall
		if o.distinct >= 0 {
			calls[i].Arg = groups + 1 + o.distinct
			continue
		}
		calls[i].Arg, calls[i].Weight = mark+o.value, mark+o.weight
	}
	return exec.NewAggregate(inner, keys[:groups], calls)
}

func pick(yes bool, column int) int {
	if yes {
		return column
	}
	return exec.SetNull
}
