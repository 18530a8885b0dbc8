package plan

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Check tells whether a plan is well formed: every column exists and has the type the expression says, predicates
// are BOOLEAN, the two sides of a join key, and the inputs of a union, have one type, and what a node computes has
// the types of its schema. A failure is a defect of whoever made the plan: XX000.
func Check(n Node) error { return Checker{}.Check(n) }

// Checker checks plans that share nodes: what it has found well formed, it does not look at again.
type Checker map[Node]struct{}

// Check is Check of a plan whose nodes may have been seen.
func (c Checker) Check(n Node) error {
	if _, seen := c[n]; seen {
		return nil
	}
	for _, in := range n.Inputs() {
		if err := c.Check(in); err != nil {
			return err
		}
	}
	if err := checkNode(n); err != nil {
		return sqlerr.Wrap(err, sqlerr.InternalError, "malformed plan at %s", n)
	}
	c[n] = struct{}{}
	return nil
}

// CheckSame tells whether b has the schema of a: names, types, and no column that may be NULL only in b.
func CheckSame(a, b *Schema) error {
	if len(a.Fields) != len(b.Fields) {
		return sqlerr.New(sqlerr.InternalError, "%d columns became %d", len(a.Fields), len(b.Fields))
	}
	for i, f := range a.Fields {
		g := b.Fields[i]
		if f.Name != g.Name || !f.Type.Equal(g.Type) || g.Nullable && !f.Nullable {
			return sqlerr.New(sqlerr.InternalError, "column %s %s became %s %s", f.Name, f.Type, g.Name, g.Type)
		}
	}
	return nil
}

func checkNode(n Node) error {
	switch n := n.(type) {
	case *Scan:
		return checkPredicates(n.Where, n.Schema())
	case *Values:
		for _, row := range n.Rows {
			if err := checkOutput(row, &Schema{}, n.Out.Fields); err != nil {
				return err
			}
		}
		return nil
	case *Filter:
		return checkPredicates([]expr.Expr{n.Predicate}, n.Input.Schema())
	case *Project:
		return checkOutput(n.Exprs, n.Input.Schema(), n.Out.Fields)
	case *Join:
		return checkJoin(n)
	case *Aggregate:
		return checkAggregate(n)
	case *Sort:
		for _, k := range n.Keys {
			if err := checkColumns(k.Of, n.Input.Schema()); err != nil {
				return err
			}
		}
		return nil
	case *Window:
		return checkWindow(n)
	case *Limit:
		return nil
	case *Union:
		return checkUnion(n)
	case *Expand:
		return checkExpand(n)
	case *Series:
		return checkSeries(n)
	case *Recursive:
		return checkRecursive(n)
	case *AsOfJoin:
		return checkAsOf(n)
	case *Insert:
		return checkRows(n.Table, n.Input.Schema().Fields)
	case *Update:
		return checkUpdate(n)
	case *Delete:
		return checkDelete(n)
	case *Define, *Shared, *Explain, *Working:
		return nil
	default:
		return sqlerr.New(sqlerr.InternalError, "unknown node %T", n)
	}
}

// checkRows tells whether fields are the columns of a table.
func checkRows(t *catalog.Table, fields []Field) error {
	if len(fields) != len(t.Columns) {
		return sqlerr.New(sqlerr.InternalError, "%d columns for %d", len(fields), len(t.Columns))
	}
	for i, f := range fields {
		if !f.Type.Equal(t.Columns[i].Type) {
			return sqlerr.New(sqlerr.InternalError, "column %d is %s, not %s", i, f.Type, t.Columns[i].Type)
		}
	}
	return nil
}

func checkUpdate(n *Update) error {
	fields := n.Input.Schema().Fields
	width := max(len(fields)-addressColumns, 0)
	if err := checkAddresses(fields[width:]); err != nil {
		return err
	}
	return checkRows(n.Table, fields[:width])
}

func checkDelete(n *Delete) error {
	fields := n.Input.Schema().Fields
	if !n.Rows {
		return checkAddresses(fields)
	}
	return checkAddresses(fields[max(len(fields)-addressColumns, 0):])
}

// addressColumns is how many columns an address has: block and offset.
const addressColumns = 2

func checkAddresses(fields []Field) error {
	if len(fields) != addressColumns {
		return sqlerr.New(sqlerr.InternalError, "%d columns for an address", len(fields))
	}
	for _, f := range fields {
		if f.Type.Kind != vector.Int64 {
			return sqlerr.New(sqlerr.InternalError, "%s, a part of an address, is %s", f.Name, f.Type)
		}
	}
	return nil
}

