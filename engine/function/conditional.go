package function

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// conditionals choose among their arguments. Those without a Resolve are CASE, which bind makes of them.
func conditionals() []Entry {
	choose := func(name, help, gives string, order int) Entry {
		return Entry{
			Name: name, Family: "conditional", Signature: name + "(value, …) → the common type", Help: help,
			Example: name + "(1, 3, NULL)", Gives: gives,
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
	rewritten := func(names, arguments string, d doc) Entry {
		name, aliases := cutNames(names)
		return Entry{
			Name: name, Aliases: aliases, Family: "conditional", Signature: name + arguments, Help: d.help,
			Example: d.example, Gives: d.gives,
		}
	}
	return []Entry{
		choose("greatest", "The greatest value that is not NULL.", "3", 1),
		choose("least", "The least value that is not NULL.", "1", -1),
		rewritten("coalesce ifnull nvl", "(value, …) → the common type",
			shown("The first value that is not NULL.", "coalesce(NULL, 2, 3)", "2")),
		rewritten("nullif", "(value, other) → as the value", shown("NULL where both are equal, and else the value.",
			"nullif(1, 2)", "1")),
		rewritten("if iff", "(condition, value, otherwise) → the common type",
			shown("The value where the condition is TRUE, and else the other.", "if(1 < 2, 'yes', 'no')", "yes")),
		rewritten("nvl2", "(value, not_null, null) → the common type",
			shown("The second where the value is not NULL, and else the third.", "nvl2(NULL, 'a', 'b')", "b")),
		rewritten("decode", "(value, of, result, …[, otherwise]) → the common type",
			shown("The result after the first that the value is not distinct from, and else the last.",
				"decode(2, 1, 'one', 2, 'two', 'many')", "two")),
		rewritten("field", "(value, of, …) → BIGINT", shown("Which of the others the value equals, from 1; 0 for none.",
			"field('b', 'a', 'b')", "2")),
		rewritten("elt choose", "(n, value, …) → the common type",
			shown("The value n, from 1; NULL where there is none.",
				"elt(2, 'a', 'b')", "b")),
		rewritten("isnull", "(value) → BOOLEAN", shown("Whether the value is NULL.", "isnull(NULL)", "true")),
		rewritten("isnotnull", "(value) → BOOLEAN",
			shown("Whether the value is not NULL.", "isnotnull(NULL)", "false")),
		{
			Name: "typeof", Aliases: []string{"pg_typeof"}, Family: "conditional", Signature: "typeof(value) → VARCHAR",
			Help: "The name of the value's type.", Example: "typeof(1.50)", Gives: "DECIMAL(3,2)",
			Resolve: func(args []vector.Type) (expr.Overload, error) {
				if len(args) != 1 {
					return expr.Overload{}, NoOverload("typeof", args)
				}
				name := vector.TextOf(args[0].String())
				return Fixed(textType(), expr.NullNever, func() expr.Kernel {
					var b vector.Buffer
					return func(_ []*vector.Vector, n int, _ []uint16) (*vector.Vector,
						error,
					) {
						return b.Fill(name, n), nil
					}
				}, args[0]), nil
			},
		},
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
