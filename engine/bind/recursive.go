package bind

import (
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// recursion is a common table while its own query is bound, which may read it.
type recursion struct {
	out    *plan.Schema // nil: it must not be read
	number int
	uses   int
}

// widenings is how often the step of a recursive query is bound to find types that it does not widen any more: a sum of
// an INTEGER and a BIGINT is a BIGINT in the next round too. After that it is cast.
const widenings = 4

// recursiveTable binds a table of WITH RECURSIVE. One that does not read itself is like any other.
func (b *binder) recursiveTable(w *commonTables) (plan.Node, error) {
	b.recursions++
	r := &recursion{number: b.recursions}
	own := *w.table
	qc := queryContext{with: &commonTables{table: &own, before: w.before, outer: w.outer, self: r}, outer: w.outer}
	b.recursing = append(b.recursing, r)
	defer func() { b.recursing = b.recursing[:len(b.recursing)-1] }()
	s, ok := own.Query.(*ast.SetOperation)
	if !ok || s.Op != ast.Union || hasTail(&s.Tail) {
		return b.query(own.Query, qc)
	}
	base, err := b.query(s.Left, qc)
	if err != nil {
		return nil, err
	}
	if len(own.Columns) > len(base.Schema().Fields) {
		return nil, fail(w.table, sqlerr.SyntaxError, "%s has %d columns, and %d names are given", own.Name,
			len(base.Schema().Fields), len(own.Columns))
	}
	out, err := recursiveSchema(s, base, base)
	if err != nil {
		return nil, err
	}
	var step plan.Node
	for range widenings {
		r.out, r.uses = out, 0
		if step, err = b.query(s.Right, qc); err != nil {
			return nil, err
		}
		before := out
		if out, err = recursiveSchema(s, &plan.Working{Out: before}, step); err != nil {
			return nil, err
		}
		if r.uses == 0 || plan.CheckSame(before, out) == nil {
			break
		}
	}
	if r.uses == 0 {
		return b.query(s, queryContext{with: w.before, outer: w.outer})
	}
	out = r.out // what the step was bound with
	if base, err = b.castOutput(base, out, s.Left); err != nil {
		return nil, err
	}
	if step, err = b.castOutput(step, out, s.Right); err != nil {
		return nil, err
	}
	return &plan.Recursive{Base: base, Step: step, Number: r.number, All: s.All, Out: out}, nil
}

// hasTail tells whether a query has more than its body. A WITH of its own would be around both its sides.
func hasTail(t *ast.Tail) bool {
	return t.With != nil || t.OrderBy != nil || t.OrderByAll != nil || t.Limit != nil || t.Offset != nil
}

// recursiveSchema is the common schema of two queries, all of whose columns may be NULL in some round.
func recursiveSchema(s *ast.SetOperation, base, step plan.Node) (*plan.Schema, error) {
	out, err := commonSchema(s, base, step)
	if err != nil {
		return nil, err
	}
	for i := range out.Fields {
		out.Fields[i].Nullable = true
	}
	return out, nil
}

// working is a use of a recursive table in its own query.
func (b *binder) working(r *ast.Table, w *commonTables, qc queryContext) (plan.Node, *scope, error) {
	of := w.self
	switch {
	case of.out == nil:
		e := sqlerr.New(sqlerr.InvalidRecursion, "%s reads itself where it must not", w.table.Name)
		return nil, nil, at(e.WithHint("write first UNION [ALL] step, where only the step reads %s", w.table.Name), r)
	case b.recursing[len(b.recursing)-1] != of:
		return nil, nil, unsupported("a recursive table inside the query of another", r)
	}
	of.uses++
	n := &plan.Working{Number: of.number, Out: of.out}
	return derived(n, r.Alias, w.table, qc)
}