func checkUnion(n *Union) error {
	for _, in := range n.All {
		s := in.Schema()
		if len(s.Fields) != len(n.Out.Fields) {
			return sqlerr.New(sqlerr.InternalError, "%d columns for %d", len(s.Fields), len(n.Out.Fields))
		}
		for i, f := range s.Fields {
			if !f.Type.Equal(n.Out.Fields[i].Type) {
				return sqlerr.New(sqlerr.InternalError, "column %d is %s, not %s", i, f.Type, n.Out.Fields[i].Type)
			}
		}
	}
	return nil
}

func checkAggregate(n *Aggregate) error {
	if len(n.Groups)+len(n.Aggregates) != len(n.Out.Fields) {
		return sqlerr.New(sqlerr.InternalError, "%d fields for %d groups and %d aggregates",
			len(n.Out.Fields), len(n.Groups), len(n.Aggregates))
	}
	in := n.Input.Schema()
	if err := checkOutput(n.Groups, in, n.Out.Fields[:len(n.Groups)]); err != nil {
		return err
	}
	for i, a := range n.Aggregates {
		if f := n.Out.Fields[len(n.Groups)+i]; !f.Type.Equal(a.Of) {
			return sqlerr.New(sqlerr.InternalError, "%s is %s, its field %s", a, a.Of, f.Type)
		}
		for _, e := range a.Inputs() {
			if err := checkColumns(e, in); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkJoin(n *Join) error {
	left, right := n.Left.Schema(), n.Right.Schema()
	for _, k := range n.Keys {
		if err := checkColumns(k.Left, left); err != nil {
			return err
		}
		if err := checkColumns(k.Right, right); err != nil {
			return err
		}
		if !k.Left.Type().Equal(k.Right.Type()) {
			return sqlerr.New(sqlerr.InternalError, "key %s = %s compares %s with %s",
				k.Left, k.Right, k.Left.Type(), k.Right.Type())
		}
	}
	for _, v := range n.Variables {
		if err := checkColumns(v.Of, left); err != nil {
			return err
		}
	}
	if n.Mark != nil && n.Kind != MarkJoin && n.Kind != AntiJoin {
		return sqlerr.New(sqlerr.InternalError, "the comparison %s at a join that marks nothing", n.Mark)
	}
	holds := n.Kind == LeftJoin || n.Kind == SemiJoin || n.Kind == AntiJoin
	if n.HoldLeft && (!holds || n.Mark != nil || len(n.Keys) == 0) {
		return sqlerr.New(sqlerr.InternalError, "%s can't hold its left side", n)
	}
	for _, e := range []expr.Expr{n.Residual, n.Mark} {
		if e == nil {
			continue
		}
		if err := checkPredicates([]expr.Expr{e}, BothSides(n)); err != nil {
			return err
		}
	}
	return nil
}

// BothSides returns the columns over which a join's residual and mark are written: those of both inputs.
func BothSides(n *Join) *Schema {
	if n.Kind == InnerJoin {
		return n.Schema()
	}
	c := *n
	c.Kind = InnerJoin
	return c.schema()
}

func checkOutput(es []expr.Expr, in *Schema, out []Field) error {
	if len(es) != len(out) {
		return sqlerr.New(sqlerr.InternalError, "%d expressions for %d fields", len(es), len(out))
	}
	for i, e := range es {
		if !e.Type().Equal(out[i].Type) {
			return sqlerr.New(sqlerr.InternalError, "%s is %s, its field %s", e, e.Type(), out[i].Type)
		}
		if _, ok := e.(expr.Literal); ok {
			continue
		}
		if err := checkColumns(e, in); err != nil {
			return err
		}
	}
	return nil
}

func checkPredicates(es []expr.Expr, in *Schema) error {
	for _, e := range es {
		if e.Type().Kind != vector.Boolean {
			return sqlerr.New(sqlerr.InternalError, "predicate %s is %s", e, e.Type())
		}
		if err := checkColumns(e, in); err != nil {
			return err
		}
	}
	return nil
}

func checkColumns(e expr.Expr, in *Schema) error {
	var err error
	expr.Walk(e, func(e expr.Expr) bool {
		c, ok := e.(expr.Column)
		switch {
		case !ok || err != nil:
		case c.Index < 0 || c.Index >= len(in.Fields):
			err = sqlerr.New(sqlerr.InternalError, "%s is column %d of %d", c, c.Index, len(in.Fields))
		case !c.Of.Equal(in.Fields[c.Index].Type):
			err = sqlerr.New(sqlerr.InternalError, "%s is %s, the column %s", c, c.Of, in.Fields[c.Index].Type)
		}
		return err == nil
	})
	return err
}
