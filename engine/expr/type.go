package expr

import (
	"slices"

	"github.com/micodb/micodb/internal/vector"
)

func boolean() vector.Type { return vector.Of(vector.Boolean) }

// Type returns the column's type.
func (e Column) Type() vector.Type { return e.Of }

// Type returns the value's type.
func (e Literal) Type() vector.Type { return e.Value.Type }

// Type returns the type that bind inferred.
func (e Parameter) Type() vector.Type { return e.Of }

// Type returns the variable's type.
func (e Outer) Type() vector.Type { return e.Of }

// Type returns the result's type.
func (e Arithmetic) Type() vector.Type { return e.Of }

// Type is BOOLEAN.
func (Compare) Type() vector.Type { return boolean() }

// Type is BOOLEAN.
func (And) Type() vector.Type { return boolean() }

// Type is BOOLEAN.
func (Or) Type() vector.Type { return boolean() }

// Type is BOOLEAN.
func (Not) Type() vector.Type { return boolean() }

// Type is BOOLEAN.
func (IsNull) Type() vector.Type { return boolean() }

// Type is BOOLEAN.
func (In) Type() vector.Type { return boolean() }

// Type is BOOLEAN.
func (Like) Type() vector.Type { return boolean() }

// Type returns the type of all branches.
func (e Case) Type() vector.Type { return e.Else.Type() }

// Type returns the target type.
func (e Cast) Type() vector.Type { return e.To }

// Type returns the overload's result type.
func (e Call) Type() vector.Type { return e.Bound.Result }

// Nullable tells what the input's schema says.
func (e Column) Nullable() bool { return e.IsNull }

// Nullable tells whether the constant is NULL.
func (e Literal) Nullable() bool { return e.Value.Null }

// Nullable is true: a parameter may be NULL.
func (Parameter) Nullable() bool { return true }

// Nullable tells what the enclosing query's schema says.
func (e Outer) Nullable() bool { return e.IsNull }

// Nullable is true for every division, which gives NULL for 0.
func (e Arithmetic) Nullable() bool { return e.Op >= Divide || e.Left.Nullable() || e.Right.Nullable() }

// Nullable tells whether an operand may be NULL.
func (e Compare) Nullable() bool {
	return e.Op != NotDistinct && (e.Left.Nullable() || e.Right.Nullable())
}

// Nullable tells whether an operand may be NULL.
func (e And) Nullable() bool { return anyNullable(e.Of) }

// Nullable tells whether an operand may be NULL.
func (e Or) Nullable() bool { return anyNullable(e.Of) }

// Nullable tells whether the operand may be NULL.
func (e Not) Nullable() bool { return e.Of.Nullable() }

// Nullable is false.
func (IsNull) Nullable() bool { return false }

// Nullable tells whether the operand or a member of the list may be NULL.
func (e In) Nullable() bool { return e.Of.Nullable() || anyNullable(e.List) }

// Nullable tells whether text or pattern may be NULL.
func (e Like) Nullable() bool { return e.Of.Nullable() || e.Pattern.Nullable() }

// Nullable tells whether a branch may be NULL: one that is tested not to be, as in COALESCE, may not.
func (e Case) Nullable() bool {
	notNull := []Expr{}
	for _, w := range e.Whens {
		known := notNull
		switch c := w.If.(type) {
		case Not:
			if null, ok := c.Of.(IsNull); ok {
				known = append(known, null.Of)
			}
		case IsNull:
			notNull = append(notNull, c.Of)
		}
		if mayBeNull(w.Then, known) {
			return true
		}
	}
	return mayBeNull(e.Else, notNull)
}

// mayBeNull tells whether a value may be NULL where those known are not.
func mayBeNull(e Expr, known []Expr) bool {
	return e.Nullable() && !slices.ContainsFunc(known, func(k Expr) bool { return SameExpr(k, e) })
}

// Nullable tells whether the operand may be NULL, or TRY_CAST make it so.
func (e Cast) Nullable() bool { return e.Try || e.Of.Nullable() }

// Nullable follows the overload's NULL rule.
func (e Call) Nullable() bool {
	switch e.Bound.Null {
	case NullNever:
		return false
	case NullIfAny:
		return anyNullable(e.Args)
	case NullOwn, NullResult:
		return true
	default:
		return true
	}
}

func anyNullable(es []Expr) bool {
	for _, e := range es {
		if e.Nullable() {
			return true
		}
	}
	return false
}

func (Column) expr()     {}
func (Literal) expr()    {}
func (Parameter) expr()  {}
func (Outer) expr()      {}
func (Arithmetic) expr() {}
func (Compare) expr()    {}
func (And) expr()        {}
func (Or) expr()         {}
func (Not) expr()        {}
func (IsNull) expr()     {}
func (In) expr()         {}
func (Like) expr()       {}
func (Case) expr()       {}
func (Cast) expr()       {}
func (Call) expr()       {}
