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
	Name      string   // in lower case
	Aliases   []string // other names of it
	Kind      Kind     // Scalar has a Resolve, unless bind makes it of other things
	Family    string   // the chapter it stands in: "text", "date", …
	Signature string   // "substring(text, start [, length]) → VARCHAR"
	Help      string   // one sentence
	Example   string   // an SQL expression
	Gives     string   // the example's value as CAST to VARCHAR writes it; empty where it changes from call to call

	// Resolve chooses an overload for arguments of these types: 42883 when there is none. An argument of type
	// vector.Unknown (a bare NULL, an untyped parameter, a text literal that may be read as another type) fits
	// every type. Choose, Fixed and Variadic make the usual ones.
	Resolve func(args []vector.Type) (expr.Overload, error)
}

// Kind is what a function takes and gives.
type Kind uint8

// The kinds.
const (
	Scalar    Kind = iota // a row's values, and gives one
	Aggregate             // the rows of a group, and gives one value
	Window                // the rows around a row, and gives one value
	Table                 // constants, and gives rows
)

// String returns the kind in lower case.
func (k Kind) String() string { return [...]string{"scalar", "aggregate", "window", "table"}[k] }

// Registry is the set of functions that a binder knows. It is immutable and safe for concurrent use.
type Registry struct {
	byName  map[string]*Entry
	names   []string // sorted, with aliases
	entries []*Entry // by name
}

// NewRegistry returns the built-in functions.
func NewRegistry() *Registry { return RegistryOf(append(families(), described())...) }

// RegistryOf returns a registry of the given families' entries. A name may stand in several families, as length of
// texts and of lists does: the first whose overloads fit the arguments is chosen.
func RegistryOf(families ...[]Entry) *Registry {
	r := &Registry{byName: map[string]*Entry{}}
	for _, f := range families {
		for i := range f {
			r.entries = append(r.entries, &f[i])
			if f[i].Kind != Scalar {
				continue
			}
			r.add(f[i].Name, &f[i])
			for _, alias := range f[i].Aliases {
				r.add(alias, &f[i])
			}
		}
	}
	for name := range r.byName {
		r.names = append(r.names, name)
	}
	slices.Sort(r.names)
	slices.SortStableFunc(r.entries, func(a, b *Entry) int { return strings.Compare(a.Name, b.Name) })
	return r
}

func (r *Registry) add(name string, e *Entry) {
	before := r.byName[name]
	if before == nil {
		r.byName[name] = e
		return
	}
	if before.Resolve == nil || e.Resolve == nil { // bind knows one of them
		if before.Resolve == nil {
			r.byName[name] = e
		}
		return
	}
	both := *before
	both.Signature += ", or " + e.Signature
	both.Resolve = func(args []vector.Type) (expr.Overload, error) {
		if o, err := before.Resolve(args); err == nil {
			return o, nil
		}
		if o, err := e.Resolve(args); err == nil {
			return o, nil
		}
		return expr.Overload{}, NoOverload(name, args)
	}
	r.byName[name] = &both
}

// Find returns the scalar function of a name, in whatever case, or nil.
func (r *Registry) Find(name string) *Entry { return r.byName[strings.ToLower(name)] }

// Names returns the names of scalar functions in order, aliases too.
func (r *Registry) Names() []string { return slices.Clone(r.names) }

// Entries returns all functions of all kinds in the order of their names, each once.
func (r *Registry) Entries() []*Entry { return slices.Clone(r.entries) }

// inFamily makes a maker of entries. Names are the function's name and its aliases, separated by blanks.
func inFamily(family string) func(names, arguments string, d doc, overloads ...expr.Overload) Entry {
	return func(names, arguments string, d doc, overloads ...expr.Overload) Entry {
		name, aliases := cutNames(names)
		return Entry{
			Name: name, Aliases: aliases, Family: family, Signature: name + arguments, Help: d.help, Example: d.example,
			Gives: d.gives, Resolve: Choose(name, overloads...),
		}
	}
}

// doc is what documentation shows of a function beside its signature: see Entry.
type doc struct{ help, example, gives string }

func shown(help, example, gives string) doc { return doc{help, example, gives} }

func cutNames(names string) (name string, aliases []string) {
	all := strings.Fields(names)
	return all[0], all[1:]
}

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
