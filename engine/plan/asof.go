package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
)

// AsOfJoin gives each left row beside the nearest of the right rows that have equal Keys and for which By.Left Op
// By.Right is TRUE: the one with the greatest By.Right where Op is > or >=, with the least where it is < or <=. Of
// several with that value any one comes. A left row without a match is left out (InnerJoin) or padded with NULLs
// (LeftJoin).
type AsOfJoin struct {
	Kind        JoinKind
	Left, Right Node
	Keys        []JoinKey
	By          JoinKey
	Op          expr.CompareOp
}

// Schema returns the left columns and the right ones, which a left join makes nullable.
func (n *AsOfJoin) Schema() *Schema {
	return NewJoin(Join{Kind: n.Kind, Left: n.Left, Right: n.Right}).Schema()
}

// Inputs returns left and right.
func (n *AsOfJoin) Inputs() []Node { return []Node{n.Left, n.Right} }

// WithInputs replaces left and right.
func (n *AsOfJoin) WithInputs(in []Node) Node { c := *n; c.Left, c.Right = in[0], in[1]; return &c }

// String shows kind, keys and the comparison.
func (n *AsOfJoin) String() string {
	on := make([]string, 0, len(n.Keys)+1)
	for _, k := range n.Keys {
		on = append(on, fmt.Sprintf("%s = %s", k.Left, k.Right))
	}
	on = append(on, fmt.Sprintf("%s %s %s", n.By.Left, n.Op, n.By.Right))
	return "AsOf" + n.Kind.String() + "Join on " + strings.Join(on, " AND ")
}

func (*AsOfJoin) node() {}

// pairs returns the keys and the sides of the comparison.
func (n *AsOfJoin) pairs() []JoinKey { return append(slices.Clip(n.Keys), n.By) }

// mapAsOf applies f to the expressions of both sides.
func mapAsOf(n *AsOfJoin, f func(expr.Expr) expr.Expr) Node {
	c := *n
	c.Keys = make([]JoinKey, len(n.Keys))
	for i, k := range n.Keys {
		c.Keys[i] = JoinKey{Left: f(k.Left), Right: f(k.Right)}
	}
	c.By = JoinKey{Left: f(n.By.Left), Right: f(n.By.Right)}
	return &c
}

func checkAsOf(n *AsOfJoin) error {
	switch n.Op {
	case expr.Less, expr.LessEqual, expr.Greater, expr.GreaterEqual:
	default:
		return sqlerr.New(sqlerr.InternalError, "an as-of join by %s", n.Op)
	}
	if n.Kind != InnerJoin && n.Kind != LeftJoin {
		return sqlerr.New(sqlerr.InternalError, "an as-of join that is %s", n.Kind)
	}
	for _, k := range n.pairs() {
		if err := checkColumns(k.Left, n.Left.Schema()); err != nil {
			return err
		}
		if err := checkColumns(k.Right, n.Right.Schema()); err != nil {
			return err
		}
		if !k.Left.Type().Equal(k.Right.Type()) {
			return sqlerr.New(sqlerr.InternalError, "%s compares %s with %s", n, k.Left.Type(), k.Right.Type())
		}
	}
	return nil
}
