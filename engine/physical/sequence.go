package physical

import (
	"fmt"
	"slices"

	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// branches computes the calls of an aggregation apart where one operator can't: those that see values in an order, by
// the order; those of distinct values, by these; and all others. Each branch gives a row a group, and one aggregation
// of these puts them side by side.
type branches struct {
	below  exec.Operator // groups, then all that is read
	groups int
	calls  []branchCall
}

// branchCall is a call with the places of what it reads among the columns of branches.below.
type branchCall struct {
	expr.Aggregate

	inputs []int // Inputs
	name   string
}

func (c *branchCall) args() []int { return c.inputs[:len(c.inputs)-len(c.Order)] }

// apart tells whether an aggregation needs branches.
func (b *branches) apart() bool {
	distinct, whole := false, false
	for _, c := range b.calls {
		switch {
		case b.sequence(&c) || isDistinct(c.Aggregate) && len(c.More) > 0:
			return true
		case isDistinct(c.Aggregate):
			distinct = true
		case !splits(c.Kind):
			whole = true
		}
	}
	return distinct && whole
}

// sequence tells whether a call must see its values in an order.
func (b *branches) sequence(c *branchCall) bool {
	if c.Sequence() {
		return true
	}
	if c.Kind != expr.ArgMin && c.Kind != expr.ArgMax {
		return false
	}
	call := exec.AggregateCall{Kind: c.Kind, Arg: c.inputs[0], Weight: c.inputs[1]}
	return !call.CanFold(b.below.Schema())
}

// orderOf is how a call's values must be sorted.
func orderOf(c *branchCall) []exec.SortKey {
	arg := c.inputs[0]
	switch {
	case c.Kind == expr.ArgMin || c.Kind == expr.ArgMax:
		return []exec.SortKey{{Column: c.inputs[1], Descending: c.Kind == expr.ArgMax}}
	case c.Kind != expr.StringAgg && c.Kind != expr.ArrayAgg && len(c.Order) == 0:
		return []exec.SortKey{{Column: arg}}
	}
	keys := make([]exec.SortKey, len(c.Order))
	for i, k := range c.Order {
		at := c.inputs[len(c.inputs)-len(c.Order)+i]
		keys[i] = exec.SortKey{Column: at, Descending: k.Descending, NullsFirst: k.NullsFirst}
	}
	return keys
}

// build makes the operators.
func (b *branches) build() exec.Operator {
	members, names := map[string][]int{}, []string{}
	for i := range b.calls {
		name := b.branch(&b.calls[i])
		if members[name] == nil {
			names = append(names, name)
		}
		members[name] = append(members[name], i)
	}
	if len(names) == 1 {
		return b.one(b.below, members[names[0]])
	}
	shared := &exec.Shared{Input: b.below}
	all := make([]exec.Operator, len(names))
	for i, name := range names {
		all[i] = b.beside(b.one(shared, members[name]), members[name])
	}
	keys := columnRange(b.groups)
	calls := make([]exec.AggregateCall, len(b.calls))
	for i, c := range b.calls {
		calls[i] = exec.AggregateCall{Kind: expr.AnyValue, Arg: b.groups + i, Name: c.name, Of: c.Of}
		if c.Kind.Counts() {
			calls[i].Kind = exec.SumCounts
		}
	}
	return exec.NewAggregate(exec.NewUnion(all), keys, calls)
}

// branch names the branch that computes a call.
func (b *branches) branch(c *branchCall) string {
	distinct := ""
	if c.Distinct && (isDistinct(c.Aggregate) || b.sequence(c)) {
		distinct = fmt.Sprint("distinct ", c.args())
	}
	if b.sequence(c) {
		return fmt.Sprint(distinct, " by ", orderOf(c))
	}
	return distinct
}

// beside gives each group's row the width of all calls.
func (b *branches) beside(in exec.Operator, members []int) exec.Operator {
	exprs, labels := make([]expr.Expr, b.groups+len(b.calls)), make([]string, b.groups+len(b.calls))
	for i := range exprs {
		switch {
		case i < b.groups:
			exprs[i], labels[i] = columnOf(in, i), in.Schema()[i].Name
			continue
		case !slices.Contains(members, i-b.groups):
			exprs[i] = expr.Literal{Value: vector.NullOf(b.calls[i-b.groups].Of)}
		default:
			exprs[i] = columnOf(in, b.groups+slices.Index(members, i-b.groups))
		}
		labels[i] = b.calls[i-b.groups].name
	}
	return exec.NewProject(in, exprs, labels)
}

// one computes the calls of one branch over rows of all columns.
func (b *branches) one(in exec.Operator, members []int) exec.Operator {
	// Of the columns the branch reads its own alone.
	at := map[int]int{}
	var read []int
	use := func(column int) int {
		if _, ok := at[column]; !ok {
			at[column] = len(read)
			read = append(read, column)
		}
		return at[column]
	}
	for i := range b.groups {
		use(i)
	}
	for _, m := range members {
		for _, i := range b.calls[m].inputs {
			use(i)
		}
	}
	in = chosenColumns(in, read)
	first := &b.calls[members[0]]
	if first.Distinct && (isDistinct(first.Aggregate) || b.sequence(first)) {
		in = exec.NewAggregate(in, columnRange(len(read)), nil)
	}
	if b.sequence(first) {
		return b.sorted(in, members, use)
	}
	return b.plain(in, members, use)
}

func (b *branches) plain(in exec.Operator, members []int, use func(int) int) exec.Operator {
	calls := make([]exec.AggregateCall, len(members))
	for i, m := range members {
		c := &b.calls[m]
		calls[i] = exec.AggregateCall{Kind: c.Kind, Name: c.name, Of: c.Of}
		if c.Kind == expr.Count && len(c.More) > 0 {
			in = withAllOf(in, c.args(), use)
			calls[i].Arg = len(in.Schema()) - 1
			continue
		}
		for j, column := range c.args() {
			if j == 0 {
				calls[i].Arg = use(column)
			} else {
				calls[i].Weight = use(column)
			}
		}
	}
	return exec.NewAggregate(in, columnRange(b.groups), calls)
}

func (b *branches) sorted(in exec.Operator, members []int, use func(int) int) exec.Operator {
	keys := columnRange(b.groups)
	order := make([]exec.SortKey, 0, len(keys))
	for _, k := range keys {
		order = append(order, exec.SortKey{Column: k})
	}
	for _, k := range orderOf(&b.calls[members[0]]) {
		k.Column = use(k.Column)
		order = append(order, k)
	}
	calls := make([]exec.SequenceCall, len(members))
	for i, m := range members {
		c := &b.calls[m]
		calls[i] = exec.SequenceCall{
			Kind: c.Kind, Arg: use(c.inputs[0]), Key: use(c.inputs[0]), Fraction: c.Fraction, Descending: c.Descending,
			Separator: c.Separator, Name: c.name, Of: c.Of,
		}
		if len(c.More) > 0 {
			calls[i].Key = use(c.inputs[1])
		}
	}
	return exec.NewSortedAggregate(&exec.Sort{Input: in, Keys: order}, keys, calls)
}

// withAllOf adds a column that is NULL where one of some is.
func withAllOf(in exec.Operator, columns []int, use func(int) int) exec.Operator {
	exprs, labels := make([]expr.Expr, 0, len(in.Schema())+1), make([]string, 0, len(in.Schema())+1)
	for i, c := range in.Schema() {
		exprs, labels = append(exprs, columnOf(in, i)), append(labels, c.Name)
	}
	var there []expr.Expr
	for _, c := range columns {
		there = append(there, expr.Not{Of: expr.IsNull{Of: columnOf(in, use(c))}})
	}
	big := vector.Of(vector.Int64)
	all := expr.Case{
		Whens: []expr.When{{If: expr.Conjunction(there), Then: expr.Literal{Value: vector.IntOf(big, 1)}}},
		Else:  expr.Literal{Value: vector.NullOf(big)},
	}
	return exec.NewProject(in, append(exprs, all), append(labels, "all"))
}

// chosenColumns reads some columns of an operator.
func chosenColumns(in exec.Operator, columns []int) exec.Operator {
	exprs, labels := make([]expr.Expr, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		exprs[i], labels[i] = columnOf(in, c), in.Schema()[c].Name
	}
	return exec.NewProject(in, exprs, labels)
}

func columnOf(in exec.Operator, i int) expr.Expr {
	c := in.Schema()[i]
	return expr.Column{Index: i, Name: c.Name, Of: c.Type, IsNull: c.Nullable}
}

func columnRange(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// branchesOf prepares the branches of an aggregation.
func branchesOf(inputs *columns, n *plan.Aggregate) *branches {
	b := &branches{groups: len(n.Groups)}
	for i, a := range n.Aggregates {
		c := branchCall{Aggregate: a, name: n.Out.Fields[len(n.Groups)+i].Name}
		for _, e := range a.Inputs() {
			c.inputs = append(c.inputs, inputs.add(e))
		}
		b.calls = append(b.calls, c)
	}
	return b
}
