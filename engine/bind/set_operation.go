package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// setOperation binds UNION, INTERSECT and EXCEPT [ALL], in which NULL is the same as NULL. What removes duplicates is
// a grouping; INTERSECT and EXCEPT without ALL are semi and anti joins of all columns.
func (b *binder) setOperation(s *ast.SetOperation, qc queryContext) (plan.Node, error) {
	left, err := b.query(s.Left, qc)
	if err != nil {
		return nil, err
	}
	right, err := b.query(s.Right, qc)
	if err != nil {
		return nil, err
	}
	out, err := commonSchema(s, left, right)
	if err != nil {
		return nil, err
	}
	if left, err = b.castOutput(left, out, s.Left); err != nil {
		return nil, err
	}
	if right, err = b.castOutput(right, out, s.Right); err != nil {
		return nil, err
	}
	switch {
	case s.Op == ast.Union && s.All:
		return unionOf(left, right, out), nil
	case s.Op == ast.Union:
		return distinct(unionOf(left, right, out)), nil
	case s.All:
		return counted(s.Op, left, right), nil
	default:
		return matched(s.Op, left, right), nil
	}
}

// setNames are the operators as messages name them.
func setName(op ast.SetOp) string {
	return [...]string{ast.Union: "UNION", ast.Intersect: "INTERSECT", ast.Except: "EXCEPT"}[op]
}

// commonSchema finds the types that the columns of both queries are cast to.
func commonSchema(s *ast.SetOperation, left, right plan.Node) (*plan.Schema, error) {
	l, r := left.Schema().Fields, right.Schema().Fields
	if len(l) != len(r) {
		return nil, fail(s.Right, sqlerr.SyntaxError, "%s joins queries of %d and of %d columns", setName(s.Op), len(l),
			len(r))
	}
	out := &plan.Schema{}
	for i := range l {
		t, ok := function.Common(outputHint(left, i), outputHint(right, i))
		if !ok {
			e := sqlerr.New(sqlerr.DatatypeMismatch, "column %d of %s has the types %s and %s", i+1, setName(s.Op),
				l[i].Type, r[i].Type)
			return nil, at(e.WithHint("cast one of them"), s.Right)
		}
		if t.Kind == vector.Unknown {
			t = vector.Of(vector.Text)
		}
		out.Fields = append(out.Fields, plan.Field{Name: l[i].Name, Type: t, Nullable: l[i].Nullable || r[i].Nullable})
	}
	return out, nil
}

// unionOf appends the right query's rows to the left's.
func unionOf(left, right plan.Node, out *plan.Schema) plan.Node {
	union := &plan.Union{Out: out}
	if u, ok := left.(*plan.Union); ok {
		union.All = append(union.All, u.All...)
	} else {
		union.All = append(union.All, left)
	}
	union.All = append(union.All, right)
	return union
}

// matched is INTERSECT and EXCEPT without ALL: the left query's rows, each once, that are among the right's, or are
// not.
func matched(op ast.SetOp, left, right plan.Node) plan.Node {
	j := &plan.Join{Kind: plan.SemiJoin, Left: left, Right: right}
	if op == ast.Except {
		j.Kind = plan.AntiJoin
	}
	if !distinctRows(left) {
		j.Left = distinct(left)
	}
	width := len(left.Schema().Fields)
	var same []expr.Expr
	for i := range width {
		l, r := left.Schema().Column(i), right.Schema().Column(i)
		r.Index += width
		same = append(same, expr.Compare{
			Op: expr.NotDistinct, Left: function.Orderable(l), Right: function.Orderable(r),
		})
	}
	j.Residual = expr.Conjunction(same)
	return j
}

// distinctRows tells by a plan's form whether its rows differ.
func distinctRows(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Aggregate:
		return len(n.Aggregates) == 0
	case *plan.Join:
		return (n.Kind == plan.SemiJoin || n.Kind == plan.AntiJoin) && distinctRows(n.Left)
	default:
		return false
	}
}

