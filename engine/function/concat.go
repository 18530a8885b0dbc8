package function

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// concatenation are || and concat, which write values of other types as CAST to VARCHAR does.
func concatenation() []Entry {
	resolve := func(name string, least, most int, null expr.NullRule, f textRow) func([]vector.Type) (expr.Overload,
		error) {
		return func(args []vector.Type) (expr.Overload, error) {
			of, ok := castable(args)
			if !ok || len(args) < least || len(args) > most {
				return expr.Overload{}, NoOverload(name, args)
			}
			kernel := textsEach(textType(), func() textRow { return f })
			if null == expr.NullIfAny {
				kernel = texts(f)
			}
			return Fixed(textType(), null, kernel, of...), nil
		}
	}
	const most = 1 << 10
	return []Entry{
		{
			Name: Concat, Family: "text", Signature: "text || text → VARCHAR",
			Help: "One text after the other; NULL when one is.", Example: "'a' || 'b'", Gives: "ab",
			Resolve: resolve(Concat, 2, 2, expr.NullIfAny, concat),
		},
		{
			Name: "concat", Family: "text", Signature: "concat(value, …) → VARCHAR",
			Help: "All values after each other; a NULL is left out.", Example: "concat('a', 1, NULL)", Gives: "a1",
			Resolve: resolve("concat", 1, most, expr.NullNever, concat),
		},
		{
			Name: "concat_ws", Family: "text", Signature: "concat_ws(separator, value, …) → VARCHAR",
			Help:    "All values with the separator between them; a NULL is left out. NULL when the separator is.",
			Example: "concat_ws('-', 'a', NULL, 1)", Gives: "a-1",
			Resolve: resolve("concat_ws", 2, most, expr.NullOwn, concatBetween),
		},
	}
}

func concat(dst []byte, r *row) ([]byte, error) {
	for k := range r.args {
		if r.isNull(k) {
			continue
		}
		var err error
		if dst, err = r.written(dst, k); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func concatBetween(dst []byte, r *row) ([]byte, error) {
	if r.isNull(0) {
		r.null = true
		return dst, nil
	}
	first := true
	for k := 1; r.has(k); k++ {
		if r.isNull(k) {
			continue
		}
		var err error
		if !first {
			if dst, err = r.written(dst, 0); err != nil {
				return dst, err
			}
		}
		if dst, err = r.written(dst, k); err != nil {
			return dst, err
		}
		first = false
	}
	return dst, nil
}
