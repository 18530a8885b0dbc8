package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Expand gives each row of its input once for each grouping set: the input's columns, of which those among the first
// Groups that are not in the set are NULL, and then the set's number, from 1. A set without columns gives one row more,
// of NULLs and its number, whatever rows the input has: so grouped by that number it has a group without rows, too.
type Expand struct {
	Input  Node
	Groups int
	Sets   [][]int // columns among the first Groups, in ascending order
	Out    *Schema
}

// NewExpand makes the node.
func NewExpand(in Node, groups int, sets [][]int) *Expand {
	n := &Expand{Input: in, Groups: groups, Sets: sets, Out: &Schema{}}
	total := n.Total()
	for i, f := range in.Schema().Fields {
		f.Nullable = f.Nullable || total || i < groups && !n.everywhere(i)
		n.Out.Fields = append(n.Out.Fields, f)
	}
	n.Out.Fields = append(n.Out.Fields, Field{Name: "grouping set", Type: vector.Of(vector.Int64)})
	return n
}

// Total tells whether a set has no columns.
func (n *Expand) Total() bool {
	return slices.ContainsFunc(n.Sets, func(set []int) bool { return len(set) == 0 })
}

// everywhere tells whether a column is in all sets.
func (n *Expand) everywhere(column int) bool {
	return !slices.ContainsFunc(n.Sets, func(set []int) bool { return !slices.Contains(set, column) })
}

// Schema returns the input's columns and the number.
func (n *Expand) Schema() *Schema { return n.Out }

// Inputs returns the input.
func (n *Expand) Inputs() []Node { return []Node{n.Input} }

// WithInputs replaces the input.
func (n *Expand) WithInputs(in []Node) Node { return NewExpand(in[0], n.Groups, n.Sets) }

// String shows the sets.
func (n *Expand) String() string {
	fields := n.Input.Schema().Fields
	sets := make([]string, len(n.Sets))
	for i, set := range n.Sets {
		names := make([]string, len(set))
		for j, c := range set {
			names[j] = fields[c].Name
		}
		sets[i] = "(" + strings.Join(names, ", ") + ")"
	}
	return fmt.Sprintf("Expand to %s", strings.Join(sets, ", "))
}

func (*Expand) node() {}

func checkExpand(n *Expand) error {
	in := n.Input.Schema().Fields
	if n.Groups > len(in) || len(n.Out.Fields) != len(in)+1 {
		return sqlerr.New(sqlerr.InternalError, "%d groups of %d columns make %d", n.Groups, len(in), len(n.Out.Fields))
	}
	for _, set := range n.Sets {
		for _, c := range set {
			if c < 0 || c >= n.Groups {
				return sqlerr.New(sqlerr.InternalError, "column %d of %d groups in a grouping set", c, n.Groups)
			}
		}
	}
	for i, f := range in {
		if !f.Type.Equal(n.Out.Fields[i].Type) {
			return sqlerr.New(sqlerr.InternalError, "column %d is %s, not %s", i, f.Type, n.Out.Fields[i].Type)
		}
	}
	return nil
}
