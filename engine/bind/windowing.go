package bind

import (
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// windowing collects the window functions of a SELECT while its clauses are bound, over the columns that those are
// bound over; node then puts them above what the rows are by then.
type windowing struct {
	named map[string]ast.Window // of the WINDOW clause, by their folded names
	calls []windowCall
}

// windowCall is a window function with its window. Partition and Order of the call are told by node.
type windowCall struct {
	expr.Window

	partition []expr.Expr // each once
	order     []expr.SortKey
}

// windowsOf reads a WINDOW clause, whose definitions see those before them.
func windowsOf(clause []ast.NamedWindow) (*windowing, error) {
	out := &windowing{named: map[string]ast.Window{}}
	for _, d := range clause {
		name := catalog.FoldName(d.Name.Text)
		if _, twice := out.named[name]; twice {
			return nil, fail(d.Name, sqlerr.WindowingError, "window %s is defined twice", d.Name.Text)
		}
		w, err := out.resolve(d.Window)
		if err != nil {
			return nil, err
		}
		out.named[name] = w
	}
	return out, nil
}

// without is a collection of its own for the same clause.
func (w *windowing) without() *windowing { return &windowing{named: w.named} }

// resolve puts the definition that a window begins with into it: its partitions, and its order and frame where the
// window has none.
func (w *windowing) resolve(def ast.Window) (ast.Window, error) {
	if def.Name == nil {
		return def, nil
	}
	name := def.Name.Text
	base, ok := w.named[catalog.FoldName(name)]
	switch {
	case !ok:
		return def, fail(def.Name, sqlerr.UndefinedObject, "window %s does not exist", name)
	case len(def.PartitionBy) > 0:
		return def, fail(def, sqlerr.WindowingError, "a window that begins with %s can't have a PARTITION BY", name)
	case len(def.OrderBy) > 0 && len(base.OrderBy) > 0:
		return def, fail(def, sqlerr.WindowingError, "window %s has an ORDER BY already", name)
	case base.Frame != nil && (len(def.OrderBy) > 0 || def.Frame != nil):
		return def, fail(def, sqlerr.WindowingError, "window %s has a frame, so that it can't be changed", name)
	}
	out := base
	out.At = def.At
	if len(def.OrderBy) > 0 {
		out.OrderBy = def.OrderBy
	}
	if def.Frame != nil {
		out.Frame = def.Frame
	}
	return out, nil
}

// add notes a call, each different one once, and returns the column that stands for its result until node.
func (w *windowing) add(call windowCall) expr.Expr {
	i := slices.IndexFunc(w.calls, call.same)
	if i < 0 {
		i = len(w.calls)
		w.calls = append(w.calls, call)
	}
	return expr.Column{Index: windowFrom + i, Name: call.Name(), Of: call.Of, IsNull: call.Nullable()}
}

func (c *windowCall) same(o windowCall) bool {
	return c.Same(o.Window) && slices.EqualFunc(c.partition, o.partition, expr.SameExpr) &&
		slices.EqualFunc(c.order, o.order, sameKey)
}

func sameKey(a, b expr.SortKey) bool {
	return a.Descending == b.Descending && a.NullsFirst == b.NullsFirst && expr.SameExpr(a.Of, b.Of)
}

// windowed tells whether an expression reads the result of a window function.
func windowed(es []expr.Expr) bool {
	for _, e := range es {
		if slices.ContainsFunc(expr.Columns(e), func(c int) bool { return c >= windowFrom }) {
			return true
		}
	}
	return false
}

// exprs returns all that the calls compute from their input.
func (w *windowing) exprs() []expr.Expr {
	var out []expr.Expr
	for _, c := range w.calls {
		out = append(out, c.partition...)
		for _, k := range c.order {
			out = append(out, k.Of)
		}
		out = append(out, c.Exprs()...)
	}
	return out
}

// with puts others in the place of exprs.
func (w *windowing) with(es []expr.Expr) []windowCall {
	next := func(expr.Expr) (e expr.Expr) {
		e, es = es[0], es[1:]
		return e
	}
	out := slices.Clone(w.calls)
	for i := range out {
		c := &out[i]
		c.partition, c.order = slices.Clone(c.partition), slices.Clone(c.order)
		for j := range c.partition {
			c.partition[j] = next(nil)
		}
		for j := range c.order {
			c.order[j].Of = next(nil)
		}
		c.Window = c.MapExprs(next)
	}
	return out
}

// node puts the calls, whose expressions are own by now, above the input, and their columns into outputs. Calls share
// a node, which sorts once, where the order of one begins with that of another.
func (w *windowing) node(input plan.Node, outputs, own []expr.Expr) (plan.Node, []expr.Expr) {
	if len(w.calls) == 0 {
		return input, outputs
	}
	calls := w.with(own)
	order := make([]int, len(calls))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return calls[b].keys() - calls[a].keys() })
	var groups []windowGroup
	for _, i := range order {
		fits := slices.IndexFunc(groups, func(g windowGroup) bool { return g.fits(&calls[i]) })
		if fits < 0 {
			fits = len(groups)
			groups = append(groups, windowGroup{keys: calls[i].sortKeys()})
		}
		groups[fits].calls = append(groups[fits].calls, i)
	}
	places := make([]int, len(calls))
	for _, g := range groups {
		slices.Sort(g.calls)
		n := &plan.Window{Input: input, Keys: g.keys}
		width := len(input.Schema().Fields)
		for _, i := range g.calls {
			c := &calls[i]
			c.Partition, c.Order = len(c.partition), len(c.order)
			places[i] = width + len(n.Calls)
			n.Calls = append(n.Calls, c.Window)
			n.Fields = append(n.Fields, plan.Field{Name: c.Name(), Type: c.Of, Nullable: c.Nullable()})
		}
		input = n
	}
	for i, e := range outputs {
		outputs[i] = expr.Remap(e, func(at int) int {
			if at >= windowFrom {
				return places[at-windowFrom]
			}
			return at
		})
	}
	return input, outputs
}

// windowGroup is the calls that share a sort.
type windowGroup struct {
	keys  []expr.SortKey
	calls []int
}

func (c *windowCall) keys() int { return len(c.partition) + len(c.order) }

func (c *windowCall) sortKeys() []expr.SortKey {
	keys := make([]expr.SortKey, 0, c.keys())
	for _, p := range c.partition {
		keys = append(keys, expr.SortKey{Of: p})
	}
	return append(keys, c.order...)
}

// fits tells whether rows that are ordered by the group's keys are ordered for a call.
func (g *windowGroup) fits(c *windowCall) bool {
	parts := len(c.partition)
	if c.keys() > len(g.keys) || !slices.EqualFunc(g.keys[parts:c.keys()], c.order, sameKey) {
		return false
	}
	for _, k := range g.keys[:parts] {
		if !slices.ContainsFunc(c.partition, func(p expr.Expr) bool { return expr.SameExpr(p, k.Of) }) {
			return false
		}
	}
	for _, p := range c.partition { // keys may repeat: (a, a) has nothing but (a, b), and not all of it
		if !slices.ContainsFunc(g.keys[:parts], func(k expr.SortKey) bool { return expr.SameExpr(p, k.Of) }) {
			return false
		}
	}
	return true
}