// counted is INTERSECT ALL and EXCEPT ALL: both queries' rows are counted by a grouping, and each is given as often as
// the lesser of its two counts, or as the left's is greater.
func counted(op ast.SetOp, left, right plan.Node) plan.Node {
	width := len(left.Schema().Fields)
	big := vector.Of(vector.Int64)
	marked := func(n plan.Node, of int) plan.Node {
		p := &plan.Project{Input: n, Out: &plan.Schema{}}
		for i, f := range n.Schema().Fields {
			p.Exprs = append(p.Exprs, function.Distinguishable(n.Schema().Column(i)))
			p.Out.Fields = append(p.Out.Fields, f)
		}
		for i, name := range []string{"left", "right"} {
			mark := vector.NullOf(big)
			if i == of {
				mark = vector.IntOf(big, 1)
			}
			p.Exprs = append(p.Exprs, expr.Literal{Value: mark})
			p.Out.Fields = append(p.Out.Fields, plan.Field{Name: name, Type: big, Nullable: true})
		}
		return p
	}
	l, r := marked(left, 0), marked(right, 1)
	out := &plan.Schema{}
	for i, f := range l.Schema().Fields {
		f.Nullable = f.Nullable || r.Schema().Fields[i].Nullable
		out.Fields = append(out.Fields, f)
	}
	union := &plan.Union{All: []plan.Node{l, r}, Out: out}
	a := &aggregation{}
	for i := range width {
		a.groups = append(a.groups, out.Column(i))
	}
	for i := range 2 {
		a.calls = append(a.calls, expr.Aggregate{Kind: expr.Count, Arg: out.Column(width + i), Of: big})
	}
	groups := a.node(union)
	ours, theirs := expr.Expr(groups.Schema().Column(width)), expr.Expr(groups.Schema().Column(width+1))
	var times expr.Expr
	if op == ast.Except {
		times = expr.Arithmetic{Op: expr.Subtract, Left: ours, Right: theirs, Of: big}
	} else {
		fewer := expr.Compare{Op: expr.Less, Left: ours, Right: theirs}
		times = expr.Case{Whens: []expr.When{{If: fewer, Then: ours}}, Else: theirs}
	}
	one := expr.Literal{Value: vector.IntOf(big, 1)}
	series := &plan.Series{
		Input: groups, From: one, To: times, Step: one, Inclusive: true, Field: plan.Field{Name: "copy", Type: big},
	}
	p := &plan.Project{Input: series, Out: &plan.Schema{Fields: out.Fields[:width]}}
	for i := range width {
		p.Exprs = append(p.Exprs, series.Schema().Column(i))
	}
	return p
}

// outputHint is the type of a query's column; Unknown where it is a literal that takes any type.
func outputHint(n plan.Node, i int) vector.Type {
	if p, ok := n.(*plan.Project); ok {
		if l, ok := p.Exprs[i].(expr.Literal); ok && (l.Value.Null || textLiteral(l)) {
			return unknown()
		}
	}
	return n.Schema().Fields[i].Type
}

// castOutput makes a query's columns those of a schema by type; literals are converted in place.
func (b *binder) castOutput(n plan.Node, to *plan.Schema, place ast.Node) (plan.Node, error) {
	fields := n.Schema().Fields
	same := true
	for i := range fields {
		same = same && fields[i].Type.Equal(to.Fields[i].Type)
	}
	if same {
		return n, nil
	}
	exprs := make([]expr.Expr, len(fields))
	for i := range fields {
		exprs[i] = n.Schema().Column(i)
	}
	input := n
	if p, ok := n.(*plan.Project); ok {
		exprs, input = append([]expr.Expr(nil), p.Exprs...), p.Input
	}
	out := &plan.Schema{}
	for i, e := range exprs {
		e, err := b.coerce(e, to.Fields[i].Type, place)
		if err != nil {
			return nil, err
		}
		exprs[i] = e
		out.Fields = append(out.Fields, plan.Field{Name: fields[i].Name, Type: e.Type(), Nullable: e.Nullable()})
	}
	return &plan.Project{Input: input, Exprs: exprs, Out: out}, nil
}

// distinct removes duplicates.
func distinct(n plan.Node) plan.Node {
	s := n.Schema()
	a := &plan.Aggregate{Input: n, Out: &plan.Schema{}}
	for i, f := range s.Fields {
		a.Groups = append(a.Groups, function.Distinguishable(s.Column(i)))
		a.Out.Fields = append(a.Out.Fields, f)
	}
	return a
}
