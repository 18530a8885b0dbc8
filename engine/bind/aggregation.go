package bind

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// aggregation collects what an Aggregate node computes while the clauses above it are bound. Those are bound over
// the columns of the node's input; lift then turns them into expressions over the node's own.
type aggregation struct {
	groups []expr.Expr
	calls  []expr.Aggregate
	below  []attachment // subqueries in the arguments

	sets      [][]int // grouping sets, of ordinals of groups; nil: one, of all groups
	groupings [][]int // the arguments of each call of GROUPING, ordinals of groups
}

// settle joins the subqueries of the arguments to the node's input.
func (a *aggregation) settle(input plan.Node) plan.Node {
	c := &clause{attached: a.below}
	var args []expr.Expr
	for _, call := range a.calls {
		args = append(args, call.Inputs()...)
	}
	input, args = c.settle(input, args)
	for i, call := range a.calls {
		a.calls[i] = call.MapInputs(func(expr.Expr) (settled expr.Expr) {
			settled, args = args[0], args[1:]
			return settled
		})
	}
	return input
}

// add notes an aggregate, each different one once, and returns the column that stands for its result until lift.
func (a *aggregation) add(call expr.Aggregate) expr.Expr {
	at := len(a.calls)
	for i, c := range a.calls {
		if c.Same(call) {
			at = i
			break
		}
	}
	if at == len(a.calls) {
		a.calls = append(a.calls, call)
	}
	null := call.Nullable(a.grouped())
	return expr.Column{Index: aggregateFrom + at, Name: call.String(), Of: call.Of, IsNull: null}
}

// grouped tells whether there is no group without rows.
func (a *aggregation) grouped() bool {
	return len(a.groups) > 0 && !slices.ContainsFunc(a.sets, func(set []int) bool { return len(set) == 0 })
}

// optional tells whether a group is NULL in a grouping set that has it not.
func (a *aggregation) optional(group int) bool {
	return slices.ContainsFunc(a.sets, func(set []int) bool { return !slices.Contains(set, group) })
}

// node makes the Aggregate over its input.
func (a *aggregation) node(input plan.Node) *plan.Aggregate {
	if a.sets != nil {
		return a.expanded(input)
	}
	in := input.Schema()
	out := &plan.Schema{}
	for _, g := range a.groups {
		out.Fields = append(out.Fields, fieldOf(g, in))
	}
	for _, c := range a.calls {
		f := plan.Field{Name: c.String(), Type: c.Of, Nullable: c.Nullable(a.grouped())}
		out.Fields = append(out.Fields, f)
	}
	groups := slices.Clone(a.groups)
	for i, g := range groups {
		groups[i] = function.Distinguishable(g)
	}
	return &plan.Aggregate{Input: input, Groups: groups, Aggregates: a.distinguishing(), Out: out}
}

// distinguishing returns the calls, those that tell values apart with arguments that are.
func (a *aggregation) distinguishing() []expr.Aggregate {
	calls := slices.Clone(a.calls)
	for i, c := range calls {
		if c.Distinct || c.Kind == expr.ApproxCountDistinct {
			calls[i].Arg = function.Distinguishable(c.Arg)
		}
	}
	return calls
}

// fieldOf describes a computed column; one that is read only keeps its table and name.
func fieldOf(e expr.Expr, in *plan.Schema) plan.Field {
	if c, ok := e.(expr.Column); ok && c.Index < len(in.Fields) {
		f := in.Fields[c.Index]
		f.Nullable = c.IsNull
		return f
	}
	return plan.Field{Name: e.String(), Type: e.Type(), Nullable: e.Nullable()}
}

// lift rewrites an expression over the input into one over the Aggregate: the largest parts that are grouped by become
// their columns, aggregates theirs. Any other column of the input is 42803; places says where it was named.
func (a *aggregation) lift(e expr.Expr, places map[int]*ast.Column) (expr.Expr, error) {
	for i, g := range a.groups {
		if expr.SameExpr(e, g) {
			return expr.Column{Index: i, Name: nameOfExpr(g), Of: g.Type(), IsNull: g.Nullable() || a.optional(i)}, nil
		}
	}
	if c, ok := e.(expr.Column); ok {
		switch {
		case c.Index >= windowFrom:
			return c, nil
		case c.Index >= groupingFrom:
			return a.liftGrouping(c.Index - groupingFrom), nil
		case c.Index >= aggregateFrom:
			c.Index += len(a.groups) - aggregateFrom
			if a.sets != nil {
				c.Index++ // behind the number of the set
			}
			return c, nil
		case c.Index >= subqueryFrom:
			return c, nil
		}
		err := sqlerr.New(sqlerr.GroupingError, "column %s is neither in GROUP BY nor inside an aggregate", c.Name)
		if place := places[c.Index]; place != nil {
			return nil, at(err, place)
		}
		return nil, err
	}
	children := e.Children()
	if len(children) == 0 {
		return e, nil
	}
	lifted := make([]expr.Expr, len(children))
	for i, c := range children {
		var err error
		if lifted[i], err = a.lift(c, places); err != nil {
			return nil, err
		}
	}
	return e.WithChildren(lifted), nil
}

func nameOfExpr(e expr.Expr) string {
	if c, ok := e.(expr.Column); ok {
		return c.Name
	}
	return e.String()
}
