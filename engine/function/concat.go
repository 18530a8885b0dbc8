package function

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// concatenation are || and concat, which write values of other types as CAST to VARCHAR does.
func concatenation() []Entry {
	text := vector.Of(vector.Text)
	resolve := func(name string, least, most int, null expr.NullRule) func(args []vector.Type) (expr.Overload, error) {
		return func(args []vector.Type) (expr.Overload, error) {
			if len(args) < least || len(args) > most {
				return expr.Overload{}, NoOverload(name, args)
			}
			of := make([]vector.Type, len(args))
			for i, a := range args {
				switch of[i] = a; {
				case a.Kind == vector.Unknown:
					of[i] = text
				case !expr.CanCast(a, text):
					return expr.Overload{}, NoOverload(name, args)
				}
			}
			return Fixed(text, null, concat, of...), nil
		}
	}
	const most = 1 << 10
	return []Entry{
		{
			Name: Concat, Family: "text", Signature: "text || text → VARCHAR",
			Help: "One text after the other; NULL when one is.", Example: "'a' || 'b'",
			Resolve: resolve(Concat, 2, 2, expr.NullIfAny),
		},
		{
			Name: "concat", Family: "text", Signature: "concat(value, …) → VARCHAR",
			Help: "All values after each other; a NULL is left out.", Example: "concat('a', 1, NULL)",
			Resolve: resolve("concat", 1, most, expr.NullNever),
		},
	}
}

func concat() expr.Kernel {
	var b vector.Buffer
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		offsets, data := b.Texts(n)
		next := 0
		for i := range n {
			offsets[i] = int32(len(data))
			if sel != nil && (next == len(sel) || int(sel[next]) != i) {
				continue
			}
			next++
			for _, v := range args {
				switch {
				case v.IsNull(i):
				case v.Type.Kind == vector.Text || v.Type.Kind == vector.JSON:
					data = append(data, v.Bytes(i)...)
				default:
					s, err := expr.CastScalar(v.ScalarAt(i), vector.Of(vector.Text))
					if err != nil {
						return nil, err
					}
					data = append(data, s.Bytes...)
				}
			}
			if err := checkLength(len(data)); err != nil {
				return nil, err
			}
		}
		offsets[n] = int32(len(data))
		return b.TextVector(vector.Of(vector.Text), offsets, data, nil), nil
	}
}
