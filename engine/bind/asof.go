package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// asOfJoin binds ASOF JOIN: its condition is any number of equalities and one inequality, each between the two sides.
// The last column of USING is compared by >=.
func (b *binder) asOfJoin(j *ast.Join, left plan.Node, ls *scope, right member, qc queryContext) (
	plan.Node, *scope, error,
) {
	if len(right.variables) > 0 {
		return nil, nil, unsupported("ASOF JOIN LATERAL", j.Right)
	}
	split := len(left.Schema().Fields)
	n := &plan.AsOfJoin{Kind: plan.InnerJoin, Left: left, Right: right.node}
	if j.Kind == ast.LeftJoin {
		n.Kind = plan.LeftJoin
	}
	s := sideBySide(ls, right.scope, split, 0)
	c := &clause{binder: b, name: "ASOF JOIN … ON", scope: s, with: qc.with}
	condition, using, err := c.joinCondition(j, len(ls.columns))
	if err != nil {
		return nil, nil, err
	}
	if len(c.attached) > 0 {
		return nil, nil, unsupported("a subquery in ON of ASOF JOIN", j.On)
	}
	conjuncts := expr.Conjuncts(condition)
	if len(using) > 0 {
		nearest := using[len(using)-1].equal
		nearest.Op = expr.GreaterEqual
		conjuncts[len(conjuncts)-1] = nearest
	}
	if err := nearestBy(n, conjuncts, split); err != nil {
		return nil, nil, at(err, j.Right)
	}
	fields := n.Schema().Fields
	for i := range s.columns {
		s.columns[i].Nullable = fields[s.columns[i].index].Nullable
	}
	return n, s, nil
}

// nearestBy sorts the conjuncts of an as-of join's condition.
func nearestBy(n *plan.AsOfJoin, conjuncts []expr.Expr, split int) error {
	total, found := split+len(n.Right.Schema().Fields), 0
	for _, e := range conjuncts {
		if k, ok := plan.KeyOf(e, split, total); ok {
			n.Keys = append(n.Keys, k)
			continue
		}
		compare, ok := e.(expr.Compare)
		if ok {
			equal := compare
			equal.Op = expr.Equal
			n.By, ok = plan.KeyOf(equal, split, total)
		}
		switch compare.Op {
		case expr.Less, expr.LessEqual, expr.Greater, expr.GreaterEqual:
		default:
			ok = false
		}
		if !ok {
			return sqlerr.NotSupported("this condition of ASOF JOIN").
				WithHint("it takes equalities and one of <, <=, > and >=, each between a left and a right value")
		}
		n.Op = compare.Op
		if expr.Reads(compare.Right, 0, split) {
			n.Op = n.Op.Mirrored()
		}
		found++
	}
	if found != 1 {
		return sqlerr.New(sqlerr.SyntaxError, "ASOF JOIN wants one inequality between the two sides, not %d", found).
			WithHint("write ON a.key = b.key AND a.time >= b.time")
	}
	return nil
}
