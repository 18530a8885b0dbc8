package function

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// conditionals choose among their arguments. COALESCE, NULLIF and IF are CASE, which bind makes of them.
func conditionals() []Entry {
	choose := func(name, help string, order int) Entry {
		return Entry{
			Name: name, Family: "conditional", Signature: name + "(value, …) → the common type", Help: help,
			Example: name + "(1, 3, NULL)",
			Resolve: Variadic(name, 1, func(of vector.Type, count int) (expr.Overload, bool) {
				if of.Kind == vector.List || of.Kind == vector.Struct || count > vector.MaxParts {
					return expr.Overload{}, false
				}
				kernel := func() expr.Kernel { return extreme(of, count, order) }
				o := Fixed(of, expr.NullOwn, kernel, Repeat(of, count)...)
				o.Bounds = unionBounds
				return o, true
			}),
		}
	}
	return []Entry{
		choose("greatest", "The greatest value that is not NULL.", 1),
		choose("least", "The least value that is not NULL.", -1),
	}
}

func unionBounds(args []vector.Bounds) vector.Bounds {
	out := args[0]
	for _, a := range args[1:] {
		out = out.Union(a)
	}
	return out
}

// extreme gives each row the argument that compares so with all others; NULLs don't count.
func extreme(of vector.Type, count, order int) expr.Kernel {
	var b vector.Buffer
	rows := make([][]uint16, count)
	parts := make([]vector.Part, count)
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		for k := range rows {
			rows[k] = rows[k][:0]
		}
		each(sel, n, func(i int) {
			best := 0
			for k, v := range args[1:] {
				switch {
				case v.IsNull(i):
				case args[best].IsNull(i), vector.Compare(v, i, args[best], i) == order:
					best = k + 1
				}
			}
			rows[best] = append(rows[best], uint16(i))
		})
		for k, v := range args {
			parts[k] = vector.Part{Of: v, Rows: rows[k]}
		}
		return b.Assemble(of, n, parts), nil
	}
}
