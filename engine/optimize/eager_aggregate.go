package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// eagerAggregate is a grouping over a join, one of whose inputs is grouped first.
type eagerAggregate struct {
	of      *plan.Aggregate // over the join itself
	join    *plan.Join
	onRight bool // the input that is grouped
	split   int  // columns of the left input
	padded  bool // a left join may have NULLs in the place of what is grouped

	below  *plan.Aggregate // the grouping of the input
	calls  []eagerCall     // of each of the grouping's calls
	groups []int           // of each of its groups: the group below that it is, -1 for others

	single bool // each group is one row of the join at most: its calls are computed below

	above *plan.Join
	first int // where the columns of below begin in above
	rest  int // where those of the other input begin
}

// eagerCall says how a call is computed from what below gives.
type eagerCall struct {
	value, count int // columns of below; -1: the call reads the other input, or needs no count
}

// newEagerAggregate tells how to group an input first; nil where that gives other results, or may fail where the whole
// would not.
func newEagerAggregate(a *plan.Aggregate, onRight bool) *eagerAggregate {
	if p, ok := a.Input.(*plan.Project); ok && !slices.ContainsFunc(p.Exprs, expr.IsVolatile) {
		c := *a
		c.Input = p.Input
		a, _ = replaceColumns(&c, p.Exprs).(*plan.Aggregate)
	}
	j, ok := a.Input.(*plan.Join)
	if !ok || len(j.Keys) == 0 || len(j.Variables) > 0 || j.Kind != plan.InnerJoin && j.Kind != plan.LeftJoin ||
		slices.ContainsFunc(slices.Concat(plan.Exprs(a), plan.Exprs(j)), expr.IsVolatile) {
		return nil
	}
	e := &eagerAggregate{of: a, join: j, onRight: onRight, split: len(j.Left.Schema().Fields)}
	e.padded = onRight && j.Kind == plan.LeftJoin
	e.below = &plan.Aggregate{Input: j.Left, Out: &plan.Schema{}}
	if onRight {
		e.below.Input = j.Right
	}
	if !e.addGroups() {
		return nil
	}
	e.single = e.provenSingle()
	if !e.addCalls() {
		return nil
	}
	return e
}

// lo and hi are the columns of the grouped input in the join.
func (e *eagerAggregate) lo() int {
	if e.onRight {
		return e.split
	}
	return 0
}

func (e *eagerAggregate) hi() int { return e.lo() + len(e.below.Input.Schema().Fields) }

// own tells whether a column of the join is one of the grouped input.
func (e *eagerAggregate) own(i int) bool { return i >= e.lo() && i < e.hi() }

// other is the input that is not grouped first.
func (e *eagerAggregate) other() plan.Node {
	if e.onRight {
		return e.join.Left
	}
	return e.join.Right
}

// otherColumn is the number that a column of the join has in the other input.
func (e *eagerAggregate) otherColumn(i int) int {
	if e.onRight {
		return i
	}
	return i - e.split
}

// ends returns the two sides of a key: over the grouped input and over the other one.
func (e *eagerAggregate) ends(k plan.JoinKey) (own, others expr.Expr) {
	if e.onRight {
		return k.Right, k.Left
	}
	return k.Left, k.Right
}

// whole tells whether every row of the grouped input is joined, so that what is computed of it is computed anyhow.
func (e *eagerAggregate) whole() bool { return !e.onRight && e.join.Kind == plan.LeftJoin }

// computable tells whether what an expression over the grouped input gives below the join is what it gives above: it is
// NULL where the join has NULLs for the input, and does not fail of rows that are not joined.
func (e *eagerAggregate) computable(of expr.Expr) bool {
	return (!e.padded || strict(of, e.lo(), e.hi())) && (e.whole() || neverFails(of))
}

// group adds a group below, over the columns of the input.
func (e *eagerAggregate) group(g expr.Expr) int {
	for i, old := range e.below.Groups {
		if expr.SameExpr(old, g) {
			return i
		}
	}
	e.below.Groups = append(e.below.Groups, g)
	e.below.Out.Fields = append(e.below.Out.Fields, fieldOf(g, e.below.Input.Schema()))
	return len(e.below.Groups) - 1
}

