package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func unknown() vector.Type { return vector.Of(vector.Unknown) }

func isText(t vector.Type) bool { return t.Kind == vector.Text }

// textLiteral tells whether e is a text constant as written, which may be read as another type.
func textLiteral(e expr.Expr) bool {
	l, ok := e.(expr.Literal)
	return ok && isText(l.Value.Type) && !l.Value.Null
}

// hint is a type for overload resolution: a text literal may be anything.
func hint(e expr.Expr) vector.Type {
	if textLiteral(e) {
		return unknown()
	}
	return e.Type()
}

// coerce makes e a value of a type: a literal is converted at once, a parameter whose type is not told yet takes it,
// anything else is cast. An error has the position of place.
func (b *binder) coerce(e expr.Expr, to vector.Type, place ast.Node) (expr.Expr, error) {
	switch x := e.(type) {
	case expr.Literal:
		v, err := expr.CastScalar(x.Value, to)
		if err != nil {
			return nil, at(err, place)
		}
		return expr.Literal{Value: v}, nil
	case expr.Parameter:
		if x.Of.Kind == vector.Unknown {
			if to.Kind == vector.Unknown { // where nothing tells the type, it is a text
				to = vector.Of(vector.Text)
			}
			if b.parameters[x.Index].Kind == vector.Unknown {
				b.parameters[x.Index] = to
			}
			x.Of = b.parameters[x.Index]
			return b.coerce(x, to, place)
		}
	}
	if e.Type().Equal(to) {
		return e, nil
	}
	if !expr.CanCast(e.Type(), to) {
		return nil, fail(place, sqlerr.DatatypeMismatch, "%s is %s where %s is wanted", e, e.Type(), to)
	}
	return expr.Cast{Of: e, To: to}, nil
}

// known gives a value without a type one: a bare NULL and a parameter become VARCHAR.
func (b *binder) known(e expr.Expr, place ast.Node) (expr.Expr, error) {
	t := settled(e.Type())
	if t.Equal(e.Type()) {
		return e, nil
	}
	return b.coerce(e, t, place)
}

// condition makes e a BOOLEAN for a clause.
func (b *binder) condition(e expr.Expr, clause string, place ast.Node) (expr.Expr, error) {
	boolean := vector.Of(vector.Boolean)
	if k := e.Type().Kind; k != vector.Boolean && k != vector.Unknown {
		return nil, fail(place, sqlerr.DatatypeMismatch, "%s wants a BOOLEAN, not %s", clause, e.Type())
	}
	return b.coerce(e, boolean, place)
}

// unify gives values that stand side by side (in a comparison, CASE, IN, UNION, VALUES) one type. Literals take the
// type of the others where they lose nothing by it; texts among them are read as that type. The error is a *mismatch
// when there is none.
func (b *binder) unify(es []expr.Expr, places []ast.Node) (out []expr.Expr, err error) {
	common, err := commonType(es)
	if err != nil {
		return nil, err
	}
	out = make([]expr.Expr, len(es))
	for i, e := range es {
		if out[i], err = b.coerce(e, common, places[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// mismatch says which two types have no common one.
type mismatch struct{ a, b vector.Type }

func (m *mismatch) Error() string { return m.a.String() + " and " + m.b.String() }

// commonType finds the one type. What is no literal decides first; numeric literals widen it only when they must.
func commonType(es []expr.Expr) (vector.Type, error) {
	common := unknown()
	widen := func(t vector.Type) error {
		c, ok := function.Common(common, t)
		if !ok {
			return &mismatch{common, t}
		}
		common = c
		return nil
	}
	for _, e := range es {
		if _, ok := e.(expr.Literal); ok {
			continue
		}
		if err := widen(e.Type()); err != nil {
			return common, err
		}
	}
	for _, e := range es {
		l, ok := e.(expr.Literal)
		if !ok || textLiteral(e) || fitsExactly(l.Value, common) {
			continue
		}
		if err := widen(l.Value.Type); err != nil {
			return common, err
		}
	}
	if common.Kind == vector.Unknown {
		common = vector.Of(vector.Text)
	}
	return common, nil
}

// fitsExactly tells whether a constant has the same value in another type of its kind: a number in one of numbers, a
// timestamp in one with fewer digits, or without a time zone, which is then UTC.
func fitsExactly(s vector.Scalar, to vector.Type) bool {
	if s.Type.Equal(to) {
		return true
	}
	timestamps := s.Type.Kind == vector.Timestamp && to.Kind == vector.Timestamp
	if s.Null || !timestamps && (!s.Type.IsNumeric() || !to.IsNumeric()) {
		return false
	}
	there, err := expr.CastScalar(s, to)
	if err != nil {
		return false
	}
	back, err := expr.CastScalar(there, s.Type)
	return err == nil && expr.FormatScalar(back, false) == expr.FormatScalar(s, false)
}

// assign makes e a value for a column: with an implicit cast, between all numbers (a value that does not fit is an
// error when it is met), from NULL, from a text only when it is a literal, and to a text from everything simple.
func (b *binder) assign(e expr.Expr, to vector.Type, column string, place ast.Node) (expr.Expr, error) {
	from := e.Type()
	l, constant := e.(expr.Literal)
	ok := assignable(from, to) || textLiteral(e) || constant && l.Value.Null ||
		isText(to) && from.Kind != vector.Binary && expr.CanCast(from, to)
	if !ok {
		e := sqlerr.New(sqlerr.DatatypeMismatch, "column %s is %s, the value is %s", column, to, from)
		return nil, at(e.WithHint("cast it"), place)
	}
	return b.coerce(e, to, place)
}

// assignable tells whether values of one type, none of them literals, may become those of a column of another.
func assignable(from, to vector.Type) bool {
	switch {
	case function.Implicit(from, to), from.IsNumeric() && to.IsNumeric(),
		from.Kind == vector.Timestamp && (to.Kind == vector.Timestamp || to.Kind == vector.Date),
		from.Kind == vector.Time && to.Kind == vector.Time:
		return true
	case from.Kind != to.Kind || !from.IsNested() || len(from.Fields) != len(to.Fields):
		return false
	}
	for i, f := range from.Fields {
		if !assignable(f.Type, to.Fields[i].Type) {
			return false
		}
	}
	return expr.CanCast(from, to)
}
