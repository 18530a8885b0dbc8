package function

import (
	"slices"
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Entry is one function: what documentation shows of it, and how its overload is chosen.
type Entry struct {
	Name      string // in lower case
	Family    string // the chapter it stands in: "text", "date", …
	Signature string // "substring(text, start [, length]) → VARCHAR"
	Help      string // one sentence
	Example   string // an SQL expression

	// Resolve chooses an overload for arguments of these types: 42883 when there is none. An argument of type
	// vector.Unknown (a bare NULL, an untyped parameter, a text literal that may be read as another type) fits
	// every type. Choose, Fixed and Variadic make the usual ones.
	Resolve func(args []vector.Type) (expr.Overload, error)
}

// Registry is the set of functions that a binder knows. It is immutable and safe for concurrent use.
type Registry struct {
	byName map[string]*Entry
	names  []string // sorted
}

// NewRegistry returns the built-in functions.
func NewRegistry() *Registry { return RegistryOf(families()...) }

// RegistryOf returns a registry of the given families' entries; of two entries with one name the later counts.
func RegistryOf(families ...[]Entry) *Registry {
	r := &Registry{byName: map[string]*Entry{}}
	for _, f := range families {
		for i := range f {
			r.byName[f[i].Name] = &f[i]
		}
	}
	for name := range r.byName {
		r.names = append(r.names, name)
	}
	slices.Sort(r.names)
	return r
}

// Find returns the function of a name, in whatever case, or nil.
func (r *Registry) Find(name string) *Entry { return r.byName[strings.ToLower(name)] }

// Names returns all names in order.
func (r *Registry) Names() []string { return slices.Clone(r.names) }

// Fixed is an overload with exactly these argument types.
func Fixed(result vector.Type, null expr.NullRule, kernel func() expr.Kernel, args ...vector.Type) expr.Overload {
	return expr.Overload{Args: args, Result: result, Null: null, New: kernel}
}

// Choose returns a Resolve that takes the overload whose arguments need the fewest implicit casts, the first of
// equals.
func Choose(name string, overloads ...expr.Overload) func([]vector.Type) (expr.Overload, error) {
	return func(args []vector.Type) (expr.Overload, error) {
		best, cost := -1, 0
		for i, o := range overloads {
			if c, ok := castCost(args, o.Args); ok && (best < 0 || c < cost) {
				best, cost = i, c
			}
		}
		if best < 0 {
			return expr.Overload{}, NoOverload(name, args)
		}
		return overloads[best], nil
	}
}

// Variadic returns a Resolve for at least least arguments of one type, which their common type becomes; make
// builds the overload for that type and count.
func Variadic(
	name string, least int, overload func(of vector.Type, count int) (expr.Overload, bool),
) func([]vector.Type) (expr.Overload, error) {
	return func(args []vector.Type) (expr.Overload, error) {
		if len(args) < least || len(args) == 0 {
			return expr.Overload{}, NoOverload(name, args)
		}
		of := args[0]
		for _, a := range args[1:] {
			c, ok := Common(of, a)
			if !ok {
				return expr.Overload{}, NoOverload(name, args)
			}
			of = c
		}
		o, ok := overload(of, len(args))
		if !ok {
			return expr.Overload{}, NoOverload(name, args)
		}
		return o, nil
	}
}

// Repeat returns n times t: the Args of a variadic overload.
func Repeat(t vector.Type, n int) []vector.Type {
	args := make([]vector.Type, n)
	for i := range args {
		args[i] = t
	}
	return args
}

// NoOverload is the 42883 for a function that does not take these types.
func NoOverload(name string, args []vector.Type) error {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.String()
	}
	return sqlerr.New(sqlerr.UndefinedFunction, "no function %s(%s) exists", name, strings.Join(parts, ", "))
}

// castCost counts the implicit casts, or tells that there is none for some argument.
func castCost(from, to []vector.Type) (int, bool) {
	if len(from) != len(to) {
		return 0, false
	}
	cost := 0
	for i := range from {
		if from[i].Equal(to[i]) {
			continue
		}
		if !Implicit(from[i], to[i]) {
			return 0, false
		}
		cost += distance(from[i], to[i])
	}
	return cost, true
}

// distance orders casts: a wider number of the same family is nearer than one of another.
func distance(from, to vector.Type) int {
	switch {
	case from.Kind == to.Kind || from.Kind == vector.Unknown:
		return 1
	case from.IsNumeric() && to.IsNumeric():
		return 1 + int(to.Kind)
	default:
		return 100
	}
}
