package expr

import "slices"

// Columns returns the ordinals of the input columns that e reads, each once, in the order they are met.
func Columns(e Expr) []int {
	var out []int
	Walk(e, func(e Expr) bool {
		if c, ok := e.(Column); ok && !slices.Contains(out, c.Index) {
			out = append(out, c.Index)
		}
		return true
	})
	return out
}

// Reads tells whether e reads columns from lo and below hi only, and at least one.
func Reads(e Expr, lo, hi int) bool {
	some, others := false, false
	Walk(e, func(e Expr) bool {
		if c, ok := e.(Column); ok {
			some, others = true, others || c.Index < lo || c.Index >= hi
		}
		return !others
	})
	return some && !others
}

// Remap gives every column the ordinal that to says.
func Remap(e Expr, to func(int) int) Expr {
	return Rewrite(e, func(e Expr) Expr {
		if c, ok := e.(Column); ok {
			c.Index = to(c.Index)
			return c
		}
		return e
	})
}

// Shift adds by to the ordinal of every column.
func Shift(e Expr, by int) Expr {
	if by == 0 {
		return e
	}
	return Remap(e, func(i int) int { return i + by })
}

// Replace puts an expression in the place of every column.
func Replace(e Expr, with func(Column) Expr) Expr {
	return Rewrite(e, func(e Expr) Expr {
		if c, ok := e.(Column); ok {
			return with(c)
		}
		return e
	})
}

// Conjuncts returns the members of a conjunction, nested ones too; of another expression itself, of nil nothing.
func Conjuncts(e Expr) []Expr {
	if e == nil {
		return nil
	}
	and, ok := e.(And)
	if !ok {
		return []Expr{e}
	}
	var out []Expr
	for _, c := range and.Of {
		out = append(out, Conjuncts(c)...)
	}
	return out
}

// Disjuncts returns the members of a disjunction, nested ones too; of another expression itself.
func Disjuncts(e Expr) []Expr {
	or, ok := e.(Or)
	if !ok {
		return []Expr{e}
	}
	var out []Expr
	for _, d := range or.Of {
		out = append(out, Disjuncts(d)...)
	}
	return out
}

// Conjunction is the opposite of Conjuncts: nil of nothing.
func Conjunction(of []Expr) Expr {
	switch len(of) {
	case 0:
		return nil
	case 1:
		return of[0]
	default:
		return And{Of: of}
	}
}

// Disjunction is the opposite of Disjuncts; of has at least one member.
func Disjunction(of []Expr) Expr {
	if len(of) == 1 {
		return of[0]
	}
	return Or{Of: of}
}

// IsConstant tells whether e reads no column, no parameter and no row of an enclosing query, and calls nothing
// volatile, so that it has one value for the whole statement.
func IsConstant(e Expr) bool {
	constant := true
	Walk(e, func(e Expr) bool {
		switch e := e.(type) {
		case Column, Parameter, Outer:
			constant = false
		case Call:
			constant = constant && !e.Bound.Volatile
		}
		return constant
	})
	return constant
}

// IsVolatile tells whether e calls a function whose value changes from call to call.
func IsVolatile(e Expr) bool {
	volatile := false
	Walk(e, func(e Expr) bool {
		call, ok := e.(Call)
		volatile = volatile || ok && call.Bound.Volatile
		return !volatile
	})
	return volatile
}

// SameExpr tells whether two expressions compute the same from the same columns.
func SameExpr(a, b Expr) bool {
	if !sameNode(a, b) {
		return false
	}
	ac, bc := a.Children(), b.Children()
	if len(ac) != len(bc) {
		return false
	}
	for i := range ac {
		if !SameExpr(ac[i], bc[i]) {
			return false
		}
	}
	return true
}

// sameNode compares two nodes without their children.
func sameNode(a, b Expr) bool {
	if !a.Type().Equal(b.Type()) {
		return false
	}
	switch a := a.(type) {
	case Column:
		b, ok := b.(Column)
		return ok && a.Index == b.Index
	case Literal:
		b, ok := b.(Literal)
		return ok && FormatScalar(a.Value, true) == FormatScalar(b.Value, true)
	case Parameter:
		b, ok := b.(Parameter)
		return ok && a.Index == b.Index
	case Outer:
		b, ok := b.(Outer)
		return ok && a.Variable == b.Variable
	case Arithmetic:
		b, ok := b.(Arithmetic)
		return ok && a.Op == b.Op
	case Compare:
		b, ok := b.(Compare)
		return ok && a.Op == b.Op
	case And:
		_, ok := b.(And)
		return ok
	case Or:
		_, ok := b.(Or)
		return ok
	case Not:
		_, ok := b.(Not)
		return ok
	case IsNull:
		_, ok := b.(IsNull)
		return ok
	case In:
		_, ok := b.(In)
		return ok
	case Like:
		b, ok := b.(Like)
		return ok && a.Escape == b.Escape && a.Fold == b.Fold
	case Case:
		_, ok := b.(Case)
		return ok
	case Cast:
		b, ok := b.(Cast)
		return ok && a.Try == b.Try
	case Call:
		b, ok := b.(Call)
		return ok && a.Name == b.Name && !a.Bound.Volatile
	default:
		return false
	}
}
