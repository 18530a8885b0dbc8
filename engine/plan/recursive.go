package plan

import (
	"fmt"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Recursive is a common table that reads itself. Its rows are those of Base, then those of Step over and over again,
// which reads through Working nodes of its Number the rows of the round before; it ends with a round that gives none.
// Without All every row is given once, and only rows that are new go into the next round (semi-naive evaluation).
type Recursive struct {
	Base, Step Node
	Number     int // one for each of the statement
	All        bool
	Out        *Schema
}

// Working is the rows of the last round of a recursive query, inside its Step.
type Working struct {
	Number int
	Out    *Schema
}

// Schema returns the common schema.
func (n *Recursive) Schema() *Schema { return n.Out }

// Schema returns the rows' schema.
func (n *Working) Schema() *Schema { return n.Out }

// Inputs returns base and step.
func (n *Recursive) Inputs() []Node { return []Node{n.Base, n.Step} }

// Inputs returns nothing: a leaf.
func (*Working) Inputs() []Node { return nil }

// WithInputs replaces base and step.
func (n *Recursive) WithInputs(in []Node) Node { c := *n; c.Base, c.Step = in[0], in[1]; return &c }

// WithInputs returns the leaf.
func (n *Working) WithInputs([]Node) Node { return n }

// String tells the number, and whether rows may come twice.
func (n *Recursive) String() string {
	if n.All {
		return fmt.Sprintf("Recursive %d", n.Number)
	}
	return fmt.Sprintf("Recursive %d distinct", n.Number)
}

// String tells the number.
func (n *Working) String() string { return fmt.Sprintf("Working %d", n.Number) }

func (*Recursive) node() {}
func (*Working) node()   {}

// ReadsWorking tells whether a node reads the rounds of a recursive query that is not below it.
func ReadsWorking(n Node) bool {
	found, own := false, map[int]bool{}
	Walk(n, func(n Node) {
		switch n := n.(type) {
		case *Recursive:
			own[n.Number] = true
		case *Working:
			found = found || !own[n.Number]
		}
	})
	return found
}

func checkRecursive(n *Recursive) error {
	for _, in := range n.Inputs() {
		fields := in.Schema().Fields
		if len(fields) != len(n.Out.Fields) {
			return sqlerr.New(sqlerr.InternalError, "%d columns for %d", len(fields), len(n.Out.Fields))
		}
		for i, f := range fields {
			if !f.Type.Equal(n.Out.Fields[i].Type) {
				return sqlerr.New(sqlerr.InternalError, "column %d is %s, not %s", i, f.Type, n.Out.Fields[i].Type)
			}
		}
	}
	return nil
}
