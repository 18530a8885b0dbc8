package plan

import (
	"slices"
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Window computes window functions: its output is its input's columns, then a column of each call. Keys order the
// rows; each call says how many of the first partition them and how many more order a partition, so that windows of
// which one's order begins with the other's share a sort. The order of the output is not told.
type Window struct {
	Input  Node
	Keys   []expr.SortKey
	Calls  []expr.Window
	Fields []Field // of the calls
}

// Schema returns the input's columns, then the calls'.
func (n *Window) Schema() *Schema {
	return &Schema{Fields: slices.Concat(n.Input.Schema().Fields, n.Fields)}
}

// Inputs returns the input.
func (n *Window) Inputs() []Node { return []Node{n.Input} }

// WithInputs replaces the input.
func (n *Window) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// String shows the calls with their windows.
func (n *Window) String() string {
	calls := make([]string, len(n.Calls))
	for i, c := range n.Calls {
		calls[i] = c.Over(n.Keys)
	}
	return "Window " + strings.Join(calls, ", ")
}

func (*Window) node() {}

// Partitions returns by how many of the first keys every call partitions: rows that differ in them are never read
// together.
func (n *Window) Partitions() int {
	least := len(n.Keys)
	for _, c := range n.Calls {
		least = min(least, c.Partition)
	}
	return least
}

// MapExprs returns a copy with f applied to the keys and to each expression of the calls.
func (n *Window) MapExprs(f func(expr.Expr) expr.Expr) *Window {
	c := *n
	c.Keys = mapKeys(n.Keys, f)
	c.Calls = make([]expr.Window, len(n.Calls))
	for i, call := range n.Calls {
		c.Calls[i] = call.MapExprs(f)
	}
	return &c
}

func mapKeys(keys []expr.SortKey, f func(expr.Expr) expr.Expr) []expr.SortKey {
	out := make([]expr.SortKey, len(keys))
	for i, k := range keys {
		k.Of = f(k.Of)
		out[i] = k
	}
	return out
}

func checkWindow(n *Window) error {
	if len(n.Calls) != len(n.Fields) {
		return sqlerr.New(sqlerr.InternalError, "%d fields for %d calls", len(n.Fields), len(n.Calls))
	}
	in := n.Input.Schema()
	for _, k := range n.Keys {
		if err := checkColumns(k.Of, in); err != nil {
			return err
		}
	}
	for i, c := range n.Calls {
		if f := n.Fields[i]; !f.Type.Equal(c.Of) {
			return sqlerr.New(sqlerr.InternalError, "%s is %s, its field %s", c.Name(), c.Of, f.Type)
		}
		if c.Partition+c.Order > len(n.Keys) {
			return sqlerr.New(sqlerr.InternalError, "%s orders by %d keys of %d",
				c.Name(), c.Partition+c.Order, len(n.Keys))
		}
		for _, e := range c.Exprs() {
			if err := checkColumns(e, in); err != nil {
				return err
			}
		}
		if err := checkFrame(c); err != nil {
			return err
		}
	}
	return nil
}

// checkFrame tells whether the ends of a frame have what they need, of the types that they must have.
func checkFrame(c expr.Window) error {
	for _, b := range []expr.FrameBound{c.Frame.From, c.Frame.To} {
		switch {
		case b.Kind != expr.Preceding && b.Kind != expr.Following:
		case b.Offset == nil || (b.Limit == nil) == (c.Frame.Unit == expr.Range):
			return sqlerr.New(sqlerr.InternalError, "the frame of %s has no offset", c.Name())
		case c.Frame.Unit != expr.Range && b.Offset.Type().Kind != vector.Int64:
			return sqlerr.New(sqlerr.InternalError, "the frame of %s is by %s", c.Name(), b.Offset.Type())
		case c.Frame.Unit != expr.Range:
		case c.Order != 1 || c.Frame.Key == nil || !b.Limit.Type().Equal(c.Frame.Key.Type()):
			return sqlerr.New(sqlerr.InternalError, "the frame of %s reaches to %s", c.Name(), b.Limit)
		}
	}
	return nil
}