// addGroups groups by the keys, by what the groups above read of the input, and by what the join's residual reads.
func (e *eagerAggregate) addGroups() bool {
	for _, k := range e.join.Keys {
		own, _ := e.ends(k)
		e.group(own)
	}
	for _, g := range e.of.Groups {
		if reads(g, e.lo(), e.hi()) && e.computable(g) {
			e.groups = append(e.groups, e.group(expr.Shift(g, -e.lo())))
			continue
		}
		e.groups = append(e.groups, -1)
		if !e.addColumns(g) {
			return false
		}
	}
	return e.join.Residual == nil || e.addColumns(e.join.Residual)
}

// addColumns groups by what an expression reads of the input. Of a group's values one stands for all, so those that
// are equal must be the same: 0 and -0 are not, nor a day and 24 hours.
func (e *eagerAggregate) addColumns(of expr.Expr) bool {
	for _, i := range expr.Columns(of) {
		if !e.own(i) {
			continue
		}
		c := e.below.Input.Schema().Column(i - e.lo())
		switch c.Of.Kind {
		case vector.Float32, vector.Float64, vector.Interval, vector.List, vector.Struct:
			return false
		default:
			e.group(c)
		}
	}
	return true
}

// addCalls adds the partial results that the calls need.
func (e *eagerAggregate) addCalls() bool {
	for _, a := range e.of.Aggregates {
		c := eagerCall{-1, -1}
		switch inputs := a.Inputs(); {
		case a.Kind == expr.CountRows:
			c.value = e.partial(a)
		case len(inputs) != 1 || a.Sequence():
			return false
		case (a.Kind == expr.Min || a.Kind == expr.Max) && !e.reads(inputs[0]):
			// of the other input, where it does not matter how often a value comes
		case !reads(inputs[0], e.lo(), e.hi()) || !e.computable(inputs[0]):
			return false
		default:
			if !e.addCall(a, &c) {
				return false
			}
		}
		e.calls = append(e.calls, c)
	}
	return true
}

// reads tells whether an expression reads the input that is grouped, or no column at all.
func (e *eagerAggregate) reads(of expr.Expr) bool {
	columns := expr.Columns(of)
	return len(columns) == 0 || slices.ContainsFunc(columns, e.own)
}

// addCall adds the partial results of a call over the grouped input.
func (e *eagerAggregate) addCall(a expr.Aggregate, c *eagerCall) bool {
	a = a.MapInputs(func(x expr.Expr) expr.Expr { return expr.Shift(x, -e.lo()) })
	switch a.Kind {
	case expr.Min, expr.Max:
		a.Distinct = false
		c.value = e.partial(a)
		return true
	case expr.Count:
		c.value = e.partial(a)
		return !a.Distinct
	case expr.Sum, expr.Avg:
		if a.Kind == expr.Avg && e.single {
			c.value = e.partial(a)
			return !a.Distinct
		}
		count := a
		count.Kind, count.Of = expr.Count, vector.Of(vector.Int64)
		if a.Kind == expr.Avg {
			c.count = e.partial(count)
		}
		t := a.Arg.Type()
		a.Kind, a.Of = expr.Sum, vector.DecimalType(vector.MaxDecimalDigits, int(t.Scale))
		c.value = e.partial(a)
		return !a.Distinct && exactSum(t)
	default:
		return false
	}
}

// summedDigits is of how many digits values may be whose sums are computed in parts: a part that does not fit 38, where
// the whole might, is of 10 million of the greatest at least.
const summedDigits = 31

// exactSum tells whether sums of a type may be computed in parts: those of DOUBLEs depend on the order.
func exactSum(t vector.Type) bool {
	return t.IsInteger() || t.Kind == vector.Decimal && t.Precision <= summedDigits
}

// partial adds a call below and returns its column.
func (e *eagerAggregate) partial(a expr.Aggregate) int {
	for i, old := range e.below.Aggregates {
		if old.Same(a) {
			return len(e.below.Groups) + i
		}
	}
	e.below.Aggregates = append(e.below.Aggregates, a)
	field := plan.Field{Name: a.String(), Type: a.Of, Nullable: a.Nullable(true)}
	e.below.Out.Fields = append(e.below.Out.Fields, field)
	return len(e.below.Out.Fields) - 1
}
